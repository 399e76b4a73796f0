"""Facebook's Graph API: which lists tell of a page, how they go on, what they cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.sources.listings import ROWS, Listing, Reply, Scope, Verdict

HOST = "graph.facebook.com"
VERSION = "v23.0"
# The share of a limit's use, in percent, at which to stop before the platform does.
FULL = 90

_PAGE_FIELDS = (
    "id,name,username,about,description,location,picture,verification_status,"
    "followers_count,fan_count"
)
_POST_FIELDS = (
    "id,created_time,updated_time,message,story,from,permalink_url,status_type,"
    "is_hidden,is_published,message_tags,attachments,shares,"
    "comments.limit(0).summary(true),reactions.limit(0).summary(true)"
)
_COMMENT_FIELDS = "id,created_time,message,from,parent,like_count,comment_count"
# One metric that the platform took away fails the whole call: asked one by one.
PAGE_METRICS = ("page_follows", "page_media_view", "page_total_media_view_unique")

# Codes of Graph errors.
_LIMITS_OF_AN_HOUR = {4, 17, 613}
_LIMITS_OF_A_DAY = {32}
_BUSINESS_LIMITS = range(80_000, 80_015)
_MOMENTARY = {1, 2}
_LOGIN = {102, 190}
_GONE = {10, 100, 200}


def first_listings(scope: Scope) -> Iterator[Listing]:
    """Profiles, posts and figures of the brands' pages."""
    window = {
        "since": str(int(scope.start.timestamp())),
        "until": str(int(scope.end.timestamp())),
    }
    for page in scope.accounts:
        yield Listing("page", f"/{VERSION}/{page}", {"fields": _PAGE_FIELDS})
        yield Listing(
            "posts",
            f"/{VERSION}/{page}/posts",
            {"fields": _POST_FIELDS, "limit": "100", **window},
            is_resumable=False,
        )
        for metric in PAGE_METRICS:
            yield Listing(
                "insights",
                f"/{VERSION}/{page}/insights",
                {"metric": metric, "period": "day", **window},
                is_resumable=False,
            )
    for post in scope.posts:
        yield Listing("post", f"/{VERSION}/{post}", {"fields": _POST_FIELDS})


def further_listings(listing: Listing, body: Any, scope: Scope) -> Iterator[Listing]:
    """Comments and reactions of the posts of a page."""
    if listing.endpoint not in ("posts", "post") or not isinstance(body, dict):
        return
    rows = body.get("data") if listing.endpoint == "posts" else [body]
    for post in rows if isinstance(rows, list) else ():
        key = post.get("id") if isinstance(post, dict) else None
        if not isinstance(key, str):
            continue
        if _total(post, "comments"):
            yield Listing(
                "comments",
                f"/{VERSION}/{key}/comments",
                {
                    "fields": _COMMENT_FIELDS,
                    "filter": "stream",
                    "order": "chronological",
                    "limit": "100",
                },
                is_resumable=False,
            )
        if _total(post, "reactions"):
            yield Listing(
                "reactions",
                f"/{VERSION}/{key}/reactions",
                {"fields": "id,name,type", "limit": "100"},
                is_resumable=False,
            )


def next_params(
    listing: Listing, params: Mapping[str, str], reply: Reply, host: str = HOST
) -> dict[str, str] | None:
    """Parameters of the next page; None after the last.

    A page with few or no rows is not the last one: that has no `paging.next`.
    The address itself is never followed: it may lead elsewhere, and it carries
    the token.

    Raises:
        ValueError: the next page is said to lie elsewhere.
    """
    paging = reply.body.get("paging") if isinstance(reply.body, dict) else None
    address = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(address, str) or listing.endpoint == "insights":
        return None  # figures go on for ever: the window is already asked for
    parts = urlsplit(address)
    if parts.netloc != host or _bare(parts.path) != _bare(listing.path):
        raise ValueError("the next page is said to lie elsewhere")
    told = dict(parse_qsl(parts.query))
    moved = {
        name: value
        for name, value in told.items()
        if name in ("after", "until", "__paging_token", "offset")
    }
    return {**params, **moved}


def usage(reply: Reply) -> tuple[int, float]:
    """The fullest of the limits in percent, and the seconds until it has room."""
    fullest, seconds = 0, 0.0
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            told = json.loads(reply.headers.get(name, "{}"))
        except ValueError:
            continue
        uses = [told]
        if name == "x-business-use-case-usage" and isinstance(told, dict):
            uses = [use for group in told.values() for use in group]
        for use in uses:
            if not isinstance(use, dict):
                continue
            percents = [
                use.get(part) for part in ("call_count", "total_time", "total_cputime")
            ]
            fullest = max([fullest, *(int(p) for p in percents if type(p) is int)])
            minutes = use.get("estimated_time_to_regain_access")
            if isinstance(minutes, int | float):
                seconds = max(seconds, 60.0 * minutes)
    return fullest, seconds


def judge(reply: Reply, now: float, listing: Listing | None = None) -> Verdict:
    """What an answer means.

    Args:
        reply: the answer.
        now: Unix time, for limits that say how long they last.
        listing: what was asked; a metric that is no more is not a page's end.
    """
    body = reply.body if isinstance(reply.body, dict) else {}
    error = body.get("error")
    if not isinstance(error, dict):
        if reply.status == 200 and isinstance(reply.body, dict):
            return ROWS
        return Verdict("again", f"status {reply.status}")
    code = error.get("code")
    _, seconds = usage(reply)
    if code in _LIMITS_OF_AN_HOUR:
        return Verdict("wait", f"limit {code}", now + max(seconds, 300.0))
    if code in _LIMITS_OF_A_DAY:
        return Verdict("spent", "the page's calls of 24 hours are used")
    if isinstance(code, int) and code in _BUSINESS_LIMITS:
        if seconds > 3600:
            return Verdict("spent", f"limit {code}", now + seconds)
        return Verdict("wait", f"limit {code}", now + max(seconds, 300.0))
    if code in _LOGIN:
        return Verdict("login", "the token is not valid")
    if code in _MOMENTARY or reply.status >= 500:
        return Verdict("again", f"error {code}")
    if listing and listing.endpoint == "insights":
        metric = listing.params.get("metric", "")
        return Verdict("refused", f"the metric {metric} is no more")
    if code in _GONE:
        return Verdict("gone", "the object is gone or not for this token")
    return Verdict("refused", f"error {code}")


def _bare(path: str) -> str:
    """A path without the API's version, which the platform may raise by itself."""
    first, _, rest = path.strip("/").partition("/")
    is_version = first[:1] == "v" and first[1:].replace(".", "", 1).isdigit()
    return rest if is_version else path.strip("/")


def _total(post: Mapping[str, Any], name: str) -> int:
    inner = post.get(name)
    summary = inner.get("summary") if isinstance(inner, dict) else None
    total = summary.get("total_count") if isinstance(summary, dict) else None
    return total if type(total) is int else 1  # not told: there may be some
