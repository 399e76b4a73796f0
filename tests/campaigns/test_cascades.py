"""Forests measured at once equal trees measured by brute force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.campaigns.cascades import Trees, walk_trees
from tests.oracles.cascades import measure, repaired

START = datetime(2026, 3, 1, tzinfo=UTC)
Forest = list[list[int]]


@st.composite
def forests(draw: st.DrawFn) -> Forest:
    """Trees as lists: a parent per node, -1 is the root; cycles are allowed."""
    return [
        draw(st.lists(st.integers(-1, size - 1), min_size=size, max_size=size))
        for size in draw(st.lists(st.integers(0, 12), min_size=0, max_size=5))
    ]


def walk(forest: Forest) -> tuple[Trees, list[int]]:
    """Walk a forest; also give the first index of each tree's nodes."""
    count = len(forest)
    parent, root, offsets = [-1] * count, list(range(count)), []
    for tree, parents in enumerate(forest):
        offset = len(parent)
        offsets.append(offset)
        parent += [tree if place < 0 else offset + place for place in parents]
        root += [tree] * len(parents)
    walked = walk_trees(np.array(parent, np.int64), np.array(root, np.int64))
    return walked, offsets


@settings(max_examples=400)
@given(forest=forests())
@example([])
@example([[]])
@example([[0]])  # a node that names itself
@example([[1, 0]])  # two that name each other
@example([[1, 2, 3, 0], [-1, 0]])  # a cycle beside a chain
@example([[3, 2, 1, 4, 5, 3]])  # tails that lead into cycles
def test_forests_equal_the_oracle(forest: Forest) -> None:
    walked, offsets = walk(forest)
    for tree, parents in enumerate(forest):
        edges = [
            (str(node), None if parent < 0 else str(parent))
            for node, parent in enumerate(parents)
        ]
        times = {
            str(node): START + timedelta(minutes=node) for node in range(len(parents))
        }
        expected = measure("root", edges, times, START)
        tied = repaired("root", edges, times)
        own = slice(offsets[tree], offsets[tree] + len(parents))
        levels = walked.level[own]
        assert [int((levels == n).sum()) for n in range(1, expected.depth + 1)] == list(
            expected.levels[1:]
        )
        # The same tree, not just one of the same shape.
        assert [
            "root" if parent == tree else str(parent - offsets[tree])
            for parent in walked.parent[own].tolist()
        ] == [tied[str(node)] for node in range(len(parents))]
        assert walked.subtree_size[tree] == len(parents) + 1
        size = len(parents) + 1
        distances = sum(
            int(below) * (size - int(below)) for below in walked.subtree_size[own]
        )
        virality = 2 * distances / (size * (size - 1)) if size > 1 else 0
        assert abs(virality - expected.structural_virality) < 1e-9
    assert (walked.level[: len(forest)] == 0).all()
    assert (walked.parent[: len(forest)] == -1).all()


def test_long_chain_is_walked_in_few_steps() -> None:
    """A hundred thousand levels: no recursion, no step per level of width one."""
    length = 100_000
    walked, _ = walk([[place - 1 for place in range(length)]])
    assert walked.level.max() == length
    assert walked.subtree_size[0] == length + 1
