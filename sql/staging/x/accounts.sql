-- One row per observation of a profile in X's answers that are being staged:
-- profiles asked for, and those that came along with tweets, likes and followers. Lists
-- of ids alone tell of no profile.
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
    username as screen_name,
    name as display_name,
    description,
    nullif(location, '') as location,
    profile_image_url as avatar_url,
    verified as is_verified,
    verified_type,
    count_of(public_metrics.followers_count) as followers_count,
    count_of(public_metrics.following_count) as following_count,
    count_of(public_metrics.tweet_count) as posts_count,
    count_of(public_metrics.like_count) as likes_count,
    time_of(created_at, cast(null as timestamp), 0) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    public_metrics.followers_count as followers_count_text,
    public_metrics.following_count as following_count_text,
    public_metrics.tweet_count as posts_count_text,
    public_metrics.like_count as likes_count_text,
    created_at as registered_at_text
from raw.x_users
where username is not null
