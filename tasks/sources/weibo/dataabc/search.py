"""Files of the program weibo-search: what a search for keywords or hashtags finds.

A row a post, as CSV that grows for years or as a table in SQLite; a repost names its
root in `retweet_id`, and the root stands in a row of its own. The program appended
cells at a row's end with its versions and never wrote its header again, so the number
of cells tells their names; one version, of May 2024, put the last one in the middle.

Versions after the history of github.com/dataabc/weibo-search, April 2020 to June 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.sources.csv_rows import CsvFile, names_of
from tasks.sources.documents import Notes, Rejected, UnreadableFileError
from tasks.sources.error_answers import shown
from tasks.sources.file_encodings import UNSEEN
from tasks.sources.file_format import data_suffix
from tasks.sources.table_rows import as_batches, open_database, table_cells, text_of
from tasks.sources.weibo.dataabc.file_tag import tagged

_KEYS = {
    "id": "id",
    "bid": "bid",
    "user_id": "user_id",
    "用户昵称": "screen_name",
    "微博正文": "text",
    "头条文章url": "article_url",
    "发布位置": "location",
    "艾特用户": "at_users",
    "话题": "topics",
    "转发数": "reposts_count",
    "评论数": "comments_count",
    "点赞数": "attitudes_count",
    "发布时间": "created_at",
    "发布工具": "source",
    "微博图片url": "pics",
    "微博视频url": "video_url",
    "retweet_id": "retweet_id",
    "ip": "ip",
    "user_authentication": "user_authentication",
    "会员类型": "vip_type",
    "会员等级": "vip_level",
}
_NEWEST = tuple(_KEYS)
_2020_04 = tuple(name for name in _NEWEST[:17] if name != "头条文章url")
_2024_05 = (*_NEWEST[:4], "user_authentication", *_NEWEST[4:18])
# Without ip and later ones, each version's rows are the newest's, cut.
_VERSIONS = (_NEWEST, _NEWEST[:19], _2024_05, _NEWEST[:18], _NEWEST[:17], _2020_04)
_ID = re.compile(r"\d{8,20}")
_TIME = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]?\d{1,2}:\d{2}.*|\d{4}-\d\d-\d\d")
_MARKS = {"", "蓝V", "黄V", "红V", "金V", "普通用户"}


def read_search(path: Path, notes: Notes, _split: object) -> Iterator[pa.RecordBatch]:
    """Yield the posts of a file of weibo-search as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged or no such file.
    """
    is_text = data_suffix(path) == ".csv"
    rows = _csv_rows(path, notes) if is_text else _database_rows(path)
    yield from as_batches((position, None, _record(row)) for position, row in rows)


def _record(row: dict[str, Any]) -> dict[str, Any]:
    record = {_KEYS.get(name, name): value for name, value in row.items()}
    if ip := str(record.get("ip") or "").strip():
        # Where it was written from; the place that its author named stays beside.
        record["place"], record["location"] = record.get("location"), ip
    return tagged(record, "post", "search")


def _csv_rows(path: Path, notes: Notes) -> Iterator[tuple[int, dict[str, Any]]]:
    header: tuple[str, ...] = ()

    def known(names: Sequence[str]) -> int:
        return sum(name in _KEYS for name in names)

    def is_header(cells: Sequence[str]) -> bool:
        return {"id", "user_id", "微博正文"} <= {*names_of(cells)}

    def fits(cells: list[str]) -> bool:
        return is_header(cells) or not isinstance(_names_of_row(header, cells), str)

    for row in CsvFile(path, notes, known).rows(fits):
        if is_header(row.cells):
            notes.repeated_headers += bool(header)
            header = tuple(names_of(row.cells))
            continue
        if not header:
            names = ", ".join(names_of(row.cells)[:5])
            raise UnreadableFileError(f"its header is none of weibo-search's: {names}")
        found = _names_of_row(header, row.cells)
        if isinstance(found, str):
            text = orjson.dumps(row.cells).decode()
            notes.rejected.append(Rejected(row.line, found, text))
        else:
            yield row.line, dict(zip(found, row.cells, strict=False))


def _names_of_row(
    header: tuple[str, ...], cells: Sequence[str]
) -> tuple[str, ...] | str:
    """The names of a row's cells, or why they have none."""
    filled = len(cells)
    while filled and not cells[filled - 1].strip(UNSEEN):
        filled -= 1
    if len(header) == len(cells) and _may_be(header, cells, has_time=False):
        return header
    # As many cells as names; or more, which a spreadsheet filled up with empty ones.
    versions = sorted({header, *_VERSIONS}, key=lambda names: (-len(names), names))
    for names in versions:
        if filled <= len(names) <= len(cells) and _may_be(names, cells):
            return names
    return (
        f"the row has {len(cells)} cells, the header names {len(header)}, and no known"
        f" version writes that: {shown(cells[0])}"
    )


def _may_be(
    names: tuple[str, ...], cells: Sequence[str], *, has_time: bool = True
) -> bool:
    """Whether cells can stand under names: the id, the time, the mark of a user."""
    row = {name: cell.strip(UNSEEN) for name, cell in zip(names, cells, strict=False)}
    moment = row.get("发布时间", "")
    return (
        _ID.fullmatch(row.get("id", "")) is not None
        and (_TIME.fullmatch(moment) is not None or not (moment or has_time))
        and row.get("user_authentication", "") in _MARKS
    )


def _database_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with open_database(path) as (database, tables):
        if "weibo" not in tables:
            raise UnreadableFileError("holds no table weibo, as weibo-search writes it")
        rows = table_cells(database, "weibo")
        names = [str(name) for name in next(rows)]
        if not {"id", "user_id", "text", "retweet_id"} <= {*names}:
            raise UnreadableFileError("its table weibo is none of weibo-search's")
        for position, cells in enumerate(rows, start=1):
            yield position, dict(zip(names, map(text_of, cells), strict=True))
