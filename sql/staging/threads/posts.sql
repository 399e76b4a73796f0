-- One row per observation of a post in Threads' answers that are being staged. The tag
-- that a post may have is a hashtag of it.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    id_of(_request.user) as account_id,
    time_of(timestamp, seen_at, 0) as posted_at,
    text,
    list_sort(list_distinct(list_concat(
        links_in(text),
        list_filter([link_attachment_url], lambda link: link <> '')
    ))) as links,
    list_sort(list_distinct(list_concat(
        hashtags_after_marks(text),
        list_filter([topic_tag], lambda topic: topic <> '')
    ))) as hashtags,
    list_sort(list_distinct(regexp_extract_all(
        text, '(?:^|[^0-9A-Za-z_.])@([A-Za-z0-9_.]*[A-Za-z0-9_])', 1
    ))) as mentions,
    case
        when media_type = 'CAROUSEL_ALBUM' then cast(len(children.data) as bigint)
        when media_type in ('IMAGE', 'VIDEO') then 1
        when media_type = 'TEXT_POST' then 0
    end as media_count,
    -- An album holds either.
    case media_type
        when 'VIDEO' then 'video'
        when 'IMAGE' then 'picture'
        when 'TEXT_POST' then 'none'
    end as media_kind,
    false as is_deleted,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    id as post_id_text,
    _request.user as account_id_text,
    timestamp as posted_at_text
from raw.threads_posts
