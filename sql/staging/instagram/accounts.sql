-- One row per observation of an account in Instagram's answers that are being staged: the
-- company's own, and whoever commented, of whom it tells the name only.
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
    biography as description,
    profile_picture_url as avatar_url,
    count_of(followers_count) as followers_count,
    count_of(follows_count) as following_count,
    count_of(media_count) as posts_count,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    followers_count as followers_count_text,
    follows_count as following_count_text,
    media_count as posts_count_text
from raw.instagram_users
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of("from".id) as account_id,
    coalesce("from".username, username) as screen_name,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    seen_at is not null as is_moment_told,
    "from".id as account_id_text
from raw.instagram_comments
where "from".id is not null
