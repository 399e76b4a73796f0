-- One row per observation of a repost, comment or like in Bluesky's answers that are
-- being staged: reposts and quotes are reposts, replies are comments. A post that both
-- answers and quotes is both.
--
-- An account reposts a post once, and the list of who did tells neither its key nor its
-- time: it is called by what it shows and who did it, and happened when it was seen.
--
-- grain: none
-- params: none
-- replace: view

with

posts as (
    select
        *,
        post_of(
            coalesce(record.embed.record.record.uri, record.embed.record.uri)
        ) as quoted_id,
        least(
            time_of(record.createdat, seen_at, 0), time_of(indexedat, seen_at, 0)
        ) as written_at
    from raw.bluesky_posts
),

written as (
    select
        *,
        'comment' as act,
        post_of(record.reply.root.uri) as thread_id,
        post_of(record.reply.parent.uri) as answered_id,
        record.reply.root.uri as root_text
    from posts
    where record.reply.root.uri is not null
    union all
    select
        *,
        'repost' as act,
        coalesce(post_of(_request.root), quoted_id) as thread_id,
        quoted_id as answered_id,
        coalesce(record.embed.record.record.uri, record.embed.record.uri) as root_text
    from posts
    where quoted_id is not null
)

select
    source,
    path,
    position,
    item,
    platform,
    post_of(uri) as interaction_id,
    act as kind,
    did_of(author.did) as account_id,
    thread_id as root_post_id,
    answered_id as platform_parent_id,
    author.handle as author_name,
    coalesce(written_at, seen_at) as acted_at,
    record.text as text,
    count_of(likecount) as likes_count,
    _request.called as mentions,
    coalesce(seen_at, written_at) as observed_at,
    uri as interaction_id_text,
    author.did as account_id_text,
    root_text as root_post_id_text,
    record.createdat as acted_at_text,
    likecount as likes_count_text
from written
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    'like-' || split_part(_request.target, '/', 5) || '-' || did_of(actor.did)
        as interaction_id,
    'like' as kind,
    did_of(actor.did) as account_id,
    post_of(_request.target) as root_post_id,
    actor.handle as author_name,
    coalesce(
        least(time_of(createdat, seen_at, 0), time_of(indexedat, seen_at, 0)), seen_at
    ) as acted_at,
    coalesce(seen_at, time_of(indexedat, seen_at, 0)) as observed_at,
    actor.did as interaction_id_text,
    actor.did as account_id_text,
    _request.target as root_post_id_text,
    createdat as acted_at_text
from raw.bluesky_likes
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    'repost-' || split_part(_request.target, '/', 5) || '-' || did_of(did) as interaction_id,
    'repost' as kind,
    did_of(did) as account_id,
    post_of(coalesce(_request.root, _request.target)) as root_post_id,
    post_of(_request.target) as platform_parent_id,
    handle as author_name,
    -- In somebody's own feed a repost has a key and a time.
    case when uri is not null then time_of(indexedat, seen_at, 0) else seen_at end
        as acted_at,
    coalesce(seen_at, time_of(indexedat, seen_at, 0)) as observed_at,
    did as interaction_id_text,
    did as account_id_text,
    _request.target as root_post_id_text
from raw.bluesky_profiles
where _request.kind = 'repost'
