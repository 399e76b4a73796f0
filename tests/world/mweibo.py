"""Worlds as raw JSON of m.weibo.cn: a folder per thread."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from .json_lines import Compression, open_packed
from .spec import World
from .texts import base62
from .weibo_api import with_counts

Row = dict[str, Any]

_MARKUP = re.compile(
    r"(?P<face>\[[^\[\]\s]{1,6}\])|(?P<topic>#[^#\n]+#)"
    r"|(?P<link>https?://[\w./]+)|(?P<name>@[-\w·]+)|(?P<line>\n)"
)
_CLIENTS = ("iPhone客户端", "Android", "微博网页版", "HUAWEI Mate 60", "")
# Every so many threads list the root among its own reposts.
_ROOT_AMONG_REPOSTS = 5


def write_mweibo(
    world: World, folder: Path, *, compression: Compression = "none"
) -> None:
    """Write a folder per post with detail, reposts and comments.

    Files without rows are left out, as crawlers leave them out.
    """
    accounts = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    threads: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in world.interactions.filter(
        pl.col("kind").is_in(["repost", "comment"])
    ).iter_rows(named=True):
        threads[row["root_post_id"], row["kind"]].append(row)
    posts = with_counts(world.posts, world.post_counters)
    for number, post in enumerate(posts.iter_rows(named=True)):
        key = post["post_id"]
        detail = _status(post, accounts[post["account_id"]])
        reposts = [
            _repost(row, accounts.get(row["account_id"]))
            for row in threads[key, "repost"]
        ]
        # The newest come first.
        reposts.reverse()
        if reposts and number % _ROOT_AMONG_REPOSTS == 0:
            reposts.append(detail)
        comments = _comments(threads[key, "comment"], accounts)
        place = folder / key
        place.mkdir(parents=True, exist_ok=True)
        _write(place / "detail.json", detail, compression)
        if reposts:
            _write(place / "reposts.json", reposts, compression)
        if comments:
            _write(place / "comments.json", comments, compression)


def _write(path: Path, document: Any, compression: Compression) -> None:
    with open_packed(path, compression) as stream:
        if isinstance(document, list):
            lines = b",\n".join(orjson.dumps(item) for item in document)
            stream.write(b"[\n" + lines + b"\n]\n")
        else:
            stream.write(orjson.dumps(document) + b"\n")


def to_html(text: str) -> str:
    """Plain text as m.weibo.cn marks it up."""
    parts = []
    place = 0
    for match in _MARKUP.finditer(text):
        parts.append(html.escape(text[place : match.start()], quote=False))
        parts.append(_marked_up(match))
        place = match.end()
    parts.append(html.escape(text[place:], quote=False))
    return "".join(parts)


def _marked_up(match: re.Match[str]) -> str:
    text = html.escape(match.group(), quote=False)
    if match["face"]:
        return (
            f'<span class="url-icon"><img alt={text} src="https://h5.example.invalid'
            '/m/emoticon/face.png" style="width:1em; height:1em;" /></span>'
        )
    if match["topic"]:
        return (
            '<a  href="https://m.weibo.cn/search?containerid=231522type%3D1'
            f'&extparam=tea" data-hide=""><span class="surl-text">{text}</span></a>'
        )
    if match["link"]:
        return (
            f'<a data-url="{text}" href="https://example.invalid/shop" data-hide="">'
            '<span class="surl-text">网页链接</span></a>'
        )
    if match["name"]:
        return f"<a href='/n/{text[1:]}'>{text}</a>"
    return "<br />"


def bid(key: str) -> str:
    """A post's id in the base-62 form of its address."""
    number = int(key)
    groups = []
    while number:
        number, group = divmod(number, 10_000_000)
        groups.append(base62(group).rjust(4, "0") if number else base62(group))
    return "".join(reversed(groups))


def _time(moment: datetime) -> str:
    local = moment + timedelta(hours=8)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    month = _MONTHS[local.month - 1]
    return f"{day} {month} {local:%d %H:%M:%S} +0800 {local.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
           "Nov", "Dec")  # fmt: skip


