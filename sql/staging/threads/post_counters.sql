-- One row per answer that tells a post's figures in Threads' answers that are being
-- staged. Quotes count as reposts, views as reads.
--
-- grain: none
-- params: none
-- replace: view

with

figures as (
    select
        source,
        path,
        position,
        item,
        platform,
        _request.post as post_id,
        seen_at,
        list_filter(data, lambda one: one.name = 'reposts')[1].values[1].value
            as reposts,
        list_filter(data, lambda one: one.name = 'quotes')[1].values[1].value as quotes,
        list_filter(data, lambda one: one.name = 'replies')[1].values[1].value
            as replies,
        list_filter(data, lambda one: one.name = 'likes')[1].values[1].value as likes,
        list_filter(data, lambda one: one.name = 'views')[1].values[1].value as views
    from raw.threads_insights
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(post_id) as post_id,
    seen_at as observed_at,
    count_of(reposts) + count_of(quotes) as reposts_count,
    count_of(replies) as comments_count,
    count_of(likes) as likes_count,
    count_of(views) as reads_count,
    post_id as post_id_text,
    replies as comments_count_text,
    likes as likes_count_text,
    views as reads_count_text
from figures
where coalesce(reposts, quotes, replies, likes, views) is not null
