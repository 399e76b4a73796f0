"""Worlds as YouTube's Data API tells them: videos, comments, channels.

Every post is a video with its text as title. Reposts and likes one by one don't exist
there; whoever answers an answer stands below the thread's first comment.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .json_lines import Compression, open_packed
from .projection import newest_counters, pages, project, true_parents
from .spec import World, utc_moment

PLATFORM = "youtube"
# Answers that stand in a thread itself.
SHOWN_REPLIES = 5

Object = dict[str, Any]


def _letters(text: str, count: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:count]


def channel_of(account_id: str) -> str:
    """A channel's id."""
    return "UC" + _letters(f"channel {account_id}", 22)


def video_of(post_id: str) -> str:
    """A video's id."""
    return _letters(f"video {post_id}", 11)


def handle_of(account_id: str) -> str:
    """What a channel is called, without its mark."""
    return f"u{account_id}"


def rounded(count: int) -> int:
    """A number of subscribers as it is shown: three digits of it."""
    rest = 10 ** max(len(str(count)) - 3, 0)
    return count // rest * rest


@dataclass(frozen=True)
class YouTubeWorld:
    """A world's objects, each as the API writes it.

    Attributes:
        world: what YouTube tells of the world, in canonical shape.
        channels: by id.
        videos: by id, newest first.
        threads: first comments of a video, newest first, by video.
        replies: answers below one, oldest first, by its id.
    """

    world: World
    channels: dict[str, Object]
    videos: dict[str, Object]
    threads: dict[str, list[Object]]
    replies: dict[str, list[Object]]

    def thread(self, comment: Object, replies: list[Object]) -> Object:
        """A thread: its first comment, and some of its answers."""
        found: Object = {
            "kind": "youtube#commentThread",
            "etag": "e",
            "id": comment["id"],
            "snippet": {
                "channelId": comment["snippet"]["channelId"],
                "videoId": comment["snippet"]["videoId"],
                "topLevelComment": comment,
                "canReply": True,
                "totalReplyCount": len(replies),
                "isPublic": True,
            },
        }
        if replies:
            found["replies"] = {"comments": replies[-SHOWN_REPLIES:]}
        return found


def youtube_world(world: World) -> YouTubeWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    parents, counters = true_parents(world), newest_counters(world)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    shown = {
        row["post_id"]: row
        for row in world.posts.sort("posted_at", "post_id", descending=True).iter_rows(
            named=True
        )
        if not row["is_deleted"] and row["account_id"]
    }
    threads: dict[str, list[Object]] = defaultdict(list)
    replies: dict[str, list[Object]] = defaultdict(list)
    firsts: dict[str, str] = {}
    totals: dict[str, int] = defaultdict(int)
    rows: list[Object] = []
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
        own = "Ug" + _letters(f"comment {key}", 24)
        name = f"{above}.{own[2:]}" if above else own
        firsts[key] = above or name
        totals[root] += 1
        comment = _comment(name, above, row, shown[root], people[author])
        if above:
            # The list of answers doesn't say whose video it is about.
            replies[above].append(comment)
        else:
            threads[video_of(root)].insert(0, comment)
        rows.append(
            {
                "interaction_id": name.replace(".", ":"),
                "kind": "comment",
                "account_id": channel_of(author),
                "root_post_id": video_of(root),
                "parent_id": above or video_of(root),
                "parent_method": "platform" if above else "root",
                "acted_at": row["acted_at"],
                "text": row["text"],
                "likes_count": row["likes_count"] or 0,
                "observed_at": observed,
            }
        )
    counts = {
        key: {
            "viewCount": counters.get(key, {}).get("reads_count") or 0,
            "likeCount": counters.get(key, {}).get("likes_count") or 0,
            "commentCount": totals[key],
        }
        for key in shown
    }
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": channel_of(key),
                "screen_name": handle_of(key),
                "display_name": row["screen_name"],
                "description": row["description"] or "",
                "avatar_url": row["avatar_url"].split("?")[0],
                "followers_count": rounded(row["followers_count"]),
                "posts_count": row["posts_count"],
                "registered_at": row["registered_at"],
                "observed_at": observed,
            }
            for key, row in people.items()
        ],
        posts=[
            {
                **row,
                "post_id": video_of(key),
                "account_id": channel_of(row["account_id"]),
                "client": None,
                "region": None,
                "media_count": 1,
                "observed_at": observed,
            }
            for key, row in shown.items()
        ],
        post_counters=[
            {
                "post_id": video_of(key),
                "observed_at": observed,
                "comments_count": count["commentCount"],
                "likes_count": count["likeCount"],
                "reads_count": count["viewCount"],
            }
            for key, count in counts.items()
        ],
        interactions=rows,
        follows=[],
        campaign_posts={key: video_of(key) for key in shown},
    )
    return YouTubeWorld(
        told,
        {channel_of(key): _channel(row) for key, row in people.items()},
        {video_of(key): _video(row, counts[key]) for key, row in shown.items()},
        dict(threads),
        dict(replies),
    )


