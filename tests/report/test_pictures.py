"""Pictures: what is left out stands as a number, and nothing hangs in the air."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from tasks.report import charts
from tasks.report.charts import (
    DayCount,
    build_timeline,
    draw_timeline,
    drawing_again,
)
from tasks.report.languages import speaking
from tasks.report.pictures import (
    MOST_DOTS,
    Branch,
    choose_branches,
    draw_cascade,
    draw_groups,
    draw_levels,
)

CASCADE = [
    Branch("A", None, "post", 30, "A"),
    Branch("A1", "A", "genuine", 12, "#1"),
    Branch("A2", "A1", "phantom", 5, "#2"),
    Branch("A3", "A2", "suspected", 2),
    Branch("A4", "A", "many", 3),
    Branch("B", None, "post", 4, "B"),
]


def labels(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def test_the_largest_are_chosen_with_those_above_them() -> None:
    for most in range(1, len(CASCADE) + 1):
        chosen = choose_branches(reversed(CASCADE), most)
        keys = {one.key for one in chosen}
        assert len(chosen) == most
        assert all(one.above is None or one.above in keys for one in chosen)
    assert [one.key for one in choose_branches(CASCADE, 4)] == ["A", "B", "A1", "A2"]


def test_what_is_not_drawn_stands_as_counts() -> None:
    """Each repost once: as a mark, or in the number of others beside one."""
    whole = draw_cascade(CASCADE, 'a "label" & <b>', 420)
    assert 'aria-label="a &#34;label&#34; &amp; &lt;b&gt;"' in whole
    assert whole == draw_cascade(list(reversed(CASCADE)), 'a "label" & <b>', 420)
    for chosen in (CASCADE, choose_branches(CASCADE, 3)):
        told = labels(draw_cascade(chosen, "", 420))
        drawn = sum(one.above is not None for one in chosen)
        others = sum(int(label) for label in told if label.isdecimal())
        assert drawn + others == 34, told
    # A shape and a colour for each level.
    assert len(set(re.findall(r'fill="(#\w{6})"', whole))) >= 4
    assert labels(draw_levels([("A", [10, 2])], "", 420)) == ["A", "10", "2"]


def test_a_group_is_so_many_dots() -> None:
    groups = [
        {"size": 5, "phantom_accounts": 2},
        {"size": 1000, "phantom_accounts": 100},
    ]
    svg = draw_groups(groups, "", 420)
    colours = re.findall(r'<path[^>]*fill="(#\w{6})"', svg)
    assert colours.count("#b84a00") == 2 + MOST_DOTS / 10
    assert len(colours) == 5 + MOST_DOTS
    assert labels(svg) == ["1", "2"]


def drawn_timeline(counts: Sequence[int], width: int, language: str = "en") -> str:
    first = date(2026, 3, 1)
    days = [DayCount(first + timedelta(n), count, 0) for n, count in enumerate(counts)]
    timeline = build_timeline(days, (first, days[-1].day))
    assert timeline
    with speaking(language):
        return draw_timeline(timeline, "", width)


def test_days_stand_in_the_language_of_the_page() -> None:
    """In the same places: the picture itself is drawn once."""
    english, chinese = (drawn_timeline(range(9), 330, one) for one in ("en", "zh"))
    days = [label for label in labels(english) if "Mar" in label]
    assert days[0] == "1 Mar"
    assert [f"3月{day.split()[0]}日" for day in days] == [
        label for label in labels(chinese) if "月" in label
    ]
    assert re.sub(r">\d+ Mar<", "><", english) == re.sub(r">3月\d+日<", "><", chinese)
    # Two widths, and bars without any height.
    assert 'viewBox="0 0 338 228"' in english
    assert 'viewBox="0 0 668 228"' in drawn_timeline([0] * 3, 660)


@pytest.mark.parametrize("seed", range(8))
def test_pictures_of_before_are_those_of_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was drawn before, lost or broken: the same pictures, each drawn once."""
    chance = random.Random(seed)
    asked: list[str] = []

    def draw(told: str) -> str:
        asked.append(told)
        return f'<svg viewBox="0 0 1 1">{hash(told)}</svg>'

    monkeypatch.setattr(charts, "_draw", draw)
    before: Path | None = None
    there: set[str] = set()
    for number in range(6):
        page = [
            (chance.choice([330, 660]), [chance.randrange(3) for _ in range(2)])
            for _ in range(chance.randrange(1, 9))
        ]
        alone = [drawn_timeline(counts, width) for width, counts in page]
        wanted = set(asked)
        asked.clear()
        with drawing_again(before, tmp_path / f"{number}.json"):
            again = [drawn_timeline(counts, width) for width, counts in page * 2]
        assert again == alone * 2
        assert sorted(asked) == sorted(wanted - there)
        asked.clear()
        before, there = tmp_path / f"{number}.json", wanted
        assert before.stat().st_mode & 0o777 == 0o600
        match chance.randrange(5):
            case 0:
                before.unlink()
                there = set()
            case 1:
                content = bytearray(before.read_bytes())
                content[chance.randrange(len(content))] ^= 1
                before.write_bytes(content)
                there = set()
            case 2:
                code = f"code of {number}"
                monkeypatch.setattr(charts, "own_digest", lambda _, code=code: code)
                there = set()
