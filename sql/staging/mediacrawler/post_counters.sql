-- One row per snapshot of a post's counters in MediaCrawler's records that are being
-- staged. What a network doesn't count stays unknown.
--
-- grain: none
-- params: none
-- replace: view

with

counters as (
    select
        *,
        coalesce(nullif(record_platform, ''), platform) as network,
        coalesce(note_id, aweme_id, video_id, content_id, dynamic_id) as written_id,
        coalesce(
            time_of(last_modify_ts, cast(null as timestamp), 8),
            seen_at,
            time_of(
                coalesce(
                    nullif(create_date_time, ''),
                    nullif(create_time, ''),
                    nullif(time, ''),
                    nullif(created_time, ''),
                    nullif(publish_time, ''),
                    pub_ts
                ),
                cast(null as timestamp),
                8
            )
        ) as read_at,
        coalesce(shared_count, share_count, video_share_count, total_forwards)
            as reposts_text,
        coalesce(
            comments_count, comment_count, video_comment, total_replay_num, total_comments
        ) as comments_text,
        coalesce(liked_count, voteup_count, total_liked) as likes_text,
        coalesce(video_play_count, viewd_count) as reads_text
    from raw.mediacrawler_posts
)

select
    source,
    path,
    position,
    item,
    network as platform,
    id_of(written_id) as post_id,
    read_at as observed_at,
    count_of(reposts_text) as reposts_count,
    count_of(comments_text) as comments_count,
    count_of(likes_text) as likes_count,
    count_of(reads_text) as reads_count,
    written_id as post_id_text,
    last_modify_ts as observed_at_text,
    reposts_text as reposts_count_text,
    comments_text as comments_count_text,
    likes_text as likes_count_text,
    reads_text as reads_count_text
from counters
where coalesce(reposts_text, comments_text, likes_text, reads_text) is not null
