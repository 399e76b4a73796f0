"""Mastodon: what the REST API of an instance answers.

Each instance gives its own ids to all that it knows, whoever's it is, so the product
names an object `instance:id`; the instance is its address without the marks:
`tea_example_com:12`. Where no request tells whom was asked, an account of the
instance's own does: it is named without a host, and its address is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tasks.sources.answers import CONTEXT, AnsweredRequest, split_answers, with_context
from tasks.sources.error_answers import explain_error
from tasks.sources.file_format import FileFormat, gives
from tasks.warehouse.raw_tables import TEXT, RawTable

# Lists of accounts that say what these did: of a status, or of an account.
_EDGES = {
    "favourited_by": "like",
    "reblogged_by": "reblog",
    "followers": "follower",
    "following": "following",
}


def site_key(address: str) -> str | None:
    """The instance's part of an id, from any address on it."""
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        return None
    return re.sub(r"[^0-9a-z]+", "_", host) if host else None


def _records(answer: Any, request: AnsweredRequest) -> Iterator[Any]:
    """Records of an answer, each with its kind and its instance."""
    if isinstance(answer, dict) and CONTEXT in answer:
        yield answer
        return
    site = request.told.get("site") or site_key(request.url) or _site_of(answer)
    told = {**request.told, "site": site}
    if isinstance(answer, dict) and isinstance(answer.get("descendants"), list):
        yield from _context(answer, request, told)
        return
    edge = request.path[-1] if request.path else ""
    target = request.path[-2] if edge in _EDGES and len(request.path) > 1 else None
    found = answer.get("statuses") if isinstance(answer, dict) else None
    items = answer if isinstance(answer, list) else found or [answer]
    for item in items:
        if _is_account(item) and site:
            kind = _EDGES.get(edge, "account") if target else "account"
            # An account and a status may have the same number.
            about = "target" if request.path[-3:-2] == ("accounts",) else "status"
            yield with_context(item, kind=kind, **{about: target}, **told)
        else:
            yield from _status(item, told)
    yield from _gone(items, request, told)


def _context(
    answer: Mapping[str, Any], request: AnsweredRequest, told: Mapping[str, Any]
) -> Iterator[Any]:
    """A thread: what stands above a status and below it, not the status itself."""
    ancestors = answer.get("ancestors")
    above = ancestors if isinstance(ancestors, list) else []
    first = above[0].get("id") if above and isinstance(above[0], dict) else None
    asked = request.path[-2] if len(request.path) > 1 else None
    # The thread that is asked for may begin above: its first status has nothing over
    # it.
    root = told.get("root") or first or asked
    for item in (*above, *answer["descendants"]):
        yield from _status(item, {**told, "root": root})


def _status(item: Any, told: Mapping[str, Any]) -> Iterator[Any]:
    """A status; of one that shows another one, both."""
    if not _is_status(item) or not told.get("site"):
        yield item
        return
    shown = item.get("reblog")
    if isinstance(shown, dict):
        kept = ("id", "created_at", "account", "visibility")
        bare = {name: item[name] for name in kept if name in item}
        target = shown.get("id")
        yield with_context(bare, kind="reblog_status", status=target, **told)
        yield from _status(shown, {**told, "root": None})
        return
    kind = "status"
    if item.get("in_reply_to_id") and not told.get("root"):
        # The thread that it belongs to can't be told from here.
        kind = "answer"
    yield with_context(item, kind=kind, **told)


def _gone(
    items: list[Any], request: AnsweredRequest, told: Mapping[str, Any]
) -> Iterator[Any]:
    """Statuses that were asked for by id and are not there."""
    shown = {str(item.get("id")) for item in items if isinstance(item, dict)}
    for key in dict.fromkeys(re.findall(r"\d+", request.params.get("ids", ""))):
        if key not in shown:
            yield with_context({"id": key}, kind="gone", **told)


def _is_status(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and "id" in item
        and "account" in item
        and ("content" in item or isinstance(item.get("reblog"), dict))
    )


def _is_account(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item and "acct" in item


def _site_of(answer: Any) -> str | None:
    """The instance that answered, from an account of its own."""
    waiting: list[Any] = [answer]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            url = item.get("url")
            if _is_account(item) and "@" not in str(item["acct"]):
                return site_key(url) if isinstance(url, str) else None
            inner = ("account", "reblog", "ancestors", "descendants", "statuses")
            waiting += [item[name] for name in inner if name in item]
    return None


def _explain(document: Any, platform: str) -> str | None:
    """Why a record is none: nobody knows whose id its id is."""
    if _is_status(document) or _is_account(document):
        return (
            "no request and no account tells which instance answered: keep the"
            " address that was asked beside the answer"
        )
    return explain_error(document, platform)


split = split_answers(_records)

MASTODON_API = FileFormat(
    name="mastodon-api",
    suffixes=(".json", ".jsonl", ".ndjson"),
    paths=("$._request.kind", "$.created_at", "$._request.observed_at"),
    kind_sql="parts[1]",
    gives=gives(
        "repost comment like",
        "repost comment like",
        # Lists of who did it tell no time; quotes have one.
        timeless="repost like",
        followers=True,
        follower_lists=True,
    ),
    # An answer in a thread that is not shown.
    kept_kinds=("answer",),
    # An account's own time is its registration: no day of ours.
    time_sql=(
        "try_cast(case when parts[1] in ('status', 'reblog_status') then parts[2]"
        " else parts[3] end as timestamp with time zone)"
    ),
    split=split,
    explain=_explain,
)

_CONTEXT: dict[str, Any] = {
    "kind": TEXT,
    "site": TEXT,
    "target": TEXT,
    "status": TEXT,
    "root": TEXT,
    "observed_at": TEXT,
}

MASTODON_ACCOUNT: dict[str, Any] = {
    "id": TEXT,
    "acct": TEXT,
    "display_name": TEXT,
    "note": TEXT,
    "avatar": TEXT,
    "created_at": TEXT,
    "followers_count": TEXT,
    "following_count": TEXT,
    "statuses_count": TEXT,
}

MASTODON_STATUS: dict[str, Any] = {
    "id": TEXT,
    "created_at": TEXT,
    "in_reply_to_id": TEXT,
    "spoiler_text": TEXT,
    "content": TEXT,
    "visibility": TEXT,
    "replies_count": TEXT,
    "reblogs_count": TEXT,
    "quotes_count": TEXT,
    "favourites_count": TEXT,
    "account": MASTODON_ACCOUNT,
    "application": {"name": TEXT},
    "media_attachments": [{"type": TEXT}],
    "mentions": [{"acct": TEXT}],
    "tags": [{"name": TEXT}],
    "card": {"url": TEXT},
    "quote": {"quoted_status": {"id": TEXT}, "quoted_status_id": TEXT},
    CONTEXT: _CONTEXT,
}

MASTODON_GONE: dict[str, Any] = {"id": TEXT, CONTEXT: _CONTEXT}

FORMATS = (MASTODON_API,)

_NAMES = (MASTODON_API.name,)
RAW_TABLES = {
    "mastodon_statuses": RawTable(_NAMES, ("status", "reblog_status"), MASTODON_STATUS),
    "mastodon_accounts": RawTable(
        _NAMES,
        ("account", "like", "reblog", "follower", "following"),
        {**MASTODON_ACCOUNT, CONTEXT: _CONTEXT},
    ),
    "mastodon_gone": RawTable(_NAMES, ("gone",), MASTODON_GONE),
}
