"""Recount of m.weibo.cn thread folders with plain json and dictionaries.

Layout: one folder per root post, named by its id, with any of ``detail.json``
(one object), ``reposts.json`` (a list) and ``comments.json`` (a list whose rows
may hold replies in ``comments``). Nothing of the product is imported here, so
that agreement with it means something.

Run ``python -m tests.oracles.threads FOLDER`` for the totals of a data set.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
CHAIN = re.compile(r"//\s*@([^:：\s]+)\s*[:：]")
TAG = re.compile(r"<[^>]*>")
FILES = ("detail.json", "reposts.json", "comments.json")

PLATFORM = "platform"
BY_CHAIN = "chain"
ROOT = "root"

Row = dict[str, Any]


@dataclass(frozen=True)
class Parent:
    """Where one repost hangs and how that was found."""

    parent_id: str
    method: str


@dataclass
class Thread:
    """Everything counted in one thread folder.

    Attributes:
        root_id: Id of the root post, the name of the folder.
        reposts: First row seen of each distinct repost id, without the root.
        comments: First row seen of each distinct comment id, all levels.
        root_author: Id of the root's author, None when unknown.
        repost_authors: Distinct user ids over the reposts.
        comment_authors: Distinct user ids over the comments.
        reposts_per_day: Reposts by ISO date in Asia/Shanghai.
        comments_per_day: Comments by ISO date in Asia/Shanghai.
        undated: Rows (reposts and comments) without a readable created_at.
        root_rows: Rows of reposts.json that are the root itself.
        repeated_rows: Further rows of an id that was already seen.
        bad_rows: List members that are no object or have no id.
        unreadable: Names of files that are no valid JSON of the right shape.
        missing: Names of files that are absent.
    """

    root_id: str
    reposts: dict[str, Row] = field(default_factory=dict)
    comments: dict[str, Row] = field(default_factory=dict)
    root_author: str | None = None
    repost_authors: set[str] = field(default_factory=set)
    comment_authors: set[str] = field(default_factory=set)
    reposts_per_day: dict[str, int] = field(default_factory=dict)
    comments_per_day: dict[str, int] = field(default_factory=dict)
    undated: int = 0
    root_rows: int = 0
    repeated_rows: int = 0
    bad_rows: int = 0
    unreadable: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def authors(self) -> set[str]:
        """Distinct user ids over reposts and comments, not the root's row."""
        return self.repost_authors | self.comment_authors

    @property
    def authors_with_root(self) -> set[str]:
        """Distinct user ids over root, reposts and comments."""
        return self.authors | ({self.root_author} if self.root_author else set())


@dataclass(frozen=True)
class ChainCheck:
    """How well the chain alone finds parents that the platform names.

    Attributes:
        known: Reposts whose pid is another repost of the thread.
        same: Of these, the chain gives that parent.
        other: The chain gives another repost.
        unresolved: There is a chain, its first name gives nothing.
        no_chain: The text has no chain.
        named: The parent's current name stands anywhere in the chain.
    """

    known: int = 0
    same: int = 0
    other: int = 0
    unresolved: int = 0
    no_chain: int = 0
    named: int = 0

    @property
    def share(self) -> float:
        """Share of the known parents that the chain finds (0 without any)."""
        return self.same / self.known if self.known else 0.0

    def __add__(self, more: ChainCheck) -> ChainCheck:
        """Return the sum of two checks."""
        return ChainCheck(
            self.known + more.known,
            self.same + more.same,
            self.other + more.other,
            self.unresolved + more.unresolved,
            self.no_chain + more.no_chain,
            self.named + more.named,
        )


def as_id(value: object) -> str | None:
    """Return an id as text; None for null, empty, zero, bool or other types."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return None if text in ("", "0") else text


def author_id(row: Mapping[str, Any]) -> str | None:
    """Return the id of a row's user, None when the user is null or absent."""
    user = row.get("user")
    return as_id(user.get("id")) if isinstance(user, dict) else None


