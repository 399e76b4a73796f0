"""Qzone, and Pengyou with the same wire format: archived answers.

Two sources of different standing:

- Documented by the platform: OpenAPI v3 (`pf=qzone` or `pf=pengyou`), which tells
  profiles and friends to applications, and no posts. `user/get_info` answers
  `{"ret": 0, "is_lost": 0, "nickname": ...}` without the openid, so archive it with
  its request; `user/get_multi_info` and `relation/get_app_friends` list `items`.
  `is_lost` 1 says that part of the data is missing.
- Known from public client code only: what Qzone's own pages ask for,
  `emotion_cgi_msglist_v6` (`{"code": 0, "msglist": [...]}`, each post with
  `commentlist`, each comment with replies in `list_3`) and `get_like_list_app`
  (`{"code": 0, "data": {"like_uin_info": [...]}}`, whose post stands in the request's
  `unikey`). A company that kept its own feed has it in this form, or in a simple
  envelope `{"ret": 0, "data": {"list": [...]}}`. Answers wrapped in a callback's name
  must be unwrapped first. Nothing of the kind is known of Pengyou: archives of its
  feeds are taken in the same form.

Accounts have an openid in the one, a QQ number in the other, and nothing public
leads from one to the other. A comment's number counts within its post, a reply's
within its comment: their ids here are `post:comment` and `post:comment:reply`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable

_ERRORS = {
    "1": "wrong parameters",
    "2": "the application is not registered",
    "3": "no permission",
    "4": "the address is not allowed",
    "-10000": "too many calls",
    "1002": "the user is not logged in",
    "-3000": "not logged in",
    "-4001": "not logged in",
    "-4009": "no right to see this space",
    "-4403": "no right to see this space",
}
_POST_OF_LIKES = re.compile(r"/mood/([0-9A-Za-z]+)")
_PLACES = ("msglist", "list")


def explain_refusal(record: Any, platform: str) -> str | None:
    """Why a document holds no record; None where its shape is just unknown."""
    if not isinstance(record, dict):
        return None
    code = _code(record)
    if code != "0":
        meaning = _ERRORS.get(code, "an error")
        told = record.get("msg") or record.get("message") or ""
        return f"an error answer of {platform}: {code} ({meaning}) {told}".rstrip()
    if "nickname" in record:
        return "it tells a profile without its openid: archive it with its request"
    if "fuin" in record or "like_uin_info" in record:
        return "it tells likes without their post: archive it with its request"
    return None


def _code(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ret", answer.get("code", 0)) or 0)


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict) or CONTEXT in answer or _code(answer) != "0":
        yield answer
        return
    data = answer.get("data")
    inner = data if isinstance(data, dict) else answer
    for place in _PLACES:
        if place in inner:
            posts = inner[place]
            if posts and not isinstance(posts, list):
                yield answer
                return
            for post in posts or ():
                yield from _posts(post, request)
            return
    if "like_uin_info" in inner:
        yield from _likes(answer, inner, request)
        return
    if "items" in inner and "tid" not in inner:
        items = inner["items"]
        if items and not isinstance(items, list):
            yield answer
            return
        for item in items or ():
            yield from _profile(item, request)
        return
    if "tid" in answer:
        yield from _posts(answer, request)
        return
    yield from _profile(answer, request)


def _posts(post: Any, request: AnsweredRequest) -> Iterator[Any]:
    """A post, the one that it forwards, its comments and their replies."""
    if not isinstance(post, dict) or "tid" not in post or "uin" not in post:
        yield post
        return
    told = request.told
    tid = post["tid"]
    is_forward = bool(post.get("rt_tid"))
    yield with_context(post, kind="repost" if is_forward else "post", **told)
    comments = post.get("commentlist")
    for comment in comments if isinstance(comments, list) else ():
        if not isinstance(comment, dict) or "tid" not in comment:
            yield comment
            continue
        key = f"{tid}:{comment['tid']}"
        context = {"kind": "comment", "target": tid, **told}
        yield with_context(comment, key=key, **context)
        replies = comment.get("list_3")
        for reply in replies if isinstance(replies, list) else ():
            if not isinstance(reply, dict) or "tid" not in reply:
                yield reply
                continue
            yield with_context(
                reply, key=f"{key}:{reply['tid']}", parent=key, **context
            )


def _likes(
    answer: dict[str, Any], inner: Mapping[str, Any], request: AnsweredRequest
) -> Iterator[Any]:
    found = _POST_OF_LIKES.search(request.params.get("unikey", ""))
    likers = inner["like_uin_info"]
    if found is None:
        yield answer
        return
    for liker in likers if isinstance(likers, list) else ():
        if isinstance(liker, dict) and "fuin" in liker:
            yield with_context(liker, kind="like", target=found[1], **request.told)
        else:
            yield liker
    if "total_number" in inner:
        yield with_context(
            {"total_number": inner["total_number"]},
            kind="likes",
            target=found[1],
            **request.told,
        )


def _profile(item: Any, request: AnsweredRequest) -> Iterator[Any]:
    asked = request.params.get("openid")
    if not isinstance(item, dict) or not (
        "openid" in item or ("nickname" in item and asked)
    ):
        yield item
        return
    is_list_of_friends = request.path[-1:] == ("get_app_friends",)
    yield with_context(
        {"openid": asked, **item},
        kind="user",
        target=asked if is_list_of_friends else None,
        **request.told,
    )


QZONE = FileFormat(
    name="qzone",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=(
        "$._request.kind",
        "$.created_time",
        "$.create_time",
        "$._request.observed_at",
    ),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment like",
        "repost comment like",
        timeless="like",
        follower_lists=True,
    ),
    time_sql=(
        "coalesce("
        "try(to_timestamp(try_cast(coalesce(parts[2], parts[3]) as bigint))),"
        " try_cast(parts[4] as timestamp with time zone))"
    ),
    split=split_answers(_records),
    explain=explain_refusal,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "key": TEXT,
    "parent": TEXT,
    "target": TEXT,
    "observed_at": TEXT,
}

QZONE_POST: dict[str, Any] = {
    "tid": TEXT,
    "uin": TEXT,
    "name": TEXT,
    "content": TEXT,
    "created_time": TEXT,
    "source_name": TEXT,
    "cmtnum": TEXT,
    "fwdnum": TEXT,
    "pictotal": TEXT,
    "pic": [{"pic_id": TEXT}],
    "rt_tid": TEXT,
    "rt_uin": TEXT,
    "lbs": {"name": TEXT, "idname": TEXT},
    CONTEXT: _CONTEXT,
}

QZONE_COMMENT: dict[str, Any] = {
    "tid": TEXT,
    "uin": TEXT,
    "name": TEXT,
    "content": TEXT,
    "create_time": TEXT,
    CONTEXT: _CONTEXT,
}

QZONE_LIKE: dict[str, Any] = {
    "fuin": TEXT,
    "nick": TEXT,
    "portrait": TEXT,
    "gender": TEXT,
    "addr": TEXT,
    CONTEXT: _CONTEXT,
}

QZONE_USER: dict[str, Any] = {
    "openid": TEXT,
    "nickname": TEXT,
    "gender": TEXT,
    "province": TEXT,
    "city": TEXT,
    "figureurl": TEXT,
    "is_yellow_vip": TEXT,
    "yellow_vip_level": TEXT,
    CONTEXT: _CONTEXT,
}

FORMATS = (QZONE,)

_NAMES = (QZONE.name,)
RAW_TABLES = {
    "qzone_posts": RawTable(_NAMES, ("post", "repost"), QZONE_POST),
    "qzone_comments": RawTable(_NAMES, ("comment",), QZONE_COMMENT),
    "qzone_likes": RawTable(_NAMES, ("like",), QZONE_LIKE),
    "qzone_like_totals": RawTable(
        _NAMES, ("likes",), {"total_number": TEXT, CONTEXT: _CONTEXT}
    ),
    "qzone_users": RawTable(_NAMES, ("user",), QZONE_USER),
}
