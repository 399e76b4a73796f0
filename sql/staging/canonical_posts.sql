-- One row per observation of a post in canonical tables that are being staged.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(canonical_posts.record_platform, platform) as platform,
    id_of(post_id) as post_id,
    id_of(account_id) as account_id,
    iso_time(posted_at) as posted_at,
    text,
    client,
    region,
    list_of(links) as links,
    list_of(hashtags) as hashtags,
    list_of(mentions) as mentions,
    count_of(media_count) as media_count,
    coalesce(is_deleted, false) as is_deleted,
    coalesce(iso_time(observed_at), source_observed_at, iso_time(posted_at))
        as observed_at
from raw.canonical_posts as canonical_posts
