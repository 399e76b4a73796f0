-- One row per observation of a comment in Instagram's answers that are being staged.
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
    id_of(id) as interaction_id,
    'comment' as kind,
    id_of("from".id) as account_id,
    id_of(_request.root) as root_post_id,
    id_of(coalesce(parent_id, _request.parent)) as platform_parent_id,
    coalesce("from".username, username) as author_name,
    time_of(timestamp, seen_at, 0) as acted_at,
    text,
    count_of(like_count) as likes_count,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    "from".id as account_id_text,
    _request.root as root_post_id_text,
    timestamp as acted_at_text,
    like_count as likes_count_text
from raw.instagram_comments
