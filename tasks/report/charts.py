"""Charts as static inline SVG: no script, no network, the same bytes each time.

Vega measures text and knows a time zone, both of which differ between hosts. So
a chart holds only days and whole numbers in a font that vl-convert brings along,
and days are plain labels, not moments. Names of campaigns stand beside it, in
HTML.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert
from markupsafe import Markup, escape

from tasks.report.figures import format_day, format_month
from tasks.warehouse.code_digest import own_digest
from tasks.warehouse.publication import private

# Okabe and Ito's palette, which colour-blind people can tell apart; the page's
# style sheet repeats them and lightens some where the screen is dark.
RAW = "#b3c1cf"
GENUINE = "#0072b2"
GRID = "#dde3ea"
INK = "#3d4a58"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

# More bars than this can't be told apart on a page.
MOST_BARS = 92
# A chart of one or two bars looks broken.
FEWEST_DAYS = 14
HEIGHT = 220
# As wide as a day or month in any language: Vega draws it in their place.
_ROOM = "00000000"


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
    # About every 80 pixels, at equal distances.
    step = max(1, math.ceil((len(bars) - 1) / max(1, width // 80 - 1)))
    words = [
        format_month(bar.day)
        if timeline.unit == "month"
        else format_day(bar.day, with_year=False)
        for bar in bars[::step]
    ]
    svg = draw_svg(
        _specify(is_empty=not timeline.peak.raw),
        width,
        HEIGHT,
        {
            "bars": [
                {"day": bar.day.isoformat(), "raw": bar.raw, "genuine": bar.genuine}
                for bar in bars
            ]
        },
        {"labelled": [bar.day.isoformat() for bar in bars[::step]]},
    )
    told = iter(words)
    return inline(re.sub(f">{_ROOM}<", lambda _: f">{escape(next(told))}<", svg), label)


def draw_svg(
    spec: Mapping[str, Any],
    width: int,
    height: int,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    params: Mapping[str, Any] | None = None,
) -> str:
    """A chart in Vega-Lite's words as SVG; equal ones are drawn once.

    Pages of several languages, open ones and those with names, have most in common, and
    so have those of one publication and the next.

    Args:
        spec: without size, with named data; the same for all of a kind.
        width: in pixels.
        height: in pixels.
        rows: the data by their names.
        params: values of its parameters.
    """
    drawn = json.dumps([spec, width, height, rows, params or {}])
    kept = _kept.get()
    if kept is None:
        return _draw(drawn)
    before, used, code = kept
    name = hashlib.sha256(f"{code} {drawn}".encode()).hexdigest()
    if name not in used:
        used[name] = before.get(name) or _draw(drawn)
    return used[name]


@contextmanager
def drawing_again(before: Path | None, kept: Path) -> Iterator[None]:
    """Take pictures that show the same from those of another publication.

    A file that is none, or not as it was written, has none.

    Args:
        before: a file that this wrote; None takes none.
        kept: the file that is written, for the owner alone, with all that are in use.
    """
    used: dict[str, str] = {}
    # What draws, besides what is drawn.
    code = f"{version('vl-convert-python')} {own_digest([__name__])}"
    token = _kept.set((_read_drawn(before) if before else {}, used, code))
    try:
        yield
    finally:
        _kept.reset(token)
    drawn = json.dumps(used).encode()
    with private(kept) as file:
        file.write(hashlib.sha256(drawn).hexdigest().encode() + b"\n" + drawn)


def _read_drawn(file: Path) -> dict[str, str]:
    with suppress(OSError):
        digest, _, drawn = file.read_bytes().partition(b"\n")
        if digest.decode("latin-1") == hashlib.sha256(drawn).hexdigest():
            found: dict[str, str] = json.loads(drawn)
            return found
    return {}


# Pictures that were drawn before and those in use, by what they show; what draws them.
_kept: ContextVar[tuple[Mapping[str, str], dict[str, str], str] | None] = ContextVar(
    "pictures", default=None
)


@lru_cache(maxsize=256)
def _draw(drawn: str) -> str:
    spec, width, height, rows, params = json.loads(drawn)
    compiled = _compile(json.dumps(spec))
    chart = {
        **compiled,
        "width": width,
        "height": height,
        "data": [
            one | {"values": rows[one["name"]]} if one["name"] in rows else one
            for one in compiled["data"]
        ],
        "signals": [
            one | {"value": params[one["name"]]} if one["name"] in params else one
            for one in compiled.get("signals", [])
        ],
    }
    return str(vl_convert.vega_to_svg(chart, allowed_base_urls=[]))


@cache
def _compile(spec: str) -> dict[str, Any]:
    """Vega's words for Vega-Lite's: half of the time that a picture would take."""
    # Without a size it would be one of its own, by the number of bars.
    sized = json.loads(spec) | {"width": 1, "height": 1}
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(sized)
    return compiled


def _specify(*, is_empty: bool) -> dict[str, Any]:
    """The chart in Vega-Lite's own words; `labelled` are the days that have a label.

    Its letters only keep room: words in the page's language take their place.
    """
    days = {
        "field": "day",
        "type": "ordinal",
        "sort": None,
        "scale": {"paddingInner": 0.12, "paddingOuter": 0.1},
        "axis": {
            "title": None,
            "values": {"expr": "labelled"},
            "labelExpr": f"'{_ROOM}'",
            "labelAngle": 0,
            "labelOverlap": False,
            "aria": False,
        },
    }
    counts = {
        "type": "quantitative",
        "stack": None,
        # `nice` alone would give an axis without height where all bars are zero.
        "scale": {"domain": [0, 1]} if is_empty else {"domainMin": 0, "nice": True},
        "axis": {
            "title": None,
            "tickCount": 4,
            "tickMinStep": 1,
            "format": ",d",
            "aria": False,
            "domain": False,
        },
    }
    return {
        "data": {"name": "bars"},
        "params": [{"name": "labelled", "value": []}],
        "layer": [
            {
                "mark": {"type": "bar", "color": color, "aria": False},
                "encoding": {"x": days, "y": {"field": field, **counts}},
            }
            for field, color in (("raw", RAW), ("genuine", GENUINE))
        ],
        "autosize": "fit",
        "config": {
            "font": FONT,
            "background": "transparent",
            "padding": 4,
            "view": {"stroke": None},
            "axis": {
                "labelColor": INK,
                "labelFontSize": 12,
                "gridColor": GRID,
                "domainColor": GRID,
                "tickColor": GRID,
                "ticks": False,
                "labelPadding": 6,
            },
            "axisX": {"grid": False},
        },
    }


def inline(svg: str, label: str) -> Markup:
    """Make Vega's file an inline picture that scales and has a name.

    Vega's own roles and names on each group are dropped: a screen reader would
    read out the drawing, not what it says.
    """
    head = re.match(r"<svg[^>]*?viewBox=\"(?P<box>[^\"]+)\"[^>]*>", svg)
    if head is None:
        raise ValueError("Vega's SVG has no viewBox")
    body = svg[head.end() :]
    body = re.sub(
        r" (?:class|role|aria-[a-z]+|stroke-miterlimit|font-family)=\"[^\"]*\"",
        "",
        body,
    )
    body = re.sub(r"(\d+\.\d{2})\d+", r"\1", body)
    # The letters are the page's own; Vega only had to know their width.
    return Markup(
        f'<svg role="img" aria-label="{escape(label)}" viewBox="{head["box"]}">{body}'
    )
