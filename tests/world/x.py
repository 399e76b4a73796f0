"""Worlds as X tells them: objects of API v2, and archives of its answers.

A repost without words is a retweet, one with words a quote, a comment a reply.
A retweet has no children: who reposts it reposts what it shows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .json_lines import Compression, open_packed
from .projection import (
    EMPTY_REPOSTS,
    PAGE_ROWS,
    iso,
    newest_counters,
    pages,
    project,
    true_parents,
)
from .spec import World, utc_moment

PLATFORM = "x"
# Snowflake: milliseconds since this moment, shifted, plus a sequence.
EPOCH_MS = 1_288_834_974_657
SHIFT = 22

Object = dict[str, Any]


@dataclass(frozen=True)
class XWorld:
    """A world's objects by id, each as the API writes it.

    Attributes:
        world: what X tells of the world, in canonical shape.
        users: all accounts.
        tweets: posts, quotes, retweets and replies that can be read.
        gone: ids of deleted tweets.
        likers: accounts that liked a tweet, by tweet.
        retweeters: accounts that retweeted a tweet, by tweet, newest first.
        followers: of an account, by account.
        roots: the post whose thread a tweet belongs to, by tweet.
    """

    world: World
    users: dict[str, Object]
    tweets: dict[str, Object]
    gone: frozenset[str]
    likers: dict[str, list[str]]
    retweeters: dict[str, list[str]]
    followers: dict[str, list[str]]
    roots: dict[str, str] = field(default_factory=dict)

    def answer(
        self,
        tweets: Iterable[Object],
        *,
        missing: Sequence[str] = (),
        next_token: str | None = None,
    ) -> Object:
        """An answer that lists tweets, with all expansions."""
        listed = list(tweets)
        referenced: dict[str, Object] = {}
        unseen = dict.fromkeys(missing, "ids")
        for tweet in listed:
            for reference in tweet.get("referenced_tweets", ()):
                key = reference["id"]
                if key in self.tweets:
                    referenced[key] = self.tweets[key]
                else:
                    unseen[key] = "referenced_tweets.id"
        authors = {tweet["author_id"] for tweet in [*listed, *referenced.values()]}
        return _answer(
            listed,
            {
                "users": [self.users[key] for key in sorted(authors)],
                "tweets": [referenced[key] for key in sorted(referenced)],
            },
            [_problem(key, unseen[key]) for key in sorted(unseen)],
            next_token,
        )

    def user_answer(
        self, users: Iterable[str], *, next_token: str | None = None
    ) -> Object:
        """An answer that lists users by their ids."""
        return _answer([self.users[key] for key in users], {}, [], next_token)


def x_world(world: World) -> XWorld:
    """The objects of a world."""
    observed = utc_moment(world.spec.observed_second)
    counters = newest_counters(world)
    users = {
        row["account_id"]: _user(row) for row in world.accounts.iter_rows(named=True)
    }
    posts = list(world.posts.iter_rows(named=True))
    ids = {
        row["post_id"]: _snowflake(row["post_id"], row["posted_at"]) for row in posts
    }
    gone = frozenset(ids[row["post_id"]] for row in posts if row["is_deleted"])

    actions = [
        row
        for row in world.interactions.sort("acted_at", "interaction_id").iter_rows(
            named=True
        )
        if row["account_id"] and row["root_post_id"] in ids
    ]
    true_parent = true_parents(world)
    visible: dict[str, str] = {key: key for key in ids}  # whom a repost points at
    standing: set[tuple[str, str]] = set()
    rows: list[Object] = []
    tweets: dict[str, Object] = {}
    likers: dict[str, list[str]] = defaultdict(list)
    retweets: dict[str, list[str]] = defaultdict(list)
    roots: dict[str, str] = {}

    def parent_of(row: Mapping[str, Any]) -> str:
        key = true_parent.get(row["interaction_id"]) or row["root_post_id"]
        for _ in range(len(actions)):
            if key in visible:
                return visible[key]
            key = true_parent.get(key) or row["root_post_id"]
        return str(row["root_post_id"])

    for row in actions:
        key, root, author = (
            row["interaction_id"],
            row["root_post_id"],
            row["account_id"],
        )
        ids[key] = _snowflake(key, row["acted_at"]) if row["kind"] != "like" else key
        common = {
            "account_id": author,
            "root_post_id": ids[root],
            "observed_at": observed,
        }
        if row["kind"] == "like":
            if ids[root] not in gone:
                likers[ids[root]].append(author)
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
        elif row["kind"] == "comment":
            visible[key] = key
            parent = ids[parent_of(row)]
            roots[ids[key]] = ids[root]
            tweets[ids[key]] = _tweet(
                ids[key],
                row,
                [{"type": "replied_to", "id": parent}],
                conversation=ids[root],
                counts={"like_count": row["likes_count"] or 0},
            )
            rows.append(
                {
                    **common,
                    "interaction_id": ids[key],
                    "kind": "comment",
                    "parent_id": parent,
                    "parent_method": "platform",
                    "acted_at": row["acted_at"],
                    "text": row["text"],
                    "likes_count": row["likes_count"] or 0,
                }
            )
        elif row["kind"] == "repost":
            target = parent_of(row)
            parent = ids[target]
            is_retweet = (row["text"] or "").strip() in EMPTY_REPOSTS
            if is_retweet and parent in gone:
                continue  # a deleted tweet takes its retweets along
            if is_retweet and (parent, author) not in standing:
                standing.add((parent, author))
                visible[key] = target
                retweets[parent].append(author)
                roots[ids[key]] = ids[root]
                shown = tweets.get(parent, {}).get("text", "")
                tweets[ids[key]] = _tweet(
                    ids[key],
                    {**row, "text": f"RT @someone: {shown}"[:140]},
                    [{"type": "retweeted", "id": parent}],
                    counts={},
                )
                rows.append(
                    {
                        **common,
                        "interaction_id": f"retweet-{parent}-{author}",
                        "kind": "repost",
                        "parent_id": parent,
                        "parent_method": "platform",
                        "acted_at": row["acted_at"],
                    }
                )
                continue
            visible[key] = key
            roots[ids[key]] = ids[root]
            tweets[ids[key]] = _tweet(
                ids[key],
                row,
                [{"type": "quoted", "id": parent}],
                counts={"like_count": row["likes_count"] or 0},
            )
            rows.append(
                {
                    **common,
                    "interaction_id": ids[key],
                    "kind": "repost",
                    "parent_id": parent,
                    "parent_method": "platform",
                    "acted_at": row["acted_at"],
                    "text": row["text"],
                    "likes_count": row["likes_count"] or 0,
                }
            )

    quotes: dict[str, int] = defaultdict(int)
    replies: dict[str, int] = defaultdict(int)
    for tweet in tweets.values():
        for reference in tweet["referenced_tweets"]:
            if reference["type"] == "quoted":
                quotes[reference["id"]] += 1
            elif reference["type"] == "replied_to":
                replies[reference["id"]] += 1
    for key, tweet in tweets.items():
        tweet["public_metrics"] |= {
            "retweet_count": len(retweets[key]),
            "quote_count": quotes[key],
            "reply_count": replies[key],
        }

    post_rows: list[Object] = []
    counter_rows: list[Object] = []
    for post in posts:
        key = ids[post["post_id"]]
        if key in gone:
            post_rows.append(
                {
                    "post_id": key,
                    "posted_at": post["posted_at"],
                    "links": [],
                    "hashtags": [],
                    "mentions": [],
                    "is_deleted": True,
                    "observed_at": observed,
                }
            )
            continue
        counts = counters.get(post["post_id"], {})
        reposts = max(counts.get("reposts_count") or 0, quotes[key])
        tweets[key] = _tweet(
            key,
            post,
            [],
            counts={
                "retweet_count": reposts - quotes[key],
                "quote_count": quotes[key],
                "reply_count": counts.get("comments_count") or 0,
                "like_count": counts.get("likes_count") or 0,
                "impression_count": counts.get("reads_count") or 0,
            },
        )
        post_rows.append(
            {
                **post,
                "post_id": key,
                "client": post["client"] or None,
                "region": None,
                "media_count": post["media_count"] or None,
                "observed_at": observed,
            }
        )
        counter_rows.append(
            {
                "post_id": key,
                "observed_at": observed,
                "reposts_count": reposts,
                "comments_count": counts.get("comments_count") or 0,
                "likes_count": counts.get("likes_count") or 0,
                "reads_count": counts.get("reads_count") or 0,
            }
        )
    followers: dict[str, list[str]] = defaultdict(list)
    for row in world.follows.iter_rows(named=True):
        followers[row["account_id"]].append(row["follower_id"])
    told = project(
        world,
        PLATFORM,
        accounts=[
            {
                **row,
                "location": row["location"] or None,
                "gender": None,
                "verified_type": users[row["account_id"]]["verified_type"],
                "mutual_count": None,
                "level": None,
                "observed_at": observed,
            }
            for row in world.accounts.iter_rows(named=True)
        ],
        posts=post_rows,
        post_counters=counter_rows,
        interactions=rows,
        follows=[
            {**row, "observed_at": observed}
            for row in world.follows.iter_rows(named=True)
        ],
        campaign_posts={post["post_id"]: ids[post["post_id"]] for post in posts},
    )
    return XWorld(
        told,
        users,
        tweets,
        gone,
        dict(likers),
        {key: names[::-1] for key, names in retweets.items()},
        dict(followers),
        roots,
    )


def write_x(world: World, folder: Path, *, compression: Compression = "none") -> World:
    """Write a world as archived answers and give what they tell.

    One file per endpoint, a page a line, each with the request that it answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = x_world(world)
    for stem, lines in archive(objects).items():
        with open_packed(folder / f"{stem}.jsonl", compression) as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return objects.world


