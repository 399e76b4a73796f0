-- One row per snapshot of a status' counters in Mastodon's answers that are being
-- staged. Boosts and quotes both are reposts; of answers it counts the direct ones
-- alone, and of all what the instance knows of.
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
    of_instance(_request.site, id) as post_id,
    coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at,
    count_of(reblogs_count) + coalesce(count_of(quotes_count), 0) as reposts_count,
    count_of(replies_count) as comments_count,
    count_of(favourites_count) as likes_count,
    id as post_id_text,
    created_at as observed_at_text,
    reblogs_count as reposts_count_text,
    replies_count as comments_count_text,
    favourites_count as likes_count_text
from raw.mastodon_statuses
where
    _request.kind = 'status'
    and in_reply_to_id is null
    and quote.quoted_status.id is null
    and quote.quoted_status_id is null
    and reblogs_count is not null
