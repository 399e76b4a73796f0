-- A calendar day from the first to the last one that a campaign or the marts touch:
-- join it to any day column.
--
-- grain: day
-- params: none
-- replace: all
-- columns:
--   day: the calendar day
--   year: its year
--   month: 1 to 12
--   iso_year: year of its ISO week
--   iso_week: ISO week, 1 to 53
--   weekday: 1 is Monday, 7 Sunday
--   is_workday: people in mainland China work on it, days that make up for holidays included; null past the years that the calendar knows
--   holiday: the public holiday of mainland China that it belongs to, or makes up for; null on other days
--   is_covered: the marts cover it

select
    calendar.day,
    cast(year(calendar.day) as integer) as year,
    cast(month(calendar.day) as integer) as month,
    cast(isoyear(calendar.day) as integer) as iso_year,
    cast(weekofyear(calendar.day) as integer) as iso_week,
    cast(isodow(calendar.day) as integer) as weekday,
    calendar.is_workday,
    calendar.holiday,
    covered_days.date_day is not null as is_covered
from meta.calendar as calendar
left join meta.covered_days as covered_days
    on calendar.day = covered_days.date_day
