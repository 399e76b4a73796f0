"""Pictures of who is connected: the cascade of a campaign, its groups of accounts.

Drawn by Vega as static SVG like the charts; where things stand is computed here and by
igraph. A picture holds numbers and letters only, so that its bytes don't follow the
host's fonts; what these stand for is told beside it. A level has a shape and a colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import igraph
from markupsafe import Markup

from tasks.report.charts import FONT, GENUINE, INK, RAW, draw_svg, inline

SUSPECTED = "#e69f00"
PHANTOM = "#b84a00"
# Of whom nothing is said stand circles without a verdict's colour.
SHAPES = {
    "genuine": ("circle", GENUINE),
    "suspected": ("square", SUSPECTED),
    "phantom": ("triangle-up", PHANTOM),
    "many": ("circle", RAW),
    "post": ("diamond", INK),
}
# More can't be told apart: the rest stands as counts.
MOST_BRANCHES = 24
PICTURE_WIDTH = 420
MOST_DOTS = 60
# The smallest and the largest mark, in square pixels.
_SMALLEST, _LARGEST = 30, 420
# Between rows of a tree, and around it, in pixels.
_ROW, _MARGIN = 22, 24
# A circle's points at equal distances from each other, whatever their number.
_GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True)
class Mark:
    """Something to draw.

    Attributes:
        x, y: where, in pixels.
        kind: one of `SHAPES`.
        size: of the mark in square pixels.
        label: a number or letter beside it; empty for none.
    """

    x: float
    y: float
    kind: str
    size: float
    label: str = ""


@dataclass(frozen=True)
class Branch:
    """A repost that was reposted on, or a post.

    Attributes:
        key: of it among all branches that are given.
        above: the branch that it hangs on; None for a post.
        kind: one of `SHAPES`.
        reposts: all below it.
        label: a number or letter; empty for none.
    """

    key: str
    above: str | None
    kind: str
    reposts: int
    label: str = ""


@dataclass
class _Tree:
    names: list[str] = field(default_factory=list)
    marks: list[tuple[str, float, str]] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, kind: str, size: float, label: str, above: int | None) -> int:
        self.marks.append((kind, size, label))
        if above is not None:
            self.edges.append((above, len(self.marks) - 1))
        return len(self.marks) - 1


def choose_branches(branches: Iterable[Branch], most: int) -> list[Branch]:
    """The posts in their order, then the branches with most below them.

    What hangs on a branch has less below it, so none is chosen without those above it.
    """
    return sorted(
        branches,
        key=lambda one: (
            (False, 0, one.key) if one.above is None else (True, -one.reposts, one.key)
        ),
    )[:most]


def draw_cascade(branches: Sequence[Branch], label: str, width: int) -> Markup:
    """Draw posts, who was reposted on below them, and how many others reposted.

    Args:
        branches: as many as are to be drawn, each with those above it.
        label: what a screen reader says instead of the picture.
        width: in pixels.
    """
    most = max((one.reposts for one in branches), default=1)
    tree = _Tree()
    places: dict[str, int] = {}
    shown: dict[str, int] = {}
    root = tree.add("post", 0, "", None)
    # By depth: those above stand before those below.
    ordered = choose_branches(branches, len(branches))
    for one in ordered:
        above = root if one.above is None else places[one.above]
        places[one.key] = tree.add(one.kind, _area(one.reposts, most), one.label, above)
        if one.above is not None:
            shown[one.above] = shown.get(one.above, 0) + one.reposts + 1
    for one in ordered:
        rest = one.reposts - shown.get(one.key, 0)
        if rest > 0:
            tree.add("many", _area(rest, most), str(rest), places[one.key])
    return _draw_tree(tree, label, width)


def draw_levels(
    posts: Sequence[tuple[str, Sequence[int]]], label: str, width: int
) -> Markup:
    """Draw how many reposts each post has on each level, from the post outwards.

    Args:
        posts: a letter for each, and its reposts on levels 1, 2, ...
        label: what a screen reader says instead of the picture.
        width: in pixels.
    """
    most = max((sum(levels) for _, levels in posts), default=1)
    tree = _Tree()
    root = tree.add("post", 0, "", None)
    for letter, levels in posts:
        above = tree.add("post", _area(sum(levels), most), letter, root)
        for reposts in levels:
            above = tree.add("many", _area(reposts, most), str(reposts), above)
    return _draw_tree(tree, label, width)


def _draw_tree(tree: _Tree, label: str, width: int) -> Markup:
    """From the left to the right; the first mark holds the others and is not drawn."""
    root = 0
    graph = igraph.Graph(n=len(tree.marks), edges=tree.edges)
    # Across, and down from the root; here it lies on its side.
    layout = list(graph.layout_reingold_tilford(root=[root]))
    first, last = min(x for x, _ in layout), max(x for x, _ in layout)
    deepest = max(2.0, max(y for _, y in layout))
    step = min(110.0, (width - 2 * _MARGIN) / (deepest - 1))
    at = [(_MARGIN + (y - 1) * step, _MARGIN + (x - first) * _ROW) for x, y in layout]
    height = int(2 * _MARGIN + (last - first) * _ROW)
    marks = [
        Mark(x, height - y, kind, size, name)
        for (x, y), (kind, size, name) in zip(at, tree.marks, strict=True)
        if size
    ]
    lines = [
        (at[one][0], height - at[one][1], at[other][0], height - at[other][1])
        for one, other in tree.edges
        if one != root
    ]
    return _draw(marks, lines, label, width, height)


def draw_groups(groups: Sequence[Mapping[str, int]], label: str, width: int) -> Markup:
    """Draw each group as a dot an account, likely phantoms among them as triangles.

    Args:
        groups: `size` and `phantom_accounts` of each; larger ones than `MOST_DOTS` are
            drawn with so many dots, in the same proportion.
        label: what a screen reader says instead of the picture.
        width: in pixels.
    """
    column = width / max(1, len(groups))
    step = min(11.0, (column - 16) / (2 * math.sqrt(MOST_DOTS)))
    largest = max((min(one["size"], MOST_DOTS) for one in groups), default=1)
    height = 2 * step * math.sqrt(largest) + 40
    marks = []
    for number, one in enumerate(groups):
        dots = min(one["size"], MOST_DOTS)
        phantoms = round(dots * one["phantom_accounts"] / one["size"])
        middle = column * (number + 0.5)
        for dot in range(dots):
            away = step * math.sqrt(dot + 0.5)
            marks.append(
                Mark(
                    middle + away * math.cos(dot * _GOLDEN),
                    (height - 20) / 2 + away * math.sin(dot * _GOLDEN),
                    "phantom" if dot < phantoms else "many",
                    step * step * 0.8,
                )
            )
        marks.append(Mark(middle, height - 10, "many", 0, str(number + 1)))
    return _draw(marks, [], label, width, int(height))


def _area(reposts: int, most: int) -> float:
    return _SMALLEST + (_LARGEST - _SMALLEST) * reposts / max(1, most)


def _beside(mark: Mark) -> float:
    """Where its label begins: before a post, on whose right lines begin."""
    if not mark.size:
        return mark.x
    away = math.sqrt(mark.size / math.pi) + 3
    return mark.x - away - 9 if mark.kind == "post" else mark.x + away


def _draw(
    marks: Sequence[Mark],
    lines: Sequence[tuple[float, float, float, float]],
    label: str,
    width: int,
    height: int,
) -> Markup:
    drawn = [
        {
            "x": round(one.x, 1),
            "y": round(one.y, 1),
            "kind": one.kind,
            "size": round(one.size, 1),
            "label": one.label,
            "aside": round(_beside(one), 1),
        }
        for one in marks
    ]
    rows: dict[str, list[dict[str, Any]]] = {
        "lines": [
            dict(
                zip(
                    ("x", "y", "x2", "y2"),
                    (round(part, 1) for part in line),
                    strict=True,
                )
            )
            for line in lines
        ],
        "marks": [one for one in drawn if one["size"]],
        "labels": [one for one in drawn if one["label"]],
    }
    return inline(draw_svg(_specify(), width, height, rows), label)


def _specify() -> dict[str, Any]:
    """Lines, marks on them and labels beside, in Vega-Lite's words; all in pixels."""

    def place(axis: str, most: str) -> dict[str, Any]:
        return {
            "field": axis,
            "type": "quantitative",
            "axis": None,
            "scale": {"domain": [0, {"expr": most}], "nice": False, "zero": False},
        }

    x, y = place("x", "width"), place("y", "height")
    kinds = {
        name: {
            "field": "kind",
            "type": "nominal",
            "legend": None,
            "scale": {
                "domain": list(SHAPES),
                "range": [shape[number] for shape in SHAPES.values()],
            },
        }
        for number, name in enumerate(("shape", "color"))
    }
    size = {"field": "size", "type": "quantitative", "scale": None, "legend": None}
    return {
        "layer": [
            {
                "data": {"name": "lines"},
                "mark": {"type": "rule", "color": RAW, "aria": False},
                "encoding": {
                    "x": x,
                    "y": y,
                    "x2": {"field": "x2"},
                    "y2": {"field": "y2"},
                },
            },
            {
                "data": {"name": "marks"},
                "mark": {
                    "type": "point",
                    "filled": True,
                    "opacity": 1,
                    "aria": False,
                },
                "encoding": {"x": x, "y": y, "size": size, **kinds},
            },
            {
                "data": {"name": "labels"},
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "middle",
                    "fontSize": 12,
                    "color": INK,
                    "aria": False,
                },
                "encoding": {
                    "x": {**x, "field": "aside"},
                    "y": y,
                    "text": {"field": "label"},
                },
            },
        ],
        "autosize": "none",
        "padding": 0,
        "config": {
            "font": FONT,
            "background": "transparent",
            "view": {"stroke": None},
        },
    }