def _user(account: Row | None, signed_by: str) -> Row | None:
    if account is None:
        return None
    address, _, signature = account["avatar_url"].partition("?")
    if signature:
        address += f"?Expires=17{signed_by[-8:]}&ssig=x{signed_by[-9:][::-1]}"
    key = int(account["account_id"])
    user = {
        "id": key,
        "screen_name": account["screen_name"],
        "profile_image_url": address,
        "profile_url": f"https://m.weibo.cn/u/{key}?uid={key}",
        "statuses_count": account["posts_count"],
        "verified": account["is_verified"],
        "verified_type": account["verified_type"],
        "close_blue_v": False,
        "description": account["description"],
        "gender": account["gender"],
        "mbtype": 0,
        "urank": account["level"],
        "mbrank": 0,
        "follow_me": False,
        "following": False,
        "followers_count": account["followers_count"],
        "follow_count": account["following_count"],
        "avatar_hd": address,
        "like": False,
        "like_me": False,
        "badge": {"user_name_certificate": 1},
    }
    if account["is_verified"]:
        user["verified_reason"] = "官方微博" if account["verified_type"] else "美食博主"
    return user


def _client(key: str) -> str:
    return _CLIENTS[int(key[-3:]) % len(_CLIENTS)]


def _status(post: Row, author: Row) -> Row:
    key = post["post_id"]
    status = {
        "visible": {"type": 0, "list_id": 0},
        "created_at": _time(post["posted_at"]),
        "id": key,
        "mid": key,
        "can_edit": False,
        "text": to_html(post["text"]),
        "textLength": len(post["text"]),
        "source": post["client"],
        "favorited": False,
        "pic_ids": [f"pic{number}" for number in range(post["media_count"])],
        "user": _user(author, key),
        "reposts_count": post["reposts_count"],
        "comments_count": post["comments_count"],
        "attitudes_count": post["likes_count"],
        "pending_approval_count": 0,
        "isLongText": False,
        "mlevel": 0,
        "number_display_strategy": {
            "apply_scenario_flag": 3,
            "display_text_min_number": 1000000,
            "display_text": "100万+",
        },
        "pic_num": post["media_count"],
        "region_name": f"发布于 {post['region']}",
        "bid": bid(key),
    }
    if post["is_deleted"]:
        status["deleted"] = "1"
    return status


def _repost(row: Row, author: Row | None) -> Row:
    key = row["interaction_id"]
    repost: Row = {
        "visible": {"type": 0, "list_id": 0},
        "created_at": _time(row["acted_at"]),
        "id": key,
        "mid": key,
        "text": to_html(row["text"]),
        "source": _client(key),
        "user": _user(author, key),
        "bid": bid(key),
    }
    if author is None:
        repost["visible"] = {"type": 0, "list_id": 3, "list_idstr": "3"}
        return repost | {"source": ""}
    if row["parent_method"] == "platform":
        repost |= {"pid": int(row["parent_id"]), "pidstr": row["parent_id"]}
    return repost | {
        "reposts_count": 0,
        "comments_count": 0,
        "attitudes_count": row["likes_count"],
        "isLongText": False,
        "mlevel": 0,
        "repost_type": 1,
        "pic_num": 0,
        "raw_text": row["text"],
    }


def _comments(rows: list[Row], accounts: dict[str, Row]) -> list[Row]:
    top: dict[str, Row] = {}
    replies: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        key = row["interaction_id"]
        is_reply = row["parent_id"] != row["root_post_id"]
        root = row["parent_id"] if is_reply else key
        comment = {
            "created_at": _time(row["acted_at"]),
            "id": key,
            "rootid": root,
            "rootidstr": root,
            "floor_number": 0 if is_reply else len(top) + 1,
            "text": to_html(row["text"]),
            "disable_reply": 0,
            "user": _user(accounts[row["account_id"]], key),
            "mid": key,
            "readtimetype": "comment",
            "bid": bid(key),
            "source": "",
            "like_count": row["likes_count"],
        }
        if is_reply:
            replies[root].append(comment)
        else:
            top[key] = comment | {"max_id": 0, "liked": False}
    for key, comment in top.items():
        comment["comments"] = replies[key] or False
        comment["total_number"] = len(replies[key])
    return list(top.values())
