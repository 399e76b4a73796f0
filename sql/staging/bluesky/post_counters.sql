-- One row per snapshot of a post's counters in Bluesky's answers that are being staged.
-- Reposts and quotes both are reposts. Of replies it counts the direct ones alone.
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
    post_of(uri) as post_id,
    coalesce(seen_at, time_of(indexedat, seen_at, 0)) as observed_at,
    count_of(repostcount) + coalesce(count_of(quotecount), 0) as reposts_count,
    count_of(replycount) as comments_count,
    count_of(likecount) as likes_count,
    uri as post_id_text,
    indexedat as observed_at_text,
    repostcount as reposts_count_text,
    replycount as comments_count_text,
    likecount as likes_count_text
from raw.bluesky_posts
where
    record.reply.root.uri is null
    and post_of(
        coalesce(record.embed.record.record.uri, record.embed.record.uri)
    ) is null
    and repostcount is not null
