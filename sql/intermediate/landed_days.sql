-- One row per network: the days of which what happened has landed. The last one is that
-- of the newest act, or the day before the newest moment at which a source says that it
-- read something: quiet days before that moment are known, days after it are not. The
-- first one is moved by no single wrong date: days before a gap of more than two weeks
-- count only where they and all earlier days hold two rows or more, and more than one
-- in a thousand of those after.
-- Cost: a look at the days of all posts, interactions and counters.
--
-- grain: platform
-- params: $time_zone
-- replace: once

with

landed as (
    select
        platform,
        date_day,
        observed_at
    from staging.interactions
    union all
    select
        platform,
        date_day,
        observed_at
    from staging.posts
),

days as (
    select
        landed.platform,
        landed.date_day,
        count(*) as found,
        max(landed.observed_at) as observed_at
    from landed
    cross join intermediate.last_landed as last_landed
    where landed.date_day <= last_landed.last_day
    group by landed.platform, landed.date_day
),

placed as (
    select
        platform,
        date_day,
        lead(date_day) over (partition by platform order by date_day) as day_after,
        sum(found) over (
            partition by platform order by date_day
            rows between unbounded preceding and current row
        ) as found_until,
        sum(found) over (partition by platform) as found_ever
    from days
),

-- The last day before a gap with too little in front of it.
astray as (
    select
        platform,
        max(date_day) as last_day
    from placed
    where
        date_diff('day', date_day, day_after) > 14
        and (found_until < 2 or found_until * 1000 <= found_ever - found_until)
    group by platform
),

seen as (
    select
        days.platform,
        min(
            case
                when astray.last_day is null or days.date_day > astray.last_day
                    then days.date_day
            end
        ) as first_day,
        max(days.date_day) as last_day,
        max(days.observed_at) as observed_at
    from days
    left join astray on days.platform = astray.platform
    group by days.platform
    union all
    select
        platform,
        cast(null as date) as first_day,
        cast(null as date) as last_day,
        max(observed_at) as observed_at
    from staging.post_counters
    group by platform
),

newest as (
    select
        platform,
        min(first_day) as first_day,
        max(last_day) as last_day,
        cast(
            max(observed_at) at time zone 'UTC' at time zone $time_zone as date
        ) as read_day
    from seen
    group by platform
)

select
    platform,
    first_day,
    greatest(last_day, cast(read_day - interval 1 day as date)) as last_day
from newest
where first_day is not null
