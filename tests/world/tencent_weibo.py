"""Worlds as Tencent Weibo told them: archived answers of open.t.qq.com.

Reposts and comments are records of their own; nobody's likes are listed. The answers
name the root only, a repost's words tell the chain by `|| @name: words`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .archives import Object, asked, threads, unix, write_lines
from .json_lines import Compression
from .projection import newest_counters, pages, project
from .spec import BRANDS, World, utc_moment

PLATFORM = "tencent_weibo"
PREFIX = "t_"  # of the names in addresses
BASE = "https://open.t.qq.com/api"
# Every so many records tell their words as HTML only.
HTML_ONLY_EVERY = 7
TYPES = {"repost": 2, "comment": 7, "reply": 4}


def write_tencent_weibo(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell."""
    observed = utc_moment(world.spec.observed_second)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    counters = newest_counters(world)
    posts = {row["post_id"]: row for row in world.posts.iter_rows(named=True)}
    by_root = threads(world, ("repost", "comment"), posts)

    told_posts, told_counters, told_rows = [], [], []
    statuses: dict[str, Object] = {}
    lists: list[Object] = []
    for number, (key, post) in enumerate(posts.items()):
        text = "" if post["is_deleted"] else post["text"]
        counts = counters.get(key, {})
        statuses[key] = _record(
            key,
            1,
            text,
            people[post["account_id"]],
            post["posted_at"],
            html_only=number % HTML_ONLY_EVERY == 0,
        ) | {
            "count": counts.get("reposts_count") or 0,
            "mcount": counts.get("comments_count") or 0,
            "from": post["client"],
            "location": post["region"],
            "status": 3 if post["is_deleted"] else 0,
            "image": [
                f"https://app.example.invalid/{n}" for n in range(post["media_count"])
            ]
            or None,
        }
        told_posts.append(
            {
                **post,
                "account_id": PREFIX + post["account_id"],
                "text": text,
                "client": post["client"] or None,
                "observed_at": observed,
            }
            | ({"links": [], "hashtags": [], "mentions": []} if not text else {})
        )
        told_counters.append(
            {
                "post_id": key,
                "observed_at": observed,
                "reposts_count": counts.get("reposts_count") or 0,
                "comments_count": counts.get("comments_count") or 0,
            }
        )
        records = []
        for row in _with_chains(by_root[key]):
            author = people.get(row["account_id"])
            kind = row["kind"]
            if kind == "comment" and row["true_parent"] != key:
                kind = "reply"
            record = _record(
                row["interaction_id"],
                TYPES[kind],
                row["text"],
                author,
                row["acted_at"],
                html_only=len(records) % HTML_ONLY_EVERY == 3,
            )
            # Some answers name the root in each record, others nowhere.
            record["source"] = statuses[key] if number % 2 else None
            records.append(record)
            told_rows.append(
                {
                    "interaction_id": row["interaction_id"],
                    "kind": row["kind"],
                    "account_id": PREFIX + row["account_id"] if author else None,
                    "root_post_id": key,
                    "parent_id": row["parent_id"],
                    "parent_method": row["parent_method"],
                    "acted_at": row["acted_at"],
                    "text": row["text"],
                    "observed_at": observed,
                }
            )
        for page in _answers(records[::-1]):
            params = {"flag": "2", "rootid": key, "reqnum": "100"}
            lists.append(page if number % 2 else asked("t/re_list", params, page))
    write_lines(folder, "re_list", lists, compression)
    write_lines(
        folder, "broadcast_timeline", _answers(list(statuses.values())), compression
    )
    write_lines(
        folder,
        "other_info",
        [_answer(_user(row)) for row in people.values()],
        compression,
    )
    fans: dict[str, list[Object]] = {}
    for row in world.follows.iter_rows(named=True):
        fans.setdefault(row["account_id"], []).append(_user(people[row["follower_id"]]))
    write_lines(
        folder,
        "fanslist",
        [
            asked(f"{BASE}/friends/fanslist", {"name": PREFIX + key}, page)
            for key, users in fans.items()
            for page in _answers(users)
        ],
        compression,
    )
    return project(
        world,
        PLATFORM,
        accounts=[_told_account(row, observed) for row in people.values()],
        posts=told_posts,
        post_counters=told_counters,
        interactions=told_rows,
        follows=[
            {
                "account_id": PREFIX + row["account_id"],
                "follower_id": PREFIX + row["follower_id"],
                "observed_at": observed,
            }
            for row in world.follows.iter_rows(named=True)
        ],
        campaign_posts={key: key for key in posts},
    )


