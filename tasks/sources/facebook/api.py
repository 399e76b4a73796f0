"""Facebook's Graph API, as the crawl reads the brands' own pages.

A page with few or no rows is not the last one: that has no `paging.next`. The
address in there is checked and never followed, for it carries the token; the
place in a list is kept in memory only, since it dies with the row that it names.
A killed run begins the list anew, and rows merge by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.answers import records_of_page
from tasks.sources.crawl.budget import DAY, HOUR, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.graph import graph_trouble, page_after
from tasks.sources.crawl.http_client import Answer, Clock, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.facebook.records import split

BASE_URL = "https://graph.facebook.com"
VERSION = "v23.0"
TOKEN = "FACEBOOK_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

# An app with one user, a page with one engaged user: the least that the platform
# grants. It tells the true use in percent with each answer.
LIMITS = (Limit("app-hour", 200, HOUR), Limit("page-day", 4800, DAY))

# Lower goes first.
_POSTS = 0
_PROFILES = 40
_LISTS = 100
_LIKES = 200
_FIGURES = 300
ROWS = "100"
_FIELDS = {
    "page": (
        "id,name,username,about,description,location,picture,verification_status,"
        "followers_count,fan_count"
    ),
    "post": (
        "id,created_time,updated_time,message,story,from,permalink_url,status_type,"
        "is_hidden,is_published,message_tags,attachments,shares,"
        "comments.limit(0).summary(true),reactions.limit(0).summary(true)"
    ),
    "comments": (
        "id,created_time,message,message_tags,from,parent,like_count,comment_count"
    ),
    "reactions": "id,name,type",
}
# One metric that the platform took away fails the whole call: each is asked alone.
METRICS = ("page_follows", "page_media_view", "page_total_media_view_unique")


@dataclass(frozen=True)
class FacebookApi:
    """Facebook as the crawl sees it.

    Attributes:
        base_url: of the API.
        limits: what may be asked.
        clock: for limits that say how long they last.
        metrics: figures of pages that are asked for.
    """

    base_url: str = BASE_URL
    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = SystemClock()
    metrics: tuple[str, ...] = field(default_factory=lambda: METRICS)
    # Stream -> place.
    _places: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def headers(self) -> dict[str, str]:
        """The token goes in a header: in an address it would end up in logs."""
        return {"authorization": f"Bearer {credential(TOKEN)}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Profiles, posts and figures of pages; posts that campaigns list."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        window = {
            "since": str(_second(first, wanted.timezone)),
            "until": str(_second(wanted.last + timedelta(days=1), wanted.timezone)),
        }
        streams: list[Stream] = []
        for page in wanted.accounts:
            named = {"id": page}
            if "profiles" in wanted.collect:
                streams.append(Stream(f"page:{page}", "page", named, _PROFILES))
            if "posts" in wanted.collect:
                params = {**named, **window}
                streams.append(Stream(f"posts:{page}", "posts", params, _POSTS))
            if "counters" in wanted.collect:
                streams += [
                    Stream(
                        f"figures:{page}:{metric}",
                        "insights",
                        {**named, **window, "metric": metric, "period": "day"},
                        _FIGURES,
                    )
                    for metric in self.metrics
                ]
        streams += [
            Stream(f"post:{post}", "post", {"id": post}, _POSTS)
            for post in wanted.posts
        ]
        return streams

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        params = _shown(stream)
        if stream.endpoint in ("posts", "comments", "reactions"):
            params["limit"] = ROWS
        kind = "post" if stream.endpoint == "posts" else stream.endpoint
        if kind in _FIELDS:
            params["fields"] = _FIELDS[kind]
        if stream.cursor:
            params |= self._places.get(stream.key, {})
        return Request(_path(stream), params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        return graph_trouble(answer, "Facebook", TOKEN, self.clock.now(), "app-hour")

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        records = records_of_page(
            split, f"/{_path(stream)}", _shown(stream), content, answer
        )
        found: tuple[Stream, ...] = ()
        if stream.endpoint in ("posts", "post"):
            rows = content.get("data") if stream.endpoint == "posts" else [content]
            listed = stream.endpoint == "post"
            found = tuple(_found(rows, answer, wanted, listed=listed))
        return page_after(
            Page(stream, records, found),
            content,
            answer,
            self._places,
            self.base_url,
            _path(stream),
            # Figures name a next page for ever: their window is asked for already.
            is_list=stream.endpoint != "insights",
        )


def _found(
    rows: Any, answer: Answer, wanted: Wanted, *, listed: bool
) -> Iterator[Stream]:
    """Comments and reactions of posts, opened anew when their number changes.

    Comments also once a day within the look-back: an edit changes no number.
    """
    zone = ZoneInfo(wanted.timezone)
    now = answer.observed_at.replace(tzinfo=UTC)
    for post in rows if isinstance(rows, list) else ():
        key = post.get("id") if isinstance(post, dict) else None
        try:
            moment = datetime.fromisoformat(str(post.get("created_time")))
        except (AttributeError, ValueError):
            continue
        if not isinstance(key, str):
            continue
        day = moment.astimezone(zone).date()
        if not listed and not any(a <= day <= b for a, b in wanted.windows):
            continue
        for part, edge, priority in (
            ("comments", "comments", _LISTS),
            ("likes", "reactions", _LIKES),
        ):
            total = _total(post, edge)
            if part not in wanted.collect or not total:
                continue
            params = {"id": key, "total": str(total)}
            if edge == "comments":
                params |= {"filter": "stream", "order": "chronological"}
                if now - moment <= timedelta(days=wanted.look_back_days):
                    params["day"] = f"{now:%Y-%m-%d}"
            yield Stream(f"{edge}:{key}", edge, params, priority)


def _path(stream: Stream) -> str:
    edge = "" if stream.endpoint in ("page", "post") else f"/{stream.endpoint}"
    return f"{VERSION}/{stream.params['id']}{edge}"


def _shown(stream: Stream) -> dict[str, str]:
    return {
        name: text
        for name, text in stream.params.items()
        if name not in ("id", "total", "day")
    }


def _total(post: Mapping[str, Any], name: str) -> int:
    inner = post.get(name)
    summary = inner.get("summary") if isinstance(inner, dict) else None
    total = summary.get("total_count") if isinstance(summary, dict) else None
    return total if type(total) is int else 1  # not told: there may be some


def _second(day: date, timezone: str) -> int:
    moment = datetime.combine(day, time(), ZoneInfo(timezone))
    return int(moment.astimezone(UTC).timestamp())


API = NetworkApi(
    lambda source, clock: FacebookApi(source.base_url or BASE_URL, clock=clock),
    BASE_URL,
    secrets=lambda source: (TOKEN,),
)
