"""Worlds as the program weibo-crawler writes them: CSV, JSON and SQLite.

The authors of posts and some of those who repost are crawled users, each with a
folder; reposts and comments of others stand in the database only, and comments a
second time in CSV files without accounts. What is deleted is not found.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from .archives import Object, beijing, threads
from .json_lines import Compression, open_packed
from .mweibo import bid, to_html
from .projection import newest_counters, project
from .spec import PLATFORM, World, utc_moment

# Every so many who repost are crawled users, whose reposts stand in their own files.
CRAWLED_EVERY = 6
_CHAIN = re.compile(r"//?\s*@")
_LINK = re.compile(r"https?://[\w./]+")

POST_HEADER = ("id", "bid", "正文", "头条文章url", "原始图片url", "视频url",
               "Live Photo视频url", "位置", "日期", "工具", "点赞数", "评论数",
               "转发数", "话题", "@用户", "完整日期", "是否编辑过",
               "编辑次数")  # fmt: skip
SHARED_HEADER = ("是否原创", "源用户id", "源用户昵称",
                 *(f"源微博{name}" for name in POST_HEADER))  # fmt: skip
USER_HEADER = ("用户id", "昵称", "性别", "生日", "所在地", "IP属地", "学习经历",
               "公司", "注册时间", "阳光信用", "微博数", "粉丝数", "关注数", "简介",
               "主页", "头像", "高清头像", "微博等级", "会员等级", "是否认证",
               "认证类型", "认证信息", "上次记录微博信息")  # fmt: skip
COMMENT_HEADER = ("id", "weibo_id", "created_at", "user_screen_name", "text",
                  "pic_url", "like_count")  # fmt: skip
POST_KEYS = ("id", "bid", "text", "article_url", "pics", "video_url",
             "live_photo_url", "location", "created_at", "source",
             "attitudes_count", "comments_count", "reposts_count", "topics",
             "at_users", "full_created_at")  # fmt: skip


def write_dataabc(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as the crawler's output and give what it tells."""
    observed = utc_moment(world.spec.observed_second)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    counters = newest_counters(world)
    posts = {
        row["post_id"]: row
        for row in world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    by_root = threads(world, ("repost", "comment"), posts)
    own: dict[str, list[Object]] = {}
    statuses = {
        key: _status(key, post, counters.get(key, {})) for key, post in posts.items()
    }
    for key, post in posts.items():
        own.setdefault(post["account_id"], []).append(statuses[key])
    told_rows: list[Object] = []
    comments: list[Object] = []
    reposts: list[Object] = []
    for key, post in posts.items():
        tops: dict[str, str] = {}
        for row in by_root[key]:
            author = people.get(row["account_id"])
            above = tops.get(row["true_parent"]) if row["kind"] == "comment" else None
            told = {
                "interaction_id": row["interaction_id"],
                "kind": row["kind"],
                "account_id": row["account_id"],
                "root_post_id": key,
                "parent_id": above or key,
                "parent_method": "platform" if above else "root",
                "acted_at": row["acted_at"],
                "text": row["text"],
                "likes_count": row["likes_count"] or 0,
                "observed_at": observed,
            }
            answer = {
                "id": row["interaction_id"],
                "bid": bid(row["interaction_id"]),
                "weibo_id": key,
                "user_id": row["account_id"] or "",
                "created_at": _shown(row["acted_at"]),
                "user_screen_name": author["screen_name"] if author else "",
                "user_avatar_url": author["avatar_url"].split("?")[0] if author else "",
                "text": row["text"],
                # Nothing is kept for zero.
                "like_count": row["likes_count"] or "",
            }
            if row["kind"] == "comment":
                tops[row["interaction_id"]] = above or row["interaction_id"]
                root = above or row["interaction_id"]
                comments.append({**answer, "root_id": root, "pic_url": ""})
            else:
                # The crawler cuts the chain.
                words = _CHAIN.split(row["text"])[0].strip() or "转发微博"
                told["text"] = answer["text"] = words
                if author and int(row["account_id"]) % CRAWLED_EVERY == 0:
                    mine = _status(row["interaction_id"], {**row, "text": words}, {})
                    mine["attitudes_count"] = row["likes_count"] or 0
                    owner = people[post["account_id"]]
                    mine["retweet"] = {
                        "user_id": post["account_id"],
                        "screen_name": owner["screen_name"],
                        **statuses[key],
                    }
                    own.setdefault(row["account_id"], []).append(mine)
                else:
                    reposts.append(answer)
            told_rows.append(told)

    folder.mkdir(parents=True, exist_ok=True)
    for number, (uid, rows) in enumerate(own.items()):
        name = people[uid]["screen_name"]
        # Some files are called by nicknames, which `users.csv` explains.
        by_name = number % 3 == 2 and "/" not in name
        place = folder / (name if by_name else f"user-{uid}")
        (place / "img").mkdir(parents=True)
        (place / "img" / "20260301T_1.jpg").write_bytes(b"\xff\xd8")
        cells = [_cells(row) for row in rows]
        # A second run appends everything again.
        _write_csv(
            place / f"{name if by_name else uid}.csv",
            [*POST_HEADER, *SHARED_HEADER],
            cells * (1 + (number == 0)),
            compression,
        )
        if number % 2:
            _write_json(place / f"{uid}.json", people[uid], rows, compression)
    _write_csv(
        folder / "users.csv",
        USER_HEADER,
        [_user_cells(people[uid]) for uid in own],
        compression,
    )
    _write_csv(
        folder / "brand_comments.csv",
        COMMENT_HEADER,
        [[row[name] for name in COMMENT_HEADER] for row in comments],
        compression,
    )
    _write_database(folder / "weibodata.db", comments, reposts, people, own)

    seen = {row["user_id"] for row in (*comments, *reposts)} - {"", *own}
    return project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": uid,
                "screen_name": people[uid]["screen_name"],
                "description": people[uid]["description"],
                "location": people[uid]["location"] or None,
                "gender": people[uid]["gender"],
                "avatar_url": people[uid]["avatar_url"].split("?")[0],
                "is_verified": people[uid]["is_verified"],
                "verified_type": str(people[uid]["verified_type"]),
                "followers_count": people[uid]["followers_count"],
                "following_count": people[uid]["following_count"],
                "posts_count": people[uid]["posts_count"],
                "level": people[uid]["level"],
                "registered_at": _midnight(people[uid]["registered_at"]),
                "observed_at": observed,
            }
            for uid in own
        ]
        + [
            {
                "account_id": uid,
                "screen_name": people[uid]["screen_name"],
                "avatar_url": people[uid]["avatar_url"].split("?")[0],
                "observed_at": observed,
            }
            for uid in sorted(seen)
        ],
        posts=[
            {
                **post,
                # HTML hides an address behind words.
                "text": _LINK.sub("网页链接", post["text"])
                if _is_html(key)
                else post["text"],
                "client": post["client"] or None,
                "observed_at": observed,
            }
            for key, post in posts.items()
        ],
        post_counters=[
            {
                "post_id": key,
                "observed_at": observed,
                **{
                    name: counters.get(key, {}).get(name) or 0
                    for name in ("reposts_count", "comments_count", "likes_count")
                },
            }
            for key in posts
        ],
        interactions=told_rows,
        follows=[],
        campaign_posts={key: key for key in posts},
    )


