"""Worlds as Threads' Graph API tells them: what the first brand's account sees.

Its own posts with all replies, at any depth; of others posts that carry a campaign's
tag, and those that call it. Whoever writes is told by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .projection import newest_counters, project, true_parents
from .spec import BRANDS, World, utc_moment

PLATFORM = "threads"
VERSION = "v1.0"
OWNER = str(BRANDS[0].account_id)

Object = dict[str, Any]


def name_of(account_id: str) -> str:
    """What an account is called."""
    return f"u.{account_id}"


def id_of(account_id: str) -> str:
    """Its id, as the product has it."""
    return f"u-{account_id}"


@dataclass(frozen=True)
class ThreadsWorld:
    """A world's objects, each as the API writes it.

    Attributes:
        world: what Threads tells of the world, in canonical shape.
        user: the brand's account.
        followers: of it.
        posts: the account's own, by id, newest first.
        tagged: posts of a tag, anybody's, newest first.
        figures: of own posts, by name.
        replies: of own posts, all of a conversation, newest first.
    """

    world: World
    user: Object
    followers: int
    posts: dict[str, Object]
    tagged: dict[str, list[Object]]
    figures: dict[str, dict[str, int]]
    replies: dict[str, list[Object]]


def threads_world(world: World) -> ThreadsWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    parents, counters = true_parents(world), newest_counters(world)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    newest = world.posts.sort("posted_at", "post_id", descending=True)
    kept = [row for row in newest.iter_rows(named=True) if not row["is_deleted"]]
    tags = {tag for row in world.campaigns["hashtags"].to_list() for tag in row}
    tagged = {
        tag: [row for row in kept if tag in row["hashtags"]] for tag in sorted(tags)
    }
    own = {row["post_id"]: row for row in kept if row["account_id"] == OWNER}
    shown = own | {row["post_id"]: row for rows in tagged.values() for row in rows}
    replies: dict[str, list[Object]] = defaultdict(list)
    rows: list[Object] = []
    seen = {row["account_id"] for row in shown.values()} | {OWNER}
    told_ids: set[str] = set()
    for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
        named=True
    ):
        key, root, author = (
            row["interaction_id"],
            row["root_post_id"],
            row["account_id"],
        )
        if row["kind"] != "comment" or root not in own or not author:
            continue
        above = parents.get(key)
        above = above if above in told_ids else root
        told_ids.add(key)
        seen.add(author)
        replies[root].append(_reply(row, root, above))
        rows.append(
            {
                **row,
                "account_id": id_of(author),
                "parent_id": above,
                "parent_method": "root" if above == root else "platform",
                "likes_count": None,
                "observed_at": observed,
            }
        )
    figures = {
        key: {
            "views": counters[key]["reads_count"] or 0,
            "likes": counters[key]["likes_count"] or 0,
            "replies": len(replies[key]),
            "reposts": counters[key]["reposts_count"] or 0,
            "quotes": 1,
        }
        for key in own
    }
    me = people[OWNER]
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": id_of(key),
                "screen_name": name_of(key),
                "observed_at": observed,
                **(
                    {
                        "display_name": me["screen_name"],
                        "description": me["description"] or "",
                        "avatar_url": me["avatar_url"].split("?")[0],
                        "is_verified": True,
                        "followers_count": me["followers_count"],
                    }
                    if key == OWNER
                    else {}
                ),
            }
            for key in sorted(seen)
        ],
        posts=[
            {
                **row,
                "account_id": id_of(row["account_id"]),
                "client": None,
                "region": None,
                "media_count": min(row["media_count"], 1),
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
                "reposts_count": told["reposts"] + told["quotes"],
                "comments_count": told["replies"],
                "likes_count": told["likes"],
                "reads_count": told["views"],
            }
            for key, told in figures.items()
        ],
        interactions=rows,
        follows=[],
        campaign_posts={key: key for key in own},
    )
    return ThreadsWorld(
        told,
        {
            "id": OWNER,
            "username": name_of(OWNER),
            "name": me["screen_name"],
            "threads_profile_picture_url": me["avatar_url"].split("?")[0],
            "threads_biography": me["description"] or "",
            "is_verified": True,
        },
        me["followers_count"],
        {key: _post(row, has_replies=bool(replies[key])) for key, row in own.items()},
        {
            tag: [
                _post(row, has_replies=bool(replies.get(row["post_id"])))
                for row in rows
            ]
            for tag, rows in tagged.items()
        },
        figures,
        {key: rows[::-1] for key, rows in replies.items()},
    )


def archive(objects: ThreadsWorld) -> dict[str, list[Object]]:
    """Answers of each edge, with the requests that they answer."""
    return {
        "me": [_page("me", objects.user)],
        "threads": [_page("me/threads", {"data": list(objects.posts.values())})],
        "search": [
            _page("keyword_search", {"data": rows}) for rows in objects.tagged.values()
        ],
        "replies": [
            _page(f"{key}/conversation", {"data": rows})
            for key, rows in objects.replies.items()
        ],
    }


def figure(key: str, name: str, count: int) -> Object:
    """A figure of a post as its insights tell it."""
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": count}],
        "title": name,
        "id": f"{key}/insights/{name}/lifetime",
    }


def _page(path: str, answer: Any) -> Object:
    return {"request": {"path": f"/{VERSION}/{path}", "params": {}}, "answer": answer}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _post(row: Mapping[str, Any], *, has_replies: bool) -> Object:
    return {
        "id": row["post_id"],
        "media_type": "IMAGE" if row["media_count"] else "TEXT_POST",
        "permalink": f"https://www.threads.com/@u/post/{row['post_id']}",
        "username": name_of(row["account_id"]),
        "text": row["text"],
        "timestamp": _time(row["posted_at"]),
        "is_quote_post": False,
        "has_replies": has_replies,
        "is_reply": False,
    } | ({"topic_tag": row["hashtags"][0]} if row["hashtags"] else {})


def _reply(row: Mapping[str, Any], root: str, above: str) -> Object:
    return {
        "id": row["interaction_id"],
        "text": row["text"],
        "username": name_of(row["account_id"]),
        "timestamp": _time(row["acted_at"]),
        "media_type": "TEXT_POST",
        "has_replies": False,
        "root_post": {"id": root},
        "replied_to": {"id": above},
        "is_reply": True,
        "hide_status": "NOT_HUSHED",
    }
