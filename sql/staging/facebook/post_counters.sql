-- One row per snapshot of a post's counters in Facebook's answers that are being
-- staged. The Graph leaves `shares` out where there are none. Zeros of a record that names
-- nobody are no reading: that is how a post looks that is hidden.
--
-- grain: none
-- params: none
-- replace: view

with

own_counters as (
    select
        platform,
        source,
        path,
        position,
        item,
        id as post_id,
        coalesce(seen_at, time_of(created_time, seen_at, 0)) as observed_at,
        shares.count as shares_count,
        comments.summary.total_count as comments_count,
        coalesce(reactions.summary.total_count, likes.summary.total_count)
            as likes_count
    from raw.facebook_posts
    where
        not is_notice("from".id, coalesce(message, story), is_hidden)
        and (
            id_of("from".id) is not null
            or greatest(
                count_of(shares.count),
                count_of(comments.summary.total_count),
                count_of(reactions.summary.total_count),
                count_of(likes.summary.total_count)
            ) > 0
        )
),

-- Totals that stand beside a list of comments or reactions.
list_totals as (
    select
        platform,
        source,
        path,
        position,
        item,
        _request.target as post_id,
        seen_at as observed_at,
        case when kind = 'comment_summary' then total_count end as comments_count,
        case when kind = 'reaction_summary' then total_count end as likes_count
    from raw.facebook_summaries
),

-- Views of a post over its life: `post_media_view` since November 2025, before it
-- `post_impressions`. The metric's id starts with the post's.
views as (
    select
        platform,
        source,
        path,
        position,
        item,
        split_part(id, '/', 1) as post_id,
        seen_at as observed_at,
        values[1].value as reads_count
    from raw.facebook_insights
    where
        name in ('post_media_view', 'post_impressions')
        and period = 'lifetime'
        and contains(split_part(id, '/', 1), '_')
),

facebook_counters as (
    select * from own_counters
    union all by name
    select * from list_totals
    union all by name
    select * from views
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(post_id) as post_id,
    observed_at,
    count_of(shares_count) as reposts_count,
    count_of(comments_count) as comments_count,
    count_of(likes_count) as likes_count,
    count_of(reads_count) as reads_count,
    post_id as post_id_text,
    shares_count as reposts_count_text,
    comments_count as comments_count_text,
    likes_count as likes_count_text,
    reads_count as reads_count_text
from facebook_counters
where coalesce(shares_count, comments_count, likes_count, reads_count) is not null
