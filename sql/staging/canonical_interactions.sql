-- One row per observation of an interaction in canonical tables that are being
-- staged. A root among its own reposts is no repost. A parent counts as the platform's
-- where nothing else is said; where none was found, it is looked for here.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(record_platform, platform) as platform,
    id_of(interaction_id) as interaction_id,
    record_kind as kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    case
        when coalesce(parent_method, 'platform') not in ('chain', 'root')
            then id_of(parent_id)
    end as platform_parent_id,
    case when parent_method = 'chain' then id_of(parent_id) end as source_parent_id,
    cast(null as varchar) as author_name,
    iso_time(acted_at) as acted_at,
    text,
    count_of(likes_count) as likes_count,
    coalesce(iso_time(observed_at), source_observed_at, iso_time(acted_at))
        as observed_at
from raw.canonical_interactions
where
    record_kind is distinct from 'repost'
    or interaction_id is distinct from root_post_id
