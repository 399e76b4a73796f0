-- One row per observation of a comment or reaction in Facebook's answers that are
-- being staged. A reaction of any kind is a like; Facebook doesn't say when, so it
-- happened when it was seen.
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
    id_of(coalesce(parent.id, _request.parent)) as platform_parent_id,
    "from".name as author_name,
    time_of(created_time, seen_at, 0) as acted_at,
    case when not is_notice("from".id, message, false) then message end as text,
    case when not is_notice("from".id, message, false) then count_of(like_count) end
        as likes_count,
    list_transform(
        list_filter(message_tags, lambda tag: tag.type is distinct from 'event'),
        lambda tag: tag.name
    ) as mentions,
    coalesce(seen_at, time_of(created_time, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    "from".id as account_id_text,
    _request.root as root_post_id_text,
    created_time as acted_at_text,
    like_count as likes_count_text
from raw.facebook_comments
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    'like-' || id_of(_request.root) || '-' || id_of(id) as interaction_id,
    'like' as kind,
    id_of(id) as account_id,
    id_of(_request.root) as root_post_id,
    name as author_name,
    seen_at as acted_at,
    seen_at as observed_at,
    id as interaction_id_text,
    id as account_id_text,
    _request.root as root_post_id_text
from raw.facebook_reactions
