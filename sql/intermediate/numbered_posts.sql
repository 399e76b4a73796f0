-- One row per post that was collected or acted on, with a whole number that stands for
-- it while verdicts are made (`numbered_accounts` says why). `is_in_window`: it was
-- published in the trailing window, or acted on there, however old.
-- Cost: linear in acts and posts, plus sorting the posts.
--
-- grain: platform, post_id
-- params: $behaviour_days
-- replace: once

with

seen as (
    select
        interactions.platform,
        interactions.root_post_id as post_id,
        max(interactions.date_day) as last_day
    from staging.interactions as interactions
    group by interactions.platform, interactions.root_post_id
    union all
    select
        posts.platform,
        posts.post_id,
        posts.date_day as last_day
    from staging.posts as posts
),

together as (
    select
        platform,
        post_id,
        max(last_day) as last_day
    from seen
    group by platform, post_id
)

select
    together.platform,
    together.post_id,
    cast(
        row_number() over (order by together.platform, together.post_id) as integer
    ) as post_no,
    coalesce(
        date_diff('day', together.last_day, last_landed.last_act_day)
        < $behaviour_days,
        false
    ) as is_in_window
from together
cross join intermediate.last_landed as last_landed
