"""Threads: what its Graph API answers of a company's own account.

Whoever writes is told by name alone, so an account is its name, with `-` for the dots,
which no name has. A reply says which post it is about and what it answers, at any
depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.sources.json_text import parse_json
from tasks.warehouse.raw_tables import FLAG, TEXT, RawTable

_REPLIES = ("replies", "conversation")


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and its account's id."""
    if isinstance(answer, dict) and CONTEXT in answer:
        yield answer
        return
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if isinstance(rows, list) and any(map(_is_figure, rows)):
        # The figures of one moment are one reading.
        yield _figures(rows, request)
        return
    for item in rows if isinstance(rows, list) else [answer]:
        yield _object(item, request)


def _object(item: Any, request: AnsweredRequest) -> Any:
    if not isinstance(item, dict):
        return item
    edge = request.path[-1] if request.path else ""
    target = request.path[-2] if len(request.path) > 1 else None
    told: dict[str, Any] = {**request.told, "user": account_of(item.get("username"))}
    if "threads_biography" in item or "threads_profile_picture_url" in item:
        return with_context(item, kind="user", **told)
    if "timestamp" not in item:
        return item
    if isinstance(item.get("reposted_post"), dict):
        return with_context(item, kind="repost", **told)
    root = item.get("root_post")
    # What calls somebody, or is found by its words, is told as a text of its own.
    if edge in _REPLIES or (not edge and isinstance(root, dict)):
        key = root.get("id") if isinstance(root, dict) else None
        told["root"] = key or told.get("root") or target
        return with_context(item, kind="reply", **told)
    return with_context(item, kind="post", **told)


def _is_figure(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and "name" in item
        and ("values" in item or "total_value" in item)
    )


def _figures(rows: list[Any], request: AnsweredRequest) -> Any:
    """Figures of a post, or of the account, as one record."""
    told: dict[str, Any] = dict(request.told)
    record = {"data": rows}
    if request.path[-1:] == ("threads_insights",):
        profile = _profile(request.params.get("profile"))
        told["user"] = account_of(profile.get("username"))
        return with_context(record, kind="figure", profile=profile, **told)
    about = request.path[-2] if request.path[-1:] == ("insights",) else None
    if about is None:
        keys = [row["id"] for row in rows if isinstance(row, dict) and "id" in row]
        about = str(keys[0]).split("/")[0] if keys else None
    return with_context(record, kind="insight", post=about, **told)


def _profile(text: str | None) -> dict[str, Any]:
    """The profile that figures are of: a reading of one without the other is half."""
    try:
        told = parse_json(text or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def account_of(name: Any) -> str | None:
    """An account's id, from its name."""
    return name.replace(".", "-") if isinstance(name, str) and name else None


split = split_answers(_records)

THREADS_GRAPH = FileFormat(
    name="threads-graph",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.timestamp", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives("comment", "repost comment like read"),
    # What the account reposted, of which nobody says whose it is.
    kept_kinds=("repost",),
    time_sql="try_cast(coalesce(parts[2], parts[3]) as timestamp with time zone)",
    split=split,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "post": TEXT,
    "user": TEXT,
    "observed_at": TEXT,
}
_KEY: dict[str, Any] = {"id": TEXT}

THREADS_POST: dict[str, Any] = {
    "id": TEXT,
    "media_type": TEXT,
    "timestamp": TEXT,
    "username": TEXT,
    "text": TEXT,
    "topic_tag": TEXT,
    "link_attachment_url": TEXT,
    "children": {"data": [_KEY]},
    CONTEXT: _CONTEXT,
}

THREADS_REPLY: dict[str, Any] = {
    "id": TEXT,
    "text": TEXT,
    "timestamp": TEXT,
    "username": TEXT,
    "replied_to": _KEY,
    CONTEXT: _CONTEXT,
}

_PROFILE: dict[str, Any] = {
    "id": TEXT,
    "username": TEXT,
    "name": TEXT,
    "threads_biography": TEXT,
    "threads_profile_picture_url": TEXT,
    "is_verified": FLAG,
}

THREADS_USER: dict[str, Any] = {**_PROFILE, CONTEXT: _CONTEXT}

THREADS_FIGURE: dict[str, Any] = {
    "data": [
        {"name": TEXT, "values": [{"value": TEXT}], "total_value": {"value": TEXT}}
    ],
    CONTEXT: {**_CONTEXT, "profile": _PROFILE},
}

FORMATS = (THREADS_GRAPH,)

_NAMES = (THREADS_GRAPH.name,)
RAW_TABLES = {
    "threads_posts": RawTable(_NAMES, ("post",), THREADS_POST),
    "threads_replies": RawTable(_NAMES, ("reply",), THREADS_REPLY),
    "threads_users": RawTable(_NAMES, ("user",), THREADS_USER),
    "threads_insights": RawTable(_NAMES, ("insight",), THREADS_FIGURE),
    "threads_figures": RawTable(_NAMES, ("figure",), THREADS_FIGURE),
}
