-- One row per observation of a repost, comment or like in Mastodon's answers that are
-- being staged: boosts and quotes are reposts, answers are comments, favourites likes.
--
-- An account boosts a status once; in the list of who did, a boost has no id and no time:
-- it is called by what it shows and who did it, and happened when it was seen.
--
-- grain: none
-- params: none
-- replace: view

with

statuses as (
    select
        *,
        concat_ws(chr(10), nullif(spoiler_text, ''), nullif(toot_text(content), ''))
            as clean_text,
        coalesce(quote.quoted_status.id, quote.quoted_status_id) as quoted_id
    from raw.mastodon_statuses
),

written as (
    select
        *,
        'comment' as act,
        _request.root as thread_id,
        in_reply_to_id as answered_id
    from statuses
    where _request.kind = 'status' and in_reply_to_id is not null
    union all
    select
        *,
        'repost' as act,
        case when in_reply_to_id is null then coalesce(_request.root, quoted_id) else quoted_id end
            as thread_id,
        quoted_id as answered_id
    from statuses
    where _request.kind = 'status' and quoted_id is not null
)

select
    source,
    path,
    position,
    item,
    platform,
    of_instance(_request.site, id) as interaction_id,
    act as kind,
    of_instance(_request.site, account.id) as account_id,
    of_instance(_request.site, thread_id) as root_post_id,
    of_instance(_request.site, answered_id) as platform_parent_id,
    account.acct as author_name,
    time_of(created_at, seen_at, 0) as acted_at,
    clean_text as text,
    count_of(favourites_count) as likes_count,
    list_transform(mentions, lambda mention: mention.acct) as mentions,
    coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    account.id as account_id_text,
    thread_id as root_post_id_text,
    created_at as acted_at_text,
    favourites_count as likes_count_text
from written
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    of_instance(
        _request.site,
        _request.kind || '-' || id_of(_request.status) || '-' || id_of(id)
    ) as interaction_id,
    case when _request.kind = 'like' then 'like' else 'repost' end as kind,
    of_instance(_request.site, id) as account_id,
    of_instance(
        _request.site,
        case
            when _request.kind = 'like' then _request.status
            else coalesce(_request.root, _request.status)
        end
    ) as root_post_id,
    case when _request.kind = 'reblog' then of_instance(_request.site, _request.status) end
        as platform_parent_id,
    acct as author_name,
    seen_at as acted_at,
    seen_at as observed_at,
    id as interaction_id_text,
    id as account_id_text,
    _request.status as root_post_id_text
from raw.mastodon_accounts
where _request.kind in ('like', 'reblog')
union all by name
-- In somebody's own list a boost has a time.
select
    source,
    path,
    position,
    item,
    platform,
    of_instance(
        _request.site, 'reblog-' || id_of(_request.status) || '-' || id_of(account.id)
    ) as interaction_id,
    'repost' as kind,
    of_instance(_request.site, account.id) as account_id,
    of_instance(_request.site, coalesce(_request.root, _request.status)) as root_post_id,
    of_instance(_request.site, _request.status) as platform_parent_id,
    account.acct as author_name,
    time_of(created_at, seen_at, 0) as acted_at,
    coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    account.id as account_id_text,
    _request.status as root_post_id_text,
    created_at as acted_at_text
from raw.mastodon_statuses
where _request.kind = 'reblog_status'
