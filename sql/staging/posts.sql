-- One row per post: its newest observation, with its words as they were seen last and
-- its author as last told, in whatever order the observations came. A notice in place of a
-- post that is gone or hidden has no words, and takes none away; in whatever words it is
-- written, it names nobody, or the record is marked as gone.
--
-- grain: platform, post_id
-- params: $time_zone
-- replace: rows platform, post_id
-- columns:
--   platform varchar: the network
--   post_id varchar: the platform's id
--   account_id varchar: who posted it; null where the platform hides it
--   posted_at timestamp: UTC
--   date_day date: the day in the workspace's time zone (post day)
--   text varchar: plain text, emoticons as [name]
--   client varchar: the app it was sent with
--   region varchar: region that the platform shows
--   links varchar[]: addresses in the text
--   hashtags varchar[]: topics without their marks
--   mentions varchar[]: names called with @
--   media_count bigint: pictures, and what else is attached where a network counts them together
--   media_kind varchar: picture, video or none; null where that is not told
--   precision_seconds bigint: seconds that the writing of posted_at leaves open: 1, 60 without seconds, 86400 for a day
--   is_deleted boolean: the platform says that it is gone, or hides it from readers
--   observed_at timestamp: UTC, when this was seen
--   content_observed_at timestamp: UTC, when its words were seen; null where only that it is gone
--   author_observed_at timestamp: UTC, when its author was told, of a post that is there
--   source varchar: the source that this observation came from

with

touched as (
    select distinct
        platform,
        post_id
    from staging.valid_posts
),

observations as (
    select
        platform,
        post_id,
        account_id,
        posted_at,
        text,
        client,
        region,
        links,
        hashtags,
        mentions,
        media_count,
        media_kind,
        precision_seconds,
        is_deleted,
        observed_at,
        case
            when nullif(text, '') is not null or (account_id is not null and not is_deleted)
                then observed_at
        end as content_observed_at,
        case when account_id is not null and not is_deleted then observed_at end
            as author_observed_at,
        source
    from staging.valid_posts
    union all
    select
        posts.platform,
        posts.post_id,
        posts.account_id,
        posts.posted_at,
        posts.text,
        posts.client,
        posts.region,
        posts.links,
        posts.hashtags,
        posts.mentions,
        posts.media_count,
        posts.media_kind,
        posts.precision_seconds,
        posts.is_deleted,
        posts.observed_at,
        posts.content_observed_at,
        posts.author_observed_at,
        posts.source
    from staging.posts as posts
    inner join touched
        on posts.platform = touched.platform and posts.post_id = touched.post_id
),

-- Of the same moment a post that is there wins over a notice, and the fuller text;
-- then the values themselves decide, so that the order of arrival never does. Each of
-- the three orders looks at nothing that another one chooses.
ranked as (
    select
        *,
        row_number() over (
            partition by platform, post_id
            order by
                observed_at desc,
                is_deleted asc,
                precision_seconds asc nulls last,
                posted_at desc,
                source asc
        ) as place,
        row_number() over (
            partition by platform, post_id
            order by
                -- A record that leaves the words out doesn't say that there are none,
                -- and where somebody's words were read, nobody's take their place:
                -- platforms write new notices every year.
                nullif(text, '') is null asc,
                coalesce(author_observed_at >= content_observed_at, false) desc,
                -- Of nobody's words the first ones: a notice comes later.
                case
                    when not coalesce(author_observed_at >= content_observed_at, false)
                        then content_observed_at
                end asc nulls last,
                content_observed_at desc nulls last,
                length(text) desc nulls last,
                text desc nulls last,
                client desc nulls last,
                region desc nulls last,
                media_count desc nulls last,
                media_kind desc nulls last,
                links desc nulls last,
                hashtags desc nulls last,
                mentions desc nulls last
        ) as content_place,
        row_number() over (
            partition by platform, post_id
            order by author_observed_at desc nulls last, account_id desc nulls last
        ) as author_place
    from observations
)

select
    newest.platform,
    newest.post_id,
    -- Where ids of posts begin with the author's, a record needn't speak of them.
    coalesce(
        author.account_id,
        case
            when posts_begin_with_their_author(newest.platform)
                then nullif(split_part(newest.post_id, '_', 1), newest.post_id)
        end
    ) as account_id,
    newest.posted_at,
    cast(newest.posted_at at time zone 'UTC' at time zone $time_zone as date)
        as date_day,
    content.text,
    content.client,
    content.region,
    coalesce(content.links, cast([] as varchar[])) as links,
    coalesce(content.hashtags, cast([] as varchar[])) as hashtags,
    coalesce(content.mentions, cast([] as varchar[])) as mentions,
    content.media_count,
    content.media_kind,
    newest.precision_seconds,
    newest.is_deleted,
    newest.observed_at,
    content.content_observed_at,
    author.author_observed_at,
    newest.source
from ranked as newest
inner join ranked as content
    on
        newest.platform = content.platform
        and newest.post_id = content.post_id
        and content.content_place = 1
inner join ranked as author
    on
        newest.platform = author.platform
        and newest.post_id = author.post_id
        and author.author_place = 1
where newest.place = 1
