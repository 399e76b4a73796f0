-- One row per observation of a post in Bluesky's answers that are being staged: posts
-- that neither quote nor answer another one. A post that was asked for and is not shown
-- keeps its id; its key tells when it was made.
--
-- grain: none
-- params: none
-- replace: view

with

posts as (
    select
        *,
        -- Whoever writes says when; nobody is believed to write later than it arrived.
        least(
            time_of(record.createdat, seen_at, 0), time_of(indexedat, seen_at, 0)
        ) as written_at,
        flatten(list_transform(record.facets, lambda facet: facet.features)) as features
    from raw.bluesky_posts
    where
        record.reply.root.uri is null
        and post_of(
            coalesce(record.embed.record.record.uri, record.embed.record.uri)
        ) is null
),

shown as (
    select
        source,
        path,
        position,
        item,
        platform,
        post_of(uri) as post_id,
        did_of(author.did) as account_id,
        coalesce(written_at, seen_at) as posted_at,
        record.text as text,
        list_sort(list_distinct(list_filter(
            list_append(
                coalesce(
                    list_transform(features, lambda feature: feature.uri),
                    links_in(record.text)
                ),
                coalesce(record.embed.media.external.uri, record.embed.external.uri)
            ),
            lambda link: link is not null
        ))) as links,
        list_sort(list_distinct(list_concat(
            coalesce(
                list_filter(
                    list_transform(features, lambda feature: feature.tag),
                    lambda tag: tag is not null
                ),
                hashtags_after_marks(record.text)
            ),
            coalesce(record.tags, cast([] as varchar[]))
        ))) as hashtags,
        list_sort(list_distinct(
            coalesce(_request.called, cast([] as varchar[]))
        )) as mentions,
        cast(
            coalesce(len(record.embed.media.images), len(record.embed.images), 0)
            + case
                when
                    coalesce(
                        record.embed.media.video.mimetype,
                        record.embed.video.mimetype
                    ) is not null
                    then 1
                else 0
            end
            as bigint
        ) as media_count,
        case
            when
                coalesce(
                    record.embed.media.video.mimetype, record.embed.video.mimetype
                ) is not null
                then 'video'
            when coalesce(len(record.embed.media.images), len(record.embed.images)) > 0
                then 'picture'
            else 'none'
        end as media_kind,
        false as is_deleted,
        coalesce(seen_at, written_at) as observed_at,
        uri as post_id_text,
        author.did as account_id_text,
        record.createdat as posted_at_text
    from posts
),

gone as (
    select
        source,
        path,
        position,
        item,
        platform,
        post_of(uri) as post_id,
        key_time(split_part(uri, '/', 5)) as posted_at,
        cast([] as varchar[]) as links,
        cast([] as varchar[]) as hashtags,
        cast([] as varchar[]) as mentions,
        true as is_deleted,
        coalesce(seen_at, key_time(split_part(uri, '/', 5))) as observed_at,
        uri as post_id_text
    from raw.bluesky_gone
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
    links,
    hashtags,
    mentions,
    media_count,
    media_kind,
    is_deleted,
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
    links,
    hashtags,
    mentions,
    is_deleted,
    observed_at,
    post_id_text
from gone
