-- One row per campaign, post of it, kind and covered day of its window on which the
-- platform's own counter is known at both ends: how much it grew on that day.
--
-- A counter at a midnight is the reading nearest to it, at most half a day away (of two
-- as near the earlier): whoever reads once a day, at whatever hour, gets each day's
-- growth. On the day of its publication a post begins at 0. A reading whose moment is
-- unknown (it carries the post's own time) tells no growth. Growth is negative where
-- the platform took interactions back.
-- Cost: linear in the counters of campaigns' posts.
--
-- grain: campaign_id, platform, post_id, kind, activity_day
-- params: $time_zone
-- replace: all

with

posts as (
    select
        campaign_posts.campaign_id,
        campaign_posts.platform,
        campaign_posts.post_id,
        campaign_posts.posted_at,
        campaign_posts.post_day,
        campaigns.window_start,
        campaigns.window_end
    from intermediate.campaign_posts as campaign_posts
    inner join meta.campaigns as campaigns
        on campaign_posts.campaign_id = campaigns.campaign_id
),

readings as (
    select
        platform,
        post_id,
        observed_at,
        observed_at at time zone 'UTC' at time zone $time_zone as local_at,
        cast(
            (observed_at at time zone 'UTC' at time zone $time_zone)
            + interval 12 hour as date
        ) as midnight_of,
        reposts_count,
        comments_count,
        likes_count,
        reads_count
    from staging.post_counters
),

counters as (
    select
        platform,
        post_id,
        observed_at,
        local_at,
        midnight_of,
        'repost' as kind,
        reposts_count as counted
    from readings
    union all
    select
        platform,
        post_id,
        observed_at,
        local_at,
        midnight_of,
        'comment' as kind,
        comments_count as counted
    from readings
    union all
    select
        platform,
        post_id,
        observed_at,
        local_at,
        midnight_of,
        'like' as kind,
        likes_count as counted
    from readings
    union all
    select
        platform,
        post_id,
        observed_at,
        local_at,
        midnight_of,
        'read' as kind,
        reads_count as counted
    from readings
),

placed as (
    select
        posts.campaign_id,
        posts.platform,
        posts.post_id,
        posts.post_day,
        posts.window_start,
        posts.window_end,
        counters.kind,
        counters.midnight_of,
        counters.observed_at,
        counters.counted,
        row_number() over (
            partition by
                posts.campaign_id,
                posts.platform,
                posts.post_id,
                counters.kind,
                counters.midnight_of
            order by
                abs(date_diff(
                    'second',
                    cast(counters.midnight_of as timestamp),
                    counters.local_at
                )),
                counters.observed_at
        ) as place
    from posts
    inner join counters
        on
            posts.platform = counters.platform
            and posts.post_id = counters.post_id
            and posts.posted_at < counters.observed_at
    where counters.counted is not null
),

midnights as (
    select *
    from placed
    where place = 1
),

grown as (
    select
        ends.campaign_id,
        ends.platform,
        ends.post_id,
        ends.kind,
        cast(ends.midnight_of - interval 1 day as date) as activity_day,
        ends.observed_at as counted_at,
        ends.window_start,
        ends.window_end,
        case
            when ends.midnight_of = cast(ends.post_day + interval 1 day as date)
                then ends.counted
            else ends.counted - starts.counted
        end as growth
    from midnights as ends
    left join midnights as starts
        on
            ends.campaign_id = starts.campaign_id
            and ends.platform = starts.platform
            and ends.post_id = starts.post_id
            and ends.kind = starts.kind
            and ends.midnight_of = cast(starts.midnight_of + interval 1 day as date)
)

select
    grown.campaign_id,
    grown.platform,
    grown.post_id,
    grown.kind,
    grown.activity_day,
    grown.counted_at,
    grown.growth
from grown
inner join meta.covered_days as covered_days
    on grown.activity_day = covered_days.date_day
where
    grown.growth is not null
    and grown.activity_day between grown.window_start and grown.window_end
