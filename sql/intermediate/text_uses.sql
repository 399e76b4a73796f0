-- One row per text in which an account used a template. What stands in a post that was
-- collected is a campaign's own words: it counts in no repost or comment; and in no
-- post, once people follow one of those posts.
-- Cost: linear in texts.
--
-- grain: account_no, template_no, content_id
-- params: none
-- replace: once

with

numbered as (
    select
        template,
        cast(row_number() over (order by template) as integer) as template_no
    from intermediate.text_templates
    group by template
),

templates as (
    select distinct
        sentences.words_no,
        numbered.template,
        numbered.template_no
    from intermediate.text_sentences as sentences
    inner join intermediate.text_templates as templates
        on sentences.sentence = templates.sentence
    inner join numbered on templates.template = numbered.template
),

published as (
    select
        templates.template_no,
        max(case when texts.is_followed then 1 else 0 end) as followed
    from intermediate.window_texts as texts
    inner join templates on texts.words_no = templates.words_no
    where texts.kind = 'post'
    group by templates.template_no
),

counting as (
    select
        templates.words_no,
        templates.template_no,
        published.template_no is null as is_of_acts,
        coalesce(published.followed, 0) = 0 as is_of_posts
    from templates
    left join published on templates.template_no = published.template_no
)

select distinct
    texts.account_no,
    counting.template_no,
    texts.kind || ':' || texts.item_id as content_id
from intermediate.window_texts as texts
inner join counting on texts.words_no = counting.words_no
where
    texts.is_use
    and case
        when texts.kind = 'post' then counting.is_of_posts
        else counting.is_of_acts
    end
