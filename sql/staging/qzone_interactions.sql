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
        unix_time(created_time) as acted_at,
        content,
        _request.observed_at as answered_at,
        source_observed_at
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
        unix_time(create_time) as acted_at,
        content,
        _request.observed_at as answered_at,
        source_observed_at
    from raw.qzone_comments
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'like' as kind,
        'like-' || _request.target || '-' || fuin as interaction_id,
        fuin as account_id,
        _request.target as root_post_id,
        cast(null as varchar) as parent_id,
        nick as author_name,
        coalesce(iso_time(_request.observed_at), source_observed_at) as acted_at,
        cast(null as varchar) as content,
        _request.observed_at as answered_at,
        source_observed_at
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
    cast(null as varchar) as source_parent_id,
    author_name,
    acted_at,
    qzone_text(content) as text,
    cast(null as bigint) as likes_count,
    coalesce(iso_time(answered_at), source_observed_at, acted_at) as observed_at
from qzone_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
