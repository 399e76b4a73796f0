-- One row per snapshot of a post's counters in RenRen's answers that are being staged.
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
    id_of(case when kind = 'blog' then 'blog:' || id else id end) as post_id,
    coalesce(
        iso_time(_request.observed_at), source_observed_at, beijing_time(createtime)
    ) as observed_at,
    count_of(sharecount) as reposts_count,
    count_of(commentcount) as comments_count,
    cast(null as bigint) as likes_count,
    count_of(viewcount) as reads_count
from raw.renren_statuses
where
    kind <> 'repost'
    and coalesce(sharecount, commentcount, viewcount) is not null
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(
        case
            when _request.entry_type is null or upper(_request.entry_type) = 'STATUS'
                then ugcid
            else lower(_request.entry_type) || ':' || ugcid
        end
    ) as post_id,
    coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at,
    cast(null as bigint) as reposts_count,
    cast(null as bigint) as comments_count,
    count_of(likecount) as likes_count,
    cast(null as bigint) as reads_count
from raw.renren_likes
