-- One row per network: the days of which what happened has landed. The last one is that
-- of the newest act, or the day before the newest moment at which a source says that it
-- read something: quiet days before that moment are known, days after it are not.
-- Cost: a look at the days of all posts, interactions and counters.
--
-- grain: platform
-- params: $time_zone
-- replace: all

with

seen as (
    select
        interactions.platform,
        min(interactions.date_day) as first_day,
        max(interactions.date_day) as last_day,
        max(interactions.observed_at) as observed_at
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where interactions.date_day <= last_landed.last_day
    group by interactions.platform
    union all
    select
        posts.platform,
        min(posts.date_day) as first_day,
        max(posts.date_day) as last_day,
        max(posts.observed_at) as observed_at
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    where posts.date_day <= last_landed.last_day
    group by posts.platform
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
