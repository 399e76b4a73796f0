"""Worlds as Facebook's Graph API tells them: the brands' pages and what is on them.

The Graph shows posts of pages, comments, who reacted (not when), and of shares
the number only. People are an id and a name.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from openpyxl import Workbook

from .json_lines import Compression, open_packed
from .projection import newest_counters, pages, project, true_parents
from .spec import BRANDS, World, utc_moment

PLATFORM = "facebook"
VERSION = "v23.0"
PAGE_ROWS = 25
REACTIONS = ("LIKE", "LOVE", "WOW", "HAHA", "CARE")

Object = dict[str, Any]


@dataclass(frozen=True)
class FacebookWorld:
    """A world's objects, each as the API writes it.

    Attributes:
        world: what Facebook tells of the world, in canonical shape.
        profiles: pages by id.
        posts: posts by id, with their counts, newest first.
        comments: of a post, oldest first (`filter=stream`).
        reactions: of a post.
    """

    world: World
    profiles: dict[str, Object]
    posts: dict[str, Object]
    comments: dict[str, list[Object]]
    reactions: dict[str, list[Object]]

    def posts_of(self, page: str) -> list[Object]:
        """Posts of a page, newest first."""
        return [post for post in self.posts.values() if post["from"]["id"] == page]


def facebook_world(world: World) -> FacebookWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    counters = newest_counters(world)
    parents = true_parents(world)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    pages_of_brands = {str(brand.account_id) for brand in BRANDS} & people.keys()
    shown = {
        row["post_id"]: row
        for row in world.posts.sort("posted_at", "post_id", descending=True).iter_rows(
            named=True
        )
        if row["account_id"] in pages_of_brands and not row["is_deleted"]
    }
    ids = {key: f"{row['account_id']}_{key}" for key, row in shown.items()}

    comments: dict[str, list[Object]] = defaultdict(list)
    reactions: dict[str, list[Object]] = defaultdict(list)
    rows: list[Object] = []
    seen: set[str] = set()
    numbers: dict[str, str] = {}
    for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
        named=True
    ):
        root, author = row["root_post_id"], row["account_id"]
        if root not in shown:
            continue
        common = {
            "account_id": author,
            "root_post_id": ids[root],
            "observed_at": observed,
        }
        if row["kind"] == "comment":
            key = numbers[row["interaction_id"]] = f"{root}_{row['interaction_id']}"
            above = numbers.get(parents.get(row["interaction_id"]) or "")
            comment: Object = {
                "id": key,
                "created_time": _time(row["acted_at"]),
                "message": row["text"],
                "like_count": row["likes_count"] or 0,
                "comment_count": 0,
            }
            if author:
                comment["from"] = _person(people[author])
                seen.add(author)
            if above:
                comment["parent"] = {"id": above}
            comments[ids[root]].append(comment)
            rows.append(
                {
                    **common,
                    "interaction_id": key,
                    "kind": "comment",
                    "parent_id": above or ids[root],
                    "parent_method": "platform" if above else "root",
                    "acted_at": row["acted_at"],
                    "text": row["text"],
                    "likes_count": row["likes_count"] or 0,
                }
            )
        elif row["kind"] == "like" and author:
            seen.add(author)
            reactions[ids[root]].append(
                {
                    **_person(people[author]),
                    "type": REACTIONS[int(author) % len(REACTIONS)],
                }
            )
            rows.append(
                {
                    **common,
                    "interaction_id": f"like-{ids[root]}-{author}",
                    "kind": "like",
                    "parent_id": ids[root],
                    "parent_method": "root",
                    "acted_at": observed,
                }
            )

    posts: dict[str, Object] = {}
    counter_rows: list[Object] = []
    for key, row in shown.items():
        counts = counters.get(key, {})
        numbers_of = {
            "reposts_count": counts.get("reposts_count") or None,
            "comments_count": counts.get("comments_count") or 0,
            "likes_count": counts.get("likes_count") or 0,
        }
        posts[ids[key]] = _post(ids[key], row, people[row["account_id"]], numbers_of)
        counter_rows.append(
            {"post_id": ids[key], "observed_at": observed, **numbers_of}
        )
    profiles = {key: _profile(people[key]) for key in sorted(pages_of_brands)}
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                **{
                    name: people[key][name]
                    for name in ("description", "is_verified", "followers_count")
                },
                "account_id": key,
                "screen_name": people[key]["screen_name"],
                "location": people[key]["location"] or None,
                "avatar_url": people[key]["avatar_url"].split("?")[0],
                "verified_type": profiles[key]["verification_status"],
                "likes_count": None,
                "observed_at": observed,
            }
            for key in profiles
        ]
        + [
            {
                "account_id": key,
                "screen_name": people[key]["screen_name"],
                "observed_at": observed,
            }
            for key in sorted(seen - pages_of_brands)
        ],
        posts=[
            {
                **row,
                "post_id": ids[key],
                "client": None,
                "region": None,
                "mentions": [],
                "media_count": row["media_count"] or None,
                "observed_at": observed,
            }
            for key, row in shown.items()
        ],
        post_counters=counter_rows,
        interactions=rows,
        follows=[],
        campaign_posts=ids,
    )
    return FacebookWorld(told, profiles, posts, dict(comments), dict(reactions))


def write_facebook(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per edge, an answer a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = facebook_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: FacebookWorld) -> dict[str, list[Object]]:
    """The answers of each edge, as a company would have archived them."""
    return {
        "pages": [
            _page(f"/{VERSION}/{key}", {}, profile)
            for key, profile in objects.profiles.items()
        ],
        "posts": [
            page
            for key in objects.profiles
            for page in _listed(f"{key}/posts", objects.posts_of(key), {})
        ],
        "comments": [
            page
            for key, rows in objects.comments.items()
            for page in _listed(f"{key}/comments", rows, {"filter": "stream"})
        ],
        "reactions": [
            page
            for key, rows in objects.reactions.items()
            for page in _listed(f"{key}/reactions", rows, {})
        ],
    }


def _listed(edge: str, rows: list[Object], params: Mapping[str, str]) -> list[Object]:
    parts = pages(rows, PAGE_ROWS)
    found = []
    for number, part in enumerate(parts):
        answer: Object = {
            "data": part,
            "paging": {"cursors": {"before": f"b{number}", "after": f"a{number}"}},
        }
        if number + 1 < len(parts):
            answer["paging"]["next"] = (
                f"https://graph.facebook.com/{VERSION}/{edge}?after=a{number}"
            )
        found.append(_page(f"/{VERSION}/{edge}", params, answer))
    return found


def _page(path: str, params: Mapping[str, str], answer: Object) -> Object:
    return {"request": {"path": path, "params": dict(params)}, "answer": answer}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _person(row: Mapping[str, Any]) -> Object:
    return {"id": row["account_id"], "name": row["screen_name"]}


def _profile(row: Mapping[str, Any]) -> Object:
    profile: Object = {
        "id": row["account_id"],
        "name": row["screen_name"],
        "about": row["description"],
        "followers_count": row["followers_count"],
        "fan_count": row["followers_count"] - row["followers_count"] // 9,
        "category": "Tea shop",
        "verification_status": "blue_verified"
        if row["is_verified"]
        else "not_verified",
        "picture": {"data": {"url": row["avatar_url"].split("?")[0]}},
        "link": f"https://www.facebook.com/{row['account_id']}",
    }
    if row["location"]:
        profile["location"] = {"city": row["location"]}
    return profile


def _post(
    key: str, row: Mapping[str, Any], author: Mapping[str, Any], counts: Object
) -> Object:
    post: Object = {
        "id": key,
        "created_time": _time(row["posted_at"]),
        "updated_time": _time(row["posted_at"]),
        "message": row["text"],
        "from": _person(author),
        "permalink_url": f"https://www.facebook.com/{key}",
        "status_type": "added_photos" if row["media_count"] else "mobile_status_update",
        "is_hidden": False,
        "comments": {
            "data": [],
            "summary": {"order": "ranked", "total_count": counts["comments_count"]},
        },
        "reactions": {
            "data": [],
            "summary": {
                "total_count": counts["likes_count"],
                "viewer_reaction": "NONE",
            },
        },
    }
    if counts["reposts_count"]:  # the Graph leaves `shares` out where there are none
        post["shares"] = {"count": counts["reposts_count"]}
    if row["media_count"]:
        pictures = [{"media_type": "photo"} for _ in range(row["media_count"])]
        post["attachments"] = {
            "data": [{"media_type": "album", "subattachments": {"data": pictures}}]
        }
    return post


# As Business Suite writes them in 2026, but for columns that differ by month.
EXPORT_HEADER = (
    "Post ID", "Page ID", "Page name", "Title", "Description", "Duration (sec)",
    "Publish time", "Caption type", "Permalink", "Is crosspost", "Is share",
    "Post type", "Languages", "Custom labels", "Funded content status",
    "Data comment", "Date", "Views", "Reach", "Reactions, Comments and Shares",
    "Reactions", "Comments", "Shares", "Total clicks",
)  # fmt: skip
EXPORT_ZONE = "America/Los_Angeles"


def write_export(world: World, folder: Path) -> World:
    """Write the pages' posts as Business Suite exports them and give what that tells.

    Half as CSV, half as a spreadsheet; texts of videos stand in two columns.
    """
    objects = facebook_world(world)
    folder.mkdir(parents=True)
    told = objects.world
    reads = {
        f"{row['account_id']}_{row['post_id']}": row["post_id"]
        for row in world.posts.iter_rows(named=True)
    }
    counters = newest_counters(world)
    views = {
        key: counters.get(own, {}).get("reads_count") for key, own in reads.items()
    }
    rows = [
        _export_row(post, views.get(key), is_video=place % 2 == 1)
        for place, (key, post) in enumerate(objects.posts.items())
    ]
    half = len(rows) // 2
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [EXPORT_HEADER, *rows[:half]]:
        sheet.append(list(row))
    book.save(folder / "posts.xlsx")
    with (folder / "posts.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle).writerows([EXPORT_HEADER, *rows[half:]])
    return replace(
        told,
        accounts=told.accounts.filter(
            pl.col("account_id").is_in(told.posts["account_id"].implode())
        ).with_columns(
            pl.lit(None, kind).alias(name)
            for name, kind in told.accounts.schema.items()
            if name not in ("platform", "account_id", "screen_name", "observed_at")
        ),
        posts=told.posts.with_columns(
            pl.col("posted_at").dt.truncate("1m"),
            pl.lit(None, pl.Int64).alias("media_count"),
        ),
        post_counters=told.post_counters.with_columns(
            pl.col("reposts_count").fill_null(0),
            pl.col("post_id")
            .replace_strict(views, return_dtype=pl.Int64)
            .alias("reads_count"),
        ),
        interactions=told.interactions.clear(),
    )


def _export_row(post: Object, views: int | None, *, is_video: bool) -> list[Any]:
    posted = datetime.fromisoformat(post["created_time"]).astimezone(
        ZoneInfo(EXPORT_ZONE)
    )
    page, own = post["id"].split("_")
    shares = post.get("shares", {}).get("count", 0)
    comments = post["comments"]["summary"]["total_count"]
    likes = post["reactions"]["summary"]["total_count"]
    title, rest = post["message"], ""
    if is_video and "\n" in title:
        title, rest = title.split("\n", 1)
    elif is_video:
        title, rest = "", title
    cells = {
        "Post ID": own,
        "Page ID": page,
        "Page name": post["from"]["name"],
        "Title": title,
        "Description": rest,
        "Publish time": f"{posted:%m/%d/%Y %H:%M}",
        "Permalink": post["permalink_url"],
        "Is share": 0,
        "Post type": "Videos" if is_video else "Photos",
        "Date": "Lifetime",
        "Views": "" if views is None else views,
        "Reactions, Comments and Shares": likes + comments + shares,
        "Reactions": likes,
        "Comments": comments,
        "Shares": shares,
    }
    return [cells.get(name, "") for name in EXPORT_HEADER]
