"""A Mastodon instance's REST API, as the crawl reads it.

An instance tells what it knows: its own accounts whole, others as far as it was told
of them. Lists go on where the `Link` header says. Counters are of direct answers, so
that a thread is read again once a day while its status is looked at. Words are not
searched, only hashtags: an instance finds words where the author allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from tasks.sources.answers import parsed, records_of_page
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.mastodon.records import site_key, split

# An application's token: where an instance shows readers too little, and for threads of
# more than sixty answers.
TOKEN = "MASTODON_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

_WINDOW = 300.0
LIMITS = (Limit("calls-5-minutes", 300, _WINDOW),)

# Lower goes first.
_POSTS = 0
_BRANDS = 40
_SEARCH = 60
_THREADS = 100
_LIKES = 200
_FOLLOWERS = 500

# Rows of a list's page, at most: of statuses, of accounts.
STATUSES = 40
ACCOUNTS = 80
# As many statuses as one call looks up.
_AT_ONCE = 20

_PATHS = {
    "account": "api/v1/accounts/{id}",
    "statuses": "api/v1/statuses",
    "timeline": "api/v1/accounts/{id}/statuses",
    "hashtag": "api/v1/timelines/tag/{hashtag}",
    "context": "api/v1/statuses/{id}/context",
    "quotes": "api/v1/statuses/{id}/quotes",
    "reblogs": "api/v1/statuses/{id}/reblogged_by",
    "likes": "api/v1/statuses/{id}/favourited_by",
    "followers": "api/v1/accounts/{id}/followers",
}
_OF_ACCOUNTS = ("reblogs", "likes", "followers")
_OF_STATUSES = ("timeline", "hashtag", "quotes")
# Newest first, and read down to a day.
_BY_TIME = ("timeline", "hashtag")


@dataclass(frozen=True)
class MastodonApi:
    """An instance as the crawl sees it.

    Attributes:
        base_url: address of the instance.
        limits: what may be asked.
        statuses: rows of a page of these.
        accounts: the like.
    """

    base_url: str
    limits: tuple[Limit, ...] = LIMITS
    statuses: int = field(default_factory=lambda: STATUSES)
    accounts: int = field(default_factory=lambda: ACCOUNTS)

    def headers(self) -> dict[str, str]:
        """An application's token where one is set; most of it needs none."""
        token = credential(TOKEN)
        return {"authorization": f"Bearer {token}"} if token else {}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Accounts, their statuses and followers, listed statuses, hashtags."""
        zone = ZoneInfo(wanted.timezone)
        start = _time(wanted.first - timedelta(days=wanted.look_back_days), zone)
        day = f"{now:%Y-%m-%d}"
        streams: list[Stream] = []
        for account in self._own(wanted.accounts):
            named = {"id": account}
            if "profiles" in wanted.collect:
                params = {**named, "day": day}
                streams.append(Stream(f"account:{account}", "account", params, _BRANDS))
            if "posts" in wanted.collect:
                params = {**named, "start": start, "day": day}
                streams.append(Stream(f"posts:{account}", "timeline", params, _POSTS))
            if "followers" in wanted.collect:
                key = f"followers:{account}"
                streams.append(Stream(key, "followers", named, _FOLLOWERS))
        # What campaigns list is looked up each time: counters, and whether it is
        # still there.
        listed = self._own(wanted.posts)
        for at in range(0, len(listed), _AT_ONCE):
            part = ",".join(listed[at : at + _AT_ONCE])
            params = {"ids": part, "day": day}
            streams.append(Stream(f"listed:{listed[at]}", "statuses", params, _POSTS))
        if "search" in wanted.collect:
            streams += self._hashtags(wanted, start, day)
        return streams

    def _own(self, keys: Sequence[str]) -> list[str]:
        """Ids that this instance gave, without its name."""
        site = site_key(self.base_url)
        parts = [key.rpartition(":") for key in keys]
        return [number for of, _, number in parts if of in ("", site)]

    def _hashtags(self, wanted: Wanted, start: str, day: str) -> Iterator[Stream]:
        zone = ZoneInfo(wanted.timezone)
        for search in wanted.searches:
            hashtag = search.text.strip("#")
            if hashtag == search.text or not re.fullmatch(r"\w+", hashtag):
                continue
            first = max(start, _time(search.first, zone))
            params = {"hashtag": hashtag, "start": first, "day": day}
            yield Stream(f"hashtag:{hashtag}", "hashtag", params, _SEARCH)

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        path = _path(stream)
        if stream.endpoint == "statuses":
            listed = [("id[]", key) for key in stream.params["ids"].split(",")]
            return Request(f"{path}?{urlencode(listed)}", {})
        params: dict[str, str] = {}
        if stream.endpoint in _OF_STATUSES:
            params["limit"] = str(self.statuses)
        if stream.endpoint in _OF_ACCOUNTS:
            params["limit"] = str(self.accounts)
        if stream.endpoint == "timeline":
            params |= {"exclude_replies": "true", "exclude_reblogs": "true"}
        if stream.cursor:
            params["max_id"] = str(stream.cursor["max_id"])
        return Request(path, params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        if answer.status < 400:
            return None
        body = parsed(answer)
        error = str(body.get("error", "")) if isinstance(body, dict) else ""
        if answer.status == 429:
            text = "the instance's calls of 5 minutes are used up"
            return Trouble("rate", text, LIMITS[0].name, _reset(answer))
        if answer.status >= 500:
            return Trouble("transient", f"the instance failed (HTTP {answer.status})")
        if answer.status == 401 and credential(TOKEN):
            text = f"the token is no longer valid: make another and set {TOKEN}"
            return Trouble("token", text)
        if answer.status in (401, 403, 422) and not credential(TOKEN):
            return Trouble(
                "fatal",
                f"the instance shows this to members only: set {TOKEN}, or leave out a"
                " part in `collect`",
            )
        if answer.status == 403:
            return Trouble("end", "lists that the instance does not show")
        if answer.status in (404, 410):
            return Trouble(
                "absent", "statuses or accounts that the instance does not show"
            )
        return Trouble(
            "fatal", f"the instance refuses a call ({error or answer.status})"
        )

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        address = f"{self.base_url.rstrip('/')}/{_path(stream)}"
        asked = {
            name: stream.params[name] for name in ("ids",) if name in stream.params
        }
        records = records_of_page(
            split, address, asked, content, answer, root=stream.params.get("root")
        )
        rows = content if isinstance(content, list) else []
        if stream.endpoint == "context":
            rows = content["descendants"]
        statuses = [row for row in rows if isinstance(row, dict) and "content" in row]
        found = tuple(self._found(stream, statuses, answer, wanted))
        shown = {str(row.get("id")) for row in statuses}
        absent = tuple(
            (key, "statuses that the instance does not show")
            for key in asked.get("ids", "").split(",")
            if key and key not in shown
        )
        after = _go_on(stream, statuses, answer)
        return Page(after, records, found, absent, told_limits=_limits(answer))

    def _found(
        self,
        stream: Stream,
        statuses: Sequence[Mapping[str, Any]],
        answer: Answer,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        now = answer.observed_at.replace(tzinfo=UTC)
        root = stream.params.get("root", "")
        if stream.endpoint == "context":
            above = {str(status.get("in_reply_to_id")) for status in statuses}
            for status in statuses:
                # Cut off here, for a thread shows so many levels and so many rows.
                if str(status["id"]) not in above and _count(status, "replies_count"):
                    yield _of("context", status, root, stream.priority, f"{now:%F}")
            return
        if stream.endpoint == "quotes":
            for status in statuses:
                yield from self._spread(status, root, stream.priority, now, wanted)
            return
        zone = ZoneInfo(wanted.timezone)
        is_listed = stream.endpoint == "statuses"
        for status in statuses:
            moment = _moment(status)
            if moment is None or status.get("in_reply_to_id") or status.get("quote"):
                continue
            day = moment.astimezone(zone).date()
            if is_listed or any(a <= day <= b for a, b in wanted.windows):
                yield from self._thread(status, moment, now, wanted)

    def _thread(
        self,
        status: Mapping[str, Any],
        moment: datetime,
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """What belongs to a status."""
        root = str(status["id"])
        age = max((now - moment).total_seconds() / DAY, 0.0)
        priority = min(int(age), 99)
        if "comments" in wanted.collect and _count(status, "replies_count"):
            day = f"{now:%F}" if age <= wanted.look_back_days else "late"
            yield _of("context", status, root, _THREADS + priority, day)
        yield from self._spread(status, root, _THREADS + priority, now, wanted)
        if "likes" in wanted.collect and _count(status, "favourites_count"):
            total = str(_count(status, "favourites_count"))
            yield _of("likes", status, "", _LIKES + priority, total)

    def _spread(
        self,
        status: Mapping[str, Any],
        root: str,
        priority: int,
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """Who boosted and quoted a status of a thread."""
        if "reposts" not in wanted.collect:
            return
        if boosts := _count(status, "reblogs_count"):
            yield _of("reblogs", status, root, priority, str(boosts))
        # Who quoted a status is shown to its author alone.
        if (quotes := status.get("quotes_count")) and credential(TOKEN):
            yield _of("quotes", status, root, priority, f"{quotes} {now:%F}")


def _of(
    endpoint: str, status: Mapping[str, Any], root: str, priority: int, changed: str
) -> Stream:
    """A list of a status; read again where `changed` is another word than before."""
    params = {"id": str(status["id"]), "changed": changed}
    if root:
        params["root"] = root
    return Stream(f"{endpoint}:{status['id']}", endpoint, params, priority)


def _go_on(
    stream: Stream, statuses: Sequence[Mapping[str, Any]], answer: Answer
) -> Stream:
    """The stream after a page: a list ends where no next page is named."""
    done = replace(stream, cursor=None, state="done")
    if stream.endpoint not in (*_OF_ACCOUNTS, *_OF_STATUSES):
        return done
    start = stream.params.get("start")
    # As the API writes times, a text tells which is earlier.
    last = str(statuses[-1].get("created_at", "")) if statuses else ""
    if stream.endpoint in _BY_TIME and start and last and last < start:
        return done
    place = _next(answer.headers.get("link", ""))
    return replace(stream, cursor={"max_id": place}) if place else done


def _next(links: str) -> str | None:
    """The place of the next page that a `Link` header names."""
    for address, rest in re.findall(r"<([^>]*)>([^<]*)", links):
        if re.search(r'rel="?next"?', rest):
            found = parse_qs(urlsplit(address).query).get("max_id")
            return found[0] if found else None
    return None


def _reset(answer: Answer) -> float | None:
    """When the limit begins anew, as the answer tells it."""
    try:
        text = answer.headers.get("x-ratelimit-reset", "")
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _limits(answer: Answer) -> tuple[tuple[str, int, int], ...]:
    """What the answer's headers tell of the limit of calls, where it is that one."""
    limit = answer.headers.get("x-ratelimit-limit", "")
    left = answer.headers.get("x-ratelimit-remaining", "")
    reset = _reset(answer)
    now = answer.observed_at.replace(tzinfo=UTC).timestamp()
    if not (limit.isdigit() and left.isdigit()) or reset is None:
        return ()
    # Of several limits the header tells the nearest; other windows are longer.
    if reset - now > _WINDOW:
        return ()
    return ((LIMITS[0].name, int(limit), int(left)),)


def _count(status: Mapping[str, Any], name: str) -> int:
    value = status.get(name)
    return value if type(value) is int else 1  # not told: there may be some


def _moment(status: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _path(stream: Stream) -> str:
    return _PATHS[stream.endpoint].format(
        id=stream.params.get("id", ""), hashtag=quote(stream.params.get("hashtag", ""))
    )


def _time(day: date, zone: ZoneInfo) -> str:
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# An instance may be somebody's own, on a small host.
API = NetworkApi(
    lambda source, clock: MastodonApi(source.base_url or ""),
    None,
    rows_a_call=ACCOUNTS,
    max_in_flight=2,
)
