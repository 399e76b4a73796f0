-- One row per observation of a post in Tencent Weibo's records that are being staged.
--
-- grain: none
-- params: none
-- replace: view

with

noticed as (
    select
        *,
        is_notice(
            coalesce(nullif(name, ''), nullif(openid, '')),
            coalesce(nullif(origtext, ''), text),
            status in ('1', '3')
        ) as is_notice
    from raw.tencent_weibo_records
    where kind = 'status' or id = _request.root
),

statuses as (
    select
        *,
        case
            when not is_notice then coalesce(nullif(origtext, ''), plain_text(text))
        end as clean_text
    from noticed
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    id_of(coalesce(nullif(name, ''), nullif(openid, ''))) as account_id,
    time_of(timestamp, seen_at, 8) as posted_at,
    clean_text as text,
    nullif("from", '') as client,
    nullif(location, '') as region,
    list_sort(list_distinct(links_in(clean_text))) as links,
    list_sort(list_distinct(hashtags_within_marks(clean_text))) as hashtags,
    list_sort(list_distinct(names_called(clean_text))) as mentions,
    cast(coalesce(len(image), 0) as bigint) as media_count,
    case when len(image) > 0 then 'picture' end as media_kind,
    -- 1: deleted by the platform, 3: by its author.
    is_notice or coalesce(status in ('1', '3'), false) as is_deleted,
    coalesce(seen_at, time_of(timestamp, seen_at, 8)) as observed_at,
    id as post_id_text,
    coalesce(nullif(name, ''), nullif(openid, '')) as account_id_text,
    timestamp as posted_at_text
from statuses
