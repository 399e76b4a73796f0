"""Worlds as a vendor's tables: Chinese names, a form of file for each kind of rows.

Posts as a spreadsheet with a title above and likes as a database, reposts as CSV in
GBK, comments as Parquet, profiles parted by tabulators, with counts as Germans write.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from .archives import beijing
from .spec import World

_POSTS = {
    "post_id": "微博ID", "account_id": "作者ID", "posted_at": "发布时间",
    "text": "正文", "client": "发布工具", "region": "IP属地",
    "links": "链接", "hashtags": "话题",
    "mentions": "艾特用户", "media_count": "图片数", "is_deleted": "是否删除",
    "observed_at": "采集时间",
}  # fmt: skip
_ACTS = {
    "interaction_id": "ID", "account_id": "用户ID", "screen_name": "用户昵称",
    "root_post_id": "原微博ID", "parent_id": "上级ID", "acted_at": "时间",
    "text": "内容", "likes_count": "点赞数", "observed_at": "采集时间",
}  # fmt: skip
_PEOPLE = {
    "account_id": "用户ID", "screen_name": "昵称", "display_name": "备注",
    "description": "简介", "location": "所在地", "gender": "性别", "avatar_url": "头像",
    "is_verified": "是否认证", "verified_type": "认证类型", "followers_count": "粉丝数",
    "following_count": "关注数", "mutual_count": "互粉数", "posts_count": "微博数",
    "likes_count": "收藏数", "level": "等级", "registered_at": "注册时间",
    "observed_at": "采集时间",
}  # fmt: skip
_COUNTERS = {
    "post_id": "微博ID", "observed_at": "采集时间", "reposts_count": "转发数",
    "comments_count": "评论数", "likes_count": "点赞数", "reads_count": "阅读数",
}  # fmt: skip
_FOLLOWS = {
    "account_id": "博主ID", "follower_id": "粉丝ID", "observed_at": "采集时间",
}  # fmt: skip


def write_tables(world: World, folder: Path) -> str:
    """Write the files and give the sources of a `workspace.toml` beside the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = dict(world.accounts.select("account_id", "screen_name").iter_rows())
    acts = [
        {
            **row,
            # Names change; who is hidden has none.
            "screen_name": names.get(row["account_id"]),
            "parent_id": row["parent_id"]
            if row["parent_method"] == "platform"
            else None,
        }
        for row in world.interactions.iter_rows(named=True)
    ]
    people = pl.concat([world.account_history, world.accounts])
    _spreadsheet(
        folder / "posts.xlsx", _rows(world.posts.iter_rows(named=True), _POSTS)
    )
    _parquet(
        folder / "comments.parquet",
        _rows((row for row in acts if row["kind"] == "comment"), _ACTS),
    )
    _text(
        folder / "reposts.csv",
        _rows((row for row in acts if row["kind"] == "repost"), _ACTS),
        encoding="gb18030",
    )
    others = [row for row in acts if row["kind"] == "like"]
    _database(folder / "others.db", _rows(others, {"kind": "类型", **_ACTS}))
    _text(
        folder / "people.tsv",
        _rows(people.iter_rows(named=True), _PEOPLE, thousands=True),
        delimiter="\t",
    )
    _text(
        folder / "counters.csv",
        _rows(world.post_counters.iter_rows(named=True), _COUNTERS),
        delimiter=";",
    )
    _text(folder / "follows.csv", _rows(world.follows.iter_rows(named=True), _FOLLOWS))
    return "".join(
        _source(f"{folder.name}/{name}", rows, columns, more)
        for name, rows, columns, more in (
            ("posts.xlsx", "posts", _POSTS, ""),
            ("comments.parquet", "comments", _ACTS, ""),
            ("reposts.csv", "reposts", _ACTS, ""),
            (
                "others.db",
                "interactions",
                {"kind": "类型", **_ACTS},
                'sheet = "互动"\n',
            ),
            ("people.tsv", "accounts", _PEOPLE, 'decimal_mark = ","\n'),
            ("counters.csv", "post_counters", _COUNTERS, ""),
            ("follows.csv", "follows", _FOLLOWS, ""),
        )
    )


def _source(path: str, rows: str, columns: dict[str, str], more: str) -> str:
    named = "".join(f'{column} = "{own}"\n' for column, own in columns.items())
    return (
        f'[[sources]]\nname = "{Path(path).stem}"\nplatform = "weibo"\n'
        f'kind = "files"\nformat = "table"\npath = "{path}"\n[sources.table]\n'
        f'rows = "{rows}"\ntime_zone = "Asia/Shanghai"\n{more}'
        f"[sources.table.columns]\n{named}"
    )


def _rows(
    rows: Iterable[dict[str, Any]], columns: dict[str, str], *, thousands: bool = False
) -> list[list[str]]:
    """The header and the rows below it, as texts."""
    return [
        [*columns.values()],
        *([_shown(row.get(name), thousands) for name in columns] for row in rows),
    ]


def _shown(value: Any, thousands: bool) -> str:  # noqa: FBT001
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return beijing(value, "%Y/%m/%d %H:%M:%S.%f")
    if isinstance(value, int) and thousands:
        return f"{value:,}".replace(",", ".")
    if isinstance(value, list):
        return "，".join(value)
    return str(value)


def _text(
    path: Path,
    rows: Sequence[list[str]],
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def _spreadsheet(path: Path, rows: Sequence[list[str]]) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("微博")
    sheet.append(["微博数据导出 2026"])
    for row in rows:
        # Formulas are words here, as they are in what people write.
        cells = [_cell(sheet, cell) for cell in row]
        sheet.append(cells)
    book.save(path)


def _cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text or None)
    if text:
        cell.data_type = "s"
    return cell


def _parquet(path: Path, rows: Sequence[list[str]]) -> None:
    header, *cells = rows
    schema = dict.fromkeys(header, pl.String)
    pl.DataFrame(cells, schema=schema, orient="row").write_parquet(path)


def _database(path: Path, rows: Sequence[list[str]]) -> None:
    header, *cells = rows
    with closing(sqlite3.connect(path)) as database, database:
        for table in ("互动", "other"):
            columns = ", ".join(f"[{name}] text" for name in header)
            database.execute(f"create table [{table}] ({columns})")
        database.executemany(
            f"insert into [互动] values ({', '.join('?' * len(header))})", cells
        )