def author_name(row: Mapping[str, Any]) -> str | None:
    """Return the screen name of a row's user, None when there is none."""
    user = row.get("user")
    name = user.get("screen_name") if isinstance(user, dict) else None
    return name if isinstance(name, str) and name else None


def created_at(row: Mapping[str, Any]) -> datetime | None:
    """Return the time of a row, from ``EEE MMM dd HH:mm:ss +0800 yyyy``."""
    value = row.get("created_at")
    parts = value.split() if isinstance(value, str) else []
    if len(parts) != 6:
        return None
    _, month, day, clock, zone, year = parts
    place, odd = divmod(MONTHS.find(month), 3)
    if len(month) != 3 or odd:
        return None
    try:
        return datetime.strptime(
            f"{year}-{place + 1}-{day} {clock} {zone}",
            "%Y-%m-%d %H:%M:%S %z",
        )
    except ValueError:
        return None


def plain_text(row: Mapping[str, Any]) -> str:
    """Return raw_text when it has any, else text without its HTML."""
    raw = row.get("raw_text")
    if isinstance(raw, str) and raw:
        return raw
    text = row.get("text")
    return html.unescape(TAG.sub("", text)) if isinstance(text, str) else ""


def chain_names(row: Mapping[str, Any]) -> list[str]:
    """Return the names of all ``//@name:`` of a row, nearest first."""
    return CHAIN.findall(plain_text(row))


def pid_of(row: Mapping[str, Any]) -> str | None:
    """Return the direct parent's id as the platform gives it, else None."""
    return as_id(row.get("pid")) or as_id(row.get("pidstr"))


