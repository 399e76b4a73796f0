"""Facebook: what the Graph API answers about pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

_POST_EDGES = ("posts", "feed", "published_posts", "visitor_posts", "tagged")
_EDGES = {
    **dict.fromkeys(_POST_EDGES, "post"),
    "comments": "comment",
    "reactions": "reaction",
    "likes": "reaction",
    "insights": "insight",
}
# Fields that only one kind of object has.
_MARKS = (
    ("page", ("followers_count", "fan_count", "category", "verification_status")),
    ("comment", ("parent", "comment_count", "like_count", "can_remove")),
    ("post", ("message", "story", "permalink_url", "status_type", "shares")),
)


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and the post that it is on."""
    target, kind = None, None
    if request.path:
        kind = _EDGES.get(request.path[-1])
        if kind and len(request.path) >= 2:
            target = request.path[-2]
    yield from _listed(answer, kind, target, dict(request.told))


def _listed(
    answer: Any, kind: str | None, target: str | None, told: dict[str, str]
) -> Iterator[Any]:
    if isinstance(answer, list):
        for item in answer:
            yield from _listed(item, kind, target, told)
    elif not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
    elif isinstance(answer.get("data"), list) and "id" not in answer:
        for item in answer["data"]:
            yield from _listed(item, kind, target, told)
        summary = answer.get("summary")
        if isinstance(summary, dict) and kind in ("comment", "reaction") and target:
            yield with_context(summary, kind=f"{kind}_summary", target=target, **told)
    elif "id" not in answer and answer and _is_by_id(answer):
        # The answer to `?ids=`: objects by their ids.
        for item in answer.values():
            yield from _listed(item, kind, target, told)
    else:
        yield from _object(answer, kind or _kind_of(answer), target, told)


def _object(
    item: dict[str, Any],
    kind: str | None,
    target: str | None,
    told: dict[str, str],
    parent: str | None = None,
) -> Iterator[Any]:
    if kind is None:
        yield item
        return
    key = str(item.get("id"))
    yield with_context(
        item,
        kind=kind,
        target=target,
        parent=parent,
        **{"root": _root(key, kind, target), **told},
    )
    # What was asked for together with a post or a comment stands inside of it.
    if kind not in ("post", "comment"):
        return
    thread = key if kind == "post" else told.get("root") or _root(key, kind, target)
    for name in ("comments", "reactions", "likes"):
        inner = item.get(name)
        rows = inner.get("data") if isinstance(inner, dict) else None
        if name != "comments" and kind == "comment":
            continue  # reactions to a comment are none to the post
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield from _object(
                    row,
                    _EDGES[name],
                    key,
                    {**told, **({"root": thread} if thread else {})},
                    key if kind == "comment" else None,
                )


def _root(key: str, kind: str, target: str | None) -> str | None:
    """The post that a comment or reaction is on, by the object that was asked.

    A comment's id starts with the post's own part: `page_post` and
    `post_comment`. Where the object asked for starts so, too, it was a comment,
    and nothing tells the page.
    """
    if kind == "comment" and target and "_" in target:
        return None if key.split("_")[0] == target.split("_")[0] else target
    return target


def _kind_of(item: Mapping[str, Any]) -> str | None:
    if "id" not in item:
        return None
    for kind, names in _MARKS:
        if any(name in item for name in names):
            return kind
    if isinstance(item.get("values"), list) and "period" in item:
        return "insight"
    return None


def _is_by_id(answer: Mapping[str, Any]) -> bool:
    return all(
        isinstance(item, dict) and item.get("id") == key for key, item in answer.items()
    )


split = split_answers(_records)

FACEBOOK_GRAPH = FileFormat(
    name="facebook-graph",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.created_time", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives("comment like", "repost comment like read", timeless="like"),
    time_sql="try_cast(coalesce(parts[2], parts[3]) as timestamp with time zone)",
    split=split,
)


def _read_business_suite(*values: Any) -> Iterator[Any]:
    """As `read_business_suite`, which is loaded where a file is read."""
    from tasks.sources.facebook.business_suite import read_business_suite

    return read_business_suite(*values)


# Posts of pages with their counters, as tables: nothing one by one.
FACEBOOK_EXPORT = replace(
    FACEBOOK_GRAPH,
    name="facebook-export",
    suffixes=(".csv", ".xlsx"),
    gives=gives("", "repost comment like read"),
    split=None,
    read=_read_business_suite,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "target": TEXT,
    "root": TEXT,
    "parent": TEXT,
    "observed_at": TEXT,
}
_PERSON: dict[str, Any] = {"id": TEXT, "name": TEXT}
_TOTAL: dict[str, Any] = {"summary": {"total_count": TEXT}}

FACEBOOK_POST: dict[str, Any] = {
    "id": TEXT,
    "created_time": TEXT,
    "message": TEXT,
    "story": TEXT,
    "from": _PERSON,
    "is_hidden": FLAG,
    "is_published": FLAG,
    "message_tags": [{"name": TEXT, "type": TEXT}],
    "attachments": {
        "data": [
            {
                "media_type": TEXT,
                "unshimmed_url": TEXT,
                "subattachments": {"data": [{"media_type": TEXT}]},
            }
        ]
    },
    "shares": {"count": TEXT},
    "comments": _TOTAL,
    "reactions": _TOTAL,
    "likes": _TOTAL,
    CONTEXT: _CONTEXT,
}

FACEBOOK_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "created_time": TEXT,
    "message": TEXT,
    "from": _PERSON,
    "parent": {"id": TEXT},
    "like_count": TEXT,
    "message_tags": [{"name": TEXT, "type": TEXT}],
    CONTEXT: _CONTEXT,
}

FACEBOOK_PAGE: dict[str, Any] = {
    "id": TEXT,
    "name": TEXT,
    "username": TEXT,
    "about": TEXT,
    "description": TEXT,
    "location": {"city": TEXT, "country": TEXT},
    "picture": {"data": {"url": TEXT}},
    "verification_status": TEXT,
    "followers_count": TEXT,
    "fan_count": TEXT,
    CONTEXT: _CONTEXT,
}

FACEBOOK_REACTION: dict[str, Any] = {**_PERSON, "type": TEXT, CONTEXT: _CONTEXT}

FACEBOOK_SUMMARY: dict[str, Any] = {"total_count": TEXT, CONTEXT: _CONTEXT}

FACEBOOK_INSIGHT: dict[str, Any] = {
    "id": TEXT,
    "name": TEXT,
    "period": TEXT,
    "values": [{"value": TEXT, "end_time": TEXT}],
    CONTEXT: _CONTEXT,
}

FORMATS = (FACEBOOK_GRAPH, FACEBOOK_EXPORT)

_NAMES = tuple(form.name for form in FORMATS)
RAW_TABLES = {
    "facebook_posts": RawTable(_NAMES, ("post",), FACEBOOK_POST),
    "facebook_comments": RawTable(_NAMES, ("comment",), FACEBOOK_COMMENT),
    "facebook_pages": RawTable(_NAMES, ("page",), FACEBOOK_PAGE),
    "facebook_reactions": RawTable(_NAMES, ("reaction",), FACEBOOK_REACTION),
    "facebook_summaries": RawTable(
        _NAMES, ("comment_summary", "reaction_summary"), FACEBOOK_SUMMARY
    ),
    "facebook_insights": RawTable(_NAMES, ("insight",), FACEBOOK_INSIGHT),
}
