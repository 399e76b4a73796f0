"""weibo-crawler's tables to records: CSV files and its SQLite database.

CSV as the crawler appends it: rows of every version of the program under the header of
the first one or a repeated one (`tasks.sources.weibo.dataabc.layouts`), marks of UTF-8
anywhere, rows twice. A row becomes a record under the keys of the crawler's own JSON,
its values unchanged; what it shares of another post stands under `retweet`, cells
without a name under `more_cells`. `_file` tells the kind, and whose posts a file
without authors holds: its own name or its folder's, an id, or the nickname of somebody
in `users.csv` beside or above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
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
from tasks.sources.file_encodings import UNSEEN
from tasks.sources.file_format import Splitter, data_suffix
from tasks.sources.table_rows import as_batches, open_database
from tasks.sources.weibo.dataabc.file_tag import tagged
from tasks.sources.weibo.dataabc.layouts import (
    ANALYSIS,
    KNOWN_NAMES,
    ONLY_COMMENTS,
    ORIGINAL,
    SHARED,
    canonical_names,
    is_row,
    kind_of,
    names_of_row,
)

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
    ANALYSIS: ANALYSIS,
}
_KEYS = {
    **_POST_KEYS,
    ORIGINAL: "is_original",
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
    "上次记录微博id": "last_weibo",
}
_SHARED_KEYS = {
    "源用户id": "user_id",
    "源用户昵称": "screen_name",
    **{SHARED + name: key for name, key in _POST_KEYS.items()},
}
# Tables of the database that hold records; `bins` holds pictures.
_TABLES = {"user": "user", "weibo": "post", "comments": "comment", "reposts": "repost"}
# Where the program writes whom it crawled, and how far above their files.
_USERS = ("users.csv", "users.csv.gz", "users.csv.zst")
_FOLDERS_ABOVE = 3


def read_dataabc(
    path: Path, notes: Notes, split: Splitter | None
) -> Iterator[pa.RecordBatch]:
    """Yield the records of one of the crawler's files as batches of `SCHEMA`.

    Raises:
        UnreadableFileError: the file is damaged or no such file.
    """
    suffix = data_suffix(path)
    if suffix == ".json":
        yield from read_documents(path, notes, split)
    elif suffix == ".csv":
        yield from as_batches(_as_items(_csv_records(path, notes)))
    else:
        yield from as_batches(_as_items(_database_records(path)))


def _csv_records(path: Path, notes: Notes) -> Iterator[tuple[int, Any]]:
    header: tuple[str, ...] = ()
    kind: str | None = None
    width = 0
    uid: str | None = None

    def fits(cells: list[str]) -> bool:
        return kind is None or (
            kind_of(canonical_names(names_of(cells))) is not None
            or is_row(header, cells, kind, width)
        )

    table = CsvFile(path, notes, _known)
    for row in table.rows(fits):
        names = tuple(canonical_names(names_of(row.cells)))
        if kind_of(names) is not None:
            # A header, once more where files were joined or a program wrote it again.
            notes.repeated_headers += kind is not None
            header, kind, width = names, _kind_in(path, names), len(row.cells)
            if kind == "post" and uid is None:
                uid = _owner_of(path, notes)
            continue
        if kind is None:
            # Posts whose header is lost are known by their cells.
            if not is_row((), row.cells, "post"):
                raise UnreadableFileError(
                    "its header is none of weibo-crawler's: " + ",".join(names)[:100]
                )
            kind, uid = "post", _owner_of(path, notes)
        found = names_of_row(header, row.cells, kind, width)
        if isinstance(found, str):
            text = orjson.dumps(row.cells).decode()
            notes.rejected.append(Rejected(row.line, found, text))
        else:
            yield (
                row.line,
                tagged(
                    _record(found, row.cells),
                    kind,
                    "csv",
                    uid if kind == "post" else None,
                ),
            )


def _kind_in(path: Path, names: Sequence[str]) -> str | None:
    """What the rows under a header are, by its names and the file's."""
    kind = kind_of(names)
    if (
        kind == "comment"
        and "reposts" in path.name.lower()
        and not ONLY_COMMENTS & set(names)
    ):
        return "repost"
    return kind


def _known(names: Sequence[str]) -> int:
    """How many names weibo-crawler writes."""
    return sum(
        name.removeprefix(SHARED) in KNOWN_NAMES for name in canonical_names(names)
    )


def _owner_of(path: Path, notes: Notes) -> str | None:
    """Whose posts a file holds, by its name or its folder's: an id or a nickname."""
    if (own := _id_in_name(path)) is not None:
        return own
    called = _called_in_users(path)
    if len(called) == 1:
        return next(iter(called))
    notes.told.append(
        "nothing says whose posts it holds, so they have no author: "
        + (
            "several accounts of users.csv have that nickname: name the file after"
            " the id"
            if called
            else "name it after the account's id, or put users.csv beside it"
        )
    )
    return None


def owners_beside(path: Path) -> str | None:
    """Accounts that `users.csv` says a file may be of; None where its name tells it."""
    if data_suffix(path) != ".csv" or _id_in_name(path) is not None:
        return None
    return " ".join(sorted(_called_in_users(path))) or None


def _names_of(path: Path) -> tuple[str, str]:
    own = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return path.name[: len(own.removesuffix(".csv"))], path.parent.name


def _id_in_name(path: Path) -> str | None:
    for name in (path.name.split(".")[0], *_names_of(path)):
        if name.isascii() and name.isdigit():
            return name
    return None


def _called_in_users(path: Path) -> set[str]:
    """Ids of those whom the nearest `users.csv` calls as the file or its folder is."""
    called: set[str] = set()
    for folder in path.parents[:_FOLDERS_ABOVE]:
        for file in (folder / name for name in _USERS):
            if file.is_file():
                look = file.stat()
                users = _users_in(file, look.st_size, look.st_mtime_ns)
                called = next(
                    (users[name] for name in _names_of(path) if name in users), called
                )
        if called:
            break
    return called


@lru_cache(maxsize=16)
def _users_in(path: Path, _size: int, _mtime_ns: int) -> Mapping[str, set[str]]:
    """Ids by nickname of those whom a `users.csv` tells; none where it can't be read.

    That it can't be is told where it lands itself.
    """
    found: dict[str, set[str]] = {}
    try:
        for _, record in _csv_records(path, Notes()):
            name = str(record.get("screen_name") or "").strip(UNSEEN)
            uid = str(record.get("id") or "").strip(UNSEEN)
            if name and uid.isascii() and uid.isdigit():
                found.setdefault(name, set()).add(uid)
    except (UnreadableFileError, OSError):
        return {}
    return found


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
    if any(row[len(names) :]):
        record["more_cells"] = list(row[len(names) :])
    return record


def _database_records(path: Path) -> Iterator[tuple[int, Any]]:
    with open_database(path) as (database, present):
        if not _TABLES.keys() & {*present}:
            raise UnreadableFileError("holds none of weibo-crawler's tables")
        for table, kind in _TABLES.items():
            if table not in present:
                continue
            # Table names are ours.
            rows = database.execute(f"select * from {table} order by rowid")
            names = [column[0] for column in rows.description]
            for position, row in enumerate(rows, start=1):
                values = {
                    name: value
                    for name, value in zip(names, row, strict=True)
                    if not isinstance(value, bytes)
                }
                yield position, tagged(values, kind, "sqlite")


def _as_items(records: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, None, Any]]:
    return ((position, None, record) for position, record in records)
