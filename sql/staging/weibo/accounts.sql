-- One row per observation of a profile in Weibo's records that are being staged:
-- profiles of their own and those inside posts, reposts and comments.
--
-- grain: none
-- params: none
-- replace: view

with

status_users as (
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(seen_at, recorded_at) as observed_at,
        seen_at is not null as is_moment_told,
        created_at as observed_at_text,
        user as profile
    from raw.weibo_statuses
    where user.id is not null
),

embedded_users as (
    select distinct
        platform,
        source,
        coalesce(seen_at, time_of(status.created_at, seen_at, 8)) as observed_at,
        seen_at is not null as is_moment_told,
        status.created_at as observed_at_text,
        status.user as profile
    from staging.weibo_roots
    where status.user.screen_name is not null
),

comment_users as (
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(seen_at, recorded_at) as observed_at,
        seen_at is not null as is_moment_told,
        created_at as observed_at_text,
        user as profile
    from raw.weibo_comments
    where user.id is not null
),

replies as (
    select
        platform,
        source,
        path,
        position,
        item,
        seen_at,
        unnest(comments) as reply
    from raw.weibo_comments
    where len(comments) > 0
),

-- A profile on its own carries no time but its registration: where the source
-- states none either, any dated observation is newer.
own_users as (
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(seen_at, recorded_at, timestamp '1970-01-01') as observed_at,
        seen_at is not null as is_moment_told,
        cast(null as varchar) as observed_at_text,
        profile
    from raw.weibo_users
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(seen_at, recorded_at, timestamp '1970-01-01') as observed_at,
        seen_at is not null as is_moment_told,
        cast(null as varchar) as observed_at_text,
        profile
    from raw.weibo_followers
),

weibo_users as (
    select * from status_users
    union all
    select
        platform,
        source,
        cast(null as varchar) as path,
        cast(null as bigint) as position,
        cast(null as integer) as item,
        observed_at,
        is_moment_told,
        observed_at_text,
        profile
    from embedded_users
    union all
    select * from comment_users
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(seen_at, time_of(reply.created_at, seen_at, 8)) as observed_at,
        seen_at is not null as is_moment_told,
        reply.created_at as observed_at_text,
        reply.user as profile
    from replies
    where reply.user.id is not null
    union all
    select * from own_users
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(profile.id) as account_id,
    profile.screen_name as screen_name,
    profile.name as display_name,
    profile.description as description,
    nullif(profile.location, '') as location,
    profile.gender as gender,
    unsigned(
        coalesce(profile.avatar_hd, profile.avatar_large, profile.profile_image_url)
    ) as avatar_url,
    profile.verified as is_verified,
    cast(profile.verified_type as varchar) as verified_type,
    count_of(profile.followers_count) as followers_count,
    count_of(coalesce(profile.friends_count, profile.follow_count)) as following_count,
    count_of(profile.bi_followers_count) as mutual_count,
    count_of(profile.statuses_count) as posts_count,
    count_of(profile.favourites_count) as likes_count,
    profile.urank as level,
    time_of(profile.created_at, cast(null as timestamp), 8) as registered_at,
    observed_at,
    is_moment_told,
    observed_at_text,
    profile.id as account_id_text,
    profile.followers_count as followers_count_text,
    coalesce(profile.friends_count, profile.follow_count) as following_count_text,
    profile.bi_followers_count as mutual_count_text,
    profile.statuses_count as posts_count_text,
    profile.favourites_count as likes_count_text,
    profile.created_at as registered_at_text
from weibo_users
