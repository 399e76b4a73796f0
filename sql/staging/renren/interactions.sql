-- One row per observation of a repost, share, comment or like in RenRen's answers that
-- are being staged. RenRen names what was reposted or commented on, and no parent
-- between. Likes have no time: they count at the moment they were seen.
--
-- grain: none
-- params: none
-- replace: view

with

reposts as (
    select
        platform,
        source,
        path,
        position,
        item,
        'repost' as kind,
        id as interaction_id,
        ownerid as account_id,
        coalesce(_request.root, sharedstatusid) as root_post_id,
        time_of(createtime, seen_at, 8) as acted_at,
        createtime as written_at,
        content as text,
        seen_at
    from raw.renren_statuses
    where kind = 'repost'
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'repost' as kind,
        'share:' || id_of(id) as interaction_id,
        userid as account_id,
        -- A share names the id of what it shares, its address the kind.
        case
            when contains(url, 'blog') then 'blog:'
            when contains(url, 'album') then 'album:'
            when contains(url, 'photo') then 'photo:'
            else 'resource:'
        end || id_of(resourceid) as root_post_id,
        time_of(sharetime, seen_at, 8) as acted_at,
        sharetime as written_at,
        nullif(summary, '') as text,
        seen_at
    from raw.renren_shares
    where nullif(resourceid, '0') is not null
),

comments as (
    select
        *,
        upper(coalesce(commenttype, _request.entry_type, 'STATUS')) as entry_type,
        coalesce(nullif(entryid, '0'), _request.target, _request.root) as entry_id
    from raw.renren_comments
),

renren_interactions as (
    select * from reposts
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'comment' as kind,
        id as interaction_id,
        authorid as account_id,
        case
            when entry_type = 'STATUS' then entry_id
            else lower(entry_type) || ':' || id_of(entry_id)
        end as root_post_id,
        time_of(time, seen_at, 8) as acted_at,
        time as written_at,
        content as text,
        seen_at
    from comments
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'like' as kind,
        'like-' || id_of(_request.target) || '-' || id_of(id) as interaction_id,
        id as account_id,
        case
            when _request.entry_type is null or upper(_request.entry_type) = 'STATUS'
                then _request.target
            else lower(_request.entry_type) || ':' || id_of(_request.target)
        end as root_post_id,
        seen_at as acted_at,
        cast(null as varchar) as written_at,
        cast(null as varchar) as text,
        seen_at
    from raw.renren_users
    where kind = 'like'
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    acted_at,
    case when not is_notice(account_id, text, false) then text end as text,
    coalesce(seen_at, acted_at) as observed_at,
    interaction_id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    written_at as acted_at_text
from renren_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
