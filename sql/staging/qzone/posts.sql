-- One row per observation of a post in Qzone's answers that are being staged.
--
-- grain: none
-- params: none
-- replace: view

with

written as (
    select
        *,
        is_notice(nullif(uin, '0'), content, false) as is_notice,
        case
            when not is_notice(nullif(uin, '0'), content, false)
                then qzone_text(content)
        end as clean_text
    from raw.qzone_posts
    where kind = 'post'
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(tid) as post_id,
    id_of(nullif(uin, '0')) as account_id,
    time_of(created_time, seen_at, 8) as posted_at,
    clean_text as text,
    nullif(source_name, '') as client,
    nullif(lbs.name, '') as region,
    list_sort(list_distinct(links_in(clean_text))) as links,
    list_sort(list_distinct(hashtags_within_marks(clean_text))) as hashtags,
    list_sort(list_distinct(names_called(clean_text))) as mentions,
    coalesce(count_of(pictotal), len(pic), 0) as media_count,
    case when coalesce(count_of(pictotal), len(pic)) > 0 then 'picture' end
        as media_kind,
    is_notice as is_deleted,
    coalesce(seen_at, time_of(created_time, seen_at, 8)) as observed_at,
    tid as post_id_text,
    nullif(uin, '0') as account_id_text,
    created_time as posted_at_text
from written
