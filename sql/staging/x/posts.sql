-- One row per observation of a post in X's answers that are being staged: tweets
-- that neither repost nor answer another one. A tweet that the answer says is
-- deleted or protected keeps its id and time only; the id itself tells the time.
--
-- grain: none
-- params: none
-- replace: view

with

tweets as (
    select
        *,
        is_notice(author_id, text, withheld.scope is not null) as is_notice,
        case
            when not is_notice(author_id, text, withheld.scope is not null)
                then plain_text(coalesce(note_tweet.text, text))
        end as clean_text
    from raw.x_tweets
    where coalesce(len(referenced_tweets), 0) = 0
),

shown as (
    select
        source,
        path,
        position,
        item,
        platform,
        id_of(id) as post_id,
        id_of(author_id) as account_id,
        time_of(created_at, seen_at, 0) as posted_at,
        clean_text as text,
        nullif(source_html, '') as client,
        case
            when entities.urls is null
                then list_sort(list_distinct(links_in(clean_text)))
            else list_sort(list_distinct(list_transform(
                entities.urls,
                lambda link: coalesce(link.unwound_url, link.expanded_url)
            )))
        end as links,
        case
            when entities.hashtags is null
                then list_sort(list_distinct(hashtags_after_marks(clean_text)))
            else list_sort(list_distinct(list_transform(
                entities.hashtags, lambda hashtag: hashtag.tag
            )))
        end as hashtags,
        case
            when entities.mentions is null
                then list_sort(list_distinct(regexp_extract_all(
                    clean_text, '(?:^|[^0-9A-Za-z_.])@([A-Za-z0-9_]{1,15})', 1
                )))
            else list_sort(list_distinct(list_transform(
                entities.mentions, lambda mention: mention.username
            )))
        end as mentions,
        cast(len(attachments.media_keys) as bigint) as media_count,
        is_notice or coalesce(withheld.scope = 'tweet', false) as is_deleted,
        coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at,
        id as post_id_text,
        author_id as account_id_text,
        created_at as posted_at_text
    from tweets
),

-- Since November 2010 an id holds the milliseconds since X's own epoch.
gone as (
    select
        source,
        path,
        position,
        item,
        platform,
        id_of(resource_id) as post_id,
        cast(null as varchar) as account_id,
        case
            when try_cast(resource_id as bigint) > 29700859247
                then epoch_ms((cast(resource_id as bigint) >> 22) + 1288834974657)
        end as posted_at,
        cast(null as varchar) as text,
        cast(null as varchar) as client,
        cast([] as varchar[]) as links,
        cast([] as varchar[]) as hashtags,
        cast([] as varchar[]) as mentions,
        cast(null as bigint) as media_count,
        true as is_deleted,
        seen_at as observed_at,
        resource_id as post_id_text
    from raw.x_problems
    where
        resource_type = 'tweet'
        and (
            contains(type, 'resource-not-found')
            or contains(type, 'not-authorized-for-resource')
        )
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
    mentions,
    media_count,
    is_deleted,
    observed_at,
    post_id_text,
    account_id_text,
    posted_at_text
from shown
union all
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
    mentions,
    media_count,
    is_deleted,
    coalesce(observed_at, posted_at) as observed_at,
    post_id_text,
    cast(null as varchar) as account_id_text,
    cast(null as varchar) as posted_at_text
from gone
