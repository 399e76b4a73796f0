"""Worlds as Bluesky tells them: the views of its AppView, and archives of its answers.

What X calls a retweet is a repost, a quote is a post that embeds another one. Reposts
have no children: who reposts one reposts what it shows.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from .json_lines import Compression, open_packed
from .projection import PAGE_ROWS, iso, pages, project
from .spec import World, utc_moment
from .x import Object, x_world

PLATFORM = "bluesky"
POST = "app.bsky.feed.post"
# Of an id what tells apart those of one second.
_REST = (1 << 22) - 1
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


def did_of(account_id: str) -> str:
    """An account's DID: a digest in base 32, as directories of them make it."""
    digest = hashlib.sha256(account_id.encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def handle_of(account_id: str) -> str:
    """An account's name."""
    return f"u{account_id}.bsky.social"


def key_of(snowflake: str, moment: datetime) -> str:
    """The key of a record: microseconds and ten bits more, in base 32."""
    micros = int(moment.timestamp()) * 1_000_000 + _micros(snowflake)
    number = micros << 10 | (int(snowflake) & _REST) // 1_000_000
    return "".join(_LETTERS[number >> shift & 31] for shift in range(60, -1, -5))


def _micros(snowflake: str) -> int:
    return (int(snowflake) & _REST) % 1_000_000


@dataclass(frozen=True)
class BlueskyWorld:
    """A world's views by address, each as the AppView writes it.

    Attributes:
        world: what Bluesky tells of the world, in canonical shape.
        profiles: detailed ones, by DID.
        posts: that can be read, by address: posts, quotes and replies.
        gone: addresses of deleted posts.
        likes: (moment, DID) of a post's likes, newest first, by address.
        reposts: DIDs of who reposted, newest first, by address.
        reposted_at: when, by address and DID.
        followers: DIDs, by DID.
        roots: the post whose thread a quote belongs to, by address.
    """

    world: World
    profiles: dict[str, Object]
    posts: dict[str, Object]
    gone: frozenset[str]
    likes: dict[str, list[tuple[str, str]]]
    reposts: dict[str, list[str]]
    reposted_at: dict[tuple[str, str], str]
    followers: dict[str, list[str]]
    roots: dict[str, str]

    def basic(self, did: str, *more: str) -> Object:
        """A profile as it stands beside what an account did."""
        names = ("did", "handle", "displayName", "avatar", "createdAt", "verification")
        profile = self.profiles[did]
        return {name: profile[name] for name in (*names, *more) if name in profile}

    def replies(self) -> dict[str, list[str]]:
        """Addresses of the direct answers to each post, oldest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for uri, view in sorted(self.posts.items(), key=_moment):
            reply = view["record"].get("reply")
            if reply:
                found[reply["parent"]["uri"]].append(uri)
        return dict(found)

    def quotes(self) -> dict[str, list[str]]:
        """Addresses of the quotes of each post, newest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for uri, view in sorted(self.posts.items(), key=_moment, reverse=True):
            quoted = quoted_by(view)
            if quoted:
                found[quoted].append(uri)
        return dict(found)


def quoted_by(view: Mapping[str, Any]) -> str | None:
    """The address of the post that a view quotes."""
    embed = view["record"].get("embed", {}).get("record")
    if embed is None:
        return None
    return str((embed.get("record") or embed)["uri"])


def bluesky_world(world: World) -> BlueskyWorld:
    """The views of a world."""
    observed = utc_moment(world.spec.observed_second)
    x = x_world(world)
    names = {user["username"]: handle_of(key) for key, user in x.users.items()}
    dids = {key: did_of(key) for key in x.users}
    moments = {
        key: datetime.fromisoformat(tweet["created_at"])
        for key, tweet in x.tweets.items()
    } | dict(x.world.posts.select("post_id", "posted_at").iter_rows())
    authors = {key: tweet["author_id"] for key, tweet in x.tweets.items()}
    for row in world.posts.filter(pl.col("is_deleted")).iter_rows(named=True):
        gone_id = next(key for key in x.gone if moments[key] == row["posted_at"])
        authors[gone_id] = row["account_id"] or "1"
    dids.setdefault("1", did_of("1"))
    uris = {
        key: f"at://{dids[authors[key]]}/{POST}/{key_of(key, moments[key])}"
        for key in moments
    }

    def key(snowflake: str) -> str:
        return post_id(uris[snowflake])

    profiles = {
        dids[row["account_id"]]: _profile(row, x.users[row["account_id"]])
        for row in world.accounts.iter_rows(named=True)
    }
    rows: list[Object] = []
    liked = {
        (row["root_post_id"], row["account_id"]): row["acted_at"]
        for row in world.interactions.filter(pl.col("kind") == "like").iter_rows(
            named=True
        )
    }
    likes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    reposts: dict[str, list[str]] = defaultdict(list)
    reposted_at: dict[tuple[str, str], str] = {}
    root_of = {one: tweet for one, tweet in x.roots.items()}
    ids = _own_ids(world, x.world)
    for row in x.world.interactions.iter_rows(named=True):
        person = row["account_id"]
        parent = row["parent_id"]
        common = {
            **row,
            "account_id": dids[person],
            "root_post_id": key(row["root_post_id"]),
            "parent_id": key(parent),
            "text": _named(row["text"], names),
        }
        tail = f"{uris[parent].rpartition('/')[2]}-{dids[person]}"
        if row["kind"] == "like":
            acted = liked[ids[row["root_post_id"]], person]
            likes[uris[parent]].append((iso(acted), dids[person]))
            rows.append({**common, "interaction_id": f"like-{tail}", "acted_at": acted})
        elif row["interaction_id"].startswith("retweet-"):
            reposts[uris[parent]].append(dids[person])
            reposted_at[uris[parent], dids[person]] = iso(row["acted_at"])
            rows.append(
                {**common, "interaction_id": f"repost-{tail}", "acted_at": observed}
            )
        else:
            rows.append({**common, "interaction_id": key(row["interaction_id"])})

    posts: dict[str, Object] = {}
    listed = {
        row["post_id"]: row
        for row in x.world.posts.iter_rows(named=True)
        if not row["is_deleted"]
    }
    for one, tweet in x.tweets.items():
        references = {r["type"]: r["id"] for r in tweet.get("referenced_tweets", ())}
        if "retweeted" in references:
            continue
        told = listed.get(one) or {
            **tweet,
            "text": _plain(tweet["text"]),
            "hashtags": [],
            "links": [],
            "mentions": [],
        }
        posts[uris[one]] = _view(
            uris[one],
            {**told, "text": _named(told["text"], names) or ""},
            _basic(profiles[dids[tweet["author_id"]]]),
            iso(moments[one]),
            {name: dids[who] for who, name in _handles(x.users).items()},
            root=uris[root_of[one]] if "replied_to" in references else None,
            parent=uris.get(references.get("replied_to", "")),
            quoted=uris.get(references.get("quoted", "")),
            counts=tweet["public_metrics"],
        )
    made = BlueskyWorld(
        world,
        profiles,
        posts,
        frozenset(uris[one] for one in x.gone),
        {uri: sorted(who, reverse=True) for uri, who in likes.items()},
        {
            uri: sorted(
                who, key=lambda did, uri=uri: (reposted_at[uri, did], did), reverse=True
            )
            for uri, who in reposts.items()
        },
        reposted_at,
        {
            dids[one]: [dids[other] for other in others]
            for one, others in x.followers.items()
        },
        {uris[one]: uris[root] for one, root in root_of.items() if one in uris},
    )
    answers = made.replies()
    for uri, view in posts.items():
        view["replyCount"] = len(answers.get(uri, ()))
    replied = {post_id(uri): view["replyCount"] for uri, view in posts.items()}
    told_posts = [
        {
            **row,
            "post_id": key(row["post_id"]),
            "account_id": row["account_id"] and dids[row["account_id"]],
            "text": _named(row["text"], names),
            "hashtags": row["hashtags"],
            "mentions": sorted({names.get(name, name) for name in row["mentions"]}),
            "client": None,
            # Of what is gone the key tells the time, to the microsecond.
            "posted_at": row["posted_at"]
            + timedelta(microseconds=_micros(row["post_id"]) * row["is_deleted"]),
            "media_count": None if row["is_deleted"] else row["media_count"] or 0,
        }
        for row in x.world.posts.iter_rows(named=True)
    ]
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                **row,
                "account_id": dids[row["account_id"]],
                "screen_name": handle_of(row["account_id"]),
                "display_name": row["screen_name"],
                "description": row["description"] or "",
                "verified_type": _verified(x.users[row["account_id"]]),
                "location": None,
                "likes_count": None,
            }
            for row in x.world.accounts.iter_rows(named=True)
        ],
        posts=told_posts,
        post_counters=[
            {
                **row,
                "post_id": key(row["post_id"]),
                "comments_count": replied[key(row["post_id"])],
                "reads_count": None,
            }
            for row in x.world.post_counters.iter_rows(named=True)
        ],
        interactions=rows,
        follows=[
            {
                **row,
                "account_id": dids[row["account_id"]],
                "follower_id": dids[row["follower_id"]],
            }
            for row in x.world.follows.iter_rows(named=True)
        ],
        campaign_posts={
            listed_id: key(x_id) for x_id, listed_id in ids.items() if x_id in uris
        },
    )
    return replace(made, world=told)