def _is_html(key: str) -> bool:
    """Whether the crawler kept a text's marks; both kinds stand in one world."""
    return int(key) % 2 == 1


def _midnight(moment: datetime) -> datetime:
    day = beijing(moment, "%Y-%m-%d")
    return datetime.fromisoformat(f"{day}T00:00:00+08:00")


def _shown(moment: datetime) -> str:
    return beijing(moment, "%a %b %d %H:%M:%S +0800 %Y")


def _status(key: str, row: Mapping[str, Any], counts: Mapping[str, Any]) -> Object:
    return {
        "id": int(key),
        "bid": bid(key),
        "text": to_html(row["text"]) if _is_html(key) else row["text"],
        "article_url": "",
        "pics": ",".join(
            f"https://pic.example.invalid/{n}.jpg"
            for n in range(row.get("media_count") or 0)
        ),
        "video_url": "",
        "live_photo_url": "",
        "location": row.get("region") or "",
        "created_at": beijing(
            row.get("posted_at") or row["acted_at"], "%Y-%m-%dT%H:%M:%S"
        ),
        "source": row.get("client") or "",
        "attitudes_count": counts.get("likes_count") or 0,
        "comments_count": counts.get("comments_count") or 0,
        "reposts_count": counts.get("reposts_count") or 0,
        "topics": ",".join(row.get("hashtags") or ()),
        "at_users": ",".join(row.get("mentions") or ()),
        "full_created_at": beijing(row.get("posted_at") or row["acted_at"]),
    }


