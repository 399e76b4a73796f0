"""Threads' Graph API, as the crawl reads a company's own account.

The account is the token's. A place in a list is kept in memory only, as with the other
networks of Meta; a killed run begins the list anew, and rows merge by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tasks.sources.answers import records_of_page
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import Request, Search, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.graph import graph_trouble, page_after
from tasks.sources.crawl.http_client import Answer, Clock, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.json_text import dump_record
from tasks.sources.threads.records import split

BASE_URL = "https://graph.threads.net"
# Both answer alike, and a page may lead on to the other one.
_HOSTS = ("graph.threads.net", "graph.threads.com")
VERSION = "v1.0"
TOKEN = "THREADS_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

# 4,800 calls a day for each time that the account was shown, ten at least: how often,
# nobody knows before. Searches of an account's day, those that find something.
LIMITS = (
    Limit("account-day", 48_000, DAY),
    Limit("searches-day", 2200, DAY, endpoints=("keyword_search",)),
)

# Lower goes first.
_TOKEN_ENDS = -1
_POSTS = 0
_COUNTS = 10
_PROFILES = 40
_SEARCH = 60
_LISTS = 100
_FIGURES = 300
ROWS = 100
_POST = (
    "id,media_type,permalink,username,text,timestamp,is_quote_post,has_replies,"
    "is_reply,topic_tag,link_attachment_url"
)
_FIELDS = {
    "me": (
        "id,username,name,threads_profile_picture_url,threads_biography,is_verified"
    ),
    "threads": f"{_POST},children,quoted_post,reposted_post",
    "one": f"{_POST},children,quoted_post,reposted_post",
    # Whose these are, is told by name alone.
    "mentions": _POST,
    "keyword_search": _POST,
    "conversation": (
        "id,text,username,timestamp,media_type,has_replies,root_post,replied_to,"
        "is_reply,hide_status"
    ),
}
_LISTED = ("threads", "mentions", "keyword_search", "conversation")
# All of a post in one call: each exists for every post.
_METRICS = "views,likes,replies,reposts,quotes"


@dataclass(frozen=True)
class ThreadsApi:
    """Threads as the crawl sees it.

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
        """The account and its posts, who calls it, searches, posts that are listed."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        window = _window(first, wanted.last, wanted.timezone)
        streams = [Stream("token", "debug_token", {}, _TOKEN_ENDS)]
        if "profiles" in wanted.collect:
            streams.append(Stream("me", "me", {}, _PROFILES))
        if "posts" in wanted.collect:
            streams.append(Stream("posts", "threads", dict(window), _POSTS))
        streams += [
            Stream(f"post:{post}", "one", {"id": post}, _POSTS) for post in wanted.posts
        ]
        if "search" in wanted.collect:
            streams.append(Stream("mentions", "mentions", dict(window), _SEARCH))
            streams += [
                stream
                for search in wanted.searches
                for stream in _searches(search, first, wanted)
            ]
        return streams

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        if stream.endpoint == "debug_token":
            secrets = {"input_token": credential(TOKEN)}
            return Request(_path(stream), {}, secrets=secrets, is_optional=True)
        params = _shown(stream)
        if stream.endpoint in _LISTED:
            params["limit"] = str(self.rows)
        if stream.endpoint in _FIELDS:
            params["fields"] = _FIELDS[stream.endpoint]
        if stream.endpoint == "threads_insights":
            params["metric"] = "followers_count"
            # An account with few followers is not told how many.
            return Request(_path(stream), params, is_optional=True)
        if stream.cursor:
            params |= self._places.get(stream.key, {})
        return Request(_path(stream), params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        return graph_trouble(answer, "Threads", TOKEN, self.clock.now(), None)

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        path = _path(stream)
        page = Page(stream)
        if stream.endpoint == "debug_token":
            # When it ends, and nothing else of it.
            ends = content["data"].get("expires_at")
            if isinstance(ends, int) and ends:
                page = Page(stream, facts=(("token_expires_at", ends),))
        else:
            told = _shown(stream)
            if "_profile" in stream.params:
                told["profile"] = stream.params["_profile"]
            records = records_of_page(
                split, f"/{path}", told, content, answer, root=stream.params.get("root")
            )
            rows = content.get("data") if isinstance(content, dict) else None
            items = [row for row in rows or () if isinstance(row, dict)]
            if stream.endpoint in ("one", "me"):
                items = [content]
            page = Page(stream, records, tuple(_found(stream, items, answer, wanted)))
        return page_after(
            page,
            _here(content, self.base_url, path),
            answer,
            self._places,
            self.base_url,
            path,
            is_list=stream.endpoint in _LISTED,
        )


def _found(
    stream: Stream,
    items: Sequence[Mapping[str, Any]],
    answer: Answer,
    wanted: Wanted,
) -> Iterator[Stream]:
    """Replies and figures of the account's posts; its followers."""
    now = answer.observed_at.replace(tzinfo=UTC)
    if stream.endpoint == "me":
        for user in items:
            # The profile goes along: of one moment there is one reading.
            params = {"day": f"{now:%F}", "_profile": dump_record(dict(user))}
            yield Stream("followers", "threads_insights", params, _FIGURES)
    if stream.endpoint not in ("threads", "one"):
        return
    zone = ZoneInfo(wanted.timezone)
    for post in items:
        try:
            moment = datetime.fromisoformat(str(post.get("timestamp")))
            day = moment.astimezone(zone).date()
        except (ValueError, OverflowError):
            continue
        if isinstance(post.get("reposted_post"), dict):
            continue
        listed = stream.endpoint == "one"
        if not listed and not any(a <= day <= b for a, b in wanted.windows):
            continue
        key = str(post["id"])
        # No count in a list says that replies have come: once a day as long as they
        # may, and once more later.
        is_young = now - moment <= timedelta(days=wanted.look_back_days)
        today = f"{now:%F}" if is_young else "late"
        if "comments" in wanted.collect and post.get("has_replies") is not False:
            params = {"id": key, "root": key, "day": today}
            yield Stream(f"replies:{key}", "conversation", params, _LISTS)
        if "counters" in wanted.collect:
            params = {"id": key, "metric": _METRICS, "day": today}
            yield Stream(f"figures:{key}", "insights", params, _COUNTS)


