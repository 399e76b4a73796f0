-- One row per observation of a post in Qzone's answers that are being staged.
--
-- grain: none
-- params: none
-- replace: view

with

written as (
    select
        *,
        qzone_text(content) as clean_text
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
    unix_time(created_time) as posted_at,
    clean_text as text,
    nullif(source_name, '') as client,
    nullif(lbs.name, '') as region,
    list_sort(list_distinct(regexp_extract_all(
        clean_text, 'https?://[A-Za-z0-9_./?%&=+#:~,;@!$*-]+'
    ))) as links,
    list_sort(list_distinct(list_transform(
        regexp_extract_all(clean_text, '#([^#\n]{1,140})#', 1),
        lambda hashtag: trim(hashtag)
    ))) as hashtags,
    list_sort(list_distinct(
        regexp_extract_all(
            clean_text, '(?:^|[^0-9A-Za-z_.])@([-\p{L}\p{N}_·]{1,60})', 1
        )
    )) as mentions,
    coalesce(count_of(pictotal), len(pic), 0) as media_count,
    false as is_deleted,
    coalesce(
        iso_time(_request.observed_at), source_observed_at, unix_time(created_time)
    ) as observed_at
from written
