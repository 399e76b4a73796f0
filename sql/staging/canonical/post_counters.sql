-- One row per snapshot of a post's counters in canonical tables that are being
-- staged. Zeros read at the moment of a notice that the post is gone are no reading.
--
-- grain: none
-- params: none
-- replace: view

with

gone as (
    select distinct
        source,
        coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
        id_of(post_id) as post_id,
        seen_at
    from raw.canonical_posts
    where is_notice(account_id, text, coalesce(is_deleted, false))
),

counters as (
    select
        *,
        coalesce(nullif(lower(trim(record_platform)), ''), platform) as network,
        coalesce(count_of(reposts_count), 0)
        + coalesce(count_of(comments_count), 0)
        + coalesce(count_of(likes_count), 0)
        + coalesce(count_of(reads_count), 0) as total
    from raw.canonical_post_counters
)

select
    counters.source,
    counters.path,
    counters.position,
    counters.item,
    counters.network as platform,
    id_of(counters.post_id) as post_id,
    counters.seen_at as observed_at,
    count_of(counters.reposts_count) as reposts_count,
    count_of(counters.comments_count) as comments_count,
    count_of(counters.likes_count) as likes_count,
    count_of(counters.reads_count) as reads_count,
    counters.post_id as post_id_text,
    counters.observed_at as observed_at_text,
    counters.reposts_count as reposts_count_text,
    counters.comments_count as comments_count_text,
    counters.likes_count as likes_count_text,
    counters.reads_count as reads_count_text
from counters
left join gone
    on
        counters.source = gone.source
        and counters.network = gone.platform
        and id_of(counters.post_id) = gone.post_id
        and counters.seen_at is not distinct from gone.seen_at
where counters.total > 0 or gone.post_id is null
