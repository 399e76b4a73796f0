-- One row per observation of a comment in MediaCrawler's records that are being staged;
-- it writes no other acts one by one. A comment on a post names 0, nothing or itself as
-- its parent, by network.
--
-- grain: none
-- params: none
-- replace: view

with

comments as (
    select
        *,
        coalesce(nullif(record_platform, ''), platform) as network,
        coalesce(note_id, aweme_id, video_id, content_id) as commented_id,
        coalesce(nullif(user_id, ''), nullif(creator_hash, '')) as author_id,
        coalesce(
            nullif(create_date_time, ''), nullif(create_time, ''), publish_time
        ) as written_at,
        coalesce(time_of(last_modify_ts, cast(null as timestamp), 8), seen_at)
            as read_at,
        coalesce(like_count, comment_like_count) as likes_text
    from raw.mediacrawler_comments
)

select
    source,
    path,
    position,
    item,
    network as platform,
    id_of(comment_id) as interaction_id,
    'comment' as kind,
    id_of(author_id) as account_id,
    id_of(commented_id) as root_post_id,
    case when parent_comment_id <> comment_id then id_of(parent_comment_id) end
        as platform_parent_id,
    coalesce(nullif(nickname, ''), nullif(user_nickname, '')) as author_name,
    time_of(written_at, read_at, 8) as acted_at,
    case
        when regexp_matches(content, '<(a|br|img|p|span|b)[ />]')
            then plain_text(shown_words(author_id, content, false))
        else shown_words(author_id, content, false)
    end as text,
    case when not is_notice(author_id, content, false) then count_of(likes_text) end
        as likes_count,
    coalesce(read_at, time_of(written_at, cast(null as timestamp), 8)) as observed_at,
    comment_id as interaction_id_text,
    author_id as account_id_text,
    commented_id as root_post_id_text,
    written_at as acted_at_text,
    case when not is_notice(author_id, content, false) then likes_text end
        as likes_count_text
from comments
