"""weibo-crawler's tables to records: CSV files and its SQLite database.

CSV as the crawler appends it: a mark of UTF-8 at the start, rows of 19, 37 or 39
cells under one header, a header from before the options changed, rows twice. A row
becomes a record under the keys of the crawler's own JSON, its values unchanged; what
it shares of another post stands under `retweet`, cells without a name under
`more_cells`. `_file` tells the kind, and whose posts a file without authors holds.
"""

from __future__ import annotations

import codecs
import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa

from tasks.sources.documents import (
    SCHEMA,
    Rejected,
    UnreadableFileError,
    open_packed,
    read_documents,
)
from tasks.sources.file_format import Splitter, data_suffix

FILE = "_file"
# Text of one article; the module's own limit is 128 KB.
_LARGEST_CELL = 64 << 20
_BLOCK_BYTES = 1 << 20
_ROWS = 10_000

_POST_KEYS = {
    "id": "id",
    "bid": "bid",
    "正文": "text",
    "头条文章url": "article_url",
    "原始图片url": "pics",
    "视频url": "video_url",
    "Live Photo视频url": "live_photo_url",
    "位置": "location",
    "日期": "created_at",
    "工具": "source",
    "点赞数": "attitudes_count",
    "评论数": "comments_count",
    "转发数": "reposts_count",
    "话题": "topics",
    "@用户": "at_users",
    "完整日期": "full_created_at",
    "是否编辑过": "edited",
    "编辑次数": "edit_count",
}
_SHARED = "源微博"
_POST_HEADER = [
    *_POST_KEYS,
    "是否原创",
    "源用户id",
    "源用户昵称",
    *(_SHARED + name for name in _POST_KEYS),
]
# The crawler never fills the last two cells of a post that is shared.
_SHARED_LEAST = len(_POST_HEADER) - 2
_KEYS = {
    **_POST_KEYS,
    "是否原创": "is_original",
    "用户id": "id",
    "昵称": "screen_name",
    "性别": "gender",
    "生日": "birthday",
    "所在地": "location",
    "IP属地": "ip_location",
    "学习经历": "education",
    "公司": "company",
    "注册时间": "registration_time",
    "阳光信用": "sunshine",
    "微博数": "statuses_count",
    "粉丝数": "followers_count",
    "关注数": "follow_count",
    "简介": "description",
    "主页": "profile_url",
    "头像": "profile_image_url",
    "高清头像": "avatar_hd",
    "微博等级": "urank",
    "会员等级": "mbrank",
    "是否认证": "verified",
    "认证类型": "verified_type",
    "认证信息": "verified_reason",
    "上次记录微博信息": "last_weibo",
}
_SHARED_KEYS = {
    "源用户id": "user_id",
    "源用户昵称": "screen_name",
    **{_SHARED + name: key for name, key in _POST_KEYS.items()},
}
# Tables of the database that hold records; `bins` holds pictures.
_TABLES = {"user": "user", "weibo": "post", "comments": "comment", "reposts": "repost"}


def read_crawler(
    path: Path, rejected: list[Rejected], split: Splitter | None
) -> Iterator[pa.RecordBatch]:
    """Yield the records of one of the crawler's files as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged or no such file.
    """
    suffix = data_suffix(path)
    if suffix == ".json":
        yield from read_documents(path, rejected, split)
    elif suffix == ".csv":
        yield from _batches(_csv_records(path, rejected))
    else:
        yield from _batches(_database_records(path))


def split_crawler(document: Any) -> list[Any]:
    """The user and the posts of `<uid>.json`."""
    if (
        not isinstance(document, dict)
        or FILE in document
        or not isinstance(document.get("weibo"), list)
    ):
        return [document]
    user, posts = document.get("user"), document["weibo"]
    found = [_tagged(user, "user", "json")] if isinstance(user, dict) and user else []
    return found + [
        _tagged(post, "post", "json") if isinstance(post, dict) else post
        for post in posts
    ]


def _tagged(
    record: Mapping[str, Any], kind: str, form: str, uid: str | None = None
) -> dict[str, Any]:
    return {**record, FILE: {"kind": kind, "form": form, "uid": uid}}


