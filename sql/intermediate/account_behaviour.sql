-- One row per account that acted: how it did so in a window of days that ends with its
-- own last act. Made anew of accounts in `meta.touched_accounts` only. Cost: linear in
-- their acts; words are compared within the window only.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: rows platform, account_id

with

touched as (
    select distinct
        platform,
        account_id
    from meta.touched_accounts
),

last_acts as (
    select
        interactions.platform,
        interactions.account_id,
        max(interactions.date_day) as last_day
    from staging.interactions as interactions
    semi join touched
        on
            interactions.platform = touched.platform
            and interactions.account_id = touched.account_id
    group by interactions.platform, interactions.account_id
),

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
    inner join last_acts
        on
            interactions.platform = last_acts.platform
            and interactions.account_id = last_acts.account_id
    where
        date_diff('day', interactions.date_day, last_acts.last_day)
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
