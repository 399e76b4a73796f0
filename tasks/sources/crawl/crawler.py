"""The crawl of one API source, the same for every platform.

A platform's module says what to ask, how its pages follow each other and what
its errors mean; here stand the order of work, the budget, patience with errors,
and the guards against endless lists. Each page is kept in one transaction with
the place where the next one begins (`state.py`).
"""

from __future__ import annotations

import email.utils
import hashlib
import heapq
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from threading import Event
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from tasks.sources.crawl.budget import Budget, Limit
from tasks.sources.crawl.http_client import (
    Answer,
    Client,
    Clock,
    FetchError,
    ForbiddenAddressError,
)
from tasks.sources.crawl.pace import Pace
from tasks.sources.crawl.spending import LONGEST_REST, Rest
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.json_text import parse_json
from tasks.warehouse.database import failpoint

# Full jitter: wait a random part of min(cap, base * 2^attempt) seconds
# (Brooker, Exponential backoff and jitter, 2015).
BACKOFF_BASE = 1.0
BACKOFF_CAP = 60.0
ATTEMPTS = 6
# The longest that a server may make us wait within a run.
LONGEST_WAIT = 300.0
# So many lists in a row without a usable answer: the platform is down, the rest
# is left to the next run.
FAILURES_IN_A_ROW = 3
# How long a run that is stopped waits for what is under way: the process has little
# more (`warehouse/stopping.py`).
STOPPED_SECONDS = 2.0
# While calls are under way, others may become due: looked at so often.
_TICK = 0.05

# The priority of signing in, which goes before all else.
SIGN_IN = -1000
# Where a cursor keeps what guards against circles.
_GUARD = "_guard"

# Parameters that only name a page.
PLACES = ("after", "__paging_token", "pagination_token")

Kind = Literal["transient", "rate", "token", "absent", "end", "fatal"]


@dataclass(frozen=True)
class Trouble:
    """What an answer that is an error means.

    Attributes:
        kind: what to do about it.
        text: for people; holds no identifier.
        limit: name of the limit that is reached, where the platform says.
        resets_at: when it resets, where the platform says (Unix time).
    """

    kind: Kind
    text: str
    limit: str | None = None
    resets_at: float | None = None


@dataclass(frozen=True)
class Request:
    """One call: where to and with what.

    Attributes:
        path: below the base address, or a whole address.
        params: of the query, or of the form; may be kept and shown.
        method: GET or POST.
        content_type: what the answer's type must contain.
        secrets: more of it, never kept nor shown.
        is_json: the form is sent as JSON.
        is_optional: the crawl does without where the platform refuses it.
        rows: the most that the platform may count for it.
        rows_param: the parameter that asks for fewer; none where that can't be.
        least_rows: the fewest that may be asked for.
    """

    path: str
    params: Mapping[str, str]
    method: str = "GET"
    content_type: str = "json"
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_json: bool = False
    is_optional: bool = False
    rows: int = 0
    rows_param: str | None = None
    least_rows: int = 1


@dataclass(frozen=True)
class Search:
    """A text to search for and the days it matters."""

    text: str
    first: date
    last: date


@dataclass(frozen=True)
class Wanted:
    """What the workspace needs from one platform.

    Attributes:
        accounts: own accounts of brands.
        posts: posts that campaigns list.
        searches: hashtags and keywords of campaigns.
        windows: (first day, last day) of campaigns; posts of `accounts` within
            one are followed up.
        first, last: the days that this run is about.
        look_back_days: how long a post is read again.
        timezone: of days.
        collect: parts that the source is configured to collect.
    """

    accounts: tuple[str, ...]
    posts: tuple[str, ...]
    searches: tuple[Search, ...]
    windows: tuple[tuple[date, date], ...]
    first: date
    last: date
    look_back_days: int
    timezone: str
    collect: frozenset[str]


