-- One row per observation of a post in Mastodon's answers that are being staged: statuses
-- that neither answer, quote nor boost another one. One that was asked for and is not
-- shown keeps its id, which tells when it was made.
--
-- grain: none
-- params: none
-- replace: view

with

statuses as (
    select
        *,
        concat_ws(chr(10), nullif(spoiler_text, ''), nullif(toot_text(content), ''))
            as clean_text
    from raw.mastodon_statuses
    where
        _request.kind = 'status'
        and in_reply_to_id is null
        and quote.quoted_status.id is null
        and quote.quoted_status_id is null
),

shown as (
    select
        source,
        path,
        position,
        item,
        platform,
        of_instance(_request.site, id) as post_id,
        of_instance(_request.site, account.id) as account_id,
        time_of(created_at, seen_at, 0) as posted_at,
        clean_text as text,
        application.name as client,
        list_sort(list_distinct(list_filter(
            list_append(links_in(clean_text), card.url), lambda link: link is not null
        ))) as links,
        list_sort(list_distinct(coalesce(
            list_transform(tags, lambda tag: tag.name), hashtags_after_marks(clean_text)
        ))) as hashtags,
        list_sort(list_distinct(coalesce(
            list_transform(mentions, lambda mention: mention.acct),
            names_called(clean_text)
        ))) as called,
        cast(coalesce(len(media_attachments), 0) as bigint) as media_count,
        case
            when len(list_filter(
                media_attachments, lambda medium: medium.type in ('video', 'gifv')
            )) > 0 then 'video'
            when len(list_filter(
                media_attachments, lambda medium: medium.type = 'image'
            )) > 0 then 'picture'
            when coalesce(len(media_attachments), 0) = 0 then 'none'
        end as media_kind,
        coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at,
        id as post_id_text,
        account.id as account_id_text,
        created_at as posted_at_text
    from statuses
),

gone as (
    select
        source,
        path,
        position,
        item,
        platform,
        of_instance(_request.site, id) as post_id,
        toot_time(id) as posted_at,
        coalesce(seen_at, toot_time(id)) as observed_at,
        id as post_id_text
    from raw.mastodon_gone
)

select
    source,
    path,
    position,
    item,
    platform,
    post_id,
    account_id,
    posted_at,
    text,
    client,
    links,
    hashtags,
    called as mentions,
    media_count,
    media_kind,
    false as is_deleted,
    observed_at,
    post_id_text,
    account_id_text,
    posted_at_text
from shown
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    post_id,
    posted_at,
    cast([] as varchar[]) as links,
    cast([] as varchar[]) as hashtags,
    cast([] as varchar[]) as mentions,
    true as is_deleted,
    observed_at,
    post_id_text
from gone
