"""Instagram's Graph API, as the crawl reads a company's own accounts.

Of a post's figures each is asked alone: one that does not exist for it fails the call.
The place in a list is kept in memory only, since it dies with the row that it names; a
killed run begins the list anew, and rows merge by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from tasks.sources.instagram.records import split

BASE_URL = "https://graph.facebook.com"
VERSION = "v23.0"
TOKEN = "INSTAGRAM_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

# An app with one user; 4,800 calls a day for each thousand times that the account was
# shown, of which nobody knows before. How full they are, each answer tells.
LIMITS = (Limit("app-hour", 200, HOUR), Limit("account-day", 4800, DAY))

# Lower goes first.
_POSTS = 0
_PROFILES = 40
_SEARCH = 60
_LISTS = 100
_REPLIES = 200
_FIGURES = 300
ROWS = 50
_COMMENT = "id,text,timestamp,username,from,like_count,parent_id"
_MEDIA = (
    "id,caption,media_type,media_product_type,permalink,timestamp,username,owner,"
    "like_count,comments_count,children"
)
_FIELDS = {
    "user": (
        "id,username,name,biography,profile_picture_url,followers_count,follows_count,"
        "media_count"
    ),
    "media": _MEDIA,
    "tags": _MEDIA.replace("owner,", ""),
    "one": _MEDIA,
    "comments": f"{_COMMENT},replies{{{_COMMENT}}}",
    "replies": _COMMENT,
}
_LISTED = ("media", "tags", "comments", "replies")


@dataclass(frozen=True)
class InstagramApi:
    """Instagram as the crawl sees it.

    Attributes:
        base_url: of the API.
        limits: what may be asked.
        clock: for limits that say how long they last.
        rows: of a page.
    """

    base_url: str = BASE_URL
    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = SystemClock()
    rows: int = field(default_factory=lambda: ROWS)
    # Stream -> place.
    _places: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def headers(self) -> dict[str, str]:
        """The token goes in a header: in an address it would end up in logs."""
        return {"authorization": f"Bearer {credential(TOKEN)}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Profiles and posts of accounts, who tagged them; posts that are listed."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        window = {
            "since": str(_second(first, wanted.timezone)),
            "until": str(_second(wanted.last + timedelta(days=1), wanted.timezone)),
        }
        streams: list[Stream] = []
        for account in wanted.accounts:
            named = {"id": account}
            for part, key, endpoint, params, priority in (
                ("profiles", "user", "user", named, _PROFILES),
                ("posts", "posts", "media", {**named, **window}, _POSTS),
                ("search", "tags", "tags", named, _SEARCH),
            ):
                if part in wanted.collect:
                    streams.append(
                        Stream(f"{key}:{account}", endpoint, dict(params), priority)
                    )
        streams += [
            Stream(f"post:{post}", "one", {"id": post}, _POSTS) for post in wanted.posts
        ]
        return streams

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        params = _shown(stream)
        if stream.endpoint in _LISTED:
            params["limit"] = str(self.rows)
        if stream.endpoint in _FIELDS:
            params["fields"] = _FIELDS[stream.endpoint]
        if stream.cursor:
            params |= self._places.get(stream.key, {})
        return Request(_path(stream), params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        return graph_trouble(answer, "Instagram", TOKEN, self.clock.now(), "app-hour")

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        records = records_of_page(
            split,
            f"/{_path(stream)}",
            _shown(stream),
            content,
            answer,
            root=stream.params.get("root"),
        )
        rows = content.get("data") if isinstance(content, dict) else None
        items = [row for row in rows or () if isinstance(row, dict)]
        if stream.endpoint == "one":
            items = [content]
        found = tuple(_found(stream, items, answer, wanted))
        return page_after(
            Page(stream, records, found),
            content,
            answer,
            self._places,
            self.base_url,
            _path(stream),
            is_list=stream.endpoint in _LISTED,
        )


def _found(
    stream: Stream,
    items: Sequence[Mapping[str, Any]],
    answer: Answer,
    wanted: Wanted,
) -> Iterator[Stream]:
    """Comments and figures of posts, answers that a comment leaves out."""
    now = answer.observed_at.replace(tzinfo=UTC)
    if stream.endpoint == "comments":
        for comment in items:
            replies = comment.get("replies")
            paging = replies.get("paging") if isinstance(replies, dict) else None
            if isinstance(paging, dict) and "next" in paging:
                key = str(comment["id"])
                params = {"id": key, "root": stream.params["id"], "day": f"{now:%F}"}
                yield Stream(f"replies:{key}", "replies", params, _REPLIES)
    if stream.endpoint not in ("media", "one"):
        return
    zone = ZoneInfo(wanted.timezone)
    for post in items:
        try:
            moment = datetime.fromisoformat(str(post.get("timestamp")))
        except ValueError:
            continue
        day = moment.astimezone(zone).date()
        listed = stream.endpoint == "one"
        if not listed and not any(a <= day <= b for a, b in wanted.windows):
            continue
        key, total = str(post["id"]), post.get("comments_count", 1)
        is_young = now - moment <= timedelta(days=wanted.look_back_days)
        today = f"{now:%F}" if is_young else "late"
        if "comments" in wanted.collect and total:
            # An edit changes no number: once a day within the look-back.
            params = {"id": key, "total": str(total), "day": today}
            yield Stream(f"comments:{key}", "comments", params, _LISTS)
        if "counters" in wanted.collect:
            params = {"id": key, "metric": "views", "day": today}
            yield Stream(f"views:{key}", "insights", params, _FIGURES)


def _path(stream: Stream) -> str:
    edge = "" if stream.endpoint in ("user", "one") else f"/{stream.endpoint}"
    return f"{VERSION}/{stream.params['id']}{edge}"


def _shown(stream: Stream) -> dict[str, str]:
    own = ("id", "root", "total", "day")
    return {name: text for name, text in stream.params.items() if name not in own}


def _second(day: date, timezone: str) -> int:
    moment = datetime.combine(day, time(), ZoneInfo(timezone))
    return int(moment.astimezone(UTC).timestamp())


API = NetworkApi(
    lambda source, clock: InstagramApi(source.base_url or BASE_URL, clock=clock),
    BASE_URL,
    secrets=lambda source: (TOKEN,),
)
