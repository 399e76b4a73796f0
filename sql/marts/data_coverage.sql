-- What a source gave for one day, and how complete that is; a covered day on which it
-- gave nothing has a row, too. Rows without a day count what could not be dated: broken
-- files and records; a source that never gave anything has only such a row.
--
-- grain: source, platform, activity_day?
-- params: $look_back_days, $time_zone
-- replace: all
-- time axis: activity day
-- adds over: platform, activity_day
-- columns:
--   source [text]: the source's name in workspace.toml
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   collected [rows]: distinct posts and interactions of that day
--   expected [rows]: reposts and comments that the platform's counters state for the posts published that day, last snapshots
--   expected_collected [rows]: reposts and comments collected of those posts
--   expected_completeness [share]: expected_collected / expected, at most 1; null where the platform states nothing, or 0
--   platform_engagements [interactions]: reposts, comments and likes that the platform counts of the posts published that day, the newest reading of each kind
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same posts and kinds
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the platform counts nothing
--   quarantined [rows]: rows in quarantine
--   freshness_hours [hours]: hours from the source's newest record to the end of the last activity day landed
--   is_covered [yes or no]: the marts cover the day
--   is_final [yes or no]: the day is older than the look-back, so it is not read again, and the source gave something of it
--   is_gap [yes or no]: the source gave nothing of the day, not even a counter or profile, and its rhythm expected something by then
--   last_record_day [day]: the newest day of which the source gave anything
--   data_up_to_day [day]: the newest day of which it gave a post or an interaction
--   expected_every_days [days]: something is to come from it within so many days: expect_every_days in workspace.toml, else learned; 0 where nothing more is expected
--   rhythm_origin [text]: how expected_every_days is known: stated; learned (95 in 100 of the newest 60 gaps); assumed under 7 days with records (a week, or the longest gap); not configured
--   late_since_day [day]: last_record_day + expected_every_days, where the last day that is covered or has activity of any source has come to it; null where it is not late by then

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
    select last_day
    from intermediate.last_landed
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
        records.source,
        records.platform,
        max(records.happened_at) as newest_at
    from records
    cross join last_landed
    where records.date_day <= last_landed.last_day
    group by records.source, records.platform
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
        arg_max(reposts_count, observed_at) as reposts,
        arg_max(comments_count, observed_at) as comments,
        arg_max(likes_count, observed_at) as likes
    from staging.post_counters
    group by platform, post_id
),

drawn as (
    select
        platform,
        root_post_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes
    from staging.interactions
    group by platform, root_post_id
),

expectations as (
    select
        posts.source,
        posts.platform,
        posts.date_day,
        cast(
            sum(coalesce(counters.reposts, 0) + coalesce(counters.comments, 0))
            as bigint
        ) as expected,
        cast(
            sum(coalesce(drawn.reposts, 0) + coalesce(drawn.comments, 0)) as bigint
        ) as expected_collected,
        case
            when count(coalesce(counters.reposts, counters.comments, counters.likes)) > 0
                then
                    cast(
                        sum(
                            coalesce(counters.reposts, 0)
                            + coalesce(counters.comments, 0)
                            + coalesce(counters.likes, 0)
                        ) as bigint
                    )
        end as counted,
        case
            when count(coalesce(counters.reposts, counters.comments, counters.likes)) > 0
                then
                    cast(
                        sum(
                            case
                                when counters.reposts is not null
                                    then coalesce(drawn.reposts, 0)
                                else 0
                            end
                            + case
                                when counters.comments is not null
                                    then coalesce(drawn.comments, 0)
                                else 0
                            end
                            + case
                                when counters.likes is not null
                                    then coalesce(drawn.likes, 0)
                                else 0
                            end
                        ) as bigint
                    )
        end as counted_collected
    from staging.posts as posts
    inner join counters
        on posts.platform = counters.platform and posts.post_id = counters.post_id
    left join drawn
        on posts.platform = drawn.platform and posts.post_id = drawn.root_post_id
    group by posts.source, posts.platform, posts.date_day
),

covered_days as (
    select date_day
    from meta.covered_days
),

-- The last day that anything is said of.
ends as (
    select
        greatest(
            max(covered_days.date_day),
            (select last_landed.last_day from last_landed)
        ) as last_day
    from covered_days
),

given as (
    select distinct
        source,
        platform,
        date_day
    from meta.source_days
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
    union
    select
        rhythms.source,
        rhythms.platform,
        covered_days.date_day
    from meta.source_rhythms as rhythms
    cross join covered_days
    where rhythms.last_record_day is not null
    union
    select
        source,
        platform,
        cast(null as date) as date_day
    from meta.source_rhythms
    where last_record_day is null
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
    end as expected_completeness,
    expectations.counted as platform_engagements,
    expectations.counted_collected as platform_collected,
    case
        when expectations.counted > 0
            then
                round(
                    least(expectations.counted_collected / expectations.counted, 1), 6
                )
    end as completeness,
    coalesce(rejected.quarantined, 0) as quarantined,
    round(date_diff('second', freshness.newest_at, landed.ends_at) / 3600, 2)
        as freshness_hours,
    covered_days.date_day is not null as is_covered,
    coalesce(
        date_diff('day', days.date_day, landed.last_day) > $look_back_days
        and given.date_day = days.date_day, false
    ) as is_final,
    coalesce(
        rhythms.expected_every_days > 0
        and days.date_day - given.date_day >= rhythms.expected_every_days
        and days.date_day <= ends.last_day, false
    ) as is_gap,
    rhythms.last_record_day,
    rhythms.last_activity_day as data_up_to_day,
    rhythms.expected_every_days,
    rhythms.origin as rhythm_origin,
    case when rhythms.due_day <= ends.last_day then rhythms.due_day end
        as late_since_day
from days
cross join landed
cross join ends
-- the newest day with a record, up to the day itself
asof left join given
    on
        days.source = given.source
        and days.platform = given.platform
        and days.date_day >= given.date_day
left join meta.source_rhythms as rhythms
    on days.source = rhythms.source and days.platform = rhythms.platform
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
left join covered_days
    on days.date_day = covered_days.date_day
