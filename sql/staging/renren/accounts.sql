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
    nullif(trim(concat_ws(
        ' ', basicinformation.hometown.province, basicinformation.hometown.city
    )), '') as location,
    case basicinformation.sex when 'MALE' then 'm' when 'FEMALE' then 'f' end
        as gender,
    avatar[len(avatar)].url as avatar_url,
    star = '1' as is_verified,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text
from raw.renren_users
