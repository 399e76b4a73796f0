-- One row per snapshot of a post's counters in Weibo's records that are being
-- staged. The zeros beside a notice that a post is gone are no reading.
--
-- grain: none
-- params: none
-- replace: view

with

own_counters as (
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(nullif(idstr, ''), id) as status_id,
        coalesce(seen_at, recorded_at) as observed_at,
        created_at,
        reposts_count,
        comments_count,
        attitudes_count,
        reads
    from raw.weibo_statuses
    where
        (kind = 'status' or coalesce(nullif(idstr, ''), id) = root_id)
        and not is_notice(user.id, coalesce(raw_text, text), deleted in ('1', 'true'))
),

embedded_counters as (
    select
        platform,
        source,
        cast(null as varchar) as path,
        cast(null as bigint) as position,
        cast(null as integer) as item,
        coalesce(nullif(status.idstr, ''), status.id) as status_id,
        coalesce(seen_at, time_of(status.created_at, seen_at, 8)) as observed_at,
        status.created_at as created_at,
        status.reposts_count as reposts_count,
        status.comments_count as comments_count,
        status.attitudes_count as attitudes_count,
        status.reads as reads
    from staging.weibo_roots
    where
        not is_notice(
            status.user.id,
            coalesce(status.raw_text, status.text),
            status.deleted in ('1', 'true')
        )
        -- Nobody's zeros inside of a repost: the root is hidden, whatever its notice says.
        and (
            id_of(status.user.id) is not null
            or coalesce(count_of(status.reposts_count), 0)
            + coalesce(count_of(status.comments_count), 0)
            + coalesce(count_of(status.attitudes_count), 0) > 0
        )
),

counts as (
    select
        platform,
        source,
        path,
        position,
        item,
        id as status_id,
        seen_at as observed_at,
        cast(null as varchar) as created_at,
        reposts as reposts_count,
        comments as comments_count,
        attitudes as attitudes_count,
        reads
    from raw.weibo_counts
),

weibo_counters as (
    select * from own_counters
    union all
    select * from embedded_counters
    union all
    select * from counts
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(status_id) as post_id,
    observed_at,
    count_of(reposts_count) as reposts_count,
    count_of(comments_count) as comments_count,
    count_of(attitudes_count) as likes_count,
    count_of(reads) as reads_count,
    status_id as post_id_text,
    created_at as observed_at_text,
    reposts_count as reposts_count_text,
    comments_count as comments_count_text,
    attitudes_count as likes_count_text,
    reads as reads_count_text
from weibo_counters
where coalesce(reposts_count, comments_count, attitudes_count, reads) is not null
