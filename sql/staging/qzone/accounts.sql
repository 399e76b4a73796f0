-- One row per observation of a profile in Qzone's answers that are being staged:
-- profiles by openid, and people by number who post, comment or like.
--
-- grain: none
-- params: none
-- replace: view

with

seen as (
    select
        platform,
        source,
        uin as account_id,
        name,
        coalesce(
            seen_at, time_of(created_time, seen_at, 8)
        ) as observed_at
    from raw.qzone_posts
    union by name
    select
        platform,
        source,
        uin as account_id,
        name,
        coalesce(
            seen_at, time_of(create_time, seen_at, 8)
        ) as observed_at
    from raw.qzone_comments
    union by name
    select
        platform,
        source,
        fuin as account_id,
        nick as name,
        nullif(portrait, '') as avatar_url,
        coalesce(
            seen_at, timestamp '1970-01-01'
        ) as observed_at
    from raw.qzone_likes
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(openid) as account_id,
    nullif(nickname, '') as screen_name,
    nullif(trim(concat_ws(' ', province, city)), '') as location,
    case gender when '男' then 'm' when '女' then 'f' end as gender,
    nullif(figureurl, '') as avatar_url,
    try_cast(yellow_vip_level as bigint) as level,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    openid as account_id_text
from raw.qzone_users
union all by name
select
    source,
    platform,
    id_of(account_id) as account_id,
    name as screen_name,
    avatar_url,
    observed_at,
    account_id as account_id_text
from seen
where nullif(account_id, '0') is not null