def archive(objects: XWorld) -> dict[str, list[Object]]:
    """The pages of each endpoint, as a company would have archived them."""
    newest = sorted(objects.tweets.values(), key=_newest)
    by_author: dict[str, list[Object]] = defaultdict(list)
    by_conversation: dict[str, list[Object]] = defaultdict(list)
    by_quoted: dict[str, list[Object]] = defaultdict(list)
    by_retweeted: dict[str, list[Object]] = defaultdict(list)
    for tweet in newest:
        references = {r["type"]: r["id"] for r in tweet.get("referenced_tweets", ())}
        if not references:
            by_author[tweet["author_id"]].append(tweet)
        if "replied_to" in references:
            by_conversation[tweet["conversation_id"]].append(tweet)
        if "quoted" in references:
            by_quoted[references["quoted"]].append(tweet)
        if "retweeted" in references:
            by_retweeted[references["retweeted"]].append(tweet)

    def searched(name: str, groups: Mapping[str, list[Object]]) -> list[Object]:
        return [
            page
            for key in sorted(groups)
            for page in _pages(
                objects,
                "/2/tweets/search/all",
                {"query": f"{name}:{key}", "max_results": "100"},
                groups[key],
                objects.roots.get(key, key),
            )
        ]

    return {
        "users_tweets": [
            page
            for key in sorted(by_author)
            for page in _pages(objects, f"/2/users/{key}/tweets", {}, by_author[key])
        ],
        "replies": searched("conversation_id", by_conversation),
        "quotes": searched("quotes_of_tweet_id", by_quoted),
        "retweets": searched("retweets_of_tweet_id", by_retweeted),
        "lookups": [
            _page(
                "/2/tweets",
                {"ids": ",".join(part)},
                objects.answer([], missing=part),
            )
            for part in pages(sorted(objects.gone))
            if part
        ],
        "users": [
            _page("/2/users", {"ids": ",".join(part)}, objects.user_answer(part))
            for part in pages(sorted(objects.users))
        ],
        **{
            f"{edge}": [
                _page(f"{path}/{key}/{edge}", {}, objects.user_answer(part))
                for key in sorted(groups)
                for part in pages(groups[key])
            ]
            for edge, path, groups in (
                ("liking_users", "/2/tweets", objects.likers),
                ("followers", "/2/users", objects.followers),
            )
        },
    }


