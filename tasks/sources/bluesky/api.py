"""Bluesky's AppView (AT protocol), as the crawl reads it.

All but the search is public. A post counts its direct answers only, so that a thread is
read again once a day while its post is looked at; who liked and reposted, when the
counters changed. Profiles beside posts and likes have no counters: who acted is looked
up besides, once a run and, beside what did not change, once a week.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tasks.sources.answers import parsed, records_of_page
from tasks.sources.bluesky.records import split
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream

BASE_URL = "https://public.api.bsky.app"
# Where sessions are made; it passes on what it is asked of the AppView.
HOME = "https://bsky.social"
# A session's access token (`accessJwt`): the search needs one.
TOKEN = "BLUESKY_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

_WINDOW = 300.0
LIMITS = (Limit("calls-5-minutes", 3000, _WINDOW),)

# Lower goes first.
_POSTS = 0
_BRANDS = 40
_SEARCH = 60
_THREADS = 100
_LIKES = 200
# After all lists: of one day the newest observation of a profile counts.
_PROFILES = 400
_FOLLOWERS = 500

ROWS = 100
# As many accounts, or posts, as one call looks up.
_AT_ONCE = 25
# Of a thread as it is shown at once; what lies below is asked for by itself.
_DEPTH = "1000"

_METHODS = {
    "profiles": "app.bsky.actor.getProfiles",
    "posts": "app.bsky.feed.getPosts",
    "feed": "app.bsky.feed.getAuthorFeed",
    "search": "app.bsky.feed.searchPosts",
    "thread": "app.bsky.feed.getPostThread",
    "quotes": "app.bsky.feed.getQuotes",
    "reposts": "app.bsky.feed.getRepostedBy",
    "likes": "app.bsky.feed.getLikes",
    "followers": "app.bsky.graph.getFollowers",
}
# What a stream's parameters hold for the request itself.
_ASKED = ("uri", "actor", "actors", "uris", "q", "mentions", "since", "until")
_ABSENT = ("NotFound", "AccountTakedown", "AccountDeactivated", "RepoTakendown")
_BLOCKED = ("BlockedActor", "BlockedByActor")
_TOKENS = ("ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired")


@dataclass(frozen=True)
class BlueskyApi:
    """Bluesky as the crawl sees it.

    Attributes:
        home: what stands before paths of calls: another host where a session is used.
        has_session: calls are made with a session's token.
        limits: what may be asked.
        rows: of a list's page.
        looked_up: accounts whose profiles this run asks for.
    """

    home: str = ""
    has_session: bool = False
    limits: tuple[Limit, ...] = LIMITS
    rows: int = field(default_factory=lambda: ROWS)
    looked_up: set[str] = field(default_factory=set)

    def headers(self) -> dict[str, str]:
        """A session's token, where something needs one."""
        if not self.has_session:
            return {}
        return {"authorization": f"Bearer {credential(TOKEN)}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Profiles, posts and followers of accounts, listed posts, searches."""
        zone = ZoneInfo(wanted.timezone)
        first = wanted.first - timedelta(days=wanted.look_back_days)
        start = _time(first, zone)
        day = f"{now:%Y-%m-%d}"
        streams: list[Stream] = []
        if "profiles" in wanted.collect:
            streams += [
                Stream(f"brands:{part[0]}", "profiles", _actors(part, day), _BRANDS)
                for part in _parts(wanted.accounts)
            ]
        for account in wanted.accounts:
            named = {"actor": account}
            if "posts" in wanted.collect:
                # Newest first, and without an end: it is left where the days begin.
                own = {**named, "start": start, "day": day}
                streams.append(Stream(f"posts:{account}", "feed", own, _POSTS))
            if "search" in wanted.collect:
                mentioned = {
                    "q": "*",
                    "mentions": account,
                    "since": start,
                    "until": _time(wanted.last + timedelta(days=1), zone),
                }
                key = f"mentions:{account}"
                streams.append(Stream(key, "search", mentioned, _SEARCH))
            if "followers" in wanted.collect:
                key = f"followers:{account}"
                streams.append(Stream(key, "followers", named, _FOLLOWERS))
        # What campaigns list is looked up each time: counters, and whether it is
        # still there.
        for part in _parts([_uri(post) for post in wanted.posts]):
            params = {"uris": ",".join(part), "day": day}
            streams.append(Stream(f"listed:{_short(part[0])}", "posts", params, _POSTS))
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
                "since": max(start, _time(search.first, zone)),
                "until": _time(last, zone),
            }
            if params["since"] < params["until"]:
                yield Stream(f"search:{_short(text)}", "search", params, _SEARCH)

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        path = f"{self.home}/xrpc/{_METHODS[stream.endpoint]}".lstrip("/")
        params = _asked(stream)
        for name in ("actors", "uris"):
            if name in params:
                # A list is the parameter again and again.
                listed = urlencode([(name, one) for one in params[name].split(",")])
                return Request(f"{path}?{listed}", {})
        if stream.endpoint == "thread":
            return Request(path, {**params, "depth": _DEPTH, "parentHeight": "0"})
        params["limit"] = str(self.rows)
        if stream.endpoint == "feed":
            params |= {"filter": "posts_no_replies", "includePins": "false"}
        if stream.endpoint == "search":
            params["sort"] = "latest"
        if stream.cursor:
            params["cursor"] = str(stream.cursor["cursor"])
        return Request(path, params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        if answer.status < 400:
            return None
        body = parsed(answer)
        told = body if isinstance(body, dict) else {}
        error, message = str(told.get("error", "")), str(told.get("message", ""))
        if answer.status == 429:
            reset = answer.headers.get("ratelimit-reset", "")
            end = float(reset) if reset.isdigit() else None
            text = "Bluesky's calls of 5 minutes are used up"
            return Trouble("rate", text, LIMITS[0].name, end)
        if answer.status >= 500:
            return Trouble("transient", f"Bluesky failed (HTTP {answer.status})")
        if error in _TOKENS or answer.status == 401:
            text = f"the session is no longer valid: make another and set {TOKEN}"
            return Trouble("token", text)
        if error in _ABSENT or "not found" in message.lower():
            return Trouble("absent", "posts or accounts that Bluesky does not show")
        if error in _BLOCKED:
            return Trouble("end", "accounts that keep the reader out")
        if answer.status == 403:
            return Trouble(
                "fatal",
                "Bluesky refuses the call (HTTP 403): leave 'search' out of"
                f" `collect`, or set {TOKEN}",
            )
        if "cursor" in message.lower():
            return Trouble("end", "lists whose place Bluesky forgot")
        return Trouble("fatal", f"Bluesky refuses a call ({error or answer.status})")

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        records = records_of_page(
            split,
            f"/xrpc/{_METHODS[stream.endpoint]}",
            _asked(stream),
            content,
            answer,
            root=stream.params.get("root"),
        )
        told = content if isinstance(content, dict) else {}
        posts, actors = _shown(told)
        found = [*self._found(stream, told, posts, answer, wanted)]
        if "profiles" in wanted.collect and stream.endpoint not in (
            "profiles",
            "followers",
        ):
            week = f"{answer.observed_at:%G-W%V}"
            new = sorted(actors - self.looked_up)
            self.looked_up.update(new)
            for part in _parts(new):
                params = _actors(part, week)
                key = f"profiles:{_short(params['actors'])}"
                found.append(Stream(key, "profiles", params, _PROFILES))
        shown = {str(post.get("uri")) for post in posts}
        absent = tuple(
            (_key(uri), "posts that Bluesky does not show")
            for uri in stream.params.get("uris", "").split(",")
            if uri and uri not in shown
        )
        after = _go_on(stream, told)
        limits = _limits(answer)
        return Page(after, records, tuple(found), absent, told_limits=limits)

    def _found(
        self,
        stream: Stream,
        told: Mapping[str, Any],
        posts: Sequence[Mapping[str, Any]],
        answer: Answer,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        now = answer.observed_at.replace(tzinfo=UTC)
        root = stream.params.get("root")
        if stream.endpoint == "thread":
            for node in _cut_off(told.get("thread"), stream.params["uri"]):
                yield _of("thread", node, root or "", stream.priority, f"{now:%F}")
        elif stream.endpoint == "quotes":
            for post in posts:
                yield from self._spread(post, root or "", stream.priority, now, wanted)
        elif stream.endpoint in ("feed", "posts", "search"):
            zone = ZoneInfo(wanted.timezone)
            own = _reposted(told)
            for post in posts:
                moment = _moment(post)
                if moment is None or _refers(post) or post.get("uri") in own:
                    continue
                day = moment.astimezone(zone).date()
                listed = stream.endpoint == "posts"
                if listed or any(a <= day <= b for a, b in wanted.windows):
                    yield from self._thread(post, moment, now, wanted)
        # What others wrote about a post that is gone still stands.
        shown = {post.get("uri") for post in posts}
        for uri in stream.params.get("uris", "").split(","):
            if uri and uri not in shown and "reposts" in wanted.collect:
                yield _of("quotes", uri, uri, _THREADS, f"{now:%F}")

    def _thread(
        self,
        post: Mapping[str, Any],
        moment: datetime,
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """What belongs to a post."""
        uri = str(post["uri"])
        age = max((now - moment).total_seconds() / DAY, 0.0)
        priority = min(int(age), 99)
        if "comments" in wanted.collect and _count(post, "replyCount"):
            day = f"{now:%F}" if age <= wanted.look_back_days else "late"
            yield _of("thread", uri, uri, _THREADS + priority, day)
        yield from self._spread(post, uri, _THREADS + priority, now, wanted)
        if "likes" in wanted.collect and _count(post, "likeCount"):
            total = str(_count(post, "likeCount"))
            yield _of("likes", uri, None, _LIKES + priority, total)

    def _spread(
        self,
        post: Mapping[str, Any],
        root: str,
        priority: int,
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """Who reposted and quoted a post of a thread."""
        if "reposts" not in wanted.collect:
            return
        uri = str(post["uri"])
        reposts, quotes = _count(post, "repostCount"), _count(post, "quoteCount")
        if reposts:
            yield _of("reposts", uri, root, priority, str(reposts))
        if quotes:
            # A quote's own reposts change nothing here: once a day.
            yield _of("quotes", uri, root, priority, f"{quotes} {now:%F}")


def _of(
    endpoint: str, uri: str, root: str | None, priority: int, changed: str
) -> Stream:
    """A list of a post; read again where `changed` is another word than before."""
    params = {"uri": uri, "changed": changed}
    if root:
        params["root"] = root
    return Stream(f"{endpoint}:{_key(uri)}", endpoint, params, priority)


def _go_on(stream: Stream, told: Mapping[str, Any]) -> Stream:
    """The stream after a page: a list ends where it names no place to go on at."""
    cursor = told.get("cursor")
    start = stream.params.get("start")
    if isinstance(cursor, str) and cursor and not (start and _is_past(told, start)):
        return replace(stream, cursor={"cursor": cursor})
    return replace(stream, cursor=None, state="done")


def _is_past(told: Mapping[str, Any], start: str) -> bool:
    """Whether a page of a feed, newest first, ends before a time."""
    for item in reversed(told.get("feed") or []):
        reason = item.get("reason") or {}
        moment = reason.get("indexedAt") or item.get("post", {}).get("indexedAt")
        if isinstance(moment, str):
            return moment < start
    return False


def _shown(
    told: Mapping[str, Any],
) -> tuple[list[Mapping[str, Any]], set[str]]:
    """The posts of an answer, and the accounts of all that it shows."""
    posts: list[Mapping[str, Any]] = []
    actors: set[str] = set()
    waiting: list[Any] = [told.get("thread"), *_items(told.get("feed"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict) and isinstance(node.get("post"), dict):
            posts.append(node["post"])
            waiting += _items(node.get("replies"))
    posts += [post for post in _items(told.get("posts")) if isinstance(post, dict)]
    holders = [post.get("author") for post in posts]
    holders += [like.get("actor") for like in _items(told.get("likes"))]
    holders += _items(told.get("repostedBy"))
    for holder in holders:
        if isinstance(holder, dict) and isinstance(holder.get("did"), str):
            actors.add(holder["did"])
    return posts, actors


def _reposted(told: Mapping[str, Any]) -> set[str]:
    """Posts of others that stand in a feed because its owner reposted them."""
    return {
        str(item["post"].get("uri"))
        for item in _items(told.get("feed"))
        if isinstance(item.get("reason"), dict) and "by" in item["reason"]
    }


def _cut_off(thread: Any, asked: str) -> Iterator[str]:
    """Posts whose answers a thread leaves out, though there are some."""
    waiting = [thread]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict) or not isinstance(node.get("post"), dict):
            continue
        replies = _items(node.get("replies"))
        waiting += replies
        post = node["post"]
        if not replies and _count(post, "replyCount") and post.get("uri") != asked:
            yield str(post["uri"])


def _limits(answer: Answer) -> tuple[tuple[str, int, int], ...]:
    """What the answer's headers tell of the limit of calls, where it is that one."""
    limit = answer.headers.get("ratelimit-limit", "")
    left = answer.headers.get("ratelimit-remaining", "")
    policy = answer.headers.get("ratelimit-policy", "")
    if not (limit.isdigit() and left.isdigit()):
        return ()
    if policy and f"w={int(_WINDOW)}" not in policy:
        return ()
    return ((LIMITS[0].name, int(limit), int(left)),)


def _refers(post: Mapping[str, Any]) -> bool:
    """Whether a post answers or quotes another one."""
    record = post.get("record")
    if not isinstance(record, dict):
        return False
    if record.get("reply"):
        return True
    return "/app.bsky.feed.post/" in str((record.get("embed") or {}).get("record"))


def _count(post: Mapping[str, Any], name: str) -> int:
    value = post.get(name)
    return value if type(value) is int else 1  # not told: there may be some


def _moment(post: Mapping[str, Any]) -> datetime | None:
    record = post.get("record")
    text = record.get("createdAt") if isinstance(record, dict) else None
    try:
        moment = datetime.fromisoformat(str(text or post.get("indexedAt")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _asked(stream: Stream) -> dict[str, str]:
    return {name: text for name, text in stream.params.items() if name in _ASKED}


def _actors(part: Sequence[str], when: str) -> dict[str, str]:
    return {"actors": ",".join(part), "changed": when}


def _uri(post_id: str) -> str:
    """A post's address in the protocol, from its id here."""
    did, _, key = post_id.partition("/post/")
    return f"at://{did}/app.bsky.feed.post/{key}"


def _key(uri: str) -> str:
    """A post's id here, from its address in the protocol."""
    return uri.removeprefix("at://").replace("/app.bsky.feed.post/", "/post/")


def _time(day: date, zone: ZoneInfo) -> str:
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    listed = list(keys)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]


def _make(parts: Iterable[str], base_url: str | None) -> BlueskyApi:
    has_session = "search" in parts
    home = HOME if has_session and base_url is None else ""
    return BlueskyApi(home, has_session)


API = NetworkApi(
    lambda source, clock: _make(source.parts, source.base_url),
    BASE_URL,
    other_hosts=(HOME,),
    secrets=lambda source: (TOKEN,) if "search" in source.parts else (),
)
