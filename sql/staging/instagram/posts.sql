-- One row per observation of a post in Instagram's answers that are being staged. Of
-- somebody else's post that tags the account, the author is known by name alone.
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
    id_of(coalesce(owner.id, _request.user)) as account_id,
    time_of(timestamp, seen_at, 0) as posted_at,
    caption as text,
    list_sort(list_distinct(links_in(caption))) as links,
    list_sort(list_distinct(hashtags_after_marks(caption))) as hashtags,
    list_sort(list_distinct(regexp_extract_all(
        caption, '(?:^|[^0-9A-Za-z_.])@([A-Za-z0-9_.]*[A-Za-z0-9_])', 1
    ))) as mentions,
    cast(greatest(coalesce(len(children.data), 0), 1) as bigint) as media_count,
    -- An album holds either.
    case media_type when 'VIDEO' then 'video' when 'IMAGE' then 'picture' end
        as media_kind,
    false as is_deleted,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    id as post_id_text,
    coalesce(owner.id, _request.user) as account_id_text,
    timestamp as posted_at_text
from raw.instagram_media
