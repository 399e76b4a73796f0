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
    cast(null as varchar) as source_parent_id,
    "from".name as author_name,
    iso_time(created_time) as acted_at,
    message as text,
    count_of(like_count) as likes_count,
    coalesce(
        iso_time(_request.observed_at), source_observed_at, iso_time(created_time)
    ) as observed_at
from raw.facebook_comments
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of('like-' || _request.root || '-' || id) as interaction_id,
    'like' as kind,
    id_of(id) as account_id,
    id_of(_request.root) as root_post_id,
    cast(null as varchar) as platform_parent_id,
    cast(null as varchar) as source_parent_id,
    name as author_name,
    coalesce(iso_time(_request.observed_at), source_observed_at) as acted_at,
    cast(null as varchar) as text,
    cast(null as bigint) as likes_count,
    coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at
from raw.facebook_reactions
