"""Calendar days with the public holidays of mainland China."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import polars as pl


def calendar_days(first: date, last: date) -> pl.DataFrame:
    """One row a day from `first` to `last`.

    Returns:
        day; is_workday (days that make up for a holiday are workdays); holiday (the
        one that a day belongs to or makes up for). The last two are null past the
        years for which the State Council's notices are known to the library.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    known = [_detail(day) for day in days]
    return pl.DataFrame(
        {
            "day": days,
            "is_workday": [workday for workday, _ in known],
            "holiday": [holiday for _, holiday in known],
        },
        schema={"day": pl.Date, "is_workday": pl.Boolean, "holiday": pl.String},
    )


def _detail(day: date) -> tuple[bool | None, str | None]:
    try:
        is_holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None, None
    return not is_holiday, name
