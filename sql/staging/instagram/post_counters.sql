-- One row per snapshot of a post's counters in Instagram's answers that are being staged:
-- of the post itself, and of its figures. Views count as reads.
--
-- grain: none
-- params: none
-- replace: view

with

counters as (
    select
        source,
        path,
        position,
        item,
        platform,
        id as post_id,
        coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
        comments_count,
        like_count as likes_count
    from raw.instagram_media
    union all by name
    select
        source,
        path,
        position,
        item,
        platform,
        _request.post as post_id,
        seen_at as observed_at,
        values[1].value as reads_count
    from raw.instagram_insights
    where name = 'views'
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(post_id) as post_id,
    observed_at,
    count_of(comments_count) as comments_count,
    count_of(likes_count) as likes_count,
    count_of(reads_count) as reads_count,
    post_id as post_id_text,
    comments_count as comments_count_text,
    likes_count as likes_count_text,
    reads_count as reads_count_text
from counters
where coalesce(comments_count, likes_count, reads_count) is not null
