-- One row per follower of an account: when that was seen first and last.
--
-- grain: platform, account_id, follower_id
-- params: none
-- replace: rows platform, account_id, follower_id
-- columns:
--   platform varchar: the network
--   account_id varchar: who is followed
--   follower_id varchar: who follows
--   observed_at timestamp: UTC, when this was seen last
--   first_observed_at timestamp: UTC, when this was seen first

with

touched as (
    select distinct
        platform,
        account_id,
        follower_id
    from staging.valid_follows
),

observations as (
    select
        platform,
        account_id,
        follower_id,
        observed_at,
        observed_at as first_observed_at
    from staging.valid_follows
    union all
    select
        follows.platform,
        follows.account_id,
        follows.follower_id,
        follows.observed_at,
        follows.first_observed_at
    from staging.follows as follows
    inner join touched
        on
            follows.platform = touched.platform
            and follows.account_id = touched.account_id
            and follows.follower_id = touched.follower_id
)

select
    platform,
    account_id,
    follower_id,
    max(observed_at) as observed_at,
    min(first_observed_at) as first_observed_at
from observations
group by platform, account_id, follower_id
