-- One row per post: its newest observation. Where that says no more than that the post
-- is gone, who wrote it and what it said stay as they were seen last.
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
--   media_count bigint: pictures
--   is_deleted boolean: the platform says that it is gone
--   observed_at timestamp: UTC, when this was seen
--   content_observed_at timestamp: UTC, when author and words were seen; null where only that it is gone
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
        is_deleted,
        observed_at,
        case when account_id is not null or not is_deleted then observed_at end
            as content_observed_at,
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
        posts.is_deleted,
        posts.observed_at,
        posts.content_observed_at,
        posts.source
    from staging.posts as posts
    inner join touched
        on posts.platform = touched.platform and posts.post_id = touched.post_id
),

-- At the same moment the fuller record wins; then the values themselves decide,
-- so that the order of arrival never does.
ranked as (
    select
        *,
        row_number() over (
            partition by platform, post_id
            order by
                observed_at desc,
                account_id is null asc,
                length(text) desc nulls last,
                text desc nulls last,
                account_id desc,
                posted_at desc,
                client desc nulls last,
                region desc nulls last,
                media_count desc nulls last,
                is_deleted desc,
                links desc,
                hashtags desc,
                mentions desc,
                source asc
        ) as place,
        row_number() over (
            partition by platform, post_id
            order by
                content_observed_at desc nulls last,
                account_id is null asc,
                length(text) desc nulls last,
                text desc nulls last,
                account_id desc,
                client desc nulls last,
                region desc nulls last,
                media_count desc nulls last,
                links desc,
                hashtags desc,
                mentions desc,
                source asc
        ) as content_place
    from observations
)

select
    newest.platform,
    newest.post_id,
    content.account_id,
    newest.posted_at,
    cast(newest.posted_at at time zone 'UTC' at time zone $time_zone as date)
        as date_day,
    content.text,
    content.client,
    content.region,
    content.links,
    content.hashtags,
    content.mentions,
    content.media_count,
    newest.is_deleted,
    newest.observed_at,
    content.content_observed_at,
    newest.source
from ranked as newest
inner join ranked as content
    on
        newest.platform = content.platform
        and newest.post_id = content.post_id
        and content.content_place = 1
where newest.place = 1