def _pages(
    objects: XWorld,
    path: str,
    params: Mapping[str, str],
    tweets: list[Object],
    root: str | None = None,
) -> list[Object]:
    parts = pages(tweets, PAGE_ROWS)
    return [
        _page(
            path,
            {**params, **({"pagination_token": f"p{number}"} if number else {})},
            objects.answer(
                part,
                next_token=f"p{number + 1}" if number + 1 < len(parts) else None,
            ),
            root,
        )
        for number, part in enumerate(parts)
    ]


def _page(
    path: str, params: Mapping[str, str], answer: Object, root: str | None = None
) -> Object:
    request: Object = {"path": path, "params": dict(params)}
    if root:
        request["root"] = root
    return {"request": request, "answer": answer}


def _newest(tweet: Object) -> int:
    return -int(tweet["id"])


def _answer(
    data: list[Object],
    includes: Mapping[str, list[Object]],
    problems: list[Object],
    next_token: str | None,
) -> Object:
    answer: Object = {"data": data} if data else {}
    filled = {name: items for name, items in includes.items() if items}
    if filled:
        answer["includes"] = filled
    if problems:
        answer["errors"] = problems
    answer["meta"] = {"result_count": len(data)}
    if data and "created_at" in data[0]:
        keys = sorted((item["id"] for item in data), key=int)
        answer["meta"] |= {"newest_id": keys[-1], "oldest_id": keys[0]}
    if next_token:
        answer["meta"]["next_token"] = next_token
    return answer


