-- One row per observation of an account in Mastodon's answers that are being staged:
-- those asked for, and those that stand beside statuses, favourites and follows.
--
-- grain: none
-- params: none
-- replace: view

with

seen as (
    select
        source,
        path,
        position,
        item,
        platform,
        seen_at,
        _request.site as site,
        id,
        acct,
        display_name,
        note,
        avatar,
        created_at,
        followers_count,
        following_count,
        statuses_count
    from raw.mastodon_accounts
    union all
    select
        source,
        path,
        position,
        item,
        platform,
        coalesce(seen_at, time_of(created_at, seen_at, 0)) as seen_at,
        _request.site as site,
        account.id as id,
        account.acct as acct,
        account.display_name as display_name,
        account.note as note,
        account.avatar as avatar,
        account.created_at as created_at,
        account.followers_count as followers_count,
        account.following_count as following_count,
        account.statuses_count as statuses_count
    from raw.mastodon_statuses
)

select
    source,
    path,
    position,
    item,
    platform,
    of_instance(site, id) as account_id,
    acct as screen_name,
    nullif(display_name, '') as display_name,
    toot_text(note) as description,
    avatar as avatar_url,
    count_of(followers_count) as followers_count,
    count_of(following_count) as following_count,
    count_of(statuses_count) as posts_count,
    time_of(created_at, cast(null as timestamp), 0) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    followers_count as followers_count_text,
    following_count as following_count_text,
    statuses_count as posts_count_text,
    created_at as registered_at_text
from seen
