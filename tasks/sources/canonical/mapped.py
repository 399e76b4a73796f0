"""A table of one's own to canonical records, as `[sources.table]` says.

One row may give several records: a post, its counters, its author's profile. Values
stay as they are written but where the mapping says how to read them; columns that
nobody named stay with the row's first record, under `more_cells`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.sources.documents import Notes, UnreadableFileError
from tasks.sources.error_answers import shown
from tasks.sources.table_rows import as_batches, listed, read_rows
from tasks.warehouse.configuration import post_at
from tasks.warehouse.networks import NAMED_SO, PROFILE_ADDRESSES
from tasks.warehouse.raw_tables import TABLE_CONTEXT
from tasks.warehouse.table_mapping import (
    COUNTERS,
    KIND_OF_ROWS,
    NEEDED,
    PROFILE,
    TableMapping,
)
from tasks.warehouse.written_values import told_time

_Cells = dict[str, str]
_TIMES = ("posted_at", "acted_at", "registered_at", "observed_at")
_FLAGS = ("is_verified", "is_deleted")
_POST_IDS = ("post_id", "root_post_id", "interaction_id", "parent_id")
_ACCOUNT_IDS = ("account_id", "follower_id")
_LISTS = ("links", "hashtags", "mentions")
_YES = frozenset(("true", "yes", "y", "t", "1", "是", "有", "已认证", "认证", "已删除"))
_NO = frozenset(("false", "no", "n", "f", "0", "否", "无", "未认证", "未删除"))
_KINDS = {
    "repost": "repost", "retweet": "repost", "share": "repost", "forward": "repost",
    "转发": "repost", "分享": "repost", "comment": "comment", "reply": "comment",
    "评论": "comment", "回复": "comment", "like": "like", "attitude": "like",
    "点赞": "like", "赞": "like", "mention": "mention", "提及": "mention",
}  # fmt: skip
# What makes an act, or a post, another one than others.
_OF_ACT = ("platform", "root_post_id", "account_id", "screen_name", "acted_at", "text")
_OF_POST = ("platform", "account_id", "posted_at", "text")
_NO_ROOT = frozenset(("", "0", "-1", "none", "null", "nan", "无"))


def read_mapped(path: Path, notes: Notes, _split: object) -> Iterator[pa.RecordBatch]:
    """Yield the records of a table, batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged, or lacks a column without which its
            rows say nothing.
    """
    mapping = notes.table
    if mapping is None:
        raise UnreadableFileError(
            "nothing says what its columns are: `python -m flows map` proposes it"
        )
    yield from as_batches(_records(path, notes, mapping))


def _records(
    path: Path, notes: Notes, mapping: TableMapping
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    named = {name.strip(): name for name in mapping.columns.values()}

    def known(names: Sequence[str]) -> int:
        return sum(name in named for name in names)

    rows = read_rows(path, notes, known, mapping.sheet)
    header = next(rows, None)
    if header is None:
        return
    names = [name or "" for name in header.cells]
    places = _places(names, mapping, notes)
    left = {
        place: name
        for place, name in enumerate(names)
        if name and place not in places.values()
    }
    of_row = Reader(mapping, is_read_at=notes.observed_at)
    for row in rows:
        cells = {
            column: cell
            for column, place in places.items()
            if (cell := row.cells[place]) is not None and cell.strip()
        }
        more = {
            name: cell
            for place, name in left.items()
            if (cell := row.cells[place]) is not None
        }
        if not cells and not more:
            continue
        records = of_row.records(cells)
        if more:
            records[0]["more_cells"] = more
        for item, record in enumerate(records):
            yield row.position, item, record


def _places(
    names: Sequence[str], mapping: TableMapping, notes: Notes
) -> dict[str, int]:
    """Which column of the file holds each canonical one.

    Raises:
        UnreadableFileError: one lacks without which rows say nothing, or which of two
            columns is meant can't be told.
    """
    places = {
        column: names.index(name.strip())
        for column, name in mapping.columns.items()
        if name.strip() in names
    }
    if twice := [
        name for place in places.values() if names.count(name := names[place]) > 1
    ]:
        raise UnreadableFileError(f"its header names {shown(twice[0])} twice")
    missing = {
        column: name for column, name in mapping.columns.items() if column not in places
    }
    needed = [
        f"{shown(missing[column])} ({column})"
        for column in NEEDED[mapping.rows]
        if column in missing and column not in mapping.constants
    ]
    if needed:
        raise UnreadableFileError(
            f"it lacks the column{'s' if len(needed) > 1 else ''}"
            f" {', '.join(needed)}, without which rows of {mapping.rows} say nothing:"
            f" it has {listed(names)}. Correct [sources.table.columns], or the file"
        )
    if missing:
        notes.told.append(
            "it lacks "
            + ", ".join(f"{shown(name)} ({column})" for column, name in missing.items())
            + ": unknown on all its rows"
        )
    read = {names[place] for place in places.values()}
    if unread := [name for name in names if name and name not in read]:
        notes.told.append(
            f"nothing reads its columns {listed(unread)}: they stay in landing"
        )
    return places


class Reader:
    """Rows under canonical names to records of the canonical tables."""

    def __init__(self, mapping: TableMapping, is_read_at: datetime | None) -> None:
        """Prepare to read.

        Args:
            mapping: what the columns are.
            is_read_at: when the source says that all was read, naive UTC; None where
                each record's own time has to stand in.
        """
        self._mapping = mapping
        self._is_read_at = is_read_at
        self._hours = mapping.steady_hours
        self._make: Callable[[_Cells], list[dict[str, Any]]] = {
            "posts": self._of_post,
            "accounts": self._of_account,
            "follows": self._of_follow,
            "post_counters": self._of_counters,
        }.get(mapping.rows, self._of_act)

    def records(self, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        """The records of a row; at least one.

        Args:
            cells: values under canonical names, as they are written; none is blank.
        """
        told = {**self._mapping.constants, **cells}
        return self._make({name: self._value(name, told[name]) for name in told})

    def _value(self, name: str, text: str) -> str:
        if name in _TIMES:
            return self._time(name, text)
        if name in _FLAGS:
            plain = text.strip().lower()
            return "true" if plain in _YES else "false" if plain in _NO else text
        if name == "kind":
            return _KINDS.get(text.strip().lower(), text)
        if "://" in text and name in _POST_IDS:
            return _post_at(text)
        if "://" in text and name in _ACCOUNT_IDS:
            return _account_at(text)
        if name in _LISTS:
            return _with_bars(name, text)
        if name == "platform":
            return NAMED_SO.get(text.strip().lower(), text)
        if self._mapping.decimal_mark == "," and name.endswith("_count"):
            return text.replace(".", "").replace(",", ".")
        return text

    def _time(self, name: str, text: str) -> str:
        form = self._mapping.time_format
        if form is not None:
            try:
                moment = datetime.strptime(text.strip(), form)  # noqa: DTZ007
            except ValueError:
                # Read in another way, it may be another day.
                return f"{text} (not as {form})"
            is_rough = not any(mark in form for mark in ("%H", "%I", "%X", "%c", "%T"))
            text = moment.date().isoformat() if is_rough else moment.isoformat(" ")
            if not is_rough and not any(
                mark in form for mark in ("%S", "%X", "%c", "%T")
            ):
                text = moment.isoformat(" ", "minutes")
        # When a record was read is said in UTC elsewhere; other times keep their form,
        # which tells how exact they are.
        if name == "observed_at" and (seen := self._utc(text)) is not None:
            return f"{seen.isoformat(' ')}Z"
        return text

    def _utc(self, text: str) -> datetime | None:
        return told_time(text, self._is_read_at, self._hours_of(text))

    def _hours_of(self, text: str | None) -> int:
        """How far ahead of UTC the clocks were that wrote a time."""
        if self._hours is not None:
            return self._hours
        moment = told_time(text, self._is_read_at, 0)
        return 0 if moment is None else self._mapping.hours_ahead(moment)

    def _record(
        self, table: str, cells: _Cells, names: Sequence[str], **more: str | None
    ) -> dict[str, Any]:
        record: dict[str, Any] = {
            name: cells[name] for name in (*names, "platform") if name in cells
        }
        record |= {name: value for name, value in more.items() if value is not None}
        moment = next((record[name] for name in _TIMES if name in record), None)
        record[TABLE_CONTEXT] = {"table": table, "zone_hours": self._hours_of(moment)}
        return record

    def _observed(self, cells: _Cells, own_time: str | None) -> str | None:
        """When a row was read: as it says, as the source says, else its own time."""
        if told := cells.get("observed_at"):
            return told
        if self._is_read_at is not None or own_time is None:
            return None
        moment = self._utc(own_time)
        return None if moment is None else f"{moment.isoformat(' ')}Z"

    def _profile(
        self, cells: _Cells, account: str | None, observed: str | None
    ) -> list[dict[str, Any]]:
        """Who wrote, acted or follows, where the row says more than an id."""
        if account is None or not any(name in cells for name in PROFILE):
            return []
        return [
            self._record(
                "accounts", cells, PROFILE, account_id=account, observed_at=observed
            )
        ]

    def _of_post(self, cells: _Cells) -> list[dict[str, Any]]:
        posted = cells.get("posted_at")
        observed = self._observed(cells, posted)
        account = cells.get("account_id")
        if "post_id" not in cells and posted is not None and "text" in cells:
            cells = {**cells, "post_id": _made_id("post", cells, _OF_POST)}
        root = cells.get("root_post_id", "")
        records = []
        if root.strip().lower() not in _NO_ROOT:
            records.append(
                self._record(
                    "interactions",
                    cells,
                    ("account_id", "root_post_id", "text", "likes_count"),
                    interaction_id=cells.get("post_id"),
                    kind="repost",
                    acted_at=posted,
                    author_name=cells.get("screen_name"),
                    observed_at=observed,
                )
            )
        else:
            post = (
                "post_id", "account_id", "posted_at", "text", "client", "region",
                "links", "hashtags", "mentions", "media_count", "is_deleted",
            )  # fmt: skip
            records.append(self._record("posts", cells, post, observed_at=observed))
            if any(name in cells for name in COUNTERS):
                records.append(
                    self._record(
                        "post_counters",
                        cells,
                        ("post_id", *COUNTERS),
                        observed_at=observed,
                    )
                )
        return records + self._profile(cells, account, observed)

    def _of_counters(self, cells: _Cells) -> list[dict[str, Any]]:
        names = ("post_id", *COUNTERS, "observed_at")
        return [self._record("post_counters", cells, names)]

    def _of_account(self, cells: _Cells) -> list[dict[str, Any]]:
        names = ("account_id", *PROFILE, "likes_count", "observed_at")
        return [self._record("accounts", cells, names)]

    def _of_follow(self, cells: _Cells) -> list[dict[str, Any]]:
        names = ("account_id", "follower_id", "observed_at")
        follow = self._record("follows", cells, names)
        observed = self._observed(cells, None)
        return [follow, *self._profile(cells, cells.get("follower_id"), observed)]

    def _of_act(self, cells: _Cells) -> list[dict[str, Any]]:
        kind = KIND_OF_ROWS.get(self._mapping.rows, cells.get("kind"))
        acted = cells.get("acted_at")
        observed = self._observed(cells, acted)
        if acted is None and kind == "like":
            # It counts for the day on which it was first seen.
            acted = observed
            if acted is None and self._is_read_at is not None:
                acted = f"{self._is_read_at.isoformat(' ')}Z"
        names = ("account_id", "root_post_id", "parent_id", "text", "likes_count")
        act = self._record(
            "interactions",
            cells,
            names,
            interaction_id=cells.get("interaction_id") or _made_id(kind, cells),
            kind=kind,
            acted_at=acted,
            author_name=cells.get("screen_name"),
            observed_at=observed,
        )
        return [act, *self._profile(cells, cells.get("account_id"), observed)]


def _post_at(address: str) -> str:
    """The id of the post that an address shows; the address where none is told."""
    try:
        return post_at(address).post_id
    except ValueError:
        return address


def _account_at(address: str) -> str:
    """The id of the account that an address shows; the address where none is told."""
    for beginning in PROFILE_ADDRESSES.values():
        host = beginning.partition("://")[2]
        if found := re.match(
            rf"https?://(?:www\.)?{re.escape(host.removeprefix('www.'))}([^/?#\s]+)",
            address.strip(),
        ):
            return found[1]
    return address


def _with_bars(name: str, text: str) -> str:
    """A list as canonical tables have it: bars between, bare of # and @."""
    if text.startswith("[") or "|" in text:
        return text
    between = (
        r"[\s,，;；、]+(?=https?://)|\s+" if name == "links" else r"[\s,，;；、#＃]+"
    )
    words = (word.strip(" @＠") for word in re.split(between, text))
    return "|".join(word for word in words if word)


def _made_id(kind: str | None, cells: _Cells, names: Sequence[str] = _OF_ACT) -> str:
    """An id for what has none: the same for the same act or post, in whatever file."""
    told = (kind, *(cells.get(name) for name in names))
    return "row-" + hashlib.sha256(repr(told).encode()).hexdigest()[:24]
