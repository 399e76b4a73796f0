"""Bluesky: what the AppView answers by XRPC, after its lexicons (`app.bsky.*`).

Names of accounts change, so an account is its DID; a post is named as its address has
it, `<did>/post/<key>`. Shapes tell what an answer is: each of its lists has a name of
its own. A quoted post stays inside the record that quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable

# Lists of profiles that say what these did.
_EDGES = {"repostedBy": "repost", "followers": "follower", "follows": "following"}
_PROFILES = ("profiles", "actors")
# Not shown: taken down or deleted, or blocked by who wrote it.
_UNSEEN = ("notFound", "blocked")
_POST = re.compile(r"at://[^\s\"',\[\]]+/app\.bsky\.feed\.post/[^\s\"',\[\]]+")


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    lists = {name: rows for name, rows in answer.items() if isinstance(rows, list)}
    if "thread" in answer:
        yield from _thread(answer["thread"], request)
    elif "feed" in lists:
        for item in lists["feed"]:
            yield from _feed_item(item, request)
    elif "posts" in lists:
        yield from _posts(lists["posts"], request)
    elif "likes" in lists:
        for like in lists["likes"]:
            yield _told(like, "like", request, target=answer.get("uri"))
    elif edge := next((name for name in _EDGES if name in lists), None):
        subject = answer.get("subject")
        target = subject.get("did") if isinstance(subject, dict) else answer.get("uri")
        for profile in lists[edge]:
            yield _told(profile, _EDGES[edge], request, target=target)
    elif group := next((name for name in _PROFILES if name in lists), None):
        for profile in lists[group]:
            yield _told(profile, "profile", request)
    elif isinstance(answer.get("post"), dict):
        yield from _feed_item(answer, request)
    elif {"uri", "author", "record"} <= answer.keys():
        yield _told(answer, "post", request)
    elif {"did", "handle"} <= answer.keys():
        yield _told(answer, "profile", request)
    else:
        yield answer


def _posts(posts: list[Any], request: AnsweredRequest) -> Iterator[Any]:
    """Posts of a list, and those that were asked for by name and are gone."""
    for post in posts:
        yield _told(post, "post", request)
    shown = {post.get("uri") for post in posts if isinstance(post, dict)}
    for uri in dict.fromkeys(_POST.findall(request.params.get("uris", ""))):
        if uri not in shown:
            yield _told({"uri": uri, "notFound": True}, "gone", request)


def _feed_item(item: Any, request: AnsweredRequest) -> Iterator[Any]:
    """A post of somebody's feed; that it was reposted there is a record of its own."""
    post = item.get("post") if isinstance(item, dict) else None
    if not isinstance(post, dict):
        yield item
        return
    yield _told(post, "post", request)
    reason = item.get("reason")
    if isinstance(reason, dict) and isinstance(reason.get("by"), dict):
        repost = {name: reason[name] for name in ("uri", "indexedAt") if name in reason}
        target = post.get("uri")
        yield _told({**reason["by"], **repost}, "repost", request, target=target)


def _thread(node: Any, request: AnsweredRequest) -> Iterator[Any]:
    """A post with its answers, and theirs."""
    waiting = [node]
    is_first = True
    while waiting:
        node = waiting.pop()
        post = node.get("post") if isinstance(node, dict) else None
        if isinstance(post, dict):
            yield _told(post, "post", request)
            replies = node.get("replies")
            waiting += reversed(replies if isinstance(replies, list) else [])
        elif isinstance(node, dict) and any(name in node for name in _UNSEEN):
            kind = "gone" if is_first and "notFound" in node else "unseen"
            yield _told(node, kind, request)
        else:
            yield node
        is_first = False


def _told(item: Any, kind: str, request: AnsweredRequest, **more: Any) -> Any:
    if not isinstance(item, dict):
        return item
    told = {name: request.told.get(name) for name in ("root", "observed_at")}
    target = more.get("target")
    return with_context(
        item,
        kind=kind,
        target=target if isinstance(target, str) else None,
        user=_marked(item),
        called=_called(item.get("record")),
        **told,
    )


