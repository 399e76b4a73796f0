-- One row per snapshot of a video's counters in YouTube's answers that are being staged.
-- Views count as reads. What its owner hides or has closed is left out, and unknown.
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
    coalesce(seen_at, time_of(snippet.publishedat, seen_at, 0)) as observed_at,
    count_of(statistics.commentcount) as comments_count,
    count_of(statistics.likecount) as likes_count,
    count_of(statistics.viewcount) as reads_count,
    id as post_id_text,
    snippet.publishedat as observed_at_text,
    statistics.commentcount as comments_count_text,
    statistics.likecount as likes_count_text,
    statistics.viewcount as reads_count_text
from raw.youtube_videos
where
    coalesce(statistics.commentcount, statistics.likecount, statistics.viewcount)
    is not null
