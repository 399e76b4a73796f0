-- One row per account that was seen in any role, with the newest known value of
-- each field over all its observations.
--
-- grain: platform, account_id
-- params: none
-- replace: all

with

observed as (
    select
        platform,
        account_id,
        arg_max(screen_name, observed_at) as screen_name,
        arg_max(display_name, observed_at) as display_name,
        arg_max(description, observed_at) as description,
        arg_max(location, observed_at) as location,
        arg_max(gender, observed_at) as gender,
        arg_max(avatar_url, observed_at) as avatar_url,
        arg_max(is_verified, observed_at) as is_verified,
        arg_max(verified_type, observed_at) as verified_type,
        arg_max(followers_count, observed_at) as followers_count,
        arg_max(following_count, observed_at) as following_count,
        arg_max(posts_count, observed_at) as posts_count,
        arg_max(likes_count, observed_at) as likes_count,
        arg_max(level, observed_at) as level,
        min(registered_at) as registered_at,
        max(observed_at) as observed_at
    from staging.accounts
    group by platform, account_id
),

-- Acts and posts of an account, and when it was seen among followers, as one row.
active as (
    select
        platform,
        account_id,
        min(first_seen_day) as first_seen_day,
        max(last_seen_day) as last_seen_day,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(sum(reposts) as bigint) as reposts,
        cast(sum(comments) as bigint) as comments,
        cast(sum(interactions) as bigint) as interactions,
        cast(sum(posts) as bigint) as posts,
        max(observed_at) as observed_at
    from (
        select
            platform,
            account_id,
            min(date_day) as first_seen_day,
            max(date_day) as last_seen_day,
            min(acted_at) as first_seen_at,
            max(acted_at) as last_seen_at,
            count(*) filter (where kind = 'repost') as reposts,
            count(*) filter (where kind = 'comment') as comments,
            count(*) as interactions,
            0 as posts,
            max(acted_at) as observed_at
        from staging.interactions
        where account_id is not null
        group by platform, account_id
        union all
        select
            platform,
            account_id,
            min(date_day) as first_seen_day,
            max(date_day) as last_seen_day,
            min(posted_at) as first_seen_at,
            max(posted_at) as last_seen_at,
            0 as reposts,
            0 as comments,
            0 as interactions,
            count(*) as posts,
            max(posted_at) as observed_at
        from staging.posts
        where account_id is not null
        group by platform, account_id
        union all
        select
            platform,
            follower_id as account_id,
            cast(null as date) as first_seen_day,
            cast(null as date) as last_seen_day,
            cast(null as timestamp) as first_seen_at,
            cast(null as timestamp) as last_seen_at,
            0 as reposts,
            0 as comments,
            0 as interactions,
            0 as posts,
            max(observed_at) as observed_at
        from staging.follows
        group by platform, follower_id
    ) as seen
    group by platform, account_id
)

select
    coalesce(observed.platform, active.platform) as platform,
    coalesce(observed.account_id, active.account_id) as account_id,
    observed.screen_name,
    observed.display_name,
    observed.description,
    observed.location,
    observed.gender,
    observed.avatar_url,
    observed.is_verified,
    observed.verified_type,
    observed.followers_count,
    observed.following_count,
    observed.posts_count,
    observed.likes_count,
    observed.level,
    observed.registered_at,
    active.first_seen_day,
    active.last_seen_day,
    active.first_seen_at,
    active.last_seen_at,
    coalesce(active.reposts, 0) as seen_reposts,
    coalesce(active.comments, 0) as seen_comments,
    coalesce(active.interactions, 0) as seen_interactions,
    coalesce(active.posts, 0) as seen_posts,
    greatest(observed.observed_at, active.observed_at) as observed_at
from observed
full join active
    on
        observed.platform = active.platform
        and observed.account_id = active.account_id
