-- One row per observation of a forward, comment, reply or like in Qzone's answers that
-- are being staged. Likes have no time: they count at the moment they were seen.
--
-- grain: none
-- params: none
-- replace: view

with

qzone_interactions as (
    select
        platform,
        source,
        path,
        position,
        item,
        'repost' as kind,
        tid as interaction_id,
        uin as account_id,
        rt_tid as root_post_id,
        cast(null as varchar) as parent_id,
        name as author_name,
        time_of(created_time, seen_at, 8) as acted_at,
        created_time as written_at,
        content,
        seen_at
    from raw.qzone_posts
    where kind = 'repost'
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'comment' as kind,
        _request.key as interaction_id,
        uin as account_id,
        _request.target as root_post_id,
        _request.parent as parent_id,
        name as author_name,
        time_of(create_time, seen_at, 8) as acted_at,
        create_time as written_at,
        content,
        seen_at
    from raw.qzone_comments
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'like' as kind,
        'like-' || id_of(_request.target) || '-' || id_of(fuin) as interaction_id,
        fuin as account_id,
        _request.target as root_post_id,
        cast(null as varchar) as parent_id,
        nick as author_name,
        seen_at as acted_at,
        cast(null as varchar) as written_at,
        cast(null as varchar) as content,
        seen_at
    from raw.qzone_likes
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(nullif(account_id, '0')) as account_id,
    id_of(root_post_id) as root_post_id,
    id_of(parent_id) as platform_parent_id,
    author_name,
    acted_at,
    case
        when not is_notice(nullif(account_id, '0'), content, false)
            then qzone_text(content)
    end as text,
    coalesce(seen_at, acted_at) as observed_at,
    interaction_id as interaction_id_text,
    nullif(account_id, '0') as account_id_text,
    root_post_id as root_post_id_text,
    written_at as acted_at_text
from qzone_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
