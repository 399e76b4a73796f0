-- One row per observation of a post in MediaCrawler's records that are being staged.
-- Notes, videos, articles, threads: each has an id of its own network.
--
-- grain: none
-- params: none
-- replace: view

with

posts as (
    select
        *,
        coalesce(nullif(record_platform, ''), platform) as network,
        coalesce(note_id, aweme_id, video_id, content_id, dynamic_id) as written_id,
        coalesce(nullif(user_id, ''), nullif(creator_hash, '')) as author_id,
        coalesce(
            nullif(create_date_time, ''),
            nullif(create_time, ''),
            nullif(time, ''),
            nullif(created_time, ''),
            nullif(publish_time, ''),
            pub_ts
        ) as written_at,
        coalesce(time_of(last_modify_ts, cast(null as timestamp), 8), seen_at)
            as read_at,
        nullif(title, '') as heading,
        coalesce(
            nullif(content, ''), nullif(content_text, ''), nullif("desc", ''), text
        ) as body
    from raw.mediacrawler_posts
),

texts as (
    select
        *,
        -- Some networks write the beginning of the text as its title.
        case
            when heading is null or starts_with(body, heading) then body
            when nullif(body, '') is null then heading
            else heading || chr(10) || body
        end as whole_text
    from posts
),

plain_texts as (
    select
        *,
        case
            when is_notice(author_id, whole_text, false) then null
            when regexp_matches(whole_text, '<(a|br|img|p|span|b)[ />]')
                then plain_text(whole_text)
            else replace(whole_text, '[话题]#', '#')
        end as clean_text
    from texts
)

select
    source,
    path,
    position,
    item,
    network as platform,
    id_of(written_id) as post_id,
    id_of(author_id) as account_id,
    time_of(written_at, read_at, 8) as posted_at,
    clean_text as text,
    nullif(ip_location, '') as region,
    list_sort(list_distinct(links_in(clean_text))) as links,
    list_sort(list_distinct(list_concat(
        case
            when hashtags_end_with_the_word(network)
                then hashtags_after_marks(clean_text)
            else hashtags_within_marks(clean_text)
        end,
        list_filter(string_split(tag_list, ','), lambda hashtag: hashtag <> '')
    ))) as hashtags,
    list_sort(list_distinct(names_called(clean_text))) as mentions,
    case
        when nullif(image_list, '') is not null
            then cast(len(string_split(image_list, ',')) as bigint)
    end as media_count,
    case
        when network in ('douyin', 'kuaishou', 'bilibili') or type = 'video'
            then 'video'
        when nullif(image_list, '') is not null then 'picture'
    end as media_kind,
    is_notice(author_id, whole_text, false) as is_deleted,
    coalesce(read_at, time_of(written_at, cast(null as timestamp), 8)) as observed_at,
    written_id as post_id_text,
    author_id as account_id_text,
    written_at as posted_at_text
from plain_texts
