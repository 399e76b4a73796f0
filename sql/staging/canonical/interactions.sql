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
    coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
    id_of(interaction_id) as interaction_id,
    record_kind as kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    case
        when coalesce(parent_method, 'platform') not in ('chain', 'root')
            then id_of(parent_id)
    end as platform_parent_id,
    case when parent_method = 'chain' then id_of(parent_id) end as source_parent_id,
    nullif(author_name, '') as author_name,
    time_of(acted_at, seen_at, coalesce(_file.zone_hours, 0)) as acted_at,
    case
        when
            _file.zone_hours is not null
            and regexp_matches(text, '<(a|br|img|span)[ />]')
            then plain_text(shown_words(account_id, text, false))
        else shown_words(account_id, text, false)
    end as text,
    case when not is_notice(account_id, text, false) then count_of(likes_count) end
        as likes_count,
    cast(null as varchar[]) as mentions,
    coalesce(seen_at, time_of(acted_at, seen_at, coalesce(_file.zone_hours, 0)))
        as observed_at,
    interaction_id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    acted_at as acted_at_text,
    case when not is_notice(account_id, text, false) then likes_count end
        as likes_count_text
from raw.canonical_interactions
where
    record_kind is distinct from 'repost'
    or interaction_id is distinct from root_post_id
