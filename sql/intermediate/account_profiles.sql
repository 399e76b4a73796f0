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

acted as (
    select
        platform,
        account_id,
        min(date_day) as first_seen_day,
        max(date_day) as last_seen_day,
        min(acted_at) as first_seen_at,
        max(acted_at) as last_seen_at,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) as interactions
    from staging.interactions
    where account_id is not null
    group by platform, account_id
),

posted as (
    select
        platform,
        account_id,
        min(date_day) as first_seen_day,
        max(date_day) as last_seen_day,
        min(posted_at) as first_seen_at,
        max(posted_at) as last_seen_at,
        count(*) as posts
    from staging.posts
    where account_id is not null
    group by platform, account_id
),

followed as (
    select
        platform,
        follower_id as account_id,
        max(observed_at) as observed_at
    from staging.follows
    group by platform, follower_id
),

seen as (
    select
        platform,
        account_id
    from observed
    union
    select
        platform,
        account_id
    from acted
    union
    select
        platform,
        account_id
    from posted
    union
    select
        platform,
        account_id
    from followed
)

select
    seen.platform,
    seen.account_id,
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
    least(acted.first_seen_day, posted.first_seen_day) as first_seen_day,
    greatest(acted.last_seen_day, posted.last_seen_day) as last_seen_day,
    least(acted.first_seen_at, posted.first_seen_at) as first_seen_at,
    greatest(acted.last_seen_at, posted.last_seen_at) as last_seen_at,
    coalesce(acted.reposts, 0) as seen_reposts,
    coalesce(acted.comments, 0) as seen_comments,
    coalesce(acted.interactions, 0) as seen_interactions,
    coalesce(posted.posts, 0) as seen_posts,
    greatest(
        observed.observed_at,
        followed.observed_at,
        acted.last_seen_at,
        posted.last_seen_at
    ) as observed_at
from seen
left join observed
    on seen.platform = observed.platform and seen.account_id = observed.account_id
left join acted
    on seen.platform = acted.platform and seen.account_id = acted.account_id
left join posted
    on seen.platform = posted.platform and seen.account_id = posted.account_id
left join followed
    on seen.platform = followed.platform and seen.account_id = followed.account_id
