-- One row per observation of a reply in Threads' answers that are being staged.
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
    id_of(_request.user) as account_id,
    id_of(_request.root) as root_post_id,
    id_of(nullif(replied_to.id, _request.root)) as platform_parent_id,
    username as author_name,
    time_of(timestamp, seen_at, 0) as acted_at,
    text,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    _request.user as account_id_text,
    _request.root as root_post_id_text,
    timestamp as acted_at_text
from raw.threads_replies
