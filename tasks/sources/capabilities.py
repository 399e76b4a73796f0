"""What each network and format can tell, as a table: generated from the registry.

The README holds it, and a test that it is this one. What a source gives of that, its
`collect` and its files say (`gives.py`).
"""

from __future__ import annotations

from tasks.sources.file_format import Gives
from tasks.sources.networks import FORMATS
from tasks.warehouse.networks import FACTS

HEADER = (
    "of", "format", "API", "reposts", "comments", "likes", "reads",
    "numbers of followers", "who follows",
)  # fmt: skip
_NOTHING = "–"
_YES = "yes"


def capabilities() -> list[tuple[str, ...]]:
    """A row a format, cells as in `HEADER`, by network."""
    rows = []
    for name, form in FORMATS.items():
        folder = next(one for one, facts in FACTS.items() if name in facts.formats)
        facts = FACTS[folder]
        is_api = facts.api is not None and facts.api.format == name
        rows.append(
            (
                FACTS[facts.network or folder].title or "any network",
                f"`{name}`",
                _api(folder) if is_api else _NOTHING,
                *(_kind(form.gives, kind) for kind in ("repost", "comment", "like")),
                "counted" if "read" in form.gives.counters else _NOTHING,
                _YES if form.gives.followers else _NOTHING,
                _YES if form.gives.follower_lists else _NOTHING,
            )
        )
    return sorted(rows)


def as_markdown() -> str:
    """The table as Markdown."""
    lines = [HEADER, tuple("---" for _ in HEADER), *capabilities()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _api(folder: str) -> str:
    facts = FACTS[folder].api
    assert facts is not None
    words = ["yes"]
    if "search" in facts.parts:
        words.append("search")
    if facts.needs_address:
        words.append("by address")
    return ", ".join(words)


def _kind(gives: Gives, kind: str) -> str:
    """Rows one by one, and the platform's count."""
    words = []
    if kind in gives.rows:
        lacks = []
        if kind not in gives.accounts:
            lacks.append("nobody named")
        if kind not in gives.times:
            lacks.append("no time")
        words.append("each" + (f" ({', '.join(lacks)})" if lacks else ""))
    if kind in gives.counters:
        words.append("counted")
    return ", ".join(words) or _NOTHING
