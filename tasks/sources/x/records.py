"""X (Twitter): what API v2 answers.

Archives hold its answers as they came (`data`, `includes`, `errors`) or flattened, as
twarc2 writes them: a tweet a line, with its author, the tweets that it refers to and
the people that it names inside. Both give the same records; `__twarc` tells when they
were read, and of what they are the answer. Tweets of API v1.1 are told in the keys of
v2 (`tasks.sources.x.classic`), and so is the account export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.sources.x.classic import as_flattened, deleted_in, is_classic
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

_NOT_FOUND = "resource-not-found"
# Lists of users that say what these did: of a tweet, or of an account.
_USER_EDGES = {
    "liking_users": "like",
    "retweeted_by": "retweet",
    "followers": "follower",
    "following": "following",
}


# Lists in answers of API v1.1.
_CLASSIC_LISTS = ("statuses", "users")


def records_of(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and, for a repost, its root."""
    if isinstance(answer, list):
        for item in answer:
            yield from records_of(item, request)
        return
    if is_classic(answer):
        answer = as_flattened(answer)
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    request = _read_when(answer, request)
    if "id" in answer:
        yield from _unfolded(answer, request)
        return
    if gone := deleted_in(answer):
        problem = {"resource_type": "tweet", "resource_id": gone, "type": _NOT_FOUND}
        yield with_context(problem, kind="problem", **request.told)
        return
    for name in _CLASSIC_LISTS:
        if isinstance(answer.get(name), list):
            yield from records_of(answer[name], request)
            return
    data = answer.get("data")
    listed = data if isinstance(data, list) else [data] if data else []
    includes = answer.get("includes")
    included = includes if isinstance(includes, dict) else {}
    tweets = included.get("tweets")
    problems = answer.get("errors")
    told = [
        problem
        for problem in (problems if isinstance(problems, list) else ())
        if isinstance(problem, dict) and "resource_id" in problem
    ]
    if data is None and not included and not told and "meta" not in answer:
        yield answer  # nothing but an error, or nothing known
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


def _read_when(answer: Mapping[str, Any], request: AnsweredRequest) -> AnsweredRequest:
    """The request with what twarc notes in an answer: its address and its moment."""
    noted = answer.get("__twarc")
    if not isinstance(noted, dict):
        return request
    if not request.url and noted.get("url"):
        request = replace(request, url=str(noted["url"]))
    moment = noted.get("retrieved_at")
    if not moment or "observed_at" in request.told:
        return request
    return replace(request, told={**request.told, "observed_at": str(moment)})


def _unfolded(item: dict[str, Any], request: AnsweredRequest) -> Iterator[Any]:
    """The records of an object that may hold others: it first, then these, once each.

    An object that holds none is a record of its own.
    """
    tweets: dict[str, dict[str, Any]] = {}
    users: dict[str, dict[str, Any]] = {}
    bare = _without_others(item, tweets, users)
    if not tweets and not users:
        yield from _shaped([item], {}, request, "data")
        return
    known = {**tweets, str(item["id"]): bare}
    tweets.pop(str(item["id"]), None)
    yield from _shaped([bare], known, request, "data")
    yield from _shaped(list(tweets.values()), known, request, "includes")
    yield from _shaped(list(users.values()), known, request, "includes")


