-- One row per campaign, post of it and kind that the platform counts of the post: the
-- platform's own counter, twice, with the interactions that were collected of it.
-- A reading that lacks a kind says nothing of it, so each kind has its own reading.
--
-- `lifetime_`: the newest reading. `window_`: the first one at or after the end of the
-- campaign's last day, else the newest. A counter counts since publication, whatever
-- day the campaign began.
-- A source that does not say when it was read carries the post's own time: the moment
-- of such a reading is unknown (null), and any other reading is newer.
-- `..._collected`: interactions on covered days up to the day of the reading; all where
-- its moment is unknown.
-- Cost: linear in the counters and interactions of campaigns' posts.
--
-- grain: campaign_id, platform, post_id, kind
-- params: $time_zone
-- replace: all

with

posts as (
    select
        campaign_posts.campaign_id,
        campaign_posts.platform,
        campaign_posts.post_id,
        campaign_posts.posted_at,
        cast(campaigns.window_end + interval 1 day as timestamp)
        at time zone $time_zone at time zone 'UTC' as window_ends_at
    from intermediate.campaign_posts as campaign_posts
    inner join meta.campaigns as campaigns
        on campaign_posts.campaign_id = campaigns.campaign_id
),

counters as (
    select
        platform,
        post_id,
        observed_at,
        'repost' as kind,
        reposts_count as counted
    from staging.post_counters
    union all
    select
        platform,
        post_id,
        observed_at,
        'comment' as kind,
        comments_count as counted
    from staging.post_counters
    union all
    select
        platform,
        post_id,
        observed_at,
        'like' as kind,
        likes_count as counted
    from staging.post_counters
    union all
    select
        platform,
        post_id,
        observed_at,
        'read' as kind,
        reads_count as counted
    from staging.post_counters
),

readings as (
    select
        posts.campaign_id,
        posts.platform,
        posts.post_id,
        counters.kind,
        counters.counted,
        case
            when posts.posted_at is null or counters.observed_at > posts.posted_at
                then counters.observed_at
        end as counted_at,
        row_number() over (
            partition by
                posts.campaign_id, posts.platform, posts.post_id, counters.kind
            order by counters.observed_at desc
        ) as place_of_newest,
        row_number() over (
            partition by
                posts.campaign_id, posts.platform, posts.post_id, counters.kind
            order by
                counters.observed_at < posts.window_ends_at,
                case
                    when counters.observed_at >= posts.window_ends_at
                        then counters.observed_at
                end,
                counters.observed_at desc
        ) as place_at_end
    from posts
    inner join counters
        on
            posts.platform = counters.platform
            and posts.post_id = counters.post_id
    where counters.counted is not null
),

chosen as (
    select
        newest.campaign_id,
        newest.platform,
        newest.post_id,
        newest.kind,
        newest.counted as lifetime_count,
        newest.counted_at as lifetime_counted_at,
        at_end.counted as window_count,
        at_end.counted_at as window_counted_at
    from readings as newest
    inner join readings as at_end
        on
            newest.campaign_id = at_end.campaign_id
            and newest.platform = at_end.platform
            and newest.post_id = at_end.post_id
            and newest.kind = at_end.kind
            and at_end.place_at_end = 1
    where newest.place_of_newest = 1
),

drawn as (
    select
        campaign_id,
        platform,
        root_post_id,
        kind,
        activity_day,
        count(*) as interactions
    from intermediate.campaign_interactions
    group by campaign_id, platform, root_post_id, kind, activity_day
),

collected as (
    select
        chosen.campaign_id,
        chosen.platform,
        chosen.post_id,
        chosen.kind,
        cast(
            sum(
                case
                    when
                        chosen.lifetime_counted_at is null
                        or drawn.activity_day
                        <= cast(
                            chosen.lifetime_counted_at
                            at time zone 'UTC' at time zone $time_zone as date
                        )
                        then drawn.interactions
                    else 0
                end
            ) as bigint
        ) as lifetime_collected,
        cast(
            sum(
                case
                    when
                        chosen.window_counted_at is null
                        or drawn.activity_day
                        <= cast(
                            chosen.window_counted_at
                            at time zone 'UTC' at time zone $time_zone as date
                        )
                        then drawn.interactions
                    else 0
                end
            ) as bigint
        ) as window_collected
    from chosen
    inner join drawn
        on
            chosen.campaign_id = drawn.campaign_id
            and chosen.platform = drawn.platform
            and chosen.post_id = drawn.root_post_id
            and chosen.kind = drawn.kind
    group by chosen.campaign_id, chosen.platform, chosen.post_id, chosen.kind
)

select
    chosen.campaign_id,
    chosen.platform,
    chosen.post_id,
    chosen.kind,
    chosen.lifetime_count,
    chosen.lifetime_counted_at,
    coalesce(collected.lifetime_collected, 0) as lifetime_collected,
    chosen.window_count,
    chosen.window_counted_at,
    coalesce(collected.window_collected, 0) as window_collected
from chosen
left join collected
    on
        chosen.campaign_id = collected.campaign_id
        and chosen.platform = collected.platform
        and chosen.post_id = collected.post_id
        and chosen.kind = collected.kind