class Platform(Protocol):
    """What a platform's module provides."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Limits of the platform."""

    def headers(self) -> dict[str, str]:
        """Headers with the credentials, read from the environment."""

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Streams that this run begins with."""

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error; None where it is none."""

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, the next cursor, what follows."""


@runtime_checkable
class SignsIn(Protocol):
    """A platform that is asked for a credential before all else, and when that ends.

    The credential is kept in memory alone: a run that is killed asks for another one.
    """

    def sign_in(self, now: float) -> Stream | None:
        """What is read to get the credential; None while there is a good one."""

    def sign_out(self) -> None:
        """Forget the credential, which the platform no longer takes."""


@dataclass
class Crawled:
    """What a crawl did.

    Attributes:
        calls: answers and attempts, all paid.
        records: that were kept.
        resume_at: when there is budget again; None where nothing is left to do.
        waits_for: why the crawl stopped before its end.
        notes: streams that were given up, and why; counted.
    """

    calls: int = 0
    records: int = 0
    resume_at: float | None = None
    waits_for: str | None = None
    notes: dict[str, int] = field(default_factory=dict)


class FatalAnswerError(Exception):
    """The platform refuses in a way that only a person can repair."""


class ReauthoriseError(Exception):
    """The token is no longer valid."""


@dataclass(frozen=True)
class _Call:
    """A call that is under way.

    Attributes:
        number: in the order in which they were begun.
        stream: whose page is asked for.
        request: what was asked.
        paid_at: when it was paid, just before it was begun.
        credentials: number of the credentials that it carries.
        limits: names of those that count it.
        answer: that is to come.
    """

    number: int
    stream: Stream
    request: Request
    paid_at: float
    credentials: int
    limits: tuple[str, ...]
    answer: Future[Answer]


@dataclass(frozen=True)
class _Kept:
    """A page that is to be kept, with what it answers."""

    stream: Stream
    page: Page
    label: str
    observed_at: datetime


class Crawler:
    """Reads the open streams of a source until they end or the budget does.

    A stream's pages follow each other; streams are read side by side, as many as the
    budget needs (`pace.py`). All is decided in the thread that runs this, one answer
    after the other: a platform's methods and the state know no other one.
    """

    def __init__(
        self,
        platform: Platform,
        client: Client,
        state: CrawlState,
        budget: Budget,
        wanted: Wanted,
        clock: Clock,
        *,
        patience_seconds: float = 0.0,
        resumes: bool = False,
        max_in_flight: int = 1,
        stop: Event | None = None,
    ) -> None:
        """Make a crawler.

        Args:
            platform: whose API is read.
            client: makes the calls.
            state: what is remembered.
            budget: what may be spent.
            wanted: what the workspace needs.
            clock: time and waiting.
            patience_seconds: how long a run may wait for a window of a limit, in
                all.
            resumes: an earlier run was killed after its last page.
            max_in_flight: calls at once, whatever the budget permits.
            stop: set where the run is to end: what is under way is finished.
        """
        self._platform = platform
        self._signs_in = platform if isinstance(platform, SignsIn) else None
        # The last credential was refused, and none has been taken since.
        self._is_refused = False
        self._client = client
        self._state = state
        self._budget = budget
        self._wanted = wanted
        self._clock = clock
        self._patience = patience_seconds
        self._resumes = resumes
        self._pace = Pace(max_in_flight)
        self._stop = stop or Event()
        # Only waiting times come from it, never data.
        self._random = random.Random(0)
        self._done = Crawled()
        # Streams to ask, by endpoint: the most wanted first.
        self._queues: dict[str, list[tuple[int, str]]] = {}
        self._streams: dict[str, Stream] = {}
        self._under_way: dict[str, _Call] = {}
        # (when to try again, stream) of calls that failed; how often in a row.
        self._failed: list[tuple[float, str]] = []
        self._attempts: Counter[str] = Counter()
        # Open, but not for this run.
        self._resting: set[str] = set()
        # Endpoints of which fewer rows are left than a page must have.
        self._too_few_rows: dict[str, Rest] = {}
        # Nothing is asked before, while the platform gives no usable answers.
        self._held_until = 0.0
        # Pauses up to here were waited for, whatever the clock shows since.
        self._rested_until = 0.0
        # Lists that were given up since the last usable answer.
        self._given_up = 0
        self._calls = 0
        self._credentials = 0
        self._failure: Exception | None = None

    def run(self) -> Crawled:
        """Read until nothing is open or the budget is gone.

        Raises:
            FatalAnswerError: the platform refuses and says why.
            ReauthoriseError: the token has expired and no other was found.
            ForbiddenAddressError: an answer leads where nothing may be asked.
        """
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        self._state.begin_pass(
            now,
            lambda: self._platform.seeds(self._wanted, self._state, now),
            is_resumed=self._resumes or bool(self._state.streams("open")),
        )
        for stream in self._state.streams("open"):
            self._enqueue(stream)
        while not self._is_ending():
            self._begin_calls()
            if self._under_way:
                self._take_in(_TICK)
            elif not self._wait_for_more():
                break
        self._finish()
        if self._failure is not None:
            raise self._failure
        return self._done

    # --- order of work --------------------------------------------------------------

    def _enqueue(self, stream: Stream) -> None:
        self._streams[stream.key] = stream
        queue = self._queues.setdefault(stream.endpoint, [])
        heapq.heappush(queue, (stream.priority, stream.key))

    def _is_ending(self) -> bool:
        """Whether nothing more is to be begun."""
        return (
            self._failure is not None
            or self._given_up >= FAILURES_IN_A_ROW
            or self._stop.is_set()
        )

    def _begin_calls(self) -> None:
        """Begin the calls that may be made now, the most wanted first."""
        while not self._is_ending():
            now = self._clock.now()
            self._try_again(now)
            first = self._sign_in(now)
            ready = [
                (*queue[0], endpoint)
                for endpoint, queue in self._queues.items()
                if queue and self._pause_of(endpoint, now) is None
                if first is None or endpoint == first
            ]
            for priority, key, endpoint in sorted(ready):
                left = self._budget.left(endpoint, priority, now)
                if self._pace.has_room(left):
                    heapq.heappop(self._queues[endpoint])
                    limits = tuple(limit.name for limit in left)
                    self._begin(self._streams.pop(key), limits, now)
                    break
            else:
                return

    def _sign_in(self, now: float) -> str | None:
        """The endpoint that must answer before any other; None where none must."""
        stream = None if self._signs_in is None else self._signs_in.sign_in(now)
        if stream is None:
            return None
        if stream.key not in self._under_way and stream.key not in self._streams:
            self._enqueue(stream)
        return stream.endpoint

    def _try_again(self, now: float) -> None:
        """Let streams that failed be asked again when their time has come."""
        while self._failed and self._failed[0][0] <= now:
            _, key = heapq.heappop(self._failed)
            self._enqueue(self._streams[key])

    def _pause_of(self, endpoint: str, now: float) -> Rest | None:
        """What the most wanted stream of an endpoint has to wait for, the longest."""
        priority, _ = self._queues[endpoint][0]
        pauses = self._budget.pauses_of(endpoint, priority, now)
        pauses.append(Rest(self._held_until, "the platform fails", is_brief=True))
        if endpoint in self._too_few_rows:
            pauses.append(self._too_few_rows[endpoint])
        over = max(now, self._rested_until)
        return max(
            (
                pause
                for pause in pauses
                if pause.ends_at > (over if pause.is_brief else now)
            ),
            key=lambda pause: pause.ends_at,
            default=None,
        )

    def _wait_for_more(self) -> bool:
        """Wait until something may be asked; whether the run goes on."""
        now = self._clock.now()
        pauses = [
            pause
            for endpoint, queue in self._queues.items()
            if queue and (pause := self._pause_of(endpoint, now)) is not None
        ]
        if self._failed:
            moment = self._failed[0][0]
            pauses.append(Rest(moment, "the platform fails", is_brief=True))
        if not pauses:
            # Somebody else was faster, or time has passed: look again.
            return any(self._queues.values())
        pause = min(pauses, key=lambda pause: pause.ends_at)
        seconds = max(pause.ends_at - now, 0.0)
        if pause.is_brief:
            # A clock that was set back must not make hours of it.
            self._clock.sleep(min(seconds, LONGEST_WAIT))
            self._rested_until = max(self._rested_until, pause.ends_at)
            self._try_again(pause.ends_at)
            return True
        if seconds > self._patience:
            self._postpone(pause.ends_at, pause.why)
            return False
        self._patience -= seconds
        self._clock.sleep(seconds)
        return True

    def _postpone(self, moment: float, why: str) -> None:
        """Something is left for another run; the soonest moment counts."""
        if self._done.resume_at is None or moment < self._done.resume_at:
            self._done.resume_at = moment
            self._done.waits_for = why

    def _note(self, text: str) -> None:
        self._done.notes[text] = self._done.notes.get(text, 0) + 1

    # --- calls ----------------------------------------------------------------------

    def _begin(self, stream: Stream, limits: tuple[str, ...], now: float) -> None:
        """Pay a stream's next call and begin it, where others have left enough."""
        endpoint, priority = stream.endpoint, stream.priority
        request = self._fitting(stream, self._platform.request(_bare(stream)), now)
        # Paid before it is made: a killed run has spent what it asked for.
        if request is None or not self._budget.take(
            endpoint, priority, now, request.rows, is_whole=request.rows_param is None
        ):
            self._enqueue(stream)
            return
        self._done.calls += 1
        try:
            answer = self._client.send(
                request.path,
                request.params,
                secrets=request.secrets,
                method=request.method,
                is_json=request.is_json,
                content_type=request.content_type,
            )
        except ForbiddenAddressError as error:
            self._fail(error)
            return
        self._calls += 1
        self._pace.begin(limits)
        self._under_way[stream.key] = _Call(
            self._calls, stream, request, now, self._credentials, limits, answer
        )

    def _fitting(self, stream: Stream, request: Request, now: float) -> Request | None:
        """The request for no more rows than may still come; None where too few may.

        One that can't be made smaller is asked whole, or it might never be.
        """
        found = self._budget.rows_left(stream.endpoint, stream.priority, now)
        if found is None or found[0] >= request.rows or request.rows_param is None:
            return request
        left, more_at = found
        if left < request.least_rows:
            why = "the budget of rows is spent"
            self._too_few_rows[stream.endpoint] = Rest(more_at, why, is_brief=False)
            return None
        params = {**request.params, request.rows_param: str(left)}
        return replace(request, params=params, rows=left)

    def _take_in(self, seconds: float) -> None:
        """Take in the answers that have come, or come within so many seconds.

        Pages that came together are kept together: the disk is waited for once.
        """
        calls = {call.answer: call for call in self._under_way.values()}
        answered, _ = wait_for(calls, seconds, FIRST_COMPLETED)
        done = sorted((calls[one] for one in answered), key=lambda call: call.number)
        kept = [page for call in done if (page := self._understood(call)) is not None]
        if not kept:
            return
        self._state.commit_pages((one.page, one.label, one.observed_at) for one in kept)
        for one in kept:
            failpoint("crawl-kept")
            self._done.records += len(one.page.records)
            self._go_on(one.stream, one.page)
        # Last: what one page found may be what another one is of.
        for one in kept:
            self._follow(one.page)

    def _finish(self) -> None:
        """Take in what is still under way; not for long where the run is stopped."""
        limit = time.monotonic() + STOPPED_SECONDS
        while self._under_way:
            if self._stop.is_set() and time.monotonic() > limit:
                return
            self._take_in(_TICK)

    def _understood(self, call: _Call) -> _Kept | None:
        """What an answer means: a page to keep, or None and what to do about it."""
        stream, request = call.stream, call.request
        now = self._clock.now()
        del self._under_way[stream.key]
        self._pace.end(call.limits, now - call.paid_at)
        # It may have brought fewer rows than were set aside for it.
        self._too_few_rows.clear()
        # Nobody knows on which side of a window's edge it was counted.
        self._budget.settle(stream.endpoint, call.paid_at, now)
        answer: Answer | None = None
        try:
            answer = replace(call.answer.result(), asked=request.params)
            with _told_of_shape(request):
                trouble = self._platform.judge(answer)
            if trouble is None:
                kept = self._read(call, answer)
                self._is_well(stream)
                return kept
        except FetchError as error:
            trouble = Trouble("transient", str(error))
        except ForbiddenAddressError as error:
            self._fail(error)
            return None
        self._budget.pay_rows(stream.endpoint, -request.rows, call.paid_at)
        if request.is_optional and trouble.kind != "token":
            return self._end(stream, Trouble("end", ""), answer)
        if trouble.kind in ("absent", "end"):
            self._is_well(stream)
            return self._end(stream, trouble, answer)
        if trouble.kind == "transient":
            self._fail_for_now(stream, trouble, answer)
        elif trouble.kind == "rate":
            self._enqueue(stream)
            self._rest(call, trouble, answer)
        elif trouble.kind == "token":
            self._enqueue(stream)
            self._refresh(call, trouble)
        else:
            self._fail(FatalAnswerError(trouble.text))
        return None

    def _read(self, call: _Call, answer: Answer) -> _Kept:
        stream, request = call.stream, call.request
        content = _parse(answer, request)
        with _told_of_shape(request):
            page = self._platform.read(_bare(stream), content, answer, self._wanted)
        page = _guard(stream, page)
        counted = len(page.records) if page.rows is None else page.rows
        self._budget.pay_rows(stream.endpoint, counted - request.rows, call.paid_at)
        self._budget.believe(page.told_limits, self._clock.now())
        failpoint("crawl-answered")
        return _Kept(stream, page, label(request), answer.observed_at)

    def _end(self, stream: Stream, trouble: Trouble, answer: Answer | None) -> _Kept:
        """Close a stream whose object is gone, or whose list the platform caps."""
        observed_at = (
            answer.observed_at
            if answer
            else datetime.fromtimestamp(self._clock.now(), UTC).replace(tzinfo=None)
        )
        absent = trouble.kind == "absent"
        page = Page(
            replace(stream, cursor=None, state="done", note=trouble.text or None),
            absent=((stream.params.get("id") or stream.key, trouble.text),)
            if absent
            else (),
        )
        if trouble.text:
            self._note(trouble.text)
        return _Kept(stream, page, "", observed_at)

    def _go_on(self, stream: Stream, page: Page) -> None:
        """What becomes of the stream of a page that was kept."""
        if page.wait_seconds:
            self._resting.add(stream.key)
            self._postpone(
                self._clock.now() + page.wait_seconds,
                "the platform prepares an answer",
            )
        elif page.stream.state == "open":
            self._enqueue(page.stream)
        elif page.stream.state == "stuck" and page.stream.note:
            self._note(page.stream.note)

    def _follow(self, page: Page) -> None:
        """Read what a page that was kept has found."""
        for found in page.found:
            if (
                found.key in self._streams
                or found.key in self._under_way
                or found.key in self._resting
            ):
                continue
            opened = self._state.stream(found.key)
            if opened is not None and opened.state == "open":
                self._enqueue(opened)

    # --- what goes wrong ------------------------------------------------------------

    def _is_well(self, stream: Stream) -> None:
        """The platform has given a usable answer."""
        self._attempts.pop(stream.key, None)
        if stream.priority != SIGN_IN:
            self._is_refused = False
        self._given_up = 0
        self._pace.is_troubled = False
        self._held_until = 0.0

    def _fail(self, error: Exception) -> None:
        """Nothing more is begun; what is under way is finished first."""
        self._failure = self._failure or error

    def _fail_for_now(
        self, stream: Stream, trouble: Trouble, answer: Answer | None
    ) -> None:
        """Try again later, or leave it to the next run.

        Until the platform answers again nothing else is asked meanwhile: with all
        others one after the other, a platform that is down would be stormed.
        """
        now = self._clock.now()
        # Not of a clock that was set back since.
        self._rested_until = min(self._rested_until, now)
        self._pace.is_troubled = True
        self._attempts[stream.key] += 1
        attempt = self._attempts[stream.key]
        if attempt >= ATTEMPTS:
            # This one waits for another run; the others go on.
            del self._attempts[stream.key]
            self._resting.add(stream.key)
            # Nothing can be asked without a credential.
            self._given_up += FAILURES_IN_A_ROW if stream.priority == SIGN_IN else 1
            self._postpone(
                now + LONGEST_WAIT,
                f"the platform gave no usable answer {ATTEMPTS} times ({trouble.text})",
            )
            return
        least = 0.0 if answer is None else retry_after(answer, now)
        is_brief = least <= LONGEST_WAIT
        if least:
            # All who ask this platform heed it.
            self._budget.rest(None, now + least, trouble.text, now, is_brief=is_brief)
        if not is_brief:
            self._enqueue(stream)
            return
        seconds = self._random.uniform(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt))
        moment = now + max(seconds, least)
        self._streams[stream.key] = stream
        heapq.heappush(self._failed, (moment, stream.key))
        self._held_until = max(self._held_until, moment)

    def _rest(self, call: _Call, trouble: Trouble, answer: Answer | None) -> None:
        """A limit is reached: believed over our own count, others may share it."""
        endpoint, now = call.stream.endpoint, self._clock.now()
        end = call.paid_at
        if trouble.limit:
            end = self._budget.exhaust(endpoint, call.paid_at, trouble.limit)
        asked = now + retry_after(answer, now) if answer else now
        moment = max(end, asked, trouble.resets_at or 0.0)
        self._budget.rest(endpoint, moment, trouble.text, now)

    def _refresh(self, call: _Call, trouble: Trouble) -> None:
        """Take a renewed token from the environment, once a run.

        Where the platform is signed in to, that is done again, once without a usable
        answer.
        """
        if call.credentials < self._credentials:
            return  # it was under way before the token was renewed
        if self._signs_in is not None:
            if self._is_refused:
                self._fail(ReauthoriseError(trouble.text))
                return
            self._is_refused = True
            self._credentials += 1
            self._signs_in.sign_out()
            return
        headers = self._platform.headers()
        if self._credentials or headers == self._client.sent_headers:
            self._fail(ReauthoriseError(trouble.text))
            return
        self._credentials += 1
        self._client.set_headers(headers)


