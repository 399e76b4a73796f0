"""Worlds as RenRen told them: archived answers of its API v2.

A status that shares another is a repost; RenRen names the shared status, and no
parent between. Likes have no time, friends are each other's, and what was deleted is
not listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .archives import Object, asked, beijing, threads, write_lines
from .json_lines import Compression
from .projection import newest_counters, pages, project
from .spec import World, utc_moment

PLATFORM = "renren"
# Every so many times come without seconds.
SHORT_TIME_EVERY = 3


def write_renren(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell."""
    observed = utc_moment(world.spec.observed_second)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    counters = newest_counters(world)
    posts = {
        row["post_id"]: row
        for row in world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    by_root = threads(world, ("repost", "comment", "like"), posts)
    times = _Times()
    statuses: dict[str, list[Object]] = {}
    comment_lists: list[Object] = []
    like_lists: list[Object] = []
    told_posts, told_counters, told_rows = [], [], []

    for key, post in posts.items():
        counts = counters.get(key, {})
        written, posted_at = times.write(post["posted_at"])
        owner = post["account_id"]
        statuses.setdefault(owner, []).append(
            {
                "id": int(key),
                "ownerId": int(owner),
                "content": post["text"],
                "createTime": written,
                "shareCount": counts.get("reposts_count") or 0,
                "commentCount": counts.get("comments_count") or 0,
                "sharedStatusId": 0,
                "sharedUserId": None,
            }
        )
        told_posts.append(
            {
                **post,
                "posted_at": posted_at,
                "client": None,
                "region": None,
                "media_count": None,
                "observed_at": observed,
            }
        )
        comments: list[Object] = []
        likers: list[Object] = []
        for row in by_root[key]:
            author, common = row["account_id"], {"root_post_id": key, "parent_id": key}
            common |= {
                "kind": row["kind"],
                "account_id": author,
                "parent_method": "root",
                "observed_at": observed,
            }
            if row["kind"] == "like":
                likers.append(_user(people[author]))
                told_rows.append(
                    {
                        **common,
                        "interaction_id": f"like-{key}-{author}",
                        "acted_at": observed,
                    }
                )
                continue
            if row["kind"] == "repost":
                # A share holds the sharer's own words: no chain of those before.
                own = re.split(r"//?\s*@", row["text"], maxsplit=1)[0]
                row["text"] = own.strip() or "分享"
            written, acted_at = times.write(row["acted_at"])
            told_rows.append(
                {
                    **common,
                    "interaction_id": row["interaction_id"],
                    "acted_at": acted_at,
                    "text": row["text"],
                }
            )
            if row["kind"] == "comment":
                # What an answer's request says, its records may leave out.
                comment = {
                    "id": int(row["interaction_id"]),
                    "authorId": int(author),
                    "content": row["text"],
                    "time": written,
                }
                if len(comment_lists) % 2:
                    comment |= {"commentType": "STATUS", "entryId": int(key)}
                comments.append(comment)
                continue
            shared: Object = {
                "id": int(row["interaction_id"]),
                "content": row["text"],
                "createTime": written,
                "shareCount": 0,
                "commentCount": 0,
                "sharedStatusId": int(key),
                "sharedUserId": int(owner),
            }
            if author:  # else hidden: the field is left out
                shared["ownerId"] = int(author)
            statuses.setdefault(author or "", []).append(shared)
        likes = counts.get("likes_count") or 0
        told_counters.append(
            {
                "post_id": key,
                "observed_at": observed,
                "reposts_count": counts.get("reposts_count") or 0,
                "comments_count": counts.get("comments_count") or 0,
                "likes_count": likes,
            }
        )
        for page in pages(comments[::-1]):
            answer = {"response": page}
            is_told = not page or "entryId" in page[0]
            params = {
                "entryId": key,
                "entryOwnerId": owner,
                "commentType": "STATUS",
                "pageSize": "100",
            }
            comment_lists.append(
                answer if is_told else asked("/v2/comment/list", params, answer)
            )
        like_lists.append(
            asked(
                "/v2/like/ugc/info/get",
                {"ugcType": "STATUS", "ugcOwnerId": owner, "ugcId": key},
                {
                    "response": {
                        "ugcId": int(key),
                        "userId": 1,
                        "likeCount": likes,
                        "liked": False,
                        "likeUsers": likers,
                    }
                },
            )
        )

    write_lines(
        folder,
        "status_list",
        [{"response": page} for rows in statuses.values() for page in pages(rows)],
        compression,
    )
    write_lines(folder, "comment_list", comment_lists, compression)
    write_lines(folder, "like_info", like_lists, compression)
    users = [_user(row) for row in people.values()]
    write_lines(
        folder, "user_batch", [{"response": page} for page in pages(users)], compression
    )
    edges = {
        (row["account_id"], row["follower_id"])
        for row in world.follows.iter_rows(named=True)
    }
    friends: dict[str, list[int]] = {}
    for one, other in sorted(edges):
        friends.setdefault(one, []).append(int(other))
    write_lines(
        folder,
        "friend_list",
        [
            asked("/v2/friend/list", {"userId": one}, {"response": page})
            for one, others in friends.items()
            for page in pages(others)
        ],
        compression,
    )
    both = edges | {(other, one) for one, other in edges}
    return project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": key,
                "screen_name": row["screen_name"],
                "location": row["location"] or None,
                "gender": row["gender"] if row["gender"] in ("m", "f") else None,
                "avatar_url": row["avatar_url"].split("?")[0],
                "is_verified": row["is_verified"],
                "observed_at": observed,
            }
            for key, row in people.items()
        ],
        posts=told_posts,
        post_counters=told_counters,
        interactions=told_rows,
        follows=[
            {"account_id": one, "follower_id": other, "observed_at": observed}
            for one, other in sorted(both)
        ],
        campaign_posts={key: key for key in posts},
    )


class _Times:
    """Times as RenRen writes them, and the moments that they tell."""

    def __init__(self) -> None:
        self._written = 0

    def write(self, moment: datetime) -> tuple[str, datetime]:
        self._written += 1
        if self._written % SHORT_TIME_EVERY:
            return beijing(moment), moment
        return beijing(moment, "%Y-%m-%d %H:%M"), moment.replace(
            second=0, microsecond=0
        )


def _user(row: Mapping[str, Any]) -> Object:
    province, _, city = (row["location"] or "").partition(" ")
    avatar = row["avatar_url"].split("?")[0]
    return {
        "id": int(row["account_id"]),
        "name": row["screen_name"],
        "avatar": [
            {"size": "TINY", "url": f"{avatar}-tiny"},
            {"size": "LARGE", "url": avatar},
        ],
        "star": int(row["is_verified"]),
        "basicInformation": {
            "sex": {"m": "MALE", "f": "FEMALE"}.get(row["gender"]),
            "birthday": "80后-1-1",
            "homeTown": {"province": province, "city": city} if province else None,
        },
        "education": None,
        "work": None,
    }
