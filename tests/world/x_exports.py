"""Worlds as people archive X: by twarc2, by twarc's first version, as account export.

twarc2 writes tweets flattened, a line each with all that it refers to inside, and pages
of users as they came. The first version wrote objects of API v1.1. The account export
holds what one account wrote and who follows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from .archives import write_lines
from .projection import pages
from .spec import World, utc_moment
from .x import Object, XWorld, x_world

_API = "https://api.twitter.com/2"


def write_twarc(world: World, folder: Path) -> World:
    """Write a world as twarc2 archives it and give what that tells."""
    objects = x_world(world)
    read = {"version": "2.14.0", "retrieved_at": f"{_observed(world):%FT%TZ}"}
    lines = [
        {**_flattened(objects, key), "__twarc": read} for key in sorted(objects.tweets)
    ]
    write_lines(folder, "search", lines, "gz")
    listed = [
        (f"{_API}/tweets/{key}/liking_users", objects.user_answer(part))
        for key, users in sorted(objects.likers.items())
        for part in pages(users)
    ] + [
        (f"{_API}/users/{key}/followers?max_results=1000", objects.user_answer(part))
        for key, users in sorted(objects.followers.items())
        for part in pages(users)
    ]
    answers = [
        *listed,
        (f"{_API}/users", objects.user_answer(sorted(objects.users))),
        (f"{_API}/tweets", objects.answer([], missing=sorted(objects.gone))),
    ]
    write_lines(
        folder,
        "pages",
        [{**answer, "__twarc": {**read, "url": url}} for url, answer in answers],
        "none",
    )
    return objects.world


def write_classic(world: World, folder: Path) -> World:
    """Write a world as objects of API v1.1 and give what these tell.

    A reply names the tweet that it answers, no conversation; likers and followers
    don't come along, nor do impressions.
    """
    objects = x_world(world)
    write_lines(
        folder,
        "tweets",
        [_classic(objects, key) for key in sorted(objects.tweets)],
        "none",
    )
    told = objects.world
    wrote = {tweet["author_id"] for tweet in objects.tweets.values()}
    is_reply = pl.col("kind") == "comment"
    return replace(
        told,
        accounts=told.accounts.filter(
            pl.col("account_id").is_in(list(wrote))
        ).with_columns(pl.lit(None, pl.String).alias("verified_type")),
        posts=told.posts.filter(~pl.col("is_deleted")),
        post_counters=told.post_counters.with_columns(
            pl.lit(None, pl.Int64).alias("reads_count")
        ),
        interactions=told.interactions.filter(pl.col("kind") != "like").with_columns(
            pl.when(is_reply)
            .then("parent_id")
            .otherwise("root_post_id")
            .alias("root_post_id")
        ),
        follows=told.follows.clear(),
    )


def write_account(world: World, folder: Path, account: str) -> World:
    """Write what an account exports of itself and give what that tells."""
    objects = x_world(world)
    user = objects.users[account]
    data = folder / "data"
    data.mkdir(parents=True)
    own = [
        key
        for key, tweet in sorted(objects.tweets.items())
        if tweet["author_id"] == account and "referenced_tweets" not in tweet
    ]
    half = len(own) // 2
    followers = objects.followers.get(account, [])
    entries: Mapping[str, list[Object]] = {
        "account": [
            {
                "email": "tea@example.invalid",
                "username": user["username"],
                "accountId": account,
                "createdAt": user["created_at"],
                "accountDisplayName": user["name"],
            }
        ],
        "profile": [
            {
                "description": {
                    "bio": user["description"],
                    "location": user.get("location", ""),
                },
                "avatarMediaUrl": user["profile_image_url"],
            }
        ],
        "tweets": [_exported(objects, key) for key in own[:half]],
        "tweets-part1": [_exported(objects, key) for key in own[half:]],
        "follower": [{"accountId": one} for one in followers],
        "direct-messages": [{"messages": []}],
    }
    for name, listed in entries.items():
        plain, _, part = name.partition("-part")
        key = {"direct-messages": "dmConversation", "tweets": "tweet"}.get(plain, plain)
        _write_script(
            data / f"{name}.js",
            f"window.YTD.{plain.replace('-', '_')}.part{part or 0}",
            [{key: entry} for entry in listed],
        )
    _write_script(
        data / "manifest.js",
        "window.__THAR_CONFIG",
        {
            "userInfo": {"accountId": account},
            "archiveInfo": {"generationDate": f"{_observed(world):%FT%T.000Z}"},
        },
    )
    told = objects.world
    return replace(
        told,
        accounts=told.accounts.filter(pl.col("account_id") == account).with_columns(
            pl.lit(None, kind).alias(name)
            for name, kind in told.accounts.schema.items()
            if name.endswith("_count") or name in ("is_verified", "verified_type")
        ),
        posts=told.posts.filter(pl.col("post_id").is_in(own)),
        post_counters=told.post_counters.filter(
            pl.col("post_id").is_in(own)
        ).with_columns(
            pl.Series(
                "reposts_count",
                [
                    objects.tweets[key]["public_metrics"]["retweet_count"]
                    for key in told.post_counters["post_id"]
                    if key in own
                ],
                pl.Int64,
            ),
            pl.lit(None, pl.Int64).alias("comments_count"),
            pl.lit(None, pl.Int64).alias("reads_count"),
        ),
        interactions=told.interactions.clear(),
        follows=told.follows.filter(pl.col("account_id") == account),
    )


def _observed(world: World) -> datetime:
    return utc_moment(world.spec.observed_second).astimezone(UTC)


def _flattened(objects: XWorld, key: str) -> Object:
    """A tweet with its author and all that it refers to inside."""
    tweet = dict(objects.tweets[key])
    tweet["author"] = objects.users[tweet["author_id"]]
    if "referenced_tweets" in tweet:
        tweet["referenced_tweets"] = [
            {**reference, **_flattened(objects, reference["id"])}
            if reference["id"] in objects.tweets
            else reference
            for reference in tweet["referenced_tweets"]
        ]
    return tweet


def _classic_time(text: str) -> str:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.strftime("%a %b %d %H:%M:%S +0000 %Y")


def _classic_user(user: Object) -> Object:
    counts = user["public_metrics"]
    return {
        "id": int(user["id"]),
        "id_str": user["id"],
        "name": user["name"],
        "screen_name": user["username"],
        "location": user.get("location", ""),
        "description": user["description"],
        "followers_count": counts["followers_count"],
        "friends_count": counts["following_count"],
        "statuses_count": counts["tweet_count"],
        "favourites_count": counts["like_count"],
        "created_at": _classic_time(user["created_at"]),
        "verified": user["verified"],
        "profile_image_url_https": user["profile_image_url"],
    }


def _exported(objects: XWorld, key: str) -> Object:
    """A tweet of the export: numbers are texts, and nobody is named."""
    tweet = _bare_classic(objects.tweets[key])
    del tweet["quote_count"], tweet["reply_count"]
    for name in ("id", "retweet_count", "favorite_count"):
        tweet[name] = str(tweet[name])
    return tweet


def _bare_classic(tweet: Object) -> Object:
    counts = tweet["public_metrics"]
    entities = tweet.get("entities", {})
    media = tweet.get("attachments", {}).get("media_keys", ())
    return {
        "created_at": _classic_time(tweet["created_at"]),
        "id": int(tweet["id"]),
        "id_str": tweet["id"],
        "full_text": tweet["text"],
        "truncated": False,
        "source": f'<a href="https://x.example" rel="nofollow">{tweet["source"]}</a>'
        if tweet.get("source")
        else "",
        "entities": {
            "hashtags": [{"text": one["tag"]} for one in entities.get("hashtags", ())],
            "urls": [
                {"url": one["url"], "expanded_url": one["expanded_url"]}
                for one in entities.get("urls", ())
            ],
            "user_mentions": [
                {"screen_name": one["username"]} for one in entities.get("mentions", ())
            ],
            "symbols": [],
        },
        **({"extended_entities": {"media": [{"id_str": one} for one in media]}}
           if media else {}),
        "in_reply_to_status_id_str": None,
        "is_quote_status": False,
        "retweet_count": counts["retweet_count"],
        "favorite_count": counts["like_count"],
        "quote_count": counts["quote_count"],
        "reply_count": counts["reply_count"],
        "lang": "zh",
    }  # fmt: skip


def _classic(objects: XWorld, key: str) -> Object:
    """A tweet as API v1.1 writes it, with what it reposts or quotes inside."""
    tweet = objects.tweets[key]
    told = _bare_classic(tweet)
    told["user"] = _classic_user(objects.users[tweet["author_id"]])
    for reference in tweet.get("referenced_tweets", ()):
        target = reference["id"]
        if reference["type"] == "replied_to":
            told["in_reply_to_status_id_str"] = target
            continue
        name = f"{reference['type']}_status"
        if reference["type"] == "quoted":
            told |= {"is_quote_status": True, "quoted_status_id_str": target}
        if target in objects.tweets:
            told[name] = _classic(objects, target)
    return told


def _write_script(path: Path, name: str, content: Iterable[Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2)
    path.write_text(f"{name} = {text}", encoding="utf-8")
