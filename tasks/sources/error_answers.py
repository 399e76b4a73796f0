"""Error answers of every platform, told as such wherever they stand in an export.

A crawl that kept every answer keeps refusals, too: errors of the APIs, often with HTTP
status 200, and pages for people (a login, a captcha, a proxy's message) in place of
data. None of them is a record. Shapes after the platforms' own documentation of errors:
open.weibo.com (`error_code`), m.weibo.cn (`ok`), developer.x.com (`errors`, or `title`
and `status`), the Graph API (`error`), WordPress (`code`, `message`, `data.status`),
Tencent and Qzone (`ret`, `errcode` or `code`, `msg`), RenRen (`error_code`,
`error_msg`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# How a reason begins where HTML stands in place of data.
PAGE = "a page of HTML"
_LONGEST = 60
_TITLE = re.compile(r"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?"
    r"<(?:!doctype|html|head|body|script|meta|title|!--|br|p|div|h1)\b",
    re.IGNORECASE,
)
# What pages of the platforms say, most telling first.
_ASKS = (
    ("proof of a person", r"验证码|验证中心|captcha|geetest|security check"),
    ("a login", r"passport\.|Sina Visitor|visitor/visitor|登录|登陆|\blog ?in\b"),
    ("proof of a person", r"验证|are you a robot|unusual traffic"),
    ("patience", r"too many requests|访问过于频繁|请求过于频繁|rate limit|\b429\b"),
)
# m.weibo.cn says so, with `ok` 0, where there is nothing to show.
_NOTHING = re.compile(
    r"还没有|暂无|没有内容|没有更多|快来抢沙发|no data|no more", re.IGNORECASE
)
_LOGIN = "-100"
# A document that names something is no refusal.
_NAMED = ("id", "idstr", "mid", "tid", "_request")


def shown(value: object) -> str:
    """A value as a reason names it: on one line, not too long."""
    text = re.sub(r"\s+", " ", str(value)).strip()
    return f"'{text[:_LONGEST]}{'...' if len(text) > _LONGEST else ''}'"


def explain_page(text: str) -> str | None:
    """Of a text that should be data, whether it is a page for people."""
    if _PAGE.match(text) is None:
        return None
    start = text[:100_000]
    title = _TITLE.search(start)
    asked = next(
        (what for what, words in _ASKS if re.search(words, start, re.IGNORECASE)), None
    )
    named = f" titled {shown(title[1])}" if title and title[1] else ""
    return f"{PAGE}{named}, no data" + (f": it asks for {asked}" if asked else "")


def explain_error(document: Any, platform: str) -> str | None:
    """What an error answer says; None where a document is none.

    Args:
        document: as parsed.
        platform: the name of the platform that the source has records of.
    """
    if isinstance(document, str):
        page = explain_page(document)
        return f"an error answer of {platform}: {page}" if page else None
    if not isinstance(document, Mapping) or any(name in document for name in _NAMED):
        return None
    found = next(_errors(document, platform), None)
    if found is None:
        return None
    whose, *told = found
    words = " ".join(part for part in map(_text, told) if part)
    return f"an error answer of {whose}: {words or 'no words'}"


def is_nothing(document: Any) -> bool:
    """Whether an answer of m.weibo.cn only says that there is nothing to show."""
    return (
        isinstance(document, Mapping)
        and "id" not in document
        and "ok" in document
        and str(document["ok"]) in ("0", "1")
        and _NOTHING.search(str(document.get("msg") or "")) is not None
        and not _holds_rows(document.get("data"))
    )


def is_refusal(document: Any) -> bool:
    """Whether an answer of m.weibo.cn refuses, whatever stands in its `data`."""
    return (
        isinstance(document, Mapping)
        and "ok" in document
        and "id" not in document
        and _is_false(document["ok"])
        and not _holds_rows(document.get("data"))
    )


def _holds_rows(data: Any) -> bool:
    """Whether anything with an id stands in the data of an answer."""
    if isinstance(data, Mapping):
        return "id" in data or any(map(_holds_rows, data.values()))
    return isinstance(data, list) and any(map(_holds_rows, data))


def _errors(answer: Mapping[str, Any], platform: str) -> Iterator[tuple[Any, ...]]:
    """Whose error an answer is, its code and its words; nothing where it is none."""
    error = answer.get("error")
    words = answer.get("msg") or answer.get("message")
    if isinstance(error, Mapping):
        yield _graph_error(error, platform)
    if "error_code" in answer or "errorcode" in answer:
        code = answer.get("error_code", answer.get("errorcode"))
        if "error_msg" in answer:
            yield "RenRen", code, answer["error_msg"]
        elif not _is_zero(code):
            yield platform, code, error or answer.get("error_description") or words
    if isinstance(error, str) and error:
        yield platform, error, answer.get("error_description") or words
    if isinstance(answer.get("errors"), list) and not (
        answer.get("data") or answer.get("includes")
    ):
        listed = answer["errors"]
        first = listed[0] if listed and isinstance(listed[0], Mapping) else {}
        yield (
            platform,
            first.get("code", first.get("status", answer.get("status"))),
            first.get("message")
            or first.get("detail")
            or first.get("title")
            or answer.get("detail")
            or answer.get("title"),
        )
    if "title" in answer and re.fullmatch(r"[345]\d\d", _text(answer.get("status"))):
        yield platform, answer["status"], answer.get("detail") or answer["title"]
    if {"title", "detail", "type"} <= answer.keys():
        yield platform, answer["title"], answer["detail"]
    if "message" in answer and isinstance(answer.get("code"), str):
        data = answer.get("data")
        status = data.get("status") if isinstance(data, Mapping) else None
        whose = platform if status is None else "WordPress"
        yield whose, status, answer["code"], answer["message"]
    if "ok" in answer and _is_false(answer["ok"]):
        asked = "it asks for a login" if str(answer["ok"]) == _LOGIN else None
        code = answer.get("errno") or answer["ok"]
        yield "m.weibo.cn", code, words or asked or answer.get("url")
    if "ret" in answer and not _is_zero(answer["ret"]):
        code = f"ret {_text(answer['ret'])}"
        if "errcode" in answer:
            code += f", errcode {_text(answer['errcode'])}"
        yield platform, code, words
    for name in ("code", "retcode", "errno"):
        if words and not _is_zero(answer.get(name)):
            yield platform, answer[name], words


def _graph_error(error: Mapping[str, Any], platform: str) -> tuple[Any, ...]:
    kind = error.get("type")
    code, sub = _text(error.get("code")), _text(error.get("error_subcode"))
    is_facebook = bool(kind) or "fbtrace_id" in error
    return (
        "Facebook" if is_facebook else platform,
        f"{code}/{sub}" if sub else code,
        error.get("message"),
        f"({_text(kind)})" if kind else None,
    )


def _is_zero(code: Any) -> bool:
    return _text(code) in ("", "0")


def _is_false(ok: Any) -> bool:
    return str(ok).lower() not in ("1", "true")


def _text(value: Any) -> str:
    if value is None or isinstance(value, Mapping | list):
        return ""
    text = re.sub(r"\s+", " ", str(value)).strip()
    return text if len(text) <= 200 else text[:200] + "..."
