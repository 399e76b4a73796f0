-- One row per snapshot of a post's counters in weibo-crawler's records that are being
-- staged. A count of 1000000 is a floor: the page showed no more.
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
    id_of(status_id) as post_id,
    coalesce(seen_at, recorded_at) as observed_at,
    count_of(reposts_count) as reposts_count,
    count_of(comments_count) as comments_count,
    count_of(attitudes_count) as likes_count,
    status_id as post_id_text,
    written_at as observed_at_text,
    reposts_count as reposts_count_text,
    comments_count as comments_count_text,
    attitudes_count as likes_count_text
from staging.weibo_dataabc_statuses
where
    root_id is null
    and not is_notice
    and coalesce(reposts_count, comments_count, attitudes_count) is not null
