-- One row per observation of a post in what Weibo's interface for assistants answered. A
-- super topic is a hashtag of the posts that stand in it.
--
-- grain: none
-- params: none
-- replace: view

with

statuses as (
    select
        *,
        coalesce(nullif(idstr, ''), id, mid) as status_id,
        coalesce(nullif(user.idstr, ''), user.id, _request.user) as author_id
    from raw.weibo_assistant_statuses
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(status_id) as post_id,
    id_of(author_id) as account_id,
    recorded_at as posted_at,
    shown_words(author_id, text, is_notice(author_id, text, false)) as text,
    nullif(trim(replace(region_name, '发布于', '')), '') as region,
    list_sort(list_distinct(links_in(text))) as links,
    list_sort(list_distinct(list_concat(
        hashtags_within_marks(text),
        list_filter([_request.topic], lambda topic: topic <> '')
    ))) as hashtags,
    list_sort(list_distinct(names_called(text))) as mentions,
    coalesce(pic_num, len(images)) as media_count,
    case when coalesce(pic_num, len(images)) > 0 then 'picture' end as media_kind,
    is_notice(author_id, text, false) as is_deleted,
    coalesce(seen_at, recorded_at) as observed_at,
    status_id as post_id_text,
    author_id as account_id_text,
    created_at as posted_at_text
from statuses
