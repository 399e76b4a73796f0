-- One row per observation of a post in canonical tables that are being staged.
--
-- grain: none
-- params: none
-- replace: view

with

posts as (
    select
        *,
        is_notice(account_id, text, is_deleted) as is_notice
    from raw.canonical_posts
)

select
    source,
    path,
    position,
    item,
    coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
    id_of(post_id) as post_id,
    id_of(account_id) as account_id,
    time_of(posted_at, seen_at, 0) as posted_at,
    case when not is_notice then text end as text,
    client,
    region,
    list_of(links) as links,
    list_of(hashtags) as hashtags,
    list_of(mentions) as mentions,
    count_of(media_count) as media_count,
    is_notice or coalesce(is_deleted, false) as is_deleted,
    coalesce(seen_at, time_of(posted_at, seen_at, 0)) as observed_at,
    post_id as post_id_text,
    account_id as account_id_text,
    posted_at as posted_at_text
from posts
