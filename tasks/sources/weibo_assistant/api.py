"""Weibo's interface for assistants (`open-im.api.weibo.com`), as the crawl reads it.

What Weibo documents of it is the plug-in that it ships (wecode-ai/openclaw-weibo, June
2026): addresses, parameters, shapes and codes stand there. An app, id and secret that
the account of an assistant was given, gets a token of two hours for the asking. The
token goes in the query, as the interface wants it, so it is told to nobody: never kept,
never in a label.

Boards of hot searches tell this moment alone: each run reads them once. Of super topics
only those are open that the app may enter, and of these the ones are read that are
called as a campaign or brand is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.answers import parsed, records_of_page
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import SIGN_IN, Kind, Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer, Clock, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.weibo_assistant.records import split

BASE_URL = "https://open-im.api.weibo.com"
APP_ID = "WEIBO_ASSISTANT_APP_ID"
APP_SECRET = "WEIBO_ASSISTANT_APP_SECRET"  # noqa: S105 - the name of a variable
BOARDS = ("主榜", "文娱榜", "社会榜", "生活榜", "acg榜", "科技榜", "体育榜")

# Days begin at midnight in China. That there is a limit of a day, the interface's codes
# tell; how many calls it has, nobody: workspace.toml may say more.
_CHINA = 8 * 3600.0
LIMITS = (Limit("app-day", 1000, DAY, offset=_CHINA),)

# All of the interface's codes are below.
_CODES = 100_000

# A token is renewed so long before its end, in seconds; used so long in any case.
_BEFORE_END = 60.0
_LEAST = 30.0
# Rows of a page, and of a board.
ROWS = 200
_OWN_ROWS = 100
_BOARD_ROWS = 50

# Lower goes first.
_BOARDS = -1
_POSTS = 0
_SEARCH = 60
_LISTS = 100
_REPLIES = 200

_AUTH = "auth/ws_token"
_OWN = "weibo/user_status"
_SHOW = "weibo/status_show"
_HOT = "weibo/hot_search"
_NAMES = "crowd/topic_names"
_TOPIC = "crowd/timeline"
_TREE = "crowd/comment/tree/root_child"
_BRANCH = "crowd/comment/tree/child"

_ERRORS: dict[int, tuple[Kind, str]] = {
    **dict.fromkeys(
        (4000, 4001, 4002, 40005),
        ("fatal", f"the app was refused: check {APP_ID} and {APP_SECRET}"),
    ),
    40100: ("token", f"tokens are refused: check {APP_ID} and {APP_SECRET}"),
    42900: ("rate", "the app's calls of this day are used up"),
    50000: ("transient", "the platform failed (50000)"),
    50001: ("end", "lists and posts that the platform could not show (50001)"),
}


@dataclass
class WeiboAssistantApi:
    """The interface as the crawl sees it.

    Attributes:
        base_url: of the interface.
        limits: what may be asked.
        clock: for the end of tokens and days.
        rows: of a page.
    """

    base_url: str = BASE_URL
    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = field(default_factory=SystemClock)
    rows: int = field(default_factory=lambda: ROWS)
    _token: str = field(default="", repr=False)
    _renewed_at: float = -math.inf
    # Of the account that the app is of.
    _uid: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """None: the token goes in the query."""
        return {}

    def sign_in(self, now: float) -> Stream | None:
        """What is asked for a token; None while there is a good one."""
        if self._token and now < self._renewed_at:
            return None
        return Stream("sign-in", _AUTH, {}, SIGN_IN)

    def sign_out(self) -> None:
        """Forget the token."""
        self._token = ""

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Boards, the account's own posts, posts that are listed, super topics."""
        first = wanted.first - timedelta(days=wanted.look_back_days)
        start = {"start": str(_second(first, wanted.timezone))}
        streams: list[Stream] = []
        if "hot_topics" in wanted.collect:
            # What a board showed an hour ago, no later run can read.
            asked = {"at": f"{now:%FT%H}"}
            streams += [
                Stream(f"hot:{board}", _HOT, {"category": board, **asked}, _BOARDS)
                for board in BOARDS
            ]
        if "posts" in wanted.collect:
            streams.append(Stream("posts", _OWN, dict(start), _POSTS))
        streams += [
            Stream(f"post:{post}", _SHOW, {"id": post}, _POSTS) for post in wanted.posts
        ]
        if "search" in wanted.collect and wanted.searches:
            streams.append(Stream("topics", _NAMES, dict(start), _SEARCH))
        return streams

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        if stream.endpoint == _AUTH:
            return Request(
                f"open/{_AUTH}",
                {},
                method="POST",
                secrets={
                    "app_id": credential(APP_ID),
                    "app_secret": credential(APP_SECRET),
                },
                is_json=True,
            )
        cursor = stream.cursor or {}
        page = str(cursor.get("page", 1))
        params = _shown(stream)
        if stream.endpoint == _HOT:
            params["count"] = str(_BOARD_ROWS)
        elif stream.endpoint == _OWN:
            params |= {"count": str(min(self.rows, _OWN_ROWS)), "page": page}
        elif stream.endpoint == _TOPIC:
            params |= {"count": str(self.rows), "sort_type": "0"}
            if "max_id" in cursor:
                params["max_id"] = str(cursor["max_id"])
        elif stream.endpoint in (_TREE, _BRANCH):
            params |= {"count": str(self.rows), "page": page, "is_asc": "1"}
            more = {"need_root_comment": "0"}
            if stream.endpoint == _TREE:
                more = {"child_count": str(self.rows), "fetch_child": "1"}
            params |= more
        return Request(
            f"open/{stream.endpoint}", params, secrets={"token": self._token}
        )

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """Errors come with any HTTP status, 200 among them."""
        body = parsed(answer)
        code = body.get("code") if isinstance(body, dict) else None
        number = int(str(code)) if str(code).isdecimal() else 0
        if answer.status < 400 and number == 0:
            return None
        kind, text = _ERRORS.get(number, (None, ""))
        if kind is None:
            if answer.status == 429:
                kind, text = "rate", "the platform asks to slow down"
            elif answer.status in (408, 425) or answer.status >= 500:
                kind, text = "transient", f"the platform failed (HTTP {answer.status})"
            else:
                # A longer one is no code: it may be anybody's id.
                is_code = 0 < number < _CODES
                shown = number if is_code else f"HTTP {answer.status}"
                kind, text = "fatal", f"the platform refuses a call ({shown})"
        if kind != "rate":
            return Trouble(kind, text)
        return Trouble(
            kind, text, "app-day", self.limits[0].window(self.clock.now())[1]
        )

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        data = content["data"]
        done = replace(stream, cursor=None, state="done")
        if stream.endpoint == _AUTH:
            self._token = str(data["token"])
            life = max(float(data["expire_in"]) - _BEFORE_END, _LEAST)
            self._renewed_at = self.clock.now() + life
            self._uid = str(data["uid"]) if data.get("uid") else None
            return Page(done)
        if stream.endpoint == _NAMES:
            return Page(done, found=tuple(_topics(data, stream, answer, wanted)))
        told = _shown(stream)
        if stream.endpoint == _OWN and self._uid:
            told["uid"] = self._uid
        records = records_of_page(
            split,
            f"/open/{stream.endpoint}",
            told,
            content,
            answer,
            root=stream.params.get("root"),
        )
        if stream.endpoint == _HOT:
            return Page(done, records)
        if stream.endpoint in (_TREE, _BRANCH):
            rows = _rows(data, "comments")
            found = tuple(self._branches(rows, stream, answer))
        else:
            rows = _rows(data, "statuses") if "statuses" in data else [data]
            found = tuple(_trees(rows, stream, answer, wanted))
        if stream.endpoint == _SHOW:
            return Page(done, records, found)
        return Page(_after(stream, rows, data), records, found)

    def _branches(
        self, rows: Sequence[Mapping[str, Any]], stream: Stream, answer: Answer
    ) -> Iterator[Stream]:
        """Comments below others of which not all stand in an answer."""
        if stream.endpoint != _TREE:
            return
        for row in rows:
            below = row.get("comments")
            shown = len(below) if isinstance(below, list) else 0
            counted = [_count(row, name) for name in ("total_number", "reply_count")]
            if shown >= self.rows or max(counted) > shown:
                key = str(row.get("idstr") or row.get("id"))
                params = {
                    "id": key,
                    "root": stream.params["id"],
                    "day": f"{answer.observed_at:%F}",
                }
                yield Stream(f"replies:{key}", _BRANCH, params, _REPLIES)