def _problem(key: str, parameter: str) -> Object:
    return {
        "value": key,
        "detail": f"Could not find tweet with {parameter}: [{key}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": key,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


def _snowflake(key: str, moment: datetime) -> str:
    milliseconds = int(moment.timestamp()) * 1000 - EPOCH_MS
    return str((milliseconds << SHIFT) | (int(key) & ((1 << SHIFT) - 1)))


def _user(row: Mapping[str, Any]) -> Object:
    kind = "none"
    if row["is_verified"]:
        kind = "business" if int(row["verified_type"] or 0) > 0 else "blue"
    user: Object = {
        "id": row["account_id"],
        "username": row["screen_name"],
        "name": row["display_name"],
        "created_at": iso(row["registered_at"]),
        "description": row["description"] or "",
        "verified": row["is_verified"],
        "verified_type": kind,
        "protected": False,
        "profile_image_url": row["avatar_url"],
        "public_metrics": {
            "followers_count": row["followers_count"],
            "following_count": row["following_count"],
            "tweet_count": row["posts_count"],
            "listed_count": 0,
            "like_count": row["likes_count"],
        },
    }
    if row["location"]:
        user["location"] = row["location"]
    return user


def _tweet(
    key: str,
    row: Mapping[str, Any],
    references: list[Object],
    *,
    counts: Mapping[str, int],
    conversation: str | None = None,
) -> Object:
    text = row["text"] or ""
    tweet: Object = {
        "id": key,
        "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "author_id": row["account_id"],
        "conversation_id": conversation or key,
        "created_at": iso(row.get("posted_at") or row["acted_at"]),
        "edit_history_tweet_ids": [key],
        "lang": "zh",
        "public_metrics": {
            "retweet_count": 0,
            "reply_count": 0,
            "like_count": 0,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 0,
            **counts,
        },
    }
    if references:
        tweet["referenced_tweets"] = references
    if row.get("client"):
        tweet["source"] = row["client"]
    entities = {
        "urls": [
            {"url": "https://t.co/x", "expanded_url": link, "display_url": link}
            for link in row.get("links") or ()
        ],
        "hashtags": [
            {"start": 0, "end": 1, "tag": tag} for tag in row.get("hashtags") or ()
        ],
        "mentions": [
            {"start": 0, "end": 1, "username": name}
            for name in row.get("mentions") or ()
        ],
    }
    filled = {name: items for name, items in entities.items() if items}
    if filled:
        tweet["entities"] = filled
    if row.get("media_count"):
        tweet["attachments"] = {
            "media_keys": [f"3_{key}{n}" for n in range(row["media_count"])]
        }
    return tweet
