"""Instagram: what the Graph API answers of a company's own accounts.

Of somebody else's post that tags the account it names the author by name only. Whoever
comments has an id that holds within the app alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable

_OF_A_PROFILE = ("followers_count", "media_count", "biography", "profile_picture_url")


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and what it is about."""
    if isinstance(answer, dict) and CONTEXT in answer:
        yield answer
        return
    rows = answer.get("data") if isinstance(answer, dict) else answer
    for item in rows if isinstance(rows, list) else [answer]:
        yield from _object(item, request)


def _object(item: Any, request: AnsweredRequest) -> Iterator[Any]:
    if not isinstance(item, dict):
        yield item
        return
    edge = request.path[-1] if request.path else ""
    target = request.path[-2] if len(request.path) > 1 else None
    told: dict[str, Any] = dict(request.told)
    if "media_type" in item:
        owner = target if edge == "media" else None
        yield with_context(item, kind="media", user=owner, **told)
    elif "timestamp" in item and ("text" in item or "from" in item):
        if edge == "comments":
            told["root"] = told.get("root") or target
        yield from _comment(item, target if edge == "replies" else None, told)
    elif "username" in item and any(name in item for name in _OF_A_PROFILE):
        yield with_context(item, kind="user", **told)
    elif "values" in item and "name" in item:
        about = target if edge == "insights" else str(item.get("id")).split("/")[0]
        yield with_context(item, kind="insight", post=about, **told)
    else:
        yield item


def _comment(
    item: Mapping[str, Any], parent: str | None, told: Mapping[str, Any]
) -> Iterator[Any]:
    """A comment, and the answers that stand in it."""
    replies = item.get("replies")
    below = replies.get("data") if isinstance(replies, dict) else None
    bare = {name: value for name, value in item.items() if name != "replies"}
    yield with_context(bare, kind="comment", parent=parent, **told)
    for reply in below if isinstance(below, list) else ():
        if isinstance(reply, dict):
            yield from _comment(reply, str(item.get("id")), told)
        else:
            yield reply


split = split_answers(_records)

INSTAGRAM_GRAPH = FileFormat(
    name="instagram-graph",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.timestamp", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives("comment", "comment like read"),
    time_sql="try_cast(coalesce(parts[2], parts[3]) as timestamp with time zone)",
    split=split,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "parent": TEXT,
    "post": TEXT,
    "user": TEXT,
    "observed_at": TEXT,
}

INSTAGRAM_MEDIA: dict[str, Any] = {
    "id": TEXT,
    "caption": TEXT,
    "media_type": TEXT,
    "timestamp": TEXT,
    "username": TEXT,
    "owner": {"id": TEXT},
    "like_count": TEXT,
    "comments_count": TEXT,
    "children": {"data": [{"id": TEXT}]},
    CONTEXT: _CONTEXT,
}

INSTAGRAM_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "text": TEXT,
    "timestamp": TEXT,
    "username": TEXT,
    "from": {"id": TEXT, "username": TEXT},
    "parent_id": TEXT,
    "like_count": TEXT,
    CONTEXT: _CONTEXT,
}

INSTAGRAM_USER: dict[str, Any] = {
    "id": TEXT,
    "username": TEXT,
    "name": TEXT,
    "biography": TEXT,
    "profile_picture_url": TEXT,
    "followers_count": TEXT,
    "follows_count": TEXT,
    "media_count": TEXT,
    CONTEXT: _CONTEXT,
}

INSTAGRAM_INSIGHT: dict[str, Any] = {
    "name": TEXT,
    "values": [{"value": TEXT}],
    CONTEXT: _CONTEXT,
}

FORMATS = (INSTAGRAM_GRAPH,)

_NAMES = (INSTAGRAM_GRAPH.name,)
RAW_TABLES = {
    "instagram_media": RawTable(_NAMES, ("media",), INSTAGRAM_MEDIA),
    "instagram_comments": RawTable(_NAMES, ("comment",), INSTAGRAM_COMMENT),
    "instagram_users": RawTable(_NAMES, ("user",), INSTAGRAM_USER),
    "instagram_insights": RawTable(_NAMES, ("insight",), INSTAGRAM_INSIGHT),
}
