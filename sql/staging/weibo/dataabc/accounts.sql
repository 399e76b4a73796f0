-- One row per observation of a profile in weibo-crawler's records that are being
-- staged: users, and those who wrote posts, comments and reposts where these say so.
--
-- grain: none
-- params: none
-- replace: view

with

seen as (
    select
        platform,
        source,
        user_id,
        screen_name,
        coalesce(
            seen_at,
            time_of(coalesce(nullif(full_created_at, ''), created_at), seen_at, 8)
        ) as observed_at
    from raw.weibo_dataabc_posts
    union by name
    select
        platform,
        source,
        retweet.user_id as user_id,
        retweet.screen_name as screen_name,
        coalesce(
            seen_at,
            time_of(
                coalesce(nullif(retweet.full_created_at, ''), retweet.created_at),
                seen_at,
                8
            )
        ) as observed_at
    from raw.weibo_dataabc_posts
    union by name
    select
        platform,
        source,
        user_id,
        user_screen_name as screen_name,
        nullif(user_avatar_url, '') as avatar_url,
        coalesce(
            seen_at, time_of(created_at, seen_at, 8)
        ) as observed_at
    from raw.weibo_dataabc_answers
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as account_id,
    coalesce(screen_name, nick_name) as screen_name,
    coalesce(description, bio) as description,
    nullif(location, '') as location,
    case
        when gender in ('m', '男') then 'm' when gender in ('f', '女') then 'f'
        else nullif(gender, '')
    end as gender,
    unsigned(coalesce(
        nullif(avatar_hd, ''), nullif(profile_image_url, ''), nullif(avatar_url, '')
    )) as avatar_url,
    case
        when lower(verified) in ('true', '1') then true
        when lower(verified) in ('false', '0') then false
    end as is_verified,
    nullif(verified_type, '') as verified_type,
    count_of(coalesce(followers_count, follower_count)) as followers_count,
    count_of(follow_count) as following_count,
    count_of(statuses_count) as posts_count,
    try_cast(urank as bigint) as level,
    time_of(
        coalesce(registration_time, reg_date), cast(null as timestamp), 8
    ) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    coalesce(followers_count, follower_count) as followers_count_text,
    follow_count as following_count_text,
    statuses_count as posts_count_text,
    coalesce(registration_time, reg_date) as registered_at_text
from raw.weibo_dataabc_users
union all by name
select
    source,
    platform,
    id_of(user_id) as account_id,
    screen_name,
    unsigned(avatar_url) as avatar_url,
    observed_at,
    user_id as account_id_text
from seen
where nullif(user_id, '') is not null and nullif(screen_name, '') is not null
