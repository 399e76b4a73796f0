"""Charts: bars are as high as their counts, beside round numbers, in the picture."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tasks.report.charts import (
    HEIGHT,
    MOST_LINES,
    DayCount,
    build_timeline,
    draw_timeline,
    scale_counts,
)
from tasks.report.languages import speaking

FIRST = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("most", "scale"),
    [
        (0, (1, 1)),
        (1, (1, 1)),
        (5, (5, 1)),
        # Half a repost stands nowhere.
        (6, (6, 2)),
        (7, (8, 2)),
        (99, (100, 20)),
        (101, (150, 50)),
        (5_001, (6_000, 2_000)),
        (999_999_999, (1_000_000_000, 200_000_000)),
    ],
)
def test_an_axis_has_round_numbers(most: int, scale: tuple[int, int]) -> None:
    assert scale_counts(most) == scale


def test_an_axis_reaches_what_it_shows_in_a_few_lines() -> None:
    for most in range(1, 5_000):
        top, step = scale_counts(most)
        assert most <= top < most + step
        assert top % step == 0
        assert top // step <= MOST_LINES


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("days", [1, 14, 31, 92])
@pytest.mark.parametrize("width", [330, 660])
def test_bars_are_as_high_as_their_counts(width: int, days: int, language: str) -> None:
    """In their order, none over the other, all within the picture."""
    counts = [(7_919 * day) % 5_000 for day in range(days)]
    timeline = build_timeline(
        [
            DayCount(FIRST + timedelta(days=day), count, None if day == 3 else count)
            for day, count in enumerate(counts)
        ],
        (FIRST, FIRST + timedelta(days=days - 1)),
    )
    assert timeline is not None
    with speaking(language):
        svg = draw_timeline(timeline, "what it says", width)
    across, down = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', svg)[0])
    assert (across, down) == (width + 8, HEIGHT)
    raw, genuine = re.findall(r'<path fill="#\w{6}" d="([^"]*)"', svg)
    bars = [
        [float(part) for part in bar]
        for bar in re.findall(r"M([\d.]+),([\d.]+)v([-\d.]+)h([\d.]+)v[\d.]+Z", raw)
    ]
    assert len(bars) == sum(count > 0 for count in counts)
    # What is unknown is no zero, and neither has a bar.
    unknown = days > 3
    assert genuine.count("M") == len(bars) - unknown
    per_count = -min(bar[2] for bar in bars) / max(counts) if bars else 0
    for (x, y, high, wide), count in zip(bars, filter(None, counts), strict=True):
        assert -high == pytest.approx(per_count * count, abs=0.01)
        assert 0 < y + high < y < down
        assert 0 < x < x + wide < across
    edges = [edge for x, _, _, wide in bars for edge in (x, x + wide)]
    assert edges == sorted(edges)
    assert ">5,000<" in svg or days == 1
