-- One row per account that reposted at three moments or more in a window of days that
-- ends with its own last repost: how many of them fall on one minute of the half hour.
-- People's minutes are spread; a program's that runs every half hour are not. Comments
-- are left out: they answer somebody. Made anew of accounts in `meta.touched_accounts`
-- only. Cost: linear in their reposts.
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

last_reposts as (
    select
        interactions.platform,
        interactions.account_id,
        max(interactions.date_day) as last_day
    from staging.interactions as interactions
    semi join touched
        on
            interactions.platform = touched.platform
            and interactions.account_id = touched.account_id
    where interactions.kind = 'repost'
    group by interactions.platform, interactions.account_id
),

-- Acts within one half hour are one moment: a burst says nothing of a clock.
moments as (
    select
        interactions.platform,
        interactions.account_id,
        date_trunc('hour', interactions.acted_at) as hour,
        floor(extract(minute from interactions.acted_at) / 30) as half,
        min(extract(minute from interactions.acted_at) % 30) as minute_of_half
    from staging.interactions as interactions
    inner join last_reposts
        on
            interactions.platform = last_reposts.platform
            and interactions.account_id = last_reposts.account_id
    where
        interactions.kind = 'repost'
        and interactions.precision_seconds <= 60
        and date_diff('day', interactions.date_day, last_reposts.last_day)
        < $behaviour_days
    group by
        interactions.platform,
        interactions.account_id,
        date_trunc('hour', interactions.acted_at),
        floor(extract(minute from interactions.acted_at) / 30)
),

minutes as (
    select
        platform,
        account_id,
        minute_of_half,
        count(*) as moments
    from moments
    group by platform, account_id, minute_of_half
)

select
    platform,
    account_id,
    cast(sum(moments) as bigint) as moments,
    max(moments) as moments_of_one_minute
from minutes
group by platform, account_id
having sum(moments) >= 3