def post_id(uri: str) -> str:
    """A post's id in the product, from its address."""
    return uri.removeprefix("at://").replace(f"/{POST}/", "/post/")


def write_bluesky(
    world: World, folder: Path, *, compression: Compression = "none"
) -> World:
    """Write a world as archived answers and give what they tell.

    One file per method, a page a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    views = bluesky_world(world)
    for stem, lines in archive(views).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return views.world


def archive(views: BlueskyWorld) -> dict[str, list[Object]]:
    """The pages of each method, as a company would have archived them."""
    by_author: dict[str, list[Object]] = defaultdict(list)
    for _, view in sorted(views.posts.items(), key=_moment, reverse=True):
        if "reply" not in view["record"] and not quoted_by(view):
            by_author[view["author"]["did"]].append({"post": view})
    quotes, replies = views.quotes(), views.replies()
    return {
        "getAuthorFeed": [
            _page("getAuthorFeed", {"actor": did}, {"feed": part})
            for did in sorted(by_author)
            for part in pages(by_author[did])
        ],
        "getPostThread": [
            _page(
                "getPostThread", {"uri": uri}, {"thread": thread(views, replies, uri)}
            )
            for uri in sorted(views.posts)
            if "reply" not in views.posts[uri]["record"]
            and not quoted_by(views.posts[uri])
            and uri in replies
        ],
        "gone_replies": [
            _page("getPosts", {}, {"posts": [views.posts[uri] for uri in below]})
            for gone in sorted(views.gone)
            for below in [_below(replies, gone)]
            if below
        ],
        "getQuotes": [
            _page(
                "getQuotes",
                {"uri": uri},
                {"uri": uri, "posts": [views.posts[quote] for quote in part]},
                views.roots.get(uri, uri),
            )
            for uri in sorted(quotes)
            for part in pages(quotes[uri])
        ],
        "getRepostedBy": [
            _page(
                "getRepostedBy",
                {"uri": uri},
                {
                    "uri": uri,
                    "repostedBy": [views.basic(d, "description") for d in part],
                },
                views.roots.get(uri, uri),
            )
            for uri, dids in sorted(views.reposts.items())
            for part in pages(dids)
        ],
        "getLikes": [
            _page(
                "getLikes",
                {"uri": uri},
                {"uri": uri, "likes": [like_of(views, *one) for one in part]},
            )
            for uri, likes in sorted(views.likes.items())
            for part in pages(likes)
        ],
        "getProfiles": [
            _page(
                "getProfiles", {}, {"profiles": [views.profiles[did] for did in part]}
            )
            for part in pages(sorted(views.profiles), 25)
        ],
        "getFollowers": [
            _page(
                "getFollowers",
                {"actor": did},
                {
                    "subject": views.basic(did),
                    "followers": [views.basic(one, "description") for one in part],
                },
            )
            for did, dids in sorted(views.followers.items())
            for part in pages(dids)
        ],
        "getPosts": [
            _page("getPosts", {"uris": ",".join(part)}, {"posts": []})
            for part in pages(sorted(views.gone), 25)
            if part
        ],
    }


def thread(
    views: BlueskyWorld,
    replies: Mapping[str, list[str]],
    uri: str,
    depth: int = PAGE_ROWS,
) -> Object:
    """A post with its answers below it, so many levels of them."""
    node: Object = {
        "$type": "app.bsky.feed.defs#threadViewPost",
        "post": views.posts[uri],
    }
    if depth:
        node["replies"] = [
            thread(views, replies, one, depth - 1) for one in replies.get(uri, ())
        ]
    return node


def like_of(views: BlueskyWorld, moment: str, did: str) -> Object:
    """A like as the list of a post's shows it."""
    return {
        "actor": views.basic(did, "description"),
        "createdAt": moment,
        "indexedAt": moment,
    }


