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
        seen_at, time_of(created_time, seen_at, 8)
    ) as observed_at,
    count_of(fwdnum) as reposts_count,
    count_of(cmtnum) as comments_count,
    cast(null as bigint) as likes_count,
    tid as post_id_text,
    created_time as observed_at_text,
    fwdnum as reposts_count_text,
    cmtnum as comments_count_text,
    cast(null as varchar) as likes_count_text
from raw.qzone_posts
where
    kind = 'post'
    and coalesce(fwdnum, cmtnum) is not null
    and not is_notice(nullif(uin, '0'), content, false)
    -- Nobody's zeros are those of a post that is hidden, whatever its notice says.
    and (
        id_of(uin) is not null
        or coalesce(count_of(fwdnum), 0)
        + coalesce(count_of(cmtnum), 0) > 0
    )
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.target) as post_id,
    seen_at as observed_at,
    count_of(total_number) as likes_count,
    _request.target as post_id_text,
    total_number as likes_count_text
from raw.qzone_like_totals
