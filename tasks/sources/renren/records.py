"""RenRen (closed): archived answers of its API v2.

An answer is `{"response": ...}` or `{"error": {"code", "message"}}`; the old API
said `{"error_code", "error_msg"}`. Fields that are empty are null or left out. The
names of the fields are those of RenRen's own client libraries; a comment's `time`,
which these leave out, is known from archives of users. Times are of Chinese clocks,
with or without seconds, and without a zone.

Statuses, blogs, photos and shares count their ids each on their own: all but
statuses carry their kind before the id here (`blog:12`). A comment names what it
belongs to (`commentType`, `entryId`); where an answer leaves that out, archive it
with its request. The likes of `like/ugc/info/get` need the request's `ugcType`, lists
of friends its `userId`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable


def explain_refusal(record: Any, platform: str) -> str | None:
    """Why a document holds no record; None where its shape is just unknown."""
    if not isinstance(record, dict):
        return None
    error = record.get("error")
    if isinstance(error, dict):
        code, message = error.get("code"), error.get("message")
    elif "error_code" in record:
        code, message = record["error_code"], record.get("error_msg")
    else:
        return None
    return f"an error answer of {platform}: {code} {message or ''}".rstrip()


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict):
        # A list of friends may be numbers only.
        if isinstance(answer, int | str) and request.path[-2:-1] == ("friend",):
            answer = {"id": answer}
        else:
            yield answer
            return
    if CONTEXT in answer:
        yield answer
        return
    if "response" in answer:
        response = answer["response"]
        if response is not None:
            yield from _records(response, request)
        return
    kind = _kind_of(answer, request)
    if kind is None:
        yield answer
    elif kind == "like":
        users = answer.get("likeUsers")
        ugc_type = request.params.get("ugcType") or request.params.get("likeUGCType")
        for user in users if isinstance(users, list) else ():
            if isinstance(user, Mapping) and "id" in user:
                yield with_context(
                    user,
                    kind="like",
                    target=answer["ugcId"],
                    entry_type=ugc_type,
                    **request.told,
                )
        yield with_context(answer, kind="likes", entry_type=ugc_type, **request.told)
    elif kind == "comment":
        yield with_context(
            answer,
            kind=kind,
            target=request.params.get("entryId"),
            entry_type=request.params.get("commentType"),
            **request.told,
        )
    elif kind == "user":
        target = request.params.get("userId") if "friend" in request.path else None
        yield with_context(answer, kind=kind, target=target, **request.told)
    else:
        yield with_context(answer, kind=kind, **request.told)


def _kind_of(item: Mapping[str, Any], request: AnsweredRequest) -> str | None:
    if "ugcId" in item and "likeCount" in item:
        return "like"
    if "id" not in item:
        return None
    if "authorId" in item and "content" in item:
        return "comment"
    if "shareTime" in item and "userId" in item:
        return "share"
    if "createTime" in item:
        if "title" in item or "blog" in request.path:
            return "blog"
        return "repost" if _is_id(item.get("sharedStatusId")) else "status"
    if "name" in item or "basicInformation" in item or "friend" in request.path:
        return "user"
    return None


def _is_id(value: Any) -> bool:
    """Whether an optional id is there: 0 stands for none."""
    return value is not None and str(value) not in ("", "0")


RENREN = FileFormat(
    name="renren",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=(
        "$._request.kind",
        "$.createTime",
        "$.time",
        "$.shareTime",
        "$._request.observed_at",
    ),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment like",
        "repost comment like read",
        timeless="like",
        follower_lists=True,
    ),
    time_sql=(
        "coalesce(try_cast(coalesce(parts[2], parts[3], parts[4]) as timestamp)"
        " at time zone 'Asia/Shanghai',"
        " try_cast(parts[5] as timestamp with time zone))"
    ),
    split=split_answers(_records),
    explain=explain_refusal,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "target": TEXT,
    "entry_type": TEXT,
    "observed_at": TEXT,
}

RENREN_STATUS: dict[str, Any] = {
    "id": TEXT,
    "ownerId": TEXT,
    "title": TEXT,
    "content": TEXT,
    "createTime": TEXT,
    "shareCount": TEXT,
    "commentCount": TEXT,
    "viewCount": TEXT,
    "sharedStatusId": TEXT,
    CONTEXT: _CONTEXT,
}

RENREN_SHARE: dict[str, Any] = {
    "id": TEXT,
    "userId": TEXT,
    "url": TEXT,
    "title": TEXT,
    "summary": TEXT,
    "commentCount": TEXT,
    "shareTime": TEXT,
    "resourceId": TEXT,
    CONTEXT: _CONTEXT,
}

RENREN_COMMENT: dict[str, Any] = {
    "id": TEXT,
    "commentType": TEXT,
    "entryId": TEXT,
    "authorId": TEXT,
    "content": TEXT,
    "time": TEXT,
    CONTEXT: _CONTEXT,
}

RENREN_USER: dict[str, Any] = {
    "id": TEXT,
    "name": TEXT,
    "star": TEXT,
    "avatar": [{"size": TEXT, "url": TEXT}],
    "basicInformation": {
        "sex": TEXT,
        "homeTown": {"province": TEXT, "city": TEXT},
    },
    CONTEXT: _CONTEXT,
}

FORMATS = (RENREN,)

_NAMES = (RENREN.name,)
RAW_TABLES = {
    "renren_statuses": RawTable(_NAMES, ("status", "repost", "blog"), RENREN_STATUS),
    "renren_shares": RawTable(_NAMES, ("share",), RENREN_SHARE),
    "renren_comments": RawTable(_NAMES, ("comment",), RENREN_COMMENT),
    "renren_users": RawTable(_NAMES, ("user", "like"), RENREN_USER),
    "renren_likes": RawTable(
        _NAMES, ("likes",), {"ugcId": TEXT, "likeCount": TEXT, CONTEXT: _CONTEXT}
    ),
}