def _below(replies: Mapping[str, list[str]], uri: str) -> list[str]:
    found = list(replies.get(uri, ()))
    for one in found:
        found += replies.get(one, ())
    return found


def _page(
    method: str, params: Mapping[str, str], answer: Object, root: str | None = None
) -> Object:
    space = "graph" if "Followers" in method else "feed"
    space = "actor" if "Profiles" in method else space
    request: Object = {
        "path": f"/xrpc/app.bsky.{space}.{method}",
        "params": dict(params),
    }
    if root:
        request["root"] = root
    return {"request": request, "answer": answer}


def _moment(item: tuple[str, Object]) -> tuple[str, str]:
    return item[1]["record"]["createdAt"], item[0]


def _own_ids(world: World, told: World) -> dict[str, str]:
    """The world's own id of each post, by X's."""
    listed = zip(world.campaigns["post_ids"], told.campaigns["post_ids"], strict=True)
    found = {x: own for a, b in listed for own, x in zip(a, b, strict=True)}
    moments = zip(world.posts["post_id"], told.posts["post_id"], strict=True)
    return found | {x: own for own, x in moments}


def _handles(users: Mapping[str, Object]) -> dict[str, str]:
    return {key: handle_of(key) for key in users}


def _named(text: str | None, names: Mapping[str, str]) -> str | None:
    """A text that calls people by their names here."""
    if not text or "@" not in text:
        return text

    def called(match: re.Match[str]) -> str:
        name = match[1]
        for end in range(len(name), 0, -1):
            if name[:end] in names:
                return f"@{names[name[:end]]} {name[end:]}".rstrip()
        return match[0]

    return re.sub(r"@([-\w·]+)", called, text)


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _verified(user: Mapping[str, Any]) -> str:
    kinds = {"business": "trusted_verifier", "blue": "verified"}
    return kinds.get(user["verified_type"], "none")


