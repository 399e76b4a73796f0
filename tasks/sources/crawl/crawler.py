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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from tasks.sources.crawl.budget import Budget, Limit
from tasks.sources.crawl.http_client import Answer, Client, Clock, FetchError
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.warehouse.database import failpoint

# Full jitter: wait a random part of min(cap, base * 2^attempt) seconds
# (Brooker, Exponential backoff and jitter, 2015).
BACKOFF_BASE = 1.0
BACKOFF_CAP = 60.0
ATTEMPTS = 6
# The longest that a server may make us wait within a run.
LONGEST_WAIT = 300.0
# The longest that it may make us wait between runs: servers write nonsense, too.
LONGEST_REST = 86_400.0
# So many lists in a row without a usable answer: the platform is down, the rest
# is left to the next run.
FAILURES_IN_A_ROW = 3

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


class _Later(Exception):  # noqa: N818 - a turn in the work, no error
    """This stream can't go on now."""

    def __init__(self, moment: float, why: str, *, whole_endpoint: bool) -> None:
        super().__init__(why)
        self.moment = moment
        self.why = why
        self.whole_endpoint = whole_endpoint


class Crawler:
    """Reads the open streams of a source until they end or the budget does."""

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
        advance: Callable[[int], None] | None = None,
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
            advance: told the number of records of each page.
        """
        self._platform = platform
        self._client = client
        self._state = state
        self._budget = budget
        self._wanted = wanted
        self._clock = clock
        self._patience = patience_seconds
        self._resumes = resumes
        self._advance = advance or (lambda count: None)
        # Only waiting times come from it, never data.
        self._random = random.Random(0)
        self._done = Crawled()
        self._refreshed = False

    def run(self) -> Crawled:
        """Read until nothing is open or the budget is gone.

        Raises:
            FatalAnswerError: the platform refuses and says why.
            ReauthoriseError: the token has expired and no other was found.
        """
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        self._state.begin_pass(
            now,
            lambda: self._platform.seeds(self._wanted, self._state, now),
            is_resumed=self._resumes or bool(self._state.streams("open")),
        )
        queues: dict[str, list[tuple[int, str]]] = {}
        streams: dict[str, Stream] = {}

        def enqueue(stream: Stream) -> None:
            streams[stream.key] = stream
            heapq.heappush(
                queues.setdefault(stream.endpoint, []), (stream.priority, stream.key)
            )

        for stream in self._state.streams("open"):
            enqueue(stream)
        not_before: dict[str, tuple[float, str]] = {}
        # Open, but not for this run.
        resting: set[str] = set()
        failures = 0
        while any(queues.values()):
            endpoint, moment, why = self._next(queues, not_before)
            if moment > self._clock.now():
                if not self._wait(moment):
                    self._postpone(moment, why)
                    break
                continue
            _, key = heapq.heappop(queues[endpoint])
            stream = streams.pop(key)
            try:
                page = self._read_page(stream)
            except _Later as later:
                if later.whole_endpoint:
                    enqueue(stream)
                    not_before[endpoint] = (later.moment, later.why)
                else:
                    # This one waits for another run; the others go on.
                    resting.add(key)
                    self._postpone(later.moment, later.why)
                    failures += 1
                    if failures == FAILURES_IN_A_ROW:
                        break
                continue
            failures = 0
            if page.wait_seconds:
                resting.add(key)
                self._postpone(
                    self._clock.now() + page.wait_seconds,
                    "the platform prepares an answer",
                )
            elif page.stream.state == "open":
                enqueue(page.stream)
            elif page.stream.state == "stuck" and page.stream.note:
                self._note(page.stream.note)
            for found in page.found:
                if found.key in streams or found.key in resting:
                    continue
                opened = self._state.stream(found.key)
                if opened is not None and opened.state == "open":
                    enqueue(opened)
        return self._done

    def _next(
        self,
        queues: dict[str, list[tuple[int, str]]],
        not_before: dict[str, tuple[float, str]],
    ) -> tuple[str, float, str]:
        """The endpoint to ask: the most wanted that may be asked, else the soonest."""
        now = self._clock.now()
        choices = []
        for endpoint, queue in queues.items():
            if not queue:
                continue
            priority, key = queue[0]
            moment = self._budget.affordable_at(endpoint, priority, now)
            why = "the budget of calls is spent"
            later = not_before.get(endpoint)
            if later is not None and later[0] > moment:
                moment, why = later
            choices.append((max(moment, now), priority, key, endpoint, why))
        moment, _, _, endpoint, why = min(choices)
        return endpoint, moment, why

    def _wait(self, moment: float) -> bool:
        seconds = moment - self._clock.now()
        if seconds > self._patience:
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

    def _read_page(self, stream: Stream) -> Page:
        whole = self._platform.request(_bare(stream))
        for attempt in range(1, ATTEMPTS + 1):
            now = self._clock.now()
            moment = self._budget.affordable_at(stream.endpoint, stream.priority, now)
            if moment > now:
                raise _Later(
                    moment, "the budget of calls is spent", whole_endpoint=True
                )
            request = self._fitting(stream, whole, now)
            # Paid before it is made: a killed run has spent what it asked for.
            self._budget.pay_call(stream.endpoint, now, request.rows)
            self._done.calls += 1
            answer: Answer | None = None
            try:
                answer = self._client.get(
                    request.path,
                    {**request.params, **request.secrets},
                    method=request.method,
                    content_type=request.content_type,
                )
                trouble = self._platform.judge(answer)
                if trouble is None:
                    return self._keep(stream, request, answer, now)
            except FetchError as error:
                trouble = Trouble("transient", str(error))
            finally:
                # Nobody knows on which side of a window's edge it was counted.
                self._budget.settle(stream.endpoint, now, self._clock.now())
            self._budget.pay_rows(stream.endpoint, -request.rows, now)
            if request.is_optional and trouble.kind != "token":
                return self._end(stream, Trouble("end", ""), answer)
            if trouble.kind == "transient":
                if attempt < ATTEMPTS:
                    self._back_off(attempt, answer, trouble)
                continue
            if trouble.kind == "rate":
                # Believed over our own count: others may share the limit.
                end = now
                if trouble.limit:
                    end = self._budget.exhaust(stream.endpoint, now, trouble.limit)
                asked = now + retry_after(answer, now) if answer else now
                raise _Later(
                    max(end, asked, trouble.resets_at or 0.0),
                    trouble.text,
                    whole_endpoint=True,
                )
            if trouble.kind == "token":
                self._refresh(trouble)
                continue
            if trouble.kind == "fatal":
                raise FatalAnswerError(trouble.text)
            return self._end(stream, trouble, answer)
        raise _Later(
            self._clock.now() + LONGEST_WAIT,
            f"the platform gave no usable answer {ATTEMPTS} times"
            f" ({trouble.text if trouble else 'none'})",
            whole_endpoint=False,
        )

    def _fitting(self, stream: Stream, request: Request, now: float) -> Request:
        """The request for no more rows than may still come.

        One that can't be made smaller is asked whole, or it might never be.
        """
        found = self._budget.rows_left(stream.endpoint, stream.priority, now)
        if found is None or found[0] >= request.rows or request.rows_param is None:
            return request
        left, more_at = found
        if left < request.least_rows:
            raise _Later(more_at, "the budget of rows is spent", whole_endpoint=True)
        params = {**request.params, request.rows_param: str(left)}
        return replace(request, params=params, rows=left)

    def _keep(
        self, stream: Stream, request: Request, answer: Answer, paid_at: float
    ) -> Page:
        content = _parse(answer, request)
        try:
            page = self._platform.read(_bare(stream), content, answer, self._wanted)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise FetchError(
                f"{urlsplit(request.path).path} answered in an unknown shape"
            ) from None
        page = _guard(stream, page)
        counted = len(page.records) if page.rows is None else page.rows
        self._budget.pay_rows(stream.endpoint, counted - request.rows, paid_at)
        self._budget.believe(page.told_limits, self._clock.now())
        failpoint("crawl-answered")
        self._state.commit_page(page, label(request), answer.observed_at)
        failpoint("crawl-kept")
        self._done.records += len(page.records)
        self._advance(len(page.records))
        return page

    def _end(self, stream: Stream, trouble: Trouble, answer: Answer | None) -> Page:
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
        self._state.commit_page(page, "", observed_at)
        if trouble.text:
            self._note(trouble.text)
        return page

    def _back_off(self, attempt: int, answer: Answer | None, trouble: Trouble) -> None:
        wait = self._random.uniform(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt))
        least = retry_after(answer, self._clock.now()) if answer else 0.0
        if least > LONGEST_WAIT:
            raise _Later(self._clock.now() + least, trouble.text, whole_endpoint=True)
        self._clock.sleep(max(wait, least))

    def _refresh(self, trouble: Trouble) -> None:
        """Take a renewed token from the environment, once a run."""
        headers = self._platform.headers()
        if self._refreshed or headers == self._client.sent_headers:
            raise ReauthoriseError(trouble.text)
        self._refreshed = True
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
    rows = _digest([record.body for record in page.records])
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
    text = json.dumps(value, sort_keys=True).encode(errors="replace")
    return hashlib.sha256(text).hexdigest()[:16]


def _parse(answer: Answer, request: Request) -> Any:
    if request.content_type != "json":
        return answer.body
    try:
        return json.loads(answer.body)
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
