"""Weibo's open API v2 and its commercial endpoints.

What is asked and how often follows from the campaigns: the posts of brands'
accounts, posts that campaigns list, posts that carry their hashtags; of those
the reposts, comments and counters. Endpoints, paging and errors as the pages
under open.weibo.com/wiki describe them and as recorded answers show.

Paging: `since_id` is exclusive, `max_id` inclusive, new rows come first. A short
page is not the last one and `total_number` is not to be believed: a list ends
with an empty page (or with an old enough one).
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.crawl.budget import DAY, HOUR, Limit
from tasks.sources.crawl.crawler import Kind, Request, Search, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer, Clock, FetchError, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Record, Stream
from tasks.sources.json_text import dump_bytes, parse_json
from tasks.warehouse.configuration import Source

BASE_URL = "https://api.weibo.com"
COMMERCIAL_URL = "https://c.api.weibo.com"
TOKEN = "WEIBO_ACCESS_TOKEN"
APP_SECRET = "WEIBO_APP_SECRET"

# Days begin at midnight in China.
_CHINA = 8 * 3600.0
# The official text of today, of one user and of one address. A contract may say
# otherwise: `limits` in workspace.toml.
_USER_HOUR = Limit("user-hour", 1000, HOUR, by_contract=True)
LIMITS = (
    Limit("user-day", 100, DAY, offset=_CHINA),
    Limit("ip-hour", 15_000, HOUR),
    _USER_HOUR,
)
COMMERCIAL_LIMITS = (
    Limit("ip-hour", 50_000, HOUR),
    Limit("user-day", 100, DAY, offset=_CHINA, by_contract=True),
    _USER_HOUR,
)

# Lower goes first; reposts and comments are ordered by the post's age besides.
_LIMITS = -1
_POSTS = 0
_COUNTS = 10
_PROFILES = 40
_SEARCH = 60
_LISTS = 100
_AGAIN = 300
_FOLLOWERS = 500

# Rows a page may have, and those of a watermark's overlap that are read twice.
_ROWS = 200
_OVERLAP = 50
# By so much the platform's clock and ours may differ.
_SKEW = 300.0
# A profile is read whole so often; between, its counts are. An account whose posts'
# reads the contract does not show is asked for again after as long.
_PROFILE_DAYS = 7
_READS_DAYS = 7
# Posts a call of those that tell counters.
_COUNTED_A_CALL = 100
# So many accounts a call: whole, with the commercial endpoints, and their counts.
_PROFILES_A_CALL = 50
_COUNTS_A_CALL = 100
# Of a historical search: what an archive may hold, and may be unpacked. A window
# with more posts is halved; the platform itself cuts archives at two million.
_MOST_POSTS = 50_000
_MAX_UNPACKED = 1 << 29
# So long the platform keeps it.
_TASK_SECONDS = 7 * DAY
# Counters are read again when a post is so old.
_SAMPLES = (
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
)

_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
        + ("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        start=1,
    )
}

_ERRORS: dict[int, tuple[Kind, str]] = {
    **dict.fromkeys(
        (10001, 10002, 10003, 10009, 10010, 10011),
        ("transient", "the platform is busy"),
    ),
    10022: ("rate", "the address's calls of this hour are used up"),
    10023: ("rate", "the user's calls are used up"),
    10024: ("rate", "the user's calls of one endpoint are used up"),
    **dict.fromkeys(
        (21314, 21315, 21316, 21317, 21319, 21327, 21332),
        ("token", f"the token is no longer valid: authorise again and set {TOKEN}"),
    ),
    20003: ("absent", "accounts that no longer exist"),
    20101: ("absent", "posts that no longer exist"),
    20112: ("absent", "posts whose author shows them to few"),
    20201: ("absent", "comments that no longer exist"),
    21411: ("end", "searches of which the platform shows the newest only"),
    10005: ("fatal", "the app may not use an endpoint (10005): ask for the permission"),
    10006: ("fatal", f"no token was accepted (10006): set {TOKEN}"),
    10014: (
        "fatal",
        "the app may not use an endpoint (10014): leave out a part in `collect`, or"
        " ask for the permission",
    ),
    10020: ("fatal", "the API does not know an endpoint (10020): check `base_url`"),
    10021: ("fatal", "the API refuses a method (10021)"),
    21309: ("fatal", f"the signature is wrong (21309): check {APP_SECRET}"),
    21321: ("fatal", "the app has not been reviewed yet (21321)"),
    # Not fatal: competitors are brands of the workspace too.
    21335: (
        "end",
        "accounts whose posts the API shows to themselves only (21335): with the"
        " commercial endpoints set `commercial = true`, else list post_ids",
    ),
    21337: ("fatal", "the app key lacks a permission (21337)"),
}


@dataclass(frozen=True)
class WeiboApi:
    """Weibo as the crawl sees it.

    Attributes:
        base_url: of the API, or of a proxy of one's own.
        commercial: the app has the endpoints of c.api.weibo.com.
        limits: what may be asked.
        clock: for signatures.
    """

    base_url: str = BASE_URL
    commercial: bool = False
    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = SystemClock()

    def headers(self) -> dict[str, str]:
        """The token goes in a header: in an address it would end up in logs."""
        return {"authorization": f"OAuth2 {credential(TOKEN)}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Posts of accounts and of campaigns, searches, profiles, due counters."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        start = str(_second(first, wanted.timezone))
        end = str(_second(wanted.last + timedelta(days=1), wanted.timezone))
        streams = list(_account_streams(state, now))
        if "posts" in wanted.collect:
            endpoint = "statuses/user_timeline"
            if self.commercial:
                endpoint += "/other"
            for uid in wanted.accounts:
                params = {"uid": uid, "start_time": start, "end_time": end}
                if self._asks_reads(uid, wanted, state, now):
                    params["_reads"] = "asked"
                streams.append(Stream(f"posts:{uid}", endpoint, params, _POSTS))
        # Shown once; whether its lists have changed, the counters tell, a hundred
        # posts a call.
        shown = {stream.key for stream in state.streams("done") if not stream.note}
        streams += [
            Stream(f"post:{post}", "statuses/show", {"id": post}, _POSTS)
            for post in wanted.posts
            if f"post:{post}" not in shown
        ]
        if "profiles" in wanted.collect and state.is_new_pass:
            streams += self._profiles(wanted.accounts, state, now)
        if "followers" in wanted.collect:
            streams += [
                Stream(
                    f"followers:{uid}",
                    "friendships/followers",
                    {"uid": uid},
                    _FOLLOWERS,
                )
                for uid in wanted.accounts
            ]
        for search in wanted.searches:
            streams += self._searches(wanted, search, now)
        # Once a pass: what it finds tells its counters itself.
        if "counters" in wanted.collect and state.is_new_pass:
            streams += _due_counters(state, now, wanted.look_back_days)
        return streams

    def _asks_reads(
        self, uid: str, wanted: Wanted, state: CrawlState, now: datetime
    ) -> bool:
        """Whether to ask how often an account's posts were read.

        Weibo shows that to commercial apps, of the token's own account and of media
        accounts of the contract; nobody else's posts are in its answer.
        """
        if not self.commercial or "counters" not in wanted.collect:
            return False
        asked, told = (state.fact(f"reads_{what}:{uid}") for what in ("asked", "told"))
        if asked is None or (told is not None and told >= asked):
            return True
        return abs(now.timestamp() - float(asked)) >= _READS_DAYS * DAY

    def _profiles(
        self, accounts: Iterable[str], state: CrawlState, now: datetime
    ) -> Iterator[Stream]:
        """Whole profiles of accounts that are due, counts of the others."""
        due: list[str] = []
        known: list[str] = []
        for uid in accounts:
            read = state.fact(f"profile:{uid}")
            is_due = (
                read is None
                or now.timestamp() - float(read) >= _PROFILE_DAYS * DAY
                or float(read) > now.timestamp()
            )
            (due if is_due else known).append(uid)
        if self.commercial:
            yield from _batches(
                "profiles", "users/show_batch/other", due, _PROFILES_A_CALL
            )
        else:
            for uid in due:
                yield Stream(f"profile:{uid}", "users/show", {"uid": uid}, _PROFILES)
        yield from _batches("followings", "users/counts", known, _COUNTS_A_CALL)

    def _searches(
        self, wanted: Wanted, search: Search, now: datetime
    ) -> Iterator[Stream]:
        first = max(search.first, wanted.first - timedelta(days=wanted.look_back_days))
        last = min(search.last, wanted.last)
        end = _second(last + timedelta(days=1), wanted.timezone) - 1
        is_historical = self.commercial and "historical" in wanted.collect
        if is_historical:
            # The archive ends with yesterday, as China counts.
            midnight = (now.timestamp() + _CHINA) // DAY * DAY - _CHINA
            end = min(end, int(midnight) - 1)
        start = _second(first, wanted.timezone)
        if start > end:
            return
        text = search.text
        key = hashlib.sha256(f"{text}|{first}|{last}".encode()).hexdigest()[:16]
        if not self.commercial:
            if "search" in wanted.collect:
                yield Stream(f"search:{key}", "search/topics", {"q": text}, _SEARCH)
            return
        params = {"q": text, "starttime": str(start), "endtime": str(end)}
        if is_historical:
            yield Stream(
                f"historical:{key}", "search/statuses/historical", params, _SEARCH
            )
        elif "search" in wanted.collect:
            yield Stream(f"search:{key}", "search/statuses/limited", params, _SEARCH)

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        return _ASK[stream.endpoint](self, stream)

    def _address(self, endpoint: str, *, commercial: bool = False) -> str:
        path = f"2/{endpoint}.json"
        if not commercial:
            return path
        host = COMMERCIAL_URL if self.base_url == BASE_URL else self.base_url
        return f"{host.rstrip('/')}/{path}"

    def _ask_list(self, stream: Stream) -> Request:
        cursor = stream.cursor or {}
        params = {"id": stream.params["id"], "count": str(_ROWS)}
        if "until" not in stream.params and stream.watermark:
            params["since_id"] = stream.watermark
        if "max_id" in cursor:
            params["max_id"] = str(cursor["max_id"])
        return Request(self._address(stream.endpoint), params)

    def _ask_timeline(self, stream: Stream) -> Request:
        cursor = stream.cursor or {}
        params = {"uid": stream.params["uid"], "count": "100"}
        if self.commercial:
            params |= {
                "count": "25",
                "start_time": stream.params["start_time"],
                "end_time": stream.params["end_time"],
            }
        if "max_id" in cursor:
            params["max_id"] = str(cursor["max_id"])
        return Request(
            self._address(stream.endpoint, commercial=self.commercial), params
        )

    def _ask_page(self, stream: Stream) -> Request:
        page = (stream.cursor or {}).get("page", 1)
        return Request(
            self._address(stream.endpoint, commercial=self.commercial),
            {**stream.params, "count": "50", "page": str(page)},
        )

    def _ask_followers(self, stream: Stream) -> Request:
        cursor = (stream.cursor or {}).get("cursor", 0)
        return Request(
            self._address(stream.endpoint),
            {
                **stream.params,
                "count": str(_ROWS),
                "cursor": str(cursor),
                "trim_status": "1",
            },
        )

    def _ask_once(self, stream: Stream) -> Request:
        asked = {
            name: value
            for name, value in stream.params.items()
            if name in ("id", "ids", "uid")
        }
        return Request(self._address(stream.endpoint), asked)

    def _ask_reads(self, stream: Stream) -> Request:
        address = self._address(stream.endpoint, commercial=True)
        # A contract without this endpoint has all the rest.
        return Request(address, {"ids": stream.params["ids"]}, is_optional=True)

    def _ask_batch(self, stream: Stream) -> Request:
        address = self._address(
            stream.endpoint, commercial=stream.endpoint.endswith("/other")
        )
        return Request(address, {"uids": stream.params["uids"]})

    def _ask_limits(self, stream: Stream) -> Request:
        return Request(self._address(stream.endpoint), {}, is_optional=True)

    def _ask_token(self, stream: Stream) -> Request:
        return Request(
            "oauth2/get_token_info",
            {},
            method="POST",
            secrets={"access_token": credential(TOKEN)},
            is_optional=True,
        )

    def _ask_historical(self, stream: Stream) -> Request:
        cursor = self._task(stream)
        address = self._address(f"{stream.endpoint}/{cursor['step']}", commercial=True)
        if cursor["step"] == "create":
            start, end = cursor["windows"][0]
            window = {"starttime": str(start), "endtime": str(end)}
            return Request(address, {**stream.params, **window}, method="POST")
        stamp = str(int(self.clock.now()))
        secret = credential(APP_SECRET)
        signature = hashlib.md5(  # noqa: S324 - what the platform asks for
            f"{cursor['id']}{secret}{stamp}".encode()
        ).hexdigest()
        return Request(
            address,
            {"task_id": cursor["task"]},
            secrets={"timestamp": stamp, "signature": signature},
            content_type="zip" if cursor["step"] == "download" else "json",
        )

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """Errors come with any HTTP status, 200 among them."""
        code = None
        if answer.status >= 400 or b'"error_code"' in answer.body[:2000]:
            code = _error_code(answer.body)
        if code is None and answer.status < 400:
            return None
        kind, text = _ERRORS.get(code or 0, (None, ""))
        if kind is None:
            if answer.status == 429:
                kind, text = "rate", "the platform asks to slow down"
            elif answer.status >= 500:
                kind, text = "transient", f"the platform failed (HTTP {answer.status})"
            else:
                shown = code or f"HTTP {answer.status}"
                kind, text = "fatal", f"the platform refuses a call ({shown})"
        if kind != "rate":
            return Trouble(kind, text)
        names = {limit.name for limit in self.limits}
        by_user = "user-hour" if "user-hour" in names else None
        limit = {10022: "ip-hour", 10023: by_user or "ip-hour"}.get(code or 0)
        hour = min((limit.seconds for limit in self.limits), default=HOUR)
        now = self.clock.now()
        return Trouble(kind, text, limit, (now // hour + 1) * hour)

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, the next cursor, what follows."""
        return _READ[stream.endpoint](self, stream, content, answer, wanted)

    def _read_list(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = _rows(content, "reposts", "comments")
        records = tuple(
            Record(dump_bytes(row), root_id=stream.params["id"]) for row in rows
        )
        ids = _ids(rows)
        cursor = dict(stream.cursor or {})
        if ids and "overlap" not in cursor:
            newest = sorted(ids, reverse=True)
            cursor["overlap"] = newest[min(_OVERLAP, len(newest)) - 1]
        # Rows that came after the counter was read stand for none that it counted.
        counted_at = float(stream.params.get("_counted_at", 0)) - _SKEW
        cursor["rows"] = cursor.get("rows", 0) + sum(
            moment < counted_at for moment in _moments(rows)
        )
        until = stream.params.get("until")
        is_old = until is not None and any(
            moment < float(until) for moment in _moments(rows)
        )
        # The post's own counter counts hidden rows too: with as many rows as it
        # says, a reading from the top has them all.
        total = stream.params.get("total", stream.params.get("_total", ""))
        is_whole = (
            (stream.watermark is None or until is not None)
            and total.isdigit()
            and cursor["rows"] >= int(total)
        )
        if not ids or is_old or is_whole:
            mark = str(cursor["overlap"]) if "overlap" in cursor else stream.watermark
            ended = replace(stream, cursor=None, watermark=mark, state="done")
            return Page(ended, records)
        lowest = min(ids)
        if "max_id" in cursor:
            lowest = min(lowest, cursor["max_id"])
        cursor["max_id"] = lowest - 1
        return Page(replace(stream, cursor=cursor), records)

    def _read_timeline(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = _rows(content, "statuses")
        ids = _ids(rows)
        found = tuple(_follow_up(rows, answer, wanted, own=True))
        records = tuple(Record(dump_bytes(row)) for row in rows)
        start = float(stream.params["start_time"])
        cursor = dict(stream.cursor or {})
        own = cursor.get("own", [])
        if "_reads" in stream.params:
            own = [*own, *_own_posts(rows)]
        if not ids or any(moment < start for moment in _moments(rows)):
            reads = tuple(_reads_streams(stream.params["uid"], own, answer))
            after = replace(stream, cursor=None, state="done")
            facts: tuple[tuple[str, Any], ...] = ()
            if reads:
                facts = ((f"reads_asked:{stream.params['uid']}", _seconds(answer)),)
            return Page(after, records, found + reads, facts=facts)
        cursor["max_id"] = min([*ids, cursor.get("max_id", ids[0])]) - 1
        if own:
            cursor["own"] = own
        return Page(replace(stream, cursor=cursor), records, found)

    def _read_reads(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """How often posts were read, with their other counters."""
        asked = set(stream.params["ids"].split(","))
        rows = [row for row in _rows(content, "") if str(row.get("id")) in asked]
        facts: tuple[tuple[str, Any], ...] = ()
        if any(row.get("reads") is not None for row in rows):
            facts = ((f"reads_told:{stream.params['uid']}", _seconds(answer)),)
        return Page(
            replace(stream, cursor=None, state="done"),
            tuple(Record(dump_bytes(row), "count") for row in rows),
            facts=facts,
        )

    def _read_search(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = _rows(content, "statuses")
        found = tuple(_follow_up(rows, answer, wanted))
        records = tuple(Record(dump_bytes(row)) for row in rows)
        if not rows:
            return Page(replace(stream, cursor=None, state="done"), records, found)
        page = (stream.cursor or {}).get("page", 1) + 1
        return Page(replace(stream, cursor={"page": page}), records, found)

    def _read_followers(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = _rows(content, "users")
        records = tuple(
            Record(dump_bytes(row), "follower", stream.params["uid"]) for row in rows
        )
        following = _number(content, "next_cursor") if rows else 0
        if not following:
            return Page(replace(stream, cursor=None, state="done"), records)
        return Page(replace(stream, cursor={"cursor": following}), records)

    def _read_post(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = [content] if isinstance(content, dict) else []
        # When it was published: its counters are followed, also while they are 0.
        posted = next((str(int(moment)) for moment in _moments(rows)), None)
        return Page(
            replace(stream, cursor=None, state="done", watermark=posted),
            tuple(Record(dump_bytes(row)) for row in rows),
            tuple(_follow_up(rows, answer, wanted, listed=True)),
        )

    def _read_user(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        # Its newest post stands in it without its author: a second, poorer
        # account of what the timeline gives.
        user = dict(content) if isinstance(content, dict) else {}
        user.pop("status", None)
        records = (Record(dump_bytes(user)),) if user else ()
        facts = ((f"profile:{stream.params['uid']}", _seconds(answer)),)
        return Page(
            replace(stream, cursor=None, state="done"),
            records,
            facts=facts if user else (),
        )

    def _read_users(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        users = _rows(content, "users")
        for user in users:
            user.pop("status", None)
        # Accounts that are gone are left out without a word.
        given = {str(user.get("idstr") or user.get("id")) for user in users}
        asked = stream.params["uids"].split(",")
        is_whole = stream.endpoint != "users/counts"
        return Page(
            replace(stream, cursor=None, state="done"),
            tuple(Record(dump_bytes(user), "user") for user in users),
            absent=tuple(
                (uid, "accounts that no longer exist")
                for uid in asked
                if uid not in given
            ),
            facts=tuple(
                (f"profile:{uid}", _seconds(answer))
                for uid in asked
                if is_whole and uid in given
            ),
        )

    def _read_limits(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        unit = {"HOURS": "hour", "DAYS": "day"}.get(str(content["limit_time_unit"]))
        told = tuple(
            (
                f"{whose}-{unit}",
                int(str(content[f"{whose}_limit"])),
                int(str(content[f"remaining_{whose}_hits"])),
            )
            for whose in ("ip", "user")
            if unit and f"remaining_{whose}_hits" in content
        )
        return Page(
            replace(stream, cursor=None, state="done"),
            facts=(("limits_asked_at", _seconds(answer)),),
            told_limits=told,
        )

    def _read_token(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        # How long it lives, counted from now; nothing else of it is kept.
        expires_at = _seconds(answer) + int(str(content["expire_in"]))
        return Page(
            replace(stream, cursor=None, state="done"),
            facts=(("token_expires_at", expires_at),),
        )

    def _read_counts(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        rows = _rows(content, "")
        asked = stream.params["ids"].split(",")
        posted = dict(zip(asked, stream.params["posted"].split(","), strict=True))
        steps = zip(asked, stream.params["steps"].split(","), strict=True)
        now = answer.observed_at.replace(tzinfo=UTC)
        given: dict[str, dict[str, Any]] = {
            str(row.get("id")): row for row in rows if str(row.get("id")) in posted
        }
        # Missing or deleted posts are left out without a word; their lists stand.
        gone = {"reposts": "deleted", "comments": "deleted"}
        found = [
            following
            for key in asked
            for following in _lists(
                key,
                float(posted[key]),
                {part: str(given[key].get(part) or 0) for part in gone}
                if key in given
                else gone,
                now,
                wanted,
            )
        ]
        return Page(
            replace(stream, cursor=None, state="done"),
            tuple(Record(dump_bytes(row), "count") for row in rows),
            tuple(found),
            absent=tuple(
                (key, "posts that no longer exist") for key in asked if key not in given
            ),
            sampled=tuple(steps),
        )

    def _read_historical(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        cursor = self._task(stream)
        windows = cursor["windows"]
        if cursor["step"] == "create":
            cursor = {
                "step": "check",
                "task": str(content["task_id"]),
                "id": str(content.get("id", "")),
                "asked_at": _seconds(answer),
                "windows": windows,
            }
            return Page(replace(stream, cursor=cursor), wait_seconds=HOUR)
        if cursor["step"] == "check":
            if not content.get("status"):
                return Page(replace(stream, cursor=cursor), wait_seconds=HOUR)
            start, end = windows[0]
            if _number(content, "count") > _MOST_POSTS and start < end:
                half = (start + end) // 2
                parts = [[start, half], [half + 1, end], *windows[1:]]
                cursor = {"step": "create", "windows": parts}
                return Page(replace(stream, cursor=cursor))
            return Page(replace(stream, cursor={**cursor, "step": "download"}))
        # The task's number before the secret, where the archive is sealed.
        password = f"{cursor['task']}{credential(APP_SECRET)}"
        rows = list(_unzip(content, password))
        after = replace(stream, cursor=None, state="done")
        if windows[1:]:
            after = replace(stream, cursor={"step": "create", "windows": windows[1:]})
        return Page(
            after,
            tuple(Record(dump_bytes(row)) for row in rows),
            tuple(_follow_up(rows, answer, wanted)),
        )

    def _task(self, stream: Stream) -> dict[str, Any]:
        """Where a historical search stands; at its beginning once it has expired."""
        cursor = stream.cursor
        if cursor is None:
            window = [int(stream.params[name]) for name in ("starttime", "endtime")]
            return {"step": "create", "windows": [window]}
        if self.clock.now() - cursor.get("asked_at", math.inf) >= _TASK_SECONDS:
            return {"step": "create", "windows": cursor["windows"]}
        return dict(cursor)


_Asks = Callable[[WeiboApi, Stream], Request]
_Reads = Callable[[WeiboApi, Stream, Any, Answer, Wanted], Page]

_ASK: dict[str, _Asks] = {
    "statuses/user_timeline": WeiboApi._ask_timeline,
    "statuses/user_timeline/other": WeiboApi._ask_timeline,
    "statuses/show": WeiboApi._ask_once,
    "statuses/count": WeiboApi._ask_once,
    "media_statuses/count_sp/biz": WeiboApi._ask_reads,
    "statuses/repost_timeline": WeiboApi._ask_list,
    "comments/show": WeiboApi._ask_list,
    "users/show": WeiboApi._ask_once,
    "users/show_batch/other": WeiboApi._ask_batch,
    "users/counts": WeiboApi._ask_batch,
    "account/rate_limit_status": WeiboApi._ask_limits,
    "oauth2/get_token_info": WeiboApi._ask_token,
    "friendships/followers": WeiboApi._ask_followers,
    "search/topics": WeiboApi._ask_page,
    "search/statuses/limited": WeiboApi._ask_page,
    "search/statuses/historical": WeiboApi._ask_historical,
}
_READ: dict[str, _Reads] = {
    "statuses/user_timeline": WeiboApi._read_timeline,
    "statuses/user_timeline/other": WeiboApi._read_timeline,
    "statuses/show": WeiboApi._read_post,
    "statuses/count": WeiboApi._read_counts,
    "media_statuses/count_sp/biz": WeiboApi._read_reads,
    "statuses/repost_timeline": WeiboApi._read_list,
    "comments/show": WeiboApi._read_list,
    "users/show": WeiboApi._read_user,
    "users/show_batch/other": WeiboApi._read_users,
    "users/counts": WeiboApi._read_users,
    "account/rate_limit_status": WeiboApi._read_limits,
    "oauth2/get_token_info": WeiboApi._read_token,
    "friendships/followers": WeiboApi._read_followers,
    "search/topics": WeiboApi._read_search,
    "search/statuses/limited": WeiboApi._read_search,
    "search/statuses/historical": WeiboApi._read_historical,
}


def _account_streams(state: CrawlState, now: datetime) -> Iterator[Stream]:
    """What the platform says of limits and token, asked once an hour."""
    asked = state.fact("limits_asked_at")
    if asked is not None and 0 <= now.timestamp() - float(asked) < HOUR:
        return
    yield Stream("limits", "account/rate_limit_status", {}, _LIMITS)
    yield Stream("token", "oauth2/get_token_info", {}, _LIMITS)


def _batches(
    kind: str, endpoint: str, accounts: list[str], size: int
) -> Iterator[Stream]:
    """Accounts, so many a call."""
    for start in range(0, len(accounts), size):
        uids = ",".join(accounts[start : start + size])
        name = hashlib.sha256(uids.encode()).hexdigest()[:16]
        yield Stream(f"{kind}:{name}", endpoint, {"uids": uids}, _PROFILES)


def _own_posts(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Ids of posts that are there and are no reposts of others'."""
    keys = (
        str(row.get("idstr") or row.get("id") or "")
        for row in rows
        if "retweeted_status" not in row and str(row.get("deleted")) != "1"
    )
    return [key for key in keys if key.isdigit()]


def _reads_streams(uid: str, posts: list[str], answer: Answer) -> Iterator[Stream]:
    """How often an account's posts were read, so many a call, each time anew."""
    ids = sorted(set(posts))
    for number, start in enumerate(range(0, len(ids), _COUNTED_A_CALL)):
        yield Stream(
            f"reads:{uid}:{number}",
            "media_statuses/count_sp/biz",
            {
                "uid": uid,
                "ids": ",".join(ids[start : start + _COUNTED_A_CALL]),
                "at": str(_seconds(answer)),
            },
            _COUNTS,
        )


def _seconds(answer: Answer) -> int:
    return int(answer.observed_at.replace(tzinfo=UTC).timestamp())


def _second(day: date, timezone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(timezone)).timestamp())


def _rows(content: Any, *keys: str) -> list[dict[str, Any]]:
    """Rows of an envelope, or of the bare list that an empty result can be."""
    found = content
    if isinstance(content, dict):
        found = next((content[key] for key in keys if key in content), None)
    if not isinstance(found, list):
        if found is None and isinstance(content, dict) and content:
            raise FetchError("an answer lacks its list of rows")
        return []
    return [row for row in found if isinstance(row, dict)]


def _ids(rows: Iterable[dict[str, Any]]) -> list[int]:
    ids = []
    for row in rows:
        key = row.get("idstr") or row.get("id") or ""
        text = key if type(key) is str else str(key)
        if text.isdigit():
            ids.append(int(text))
    return ids


def _number(content: Any, key: str) -> int:
    value = content.get(key) if isinstance(content, dict) else None
    text = str(value)
    return int(text) if text.isdigit() else 0


def _moment(row: dict[str, Any]) -> float | None:
    """When a row was made, from `Wed Mar 04 10:30:00 +0800 2026`."""
    text = str(row.get("created_at"))
    try:
        if len(text) == 30 and text[13] == text[16] == ":":
            # A fiftieth of what `strptime` takes: thousands of rows come a minute.
            hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
            if hour > 23 or minute > 59 or second > 59:
                return None
            seconds = 3600 * hour + 60 * minute + second
            return _midnight(text[4:10], text[20:30]) + seconds
        return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y").timestamp()
    except (KeyError, ValueError):
        return None


@lru_cache(maxsize=1000)
def _midnight(day: str, zone: str) -> float:
    """When a day begins, from `Mar 04` and `+0800 2026`."""
    date_day = f"{zone[6:]}-{_MONTHS[day[:3]]}-{day[4:]}"
    iso = f"{date_day}T00:00:00{zone[:3]}:{zone[3:5]}"
    return datetime.fromisoformat(iso).timestamp()


def _moments(rows: Iterable[dict[str, Any]]) -> Iterator[float]:
    for row in rows:
        moment = _moment(row)
        if moment is not None:
            yield moment


def _error_code(body: bytes) -> int | None:
    try:
        content = parse_json(body)
    except (ValueError, RecursionError):
        return None
    code = content.get("error_code") if isinstance(content, dict) else None
    return int(str(code)) if str(code).isdigit() else None


def _follow_up(
    rows: Iterable[dict[str, Any]],
    answer: Answer,
    wanted: Wanted,
    *,
    listed: bool = False,
    own: bool = False,
) -> Iterator[Stream]:
    """Reposts and comments of posts: those of campaigns first, then brands' own.

    A list is opened anew when the post's counter of it has changed, and once a
    day within the look-back in any case, for edits and for what was hidden.
    """
    zone = ZoneInfo(wanted.timezone)
    now = answer.observed_at.replace(tzinfo=UTC)
    for row in rows:
        key = str(row.get("idstr") or row.get("id") or "")
        moment = _moment(row)
        if not key.isdigit() or moment is None or "retweeted_status" in row:
            continue
        day = datetime.fromtimestamp(moment, zone).date()
        in_campaign = listed or any(a <= day <= b for a, b in wanted.windows)
        if not in_campaign and not own:
            continue
        later = 0 if in_campaign else 100
        totals = {
            part: str(row.get(f"{part}_count") or 0) for part in ("reposts", "comments")
        }
        if str(row.get("deleted")) == "1":
            # What is left of a deleted post counts nothing; its lists still stand.
            totals = dict.fromkeys(totals, "deleted")
        yield from _lists(key, moment, totals, now, wanted, later)


def _lists(
    key: str,
    posted_at: float,
    totals: dict[str, str],
    now: datetime,
    wanted: Wanted,
    later: int = 0,
) -> Iterator[Stream]:
    """The lists of a post that are to be read: changed ones, and again for edits."""
    age = max((now.timestamp() - posted_at) / DAY, 0.0)
    for part, endpoint in (
        ("reposts", "statuses/repost_timeline"),
        ("comments", "comments/show"),
    ):
        total = totals[part]
        if part not in wanted.collect or total == "0":
            continue
        base = {
            "id": key,
            "posted_at": str(int(posted_at)),
            "_counted_at": str(int(now.timestamp())),
        }
        yield Stream(
            f"{part}:{key}",
            endpoint,
            {**base, "total": total},
            _LISTS + later + min(int(age), 99),
        )
        if age < 1:
            continue
        # Daily within the look-back, as far as that reaches; and once more,
        # whole, when the post has passed it.
        until = 0
        if age <= wanted.look_back_days:
            day_start = now.replace(hour=0, minute=0, second=0, microsecond=0)
            reach = day_start - timedelta(days=wanted.look_back_days)
            until = int(reach.timestamp())
        yield Stream(
            f"again:{part}:{key}",
            endpoint,
            {**base, "until": str(until), "_total": total},
            _AGAIN + later + min(int(age), 99),
            repeats=f"{part}:{key}",
        )


def _due_counters(
    state: CrawlState, now: datetime, look_back_days: int
) -> Iterator[Stream]:
    """Counters to read: in every run within the look-back, later on a schedule."""
    sampled = state.sampled()
    due: dict[str, tuple[str, str]] = {}
    for stream in state.streams():
        posted = stream.params.get("posted_at")
        if stream.endpoint == "statuses/show":
            posted = stream.watermark
        if posted is None:
            continue
        age = now - datetime.fromtimestamp(int(posted), UTC)
        step = next((name for name, least in _SAMPLES if age >= least), "new")
        key = stream.params["id"]
        if age <= timedelta(days=look_back_days) or (key, step) not in sampled:
            due[key] = (posted, step)
    ids = sorted(due)
    for start in range(0, len(ids), _COUNTED_A_CALL):
        part = ids[start : start + _COUNTED_A_CALL]
        name = hashlib.sha256(",".join(part).encode()).hexdigest()[:16]
        yield Stream(
            f"counts:{name}",
            "statuses/count",
            {
                "ids": ",".join(part),
                "posted": ",".join(due[key][0] for key in part),
                "steps": ",".join(due[key][1] for key in part),
            },
            _COUNTS,
        )


def _unzip(content: bytes, password: str) -> Iterator[dict[str, Any]]:
    """Posts of a historical search: a ZIP of JSON lines, sealed or not."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(file.file_size for file in archive.infolist()) > _MAX_UNPACKED:
                raise FetchError("the historical archive is larger than memory allows")
            archive.setpassword(password.encode())
            for name in sorted(archive.namelist()):
                with archive.open(name) as lines:
                    for line in lines:
                        if line.strip():
                            row = parse_json(line)
                            if isinstance(row, dict):
                                yield row
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        raise FetchError(f"the historical archive: {type(error).__name__}") from None


def _make(source: Source, clock: Clock) -> WeiboApi:
    return WeiboApi(
        source.base_url or BASE_URL,
        source.commercial,
        COMMERCIAL_LIMITS if source.commercial else LIMITS,
        clock,
    )


def _secrets(source: Source) -> tuple[str, ...]:
    if "historical" in source.parts:
        return TOKEN, APP_SECRET
    return (TOKEN,)


API = NetworkApi(_make, BASE_URL, (COMMERCIAL_URL,), _secrets, rows_a_call=200)
