-- One row per observation of an account in MediaCrawler's records that are being staged:
-- profiles, as its older versions kept them, and who wrote posts and comments.
--
-- grain: none
-- params: none
-- replace: view

with

seen as (
    select
        platform,
        record_platform,
        source,
        user_id,
        creator_hash,
        coalesce(nullif(nickname, ''), nullif(user_nickname, ''), user_name) as name,
        coalesce(
            time_of(last_modify_ts, cast(null as timestamp), 8),
            seen_at,
            time_of(
                coalesce(
                    nullif(create_date_time, ''),
                    nullif(create_time, ''),
                    nullif(time, ''),
                    nullif(created_time, ''),
                    nullif(publish_time, ''),
                    pub_ts
                ),
                cast(null as timestamp),
                8
            )
        ) as observed_at
    from raw.mediacrawler_posts
    union by name
    select
        platform,
        record_platform,
        source,
        user_id,
        creator_hash,
        coalesce(nullif(nickname, ''), user_nickname) as name,
        coalesce(
            time_of(last_modify_ts, cast(null as timestamp), 8),
            seen_at,
            time_of(
                coalesce(
                    nullif(create_date_time, ''), nullif(create_time, ''), publish_time
                ),
                cast(null as timestamp),
                8
            )
        ) as observed_at
    from raw.mediacrawler_comments
)

select
    source,
    path,
    position,
    item,
    coalesce(nullif(record_platform, ''), platform) as platform,
    id_of(user_id) as account_id,
    coalesce(nullif(nickname, ''), nullif(user_nickname, ''), user_name)
        as screen_name,
    coalesce(nullif("desc", ''), nullif(sign, '')) as description,
    nullif(regexp_replace(ip_location, '^IP属地[:：]', ''), '') as location,
    case
        when lower(coalesce(gender, sex)) in ('m', '男', 'male') then 'm'
        when lower(coalesce(gender, sex)) in ('f', '女', 'female') then 'f'
    end as gender,
    unsigned(coalesce(nullif(avatar, ''), nullif(user_avatar, ''))) as avatar_url,
    case is_official when '1' then true when '0' then false end as is_verified,
    count_of(coalesce(fans, total_fans)) as followers_count,
    count_of(follows) as following_count,
    count_of(videos_count) as posts_count,
    coalesce(
        time_of(last_modify_ts, cast(null as timestamp), 8),
        seen_at,
        timestamp '1970-01-01'
    ) as observed_at,
    coalesce(time_of(last_modify_ts, cast(null as timestamp), 8), seen_at) is not null
        as is_moment_told,
    user_id as account_id_text,
    coalesce(fans, total_fans) as followers_count_text,
    follows as following_count_text,
    videos_count as posts_count_text
from raw.mediacrawler_creators
union all by name
select
    source,
    coalesce(nullif(record_platform, ''), platform) as platform,
    id_of(coalesce(nullif(user_id, ''), creator_hash)) as account_id,
    name as screen_name,
    observed_at,
    coalesce(nullif(user_id, ''), creator_hash) as account_id_text
from seen
where
    coalesce(nullif(user_id, ''), nullif(creator_hash, '')) is not null
    and nullif(name, '') is not null
