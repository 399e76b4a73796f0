"""Accounts are told so coarsely that none stands out."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.accounts.coarsening import (
    JUDGED,
    PROFILE,
    SHOWN,
    STEPS,
    coarsen,
    number_lists,
)


@pytest.mark.parametrize("seed", range(12))
def test_who_is_told_is_told_with_enough_others(seed: int) -> None:
    """As the rule says it, one set after another; sets are of all sizes."""
    random = np.random.default_rng(seed)
    accounts, fewest = int(random.integers(1, 80)), int(random.integers(1, 6))
    parts = {
        part: random.integers(0, int(random.integers(1, 4)), accounts)
        for part in (*SHOWN, *JUDGED)
    }
    network = np.sort(random.integers(0, 2, accounts))
    is_doubtful = parts["level"] > 0
    is_public = random.random(accounts) < 0.1
    found = coarsen(network, parts, is_doubtful, is_public, fewest)

    expected: dict[int, tuple[int, object]] = {}
    sizes: dict[int, int] = {}
    waiting = [one for one in range(accounts) if not is_public[one]]
    for step, told in enumerate(STEPS):

        def show(one: int, names: tuple[str, ...], told: frozenset[str]) -> object:
            return network[one], tuple(parts[n][one] for n in names if n in told)

        sets: dict[object, list[int]] = {}
        seen: dict[object, list[int]] = {}
        for one in waiting:
            sets.setdefault(show(one, (*SHOWN, *JUDGED), told), []).append(one)
            seen.setdefault(show(one, SHOWN, told), []).append(one)
        if step == 0:
            for one in np.flatnonzero(is_public).tolist():
                expected[one] = 0, show(one, (*SHOWN, *JUDGED), told)
        for row, members in sets.items():
            same = seen[show(members[0], SHOWN, told)]
            doubtful = sum(bool(is_doubtful[one]) for one in same)
            if len(members) >= fewest and (
                not is_doubtful[members[0]]
                or told.isdisjoint(PROFILE)
                or fewest * doubtful <= (fewest - 1) * len(same)
            ):
                expected |= {one: (step, row) for one in members}
                sizes |= dict.fromkeys(members, len(members))
        waiting = [one for one in waiting if one not in expected]
    for one in sorted({int(network[left]) for left in waiting}):
        others = [n for n in sizes if network[n] == one]
        if others:
            first = min(others, key=lambda n: (sizes[n], -expected[n][0], n))
            joined = [n for n in others if expected[n] == expected[first]]
            joined += [n for n in waiting if network[n] == one]
            expected |= {n: (len(STEPS) - 1, ("joined", one)) for n in joined}

    assert found["detail"].to_list() == [
        expected[one][0] if one in expected else None for one in range(accounts)
    ]
    rows = found["told_row"].to_list()
    pairs = {(rows[one], told) for one, told in expected.items()}
    assert len(pairs) == len({row for row, _ in pairs}) == len({t for _, t in pairs})


def test_lists_have_one_number_where_they_hold_the_same() -> None:
    # 0 and 3 have the same in another order; 1 has the beginning of theirs; 4 nothing
    owner = np.array([0, 3, 1, 0, 3, 2])
    item = np.array([5, 7, 5, 7, 5, 7])
    zero, one, two, three, four = number_lists(owner, item, 5).tolist()
    assert zero == three and four == 0
    assert len({zero, one, two, four}) == 4
