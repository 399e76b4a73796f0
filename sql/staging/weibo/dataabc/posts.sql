-- One row per observation of a post in weibo-crawler's records that are being staged.
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
    id_of(status_id) as post_id,
    id_of(account_id) as account_id,
    recorded_at as posted_at,
    clean_text as text,
    nullif(source_html, '') as client,
    nullif(location, '') as region,
    list_sort(list_distinct(list_concat(
        links_in(clean_text),
        case
            when not is_notice
                then regexp_extract_all(text, 'data-url="(https?://[^"]+)"', 1)
        end,
        list_filter([article_url], lambda link: link <> '')
    ))) as links,
    list_sort(list_distinct(list_concat(
        hashtags_within_marks(clean_text),
        list_filter(string_split(topics, ','), lambda hashtag: hashtag <> '')
    ))) as hashtags,
    list_sort(list_distinct(list_concat(
        names_called(clean_text),
        list_filter(string_split(at_users, ','), lambda name: name <> '')
    ))) as mentions,
    cast(
        case when nullif(pics, '') is null then 0 else len(string_split(pics, ',')) end
        as bigint
    ) as media_count,
    case
        when contains(video_url, '/') then 'video'
        when nullif(pics, '') is not null then 'picture'
        when video_url is not null then 'none'
    end as media_kind,
    is_notice as is_deleted,
    coalesce(seen_at, recorded_at) as observed_at,
    status_id as post_id_text,
    account_id as account_id_text,
    written_at as posted_at_text
from staging.weibo_dataabc_statuses
where
    root_id is null
    -- A notice without a time says nothing that has a place.
    and (not is_notice or recorded_at is not null)