def write_youtube(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per list, a page a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = youtube_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: YouTubeWorld) -> dict[str, list[Object]]:
    """The pages of each list, as a company would have archived them."""
    return {
        "videos": [
            _page("videos", {}, listed("video", part))
            for part in pages(list(objects.videos.values()), 50)
        ],
        "channels": [
            _page("channels", {}, listed("channel", part))
            for part in pages(list(objects.channels.values()), 50)
        ],
        "commentThreads": [
            _page(
                "commentThreads",
                {"videoId": video},
                listed(
                    "commentThread",
                    [
                        objects.thread(one, objects.replies.get(one["id"], []))
                        for one in part
                    ],
                ),
            )
            for video, comments in objects.threads.items()
            for part in pages(comments, 20)
        ],
        "comments": [
            _page(
                "comments",
                {"parentId": first},
                listed("comment", [without_video(one) for one in part]),
                comments[0]["snippet"]["videoId"],
            )
            for first, comments in objects.replies.items()
            for part in pages(comments, 20)
        ],
    }


def listed(kind: str, items: list[Object], token: str | None = None) -> Object:
    """A page of a list."""
    page: Object = {"kind": f"youtube#{kind}ListResponse", "etag": "e"}
    if token:
        page["nextPageToken"] = token
    total = {"totalResults": len(items), "resultsPerPage": len(items)}
    return {**page, "pageInfo": total, "items": items}


def without_video(comment: Object) -> Object:
    """A comment as the list of answers shows it."""
    snippet = {
        name: value for name, value in comment["snippet"].items() if name != "videoId"
    }
    return {**comment, "snippet": snippet}


def _page(
    method: str, params: Mapping[str, str], answer: Object, root: str | None = None
) -> Object:
    request: Object = {"path": f"/youtube/v3/{method}", "params": dict(params)}
    if root:
        request["root"] = root
    return {"request": request, "answer": answer}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _channel(row: Mapping[str, Any]) -> Object:
    key = channel_of(row["account_id"])
    return {
        "kind": "youtube#channel",
        "etag": "e",
        "id": key,
        "snippet": {
            "title": row["screen_name"],
            "description": row["description"] or "",
            "customUrl": f"@{handle_of(row['account_id'])}",
            "publishedAt": _iso(row["registered_at"]),
            "thumbnails": {"default": {"url": row["avatar_url"].split("?")[0]}},
        },
        "contentDetails": {
            "relatedPlaylists": {"likes": "", "uploads": f"UU{key[2:]}"}
        },
        "statistics": {
            "viewCount": "0",
            "subscriberCount": str(rounded(row["followers_count"])),
            "hiddenSubscriberCount": False,
            "videoCount": str(row["posts_count"]),
        },
    }


def _video(row: Mapping[str, Any], counts: Mapping[str, int]) -> Object:
    return {
        "kind": "youtube#video",
        "etag": "e",
        "id": video_of(row["post_id"]),
        "snippet": {
            "publishedAt": _iso(row["posted_at"]),
            "channelId": channel_of(row["account_id"]),
            "title": row["text"],
            "description": "",
            "tags": ["tea"],
        },
        "status": {"privacyStatus": "public"},
        "statistics": {
            **{name: str(count) for name, count in counts.items()},
            "favoriteCount": "0",
        },
    }


def _comment(
    key: str,
    above: str | None,
    row: Mapping[str, Any],
    post: Mapping[str, Any],
    person: Mapping[str, Any],
) -> Object:
    text = html.escape(row["text"] or "").replace("\n", "<br>")
    snippet: Object = {
        "channelId": channel_of(post["account_id"]),
        "videoId": video_of(post["post_id"]),
        "textDisplay": text.replace("&#x27;", "&#39;"),
        "authorDisplayName": f"@{handle_of(person['account_id'])}",
        "authorProfileImageUrl": person["avatar_url"].split("?")[0],
        "authorChannelUrl": f"http://www.youtube.com/@{handle_of(person['account_id'])}",
        "authorChannelId": {"value": channel_of(person["account_id"])},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": row["likes_count"] or 0,
        "publishedAt": _iso(row["acted_at"]),
        "updatedAt": _iso(row["acted_at"]),
    }
    if above:
        snippet["parentId"] = above
    return {"kind": "youtube#comment", "etag": "e", "id": key, "snippet": snippet}
