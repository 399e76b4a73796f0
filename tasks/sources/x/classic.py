"""Tweets and profiles of X's API v1.1 in the keys of API v2, as twarc2 flattens these.

Archives of before 2023 hold them, a tweet a line with its author inside: twarc's first
version, the streams of the API, its searches. So does X's account export. What API v2
has no key for stays under its own. What v1.1 never told is left out: conversations,
numbers of replies and quotes but for paying customers, impressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from tasks.warehouse.raw_tables import CONTEXT

# Keys whose values stand under v2's names, or inside of what is told apart.
_TOLD = frozenset(
    ("id_str", "full_text", "user", "retweeted_status", "quoted_status", "entities",
     "quoted_status_id", "quoted_status_id_str", "quoted_status_permalink",
     "extended_tweet", "extended_entities", "in_reply_to_status_id",
     "in_reply_to_status_id_str", "in_reply_to_user_id_str", "in_reply_to_screen_name",
     "retweet_count", "favorite_count", "reply_count", "quote_count")
)  # fmt: skip
_TOLD_OF_USER = frozenset(
    ("id_str", "screen_name", "status", "profile_image_url_https", "followers_count",
     "friends_count", "statuses_count", "favourites_count", "entities")
)  # fmt: skip
_MARKS = re.compile(r"<[^>]*>")


def is_classic(item: Any) -> bool:
    """Whether an object is a tweet or a profile as API v1.1 writes them."""
    return (
        isinstance(item, dict)
        and "id_str" in item
        and CONTEXT not in item
        and any(name in item for name in ("full_text", "text", "screen_name"))
    )


def deleted_in(item: Mapping[str, Any]) -> str | None:
    """The tweet of which a stream says that it is gone; None for any other line."""
    notice = item.get("delete")
    status = notice.get("status") if isinstance(notice, dict) else None
    return str(status["id_str"]) if is_named(status) else None


def is_named(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is an object with an id of v1.1."""
    return isinstance(value, dict) and bool(value.get("id_str"))


def as_flattened(item: Mapping[str, Any]) -> dict[str, Any]:
    """A tweet or a profile with what it holds inside, in v2's keys."""
    return _user(item) if "screen_name" in item else _tweet(item)


def _tweet(item: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in item.items() if name not in _TOLD}
    longer = item.get("extended_tweet")
    long = longer if isinstance(longer, dict) else {}
    told["id"] = str(item["id_str"])
    told["text"] = long.get("full_text") or item.get("full_text") or item.get("text")
    if is_named(item.get("user")):
        told["author"] = _user(item["user"])
        told["author_id"] = told["author"]["id"]
    if source := item.get("source"):
        told["source"] = _MARKS.sub("", str(source))
    if answered := item.get("in_reply_to_user_id_str"):
        told["in_reply_to_user_id"] = str(answered)
    if references := _references(item):
        told["referenced_tweets"] = references
    counts = {
        "retweet_count": item.get("retweet_count"),
        "like_count": item.get("favorite_count"),
        "reply_count": item.get("reply_count"),
        "quote_count": item.get("quote_count"),
    }
    told["public_metrics"] = {
        name: value for name, value in counts.items() if value is not None
    }
    entities = long.get("entities") or item.get("entities")
    if isinstance(entities, dict):
        told["entities"] = _entities(entities)
    pictures = long.get("extended_entities") or item.get("extended_entities")
    if media := _named(pictures, "media"):
        told["attachments"] = {"media_keys": [str(one.get("id_str")) for one in media]}
    return told


def _references(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a tweet reposts, answers or quotes.

    A retweet of a quote names what that quotes, too: it is no quote itself.
    """
    if is_named(shown := item.get("retweeted_status")):
        return [{**_tweet(shown), "type": "retweeted"}]
    found: list[dict[str, Any]] = []
    if answered := item.get("in_reply_to_status_id_str"):
        found.append({"type": "replied_to", "id": str(answered)})
    if is_named(quoted := item.get("quoted_status")):
        found.append({**_tweet(quoted), "type": "quoted"})
    elif key := item.get("quoted_status_id_str"):
        found.append({"type": "quoted", "id": str(key)})
    return found


def _entities(entities: Mapping[str, Any]) -> dict[str, Any]:
    urls = [
        {"url": one.get("url"), "expanded_url": one.get("expanded_url")}
        for one in _named(entities, "urls")
    ]
    hashtags = [{"tag": one.get("text")} for one in _named(entities, "hashtags")]
    mentions = [
        {"username": one.get("screen_name"), "id": one.get("id_str")}
        for one in _named(entities, "user_mentions")
    ]
    return {"urls": urls, "hashtags": hashtags, "mentions": mentions}


def _named(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list, where there is one."""
    listed = holder.get(name) if isinstance(holder, dict) else None
    return [one for one in listed or () if isinstance(one, dict)]


def _user(item: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in item.items() if name not in _TOLD_OF_USER}
    counts = {
        "followers_count": item.get("followers_count"),
        "following_count": item.get("friends_count"),
        "tweet_count": item.get("statuses_count"),
        "like_count": item.get("favourites_count"),
    }
    return {
        **told,
        "id": str(item["id_str"]),
        "username": item.get("screen_name"),
        "profile_image_url": item.get("profile_image_url_https")
        or item.get("profile_image_url"),
        "public_metrics": {
            name: value for name, value in counts.items() if value is not None
        },
    }
