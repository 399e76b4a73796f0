"""Measures of one repost tree by brute force, with plain dictionaries.

A tree is a root and a list of (node, parent). Repairs, in this order: a node
that is the root or was seen before is dropped; a parent that is absent or
unknown becomes the root; every cycle is cut by attaching its earliest member,
by (time, id), to the root.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

Edge = tuple[str, str | None]


@dataclass(frozen=True)
class Cascade:
    """Measures of one tree.

    Attributes:
        size: Nodes without the root.
        depth: Greatest distance from the root; 0 for the root alone.
        max_breadth: Most nodes on one level below the root; 0 for the root
            alone.
        levels: Nodes per level; position 0 is the root, so always 1.
        structural_virality: Mean distance over all pairs of nodes, root
            included; 0 for the root alone.
        half_life_minutes: Minutes from the post to the first moment by which
            half of the reposts had happened; None when there is no such
            moment or no times were given.
    """

    size: int
    depth: int
    max_breadth: int
    levels: tuple[int, ...]
    structural_virality: float
    half_life_minutes: float | None


def _rank(node: str, times: Mapping[str, datetime]) -> tuple[bool, float, int, str]:
    """Return the sort key (time, id); undated last, numeric ids as numbers."""
    when = times.get(node)
    stamp = 0.0 if when is None else when.timestamp()
    return when is None, stamp, int(node) if node.isdecimal() else 0, node


def repaired(
    root: str, edges: Iterable[Edge], times: Mapping[str, datetime] | None = None
) -> dict[str, str]:
    """Return the parent of every node as one tree under the root.

    Args:
        root: Id of the root.
        edges: Pairs (node, parent); a parent may be None or unknown.
        times: Time of each node, to choose where a cycle is cut.

    Returns:
        The parent by node, without the root.
    """
    given: dict[str, str | None] = {}
    for node, parent in edges:
        if node != root:
            given.setdefault(node, parent)
    tree: dict[str, str] = {
        node: parent if parent is not None and parent in given else root
        for node, parent in given.items()
    }
    for start in given:
        path: list[str] = []
        node = start
        while node != root and node not in path:
            path.append(node)
            node = tree[node]
        if node != root:
            members = path[path.index(node) :]
            first = min(members, key=lambda n: _rank(n, times or {}))
            tree[first] = root
    return tree


def _distances(start: str, near: Mapping[str, list[str]]) -> dict[str, int]:
    """Return the distance of every reachable node from one, breadth first."""
    seen = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for other in near[node]:
            if other not in seen:
                seen[other] = seen[node] + 1
                waiting.append(other)
    return seen


def half_life(
    posted: datetime, nodes: Iterable[str], times: Mapping[str, datetime]
) -> float | None:
    """Return the minutes until half of the nodes had happened.

    This is the smallest t with count(time <= t) >= size / 2, where size counts
    the undated nodes too.

    Args:
        posted: Time of the root.
        nodes: The nodes without the root.
        times: Time of each node; some may be absent.

    Returns:
        The minutes, or None without nodes or with too few dated ones.
    """
    every = list(nodes)
    dated = sorted(times[node] for node in every if node in times)
    for moment in dated:
        if 2 * sum(other <= moment for other in dated) >= len(every):
            return (moment - posted).total_seconds() / 60
    return None


def measure(
    root: str,
    edges: Iterable[Edge],
    times: Mapping[str, datetime] | None = None,
    posted: datetime | None = None,
) -> Cascade:
    """Measure one tree.

    Args:
        root: Id of the root.
        edges: Pairs (node, parent); a parent may be None or unknown.
        times: Time of each node.
        posted: Time of the root; ``times[root]`` when left out.

    Returns:
        The measures.
    """
    known = times or {}
    tree = repaired(root, edges, known)
    near: dict[str, list[str]] = {node: [] for node in (root, *tree)}
    for node, parent in tree.items():
        near[node].append(parent)
        near[parent].append(node)

    level = _distances(root, near)
    depth = max(level.values())
    levels = tuple(
        sum(value == i for value in level.values()) for i in range(depth + 1)
    )
    total = sum(sum(_distances(node, near).values()) for node in near)
    count = len(near)
    start = posted if posted is not None else known.get(root)
    return Cascade(
        size=len(tree),
        depth=depth,
        max_breadth=max(levels[1:], default=0),
        levels=levels,
        structural_virality=total / (count * (count - 1)) if count > 1 else 0.0,
        half_life_minutes=half_life(start, tree, known) if start else None,
    )
