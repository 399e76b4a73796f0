"""Files of the program weiboSpider: the posts of users on weibo.cn, their profiles.

A folder a user, named after the nickname or the id, with `<uid>.csv` or `<uid>.json` in
it, or one SQLite database. A post's id is the short one of its address; its record has
both. What a post reposts is told in words only, without an id: such posts land, and no
table takes them.

Versions after the history of github.com/dataabc/weiboSpider, June 2019 to 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.sources.csv_rows import CsvFile, names_of
from tasks.sources.documents import (
    Notes,
    Rejected,
    UnreadableFileError,
    read_documents,
)
from tasks.sources.error_answers import shown
from tasks.sources.file_format import data_suffix
from tasks.sources.table_rows import as_batches, count_told, open_database, table_cells
from tasks.sources.weibo.dataabc.file_tag import FILE, tagged
from tasks.warehouse.configuration import long_form

# What nobody told of a post is written as this.
_NOTHING = "无"
_POST_KEYS = {
    "微博id": "id",
    "微博正文": "content",
    "头条文章url": "article_url",
    "原始图片url": "original_pictures",
    "被转发微博原始图片url": "retweet_pictures",
    "是否为原创微博": "original",
    "微博视频url": "video_url",
    "发布位置": "publish_place",
    "发布时间": "publish_time",
    "发布工具": "publish_tool",
    "点赞数": "up_num",
    "转发数": "retweet_num",
    "评论数": "comment_num",
}
# Under which keys weibo-crawler writes the same.
_POST = {
    "content": "text",
    "original_pictures": "pics",
    "publish_place": "location",
    "publish_time": "created_at",
    "publish_tool": "source",
    "up_num": "attitudes_count",
    "retweet_num": "reposts_count",
    "comment_num": "comments_count",
}
_USER = {
    "nickname": "screen_name",
    "weibo_num": "statuses_count",
    "following": "follow_count",
    "followers": "followers_count",
}
_NO = frozenset(("false", "0", "否"))


def split_spider(document: Any) -> list[Any]:
    """The user and the posts of `<uid>.json`."""
    if (
        not isinstance(document, dict)
        or FILE in document
        or not isinstance(document.get("weibo"), list)
    ):
        return [document]
    user = document.get("user")
    found = []
    uid = None
    if isinstance(user, dict) and user.get("id"):
        uid = str(user["id"])
        found.append(_user(user, "spider-json"))
    return found + [
        _post(post, "spider-json", uid) if isinstance(post, dict) else post
        for post in document["weibo"]
    ]


def read_spider(path: Path, notes: Notes, split: Any) -> Iterator[pa.RecordBatch]:
    """Yield the records of a file of weiboSpider as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged or no such file.
    """
    suffix = data_suffix(path)
    if suffix == ".json":
        yield from read_documents(path, notes, split)
        return
    records = _csv_posts(path, notes) if suffix == ".csv" else _database_records(path)
    yield from as_batches((position, None, record) for position, record in records)


def _csv_posts(path: Path, notes: Notes) -> Iterator[tuple[int, Any]]:
    def known(names: Sequence[str]) -> int:
        return sum(name in _POST_KEYS for name in names)

    uid = next(
        (
            name
            for name in (path.name.split(".")[0], path.parent.name)
            if name.isascii() and name.isdigit()
        ),
        None,
    )
    names: list[str] = []

    def fits(cells: list[str]) -> bool:
        return _is_header(cells) or len(cells) == len(names)

    for row in CsvFile(path, notes, known).rows(fits):
        if _is_header(row.cells):
            # Written again by each run; a setting changes it.
            notes.repeated_headers += bool(names)
            names = [_POST_KEYS.get(name, name) for name in names_of(row.cells)]
        elif not names:
            told = ", ".join(names_of(row.cells)[:5])
            raise UnreadableFileError(f"its header is none of weiboSpider's: {told}")
        elif len(row.cells) != len(names):
            text = orjson.dumps(row.cells).decode()
            why = count_told(row.cells, names)
            notes.rejected.append(Rejected(row.line, why, text))
        else:
            record = dict(zip(names, row.cells, strict=True))
            yield row.line, _post(record, "spider-csv", uid)


def _is_header(cells: Sequence[str]) -> bool:
    return {"微博id", "微博正文"} <= {*names_of(cells)}


def _database_records(path: Path) -> Iterator[tuple[int, Any]]:
    with open_database(path) as (database, tables):
        if not {"user", "weibo"} & {*tables}:
            raise UnreadableFileError("holds none of weiboSpider's tables")
        for table in ("user", "weibo"):
            if table not in tables:
                continue
            rows = table_cells(database, table)
            names = [str(name) for name in next(rows)]
            needed = "nickname" if table == "user" else "publish_time"
            if needed not in names:
                raise UnreadableFileError(
                    f"its table {table} is none of weiboSpider's: {shown(names)}"
                )
            for position, cells in enumerate(rows, start=1):
                row = dict(zip(names, cells, strict=True))
                make = _user if table == "user" else _post
                yield position, make(row, "spider-sqlite")


def _user(row: Mapping[str, Any], form: str) -> dict[str, Any]:
    record = {_USER.get(name, name): value for name, value in row.items()}
    return tagged(record, "user", form)


def _post(row: Mapping[str, Any], form: str, uid: str | None = None) -> dict[str, Any]:
    record = {
        _POST.get(name, name): None if value == _NOTHING else value
        for name, value in row.items()
    }
    short = str(record.get("id") or "").strip()
    if short.isascii() and short.isalnum():
        record["bid"], record["id"] = short, long_form(short)
    is_original = str(record.get("original", "True")).strip().lower() not in _NO
    return tagged(record, "post" if is_original else "rootless", form, uid)
