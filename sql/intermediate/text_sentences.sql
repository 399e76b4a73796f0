-- One row per sentence of a text of the trailing window: of a post, and of the own
-- words of a repost or comment (`act_sentences` says what a sentence is).
--
-- `is_use`: somebody wrote it; not so in lotteries,
-- where everybody writes the same wishes. `is_followed`: the text is a post that five
-- accounts acted on; posts that were acted on in the window stand here however old.
-- Cost: linear in posts and in sentences.
--
-- grain: content_id, sentence
-- params: $behaviour_days
-- replace: once

with

interactions as (
    select
        interactions.platform,
        interactions.account_id,
        interactions.root_post_id
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
),

acted_on as (
    select
        platform,
        root_post_id as post_id,
        count(distinct account_id) as accounts
    from interactions
    group by platform, root_post_id
),

posts as (
    select
        posts.platform || ':' || posts.account_id as account_id,
        'post:' || posts.platform || ':' || posts.post_id as content_id,
        posts.account_id is not null
        and posts.posted_at is not null
        and date_diff('day', posts.date_day, last_landed.last_act_day)
        < $behaviour_days
        and not is_wish(posts.text) as is_use,
        coalesce(acted_on.accounts >= 5, false) as is_followed,
        unnest(sentences_in(posts.text)) as sentence
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    left join acted_on
        on posts.platform = acted_on.platform and posts.post_id = acted_on.post_id
    where
        length(posts.text) >= 8
        and not coalesce(posts.is_deleted, false)
        and (
            acted_on.post_id is not null
            or date_diff('day', posts.date_day, last_landed.last_act_day)
            < $behaviour_days
        )
)

select distinct
    account_id,
    content_id,
    is_use,
    true as is_post,
    is_followed,
    sentence
from posts
union all
select distinct
    sentences.platform || ':' || sentences.account_id as account_id,
    sentences.content_id,
    true as is_use,
    false as is_post,
    false as is_followed,
    sentences.sentence
from intermediate.act_sentences as sentences
cross join intermediate.last_landed as last_landed
where
    date_diff('day', sentences.date_day, last_landed.last_act_day) < $behaviour_days