def _after(
    stream: Stream, rows: Sequence[Mapping[str, Any]], data: Mapping[str, Any]
) -> Stream:
    """Where a list goes on; done at an empty page, or one that is old enough."""
    cursor = dict(stream.cursor or {})
    start = float(stream.params.get("start", -math.inf))
    moments = [moment.timestamp() for moment in map(_moment, rows) if moment]
    seen = cursor.get("rows", 0) + len(rows)
    if stream.endpoint == _TOPIC:
        # Whether the last one of a page is shown again, is said nowhere: it may be.
        ids = [int(key) for row in rows if (key := str(row.get("id"))).isdigit()]
        lowest = min(ids, default=0)
        is_last = not ids or lowest >= cursor.get("max_id", math.inf)
        after: dict[str, Any] = {"max_id": lowest}
    else:
        # Two signs of an end: a page without rows, or as many as are counted.
        is_last = not rows or seen >= _count(data, "total_number") > 0
        after = {"page": cursor.get("page", 1) + 1, "rows": seen}
    if is_last or any(moment < start for moment in moments):
        return replace(stream, cursor=None, state="done")
    return replace(stream, cursor=after)


def _trees(
    rows: Sequence[Mapping[str, Any]], stream: Stream, answer: Answer, wanted: Wanted
) -> Iterator[Stream]:
    """Comments of posts: the account's own, listed ones, and those of campaigns."""
    if "comments" not in wanted.collect:
        return
    zone = ZoneInfo(wanted.timezone)
    now = answer.observed_at.replace(tzinfo=UTC)
    for row in rows:
        key, moment = str(row.get("id") or ""), _moment(row)
        total = _count(row, "comments_count")
        if not key.isdigit() or moment is None or not total or "repost" in row:
            continue
        try:
            day = moment.astimezone(zone).date()
        except OverflowError:
            continue
        if stream.endpoint == _TOPIC and not any(
            first <= day <= last for first, last in wanted.windows
        ):
            continue
        is_young = now - moment <= timedelta(days=wanted.look_back_days)
        params = {
            "id": key,
            "total": str(total),
            # An edit changes no number: once a day within the look-back.
            "day": f"{now:%F}" if is_young else "late",
        }
        yield Stream(f"comments:{key}", _TREE, params, _LISTS)


