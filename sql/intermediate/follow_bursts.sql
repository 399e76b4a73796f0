-- One row per followed account and day on which far more of its listed followers were
-- registered than on the days around: how many, and how many would be usual.
--
-- Usual is what the 30 days before and after give (the three days next to it left out,
-- one follower added, days after the last known registration not counted), or what the
-- day gives among the accounts that don't follow, where a hundred or more are known:
-- the higher of the two. A burst has eight followers and five times the usual ones, and
-- a Poisson law over all days of all accounts gives less than a thousandth of one (its
-- tail by Stirling's formula). Cost: linear in follows, and sorting the days.
--
-- grain: platform, account_id, registered_day
-- params: none
-- replace: once

with

registered as (
    select
        platform,
        account_id,
        cast(registered_at as date) as registered_day,
        date_diff('day', date '2000-01-01', cast(registered_at as date)) as day_number
    from intermediate.account_profiles
    where registered_at is not null
),

everybody as (
    select
        platform,
        count(*) as accounts,
        max(day_number) as last_day_number
    from registered
    group by platform
),

days_of_everybody as (
    select
        platform,
        day_number,
        count(*) as accounts
    from registered
    group by platform, day_number
),

days as (
    select
        follows.platform,
        follows.account_id,
        registered.registered_day,
        registered.day_number,
        count(*) as followers
    from staging.follows as follows
    inner join registered
        on
            follows.platform = registered.platform
            and follows.follower_id = registered.account_id
    group by
        follows.platform,
        follows.account_id,
        registered.registered_day,
        registered.day_number
),

around as (
    select
        *,
        sum(followers) over (
            partition by platform, account_id
        ) as all_followers,
        sum(followers) over (
            partition by platform, account_id
            order by day_number
            range between 33 preceding and 33 following
        ) as near,
        sum(followers) over (
            partition by platform, account_id
            order by day_number
            range between 3 preceding and 3 following
        ) as next_to_it,
        count(*) over (partition by platform) as days_compared
    from days
),

expected as (
    select
        around.platform,
        around.account_id,
        around.registered_day,
        around.followers,
        around.all_followers,
        around.days_compared,
        greatest(
            (around.near - around.next_to_it + 1)
            / (
                30
                + least(33, everybody.last_day_number - around.day_number)
                - least(3, everybody.last_day_number - around.day_number)
            ),
            case
                when everybody.accounts - around.all_followers >= 100
                    then
                        around.all_followers
                        * (days_of_everybody.accounts - around.followers)
                        / (everybody.accounts - around.all_followers)
                else 0
            end
        ) as usual
    from around
    inner join everybody on around.platform = everybody.platform
    inner join days_of_everybody
        on
            around.platform = days_of_everybody.platform
            and around.day_number = days_of_everybody.day_number
)

select
    platform,
    account_id,
    registered_day,
    followers,
    cast(all_followers as bigint) as all_followers,
    round(usual, 6) as usual_followers
from expected
where
    followers >= 8
    and followers >= 5 * usual
    and days_compared
    * exp(followers * (1 + ln(usual / followers)) - usual)
    / sqrt(6.283185307179586 * followers)
    / (1 - usual / (followers + 1))
    <= 0.001
