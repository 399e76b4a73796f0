"""Worlds as a WordPress site tells them: articles, comments and their authors.

Every account that posts in the world is an author of the one site. Reposts and
likes don't exist there; some people comment as guests.
"""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from .json_lines import Compression, open_packed
from .projection import PAGE_ROWS, pages, project, true_parents
from .spec import World, utc_moment

PLATFORM = "wordpress"
SITE = "https://tea.example.invalid"
# As the product names the site's objects: an id alone is any site's.
PREFIX = "tea_example_invalid"
GUEST_EVERY = 5

Object = dict[str, Any]


@dataclass(frozen=True)
class WordPressWorld:
    """A world's objects, each as the REST API writes it.

    Attributes:
        world: what the site tells of the world, in canonical shape.
        users: authors of articles by id: the others aren't public.
        posts: published articles, newest first.
        comments: approved comments, newest first.
        tags: the terms of the articles.
    """

    world: World
    users: dict[int, Object]
    posts: list[Object]
    comments: list[Object]
    tags: list[Object]


def wordpress_world(world: World, site: str = SITE) -> WordPressWorld:
    """The objects of a world.

    Args:
        world: what happened.
        site: address of the site, as its own links have it.
    """
    observed = utc_moment(world.spec.observed_second)
    parents = true_parents(world)
    people = {row["account_id"]: row for row in world.accounts.iter_rows(named=True)}
    shown = {
        row["post_id"]: row
        for row in world.posts.sort("posted_at", "post_id", descending=True).iter_rows(
            named=True
        )
        if not row["is_deleted"] and row["account_id"]
    }
    names = sorted({tag for row in shown.values() for tag in row["hashtags"]})
    terms = {name: number for number, name in enumerate(names, start=100)}

    comments: list[Object] = []
    rows: list[Object] = []
    listed: set[str] = set()
    totals: dict[str, int] = defaultdict(int)
    for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
        named=True
    ):
        key, root = row["interaction_id"], row["root_post_id"]
        if row["kind"] != "comment" or root not in shown:
            continue
        author = row["account_id"]
        is_guest = not author or int(author) % GUEST_EVERY == 0
        above = parents.get(key)
        parent = above if above in listed else None
        listed.add(key)
        totals[root] += 1
        comments.append(
            _comment(site, row, parent, None if is_guest else author, people)
        )
        rows.append(
            {
                "interaction_id": f"{PREFIX}:{key}",
                "kind": "comment",
                "account_id": None if is_guest else f"{PREFIX}:{author}",
                "root_post_id": f"{PREFIX}:{root}",
                "parent_id": f"{PREFIX}:{parent or root}",
                "parent_method": "platform" if parent else "root",
                "acted_at": row["acted_at"],
                "text": row["text"],
                "observed_at": observed,
            }
        )
    authors = sorted({row["account_id"] for row in shown.values()})
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                "account_id": f"{PREFIX}:{key}",
                "screen_name": people[key]["screen_name"],
                "display_name": f"author-{key}",
                "description": people[key]["description"],
                "avatar_url": people[key]["avatar_url"].split("?")[0],
                "observed_at": observed,
            }
            for key in authors
        ],
        posts=[
            {
                **row,
                "post_id": f"{PREFIX}:{key}",
                "account_id": f"{PREFIX}:{row['account_id']}",
                "client": None,
                "region": None,
                "mentions": [],
                "media_count": min(row["media_count"], 1),
                "observed_at": observed,
            }
            for key, row in shown.items()
        ],
        post_counters=[
            {
                "post_id": f"{PREFIX}:{key}",
                "observed_at": observed,
                "comments_count": totals[key],
            }
            for key in shown
        ],
        interactions=rows,
        follows=[],
        campaign_posts={key: f"{PREFIX}:{key}" for key in shown},
    )
    return WordPressWorld(
        told,
        {int(key): _user(site, people[key]) for key in authors},
        [_post(site, row, terms, people) for row in shown.values()],
        comments[::-1],
        [
            {
                "id": number,
                "name": name,
                "slug": f"tag-{number}",
                "link": f"{site}/tag/tag-{number}/",
                "taxonomy": "post_tag",
                "count": 1,
            }
            for name, number in terms.items()
        ],
    )


