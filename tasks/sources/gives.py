"""What each source can give: the ground for telling null from zero.

A number of something that no source could have told is unknown, not zero. What a
format can carry, it declares itself (`FileFormat.gives`); whether a source did give
it, the data tells (`source_coverage`). A source of kind `api` gives what its `collect`
names, of what the answers can carry.
"""

from __future__ import annotations

from dataclasses import replace

from tasks.sources.file_format import Gives
from tasks.sources.networks import FORMATS
from tasks.warehouse.configuration import Source
from tasks.warehouse.table_mapping import KIND_OF_ROWS, TableMapping

KINDS = ("repost", "comment", "like", "mention", "read")
# Part of `collect` that a kind of row needs.
_PARTS = {"repost": "reposts", "comment": "comments", "like": "likes"}


def gives_of(source: Source) -> Gives:
    """What a configured source can give.

    Args:
        source: as configured; an API gives only what it is asked for.
    """
    gives = FORMATS[source.format].gives
    if source.table is not None:
        return _gives_of_table(source.table)
    if source.kind != "api":
        return gives
    asked = frozenset(
        kind
        for kind in gives.rows
        if kind not in _PARTS or _PARTS[kind] in source.parts
    )
    counters = gives.counters
    if not source.commercial:
        counters -= gives.commercial_counters
    return replace(
        gives,
        rows=asked,
        accounts=gives.accounts & asked,
        times=gives.times & asked,
        counters=counters,
        follower_lists=gives.follower_lists and "followers" in source.parts,
    )


def _gives_of_table(table: TableMapping) -> Gives:
    """What the columns of a table of one's own can tell."""
    kind = table.constants.get("kind") or KIND_OF_ROWS.get(table.rows)
    rows: frozenset[str] = frozenset()
    if kind is not None:
        rows = frozenset([kind])
    elif table.rows == "interactions":
        rows = frozenset(_PARTS) | {"mention"}
    elif table.rows == "posts" and table.tells("root_post_id"):
        rows = frozenset(["repost"])
    is_timed = table.rows == "posts" or table.tells("acted_at")
    counted = table.rows in ("posts", "post_counters")
    return Gives(
        rows=rows,
        accounts=rows if table.tells("account_id") else frozenset(),
        times=rows if is_timed else frozenset(),
        counters=frozenset(
            kind for kind, column in _COUNTED.items() if counted and table.tells(column)
        ),
        followers=table.tells("followers_count"),
        follower_lists=table.rows == "follows",
    )


_COUNTED = {
    "repost": "reposts_count",
    "comment": "comments_count",
    "like": "likes_count",
    "read": "reads_count",
}
_WORDS = {"repost": "reposts", "comment": "comments", "like": "likes"}


def lacks_of(gives: Gives) -> str:
    """What a source never gives, in words for people; empty where nothing lacks."""
    missing = [
        f"{word} one by one" for kind, word in _WORDS.items() if kind not in gives.rows
    ]
    missing += [
        f"who gave {word}"
        for kind, word in _WORDS.items()
        if kind in gives.rows - gives.accounts
    ]
    missing += [
        f"times of {word}"
        for kind, word in _WORDS.items()
        if kind in gives.rows - gives.times
    ]
    uncounted = [word for kind, word in _WORDS.items() if kind not in gives.counters]
    if uncounted:
        missing.append(f"the platform's counts of {' and '.join(uncounted)}")
    if "read" not in gives.counters:
        missing.append("reads")
    if not gives.followers:
        missing.append("numbers of followers")
    if not gives.follower_lists:
        missing.append("lists of followers")
    return "; ".join(missing)
