-- One row per snapshot of a post's counters in Qzone's answers that are being staged.
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
    id_of(tid) as post_id,
    coalesce(
        iso_time(_request.observed_at), source_observed_at, unix_time(created_time)
    ) as observed_at,
    count_of(fwdnum) as reposts_count,
    count_of(cmtnum) as comments_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as reads_count
from raw.qzone_posts
where kind = 'post' and coalesce(fwdnum, cmtnum) is not null
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.target) as post_id,
    coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at,
    cast(null as bigint) as reposts_count,
    cast(null as bigint) as comments_count,
    count_of(total_number) as likes_count,
    cast(null as bigint) as reads_count
from raw.qzone_like_totals