def _cells(post: Mapping[str, Any]) -> list[Any]:
    """A row: 19 cells, or 37 with a shared post, whose last two never come."""
    cells = [post[key] for key in POST_KEYS] + [False, 0]
    cells[0] = f"{cells[0]}\t"
    shared = post.get("retweet")
    cells.append(shared is None)
    if shared:
        cells += [shared["user_id"], shared["screen_name"]]
        cells += [f"{shared['id']}\t", *(shared[key] for key in POST_KEYS[1:])]
    return cells


def _write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    compression: Compression,
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    with open_packed(path, compression) as stream:
        stream.write(buffer.getvalue().encode("utf-8-sig"))


def _write_json(
    path: Path, user: Mapping[str, Any], rows: Sequence[Object], pack: Compression
) -> None:
    names = {"user_id": int(user["account_id"]), "screen_name": user["screen_name"]}
    posts = []
    for row in rows:
        shared = row.get("retweet")
        post = {**names, **row, "links": [], "edited": False, "edit_count": 0}
        if shared:
            post["retweet"] = {**shared, "user_id": int(shared["user_id"])}
        posts.append(post)
    text = json.dumps(
        {"user": _user(user), "weibo": posts}, ensure_ascii=False, indent=4
    )
    with open_packed(path, pack) as stream:
        stream.write(text.encode())


def _user(row: Mapping[str, Any]) -> Object:
    avatar = row["avatar_url"].split("?")[0]
    return {
        "id": row["account_id"],
        "screen_name": row["screen_name"],
        "gender": row["gender"],
        "birthday": "",
        "location": row["location"] or "",
        "ip_location": "",
        "education": "",
        "company": "",
        "registration_time": beijing(row["registered_at"], "%Y-%m-%d"),
        "sunshine": "",
        "statuses_count": row["posts_count"],
        "followers_count": row["followers_count"],
        "follow_count": row["following_count"],
        "description": row["description"],
        "profile_url": f"https://m.weibo.cn/u/{row['account_id']}",
        "profile_image_url": avatar,
        "avatar_hd": avatar,
        "urank": row["level"],
        "mbrank": 0,
        "verified": row["is_verified"],
        "verified_type": row["verified_type"],
        "verified_reason": "",
    }


def _user_cells(row: Mapping[str, Any]) -> list[Any]:
    return [*_user(row).values(), ""]


_TABLES = {
    "comments": ("id", "bid", "weibo_id", "root_id", "user_id", "created_at",
                 "user_screen_name", "user_avatar_url", "text", "pic_url",
                 "like_count"),
    "reposts": ("id", "bid", "weibo_id", "user_id", "created_at",
                "user_screen_name", "user_avatar_url", "text", "like_count"),
    "weibo": ("id", "bid", "user_id", "screen_name", "text", "article_url", "topics",
              "at_users", "pics", "video_url", "live_photo_url", "location",
              "created_at", "source", "attitudes_count", "comments_count",
              "reposts_count", "retweet_id", "edited", "edit_count"),
}  # fmt: skip


def _write_database(
    path: Path,
    comments: Sequence[Object],
    reposts: Sequence[Object],
    people: Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Sequence[Object]],
) -> None:
    """The crawler's database; its posts are those of the first users."""
    posts = [
        {
            **row,
            "user_id": uid,
            "screen_name": people[uid]["screen_name"],
            "retweet_id": row["retweet"]["id"] if "retweet" in row else "",
            "edited": "",
            "edit_count": "",
        }
        for uid in list(own)[:2]
        for row in own[uid]
    ]
    rows = {"comments": comments, "reposts": reposts, "weibo": posts}
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table bins (id integer, data blob)")
        database.execute("insert into bins values (1, x'ffd8')")
        for table, names in _TABLES.items():
            database.execute(f"create table {table} ({', '.join(names)})")
            marks = ", ".join("?" for _ in names)
            database.executemany(
                f"insert into {table} values ({marks})",
                [[row[name] for name in names] for row in rows[table]],
            )