def write_wordpress(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per collection, an answer a line, with its request and its headers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = wordpress_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: WordPressWorld) -> dict[str, list[Object]]:
    """The answers of each collection, as a company would have archived them."""
    by_post: dict[int, list[Object]] = {post["id"]: [] for post in objects.posts}
    for comment in objects.comments:
        by_post[comment["post"]].append(comment)
    return {
        "posts": _listed("posts", objects.posts, {"_embed": "wp:term"}),
        "comments": [
            page
            for key, rows in by_post.items()
            for page in _listed("comments", rows, {"post": str(key)})
        ],
        "users": _listed("users", list(objects.users.values()), {}),
        "tags": _listed("tags", objects.tags, {}),
    }


def _listed(name: str, rows: list[Object], params: Mapping[str, str]) -> list[Object]:
    parts = pages(rows, PAGE_ROWS)
    return [
        {
            "request": {
                "path": f"{SITE}/wp-json/wp/v2/{name}",
                "params": {
                    **params,
                    "per_page": str(PAGE_ROWS),
                    "page": str(number),
                },
            },
            "headers": {
                "X-WP-Total": str(len(rows)),
                "X-WP-TotalPages": str(len(parts)),
            },
            "answer": part,
        }
        for number, part in enumerate(parts, start=1)
    ]