def _csv_records(path: Path, rejected: list[Rejected]) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(_LARGEST_CELL)
    line = 0
    try:
        with open_packed(path) as stream:
            reader = csv.reader(_lines(stream), strict=True)
            header = next(reader, None)
            if header is None:
                return
            kind = _kind_of(header)
            uid = _uid_of(path) if kind == "post" else None
            line = reader.line_num
            for row in reader:
                position, line = line + 1, reader.line_num
                if not row or row == header:
                    continue
                names = _names_of(header, row, kind)
                if why := _cut_off(header, row, kind):
                    text = orjson.dumps(row).decode()
                    rejected.append(Rejected(position, why, text))
                else:
                    yield position, _tagged(_record(names, row), kind, "csv", uid)
    except UnicodeDecodeError:
        raise UnreadableFileError(f"not UTF-8 after line {line}") from None
    except csv.Error as error:
        raise UnreadableFileError(f"not CSV after line {line}: {error}") from None
    except (OSError, EOFError, pa.ArrowException) as error:
        detail = str(error) or type(error).__name__
        raise UnreadableFileError(f"can't be unpacked or read: {detail}") from None


def _lines(stream: IO[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    while block := stream.read(_BLOCK_BYTES):
        *lines, rest = (rest + decoder.decode(block)).split("\n")
        for line in lines:
            yield line + "\n"
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _kind_of(header: Sequence[str]) -> str:
    names = set(header)
    if "weibo_id" in names and "id" in names:
        return "comment"
    if "用户id" in names and "昵称" in names:
        return "user"
    if {"id", "正文"} <= names:
        return "post"
    raise UnreadableFileError(
        "its header is none of weibo-crawler's: " + ",".join(header)[:100]
    )


def _uid_of(path: Path) -> str | None:
    """Whose posts a file holds, by its name or its folder's."""
    for name in (path.name.split(".")[0], path.parent.name):
        if name.isascii() and name.isdigit():
            return name
    return None


def _names_of(header: list[str], row: list[str], kind: str) -> Sequence[str]:
    """The names of a row's cells.

    A header stays as it was written first; rows of later runs may be longer.
    """
    if (
        kind == "post"
        and len(row) > len(header)
        and header == _POST_HEADER[: len(header)]
    ):
        return _POST_HEADER
    return header


def _cut_off(header: list[str], row: list[str], kind: str) -> str | None:
    least = min(len(header), len(_POST_KEYS)) if kind == "post" else len(header)
    if kind == "post" and len(row) > len(_POST_KEYS) + 1 and _SHARED + "id" in header:
        least = _SHARED_LEAST
    if len(row) >= least:
        return None
    return f"cut off: {len(row)} of at least {least} cells"


def _record(names: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for name, value in zip(names, row, strict=False):
        if name in _SHARED_KEYS:
            shared[_SHARED_KEYS[name]] = value
        else:
            record[_KEYS.get(name, name)] = value
    if any(shared.values()):
        record["retweet"] = shared
    if len(row) > len(names):
        record["more_cells"] = list(row[len(names) :])
    return record


def _database_records(path: Path) -> Iterator[tuple[int, Any]]:
    if path.suffix.lower() in (".gz", ".zst"):
        raise UnreadableFileError("a packed database: unpack it first")
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise UnreadableFileError(
            f"part of it stands in {log.name} yet: end the crawler, which writes it in"
        )
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.row_factory = sqlite3.Row
            present = {
                row[0]
                for row in database.execute(
                    "select name from sqlite_master where type = 'table'"
                )
            }
            if not present & _TABLES.keys():
                raise UnreadableFileError("holds none of weibo-crawler's tables")
            for table, kind in _TABLES.items():
                if table not in present:
                    continue
                # Table names are ours.
                rows = database.execute(f"select * from {table} order by rowid")
                for position, row in enumerate(rows, start=1):
                    values = {
                        name: value
                        for name, value in zip(row.keys(), row, strict=True)
                        if not isinstance(value, bytes)
                    }
                    yield position, _tagged(values, kind, "sqlite")
    except sqlite3.Error as error:
        raise UnreadableFileError(f"no readable SQLite database: {error}") from None


def _batches(records: Iterator[tuple[int, Any]]) -> Iterator[pa.RecordBatch]:
    positions: list[int] = []
    documents: list[str] = []
    for position, record in records:
        positions.append(position)
        documents.append(orjson.dumps(record).decode())
        if len(positions) == _ROWS:
            yield _batch(positions, documents)
            positions, documents = [], []
    if positions:
        yield _batch(positions, documents)


def _batch(positions: list[int], documents: list[str]) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.array(positions, pa.int64()),
            pa.nulls(len(positions), pa.int32()),
            pa.array(documents, pa.large_string()),
        ],
        schema=SCHEMA,
    )
