-- One row per observation of a profile in RenRen's answers that are being staged:
-- users, friends and those who liked something.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as account_id,
    name as screen_name,
    cast(null as varchar) as display_name,
    cast(null as varchar) as description,
    nullif(trim(concat_ws(
        ' ', basicinformation.hometown.province, basicinformation.hometown.city
    )), '') as location,
    case basicinformation.sex when 'MALE' then 'm' when 'FEMALE' then 'f' end
        as gender,
    avatar[len(avatar)].url as avatar_url,
    star = '1' as is_verified,
    cast(null as varchar) as verified_type,
    cast(null as bigint) as followers_count,
    cast(null as bigint) as following_count,
    cast(null as bigint) as mutual_count,
    cast(null as bigint) as posts_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as level,
    cast(null as timestamp) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    cast(null as varchar) as observed_at_text,
    id as account_id_text,
    cast(null as varchar) as followers_count_text,
    cast(null as varchar) as following_count_text,
    cast(null as varchar) as mutual_count_text,
    cast(null as varchar) as posts_count_text,
    cast(null as varchar) as likes_count_text,
    cast(null as varchar) as registered_at_text
from raw.renren_users