def _searches(search: Search, first: date, wanted: Wanted) -> Iterator[Stream]:
    """A hashtag as the tag that a post has, a keyword anywhere in its words."""
    start, end = max(search.first, first), min(search.last, wanted.last)
    if start > end:
        return
    is_tag = search.text.startswith("#")
    params = {
        "q": search.text.strip("# "),
        "search_mode": "TAG" if is_tag else "KEYWORD",
        "search_type": "RECENT",
        **_window(start, end, wanted.timezone),
    }
    key = f"search:{params['search_mode']}:{params['q']}:{start}:{end}"
    yield Stream(key, "keyword_search", params, _SEARCH)


def _here(content: Any, base_url: str, path: str) -> Any:
    """An answer whose next page, at either host and under any name, is asked here.

    The account of a token has a name for itself, `me`, and pages lead on by its number.
    """
    paging = content.get("paging") if isinstance(content, dict) else None
    address = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(address, str):
        return content
    parts = urlsplit(address)
    edge = path.rpartition("/")[2]
    hosts = {*_HOSTS, urlsplit(base_url).netloc}
    if parts.netloc not in hosts or parts.path.rpartition("/")[2] != edge:
        return content
    return {**content, "paging": {"next": f"{base_url}/{path}?{parts.query}"}}


def _path(stream: Stream) -> str:
    if stream.endpoint in ("me", "debug_token", "keyword_search"):
        return f"{VERSION}/{stream.endpoint}"
    edge = "" if stream.endpoint == "one" else f"/{stream.endpoint}"
    return f"{VERSION}/{stream.params.get('id', 'me')}{edge}"


def _shown(stream: Stream) -> dict[str, str]:
    own = ("id", "root", "day", "_profile")
    return {name: text for name, text in stream.params.items() if name not in own}


def _window(first: date, last: date, timezone: str) -> dict[str, str]:
    return {
        "since": str(_second(first, timezone)),
        "until": str(_second(last + timedelta(days=1), timezone)),
    }


def _second(day: date, timezone: str) -> int:
    moment = datetime.combine(day, time(), ZoneInfo(timezone))
    return int(moment.astimezone(UTC).timestamp())


API = NetworkApi(
    lambda source, clock: ThreadsApi(source.base_url or BASE_URL, clock=clock),
    BASE_URL,
    secrets=lambda source: (TOKEN,),
)
