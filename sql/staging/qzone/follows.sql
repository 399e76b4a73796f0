-- One row per observation of a friend in Qzone's lists that are being staged, in both
-- directions: friends there are each other's.
--
-- grain: none
-- params: none
-- replace: view

with

friends as (
    select
        platform,
        source,
        path,
        position,
        item,
        _request.target as one,
        openid as other,
        coalesce(
            seen_at, timestamp '1970-01-01'
        ) as observed_at
    from raw.qzone_users
    where _request.target is not null
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(one) as account_id,
    id_of(other) as follower_id,
    observed_at,
    one as account_id_text,
    other as follower_id_text
from friends
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(other) as account_id,
    id_of(one) as follower_id,
    observed_at,
    other as account_id_text,
    one as follower_id_text
from friends
