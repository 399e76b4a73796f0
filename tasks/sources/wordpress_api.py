"""A WordPress site's REST API: which lists to read, how they go on, when they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.sources.listings import ROWS, Listing, Reply, Scope, Verdict

ROOT = "/wp-json/wp/v2"
PER_PAGE = "100"


def first_listings(
    scope: Scope, site: str, *, edited_since: datetime | None = None
) -> Iterator[Listing]:
    """Authors, articles of the scope's time, and older ones that changed since.

    Args:
        scope: what the run wants to know; a site has no other accounts than its
            authors.
        site: the site's address with the folder, if it has one.
        edited_since: when the site was read last; None at first.
    """
    base = f"{site.rstrip('/')}{ROOT}"
    # Ascending by time: what is published while pages are read comes last.
    order = {"per_page": PER_PAGE, "orderby": "date", "order": "asc"}
    yield Listing("users", f"{base}/users", {"per_page": PER_PAGE})
    posts = Listing(
        "posts",
        f"{base}/posts",
        {
            **order,
            "_embed": "author,wp:term",
            # Both ends are exclusive.
            "after": _time(scope.start - timedelta(seconds=1)),
            "before": _time(scope.end),
        },
    )
    yield posts
    if edited_since is not None:
        yield replace(
            posts,
            params={
                **order,
                "_embed": "author,wp:term",
                "before": _time(scope.start),
                "modified_after": _time(edited_since),
            },
        )
    listed = sorted({post.rpartition(":")[2] for post in scope.posts})
    for start in range(0, len(listed), 100):
        part = listed[start : start + 100]
        yield replace(
            posts,
            params={**order, "_embed": "author,wp:term", "include": ",".join(part)},
        )


def further_listings(listing: Listing, body: Any, scope: Scope) -> Iterator[Listing]:
    """The comments of each article of a page: its list tells their total, too."""
    if listing.endpoint != "posts" or not isinstance(body, list):
        return
    for post in body:
        if isinstance(post, dict) and "id" in post:
            yield Listing(
                "comments",
                f"{listing.path.rpartition('/')[0]}/comments",
                {
                    "per_page": PER_PAGE,
                    "orderby": "date",
                    "order": "asc",
                    "post": str(post["id"]),
                },
            )


def next_params(
    listing: Listing, params: Mapping[str, str], reply: Reply
) -> dict[str, str] | None:
    """Parameters of the next page; None after the last.

    What has a time goes on from the last row's second: page numbers shift when
    something before them is deleted. Rows of that second come twice and merge by
    their id. Without the header (some hosts strip it) a full page leads on, and
    the site says itself when a page lies past the end.
    """
    page = int(params.get("page", "1"))
    total = reply.headers.get("x-wp-totalpages", "")
    rows = reply.body if isinstance(reply.body, list) else []
    if page >= int(total) if total.isdigit() else len(rows) < int(PER_PAGE):
        return None
    last = _second(rows[-1]) if rows else None
    if params.get("orderby") == "date" and last is not None:
        after = _time(last - timedelta(seconds=1))
        if after > params.get("after", ""):
            rest = {name: value for name, value in params.items() if name != "page"}
            return {**rest, "after": after}
    return {**params, "page": str(page + 1)}


def judge(reply: Reply, now: float) -> Verdict:
    """What an answer means.

    Args:
        reply: the answer.
        now: Unix time, for a host's `Retry-After` in seconds.
    """
    body = reply.body if isinstance(reply.body, dict) else {}
    code = str(body.get("code", ""))
    if reply.status == 200 and isinstance(reply.body, list | dict):
        return ROWS
    if reply.status == 429:
        seconds = reply.headers.get("retry-after", "")
        wait = float(seconds) if seconds.isdigit() else 60.0
        return Verdict("wait", "the host's limit", now + wait)
    if code == "rest_post_invalid_page_number":
        return Verdict("end", "past the last page")
    if reply.status in (404, 410):
        return Verdict("gone", code or "not found")
    if reply.status in (400, 401, 403):
        return Verdict("refused", code or f"status {reply.status}")
    return Verdict("again", f"status {reply.status}")


def _second(row: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(row["date_gmt"]).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _time(moment: datetime) -> str:
    """A time with its zone: without one it would be the site's."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
