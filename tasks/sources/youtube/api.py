"""YouTube's Data API v3, as the crawl reads it.

A project has 10,000 units a day for all lists, one a call, and a hundred searches apart
(its quota table of 2026; before, a search took a hundred of the units). A day begins at
midnight on the Pacific coast. Uploads are read from a channel's own list, for a search
is dear; comments again when a video's counter has changed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.answers import parsed, records_of_page
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer, Clock, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.youtube.records import split

BASE_URL = "https://www.googleapis.com"
KEY = "YOUTUBE_API_KEY"
_PACIFIC = ZoneInfo("America/Los_Angeles")

_LISTS = ("videos", "channels", "uploads", "comments", "replies")


@dataclass(frozen=True)
class PacificDays(Limit):
    """A limit whose days begin at midnight on the Pacific coast, in summer too."""

    def window(self, now: float) -> tuple[float, float]:
        """Start and end of the day that a moment lies in."""
        return self.start_of_later_window(now, 0), self.start_of_later_window(now, 1)

    def start_of_later_window(self, now: float, windows: float) -> float:
        """When the day begins that comes so many after the one of a moment."""
        if math.isinf(windows):
            return math.inf
        day = datetime.fromtimestamp(now, _PACIFIC).date()
        try:
            later = day + timedelta(days=int(windows))
        except OverflowError:
            return math.inf
        return datetime.combine(later, time(), _PACIFIC).timestamp()


LIMITS = (
    PacificDays("units-day", 10_000, DAY, _LISTS),
    PacificDays("searches-day", 100, DAY, ("search",)),
)

# Lower goes first.
_POSTS = 0
_BRANDS = 0
_SEARCH = 60
_THREADS = 100
_REPLIES = 200
# After all lists: of one day the newest observation of a profile counts.
_PROFILES = 400

ROWS = 100
# As many objects as one call looks up, and rows of a list that is no list of comments.
_AT_ONCE = 50

_METHODS = {
    "videos": "videos",
    "channels": "channels",
    "uploads": "playlistItems",
    "search": "search",
    "comments": "commentThreads",
    "replies": "comments",
}
_PARTS = {
    "videos": "snippet,statistics,status",
    "channels": "snippet,statistics,contentDetails",
    "uploads": "snippet,contentDetails",
    "search": "snippet",
    "comments": "snippet,replies",
    "replies": "snippet",
}
# What a stream's parameters hold for the request itself.
_ASKED = (
    "id", "playlistId", "videoId", "parentId", "q", "publishedAfter", "publishedBefore"
)  # fmt: skip
_QUOTA = ("quotaExceeded", "dailyLimitExceeded")
_SLOWER = ("rateLimitExceeded", "userRateLimitExceeded", "processingFailure")
_KEYS = ("keyInvalid", "keyExpired")


@dataclass(frozen=True)
class YouTubeApi:
    """YouTube as the crawl sees it.

    Attributes:
        limits: what may be asked.
        clock: for when a day ends.
        rows: of a page of comments.
        looked_up: channels that this run asks for.
    """

    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = SystemClock()
    rows: int = field(default_factory=lambda: ROWS)
    looked_up: set[str] = field(default_factory=set)

    def headers(self) -> dict[str, str]:
        """The project's key; in a header, for addresses are written down."""
        return {"x-goog-api-key": credential(KEY)}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Channels, whose lists of uploads follow; listed videos, searches."""
        zone = ZoneInfo(wanted.timezone)
        start = _time(wanted.first - timedelta(days=wanted.look_back_days), zone)
        day = f"{now:%Y-%m-%d}"
        self.looked_up.update(wanted.accounts)
        streams = [
            Stream(
                f"channels:{part[0]}",
                "channels",
                {"id": ",".join(part), "changed": day, "start": start},
                _BRANDS,
            )
            for part in _parts(wanted.accounts)
        ]
        streams += [
            _videos(part, day, _POSTS, listed="yes") for part in _parts(wanted.posts)
        ]
        if "search" in wanted.collect:
            streams += self._searches(wanted, start)
        return streams

    def _searches(self, wanted: Wanted, start: str) -> Iterator[Stream]:
        zone = ZoneInfo(wanted.timezone)
        for search in wanted.searches:
            text = search.text
            if text.startswith("#") and text.endswith("#"):
                text = text[:-1]  # a hashtag has one mark here
            elif not text.startswith("#"):
                text = '"' + text.replace('"', " ") + '"'
            last = min(search.last, wanted.last) + timedelta(days=1)
            params = {
                "q": text,
                "publishedAfter": max(start, _time(search.first, zone)),
                "publishedBefore": _time(last, zone),
            }
            if params["publishedAfter"] < params["publishedBefore"]:
                yield Stream(f"search:{_short(text)}", "search", params, _SEARCH)

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        endpoint = stream.endpoint
        params = {**_asked(stream), "part": _PARTS[endpoint]}
        if endpoint in ("comments", "replies"):
            # As it was written: HTML would have to be undone.
            params |= {"maxResults": str(self.rows), "textFormat": "plainText"}
        else:
            params["maxResults"] = str(_AT_ONCE)
        if endpoint == "comments":
            params["order"] = "time"
        if endpoint == "search":
            params |= {"type": "video", "order": "date"}
        if "id" in params:
            del params["maxResults"]  # not together with ids
        if stream.cursor:
            params["pageToken"] = str(stream.cursor["pageToken"])
        return Request(f"youtube/v3/{_METHODS[endpoint]}", params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        if answer.status < 400:
            return None
        reason, message = _told(parsed(answer))
        if reason in _QUOTA:
            now = self.clock.now()
            text = "YouTube's quota of a day is used up"
            return Trouble("rate", text, None, LIMITS[0].window(now)[1])
        if reason in _SLOWER or answer.status == 429:
            return Trouble("transient", "YouTube asks to slow down")
        if answer.status >= 500:
            return Trouble("transient", f"YouTube failed (HTTP {answer.status})")
        if reason == "commentsDisabled":
            return Trouble("end", "videos whose comments are closed")
        if answer.status == 404:
            return Trouble("absent", "videos or channels that YouTube does not show")
        if reason == "invalidPageToken":
            return Trouble("end", "lists whose place YouTube forgot")
        if reason == "accessNotConfigured":
            return Trouble(
                "fatal",
                f"the project of {KEY} may not use the YouTube Data API: enable it",
            )
        if reason in _KEYS or "API key" in message or answer.status == 401:
            return Trouble("token", f"the key is no longer valid: set another {KEY}")
        if answer.status == 403:
            return Trouble("end", "lists that YouTube does not show")
        return Trouble("fatal", f"YouTube refuses a call ({reason or answer.status})")

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        records = records_of_page(
            split,
            f"/youtube/v3/{_METHODS[stream.endpoint]}",
            _asked(stream),
            content,
            answer,
            root=stream.params.get("root"),
        )
        items = [item for item in content.get("items") or () if isinstance(item, dict)]
        found = [*self._found(stream, items, answer, wanted)]
        shown = {str(item.get("id")) for item in items}
        absent = tuple(
            (key, "videos or channels that YouTube does not show")
            for key in stream.params.get("id", "").split(",")
            if key and key not in shown
        )
        after = _go_on(stream, content, items)
        return Page(after, records, tuple(found), absent)

    def _found(
        self,
        stream: Stream,
        items: Sequence[Mapping[str, Any]],
        answer: Answer,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        now = answer.observed_at.replace(tzinfo=UTC)
        day = f"{now:%F}"
        if stream.endpoint == "channels" and "start" in stream.params:
            if "posts" in wanted.collect:
                yield from self._uploads(items, stream.params["start"], day)
        elif stream.endpoint in ("uploads", "search"):
            for part in _parts(_led_to(items)):
                yield _videos(part, day, _POSTS)
        elif stream.endpoint == "videos" and "comments" in wanted.collect:
            zone = ZoneInfo(wanted.timezone)
            for video in items:
                moment = _moment(video.get("snippet", {}).get("publishedAt"))
                total = video.get("statistics", {}).get("commentCount")
                if moment is None or not total or total == "0":
                    continue
                of = moment.astimezone(zone).date()
                if "listed" in stream.params or any(
                    a <= of <= b for a, b in wanted.windows
                ):
                    key = str(video["id"])
                    age = max((now - moment).total_seconds() / DAY, 0.0)
                    params = {"videoId": key, "total": str(total), "root": key}
                    priority = _THREADS + min(int(age), 99)
                    yield Stream(f"comments:{key}", "comments", params, priority)
        elif stream.endpoint in ("comments", "replies"):
            yield from self._further(stream, items, now, wanted)

    def _uploads(
        self, channels: Iterable[Mapping[str, Any]], start: str, day: str
    ) -> Iterator[Stream]:
        """The list that each channel keeps of its uploads."""
        for channel in channels:
            lists = channel.get("contentDetails", {}).get("relatedPlaylists", {})
            if uploads := lists.get("uploads"):
                params = {"playlistId": str(uploads), "start": start, "changed": day}
                yield Stream(f"uploads:{channel['id']}", "uploads", params, _POSTS)

    def _further(
        self,
        stream: Stream,
        items: Iterable[Mapping[str, Any]],
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """Answers that a thread leaves out, and profiles of who wrote."""
        authors: set[str] = set()
        for item in items:
            snippet = item.get("snippet", {})
            replies = (item.get("replies") or {}).get("comments") or []
            total = snippet.get("totalReplyCount", 0)
            if total > len(replies):
                params = {
                    "parentId": str(item["id"]),
                    "total": str(total),
                    "root": stream.params["root"],
                }
                yield Stream(f"replies:{item['id']}", "replies", params, _REPLIES)
            for comment in (snippet.get("topLevelComment"), item, *replies):
                channel = (comment or {}).get("snippet", {}).get("authorChannelId")
                if isinstance(channel, dict) and channel.get("value"):
                    authors.add(str(channel["value"]))
        if "profiles" in wanted.collect:
            new = sorted(authors - self.looked_up)
            self.looked_up.update(new)
            for part in _parts(new):
                params = {"id": ",".join(part), "changed": f"{now:%G-W%V}"}
                key = f"profiles:{_short(params['id'])}"
                yield Stream(key, "channels", params, _PROFILES)


def _videos(part: Sequence[str], day: str, priority: int, **more: str) -> Stream:
    params = {"id": ",".join(part), "changed": day, **more}
    kind = "listed" if more else "videos"
    return Stream(f"{kind}:{_short(params['id'])}", "videos", params, priority)


def _led_to(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Videos that a search found or a list of uploads holds."""
    found = []
    for item in items:
        key = item.get("id")
        inner = key if isinstance(key, dict) else item.get("contentDetails", {})
        if video := inner.get("videoId"):
            found.append(str(video))
    return list(dict.fromkeys(found))


def _go_on(
    stream: Stream, content: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> Stream:
    """The stream after a page: a list ends where no next page is named."""
    token = content.get("nextPageToken")
    start = stream.params.get("start")
    if stream.endpoint == "uploads" and start and items:
        # Newest first, and without an end: it is left where the days begin.
        published = items[-1].get("contentDetails", {}).get("videoPublishedAt")
        if isinstance(published, str) and published < start:
            token = None
    if isinstance(token, str) and token:
        return replace(stream, cursor={"pageToken": token})
    return replace(stream, cursor=None, state="done")


def _told(body: Any) -> tuple[str, str]:
    """The reason that an error names first, and what it says."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    reason = first.get("reason") if isinstance(first, dict) else None
    return str(reason or ""), str(error.get("message", ""))


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _asked(stream: Stream) -> dict[str, str]:
    return {name: text for name, text in stream.params.items() if name in _ASKED}


def _time(day: date, zone: ZoneInfo) -> str:
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


API = NetworkApi(
    lambda source, clock: YouTubeApi(clock=clock),
    BASE_URL,
    secrets=lambda source: (KEY,),
)
