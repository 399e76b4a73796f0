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
    id_of(case when kind = 'blog' then 'blog:' || id_of(id) else id end) as post_id,
    coalesce(
        seen_at, time_of(createtime, seen_at, 8)
    ) as observed_at,
    count_of(sharecount) as reposts_count,
    count_of(commentcount) as comments_count,
    cast(null as bigint) as likes_count,
    count_of(viewcount) as reads_count,
    id as post_id_text,
    createtime as observed_at_text,
    sharecount as reposts_count_text,
    commentcount as comments_count_text,
    cast(null as varchar) as likes_count_text,
    viewcount as reads_count_text
from raw.renren_statuses
where
    kind <> 'repost'
    and not is_notice(ownerid, content, false)
    -- Nobody's zeros are those of a post that is hidden, whatever its notice says.
    and (
        id_of(ownerid) is not null
        or coalesce(count_of(sharecount), 0)
        + coalesce(count_of(commentcount), 0)
        + coalesce(count_of(viewcount), 0) > 0
    )
    and coalesce(sharecount, commentcount, viewcount) is not null
union all by name
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
            else lower(_request.entry_type) || ':' || id_of(ugcid)
        end
    ) as post_id,
    seen_at as observed_at,
    count_of(likecount) as likes_count,
    ugcid as post_id_text,
    likecount as likes_count_text
from raw.renren_likes
