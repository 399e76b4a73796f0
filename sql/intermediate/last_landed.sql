-- One row: the last day of which acts have landed, of interactions alone and of posts
-- besides. Windows end there, so no single wrong date may move it: days after a gap of
-- more than two weeks count only where they and all later days hold two rows or more,
-- and more than one in a thousand of those before. Null where nothing has landed.
-- Cost: a count of the days of all posts and interactions.
--
-- grain: last_act_day
-- params: none
-- replace: all
-- columns:
--   last_act_day date: of interactions
--   last_day date: of interactions and posts

with

days as (
    select
        date_day,
        count(*) as acts,
        0 as posts
    from staging.interactions
    where date_day is not null
    group by date_day
    union all
    select
        date_day,
        0 as acts,
        count(*) as posts
    from staging.posts
    where date_day is not null
    group by date_day
),

-- Both axes, as lines of time of their own.
lines as (
    select
        'acts' as line,
        date_day,
        sum(acts) as found
    from days
    where acts > 0
    group by date_day
    union all
    select
        'all' as line,
        date_day,
        sum(acts) + sum(posts) as found
    from days
    group by date_day
),

placed as (
    select
        line,
        date_day,
        found,
        lag(date_day) over (partition by line order by date_day) as day_before,
        sum(found) over (
            partition by line order by date_day
            rows between unbounded preceding and current row
        ) as found_until,
        sum(found) over (partition by line) as found_ever
    from lines
),

-- The first day after a gap with too little behind it.
astray as (
    select
        line,
        min(date_day) as first_day
    from placed
    where
        date_diff('day', day_before, date_day) > 14
        and (
            found_ever - found_until + found < 2
            or (found_ever - found_until + found) * 1000 <= found_until - found
        )
    group by line
)

select
    max(case when placed.line = 'acts' then placed.date_day end) as last_act_day,
    max(placed.date_day) as last_day
from placed
left join astray on placed.line = astray.line
where astray.first_day is null or placed.date_day < astray.first_day