def _without_others(
    item: Mapping[str, Any],
    tweets: dict[str, dict[str, Any]],
    users: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """An object without the tweets and users inside of it, which go to the two."""
    bare = dict(item)
    for name, key in (("author", "author_id"), ("in_reply_to_user", None)):
        person = bare.get(name)
        if _is_user(person):
            users.setdefault(str(person["id"]), _without_others(person, tweets, users))
            del bare[name]
            if key:
                bare.setdefault(key, str(person["id"]))
    pinned = bare.get("pinned_tweet")
    if _is_tweet(pinned):
        tweets.setdefault(str(pinned["id"]), _without_others(pinned, tweets, users))
        del bare["pinned_tweet"]
    _take_references(bare, tweets, users)
    _take_mentions(bare, tweets, users)
    _note_media_keys(bare)
    return bare


def _take_references(
    bare: dict[str, Any],
    tweets: dict[str, dict[str, Any]],
    users: dict[str, dict[str, Any]],
) -> None:
    """Leave of the tweets that one refers to the kind of reference and the id."""
    references = bare.get("referenced_tweets")
    if not isinstance(references, list):
        return
    for reference in references:
        if _is_tweet(reference):
            inner = {
                name: value
                for name, value in reference.items()
                if name not in ("type", "__twarc")
            }
            key = str(reference["id"])
            if key not in tweets:
                tweets[key] = inner  # before its own parts: chains may be circles
                tweets[key] = _without_others(inner, tweets, users)
    bare["referenced_tweets"] = [
        {name: reference[name] for name in ("type", "id") if name in reference}
        if isinstance(reference, dict)
        else reference
        for reference in references
    ]


def _take_mentions(
    bare: dict[str, Any],
    tweets: dict[str, dict[str, Any]],
    users: dict[str, dict[str, Any]],
) -> None:
    """Leave of the people whom a tweet mentions the place, the name and the id."""
    entities = bare.get("entities")
    mentions = entities.get("mentions") if isinstance(entities, dict) else None
    if not isinstance(entities, dict) or not isinstance(mentions, list):
        return
    for mention in mentions:
        if _is_user(mention) and "public_metrics" in mention:
            person = {
                name: value
                for name, value in mention.items()
                if name not in ("start", "end", "tag")
            }
            key = str(mention["id"])
            users.setdefault(key, _without_others(person, tweets, users))
    bare["entities"] = {
        **entities,
        "mentions": [
            {
                name: mention[name]
                for name in ("start", "end", "username", "id")
                if name in mention
            }
            if isinstance(mention, dict)
            else mention
            for mention in mentions
        ],
    }


def _note_media_keys(bare: dict[str, Any]) -> None:
    """Name the media that stand inside of a tweet, as others name theirs."""
    media = bare.get("attachments")
    listed = media.get("media") if isinstance(media, dict) else None
    if (
        isinstance(media, dict)
        and isinstance(listed, list)
        and "media_keys" not in media
    ):
        keys = [item.get("media_key") for item in listed if isinstance(item, dict)]
        bare["attachments"] = {**media, "media_keys": keys}


def _is_user(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and "id" in value and "username" in value


def _is_tweet(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and "id" in value and "text" in value


def _shaped(
    items: list[Any], known: Mapping[str, Any], request: AnsweredRequest, place: str
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


def _edge(request: AnsweredRequest) -> tuple[str | None, str | None]:
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


split = split_answers(records_of)

X_API = FileFormat(
    name="x-api",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.created_at", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment like",
        "repost comment like read",
        timeless="like",
        followers=True,
        follower_lists=True,
    ),
    # Of other threads, shown because something here refers to them.
    kept_kinds=("referenced",),
    # A profile's own time is its registration, years ago: no day of ours.
    time_sql="""coalesce(
        try_cast(
            case when parts[1] in ('tweet', 'rootless') then parts[2] else parts[3] end
            as timestamp with time zone
        ),
        -- As API v1.1 writes it.
        case
            when parts[1] in ('tweet', 'rootless')
                then try_strptime(parts[2], '%a %b %d %H:%M:%S %z %Y')
        end
    )""",
    split=split,
)


def _read_account_export(*values: Any) -> Iterator[Any]:
    """As `read_account_export`, which is loaded where a file is read."""
    from tasks.sources.x.account_export import read_account_export

    return read_account_export(*values)


def _told_beside(path: Path) -> str | None:
    from tasks.sources.x.account_export import told_beside

    return told_beside(path)


# What one account did itself: what others did to its tweets is told as counts alone.
X_ACCOUNT = replace(
    X_API,
    name="x-account",
    suffixes=(".js",),
    gives=gives("", "repost like", follower_lists=True),
    # What a retweet shows has no id there.
    kept_kinds=("rootless",),
    split=None,
    read=_read_account_export,
    told_beside=_told_beside,
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

FORMATS = (X_API, X_ACCOUNT)

_NAMES = tuple(form.name for form in FORMATS)

RAW_TABLES = {
    "x_tweets": RawTable(_NAMES, ("tweet",), X_TWEET),
    "x_users": RawTable(
        _NAMES, ("user", "like", "retweet", "follower", "following"), X_USER
    ),
    "x_problems": RawTable(_NAMES, ("problem",), X_PROBLEM),
}
