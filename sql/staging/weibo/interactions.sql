-- One row per observation of a repost or comment in Weibo's records that are being
-- staged, with what the record itself says of its parent. A root among its own
-- reposts is no repost.
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
        coalesce(nullif(idstr, ''), id) as interaction_id,
        user.id as account_id,
        coalesce(
            root_id,
            nullif(json_extract_string(retweeted_status, '$.idstr'), ''),
            json_extract_string(retweeted_status, '$.id')
        ) as root_post_id,
        coalesce(nullif(pidstr, ''), pid) as platform_parent_id,
        user.screen_name as author_name,
        recorded_at as acted_at,
        created_at,
        is_notice(user.id, coalesce(raw_text, text), deleted in ('1', 'true')) as is_notice,
        case
            when format = 'mweibo' then coalesce(raw_text, plain_text(text))
            else text
        end as text,
        attitudes_count as likes_count,
        coalesce(seen_at, recorded_at) as observed_at
    from raw.weibo_statuses
    where kind = 'repost'
),

comment_trees as (
    select
        platform,
        source,
        path,
        position,
        item,
        format,
        recorded_at,
        created_at,
        deleted,
        seen_at,
        coalesce(nullif(idstr, ''), id) as comment_id,
        user.id as account_id,
        user.screen_name as author_name,
        coalesce(
            root_id,
            nullif(json_extract_string(status, '$.idstr'), ''),
            json_extract_string(status, '$.id')
        ) as root_post_id,
        coalesce(
            nullif(reply_comment.idstr, ''), reply_comment.id, rootid
        ) as parent_id,
        text,
        like_count,
        comments
    from raw.weibo_comments
),

replies as (
    select
        platform,
        source,
        path,
        position,
        item,
        format,
        seen_at,
        root_post_id,
        comment_id,
        unnest(comments) as reply
    from comment_trees
    where len(comments) > 0
),

comments as (
    select
        platform,
        source,
        path,
        position,
        item,
        format,
        comment_id as interaction_id,
        account_id,
        root_post_id,
        nullif(parent_id, comment_id) as platform_parent_id,
        author_name,
        recorded_at as acted_at,
        created_at,
        is_notice(account_id, text, deleted in ('1', 'true')) as is_notice,
        text,
        like_count as likes_count,
        coalesce(seen_at, recorded_at) as observed_at
    from comment_trees
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        format,
        coalesce(nullif(reply.idstr, ''), reply.id) as interaction_id,
        reply.user.id as account_id,
        root_post_id,
        coalesce(
            nullif(reply.reply_comment.idstr, ''),
            reply.reply_comment.id,
            reply.rootid,
            comment_id
        ) as platform_parent_id,
        reply.user.screen_name as author_name,
        time_of(reply.created_at, seen_at, 8) as acted_at,
        reply.created_at as created_at,
        is_notice(reply.user.id, reply.text, reply.deleted in ('1', 'true')) as is_notice,
        reply.text as text,
        reply.like_count as likes_count,
        coalesce(seen_at, time_of(reply.created_at, seen_at, 8)) as observed_at
    from replies
),

weibo_interactions as (
    select * from reposts
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'comment' as kind,
        interaction_id,
        account_id,
        root_post_id,
        platform_parent_id,
        author_name,
        acted_at,
        created_at,
        is_notice,
        case when format = 'mweibo' then plain_text(text) else text end as text,
        likes_count,
        observed_at
    from comments
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
    id_of(platform_parent_id) as platform_parent_id,
    author_name,
    acted_at,
    shown_words(account_id, text, is_notice) as text,
    case when not is_notice then count_of(likes_count) end as likes_count,
    observed_at,
    interaction_id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    created_at as acted_at_text,
    case when not is_notice then likes_count end as likes_count_text
from weibo_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
