"""MediaCrawler's files to records: CSV, JSON, JSON lines, spreadsheets, SQLite.

A record stays as the program writes it. Its keys tell what it is, and of which network;
of profiles the name of the folder, the table or the file tells it. `platform` is added,
`user_id` where only an address of the profile has it (tb.1.ab as tb-1-ab), and `_file`
for the kind.

Columns after the history of github.com/NanmiCoder/MediaCrawler, 2023 to August 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.sources.documents import (
    Notes,
    Rejected,
    UnreadableFileError,
    read_documents,
    split_document,
)
from tasks.sources.file_format import data_suffix
from tasks.sources.table_rows import (
    DATABASES,
    as_batches,
    open_database,
    read_rows,
    read_sheets,
    table_cells,
)
from tasks.warehouse.raw_tables import TABLE_CONTEXT

_POST_IDS = ("note_id", "aweme_id", "video_id", "content_id", "dynamic_id")
# Keys that one network's records alone have.
_SIGNS = {
    "aweme_id": "douyin",
    "content_id": "zhihu",
    "dynamic_id": "bilibili",
    "up_id": "bilibili",
    "tieba_id": "tieba",
    "tieba_name": "tieba",
    "create_date_time": "weibo",
    "video_danmaku": "bilibili",
    "viewd_count": "kuaishou",
    "xsec_token": "xiaohongshu",
    "image_list": "xiaohongshu",
    "registration_duration": "tieba",
    "get_voteup_count": "zhihu",
    "videos_count": "douyin",
}
# As folders, tables and files call the networks.
_CALLED = {
    "xhs": "xiaohongshu",
    "xiaohongshu": "xiaohongshu",
    "dy": "douyin",
    "douyin": "douyin",
    "ks": "kuaishou",
    "kuaishou": "kuaishou",
    "bili": "bilibili",
    "bilibili": "bilibili",
    "wb": "weibo",
    "weibo": "weibo",
    "tieba": "tieba",
    "zhihu": "zhihu",
}
_TIEBA_ID = re.compile(r"[?&]id=([^&#\s]+)")
_KNOWN = frozenset(
    (*_POST_IDS, *_SIGNS, "comment_id", "creator_hash", "user_id", "nickname",
     "content", "title", "desc", "last_modify_ts", "create_time", "fans", "follows")
)  # fmt: skip


def read_mediacrawler(
    path: Path, notes: Notes, _split: object
) -> Iterator[pa.RecordBatch]:
    """Yield the records of a file of MediaCrawler as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged or no such file.
    """
    suffix = data_suffix(path)
    if suffix in (".json", ".jsonl"):
        records = _json_records(path, notes)
    elif suffix in DATABASES:
        records = _database_records(path)
    else:
        records = _table_records(path, notes)
    yield from as_batches(records)


def _json_records(path: Path, notes: Notes) -> Iterator[tuple[int, int | None, Any]]:
    named = _named_in(path)
    for batch in read_documents(path, notes):
        for position, item, text in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            try:
                parts = split_document(text)
            except ValueError as error:
                notes.rejected.append(Rejected(position, f"not JSON: {error}", text))
                continue
            for number, part in enumerate(parts):
                place = number if len(parts) > 1 else item
                yield position, place, _tagged(orjson.loads(part), named)


def _table_records(path: Path, notes: Notes) -> Iterator[tuple[int, int | None, Any]]:
    def known(names: Sequence[str]) -> int:
        return sum(name in _KNOWN for name in names)

    is_text = data_suffix(path) == ".csv"
    parts = (
        [read_rows(path, notes, known)] if is_text else read_sheets(path, notes, known)
    )
    named = _named_in(path)
    for sheet, rows in enumerate(parts):
        header = next(rows, None)
        if header is None:
            continue
        names = [name or "" for name in header.cells]
        if not known(names):
            told = ", ".join(names[:5])
            raise UnreadableFileError(f"its header is none of MediaCrawler's: {told}")
        for row in rows:
            record = {
                name: cell for name, cell in zip(names, row.cells, strict=True) if name
            }
            # All sheets of a file count their rows from one.
            yield row.position, None if is_text else sheet, _tagged(record, named)


def _database_records(path: Path) -> Iterator[tuple[int, int | None, Any]]:
    with open_database(path) as (database, tables):
        mine = [table for table in tables if _network_of(table.split("_"))]
        if not mine:
            raise UnreadableFileError("holds none of MediaCrawler's tables")
        for number, table in enumerate(mine):
            named = _network_of(table.split("_"))
            rows = table_cells(database, table)
            names = [str(name) for name in next(rows)]
            for position, cells in enumerate(rows, start=1):
                record = dict(zip(names, cells, strict=True))
                yield position, number, _tagged(record, named)


def _named_in(path: Path) -> str | None:
    """The network that a file's name or one of its folders tells, the nearest one."""
    words = re.split(r"[_.]", path.name.lower())
    return _network_of(words) or _network_of(
        [part.lower() for part in reversed(path.parts[:-1])]
    )


def _network_of(words: Sequence[str]) -> str | None:
    return next((_CALLED[word] for word in words if word in _CALLED), None)


def _tagged(record: Any, named: str | None) -> Any:
    """A record with its kind and its network; one of no known shape as it is."""
    if not isinstance(record, dict) or (kind := _kind_of(record)) is None:
        return record
    network = next((_SIGNS[key] for key in record if key in _SIGNS), None) or named
    told = dict(record)
    if network is not None:
        told["platform"] = network
    link = str(told.get("user_link") or "")
    if not told.get("user_id") and (found := _TIEBA_ID.search(link)):
        told["user_id"] = found[1].replace(".", "-")  # ids here have no dots
    told[TABLE_CONTEXT] = {"kind": kind}
    return told


def _kind_of(record: Mapping[str, Any]) -> str | None:
    if "comment_id" in record:
        return "comment"
    if any(key in record for key in _POST_IDS):
        return "post"
    if "up_id" in record:
        return "contact"
    if "user_id" in record and ("fans" in record or "total_fans" in record):
        return "creator"
    return None
