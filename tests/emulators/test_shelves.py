"""Lists that grow and lose rows while pages are read."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.shelves import Shelf


def shelf_of(seconds: list[int]) -> Shelf:
    """One list with a row at each second, ids in steps of ten."""
    return Shelf(
        pl.DataFrame(
            {
                "list": ["a"] * len(seconds) + ["b"],
                "key": [str(10 * (n + 1)) for n in range(len(seconds))] + ["5"],
                "at": [
                    datetime.fromtimestamp(second, UTC)
                    for second in [*sorted(seconds), 0]
                ],
            },
            schema={
                "list": pl.String,
                "key": pl.String,
                "at": pl.Datetime("us", "UTC"),
            },
        ),
        "list",
        "key",
        "at",
    )


def walk(shelf: Shelf, now: float, count: int) -> list[int]:
    """Ids, newest first, page by page below the last id, until a page is empty."""
    found: list[int] = []
    while True:
        start, end = shelf.span("a", now)
        if found:
            end = shelf.newer_than(start, end, found[-1] - 1)
        places = shelf.page(start, end, count)
        if not places:
            return found
        assert len(places) <= count
        found += [int(shelf.ids[place]) for place in places]


@given(
    seconds=st.lists(st.integers(0, 50), min_size=1, max_size=40),
    absent=st.sets(st.integers(0, 39)),
    gaps=st.sampled_from([0.0, 0.3, 0.9]),
    now=st.integers(0, 60),
    count=st.integers(1, 7),
    seed=st.integers(0, 9),
)
def test_pages_give_each_row_once_whatever_lacks(
    seconds: list[int], absent: set[int], gaps: float, now: int, count: int, seed: int
) -> None:
    shelf = shelf_of(seconds)
    shelf.leave_gaps(gaps, np.random.default_rng(seed))
    gone = {10 * (n + 1) for n in absent if n < len(seconds)}
    for key in gone:
        shelf.absent.add(shelf.place[key])
    wanted = [
        10 * (n + 1)
        for n, second in enumerate(sorted(seconds))
        if second <= now and 10 * (n + 1) not in gone
    ]
    assert walk(shelf, now, count) == wanted[::-1]
    start, end = shelf.span("a", now)
    pages = [
        int(shelf.ids[place])
        for number in range(1, 3 * len(seconds) + 2)
        for place in shelf.page(start, end, count, number)
    ]
    # Pages by number may be empty in the middle; a first one never is.
    assert sorted(set(pages)) == wanted


def test_a_list_that_nobody_knows_is_empty() -> None:
    shelf = shelf_of([1, 2])
    assert shelf.span("c", 9) == (0, 0)
    assert shelf.page(0, 0, 5) == []
    assert shelf.count("a", 9, {shelf.place[10]}) == 1
