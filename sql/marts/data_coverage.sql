-- What a source gave for one day, and how complete that is. Rows without a day
-- count what could not be dated: broken files and records.
--
-- grain: source, platform, activity_day
-- params: $look_back_days, $time_zone
-- replace: all
-- time axis: activity day
-- columns:
--   source [text]: the source's name in workspace.toml
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   collected [rows]: distinct posts and interactions of that day
--   expected [rows]: reposts and comments that the platform's counters state for the posts published that day, last snapshots
--   expected_collected [rows]: reposts and comments collected of those posts
--   completeness [share]: expected_collected / expected, at most 1; null where the platform states nothing, or 0
--   quarantined [rows]: rows in quarantine
--   freshness_hours [hours]: hours from the source's newest record to the end of the last activity day landed
--   is_covered [yes or no]: the marts cover the day
--   is_final [yes or no]: the day is older than the look-back, so it is not read again

with

records as (
    select
        source,
        platform,
        date_day,
        acted_at as happened_at
    from staging.interactions
    union all
    select
        source,
        platform,
        date_day,
        posted_at as happened_at
    from staging.posts
),

last_landed as (
    select max(date_day) as last_day
    from records
),

-- The end of the last landed day in the workspace's time zone, as UTC.
landed as (
    select
        last_day,
        cast(last_day + interval 1 day as timestamp)
        at time zone $time_zone at time zone 'UTC' as ends_at
    from last_landed
),

collected as (
    select
        source,
        platform,
        date_day,
        count(*) as collected
    from records
    group by source, platform, date_day
),

freshness as (
    select
        source,
        platform,
        max(happened_at) as newest_at
    from records
    group by source, platform
),

rejected as (
    select
        source,
        platform,
        case when kind in ('posts', 'interactions') then date_day end as date_day,
        cast(sum(rows) as bigint) as quarantined
    from meta.quarantine
    group by all
),

counters as (
    select
        platform,
        post_id,
        coalesce(arg_max(reposts_count, observed_at), 0)
        + coalesce(arg_max(comments_count, observed_at), 0) as expected
    from staging.post_counters
    group by platform, post_id
),

drawn as (
    select
        platform,
        root_post_id,
        count(*) as collected
    from staging.interactions
    where kind in ('repost', 'comment')
    group by platform, root_post_id
),

expectations as (
    select
        posts.source,
        posts.platform,
        posts.date_day,
        cast(sum(counters.expected) as bigint) as expected,
        cast(sum(coalesce(drawn.collected, 0)) as bigint) as expected_collected
    from staging.posts as posts
    inner join counters
        on posts.platform = counters.platform and posts.post_id = counters.post_id
    left join drawn
        on posts.platform = drawn.platform and posts.post_id = drawn.root_post_id
    group by posts.source, posts.platform, posts.date_day
),

days as (
    select
        source,
        platform,
        date_day
    from collected
    union
    select
        source,
        platform,
        date_day
    from rejected
)

select
    days.source,
    days.platform,
    days.date_day as activity_day,
    coalesce(collected.collected, 0) as collected,
    expectations.expected,
    expectations.expected_collected,
    case
        when expectations.expected > 0
            then
                round(
                    least(expectations.expected_collected / expectations.expected, 1),
                    6
                )
    end as completeness,
    coalesce(rejected.quarantined, 0) as quarantined,
    round(date_diff('second', freshness.newest_at, landed.ends_at) / 3600, 2)
        as freshness_hours,
    covered_days.date_day is not null as is_covered,
    coalesce(
        date_diff('day', days.date_day, landed.last_day) > $look_back_days, false
    ) as is_final
from days
cross join landed
left join collected
    on
        days.source = collected.source
        and days.platform = collected.platform
        and days.date_day = collected.date_day
left join rejected
    on
        days.source = rejected.source
        and days.platform = rejected.platform
        and days.date_day is not distinct from rejected.date_day
left join expectations
    on
        days.source = expectations.source
        and days.platform = expectations.platform
        and days.date_day = expectations.date_day
left join freshness
    on days.source = freshness.source and days.platform = freshness.platform
left join meta.covered_days as covered_days
    on days.date_day = covered_days.date_day
