"""Worlds as Weibo's interface for assistants tells them (`open-im.api.weibo.com`).

The app is the first brand's. It sees that account's posts, posts that are asked for by
id, super topics that are called as a campaign's hashtag, trees of comments of two
levels, and boards of hot searches. Whoever answers an answer stands below the first
comment of the branch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from .projection import newest_counters, project, true_parents
from .spec import BRANDS, World, utc_moment

PLATFORM = "weibo"
OWNER = str(BRANDS[0].account_id)
BOARDS = ("主榜", "文娱榜", "社会榜", "生活榜", "acg榜", "科技榜", "体育榜")
# What stands on boards besides campaigns.
_OTHERS = ("今天天气", "周末去哪儿", "新剧开播", "春茶上市")

Object = dict[str, Any]


@dataclass(frozen=True)
class AssistantWorld:
    """A world's objects, each as the interface writes it.

    Attributes:
        world: what it tells of the world, in canonical shape.
        posts: by id, newest first, with author, pictures and counters.
        topics: ids of posts in a super topic, newest first.
        comments: first comments of a post, oldest first.
        branches: comments below one, oldest first.
        boards: (words, heat) of a board, the hottest first.
    """

    world: World
    posts: dict[str, Object]
    topics: dict[str, list[str]]
    comments: dict[str, list[Object]]
    branches: dict[str, list[Object]]
    boards: dict[str, list[tuple[str, int]]]


def assistant_world(world: World) -> AssistantWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    parents, counters = true_parents(world), newest_counters(world)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    tags = [tag for row in world.campaigns["hashtags"].to_list() for tag in row]
    listed = {key for row in world.campaigns["post_ids"].to_list() for key in row}
    newest = world.posts.sort("posted_at", "post_id", descending=True)
    kept = [row for row in newest.iter_rows(named=True) if not row["is_deleted"]]
    topics = {
        tag: [row["post_id"] for row in kept if tag in row["hashtags"]] for tag in tags
    }
    tagged = {key for keys in topics.values() for key in keys}
    # Pictures stand in the answers for single posts and the account's own.
    whole = {
        row["post_id"]
        for row in kept
        if row["account_id"] == OWNER or row["post_id"] in listed
    }
    shown = {row["post_id"]: row for row in kept if row["post_id"] in tagged | whole}
    days = list(world.campaigns.select("start", "end").iter_rows())
    zone = ZoneInfo(world.spec.timezone)
    followed = whole | {
        key
        for key in tagged
        if any(
            first <= shown[key]["posted_at"].astimezone(zone).date() <= last
            for first, last in days
        )
    }
    comments: dict[str, list[Object]] = defaultdict(list)
    branches: dict[str, list[Object]] = defaultdict(list)
    firsts: dict[str, str] = {}
    totals: dict[str, int] = defaultdict(int)
    rows: list[Object] = []
    seen = {row["account_id"] for row in shown.values()} | {OWNER}
    for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
        named=True
    ):
        key, root, author = (
            row["interaction_id"],
            row["root_post_id"],
            row["account_id"],
        )
        if row["kind"] != "comment" or root not in followed or not author:
            continue
        above = firsts.get(parents.get(key) or "")
        firsts[key] = above or key
        totals[root] += 1
        seen.add(author)
        name = people[author]["screen_name"]
        (branches[above] if above else comments[root]).append(_comment(row, name))
        rows.append(
            {
                **row,
                "parent_id": above or root,
                "parent_method": "platform" if above else "root",
                "observed_at": observed,
            }
        )
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": key,
                "screen_name": people[key]["screen_name"],
                "avatar_url": people[key]["avatar_url"].split("?")[0]
                if any(row["account_id"] == key for row in shown.values())
                else None,
                "observed_at": observed,
            }
            for key in sorted(seen)
        ],
        posts=[
            {
                **row,
                "client": None,
                "region": None,
                "media_count": row["media_count"] if key in whole else None,
                "observed_at": observed,
            }
            for key, row in shown.items()
        ],
        post_counters=[
            {
                "post_id": key,
                "observed_at": observed,
                "reposts_count": counters[key]["reposts_count"],
                "comments_count": max(counters[key]["comments_count"], totals[key]),
                "likes_count": counters[key]["likes_count"],
            }
            for key in shown
        ],
        interactions=rows,
        follows=[],
        campaign_posts={key: key for key in shown},
    )
    return AssistantWorld(
        told,
        {
            key: _post(row, people[row["account_id"]], counters[key], totals[key])
            for key, row in shown.items()
        },
        topics,
        dict(comments),
        dict(branches),
        {
            board: [
                (word, 1_000_000 // (place + 1))
                for place, word in enumerate(_words(tags, number))
            ]
            for number, board in enumerate(BOARDS)
        },
    )


def archive(objects: AssistantWorld) -> dict[str, list[Object]]:
    """Answers of each kind, with the requests that they answer."""
    own = [post for post in objects.posts.values() if post["user"]["id"] == int(OWNER)]
    return {
        "own": [_page("weibo/user_status", {"uid": OWNER}, {"statuses": own})],
        "topics": [
            _page(
                "crowd/timeline",
                {"topic_name": topic},
                {"statuses": [objects.posts[key] for key in keys]},
            )
            for topic, keys in objects.topics.items()
        ],
        "comments": [
            _page(
                "crowd/comment/tree/root_child",
                {"id": key},
                {
                    "comments": [
                        {**row, "comments": objects.branches.get(str(row["id"]), [])}
                        for row in rows
                    ]
                },
            )
            for key, rows in objects.comments.items()
        ],
    }


def _page(path: str, params: Object, data: Object) -> Object:
    return {
        "request": {"path": f"/open/{path}", "params": params},
        "answer": {"code": 0, "message": "success", "data": data},
    }


def _words(tags: list[str], number: int) -> list[str]:
    """What stands on a board: campaigns on the first one only."""
    return [*_OTHERS[: 1 + number % len(_OTHERS)], *(tags if number == 0 else [])]


def _time(moment: datetime) -> str:
    china = timezone(timedelta(hours=8))
    return moment.astimezone(china).strftime("%a %b %d %H:%M:%S +0800 %Y")


def _post(
    row: Mapping[str, Any],
    author: Mapping[str, Any],
    counted: Mapping[str, Any],
    comments: int,
) -> Object:
    return {
        "id": int(row["post_id"]),
        "mid": row["post_id"],
        "text": row["text"],
        "created_at": _time(row["posted_at"]),
        "user": {
            "id": int(row["account_id"]),
            "screen_name": author["screen_name"],
            "avatar_large": author["avatar_url"],
        },
        "images": [f"pic{number}" for number in range(row["media_count"])],
        "has_image": row["media_count"] > 0,
        "reposts_count": counted["reposts_count"],
        "comments_count": max(counted["comments_count"], comments),
        "attitudes_count": counted["likes_count"],
    }


def _comment(row: Mapping[str, Any], name: str) -> Object:
    return {
        "id": int(row["interaction_id"]),
        "text": row["text"],
        "created_at": _time(row["acted_at"]),
        "like_count": row["likes_count"],
        "user": {"id": int(row["account_id"]), "screen_name": name},
    }
