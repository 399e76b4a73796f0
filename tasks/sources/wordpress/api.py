"""A WordPress site's REST API, as the crawl reads it.

What has a time goes on from the last row's second: page numbers shift when
something before them is deleted. Rows of that second come twice and merge by
their id. A site has no quota of its own; its host may.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.answers import CONTEXT, parsed, records_of_page
from tasks.sources.crawl.budget import HOUR, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.wordpress.records import split

# `user:application password` of a member, where the site shows readers too little.
LOGIN = "WORDPRESS_LOGIN"

# Out of politeness: a small host answers about one call a second well.
LIMITS = (Limit("site-hour", 3600, HOUR),)

_ROOT = "wp-json/wp/v2"
# Lower goes first.
_POSTS = 0
_PROFILES = 40
_COMMENTS = 100
ROWS = 100


@dataclass(frozen=True)
class WordPressApi:
    """A site as the crawl sees it.

    Attributes:
        base_url: address of the site, with its folder if it has one.
        limits: what may be asked.
        rows: per page, 100 at most.
    """

    base_url: str
    limits: tuple[Limit, ...] = LIMITS
    rows: int = field(default_factory=lambda: ROWS)

    def headers(self) -> dict[str, str]:
        """A member's login where one is set; readers need none."""
        login = credential(LOGIN)
        if not login:
            return {}
        return {"authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Authors, articles of the days, older ones that changed, those listed."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        start = _time(first, wanted.timezone) - timedelta(seconds=1)
        end = _time(wanted.last + timedelta(days=1), wanted.timezone)
        today = f"{now:%Y-%m-%d}"
        streams: list[Stream] = []
        if "profiles" in wanted.collect:
            streams.append(Stream("users", "users", {}, _PROFILES))
        if "posts" in wanted.collect:
            # Both ends are exclusive.
            window = {"after": _text(start), "before": _text(end)}
            streams.append(Stream("posts", "posts", window, _POSTS))
            changed = {"modified_after": _text(start), "before": _text(start)}
            streams.append(Stream("changed", "posts", changed, _POSTS))
        listed = sorted({post.rpartition(":")[2] for post in wanted.posts})
        for at in range(0, len(listed), 100):
            part = ",".join(listed[at : at + 100])
            params = {"include": part, "listed": today}
            streams.append(Stream(f"listed:{listed[at]}", "posts", params, _POSTS))
        return streams

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        params = {**_asked(stream), "per_page": str(self.rows)}
        if stream.endpoint != "users":
            # Ascending by time: what is published meanwhile comes last.
            params |= {"orderby": "date", "order": "asc"}
        if stream.endpoint == "posts":
            params["_embed"] = "author,wp:term"
        cursor = stream.cursor or {}
        params |= {
            name: str(cursor[name]) for name in ("after", "page") if name in cursor
        }
        return Request(f"{_ROOT}/{stream.endpoint}", params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        if answer.status < 400:
            return None
        body = parsed(answer)
        code = str(body.get("code", "")) if isinstance(body, dict) else ""
        if answer.status == 429:
            # Its `Retry-After` is heeded where the call is tried again.
            return Trouble("transient", "the host asks to slow down")
        if answer.status >= 500:
            return Trouble("transient", f"the site failed (HTTP {answer.status})")
        if code == "rest_post_invalid_page_number":
            return Trouble("end", "lists that became shorter while they were read")
        if code == "rest_no_route" or not code:
            return Trouble(
                "fatal",
                f"the site's REST API does not answer (HTTP {answer.status}):"
                " check `base_url`, or ask its keeper",
            )
        if answer.status in (401, 403):
            return Trouble("end", "lists that the site does not show")
        if answer.status in (404, 410):
            return Trouble("absent", "objects that the site no longer shows")
        return Trouble("fatal", f"the site refuses a call ({code})")

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        rows = content if isinstance(content, list) else []
        cursor = stream.cursor or {}
        shown = {**_asked(stream)}
        shown |= {
            name: str(cursor[name]) for name in ("after", "page") if name in cursor
        }
        address = f"{self.base_url.rstrip('/')}/{_ROOT}/{stream.endpoint}"
        records = records_of_page(
            split, address, shown, content, answer, site=stream.params.get("site")
        )
        found: tuple[Stream, ...] = ()
        if stream.endpoint == "posts" and "comments" in wanted.collect:
            found = tuple(
                _found(rows, answer, wanted, listed="listed" in stream.params)
            )
        return Page(self._go_on(stream, rows, answer), records, found)

    def _go_on(self, stream: Stream, rows: list[Any], answer: Answer) -> Stream:
        """The stream after a page.

        Without the header (some hosts strip it) a full page leads on, and the site
        says itself when a page lies past the end.
        """
        cursor = stream.cursor or {}
        page = int(cursor.get("page", 1))
        total = answer.headers.get("x-wp-totalpages", "")
        if page >= int(total) if total.isdigit() else len(rows) < self.rows:
            return replace(stream, cursor=None, state="done")
        last = _second(rows[-1]) if rows else None
        if stream.endpoint != "users" and last is not None:
            after = _text(last - timedelta(seconds=1))
            if after > str(cursor.get("after", "")):
                return replace(stream, cursor={"after": after})
        return replace(stream, cursor={**cursor, "page": page + 1})


def _found(
    rows: list[Any], answer: Answer, wanted: Wanted, *, listed: bool
) -> Iterator[Stream]:
    """Comments of articles: read once a day, for an article tells no number."""
    zone = ZoneInfo(wanted.timezone)
    for post in rows:
        moment = _second(post)
        if moment is None or "id" not in post:
            continue
        day = moment.astimezone(zone).date()
        if not listed and not any(a <= day <= b for a, b in wanted.windows):
            continue
        key = str(post["id"])
        params = {"post": key, "day": f"{answer.observed_at:%Y-%m-%d}"}
        site = _site(post)
        if site:
            params["site"] = site
        yield Stream(f"comments:{key}", "comments", params, _COMMENTS)


def _site(post: Mapping[str, Any]) -> str | None:
    """The site of an article, for a list of comments that may be empty."""
    record: dict[str, Any] = next(iter(split([post])), {})
    site = record.get(CONTEXT, {}).get("site")
    return site if isinstance(site, str) else None


def _asked(stream: Stream) -> dict[str, str]:
    own = ("site", "day", "listed")
    return {name: text for name, text in stream.params.items() if name not in own}


def _second(row: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(row["date_gmt"]).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _time(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _text(moment: datetime) -> str:
    """A time with its zone: without one it would be the site's."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# A small host that is slow is not to be made slower.
API = NetworkApi(
    lambda source, clock: WordPressApi(source.base_url or ""), None, max_in_flight=2
)