def _called(record: Any) -> list[str] | None:
    """Names that a text calls: its facets mark them, by bytes of UTF-8."""
    text = record.get("text") if isinstance(record, dict) else None
    facets = record.get("facets") if isinstance(record, dict) else None
    if not isinstance(text, str) or not isinstance(facets, list):
        return None
    raw = text.encode("utf-8", "surrogatepass")
    names: dict[str, None] = {}
    for facet in facets:
        if not isinstance(facet, dict):
            continue
        features, index = facet.get("features"), facet.get("index")
        if not isinstance(index, dict) or not any(
            isinstance(feature, dict) and "did" in feature
            for feature in (features if isinstance(features, list) else ())
        ):
            continue
        start, end = index.get("byteStart"), index.get("byteEnd")
        if type(start) is int and type(end) is int and 0 <= start < end <= len(raw):
            name = raw[start:end].decode("utf-8", "ignore").lstrip("@")
            if name:
                names[name] = None
    return list(names) or None


def _marked(item: Mapping[str, Any]) -> str | None:
    """The account of a record as the tables write it, where the record doesn't."""
    inside = (item.get(name) for name in ("author", "actor"))
    holder = next((one for one in inside if isinstance(one, dict)), item)
    did = holder.get("did")
    return did.replace(".", "_") if isinstance(did, str) and "." in did else None


split = split_answers(_records)

BLUESKY_XRPC = FileFormat(
    name="bluesky-xrpc",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=(
        "$._request.kind",
        "$.record.createdAt",
        "$.indexedAt",
        "$.createdAt",
        "$._request.observed_at",
    ),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment like",
        "repost comment like",
        # Lists of who reposted tell no time; quotes have one.
        timeless="repost",
        followers=True,
        follower_lists=True,
    ),
    kept_kinds=("unseen",),
    # A profile's own times are those of its registration: no day of ours.
    time_sql=(
        "try_cast(case when parts[1] = 'post' then coalesce(parts[2], parts[3])"
        " when parts[1] = 'like' then coalesce(parts[4], parts[3])"
        " else parts[5] end as timestamp with time zone)"
    ),
    split=split,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "target": TEXT,
    "root": TEXT,
    "observed_at": TEXT,
    "called": [TEXT],
}
_VERIFICATION: dict[str, Any] = {"verifiedStatus": TEXT, "trustedVerifierStatus": TEXT}
_BASIC: dict[str, Any] = {
    "did": TEXT,
    "handle": TEXT,
    "displayName": TEXT,
    "avatar": TEXT,
    "createdAt": TEXT,
    "verification": _VERIFICATION,
}
_MEDIA: dict[str, Any] = {
    "images": [{"alt": TEXT}],
    "video": {"mimeType": TEXT},
    "external": {"uri": TEXT},
}

BLUESKY_POST: dict[str, Any] = {
    "uri": TEXT,
    "author": _BASIC,
    "record": {
        "text": TEXT,
        "createdAt": TEXT,
        "tags": [TEXT],
        "facets": [
            {"features": [{"uri": TEXT, "tag": TEXT}]},
        ],
        "reply": {"root": {"uri": TEXT}, "parent": {"uri": TEXT}},
        "embed": {
            **_MEDIA,
            "record": {"uri": TEXT, "record": {"uri": TEXT}},
            "media": _MEDIA,
        },
    },
    "replyCount": TEXT,
    "repostCount": TEXT,
    "likeCount": TEXT,
    "quoteCount": TEXT,
    "indexedAt": TEXT,
    CONTEXT: _CONTEXT,
}

BLUESKY_PROFILE: dict[str, Any] = {
    **_BASIC,
    "uri": TEXT,
    "description": TEXT,
    "followersCount": TEXT,
    "followsCount": TEXT,
    "postsCount": TEXT,
    "indexedAt": TEXT,
    CONTEXT: _CONTEXT,
}

BLUESKY_LIKE: dict[str, Any] = {
    "actor": {**_BASIC, "description": TEXT},
    "createdAt": TEXT,
    "indexedAt": TEXT,
    CONTEXT: _CONTEXT,
}

BLUESKY_GONE: dict[str, Any] = {"uri": TEXT, CONTEXT: _CONTEXT}

FORMATS = (BLUESKY_XRPC,)

_NAMES = (BLUESKY_XRPC.name,)
RAW_TABLES = {
    "bluesky_posts": RawTable(_NAMES, ("post",), BLUESKY_POST),
    "bluesky_profiles": RawTable(
        _NAMES, ("profile", "repost", "follower", "following"), BLUESKY_PROFILE
    ),
    "bluesky_likes": RawTable(_NAMES, ("like",), BLUESKY_LIKE),
    "bluesky_gone": RawTable(_NAMES, ("gone",), BLUESKY_GONE),
}
