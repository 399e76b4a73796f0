-- One row per observation of a video in YouTube's answers that are being staged. Its text
-- is its title and what its owner wrote below.
--
-- grain: none
-- params: none
-- replace: view

with

videos as (
    select
        *,
        concat_ws(
            chr(10), nullif(snippet.title, ''), nullif(snippet.description, '')
        ) as clean_text
    from raw.youtube_videos
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    id_of(_request.user) as account_id,
    time_of(snippet.publishedat, seen_at, 0) as posted_at,
    clean_text as text,
    list_sort(list_distinct(links_in(clean_text))) as links,
    list_sort(list_distinct(hashtags_after_marks(clean_text))) as hashtags,
    list_sort(list_distinct(names_called(clean_text))) as mentions,
    cast(1 as bigint) as media_count,
    'video' as media_kind,
    false as is_deleted,
    coalesce(seen_at, time_of(snippet.publishedat, seen_at, 0)) as observed_at,
    id as post_id_text,
    _request.user as account_id_text,
    snippet.publishedat as posted_at_text
from videos
