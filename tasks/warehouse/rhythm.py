"""How often a source gives something, and since when it is late.

A source gave something on a day when it holds a record of that day: a post, a repost,
a comment, a like, or what was read on it of a profile, a counter, a follower list. How
many days may pass between two such days workspace.toml states (`expect_every_days`);
where it states nothing, it is learned: the days within which the next record came 95
times in 100, over the newest 60 gaps. Fewer than seven days with records teach nothing:
then it is a week, or the longest gap seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tasks.warehouse.configuration import Source
from tasks.warehouse.workspace import Workspace

# So many days with records teach a rhythm, and so many gaps say what it is now.
FEWEST_RECORD_DAYS = 7
NEWEST_GAPS = 60
USUAL = 0.95
# Without a rhythm a source may be silent for a week.
ASSUMED_DAYS = 7


@dataclass(frozen=True)
class Rhythm:
    """When a source gave something, and when it should again.

    Attributes:
        source: its name in workspace.toml.
        platform: the network.
        days: days of which it holds records, in order.
        last_activity_day: day of its newest post or interaction.
        expected_every_days: the next record comes within so many days; 0 where none
            is expected any more, None for a source that never gave anything and
            whose rhythm nobody states.
        origin: stated, learned, assumed, or "not configured".
    """

    source: str
    platform: str
    days: tuple[date, ...]
    last_activity_day: date | None
    expected_every_days: int | None
    origin: str

    @property
    def last_record_day(self) -> date | None:
        """The newest day of which it holds a record."""
        return self.days[-1] if self.days else None

    @property
    def due_day(self) -> date | None:
        """The day that should have brought a record at the latest."""
        if self.last_record_day is None or not self.expected_every_days:
            return None
        return self.last_record_day + timedelta(days=self.expected_every_days)

    def late_since(self, end: date) -> date | None:
        """Since which day it is late when the day `end` is over."""
        due = self.due_day
        return due if due is not None and due <= end else None

    def gaps(self, first: date, last: date) -> list[tuple[date, date]]:
        """Ranges of days, both inclusive, without a record where one was due.

        From the first record on; a day is one when as many days as its rhythm has
        passed since the record before.
        """
        if not self.days or not self.expected_every_days:
            return []
        wait = timedelta(days=self.expected_every_days - 1)
        excused = {
            day + timedelta(days=n)
            for day in self.days
            if first - wait <= day <= last
            for n in range(wait.days + 1)
        }
        return _silent(excused, max(first, self.days[0]), last)

    def up_to(self, end: date) -> Rhythm:
        """The same without days after `end`: a wrong date hides no silence."""
        last = self.last_activity_day
        return Rhythm(
            self.source,
            self.platform,
            tuple(day for day in self.days if day <= end),
            last if last is None or last <= end else None,
            self.expected_every_days,
            self.origin,
        )

    def tell_expected(self) -> str:
        """What is expected of it, as a clause for people."""
        if self.origin == "not configured":
            return "none is expected: workspace.toml doesn't name it any more"
        if self.expected_every_days is None:
            return "when the next is due is unknown"
        if self.expected_every_days == 0:
            return "no more is expected (stated)"
        how = {
            "stated": "stated",
            "learned": "learned from the days before",
            "assumed": f"assumed: under {FEWEST_RECORD_DAYS} days with records",
        }[self.origin]
        return f"one is expected {every(self.expected_every_days)} ({how})"

    def tell_late(self, end: date) -> str | None:
        """A sentence where it is late when the day `end` is over, or gave nothing."""
        name = f"source {self.source} ({self.platform})"
        if not self.days and self.expected_every_days != 0:
            return f"{name} never gave anything"
        since = self.late_since(end)
        if since is None:
            return None
        return (
            f"{name} is late since {since}: its last record is of"
            f" {self.last_record_day}, {self.tell_expected()}"
        )


def every(days: int) -> str:
    """A rhythm for people."""
    return "every day" if days == 1 else f"every {days} days"


def learn(days: Sequence[date]) -> tuple[int, str]:
    """The days within which the next record usually comes, and how that is known.

    Args:
        days: distinct days with records, in order; at least one.
    """
    gaps = [
        (after - before).days for before, after in zip(days[:-1], days[1:], strict=True)
    ][-NEWEST_GAPS:]
    if len(days) < FEWEST_RECORD_DAYS:
        return max([ASSUMED_DAYS, *gaps]), "assumed"
    # the first that 95 of 100 do not pass, in whole numbers
    place = math.ceil(round(USUAL * len(gaps), 9)) - 1
    return sorted(gaps)[place], "learned"


def rhythms(
    workspace: Workspace, source_days: Iterable[Mapping[str, Any]]
) -> list[Rhythm]:
    """The rhythm of each source, by name and platform.

    Args:
        workspace: its sources and what it states of them.
        source_days: a row per source, platform, `date_day` (a day) and `is_activity`
            (whether a post or interaction is of that day), in any order.
    """
    found: dict[tuple[str, str], set[date]] = {
        (source.name, source.platform): set() for source in workspace.sources
    }
    active: dict[tuple[str, str], date] = {}
    for row in source_days:
        key = row["source"], row["platform"]
        day = row["date_day"]
        found.setdefault(key, set()).add(day)
        if row["is_activity"]:
            active[key] = max(active.get(key, day), day)
    configured = {source.name: source for source in workspace.sources}
    return [
        _rhythm(configured.get(name), name, platform, sorted(days), active)
        for (name, platform), days in sorted(found.items())
        # of a source that has several networks, only those that gave something
        if days or not any(other[0] == name and found[other] for other in found)
    ]


def _rhythm(
    source: Source | None,
    name: str,
    platform: str,
    days: list[date],
    active: Mapping[tuple[str, str], date],
) -> Rhythm:
    expected: int | None
    if source is None:
        expected, origin = 0, "not configured"
    elif source.expect_every_days is not None:
        expected, origin = source.expect_every_days, "stated"
    elif days:
        expected, origin = learn(days)
    else:
        expected, origin = None, "assumed"
    return Rhythm(
        name, platform, tuple(days), active.get((name, platform)), expected, origin
    )


def describe_source(
    found: Rhythm, yesterday: date, read_on: date | None
) -> dict[str, Any]:
    """What a source gave and whether it is late, as plain data.

    Args:
        found: its rhythm, without days to come.
        yesterday: by the clock.
        read_on: the day on which a run read it last, to its end.
    """
    since = found.late_since(yesterday)
    late = found.tell_late(yesterday)
    if late and since and (read_on is None or read_on <= since):
        # It may have given something by now, and nobody has looked.
        when = f"since {read_on}" if read_on else "to its end here"
        late += f"; no run has read it {when}: start `daily`"
    return {
        "source": found.source,
        "platform": found.platform,
        "last_record_day": _iso(found.last_record_day),
        "data_up_to_day": _iso(found.last_activity_day),
        "record_days": len(found.days),
        "expected_every_days": found.expected_every_days,
        "rhythm_origin": found.origin,
        "due_day": _iso(found.due_day),
        "late_since_day": _iso(since),
        "late_days": (yesterday - since).days + 1 if since else 0,
        "is_late": late is not None,
        "gaps": [
            {"from_day": begin.isoformat(), "to_day": end.isoformat()}
            for begin, end in found.gaps(found.days[0], yesterday)
        ]
        if found.days
        else [],
        "says": late or "on time",
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def tell_silence(found: Sequence[Rhythm], first: date, last: date) -> list[str]:
    """Sentences on days without a record, of each source and of all together.

    Args:
        found: the sources.
        first: first day that is looked at.
        last: last day that is looked at.
    """
    asked = (last - first).days + 1
    lines = []
    for one in found:
        if not one.days and one.expected_every_days != 0:
            lines.append(f"{one.tell_late(last)}: look at it in workspace.toml")
        gaps = one.gaps(first, last)
        if gaps:
            lines.append(
                f"source {one.source} ({one.platform}) gave nothing on"
                f" {_count(gaps):,} of {asked:,} days: {_tell(gaps)}; its last record"
                f" is of {one.last_record_day}, {one.tell_expected()}"
            )
    silent = _silent({day for one in found for day in one.days}, first, last)
    if silent and len(found) > 1:
        lines.append(
            f"no source gave anything on {_count(silent):,} of {asked:,} days:"
            f" {_tell(silent)}; these days are not final"
        )
    return lines


_Ranges = list[tuple[date, date]]


def _silent(given: set[date], first: date, last: date) -> _Ranges:
    """Ranges of days, both inclusive, that are not among those given."""
    ranges: _Ranges = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day in given:
            continue
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1] = ranges[-1][0], day
        else:
            ranges.append((day, day))
    return ranges


def _count(ranges: _Ranges) -> int:
    return sum((end - begin).days + 1 for begin, end in ranges)


def _tell(ranges: _Ranges, most: int = 3) -> str:
    shown = [
        f"{begin}" if begin == end else f"{begin} to {end}"
        for begin, end in ranges[:most]
    ]
    rest = len(ranges) - len(shown)
    return ", ".join(shown) + (f" and {rest:,} times more" if rest else "")
