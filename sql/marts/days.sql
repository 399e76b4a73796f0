-- A calendar day from the first to the last one that any mart names: join it to any
-- day column.
--
-- grain: calendar_day
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   calendar_day [day]: the calendar day
--   year [calendar number]: its year
--   month [calendar number]: 1 to 12
--   iso_year [calendar number]: year of its ISO week
--   iso_week [calendar number]: ISO week, 1 to 53
--   weekday [calendar number]: 1 is Monday, 7 Sunday
--   is_workday [yes or no]: people in mainland China work on it, days that make up for holidays included; null past the years that the calendar knows
--   holiday [text]: the public holiday of mainland China that it belongs to, or makes up for; null on other days
--   is_covered [yes or no]: the marts cover the day
--   day [day]: older name of calendar_day; goes with schema version 3

select
    calendar.day as calendar_day,
    cast(year(calendar.day) as integer) as year,
    cast(month(calendar.day) as integer) as month,
    cast(isoyear(calendar.day) as integer) as iso_year,
    cast(weekofyear(calendar.day) as integer) as iso_week,
    cast(isodow(calendar.day) as integer) as weekday,
    calendar.is_workday,
    calendar.holiday,
    covered_days.date_day is not null as is_covered,
    calendar.day
from meta.calendar as calendar
left join meta.covered_days as covered_days
    on calendar.day = covered_days.date_day
