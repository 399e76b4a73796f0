-- One row per account that acted in the trailing window before the last landed
-- day: how it acted there.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: all

with

acts as (
    select
        interactions.platform,
        interactions.account_id,
        interactions.kind,
        interactions.root_post_id,
        interactions.date_day,
        -- What people write by themselves: the platform's filler and the quoted
        -- chain say nothing about the author.
        nullif(
            nullif(nullif(trim(own_words(interactions.text)), ''), '转发微博'),
            '转播'
        ) as own_text
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        interactions.account_id is not null
        and date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
)

select
    platform,
    account_id,
    count(*) as acts,
    count(*) filter (where kind = 'repost') as reposts,
    count(distinct date_day) as active_days,
    count(distinct root_post_id) as target_posts,
    count(own_text) as own_texts,
    count(distinct own_text) as distinct_own_texts
from acts
group by platform, account_id
