"""Coordination by the rules of two reference tools, in plain loops.

CooRTweet 2.1.3 (`detect_groups`, `generate_coordinated_network`) and the undirected
edges of coordination-network-toolkit 1.5.2. Quadratic in each object's shares.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

Share = tuple[str, str, str, int]
Edge = tuple[str, str]


def coortweet(
    shares: Sequence[Share], time_window: int, min_participation: int
) -> dict[Edge, tuple[int, int]]:
    """Weight and summed time differences of each edge."""
    rows = Counter(account for _, account, _, _ in shares)
    kept = [share for share in shares if rows[share[1]] >= min_participation]
    by_object: dict[str, list[Share]] = defaultdict(list)
    for share in kept:
        by_object[share[0]].append(share)
    pairs: list[tuple[Share, Share]] = []
    for name, members in by_object.items():
        for one, other in combinations(members, 2):
            if abs(one[3] - other[3]) > time_window:
                continue
            if name in (one[2], other[2]) or one[2] == other[2] or one[1] == other[1]:
                continue
            pairs.append((one, other))
    contents = {share[2] for pair in pairs for share in pair}
    rows = Counter(account for _, account, content, _ in kept if content in contents)
    surviving = {
        content for _, account, content, _ in kept if rows[account] >= min_participation
    } & contents
    edges: dict[Edge, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one, other in pairs:
        if one[2] in surviving or other[2] in surviving:
            edge = (min(one[1], other[1]), max(one[1], other[1]))
            weight, total = edges[edge]
            edges[edge] = (weight + 1, total + abs(one[3] - other[3]))
    return dict(edges)


def toolkit(shares: Sequence[Share], time_window: int) -> set[Edge]:
    """Undirected edges of weight one or more; the first row of a content id wins."""
    seen: set[str] = set()
    by_object: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        if share[2] not in seen:
            seen.add(share[2])
            by_object[share[0]].append(share)
    return {
        (min(one[1], other[1]), max(one[1], other[1]))
        for members in by_object.values()
        for one, other in combinations(members, 2)
        if abs(one[3] - other[3]) <= time_window and one[1] != other[1]
    }
