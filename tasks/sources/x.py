"""X (Twitter): what API v2 answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, Request, split_answers, with_context
from tasks.sources.file_format import FileFormat
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

# Lists of users that say what these did: of a tweet, or of an account.
_USER_EDGES = {
    "liking_users": "like",
    "retweeted_by": "retweet",
    "followers": "follower",
    "following": "following",
}


def _records(answer: Any, request: Request) -> Iterator[Any]:
    """Records of an answer, each with its kind and, for a repost, its root."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    if "id" in answer:
        yield from _shaped([answer], {}, request, "data")
        return
    data = answer.get("data")
    listed = data if isinstance(data, list) else [data] if data else []
    includes = answer.get("includes")
    included = includes if isinstance(includes, dict) else {}
    tweets = included.get("tweets")
    problems = answer.get("errors")
    if data is None and not included and not problems and "meta" not in answer:
        yield answer
        return
    known = {
        str(item["id"]): item
        for group in (tweets, listed)
        for item in (group if isinstance(group, list) else ())
        if isinstance(item, dict) and "id" in item
    }
    yield from _shaped(listed, known, request, "data")
    for name in ("tweets", "users"):
        group = included.get(name)
        if isinstance(group, list):
            yield from _shaped(group, known, request, "includes")
    for problem in problems if isinstance(problems, list) else ():
        if isinstance(problem, dict) and "resource_id" in problem:
            yield with_context(problem, kind="problem", **request.told)
        else:
            yield problem


def _shaped(
    items: list[Any], known: Mapping[str, Any], request: Request, place: str
) -> Iterator[Any]:
    edge, target = _edge(request) if place == "data" else (None, None)
    for item in items:
        if not isinstance(item, dict):
            yield item
        elif "username" in item:
            kind = _USER_EDGES.get(edge or "", "user")
            yield with_context(item, kind=kind, target=target, **request.told)
        elif "text" in item:
            told = dict(request.told)
            root, is_whole = _root(item, known)
            told.setdefault("root", root)
            if place == "includes" and not is_whole and "root" not in request.told:
                # The thread that it belongs to can't be told from here: its own
                # answer will tell. The tweet itself is no post, either.
                kind = "referenced"
            else:
                kind = "tweet"
            yield with_context(item, kind=kind, **told)
        else:
            yield item


def _edge(request: Request) -> tuple[str | None, str | None]:
    if len(request.path) >= 2 and request.path[-1] in _USER_EDGES:
        return request.path[-1], request.path[-2]
    return None, None


def _root(tweet: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[str, bool]:
    """The end of a tweet's chain of references, as far as the answer shows it.

    Returns:
        the root's id; whether the chain is known to end there.
    """
    seen: set[str] = set()
    key = str(tweet.get("id"))
    node: Any = tweet
    while isinstance(node, dict) and key not in seen:
        seen.add(key)
        target = _referenced(node)
        if target is None:
            return key, True
        key = target
        node = known.get(key)
    return key, False


def _referenced(tweet: Mapping[str, Any]) -> str | None:
    """The tweet that one reposts; None where it starts a thread of its own.

    A reply belongs to its conversation, which it names itself.
    """
    references = tweet.get("referenced_tweets")
    for wanted in ("retweeted", "quoted"):
        for reference in references if isinstance(references, list) else ():
            if isinstance(reference, dict) and reference.get("type") == wanted:
                return str(reference.get("id"))
    return None


split = split_answers(_records)

X_API = FileFormat(
    name="x-api",
    suffixes=(".json", ".jsonl", ".ndjson"),
    platform="x",
    paths=("$._request.kind", "$.created_at", "$._request.observed_at"),
    kind_sql="parts[1]",
    # A profile's own time is its registration, years ago: no day of ours.
    time_sql=(
        "try_cast(case when parts[1] = 'tweet' then parts[2] else parts[3] end"
        " as timestamp with time zone)"
    ),
    split=split,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "target": TEXT,
    "root": TEXT,
    "observed_at": TEXT,
}

X_TWEET: dict[str, Any] = {
    "id": TEXT,
    "text": TEXT,
    "note_tweet": {"text": TEXT},
    "author_id": TEXT,
    "conversation_id": TEXT,
    "created_at": TEXT,
    "source": TEXT,
    "attachments": {"media_keys": [TEXT]},
    "entities": {
        "urls": [{"expanded_url": TEXT, "unwound_url": TEXT}],
        "hashtags": [{"tag": TEXT}],
        "mentions": [{"username": TEXT}],
    },
    "referenced_tweets": [{"type": TEXT, "id": TEXT}],
    "public_metrics": {
        "retweet_count": TEXT,
        "reply_count": TEXT,
        "like_count": TEXT,
        "quote_count": TEXT,
        "impression_count": TEXT,
    },
    "withheld": {"scope": TEXT},
    CONTEXT: _CONTEXT,
}

X_USER: dict[str, Any] = {
    "id": TEXT,
    "username": TEXT,
    "name": TEXT,
    "description": TEXT,
    "location": TEXT,
    "profile_image_url": TEXT,
    "verified": FLAG,
    "verified_type": TEXT,
    "created_at": TEXT,
    "public_metrics": {
        "followers_count": TEXT,
        "following_count": TEXT,
        "tweet_count": TEXT,
        "like_count": TEXT,
    },
    CONTEXT: _CONTEXT,
}

X_PROBLEM: dict[str, Any] = {
    "resource_type": TEXT,
    "resource_id": TEXT,
    "type": TEXT,
    CONTEXT: _CONTEXT,
}

FORMATS = (X_API,)

RAW_TABLES = {
    "x_tweets": RawTable((X_API.name,), ("tweet",), X_TWEET),
    "x_users": RawTable(
        (X_API.name,), ("user", "like", "retweet", "follower", "following"), X_USER
    ),
    "x_problems": RawTable((X_API.name,), ("problem",), X_PROBLEM),
}
