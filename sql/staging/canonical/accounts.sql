-- One row per observation of a profile in canonical tables that are being staged.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
    id_of(account_id) as account_id,
    screen_name,
    display_name,
    description,
    location,
    gender,
    avatar_url,
    is_verified,
    verified_type,
    count_of(followers_count) as followers_count,
    count_of(following_count) as following_count,
    count_of(mutual_count) as mutual_count,
    count_of(posts_count) as posts_count,
    count_of(likes_count) as likes_count,
    count_of(level) as level,
    time_of(
        registered_at, cast(null as timestamp), coalesce(_file.zone_hours, 0)
    ) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    cast(null as varchar) as observed_at_text,
    account_id as account_id_text,
    followers_count as followers_count_text,
    following_count as following_count_text,
    mutual_count as mutual_count_text,
    posts_count as posts_count_text,
    likes_count as likes_count_text,
    registered_at as registered_at_text
from raw.canonical_accounts
