"""Numbers, days and durations as people write them; the same on every host.

They follow the language of the page, never the host's.
"""

from __future__ import annotations

import re
from datetime import date

from tasks.report.languages import mark, spoken, tell

UNKNOWN = "–"

# %b would follow the host's language.
MONTHS = re.findall("...", "JanFebMarAprMayJunJulAugSepOctNovDec")


def format_day(day: date, with_year: bool = True) -> str:
    """Write a day as 3 Mar 2026, whatever the host's language is."""
    if spoken().code == "zh":
        text = f"{day.month}月{day.day}日"
        return f"{day.year}年{text}" if with_year else text
    text = f"{day.day} {MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if with_year else text


def format_month(day: date) -> str:
    """Write the month of a day as Mar 2026."""
    if spoken().code == "zh":
        return f"{day.year}年{day.month}月"
    return f"{MONTHS[day.month - 1]} {day.year}"


def format_number(value: float | None) -> str:
    """12345 as 12,345."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def format_percent(value: float | None) -> str:
    """A share with the digits it needs: 21.3%, 0.069%, never a rounded 0 or 100."""
    if value is None:
        return UNKNOWN
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    if 0 < percent < 0.001:
        return "<0.001%"
    if 99.9 < percent < 100:
        return ">99.9%"
    if abs(percent) < 0.1:
        return f"{percent:.2g}%"
    return f"{percent:.2f}%" if abs(percent) < 1 else f"{percent:,.1f}%"


def format_share(part: int | None, whole: int | None) -> str:
    """The share of a part."""
    return format_percent(part / whole if part is not None and whole else None)


def format_money(value: float | None, currency: str | None) -> str:
    """An amount with its currency's code; in Chinese yuan by their name."""
    if value is None:
        return UNKNOWN
    # A cent's fraction counts where an engagement costs less than one.
    amount = f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
    return f"{amount} {_name_of(currency)}" if currency else amount


def _name_of(currency: str) -> str:
    return tell(mark("CNY")) if currency == "CNY" else currency


def format_money_span(
    low: float | None, high: float | None, currency: str | None
) -> str:
    """A band of amounts with their currency's code."""
    if low is None or high is None:
        return UNKNOWN
    return tell(
        "{low} to {high}",
        low=f"{low:,.0f}",
        high=format_money(round(high), currency).replace(".00 ", " "),
    )


def format_minutes(value: float | None) -> str:
    """A duration in the largest unit that reads well."""
    if value is None:
        return UNKNOWN
    size, one, many = 24 * 60, mark("{n} day"), mark("{n} days")
    if value < 90:
        size, one, many = 1, mark("{n} minute"), mark("{n} minutes")
    elif value < 48 * 60:
        size, one, many = 60, mark("{n} hour"), mark("{n} hours")
    amount = value / size
    text = f"{amount:.1f}" if size > 1 and amount < 10 else f"{amount:.0f}"
    text = text.removesuffix(".0")
    if text == "0":
        return tell("under 1 minute")
    return tell(one if text == "1" else many, n=text)


def format_net(value: float | None) -> str:
    """A balance from -1 to 1 with its sign."""
    return UNKNOWN if value is None else f"{value:+.2f}".replace("-", "−")


def format_words(name: str) -> str:
    """A metric's name as words; the interval's ends and ages stay readable."""
    return name.replace("_", " ")


def shorten(text: str | None, most: int = 120) -> str:
    """Cut what would break the page."""
    if text is None:
        return UNKNOWN
    return text if len(text) <= most else text[: most - 1] + "…"