def per_day(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count rows by their ISO date in Asia/Shanghai, dates ascending."""
    times = [created_at(row) for row in rows]
    days = Counter(t.astimezone(SHANGHAI).date().isoformat() for t in times if t)
    return dict(sorted(days.items()))


def read_thread(folder: Path) -> Thread:
    """Count one thread folder.

    Args:
        folder: The folder, named by the id of the root post.

    Returns:
        The counted thread; damaged files are named, never raised.
    """
    thread = Thread(root_id=folder.name)
    loaded: dict[str, Any] = {}
    for name in FILES:
        path = folder / name
        if not path.exists():
            thread.missing.append(name)
            continue
        try:
            data = json.loads(path.read_bytes().decode("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            thread.unreadable.append(name)
            continue
        if isinstance(data, dict if name == "detail.json" else list):
            loaded[name] = data
        else:
            thread.unreadable.append(name)

    thread.root_author = author_id(loaded.get("detail.json", {}))
    for row in loaded.get("reposts.json", []):
        key = as_id(row.get("id")) if isinstance(row, dict) else None
        if key is None:
            thread.bad_rows += 1
        elif key == thread.root_id:
            thread.root_rows += 1
        elif key in thread.reposts:
            thread.repeated_rows += 1
        else:
            thread.reposts[key] = row

    waiting = list(reversed(loaded.get("comments.json", [])))
    while waiting:
        row = waiting.pop()
        key = as_id(row.get("id")) if isinstance(row, dict) else None
        if key is None:
            thread.bad_rows += 1
        elif key in thread.comments:
            thread.repeated_rows += 1
        else:
            thread.comments[key] = row
        replies = row.get("comments") if isinstance(row, dict) else None
        if isinstance(replies, list):
            waiting.extend(reversed(replies))

    for rows, authors in (
        (thread.reposts, thread.repost_authors),
        (thread.comments, thread.comment_authors),
    ):
        authors.update(a for a in map(author_id, rows.values()) if a)
        thread.undated += sum(created_at(row) is None for row in rows.values())
    thread.reposts_per_day = per_day(thread.reposts.values())
    thread.comments_per_day = per_day(thread.comments.values())
    return thread


def read_threads(folder: Path) -> dict[str, Thread]:
    """Count every thread of a folder of thread folders.

    Args:
        folder: The folder that holds one folder per root post.

    Returns:
        The threads by root id, ids ascending as text.
    """
    found = sorted(p for p in folder.iterdir() if p.is_dir())
    return {path.name: read_thread(path) for path in found}


def _order(rows: Mapping[str, Row]) -> dict[str, tuple[datetime, int]]:
    """Return (created_at, id as int) of the rows that have both."""
    order = {}
    for key, row in rows.items():
        when = created_at(row)
        if when is not None and key.isdecimal():
            order[key] = (when, int(key))
    return order


def parents(thread: Thread, hide_pid: bool = False) -> dict[str, Parent]:
    """Find the parent of every repost of a thread.

    The rule: the platform's pid when it is the root or a repost of the thread;
    else the latest earlier repost by the first name of the chain, earlier by
    (created_at, id); else the root.

    Args:
        thread: The thread.
        hide_pid: Leave the platform's pid out.

    Returns:
        The parent of each repost id.
    """
    order = _order(thread.reposts)
    by_name: dict[str, list[str]] = {}
    for key in order:
        name = author_name(thread.reposts[key])
        if name is not None:
            by_name.setdefault(name, []).append(key)

    result = {}
    for key, row in thread.reposts.items():
        pid = None if hide_pid else pid_of(row)
        if pid == thread.root_id or (pid in thread.reposts and pid != key):
            result[key] = Parent(str(pid), PLATFORM)
            continue
        names = chain_names(row)
        earlier = [
            other
            for other in by_name.get(names[0] if names else "", [])
            if key in order and order[other] < order[key]
        ]
        if earlier:
            result[key] = Parent(max(earlier, key=lambda k: order[k]), BY_CHAIN)
        else:
            result[key] = Parent(thread.root_id, ROOT)
    return result


def check_chain(thread: Thread) -> ChainCheck:
    """Compare the chain's parents with the pids that point at other reposts."""
    hidden = parents(thread, hide_pid=True)
    total = ChainCheck()
    for key, row in thread.reposts.items():
        pid = pid_of(row)
        if pid is None or pid == key or pid not in thread.reposts:
            continue
        names = chain_names(row)
        by_chain = hidden[key].method == BY_CHAIN
        same = by_chain and hidden[key].parent_id == pid
        total += ChainCheck(
            known=1,
            same=int(same),
            other=int(by_chain and not same),
            unresolved=int(bool(names) and not by_chain),
            no_chain=int(not names),
            named=int(author_name(thread.reposts[pid]) in names),
        )
    return total


def summary(threads: Mapping[str, Thread]) -> dict[str, Any]:
    """Return the totals over many threads; authors are distinct over all."""
    every = list(threads.values())
    check = sum((check_chain(t) for t in every), ChainCheck())
    return {
        "threads": len(every),
        "reposts": sum(len(t.reposts) for t in every),
        "comments": sum(len(t.comments) for t in every),
        "repost_authors": len(set().union(*(t.repost_authors for t in every))),
        "comment_authors": len(set().union(*(t.comment_authors for t in every))),
        "authors": len(set().union(*(t.authors for t in every))),
        "authors_with_root": len(set().union(*(t.authors_with_root for t in every))),
        "authors_summed_per_thread": sum(len(t.authors) for t in every),
        "undated": sum(t.undated for t in every),
        "root_rows": sum(t.root_rows for t in every),
        "repeated_rows": sum(t.repeated_rows for t in every),
        "bad_rows": sum(t.bad_rows for t in every),
        "unreadable": sum(len(t.unreadable) for t in every),
        "missing": dict(Counter(name for t in every for name in t.missing)),
        "methods": dict(Counter(p.method for t in every for p in parents(t).values())),
        "methods_hide_pid": dict(
            Counter(p.method for t in every for p in parents(t, True).values())
        ),
        "chain_check": vars(check) | {"share": round(check.share, 6)},
    }


def main() -> None:
    """Print the totals of one data set as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="folder of thread folders")
    found = read_threads(parser.parse_args().folder)
    print(json.dumps(summary(found), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