def _bare(stream: Stream) -> Stream:
    """A stream as its platform knows it, without what guards against circles."""
    if stream.cursor is None or _GUARD not in stream.cursor:
        return stream
    bare = {key: value for key, value in stream.cursor.items() if key != _GUARD}
    return replace(stream, cursor=bare or None)


def _guard(before: Stream, page: Page) -> Page:
    """Stop a stream that goes in circles, of whatever length.

    The place at the last power of two of pages is remembered and each later one
    compared with it (Brent, 1980): a circle is found within three rounds.
    """
    after = page.stream
    if after.state != "open" or page.wait_seconds:
        return page
    guard = (before.cursor or {}).get(_GUARD) or {"pages": 0, "place": _digest(None)}
    rows = _digest_of(record.body for record in page.records)
    place = _digest(after.cursor)
    why = None
    if after.cursor is None or place == guard["place"]:
        why = "a list that comes back to where it was was left"
    elif page.records and rows == guard.get("rows"):
        why = "a list that shows the same page again was left"
    if why is not None:
        return replace(page, stream=replace(after, state="stuck", note=why))
    pages = guard["pages"] + 1
    if pages & (pages - 1):
        place = guard["place"]
    kept = {"pages": pages, "place": place, "rows": rows}
    return replace(
        page, stream=replace(after, cursor={**(after.cursor or {}), _GUARD: kept})
    )


