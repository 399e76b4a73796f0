-- One row per text in which an account used a template. What stands in a post that was
-- collected is a campaign's own words: it counts in no repost or comment; and in no
-- post, once people follow one of those posts.
-- Cost: linear in sentences.
--
-- grain: account_id, template, content_id
-- params: none
-- replace: once

with

written as (
    select
        sentences.account_id,
        sentences.content_id,
        sentences.is_use,
        sentences.is_post,
        sentences.is_followed,
        templates.template
    from intermediate.text_sentences as sentences
    inner join intermediate.text_templates as templates
        on sentences.sentence = templates.sentence
),

published as (
    select
        template,
        max(case when is_followed then 1 else 0 end) as followed
    from written
    where is_post
    group by template
)

select distinct
    written.account_id,
    written.template,
    written.content_id
from written
left join published on written.template = published.template
where
    written.is_use
    and (
        published.template is null or (written.is_post and published.followed = 0)
    )
