"""Pictures: what is left out stands as a number, and nothing hangs in the air."""

from __future__ import annotations

import re

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
