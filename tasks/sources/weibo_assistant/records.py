"""Weibo's interface for assistants: what `open-im.api.weibo.com` answers.

After the tools that Weibo's own plug-in ships (wecode-ai/openclaw-weibo, June 2026):
boards of hot searches, the posts of the app's own account, super topics with who wrote,
comments as a tree of two levels. Of an own post the author is known from the token
alone; a comment below another one says only under which first one it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.sources.weibo.records import WEIBO_TIME
from tasks.warehouse.raw_tables import COUNT, TEXT, RawTable

_ROOTS = ("repost", "retweeted_status")


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and what its request told."""
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    data = answer.get("data", answer)
    if isinstance(data, list):
        # Names of super topics are no records.
        if not all(isinstance(one, str) or "topic_name" in one for one in data):
            yield answer
        return
    if not isinstance(data, dict):
        yield answer
        return
    told: dict[str, Any] = dict(request.told)
    if isinstance(data.get("data"), list):
        for row in data["data"]:
            yield _told(
                row,
                kind="hot",
                board=request.params.get("category"),
                call_time=data.get("callTime"),
                **told,
            )
    elif isinstance(data.get("statuses"), list):
        for row in data["statuses"]:
            yield _status(row, request)
    elif isinstance(data.get("comments"), list) and "text" not in data:
        parent = None
        if request.path[-1:] == ("child",):
            parent = request.params.get("id")
        elif request.params.get("id"):
            told.setdefault("root", request.params["id"])
        for row in data["comments"]:
            yield from _comment(row, parent, told)
    elif "text" in data and "reposts_count" in data:
        yield _status(data, request)
    elif "text" in data and ("root" in told or "comments" in data):
        yield from _comment(data, None, told)
    elif "word" in data:
        yield _told(data, kind="hot", **told)
    else:
        yield answer


def _told(item: Any, **context: Any) -> Any:
    return with_context(item, **context) if isinstance(item, dict) else item


def _status(item: Any, request: AnsweredRequest) -> Any:
    """A post; what it reposts stands in it."""
    is_repost = isinstance(item, dict) and any(
        isinstance(item.get(name), dict) for name in _ROOTS
    )
    return _told(
        item,
        kind="repost" if is_repost else "status",
        user=request.params.get("uid"),
        topic=request.params.get("topic_name"),
        **request.told,
    )


def _comment(item: Any, parent: str | None, told: Mapping[str, Any]) -> Iterator[Any]:
    """A comment, and those that stand below it."""
    if not isinstance(item, dict):
        yield item
        return
    below = item.get("comments")
    bare = {name: value for name, value in item.items() if name != "comments"}
    yield with_context(bare, kind="comment", parent=parent, **told)
    for reply in below if isinstance(below, list) else ():
        yield from _comment(reply, str(item.get("id")), told)


split = split_answers(_records)

WEIBO_ASSISTANT = FileFormat(
    name="weibo-assistant",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.created_at", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives("comment", "repost comment like"),
    # The interface lists no reposts: those of a list by the way say nothing of others.
    kept_kinds=("repost",),
    time_sql=(
        f"coalesce({WEIBO_TIME.format('parts[2]')},"
        " try_cast(parts[3] as timestamp with time zone))"
    ),
    split=split,
)

_USER: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "screen_name": TEXT,
    "avatar_large": TEXT,
}
_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "parent": TEXT,
    "user": TEXT,
    "topic": TEXT,
    "board": TEXT,
    "call_time": TEXT,
    "observed_at": TEXT,
}

ASSISTANT_STATUS: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "mid": TEXT,
    "text": TEXT,
    "created_at": TEXT,
    "region_name": TEXT,
    "images": [TEXT],
    "pic_num": COUNT,
    "reposts_count": TEXT,
    "comments_count": TEXT,
    "attitudes_count": TEXT,
    "user": _USER,
    CONTEXT: _CONTEXT,
}

ASSISTANT_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "idstr": TEXT,
    "text": TEXT,
    "created_at": TEXT,
    "like_count": TEXT,
    "rootid": TEXT,
    "reply_comment": {"id": TEXT, "idstr": TEXT},
    "user": _USER,
    CONTEXT: _CONTEXT,
}

ASSISTANT_HOT: dict[str, Any] = {
    "id": TEXT,
    "word": TEXT,
    "num": TEXT,
    "cat": TEXT,
    CONTEXT: _CONTEXT,
}

FORMATS = (WEIBO_ASSISTANT,)

_NAMES = (WEIBO_ASSISTANT.name,)
RAW_TABLES = {
    "weibo_assistant_statuses": RawTable(
        _NAMES, ("status",), ASSISTANT_STATUS, time_field="created_at"
    ),
    "weibo_assistant_comments": RawTable(
        _NAMES, ("comment",), ASSISTANT_COMMENT, time_field="created_at"
    ),
    "weibo_assistant_hot": RawTable(_NAMES, ("hot",), ASSISTANT_HOT),
}
