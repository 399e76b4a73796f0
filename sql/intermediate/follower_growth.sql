-- One row per account and day on which its number of followers was seen again: how much
-- it grew since it was seen before, how much would be usual, and whether that is a jump.
--
-- Usual is what the account grows a day over all its other observed days, times the days
-- in between. A jump has at least a hundred followers and five times the usual growth
-- (a fall, as when a network removes phantoms, is one likewise), where the account was
-- seen on eight days or more. Cost: linear in observed profiles, and sorting them.
--
-- grain: platform, account_id, day
-- params: none
-- replace: once

with

seen as (
    select
        platform,
        account_id,
        date_day as day,
        followers_count
    from staging.accounts
    where followers_count is not null
),

steps as (
    select
        platform,
        account_id,
        day,
        followers_count,
        followers_count - lag(followers_count) over (
            partition by platform, account_id
            order by day
        ) as growth,
        date_diff(
            'day',
            lag(day) over (
                partition by platform, account_id
                order by day
            ),
            day
        ) as days
    from seen
),

compared as (
    select
        *,
        sum(growth) over (partition by platform, account_id) - growth as other_growth,
        sum(days) over (partition by platform, account_id) - days as other_days,
        count(*) over (partition by platform, account_id) as observations
    from steps
    where growth is not null
)

select
    platform,
    account_id,
    day,
    followers_count,
    growth,
    cast(days as bigint) as days,
    case when other_days > 0 then round(days * other_growth / other_days, 6) end
        as usual_growth,
    case
        when observations >= 7
            then
                abs(growth) >= 100
                and abs(growth) * other_days >= 5 * days * abs(other_growth)
    end as is_jump
from compared
