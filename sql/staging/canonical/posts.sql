-- One row per observation of a post in canonical tables that are being staged. Of a
-- table of one's own, what stands in the text counts besides what has a column.
--
-- grain: none
-- params: none
-- replace: view

with

posts as (
    select
        *,
        coalesce(nullif(lower(trim(record_platform)), ''), platform) as network,
        is_notice(account_id, text, is_deleted) as is_notice,
        _file.zone_hours is not null as is_own_table
    from raw.canonical_posts
),

texts as (
    select
        *,
        case
            when is_notice then null
            when is_own_table and regexp_matches(text, '<(a|br|img|span)[ />]')
                then plain_text(text)
            else text
        end as shown_text
    from posts
)

select
    source,
    path,
    position,
    item,
    network as platform,
    id_of(post_id) as post_id,
    id_of(account_id) as account_id,
    time_of(posted_at, seen_at, coalesce(_file.zone_hours, 0)) as posted_at,
    shown_text as text,
    client,
    region,
    case
        when is_own_table
            then list_sort(list_distinct(list_concat(
                list_of(links), links_in(shown_text)
            )))
        else list_of(links)
    end as links,
    case
        when is_own_table
            then list_sort(list_distinct(list_concat(
                list_of(hashtags),
                case
                    when hashtags_end_with_the_word(network)
                        then hashtags_after_marks(shown_text)
                    else hashtags_within_marks(shown_text)
                end
            )))
        else list_of(hashtags)
    end as hashtags,
    case
        when is_own_table
            then list_sort(list_distinct(list_concat(
                list_of(mentions), names_called(shown_text)
            )))
        else list_of(mentions)
    end as mentions,
    count_of(media_count) as media_count,
    case
        when lower(trim(media_kind)) in ('picture', 'video', 'none')
            then lower(trim(media_kind))
        when count_of(media_count) > 0 then 'picture'
    end as media_kind,
    is_notice or coalesce(is_deleted, false) as is_deleted,
    coalesce(seen_at, time_of(posted_at, seen_at, coalesce(_file.zone_hours, 0)))
        as observed_at,
    post_id as post_id_text,
    account_id as account_id_text,
    posted_at as posted_at_text
from texts
