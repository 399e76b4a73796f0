"""Worlds as MediaCrawler writes what it finds on Weibo, in three of its versions.

Until June 2026 with ids and profiles: CSV as the first versions wrote it, in the winter
of 2023 to 2024, and JSON, CSV, SQLite. Since July a digest stands for a person, and the
name is masked: JSON lines and a spreadsheet.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from .archives import Object, beijing, threads
from .projection import newest_counters, project
from .spec import PLATFORM, World, utc_moment


def write_older(world: World, folder: Path) -> World:
    """Write a world as versions until June 2026 did, and give what they tell."""
    return _write(world, folder, is_newer=False)


def write_newer(world: World, folder: Path) -> World:
    """Write a world as versions since July 2026 do, and give what they tell."""
    return _write(world, folder, is_newer=True)


def digest_of(account: str) -> str:
    """What stands in place of an id."""
    return hashlib.sha256(account.encode()).hexdigest()[:16]


def masked(name: str) -> str:
    """A name as it is kept."""
    return f"{name[:1]}***{name[-1:]}"


def _write(world: World, folder: Path, *, is_newer: bool) -> World:
    observed = utc_moment(world.spec.observed_second)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    posts = {
        row["post_id"]: row
        for row in world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    counters = newest_counters(world)
    by_root = threads(world, ("comment",), posts)
    contents: list[Object] = []
    comments: list[Object] = []
    told: list[Object] = []
    wrote: set[str] = set()

    def author(account: str | None) -> Object:
        if account is None:
            return {"creator_hash": "", "nickname": ""} if is_newer else {
                "user_id": "", "nickname": "", "avatar": "", "gender": "",
                "profile_url": "", "ip_location": "",
            }  # fmt: skip
        wrote.add(account)
        name = people[account]["screen_name"]
        if is_newer:
            return {"creator_hash": digest_of(account), "nickname": masked(name)}
        return {
            "user_id": account,
            "nickname": name,
            "avatar": "",
            "gender": people[account]["gender"],
            "profile_url": f"https://m.weibo.cn/u/{account}",
            "ip_location": "",
        }

    def shown(account: str | None) -> str | None:
        return digest_of(account) if account and is_newer else account

    read_at = int(observed.timestamp() * 1000)
    for key, post in posts.items():
        counts = counters.get(key, {})
        contents.append(
            {
                "note_id": key,
                "content": post["text"],
                "create_time": int(post["posted_at"].timestamp()),
                "create_date_time": _moment(post["posted_at"]),
                "liked_count": str(counts.get("likes_count") or 0),
                "comments_count": str(counts.get("comments_count") or 0),
                "shared_count": str(counts.get("reposts_count") or 0),
                "last_modify_ts": read_at,
                "note_url": f"https://m.weibo.cn/detail/{key}",
                **author(post["account_id"]),
                "source_keyword": "春日新茶",
            }
        )
        tops: dict[str, str] = {}
        for row in by_root[key]:
            above = tops.get(row["true_parent"])
            tops[row["interaction_id"]] = above or row["interaction_id"]
            comments.append(
                {
                    "comment_id": row["interaction_id"],
                    "create_time": int(row["acted_at"].timestamp()),
                    "create_date_time": _moment(row["acted_at"]),
                    "note_id": key,
                    "content": row["text"],
                    "sub_comment_count": "0",
                    "comment_like_count": str(row["likes_count"] or 0),
                    "last_modify_ts": read_at,
                    "parent_comment_id": above or row["interaction_id"],
                    **author(row["account_id"]),
                }
            )
            told.append(
                {
                    "interaction_id": row["interaction_id"],
                    "kind": "comment",
                    "account_id": shown(row["account_id"]),
                    "root_post_id": key,
                    "parent_id": above or key,
                    "parent_method": "platform" if above else "root",
                    "acted_at": row["acted_at"],
                    "text": row["text"],
                    "likes_count": row["likes_count"] or 0,
                    "observed_at": observed,
                }
            )
    profiles = [_profile(people[one], read_at) for one in sorted(wrote)][::2]
    known = {row["user_id"] for row in profiles if not is_newer}
    place = folder / "data" / "weibo"
    if is_newer:
        _lines(place / "jsonl" / "search_contents_2026-07-15.jsonl", contents)
        half = len(comments) // 2
        _lines(place / "jsonl" / "search_comments_2026-07-15.jsonl", comments[:half])
        _sheets(
            place / "weibo_search_20260715_100000.xlsx",
            {"Contents": contents[:2], "Comments": comments[half:], "Creators": []},
        )
    else:
        path = place / "json" / "search_contents_2026-03-15.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(contents[::2], ensure_ascii=False, indent=4))
        # Nobody wrote then what was searched for.
        first = [
            {name: row[name] for name in row if name != "source_keyword"}
            for row in contents[1::2]
        ]
        _table(place / "1_search_contents_2024-01-20.csv", first)
        _table(place / "csv" / "1_search_comments_2026-03-15.csv", comments[::2])
        _table(place / "csv" / "1_creator_creators_2026-03-15.csv", profiles)
        _database(
            folder / "database" / "sqlite_tables.db",
            {"weibo_note_comment": comments[1::2], "weibo_note": contents[:3]},
        )
    return project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": shown(one),
                "screen_name": masked(people[one]["screen_name"])
                if is_newer
                else people[one]["screen_name"],
                "observed_at": observed,
            }
            | (_told_profile(people[one]) if one in known else {})
            for one in sorted(wrote)
        ],
        posts=[
            {**post, "account_id": shown(post["account_id"]), "observed_at": observed}
            for post in posts.values()
        ],
        post_counters=[
            {"post_id": key, "observed_at": observed}
            | {
                name: counters.get(key, {}).get(name) or 0
                for name in ("reposts_count", "comments_count", "likes_count")
            }
            for key in posts
        ],
        interactions=told,
        follows=[],
        campaign_posts={key: key for key in posts},
    )


def _moment(moment: datetime) -> str:
    return f"{beijing(moment)}+08:00"


def _profile(row: Object, read_at: int) -> Object:
    return {
        "user_id": row["account_id"],
        "nickname": row["screen_name"],
        "gender": {"m": "男", "f": "女"}.get(row["gender"], ""),
        "avatar": "",
        "desc": row["description"],
        "ip_location": row["location"] or "",
        "follows": row["following_count"],
        "fans": row["followers_count"],
        "tag_list": "",
        "last_modify_ts": read_at,
    }


def _told_profile(row: Object) -> Object:
    return {
        "gender": row["gender"] if row["gender"] in ("m", "f") else None,
        "description": row["description"] or None,
        "location": row["location"] or None,
        "followers_count": row["followers_count"],
        "following_count": row["following_count"],
    }


def _lines(path: Path, rows: Sequence[Object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def _table(path: Path, rows: Sequence[Object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=rows[0])
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8-sig")


def _sheets(path: Path, sheets: dict[str, Sequence[Object]]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        if rows:
            sheet.append([*rows[0]])
        for row in rows:
            sheet.append([*row.values()])
    book.save(path)


def _database(path: Path, tables: dict[str, Sequence[Object]]) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as database, database:
        for table, rows in tables.items():
            names = ", ".join(f'"{name}"' for name in rows[0])
            database.execute(f"create table {table} (id integer primary key, {names})")
            marks = ", ".join("?" * len(rows[0]))
            values: list[tuple[Any, ...]] = [tuple(row.values()) for row in rows]
            database.executemany(
                f"insert into {table} ({names}) values ({marks})", values
            )
