"""Repost cascades: levels and subtree sizes of every tree at once.

All trees stand in one pair of arrays, so that a million reposts in thousands of
trees cost a few passes over memory. Cost: linear in nodes, plus one small step
per level of the deepest tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trees:
    """What is known of each node after a walk.

    Attributes:
        parent: the parent used; -1 for a root. Where the given edges ran in a
            circle, its earliest node hangs on the root.
        level: distance from the root, which has 0.
        subtree_size: the node and all below it.
    """

    parent: Indexes
    level: Indexes
    subtree_size: Indexes


def sum_subtrees(trees: Trees, weight: Indexes) -> Indexes:
    """The sum of a weight over each node and all below it.

    Args:
        trees: a forest that was walked.
        weight: a whole number for each node.
    """
    total = weight.astype(np.int64)
    # From the deepest level up; a stable sort makes each level one slice.
    order = np.argsort(trees.level, kind="stable")
    bounds = np.searchsorted(
        trees.level[order], np.arange(trees.level.max(initial=0) + 2)
    )
    for depth in range(len(bounds) - 2, 0, -1):
        nodes = order[bounds[depth] : bounds[depth + 1]]
        np.add.at(total, trees.parent[nodes], total[nodes])
    return total


def below_own(trees: Trees, owner: Indexes) -> npt.NDArray[np.bool_]:
    """Which nodes stand below another node of the same owner.

    Only owners with several nodes in a forest are followed up, so that the cost is
    linear in nodes plus, for theirs, their level.

    Args:
        trees: a forest that was walked.
        owner: whose a node is; below zero where that is unknown.
    """
    nested = np.zeros(len(owner), dtype=np.bool_)
    known = np.maximum(owner, 0)
    several = np.bincount(known, minlength=1)[known] > 1
    node = np.flatnonzero((owner >= 0) & several & (trees.level > 1))
    above = trees.parent[node]
    while len(node):
        found = owner[above] == owner[node]
        nested[node[found]] = True
        going = ~found & (trees.level[above] > 1)
        node, above = node[going], trees.parent[above[going]]
    return nested


def walk_trees(parent: Indexes, root: Indexes) -> Trees:
    """Measure a forest.

    Args:
        parent: index of each node's parent, -1 for a root; nodes of a tree
            stand in order of time, so that a cycle's first node is its earliest.
        root: index of each node's root; a root points at itself.

    Returns:
        Levels and subtree sizes, in the order of the nodes.
    """
    parent = _cut_cycles(parent, root)
    level = _levels(parent)
    ones = np.ones(len(parent), dtype=np.int64)
    return Trees(parent, level, sum_subtrees(Trees(parent, level, ones), ones))


def _cut_cycles(parent: Indexes, root: Indexes) -> Indexes:
    """Hang the earliest node of each cycle on its root.

    Pointer doubling: after enough jumps a node stands on its root or on a
    cycle; the nodes that jumps end on are exactly the cycles' nodes.
    """
    parent = parent.copy()
    own = np.flatnonzero(parent == np.arange(len(parent)))
    parent[own] = root[own]
    parent[root] = -1
    jump = np.where(parent < 0, np.arange(len(parent)), parent)
    lowest = np.minimum(np.arange(len(parent)), jump)
    for _ in range(max(1, int(np.ceil(np.log2(len(parent) + 1))))):
        lowest = np.minimum(lowest, lowest[jump])
        jump = jump[jump]
    ends = np.unique(jump)
    on_cycle = ends[parent[ends] >= 0]
    # `lowest` of a node on a cycle is the smallest index on it.
    first = np.unique(lowest[on_cycle])
    parent[first] = root[first]
    return parent


def _levels(parent: Indexes) -> Indexes:
    jump = np.where(parent < 0, np.arange(len(parent)), parent)
    level = (parent >= 0).astype(np.int64)
    while True:
        step = level[jump]
        if not step.any():
            return level
        level = level + step
        jump = jump[jump]
