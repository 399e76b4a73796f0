"""Worlds as Instagram's Graph API tells them: what a company sees of its own accounts.

Only the brands' posts are seen, with their comments; whoever answers an answer stands
below the first comment.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .json_lines import Compression, open_packed
from .projection import newest_counters, pages, project, true_parents
from .spec import BRANDS, World, utc_moment

PLATFORM = "instagram"
VERSION = "v23.0"
ROWS = 50

Object = dict[str, Any]


def name_of(account_id: str) -> str:
    """What an account is called."""
    return f"u.{account_id}"


@dataclass(frozen=True)
class InstagramWorld:
    """A world's objects, each as the API writes it.

    Attributes:
        world: what Instagram tells of the world, in canonical shape.
        users: the brands' accounts, by id.
        media: their posts, by id, newest first.
        views: of each post.
        comments: first comments of a post, oldest first.
        replies: answers below one, oldest first.
    """

    world: World
    users: dict[str, Object]
    media: dict[str, Object]
    views: dict[str, int]
    comments: dict[str, list[Object]]
    replies: dict[str, list[Object]]


def instagram_world(world: World) -> InstagramWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    parents, counters = true_parents(world), newest_counters(world)
    brands = {str(brand.account_id) for brand in BRANDS}
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    shown = {
        row["post_id"]: row
        for row in world.posts.sort("posted_at", "post_id", descending=True).iter_rows(
            named=True
        )
        if not row["is_deleted"] and row["account_id"] in brands
    }
    comments: dict[str, list[Object]] = defaultdict(list)
    replies: dict[str, list[Object]] = defaultdict(list)
    firsts: dict[str, str] = {}
    totals: dict[str, int] = defaultdict(int)
    rows: list[Object] = []
    seen: set[str] = set()
    for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
        named=True
    ):
        key, root, author = (
            row["interaction_id"],
            row["root_post_id"],
            row["account_id"],
        )
        if row["kind"] != "comment" or root not in shown or not author:
            continue
        above = firsts.get(parents.get(key) or "")
        firsts[key] = above or key
        totals[root] += 1
        seen.add(author)
        (replies[above] if above else comments[root]).append(_comment(row, above))
        rows.append(
            {
                **row,
                "parent_id": above or root,
                "parent_method": "platform" if above else "root",
                "likes_count": row["likes_count"] or 0,
                "observed_at": observed,
            }
        )
    views = {key: counters.get(key, {}).get("reads_count") or 0 for key in shown}
    likes = {key: counters.get(key, {}).get("likes_count") or 0 for key in shown}
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": key,
                "screen_name": name_of(key),
                "observed_at": observed,
                **(_told(people[key]) if key in brands else {}),
            }
            for key in sorted(brands | seen)
        ],
        posts=[
            {
                **row,
                "client": None,
                "region": None,
                "media_count": 1,
                # Names there are of Latin letters.
                "mentions": [name for name in row["mentions"] if name.isascii()],
                "observed_at": observed,
            }
            for row in shown.values()
        ],
        post_counters=[
            {
                "post_id": key,
                "observed_at": observed,
                "comments_count": totals[key],
                "likes_count": likes[key],
                "reads_count": views[key],
            }
            for key in shown
        ],
        interactions=rows,
        follows=[],
        campaign_posts={key: key for key in shown},
    )
    return InstagramWorld(
        told,
        {key: _user(people[key]) for key in sorted(brands)},
        {key: _media(row, totals[key], likes[key]) for key, row in shown.items()},
        views,
        dict(comments),
        dict(replies),
    )


def write_instagram(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per edge, a page a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = instagram_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: InstagramWorld) -> dict[str, list[Object]]:
    """The pages of each edge, as a company would have archived them."""
    return {
        "users": [_page(key, user) for key, user in objects.users.items()],
        "media": [
            _page(f"{key}/media", {"data": part})
            for key in objects.users
            for part in pages(
                [one for one in objects.media.values() if one["owner"]["id"] == key],
                ROWS,
            )
        ],
        "comments": [
            _page(f"{key}/comments", {"data": part})
            for key, rows in objects.comments.items()
            for part in pages([with_replies(objects, row) for row in rows], ROWS)
        ],
        "insights": [
            _page(f"{key}/insights", {"data": [figure(key, count)]})
            for key, count in objects.views.items()
        ],
    }


def with_replies(
    objects: InstagramWorld, comment: Object, most: int | None = None
) -> Object:
    """A comment with the answers that stand in it."""
    replies = objects.replies.get(comment["id"], [])
    return {**comment, "replies": {"data": replies[:most]}} if replies else comment


def figure(key: str, count: int) -> Object:
    """A post's views as its insights tell them."""
    return {
        "name": "views",
        "period": "lifetime",
        "values": [{"value": count}],
        "title": "Views",
        "id": f"{key}/insights/views/lifetime",
    }


def _page(path: str, answer: Any) -> Object:
    return {"request": {"path": f"/{VERSION}/{path}", "params": {}}, "answer": answer}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _told(row: Mapping[str, Any]) -> Object:
    return {
        "display_name": row["screen_name"],
        "description": row["description"] or "",
        "avatar_url": row["avatar_url"].split("?")[0],
        "followers_count": row["followers_count"],
        "following_count": row["following_count"],
        "posts_count": row["posts_count"],
    }


def _user(row: Mapping[str, Any]) -> Object:
    return {
        "id": row["account_id"],
        "username": name_of(row["account_id"]),
        "name": row["screen_name"],
        "biography": row["description"] or "",
        "profile_picture_url": row["avatar_url"].split("?")[0],
        "followers_count": row["followers_count"],
        "follows_count": row["following_count"],
        "media_count": row["posts_count"],
    }


def _media(row: Mapping[str, Any], comments: int, likes: int) -> Object:
    return {
        "id": row["post_id"],
        "caption": row["text"],
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "permalink": f"https://www.instagram.com/p/{row['post_id']}/",
        "timestamp": _time(row["posted_at"]),
        "username": name_of(row["account_id"]),
        "owner": {"id": row["account_id"]},
        "like_count": likes,
        "comments_count": comments,
    }


def _comment(row: Mapping[str, Any], above: str | None) -> Object:
    name = name_of(row["account_id"])
    comment: Object = {
        "id": row["interaction_id"],
        "text": row["text"],
        "timestamp": _time(row["acted_at"]),
        "username": name,
        "from": {"id": row["account_id"], "username": name},
        "like_count": row["likes_count"] or 0,
    }
    return {**comment, "parent_id": above} if above else comment
