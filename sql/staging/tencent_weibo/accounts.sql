-- One row per observation of a profile in Tencent Weibo's records that are being
-- staged: profiles of their own and the authors of posts, reposts and comments. The
-- account is its name in addresses: an openid differs from application to
-- application.
--
-- grain: none
-- params: none
-- replace: view

with

authors as (
    select distinct
        platform,
        source,
        coalesce(nullif(name, ''), nullif(openid, '')) as account_id,
        nick,
        head,
        nullif(location, '') as location,
        isvip,
        coalesce(
            seen_at, time_of(timestamp, seen_at, 8)
        ) as observed_at
    from raw.tencent_weibo_records
    where coalesce(nullif(name, ''), nullif(openid, '')) is not null
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(coalesce(nullif(name, ''), nullif(openid, ''))) as account_id,
    nick as screen_name,
    introduction as description,
    nullif(location, '') as location,
    case sex when '1' then 'm' when '2' then 'f' end as gender,
    nullif(head, '') as avatar_url,
    isvip = '1' as is_verified,
    case when isent = '1' then 'enterprise' when isvip = '1' then 'person' end
        as verified_type,
    count_of(fansnum) as followers_count,
    count_of(idolnum) as following_count,
    count_of(mutual_fans_num) as mutual_count,
    count_of(tweetnum) as posts_count,
    count_of(favnum) as likes_count,
    try_cast(level as bigint) as level,
    time_of(nullif(regtime, '0'), cast(null as timestamp), 8) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    coalesce(nullif(name, ''), nullif(openid, '')) as account_id_text,
    fansnum as followers_count_text,
    idolnum as following_count_text,
    mutual_fans_num as mutual_count_text,
    tweetnum as posts_count_text,
    favnum as likes_count_text,
    nullif(regtime, '0') as registered_at_text
from raw.tencent_weibo_users
union all by name
select
    source,
    platform,
    id_of(account_id) as account_id,
    nick as screen_name,
    location,
    nullif(head, '') as avatar_url,
    isvip = '1' as is_verified,
    observed_at,
    account_id as account_id_text
from authors
