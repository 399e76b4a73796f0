-- One row per snapshot of a post's counters in canonical tables that are being
-- staged.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(record_platform, platform) as platform,
    id_of(post_id) as post_id,
    coalesce(iso_time(observed_at), source_observed_at) as observed_at,
    count_of(reposts_count) as reposts_count,
    count_of(comments_count) as comments_count,
    count_of(likes_count) as likes_count,
    count_of(reads_count) as reads_count
from raw.canonical_post_counters
