"""Worlds as weibo-search and weiboSpider write them, in several versions."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from .archives import Object, beijing, threads
from .mweibo import bid
from .projection import newest_counters, project
from .spec import PLATFORM, World, utc_moment


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SEARCH_HEADERS = (
    # April 2020
    _names(
        "id bid user_id 用户昵称 微博正文 发布位置 艾特用户 话题 转发数 评论数 点赞数"
        " 发布时间 发布工具 微博图片url 微博视频url retweet_id"
    ),
    # May 2020
    _names(
        "id bid user_id 用户昵称 微博正文 头条文章url 发布位置 艾特用户 话题 转发数"
        " 评论数 点赞数 发布时间 发布工具 微博图片url 微博视频url retweet_id"
    ),
    # May 2025
    _names(
        "id bid user_id 用户昵称 微博正文 头条文章url 发布位置 艾特用户 话题 转发数"
        " 评论数 点赞数 发布时间 发布工具 微博图片url 微博视频url retweet_id ip"
        " user_authentication 会员类型 会员等级"
    ),
)
_SEARCH_KEYS = {
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
    "会员类型": "vip_type",
    "会员等级": "vip_level",
}
SPIDER_HEADERS = (
    # June and September 2019, June 2020
    _names(
        "微博id 微博正文 原始图片url 发布位置 发布时间 发布工具 点赞数 转发数 评论数"
    ),
    _names(
        "微博id 微博正文 原始图片url 被转发微博原始图片url 是否为原创微博 微博视频url"
        " 发布位置 发布时间 发布工具 点赞数 转发数 评论数"
    ),
    _names(
        "微博id 微博正文 头条文章url 原始图片url 被转发微博原始图片url 是否为原创微博"
        " 微博视频url 发布位置 发布时间 发布工具 点赞数 转发数 评论数"
    ),
)
_SPIDER_KEYS = {
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


def write_search(world: World, folder: Path) -> World:
    """Write a world as results of searches and give what they tell.

    One CSV began under the first version and has rows of all of them; half of the
    world stands in SQLite.
    """
    people, posts, counters, observed = _basics(world)
    rows: list[Object] = []
    told_rows: list[Object] = []
    authors: set[str] = set()
    by_root = threads(world, ("repost",), posts)
    for key, post in posts.items():
        counts = counters.get(key, {})
        rows.append(_found(key, post, people, {**counts, "retweet_id": ""}))
        authors.add(post["account_id"])
        for row in by_root[key]:
            if row["account_id"] is None:
                continue  # who hides a repost is found by nobody
            counts = {"likes_count": row["likes_count"], "retweet_id": key}
            rows.append(_found(row["interaction_id"], row, people, counts))
            authors.add(row["account_id"])
            told_rows.append(
                {
                    "interaction_id": row["interaction_id"],
                    "kind": "repost",
                    "account_id": row["account_id"],
                    "root_post_id": key,
                    "acted_at": _minute(row["acted_at"]),
                    "text": row["text"],
                    "likes_count": row["likes_count"] or 0,
                    "observed_at": observed,
                }
            )
    place = folder / "结果文件" / "%23春日新茶%23"
    place.mkdir(parents=True)
    half = rows[: len(rows) // 2]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(SEARCH_HEADERS[0])
    for number, found in enumerate(half):
        names = SEARCH_HEADERS[number * len(SEARCH_HEADERS) // len(half)]
        cells = [found[_SEARCH_KEYS.get(name, name)] for name in names]
        if number == len(half) - 1:
            # The version of 16 May 2024: its last column stands in the middle.
            cells = [*cells[:4], "普通用户", *cells[4:18]]
        writer.writerow(cells)
    file = place / "%23春日新茶%23.csv"
    file.write_text(buffer.getvalue(), encoding="utf-8-sig")
    _database(folder / "结果文件" / "weibo.db", {"weibo": rows[len(rows) // 2 :]})
    return project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": uid,
                "screen_name": people[uid]["screen_name"],
                "observed_at": observed,
            }
            for uid in sorted(authors)
        ],
        posts=_told_posts(posts, observed),
        post_counters=_told_counters(posts, counters, observed),
        interactions=told_rows,
        follows=[],
        campaign_posts={key: key for key in posts},
    )


def write_spider(world: World, folder: Path) -> World:
    """Write a world as weiboSpider's output and give what it tells."""
    people, posts, counters, observed = _basics(world)
    own: dict[str, list[Object]] = {}
    for key, post in posts.items():
        own.setdefault(post["account_id"], []).append(
            _listed(key, post, counters.get(key, {}))
        )
    (uid, first), *others = own.items()
    # One that reposts: whose post it was is told in words only.
    first.append(
        {
            **first[0],
            "id": bid("5279999999999999"),
            "content": "好\n原始用户: 别人\n转发内容: 茶",
            "original": False,
        }
    )
    place = folder / "weibo" / people[uid]["screen_name"]
    place.mkdir(parents=True)
    third = -(-len(first) // len(SPIDER_HEADERS))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for number, names in enumerate(SPIDER_HEADERS):
        writer.writerow(names)
        for row in first[number * third : (number + 1) * third]:
            writer.writerow([row[_SPIDER_KEYS[name]] for name in names])
    (place / f"{uid}.csv").write_text(buffer.getvalue(), encoding="utf-8-sig")
    profiles = {}
    for number, (other, rows) in enumerate([(uid, []), *others]):
        profiles[other] = _spider_user(people[other])
        if number % 2:
            place = folder / "weibo" / other
            place.mkdir()
            data = {"user": profiles[other], "weibo": rows}
            (place / f"{other}.json").write_text(
                json.dumps(data, ensure_ascii=False, indent=4), encoding="utf-8"
            )
        else:
            _database(
                folder / f"weibodata{number}.db",
                {
                    "user": [profiles[other]],
                    "weibo": [{**row, "user_id": other} for row in rows] or None,
                },
            )
    return project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": other,
                "screen_name": people[other]["screen_name"],
                "description": people[other]["description"] or None,
                "location": people[other]["location"] or None,
                "gender": people[other]["gender"],
                "followers_count": people[other]["followers_count"],
                "following_count": people[other]["following_count"],
                "posts_count": people[other]["posts_count"],
                "observed_at": observed,
            }
            for other in own
        ],
        posts=_told_posts(posts, observed),
        post_counters=_told_counters(posts, counters, observed),
        interactions=[],
        follows=[],
        campaign_posts={key: key for key in posts},
    )


