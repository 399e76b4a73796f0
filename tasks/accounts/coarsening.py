"""What may be told of accounts so that nobody finds one by what the platform shows.

Step by step less is told: at each step those are told of whom `fewest` or more are
alike, the others wait for the next one. While a profile says something, no more than
all but one in `fewest` of those who show the same are doubtful: else who knows the
profile would know the level. So rows are k-anonymous (Sweeney, IJUFKS 10, 2002), and
levels diverse in them (Machanavajjhala et al., TKDD 1, 2007). The order of the steps is
fixed: nobody's choice is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

# Parts of what is told: where and what an account is by its profile and its acts, and
# what this project says of it. Those that are told longest come first, so that what
# they have in common is numbered once.
PROFILE = (
    *("influence", "verified", "acts", "year"),
    *("activity", "months", "place", "made"),
)
SHOWN = ("campaigns", *PROFILE)
JUDGED = ("level", "groups", "signs")
# What is told at each step.
STEPS = tuple(
    frozenset(told.split())
    for told in (
        "level groups signs campaigns influence verified acts year activity months"
        " place made",
        "level groups signs campaigns influence verified acts year activity months"
        " place",
        "level groups signs campaigns influence verified acts year activity months",
        "level groups signs campaigns influence verified acts year",
        "level groups signs campaigns influence verified acts",
        "level groups signs campaigns influence verified",
        "level groups campaigns influence verified",
        "level groups campaigns influence",
        "level groups campaigns",
        "level groups influence verified year",
        "level groups influence",
        "level groups",
        "level",
        "",
    )
)


def coarsen(
    network: Numbers,
    parts: Mapping[str, Numbers],
    is_doubtful: NDArray[np.bool_],
    is_public: NDArray[np.bool_],
    fewest: int,
) -> pl.DataFrame:
    """How much is told of each account.

    Args:
        network: number of its network; accounts stand in the order that breaks ties.
        parts: numbers of what could be told, by its name in `SHOWN` and `JUDGED`: equal
            numbers, equal values.
        is_doubtful: whether its level is another one than genuine.
        is_public: whether it is nobody's private matter: all is told, and it hides
            nobody.
        fewest: accounts that a row must have.

    Returns:
        A row per account in the order given: `detail`, the step in `STEPS` at which it
        is told, and `told_row`, equal for accounts that are told alike; null for those
        of a network of too few. Fewer than `fewest` that nothing is told of would be
        alone: the smallest set of their network's others joins them.
        Cost: some thirty passes over the accounts.
    """
    alike = _alike(network, parts)
    detail = np.full(len(network), -1)
    row = np.full(len(network), -1)
    size = np.zeros(len(network), dtype=np.int64)
    waiting = np.flatnonzero(~is_public)
    last_row = 0
    for step, told in enumerate(STEPS):
        seen = alike(tuple(part for part in SHOWN if part in told))
        judged = alike(tuple(part for part in JUDGED if part in told))
        rows = _together(seen, judged)
        if step == 0:
            detail[is_public], row[is_public] = 0, rows[is_public]
        sizes = np.bincount(rows[waiting])[rows[waiting]]
        is_told = sizes >= fewest
        if not told.isdisjoint(PROFILE):
            showing = seen[waiting]
            doubtful = np.bincount(showing, is_doubtful[waiting]).astype(np.int64)
            is_open = fewest * doubtful <= (fewest - 1) * np.bincount(showing)
            is_told &= ~is_doubtful[waiting] | is_open[showing]
        hit = waiting[is_told]
        detail[hit], row[hit], size[hit] = step, rows[hit] + last_row, sizes[is_told]
        last_row += int(rows.max(initial=0)) + 1
        waiting = waiting[~is_told]
    for one in np.unique(network[waiting]):
        others = np.flatnonzero((network == one) & (detail >= 0) & ~is_public)
        if len(others):
            first = others[np.lexsort((others, -detail[others], size[others]))[0]]
            joined = (row == row[first]) & ~is_public
            joined[waiting[network[waiting] == one]] = True
            detail[joined], row[joined] = len(STEPS) - 1, last_row
            last_row += 1
    return pl.DataFrame({"detail": detail, "told_row": row}).with_columns(
        pl.when(pl.col(name) >= 0).then(name).alias(name)
        for name in ("detail", "told_row")
    )


def _alike(
    network: Numbers, parts: Mapping[str, Numbers]
) -> Callable[[tuple[str, ...]], Numbers]:
    """Numbers of accounts by network and some parts: equal numbers, all are equal."""
    found: dict[tuple[str, ...], Numbers] = {(): network}

    def alike(names: tuple[str, ...]) -> Numbers:
        if names not in found:
            found[names] = _together(alike(names[:-1]), parts[names[-1]])
        return found[names]

    return alike


def number(values: pa.ChunkedArray | Numbers) -> Numbers:
    """Values by number, from 0: equal numbers, equal values; null is a value, too."""
    # A hash of each value: several times as fast as numpy's sorting.
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    found = pa.array(values).dictionary_encode(null_encoding="encode").indices
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _together(one: Numbers, other: Numbers) -> Numbers:
    """Numbers of pairs: equal where both are."""
    return number(one * (int(other.max(initial=0)) + 1) + other)


def number_lists(owner: Numbers, item: Numbers, owners: int) -> Numbers:
    """Numbers of what each owner has: equal where they have the same; 0 for nothing.

    Args:
        owner: number of the owner of each item, below `owners`.
        item: number of each item; no owner has one twice.
        owners: how many there are.
    """
    found = np.zeros(owners, dtype=np.int64)
    order = np.argsort(owner * (int(item.max(initial=0)) + 1) + item)
    owner, item = owner[order], item[order]
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.arange(len(owner)) - np.repeat(
        begins, np.diff(begins, append=len(owner))
    )
    # A list is the list of all but its last item, and that one; longer lists have
    # numbers of their own.
    by_place = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place)) if len(place) else np.zeros(0, dtype=np.int64)
    first, kinds = 0, int(item.max(initial=0)) + 1
    last = 0
    for end in ends:
        rows = by_place[first:end]
        numbers = number(found[owner[rows]] * kinds + item[rows])
        found[owner[rows]] = numbers + last + 1
        last += int(numbers.max(initial=0)) + 1
        first = end
    return found
