"""Tencent Weibo (t.qq.com, closed in 2020): archived answers of open.t.qq.com.

An answer is `{"ret": 0, "errcode": 0, "msg": "ok", "data": {"hasnext": 0,
"info": [...]}}`, `data` null where there is nothing, and HTTP 200 even where `ret`
tells an error. `hasnext` is 0 while more pages follow and 1 at the end. The parts of
a record, the types, states and error codes are those of the platform's own pages
and of the clients that used them.

A record of `t/re_list` or `statuses/sub_re_list` names its root in `source` or not
at all: archive the answer with its request, whose `rootid` then is the root.
`user/info` and the like need nothing besides, `friends/fanslist` the name that was
asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable

# What a record is, by its `type`; 3 is a private message, which is nobody's
# interaction with a brand's post.
_TYPES = {
    "1": "status",
    "2": "repost",
    "4": "comment",
    "5": "comment",
    "6": "mention",
    "7": "comment",
}
_PRIVATE = "3"

_ERRORS = {
    "1": "wrong parameters",
    "2": "too many calls",
    "3": "not authorised",
    "4": "refused by the server",
    "5": "wrong user",
    "6": "the user has no microblog",
    "7": "the user gave no real name",
}
_DETAILS = {
    ("3", "1"): "the token was revoked",
    ("3", "2"): "the request was replayed",
    ("3", "3"): "there is no such token",
    ("3", "4"): "the token ran out",
    ("3", "9"): "the signature is wrong",
    ("4", "6"): "the post was not found",
    ("4", "10"): "published too often",
    ("4", "11"): "the source was deleted",
    ("4", "12"): "the source is in review",
    ("4", "13"): "a duplicate",
}


def explain_refusal(record: Any, platform: str) -> str | None:
    """Why a document holds no record; None where its shape is just unknown."""
    if not isinstance(record, dict):
        return None
    if str(record.get("type")) == _PRIVATE and "timestamp" in record:
        return "a private message (type 3) is no public interaction"
    ret, code = str(record.get("ret", 0)), str(record.get("errcode", 0))
    if ret == "0":
        return None
    meaning = _ERRORS.get(ret, "an unknown error")
    detail = _DETAILS.get((ret, code))
    words = " ".join(
        part
        for part in (f"errcode {code}", detail and f"({detail})", record.get("msg"))
        if part
    )
    return f"an error answer of {platform}: ret {ret} ({meaning}), {words}"


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind; roots once each."""
    if isinstance(answer, list):
        for item in answer:
            yield from _records(item, request)
        return
    if not isinstance(answer, dict) or CONTEXT in answer:
        yield answer
        return
    if "ret" not in answer and "info" not in answer:
        yield from _shaped([answer], request)
        return
    if str(answer.get("ret", 0)) != "0":
        yield answer
        return
    data = answer if "info" in answer else answer.get("data")
    if not data and "data" in answer:  # null where there is nothing
        return
    if isinstance(data, list):
        yield from _shaped(data, request)
        return
    if not isinstance(data, dict):
        yield answer
        return
    if "info" in data:
        info = data["info"]
        if isinstance(info, list):
            yield from _shaped(info, request)
        elif info:
            yield answer
    elif request.path[-1:] == ("re_count",) or all(map(_is_count, data.values())):
        for key, counts in data.items():
            shown = counts if isinstance(counts, dict) else {"count": counts}
            yield with_context({**shown, "id": key}, kind="count", **request.told)
    else:
        yield from _shaped([data], request)


def _is_count(value: Any) -> bool:
    return isinstance(value, dict) and "count" in value and "text" not in value


def _shaped(items: list[Any], request: AnsweredRequest) -> Iterator[Any]:
    told = dict(request.told)
    if root := request.params.get("rootid"):
        told.setdefault("root", root)
    seen: set[str] = set()
    for item in items:
        kind = _kind_of(item)
        if kind is None:
            yield item
        elif kind == "user":
            yield with_context(item, kind=kind, target=_asked(request), **told)
        else:
            if kind == "mention" and not isinstance(item.get("source"), dict):
                kind = "status"
            yield with_context(item, kind=kind, **told)
            # A page of reposts repeats the same root in each of them.
            source = item.get("source")
            text = json.dumps(source, sort_keys=True)
            if _kind_of(source) and text not in seen:
                seen.add(text)
                yield with_context(source, kind="status", **request.told)


def _kind_of(item: Any) -> str | None:
    if not isinstance(item, Mapping) or CONTEXT in item:
        return None
    if "id" in item and "timestamp" in item:
        return _TYPES.get(str(item.get("type")))
    if "nick" in item and ("name" in item or "openid" in item):
        return "user"
    return None


def _asked(request: AnsweredRequest) -> str | None:
    """Whose followers an answer lists."""
    if request.path[-1:] not in (("fanslist",), ("user_fanslist",)):
        return None
    return request.params.get("name") or request.params.get("fopenid")


TENCENT_WEIBO = FileFormat(
    name="tencent-weibo",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.timestamp", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment", "repost comment", followers=True, follower_lists=True
    ),
    time_sql=(
        "coalesce(try(to_timestamp(try_cast(parts[2] as bigint))),"
        " try_cast(parts[3] as timestamp with time zone))"
    ),
    split=split_answers(_records),
    explain=explain_refusal,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "root": TEXT,
    "target": TEXT,
    "observed_at": TEXT,
}

TENCENT_RECORD: dict[str, Any] = {
    "id": TEXT,
    "type": TEXT,
    "text": TEXT,
    "origtext": TEXT,
    "count": TEXT,
    "mcount": TEXT,
    "from": TEXT,
    "name": TEXT,
    "openid": TEXT,
    "nick": TEXT,
    "timestamp": TEXT,
    "head": TEXT,
    "location": TEXT,
    "isvip": TEXT,
    "status": TEXT,
    "image": [TEXT],
    "source": {"id": TEXT},
    CONTEXT: _CONTEXT,
}

TENCENT_USER: dict[str, Any] = {
    "name": TEXT,
    "openid": TEXT,
    "nick": TEXT,
    "head": TEXT,
    "introduction": TEXT,
    "location": TEXT,
    "sex": TEXT,
    "isvip": TEXT,
    "isent": TEXT,
    "fansnum": TEXT,
    "idolnum": TEXT,
    "mutual_fans_num": TEXT,
    "tweetnum": TEXT,
    "favnum": TEXT,
    "level": TEXT,
    "regtime": TEXT,
    CONTEXT: _CONTEXT,
}

FORMATS = (TENCENT_WEIBO,)

_NAMES = (TENCENT_WEIBO.name,)
RAW_TABLES = {
    "tencent_weibo_records": RawTable(
        _NAMES, ("status", "repost", "comment", "mention"), TENCENT_RECORD
    ),
    "tencent_weibo_users": RawTable(_NAMES, ("user",), TENCENT_USER),
    "tencent_weibo_counts": RawTable(
        _NAMES,
        ("count",),
        {"id": TEXT, "count": TEXT, "mcount": TEXT, CONTEXT: _CONTEXT},
    ),
}