def _times(name: str, moment: datetime, offset: int = 8) -> Object:
    """A time in the site's zone and in GMT, both without a zone."""
    return {
        name: (moment + timedelta(hours=offset)).strftime("%Y-%m-%dT%H:%M:%S"),
        f"{name}_gmt": moment.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _rendered(text: str | None) -> Object:
    body = html.escape(text or "", quote=False).replace("'", "&#039;")
    return {"rendered": f"<p>{body}</p>\n"}


def _post(
    site: str,
    row: Mapping[str, Any],
    terms: Mapping[str, int],
    people: Mapping[str, Mapping[str, Any]],
) -> Object:
    key, author = int(row["post_id"]), row["account_id"]
    return {
        "id": key,
        **_times("date", row["posted_at"]),
        **_times("modified", row["posted_at"]),
        "guid": {"rendered": f"{site}/?p={key}"},
        "slug": f"post-{key}",
        "status": "publish",
        "type": "post",
        "link": f"{site}/post-{key}/",
        "title": {"rendered": ""},
        "content": {**_rendered(row["text"]), "protected": False},
        "author": int(author),
        "featured_media": 7 if row["media_count"] else 0,
        "comment_status": "open",
        "tags": [terms[tag] for tag in row["hashtags"]],
        "_links": {"self": [{"href": f"{site}/wp-json/wp/v2/posts/{key}"}]},
        "_embedded": {
            "author": [_user(site, people[author])],
            "wp:term": [
                [],
                [
                    {"id": terms[tag], "name": tag, "taxonomy": "post_tag"}
                    for tag in row["hashtags"]
                ],
            ],
        },
    }


def _comment(
    site: str,
    row: Mapping[str, Any],
    parent: str | None,
    author: str | None,
    people: Mapping[str, Mapping[str, Any]],
) -> Object:
    key = int(row["interaction_id"])
    name = people[row["account_id"]]["screen_name"] if row["account_id"] else "Guest"
    return {
        "id": key,
        "post": int(row["root_post_id"]),
        "parent": int(parent or 0),
        "author": int(author or 0),
        "author_name": name,
        "author_url": "",
        **_times("date", row["acted_at"]),
        "content": _rendered(row["text"]),
        "link": f"{site}/post-{row['root_post_id']}/#comment-{key}",
        "status": "approved",
        "type": "comment",
        "_links": {"self": [{"href": f"{site}/wp-json/wp/v2/comments/{key}"}]},
    }


def _user(site: str, row: Mapping[str, Any]) -> Object:
    key = int(row["account_id"])
    return {
        "id": key,
        "name": row["screen_name"],
        "url": "",
        "description": row["description"] or "",
        "link": f"{site}/author/author-{key}/",
        "slug": f"author-{key}",
        "avatar_urls": {"96": row["avatar_url"].split("?")[0]},
        "_links": {"self": [{"href": f"{site}/wp-json/wp/v2/users/{key}"}]},
    }


def write_site(world: World, folder: Path) -> World:
    """Write a world as the file that a site exports of itself (WXR 1.2)."""
    objects = wordpress_world(world)
    observed = utc_moment(world.spec.observed_second)
    by_post: dict[int, list[Object]] = defaultdict(list)
    for comment in objects.comments[::-1]:
        by_post[comment["post"]].append(comment)
    logins = {key: user["slug"] for key, user in objects.users.items()}
    channel = [
        _tag("title", "Tea"),
        _tag("link", SITE),
        _tag("pubDate", f"{observed:%a, %d %b %Y %H:%M:%S} +0000"),
        _tag("wp:wxr_version", "1.2"),
        _tag("wp:base_site_url", SITE),
        _tag("wp:base_blog_url", SITE),
        *(
            _tag(
                "wp:author",
                _tag("wp:author_id", key)
                + _tag("wp:author_login", user["slug"])
                + _tag("wp:author_email", f"{key}@example.invalid")
                + _tag("wp:author_display_name", user["name"]),
                is_markup=True,
            )
            for key, user in objects.users.items()
        ),
        _item({"id": 5, "title": {"rendered": "About"}, "type": "page"}, "", []),
        *(
            _item(post, logins[post["author"]], by_post[post["id"]])
            for post in objects.posts
        ),
    ]
    folder.mkdir(parents=True)
    (folder / "tea.WordPress.2026-03-15.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!-- made up -->\n'
        '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n<channel>\n'
        + "\n".join(channel)
        + "\n</channel>\n</rss>\n",
        encoding="utf-8",
    )
    told = objects.world
    return replace(
        told,
        accounts=told.accounts.with_columns(
            pl.lit(None, pl.String).alias("description"),
            pl.lit(None, pl.String).alias("avatar_url"),
        ),
    )


def _tag(name: str, content: object, *, is_markup: bool = False) -> str:
    """An element as WordPress writes it: words in sections of character data."""
    text = str(content)
    if not is_markup and not text.isdigit():
        text = f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{name}>{text}</{name}>"


def _blank(time: str) -> str:
    return time.replace("T", " ")


def _item(post: Mapping[str, Any], login: str, comments: list[Object]) -> str:
    kind = post.get("type", "post")
    parts = [
        _tag("title", post["title"]["rendered"]),
        _tag("link", post.get("link", SITE)),
        _tag("dc:creator", login),
        _tag("wp:post_id", post["id"]),
        _tag("wp:post_type", kind),
    ]
    if kind == "post":
        body = post["content"]["rendered"]
        parts += [
            _tag(
                "content:encoded",
                f"<!-- wp:paragraph -->\n{body}<!-- /wp:paragraph -->",
            ),
            _tag("wp:post_date_gmt", _blank(post["date_gmt"])),
            _tag("wp:status", post["status"]),
            *(
                f'<category domain="{term["taxonomy"]}" nicename="t">'
                f"<![CDATA[{term['name']}]]></category>"
                for term in post["_embedded"]["wp:term"][1]
            ),
            _tag(
                "wp:postmeta",
                _tag("wp:meta_key", "_thumbnail_id")
                + _tag("wp:meta_value", post["featured_media"]),
                is_markup=True,
            ),
            *(
                _tag(
                    "wp:comment",
                    _tag("wp:comment_id", one["id"])
                    + _tag("wp:comment_author", one["author_name"])
                    + _tag("wp:comment_author_IP", "192.0.2.1")
                    + _tag("wp:comment_date_gmt", _blank(one["date_gmt"]))
                    + _tag("wp:comment_content", one["content"]["rendered"])
                    + _tag("wp:comment_approved", 1)
                    + _tag("wp:comment_type", "comment")
                    + _tag("wp:comment_parent", one["parent"])
                    + _tag("wp:comment_user_id", one["author"]),
                    is_markup=True,
                )
                for one in comments
            ),
        ]
    return _tag("item", "".join(parts), is_markup=True)
