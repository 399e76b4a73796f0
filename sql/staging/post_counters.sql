-- One row per post and moment its counters were read; never overwritten. Two
-- readings of one moment keep the larger value of each counter.
--
-- grain: platform, post_id, observed_at
-- params: none
-- replace: rows platform, post_id, observed_at
-- columns:
--   platform varchar: the network
--   post_id varchar: the platform's id
--   observed_at timestamp: UTC, when the counters were read
--   reposts_count bigint: reposts as the platform counts them
--   comments_count bigint: comments as the platform counts them
--   likes_count bigint: likes as the platform counts them
--   reads_count bigint: reads, where the platform tells them

with

touched as (
    select distinct
        platform,
        post_id,
        observed_at
    from staging.valid_post_counters
),

snapshots as (
    select
        platform,
        post_id,
        observed_at,
        reposts_count,
        comments_count,
        likes_count,
        reads_count
    from staging.valid_post_counters
    union all
    select
        post_counters.platform,
        post_counters.post_id,
        post_counters.observed_at,
        post_counters.reposts_count,
        post_counters.comments_count,
        post_counters.likes_count,
        post_counters.reads_count
    from staging.post_counters as post_counters
    inner join touched
        on
            post_counters.platform = touched.platform
            and post_counters.post_id = touched.post_id
            and post_counters.observed_at = touched.observed_at
)

select
    platform,
    post_id,
    observed_at,
    max(reposts_count) as reposts_count,
    max(comments_count) as comments_count,
    max(likes_count) as likes_count,
    max(reads_count) as reads_count
from snapshots
group by platform, post_id, observed_at
