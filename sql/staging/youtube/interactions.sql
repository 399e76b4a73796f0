-- One row per observation of a comment in YouTube's answers that are being staged. The
-- text as it was written is told to some readers only; others get HTML.
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
    remark_of(id) as interaction_id,
    'comment' as kind,
    id_of(_request.user) as account_id,
    id_of(_request.root) as root_post_id,
    remark_of(snippet.parentid) as platform_parent_id,
    _request.author_name as author_name,
    time_of(snippet.publishedat, seen_at, 0) as acted_at,
    coalesce(snippet.textoriginal, plain_text(snippet.textdisplay)) as text,
    count_of(snippet.likecount) as likes_count,
    coalesce(seen_at, time_of(snippet.publishedat, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    _request.user as account_id_text,
    _request.root as root_post_id_text,
    snippet.publishedat as acted_at_text,
    snippet.likecount as likes_count_text
from raw.youtube_comments
