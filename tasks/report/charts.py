"""Charts as static inline SVG: no script, no network, the same bytes each time.

A chart holds only days and whole numbers, whose width is known whatever fonts a host
has. Names of campaigns stand beside it, in HTML.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from tasks.report.figures import format_day, format_month
from tasks.report.svg import letters, number, picture, text, width_of

# Okabe and Ito's palette, which colour-blind people can tell apart; the page's
# style sheet repeats them and lightens some where the screen is dark.
RAW = "#b3c1cf"
GENUINE = "#0072b2"
GRID = "#dde3ea"
INK = "#3d4a58"

# More bars than this can't be told apart on a page.
MOST_BARS = 92
# A chart of one or two bars looks broken.
FEWEST_DAYS = 14
# A count a line, and the bottom one.
MOST_LINES = 5

# In pixels: around a chart, between letters and lines, above the highest line, between
# it and the lowest, and below that.
_EDGE, _GAP, _ABOVE, _HIGH, _BELOW = 4, 6, 10, 197, 21
HEIGHT = _ABOVE + _HIGH + _BELOW
# Of a bar's share of the width.
_BETWEEN = 0.12


@dataclass(frozen=True)
class DayCount:
    """Engagements of one activity day; how many are genuine is None where unknown."""

    day: date
    raw: int
    genuine: int | None


@dataclass(frozen=True)
class Timeline:
    """A campaign's days as bars: zeros filled in, long ones by week or month."""

    unit: str
    bars: tuple[DayCount, ...]
    # What came after the last bar, where the chart leaves out a long tail.
    later: int = 0
    last_day: date | None = None

    @property
    def knows_genuine(self) -> bool:
        """Whether any bar tells how many are genuine."""
        return any(bar.genuine for bar in self.bars)

    @property
    def has_unknown(self) -> bool:
        """Whether a bar does not tell it."""
        return any(bar.genuine is None for bar in self.bars)

    @property
    def peak(self) -> DayCount:
        """The tallest bar; the first one of several."""
        return max(self.bars, key=lambda bar: (bar.raw, -bar.day.toordinal()))


def build_timeline(
    days: Sequence[DayCount], window: tuple[date, date] | None
) -> Timeline | None:
    """Choose what the chart spans and how wide a bar is.

    Args:
        days: the days with activity, in order.
        window: first and last day of the campaign, if known.

    Returns:
        None where nothing happened.
    """
    if not days:
        return None
    first, last = days[0].day, days[-1].day
    if window and (window[1] - window[0]).days < MOST_BARS:
        return Timeline(
            "day", fill(days, min(first, window[0]), max(last, window[1]), "day")
        )
    total = sum(day.raw for day in days)
    seen = 0
    most = last
    for day in days:
        seen += day.raw
        # A few stragglers months later would squeeze all others into one bar.
        if seen * 100 >= total * 99:
            most = day.day
            break
    if (most - first).days < MOST_BARS:
        end = most if (last - first).days >= MOST_BARS else last
        end = max(end, first + timedelta(days=FEWEST_DAYS - 1))
        later = sum(day.raw for day in days if day.day > end)
        return Timeline(
            "day", fill(days, first, end, "day"), later, last if later else None
        )
    unit = "week" if (last - first).days < MOST_BARS * 7 else "month"
    return Timeline(unit, fill(days, first, last, unit))


def fill(
    days: Sequence[DayCount], first: date, last: date, unit: str
) -> tuple[DayCount, ...]:
    """Sum the days to bars and put a zero where there is no activity."""
    sums: dict[date, list[int]] = {}
    unknown = set()
    day = first
    while day <= last:
        sums.setdefault(start_of(day, unit), [0, 0])
        day += timedelta(days=1)
    for item in days:
        bar = sums.get(start_of(item.day, unit))
        # Days after the end of the chart are told in its caption.
        if bar is not None:
            bar[0] += item.raw
            bar[1] += item.genuine or 0
            if item.genuine is None:
                unknown.add(start_of(item.day, unit))
    return tuple(
        DayCount(day, bar[0], None if day in unknown else bar[1])
        for day, bar in sums.items()
    )


def start_of(day: date, unit: str) -> date:
    """The first day of the week (a Monday) or month that holds `day`."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def draw_timeline(timeline: Timeline, label: str, width: int) -> Markup:
    """Draw collected engagements (light) with the genuine ones in front (dark).

    Args:
        timeline: the bars.
        label: what a screen reader says instead of the picture.
        width: in pixels; decides how many labels fit.
    """
    bars = timeline.bars
    top, step = scale_counts(timeline.peak.raw)
    counts = {count: f"{count:,}" for count in range(0, top + 1, step)}
    # About every 80 pixels, at equal distances.
    every = max(1, math.ceil((len(bars) - 1) / max(1, width // 80 - 1)))
    days = {
        place: format_month(bar.day)
        if timeline.unit == "month"
        else format_day(bar.day, with_year=False)
        for place, bar in enumerate(bars)
        if place % every == 0
    }
    left = _EDGE + max(map(width_of, counts.values())) + _GAP
    band = (width - left) / len(bars)
    last = max(days)
    beyond = width_of(days[last]) / 2 - (len(bars) - last - 0.5) * band
    band = (width - left - max(0, beyond)) / len(bars)
    right, foot = left + band * len(bars), _ABOVE + _HIGH

    def height(count: int) -> float:
        return _HIGH * count / top

    # Whole pixels: a line between two of them is blurred.
    levels = {count: round(foot - height(count)) + 0.5 for count in counts}
    lines = "".join(
        f"M{number(left)},{number(level)}H{number(right)}" for level in levels.values()
    )
    columns = {
        color: "".join(
            f"M{number(left + band * (place + _BETWEEN / 2))},{number(foot)}"
            f"v{number(-height(count))}h{number(band * (1 - _BETWEEN))}"
            f"v{number(height(count))}Z"
            for place, count in enumerate(column)
            if count
        )
        for color, column in (
            (RAW, [bar.raw for bar in bars]),
            (GENUINE, [bar.genuine for bar in bars]),
        )
    }
    told = [
        text(left - _GAP, foot - height(count), words, "end")
        for count, words in counts.items()
    ]
    told += [
        text(left + band * (place + 0.5), foot + _BELOW / 2, words, "middle")
        for place, words in days.items()
    ]
    return picture(
        width + 2 * _EDGE,
        HEIGHT,
        label,
        [
            f'<path stroke="{GRID}" d="{lines}"/>',
            *(
                f'<path fill="{color}" d="{drawn}"/>'
                for color, drawn in columns.items()
            ),
            letters(INK, told),
        ],
    )


def scale_counts(most: int) -> tuple[int, int]:
    """What an axis reaches, and the whole number between its lines: round ones."""
    least = max(most, 1) / MOST_LINES
    power = 10 ** math.floor(math.log10(least))
    rounded = (power * factor for factor in (1, 2, 5, 10))
    step = max(1, math.ceil(next(one for one in rounded if one >= least)))
    return step * math.ceil(max(most, 1) / step), step
