-- One row per snapshot of a post's counters in what Weibo's interface for assistants
-- answered.
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
    id_of(coalesce(nullif(idstr, ''), id, mid)) as post_id,
    coalesce(seen_at, recorded_at) as observed_at,
    count_of(reposts_count) as reposts_count,
    count_of(comments_count) as comments_count,
    count_of(attitudes_count) as likes_count,
    coalesce(nullif(idstr, ''), id, mid) as post_id_text,
    reposts_count as reposts_count_text,
    comments_count as comments_count_text,
    attitudes_count as likes_count_text
from raw.weibo_assistant_statuses
where
    coalesce(reposts_count, comments_count, attitudes_count) is not null
    and not is_notice(coalesce(user.id, _request.user), text, false)
