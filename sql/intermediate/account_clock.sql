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

reposts as (
    select
        account_no,
        acted_second,
        date_day,
        precision_seconds
    from intermediate.acts
    where is_touched and kind = 'repost'
),

last_reposts as (
    select
        account_no,
        max(date_day) as last_day
    from reposts
    group by account_no
),

-- Acts within one half hour are one moment: a burst says nothing of a clock.
moments as (
    select
        reposts.account_no,
        floor(reposts.acted_second / 1800) as half_hour,
        min(floor(reposts.acted_second / 60) % 30) as minute_of_half
    from reposts
    inner join last_reposts on reposts.account_no = last_reposts.account_no
    where
        reposts.precision_seconds <= 60
        and date_diff('day', reposts.date_day, last_reposts.last_day) < $behaviour_days
    group by reposts.account_no, floor(reposts.acted_second / 1800)
),

minutes as (
    select
        account_no,
        minute_of_half,
        count(*) as moments
    from moments
    group by account_no, minute_of_half
),

regular as (
    select
        account_no,
        cast(sum(moments) as bigint) as moments,
        max(moments) as moments_of_one_minute
    from minutes
    group by account_no
    having sum(moments) >= 3
)

select
    accounts.platform,
    accounts.account_id,
    regular.moments,
    regular.moments_of_one_minute
from regular
inner join intermediate.numbered_accounts as accounts
    on regular.account_no = accounts.account_no