def _basics(
    world: World,
) -> tuple[dict[str, Object], dict[str, Object], dict[str, dict[str, Any]], datetime]:
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    posts = {
        row["post_id"]: row
        for row in world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    observed = utc_moment(world.spec.observed_second)
    return people, posts, newest_counters(world), observed


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _found(
    key: str, row: Object, people: dict[str, Object], counts: dict[str, Any]
) -> Object:
    moment = row.get("posted_at") or row["acted_at"]
    return {
        "id": key,
        "bid": bid(key),
        "user_id": row["account_id"],
        "screen_name": people[row["account_id"]]["screen_name"],
        "text": row["text"],
        "article_url": "",
        "location": "",
        "at_users": ",".join(row.get("mentions") or ()),
        "topics": ",".join(row.get("hashtags") or ()),
        "reposts_count": counts.get("reposts_count") or 0,
        "comments_count": counts.get("comments_count") or 0,
        "attitudes_count": counts.get("likes_count") or 0,
        "created_at": beijing(moment, "%Y-%m-%d %H:%M"),
        "source": row.get("client") or "",
        "pics": "",
        "video_url": "",
        "retweet_id": counts["retweet_id"],
        "ip": row.get("region") or "",
        "user_authentication": "普通用户",
        "vip_type": "非会员",
        "vip_level": 0,
    }


def _listed(key: str, post: Object, counts: dict[str, Any]) -> Object:
    return {
        "id": bid(key),
        "user_id": "",
        "content": post["text"],
        "article_url": "",
        "original_pictures": "无",
        "retweet_pictures": "无",
        "original": True,
        "video_url": "无",
        "publish_place": "无",
        "publish_time": beijing(post["posted_at"], "%Y-%m-%d %H:%M"),
        "publish_tool": post["client"] or "无",
        "up_num": counts.get("likes_count") or 0,
        "retweet_num": counts.get("reposts_count") or 0,
        "comment_num": counts.get("comments_count") or 0,
    }


def _spider_user(row: Object) -> Object:
    return {
        "id": row["account_id"],
        "nickname": row["screen_name"],
        "gender": {"m": "男", "f": "女"}.get(row["gender"], row["gender"]),
        "location": row["location"] or "",
        "birthday": "",
        "description": row["description"],
        "verified_reason": "",
        "talent": "",
        "education": "",
        "work": "",
        "weibo_num": row["posts_count"],
        "following": row["following_count"],
        "followers": row["followers_count"],
    }


def _told_posts(posts: dict[str, Object], observed: datetime) -> list[Object]:
    return [
        {**post, "posted_at": _minute(post["posted_at"]), "observed_at": observed}
        for post in posts.values()
    ]


def _told_counters(
    posts: Iterable[str], counters: dict[str, dict[str, Any]], observed: datetime
) -> list[Object]:
    names = ("reposts_count", "comments_count", "likes_count")
    return [
        {"post_id": key, "observed_at": observed}
        | {name: counters.get(key, {}).get(name) or 0 for name in names}
        for key in posts
    ]


def _database(path: Path, tables: dict[str, Sequence[Object] | None]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for table, rows in _with_columns(tables):
            names = ", ".join(rows[0])
            database.execute(f"create table {table} ({names})")
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(
                f"insert into {table} values ({marks})",
                [tuple(row.values()) for row in rows],
            )


def _with_columns(
    tables: dict[str, Sequence[Object] | None],
) -> Iterator[tuple[str, Sequence[Object]]]:
    for table, rows in tables.items():
        if rows:
            yield table, rows
