-- One row per observation of a post in Weibo's records that are being staged: posts
-- of their own, roots found among their own reposts, and roots inside other records.
--
-- grain: none
-- params: none
-- replace: view

with

own_statuses as (
    select
        platform,
        source,
        path,
        position,
        item,
        format,
        recorded_at,
        coalesce(seen_at, recorded_at) as observed_at,
        coalesce(nullif(idstr, ''), id) as status_id,
        created_at,
        text,
        raw_text,
        source_html,
        region_name,
        deleted,
        coalesce(pic_num, len(pic_ids), len(pic_urls)) as media_count,
        page_info.type as page_type,
        user.id as account_id
    from raw.weibo_statuses
    where kind = 'status' or coalesce(nullif(idstr, ''), id) = root_id
),

embedded_statuses as (
    select
        platform,
        source,
        cast(null as varchar) as path,
        cast(null as bigint) as position,
        cast(null as integer) as item,
        format,
        time_of(status.created_at, seen_at, 8) as recorded_at,
        coalesce(seen_at, time_of(status.created_at, seen_at, 8)) as observed_at,
        coalesce(nullif(status.idstr, ''), status.id) as status_id,
        status.created_at as created_at,
        status.text as text,
        status.raw_text as raw_text,
        status.source as source_html,
        status.region_name as region_name,
        status.deleted as deleted,
        coalesce(status.pic_num, len(status.pic_ids), len(status.pic_urls))
            as media_count,
        status.page_info.type as page_type,
        status.user.id as account_id
    from staging.weibo_roots
),

weibo_statuses as (
    select * from own_statuses
    union all
    select * from embedded_statuses
),

noticed as (
    select
        *,
        is_notice(account_id, coalesce(raw_text, text), deleted in ('1', 'true')) as is_notice
    from weibo_statuses
),

weibo_texts as (
    select
        *,
        case
            when is_notice then null
            when format = 'mweibo' then coalesce(raw_text, plain_text(text))
            else text
        end as clean_text
    from noticed
)

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
    nullif(trim(regexp_replace(source_html, '<[^>]*>', '', 'g')), '') as client,
    nullif(trim(replace(region_name, '发布于', '')), '') as region,
    list_sort(list_distinct(list_concat(
        links_in(clean_text),
        case
            when format = 'mweibo' and not is_notice
                then list_concat(
                    regexp_extract_all(text, 'data-url="(https?://[^"]+)"', 1),
                    -- What the platform leads through its own page.
                    list_transform(
                        regexp_extract_all(
                            text, 'weibo\.cn/sinaurl\?(?:[^"]*[&;])?u=([^"&]+)', 1
                        ),
                        lambda address: coalesce(try(url_decode(address)), address)
                    )
                )
            else []
        end
    ))) as links,
    list_sort(list_distinct(hashtags_within_marks(clean_text))) as hashtags,
    list_sort(list_distinct(names_called(clean_text))) as mentions,
    media_count,
    case
        when page_type = 'video' then 'video'
        when media_count > 0 then 'picture'
        -- The API doesn't tell of videos.
        when format = 'mweibo' and media_count = 0 then 'none'
    end as media_kind,
    is_notice or coalesce(deleted in ('1', 'true'), false) as is_deleted,
    observed_at,
    status_id as post_id_text,
    account_id as account_id_text,
    created_at as posted_at_text
from weibo_texts