def _digest(value: Any) -> str:
    return _digest_of([json.dumps(value, sort_keys=True).encode()])


def _digest_of(texts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\n".join([*texts, b""])).hexdigest()[:16]


@contextmanager
def _told_of_shape(request: Request) -> Iterator[None]:
    """Whatever an answer holds: what no platform's module expects ends no run."""
    try:
        yield
    except (
        *(LookupError, TypeError, ValueError, AttributeError),
        # A day outside of the calendar, a number beyond all, nesting without an end.
        *(ArithmeticError, RecursionError),
    ):
        raise FetchError(
            f"{urlsplit(request.path).path} answered in an unknown shape"
        ) from None


def _parse(answer: Answer, request: Request) -> Any:
    if request.content_type != "json":
        return answer.body
    try:
        return parse_json(answer.body)
    except (ValueError, RecursionError):
        raise FetchError(f"{request.path} answered what is no JSON") from None


def label(request: Request) -> str:
    """A request in one line, without credentials: stands as a record's path.

    Places in a list are left out: platforms forbid to keep them.
    """
    asked = "&".join(
        f"{key}={value}"
        for key, value in sorted(request.params.items())
        if key not in PLACES
    )
    return f"{request.path}?{asked}" if asked else request.path


def retry_after(answer: Answer, now: float) -> float:
    """Seconds that a server asks to wait, in either form; 0 where it asks nothing.

    At most a day.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_REST)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(max(moment.timestamp() - now, 0.0), LONGEST_REST)
    except (ValueError, TypeError, OverflowError):
        return 0.0