def _topics(
    data: Any, stream: Stream, answer: Answer, wanted: Wanted
) -> Iterator[Stream]:
    """Super topics that are called as a campaign or brand is."""
    searched = {_folded(search.text) for search in wanted.searches} - {""}
    for one in data if isinstance(data, list) else ():
        name = one.get("topic_name") if isinstance(one, dict) else one
        if isinstance(name, str) and _folded(name) in searched:
            params = {
                "topic_name": name,
                "start": stream.params["start"],
                "day": f"{answer.observed_at:%F}",
            }
            yield Stream(f"topic:{name}", _TOPIC, params, _SEARCH)


def _folded(name: str) -> str:
    """A name as it compares: without marks, blanks and the mark of super topics."""
    return re.sub(r"[\W_]+", "", name.casefold()).removesuffix("超话")


def _rows(data: Any, key: str) -> list[Mapping[str, Any]]:
    found = data.get(key) if isinstance(data, dict) else None
    return [row for row in found or () if isinstance(row, dict)]


def _count(row: Mapping[str, Any], name: str) -> int:
    text = str(row.get(name))
    return int(text) if text.isdecimal() else 0


def _moment(row: Mapping[str, Any]) -> datetime | None:
    try:
        text = str(row.get("created_at"))
        return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
    except ValueError:
        return None


def _shown(stream: Stream) -> dict[str, str]:
    """What is asked of a stream, but its page."""
    own = ("root", "total", "day", "start", "at")
    return {name: text for name, text in stream.params.items() if name not in own}


def _second(day: date, timezone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(timezone)).timestamp())


API = NetworkApi(
    lambda source, clock: WeiboAssistantApi(source.base_url or BASE_URL, clock=clock),
    BASE_URL,
    secrets=lambda source: (APP_ID, APP_SECRET),
    rows_a_call=ROWS,
)
