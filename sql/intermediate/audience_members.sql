-- One row per brand, audience, account and day on which it came into it: `engagers`
-- engaged with posts of the brand's accounts on that activity day and are in it on that
-- day alone; `followers` were first seen in a list that was read on that day, and stay.
-- Cost: linear in engagements with brands' posts and in the followers of their accounts.
--
-- grain: brand_id, audience, day, platform, account_id
-- params: $time_zone
-- replace: all

with

engagers as (
    select distinct
        brand_id,
        'engagers' as audience,
        activity_day as day,
        platform,
        account_id
    from intermediate.brand_interactions
    where act = 'engagement' and account_id is not null
),

followers as (
    select
        brand_accounts.brand_id,
        'followers' as audience,
        min(
            cast(
                follows.first_observed_at at time zone 'UTC' at time zone $time_zone
                as date
            )
        ) as day,
        follows.platform,
        follows.follower_id as account_id
    from staging.follows as follows
    inner join meta.brand_accounts as brand_accounts
        on
            follows.platform = brand_accounts.platform
            and follows.account_id = brand_accounts.account_id
    group by brand_accounts.brand_id, follows.platform, follows.follower_id
)

select
    brand_id,
    audience,
    day,
    platform,
    account_id
from engagers
union all
select
    brand_id,
    audience,
    day,
    platform,
    account_id
from followers
