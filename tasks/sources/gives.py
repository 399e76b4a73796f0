"""What each file format can carry: the ground for telling null from zero.

A number of something that no source could have told is unknown, not zero. What a
format can carry is declared here, beside `formats`; whether a source did give it, the
data tells (`source_coverage`). A source of kind `api` gives what its `collect` names,
of what the answers can carry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.warehouse.workspace import Source

KINDS = ("repost", "comment", "like", "mention", "read")
# Part of `collect` that a kind of row needs.
_PARTS = {"repost": "reposts", "comment": "comments", "like": "likes"}


@dataclass(frozen=True)
class Gives:
    """What records of a format can tell.

    Attributes:
        rows: kinds of interactions one by one.
        accounts: kinds whose rows can say who acted.
        times: kinds whose rows say when; others count for the day they were seen.
        counters: kinds that the platform's own counters tell of a post.
        followers: how many followers an account has that reposts or comments.
        follower_lists: who follows an account.
    """

    rows: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    followers: bool = False
    follower_lists: bool = False


def _gives(
    rows: str,
    counters: str,
    *,
    nameless: str = "",
    timeless: str = "",
    followers: bool = False,
    follower_lists: bool = False,
) -> Gives:
    kinds = frozenset(rows.split())
    return Gives(
        rows=kinds,
        accounts=kinds - frozenset(nameless.split()),
        times=kinds - frozenset(timeless.split()),
        counters=frozenset(counters.split()),
        followers=followers,
        follower_lists=follower_lists,
    )


GIVES: dict[str, Gives] = {
    "canonical": _gives(
        "repost comment like mention",
        "repost comment like read",
        followers=True,
        follower_lists=True,
    ),
    # Reads only of the token's own accounts and of media, from a commercial endpoint.
    "weibo-api": _gives(
        "repost comment",
        "repost comment like read",
        followers=True,
        follower_lists=True,
    ),
    "mweibo": _gives("repost comment", "repost comment like", followers=True),
    # Comments have an account in its JSON and database, none in its CSV files.
    "weibo-crawler": _gives("repost comment", "repost comment like", followers=True),
    "x-api": _gives(
        "repost comment like",
        "repost comment like read",
        timeless="like",
        followers=True,
        follower_lists=True,
    ),
    "facebook-graph": _gives(
        "comment like", "repost comment like read", timeless="like"
    ),
    "wordpress-rest": _gives("comment mention", "comment", nameless="mention"),
    "tencent-weibo": _gives(
        "repost comment", "repost comment", followers=True, follower_lists=True
    ),
    "renren": _gives(
        "repost comment like",
        "repost comment like read",
        timeless="like",
        follower_lists=True,
    ),
    "qzone": _gives(
        "repost comment like",
        "repost comment like",
        timeless="like",
        follower_lists=True,
    ),
}


def gives_of(source: Source) -> Gives:
    """What a configured source can give.

    Args:
        source: as configured; an API gives only what it is asked for.
    """
    gives = GIVES[source.format]
    if source.kind != "api":
        return gives
    asked = frozenset(
        kind
        for kind in gives.rows
        if kind not in _PARTS or _PARTS[kind] in source.parts
    )
    counters = gives.counters
    if source.platform == "weibo" and not source.commercial:
        counters -= {"read"}
    return replace(
        gives,
        rows=asked,
        accounts=gives.accounts & asked,
        times=gives.times & asked,
        counters=counters,
        follower_lists=gives.follower_lists and "followers" in source.parts,
    )


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