def _with_chains(rows: list[Object]) -> list[Object]:
    """Reposts with the words and parents that Tencent Weibo's chains tell."""
    said: dict[str, Object] = {}
    newest: dict[tuple[str, str], str] = {}
    for row in rows:
        root = row["root_post_id"]
        if row["kind"] != "repost":
            row |= {"parent_id": root, "parent_method": "root"}
            continue
        own = row["text"].partition("//@")[0].strip() or "转播"
        above = said.get(row["true_parent"])
        name = above["account_id"] if above else None
        if above and name:
            row["text"] = f"{own} || @{PREFIX}{name}: {above['text']}"
            quoted = newest[name, _squeezed(above["text"])]
            row |= {"parent_id": quoted, "parent_method": "chain"}
        else:
            row["text"] = own
            row |= {"parent_id": root, "parent_method": "root"}
        said[row["interaction_id"]] = row
        if row["account_id"]:
            newest[row["account_id"], _squeezed(row["text"])] = row["interaction_id"]
    return rows


def _squeezed(text: str) -> str:
    """The first forty characters, spaces not counted."""
    return "".join(text.split())[:40]


def _record(
    key: str,
    type_: int,
    text: str,
    author: Mapping[str, Any] | None,
    moment: Any,
    *,
    html_only: bool,
) -> Object:
    return {
        "id": key,
        "type": type_,
        "text": html.escape(text, quote=False),
        "origtext": "" if html_only else text,
        "count": 0,
        "mcount": 0,
        "from": "腾讯微博",
        "name": PREFIX + author["account_id"] if author else "",
        "openid": "",
        "nick": author["screen_name"] if author else "",
        "head": author["avatar_url"].split("?")[0] if author else "",
        "location": author["location"] if author else "",
        "isvip": int(author["is_verified"]) if author else 0,
        "self": 0,
        "timestamp": unix(moment),
        "status": 0,
        "image": None,
        "source": None,
    }


def _answer(data: Any) -> Object:
    return {"ret": 0, "errcode": 0, "msg": "ok", "seqid": 1, "data": data}


def _answers(rows: list[Object]) -> list[Object]:
    """Pages of a list; `hasnext` is 0 where more follow. No rows: no data."""
    if not rows:
        return [_answer(None)]
    parts = pages(rows)
    return [
        _answer(
            {
                "hasnext": int(number == len(parts)),
                "timestamp": 1,
                "totalnum": len(rows),
                "info": part,
                "user": {},
            }
        )
        for number, part in enumerate(parts, start=1)
    ]


def _is_enterprise(row: Mapping[str, Any]) -> bool:
    return any(str(brand.account_id) == row["account_id"] for brand in BRANDS)


def _user(row: Mapping[str, Any]) -> Object:
    return {
        "name": PREFIX + row["account_id"],
        "openid": "",
        "nick": row["screen_name"],
        "head": row["avatar_url"].split("?")[0],
        "introduction": row["description"],
        "location": row["location"],
        "sex": {"m": 1, "f": 2}.get(row["gender"], 0),
        "isvip": int(row["is_verified"]),
        "isent": int(_is_enterprise(row)),
        "fansnum": row["followers_count"],
        "idolnum": row["following_count"],
        "mutual_fans_num": row["mutual_count"],
        "tweetnum": row["posts_count"],
        "favnum": row["likes_count"],
        "level": row["level"],
        "regtime": unix(row["registered_at"]),
    }


def _told_account(row: Mapping[str, Any], observed: Any) -> Object:
    kind = "person" if row["is_verified"] else None
    return {
        **row,
        "account_id": PREFIX + row["account_id"],
        "display_name": None,
        "location": row["location"] or None,
        "gender": row["gender"] if row["gender"] in ("m", "f") else None,
        "avatar_url": row["avatar_url"].split("?")[0],
        "verified_type": "enterprise" if _is_enterprise(row) else kind,
        "observed_at": observed,
    }
