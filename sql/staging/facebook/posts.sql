-- One row per observation of a page's post in Facebook's answers that are being
-- staged. A post that the page hid counts as deleted; one that waits for its time
-- is none yet. Where a record names nobody, or has nothing but the platform's own words
-- (`story`), no author vouches for its text: `staging.posts` finds the page.
--
-- grain: none
-- params: none
-- replace: view

with

noticed as (
    select
        *,
        is_notice("from".id, coalesce(message, story), is_hidden) as is_notice
    from raw.facebook_posts
    where coalesce(is_published, true)
),

posts as (
    select
        *,
        case when not is_notice then coalesce(message, story) end as clean_text
    from noticed
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    case
        when message is null and starts_with(id, "from".id || '_') then null
        else id_of("from".id)
    end as account_id,
    time_of(created_time, seen_at, 0) as posted_at,
    clean_text as text,
    list_sort(list_distinct(list_concat(
        links_in(clean_text),
        list_filter(
            list_transform(
                attachments.data, lambda attachment: attachment.unshimmed_url
            ),
            lambda link: link is not null
        )
    ))) as links,
    list_sort(list_distinct(hashtags_after_marks(clean_text))) as hashtags,
    list_sort(list_distinct(coalesce(
        list_transform(
            list_filter(message_tags, lambda tag: tag.type is distinct from 'event'),
            lambda tag: tag.name
        ),
        cast([] as varchar[])
    ))) as mentions,
    cast(
        list_sum(list_transform(
            attachments.data,
            lambda attachment: case
                when len(attachment.subattachments.data) > 0
                    then len(attachment.subattachments.data)
                when attachment.media_type in ('photo', 'video', 'album') then 1
                else 0
            end
        )) as bigint
    ) as media_count,
    case
        when list_contains(
            list_transform(attachments.data, lambda attachment: attachment.media_type),
            'video'
        ) then 'video'
        when list_has_any(
            list_transform(attachments.data, lambda attachment: attachment.media_type),
            ['photo', 'album']
        ) then 'picture'
    end as media_kind,
    is_notice or coalesce(is_hidden, false) as is_deleted,
    coalesce(seen_at, time_of(created_time, seen_at, 0)) as observed_at,
    id as post_id_text,
    case when message is not null then "from".id end as account_id_text,
    created_time as posted_at_text
from posts
