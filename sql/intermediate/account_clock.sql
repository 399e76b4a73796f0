-- One row per account that reposted at three moments or more in the trailing window:
-- how many of them fall on one minute of the half hour. People's minutes are spread;
-- a program's that runs every half hour are not. Comments are left out: they answer
-- somebody. Cost: linear in acts.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: all

with

-- Acts within one half hour are one moment: a burst says nothing of a clock.
moments as (
    select
        interactions.platform,
        interactions.account_id,
        date_trunc('hour', interactions.acted_at) as hour,
        floor(extract(minute from interactions.acted_at) / 30) as half,
        min(extract(minute from interactions.acted_at) % 30) as minute_of_half
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        interactions.account_id is not null
        and interactions.kind = 'repost'
        and interactions.precision_seconds <= 60
        and date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
    group by all
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
