-- One row per snapshot of a post's counters in Tencent Weibo's records that are being
-- staged: those of the post itself, and of lists of counts.
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
    id_of(id) as post_id,
    coalesce(iso_time(_request.observed_at), source_observed_at, unix_time(timestamp))
        as observed_at,
    count_of(count) as reposts_count,
    count_of(mcount) as comments_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as reads_count
from raw.tencent_weibo_records
where
    (kind = 'status' or id = _request.root)
    and coalesce(count, mcount) is not null
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at,
    count_of(count) as reposts_count,
    count_of(mcount) as comments_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as reads_count
from raw.tencent_weibo_counts