def _profile(row: Mapping[str, Any], user: Mapping[str, Any]) -> Object:
    profile: Object = {
        "did": did_of(row["account_id"]),
        "handle": handle_of(row["account_id"]),
        "displayName": row["screen_name"],
        "avatar": row["avatar_url"],
        "createdAt": iso(row["registered_at"]),
        "description": row["description"] or "",
        "followersCount": row["followers_count"],
        "followsCount": row["following_count"],
        "postsCount": row["posts_count"],
        "indexedAt": iso(row["registered_at"]),
        "labels": [],
    }
    kind = _verified(user)
    if kind != "none":
        profile["verification"] = {
            "verifications": [],
            "verifiedStatus": "valid" if kind == "verified" else "none",
            "trustedVerifierStatus": "valid" if kind == "trusted_verifier" else "none",
        }
    return profile


def _basic(profile: Object) -> Object:
    kept = ("did", "handle", "displayName", "avatar", "createdAt", "verification")
    return {name: profile[name] for name in kept if name in profile}


def _facets(text: str, row: Mapping[str, Any], dids: Mapping[str, str]) -> list[Object]:
    """What stands in a text, by bytes of UTF-8."""
    raw = text.encode()
    found: list[tuple[int, int, Object]] = []

    def mark(words: str, feature: Object) -> None:
        start = raw.find(words.encode())
        if start >= 0:
            found.append((start, start + len(words.encode()), feature))

    for link in row["links"]:
        mark(link, {"$type": "app.bsky.richtext.facet#link", "uri": link})
    for tag in row["hashtags"]:
        mark(f"#{tag}", {"$type": "app.bsky.richtext.facet#tag", "tag": tag})
    for handle in dict.fromkeys(re.findall(r"@(u\d+\.bsky\.social)", text)):
        if handle in dids:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": dids[handle]}
            mark(f"@{handle}", feature)
    return [
        {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda one: one[:2])
    ]


def _view(
    uri: str,
    row: Mapping[str, Any],
    author: Object,
    moment: str,
    dids: Mapping[str, str],
    *,
    root: str | None,
    parent: str | None,
    quoted: str | None,
    counts: Mapping[str, int],
) -> Object:
    record: Object = {"$type": POST, "text": row["text"], "createdAt": moment}
    facets = _facets(row["text"], row, dids)
    if facets:
        record["facets"] = facets
    if root and parent:
        record["reply"] = {
            "root": {"uri": root, "cid": "bafyroot"},
            "parent": {"uri": parent, "cid": "bafyparent"},
        }
    if quoted:
        record["embed"] = {
            "$type": "app.bsky.embed.record",
            "record": {"uri": quoted, "cid": "bafyquoted"},
        }
    elif row.get("media_count"):
        record["embed"] = {
            "$type": "app.bsky.embed.images",
            "images": [{"alt": "", "image": {}} for _ in range(row["media_count"])],
        }
    return {
        "uri": uri,
        "cid": "bafy" + uri[-13:],
        "author": author,
        "record": record,
        "replyCount": 0,
        "repostCount": counts["retweet_count"],
        "likeCount": counts["like_count"],
        "quoteCount": counts["quote_count"],
        "indexedAt": moment,
        "labels": [],
    }
