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
    coalesce(seen_at, time_of(timestamp, seen_at, 8))
        as observed_at,
    count_of(count) as reposts_count,
    count_of(mcount) as comments_count,
    id as post_id_text,
    timestamp as observed_at_text,
    count as reposts_count_text,
    mcount as comments_count_text
from raw.tencent_weibo_records
where
    (kind = 'status' or id = _request.root)
    -- Nor are the zeros of a post that is gone a reading.
    and not is_notice(
        coalesce(nullif(name, ''), nullif(openid, '')),
        coalesce(nullif(origtext, ''), text),
        status in ('1', '3')
    )
    and not (
        coalesce(status in ('1', '3'), false)
        and coalesce(count_of(count), 0) + coalesce(count_of(mcount), 0) = 0
    )
    and coalesce(count, mcount) is not null
    -- Nobody's zeros are those of a post that is hidden, whatever its notice says.
    and (
        id_of(coalesce(nullif(name, ''), openid)) is not null
        or coalesce(count_of(count), 0)
        + coalesce(count_of(mcount), 0) > 0
    )
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    seen_at as observed_at,
    count_of(count) as reposts_count,
    count_of(mcount) as comments_count,
    id as post_id_text,
    cast(null as varchar) as observed_at_text,
    count as reposts_count_text,
    mcount as comments_count_text
from raw.tencent_weibo_counts
