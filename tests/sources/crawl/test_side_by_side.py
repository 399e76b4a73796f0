"""Calls side by side: as many as the budget needs; what one is told, all heed."""

# What a platform's methods are for, `Platform` says.
# ruff: noqa: D102

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tasks.sources.crawl import pace
from tasks.sources.crawl.budget import DAY, HOUR, Budget, Left, Limit
from tasks.sources.crawl.crawler import (
    ATTEMPTS,
    FAILURES_IN_A_ROW,
    Crawled,
    Crawler,
    FatalAnswerError,
    ReauthoriseError,
    Request,
    Trouble,
    Wanted,
)
from tasks.sources.crawl.http_client import Answer, Client, SystemClock
from tasks.sources.crawl.pace import Pace
from tasks.sources.crawl.spending import Spending
from tasks.sources.crawl.state import CrawlState, Page, Record, Stream
from tests.emulators import serving
from tests.emulators.serving import Asked, Emulator, Fault, serve
from tests.sources.weibo.tiny_weibo import TinyClock

DAY_ONE = date(2026, 3, 2)
BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WANTED = Wanted((), (), (), (), DAY_ONE, DAY_ONE, 0, "UTC", frozenset())
PAGES = 3


class Server(Emulator):
    """Lists of three pages, and refusals.

    Attributes:
        refuses: what it answers in place of a page.
        token: that it takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.latency = 0.02
        self.refuses: Callable[[Asked], serving.Answer | None] = lambda asked: None
        self.token = "first"  # noqa: S105 - of no use anywhere

    def answer(self, asked: Asked) -> serving.Answer:
        refusal = self.refuses(asked)
        if refusal is not None:
            return refusal
        if asked.headers["authorization"] != self.token:
            return serving.Answer(b"{}", 401)
        page = int(asked.params["page"])
        body = {"list": asked.params["list"], "page": page, "is_last": page == PAGES}
        return serving.Answer(json.dumps(body).encode())

    def pages(self) -> Counter[tuple[str, str]]:
        """How often each page was given."""
        return Counter(
            (call.params["list"], call.params["page"])
            for call in self.calls
            if call.status == 200
        )


@dataclass
class Lists:
    """A platform with so many lists."""

    count: int = 12
    limits: tuple[Limit, ...] = ()
    tokens: Iterator[str] = field(default_factory=lambda: iter(["first"]))
    token: str = ""

    def headers(self) -> dict[str, str]:
        self.token = next(self.tokens, self.token)
        return {"authorization": self.token}

    def seeds(self, wanted: Wanted, state: object, now: object) -> list[Stream]:
        return [
            Stream(f"list {n:02d}", "list", {"list": f"{n}"}, 0)
            for n in range(self.count)
        ]

    def request(self, stream: Stream) -> Request:
        page = (stream.cursor or {}).get("page", 1)
        return Request("list", {**stream.params, "page": f"{page}"})

    def judge(self, answer: Answer) -> Trouble | None:
        if answer.status == 200:
            return None
        kind = {429: "rate", 401: "token", 400: "fatal"}.get(answer.status, "transient")
        return Trouble(kind, f"HTTP {answer.status}")  # type: ignore[arg-type]

    def read(
        self, stream: Stream, content: object, answer: Answer, wanted: Wanted
    ) -> Page:
        assert isinstance(content, dict)
        assert answer.asked["list"] == content["list"]
        cursor = {"page": content["page"] + 1}
        state = "done" if content["is_last"] else "open"
        after = replace(stream, cursor=cursor, state=state)
        # Each page leads to all lists: read, under way, or not yet begun.
        found = tuple(self.seeds(wanted, None, None))
        return Page(after, (Record(json.dumps(content).encode()),), found)


@dataclass
class Place:
    """Where crawls remember, and how they are begun."""

    folder: Path
    base: str
    clock: TinyClock | SystemClock

    def run(self, platform: Lists, name: str = "one", **options: object) -> Crawled:
        """Crawl once."""
        options = {"max_in_flight": 6, **options}
        with (
            CrawlState(self.folder / f"{name}.sqlite") as state,
            Spending(self.folder / "spending.sqlite") as spending,
            Client(self.base, platform.headers(), clock=self.clock) as client,
        ):
            budget = Budget(spending, platform.limits, share=1.0, reserve=0.0)
            crawler = Crawler(
                platform, client, state, budget, WANTED, self.clock, **options
            )
            return crawler.run()

    def kept(self, name: str = "one") -> Counter[str]:
        """Pages that wait to be landed."""
        with CrawlState(self.folder / f"{name}.sqlite") as state:
            return Counter(record.body for record in state.waiting(1000))

    def is_read(self, name: str = "one", lists: int = 12) -> bool:
        """Whether each page was kept once."""
        kept = self.kept(name)
        return len(kept) == lists * PAGES and set(kept.values()) == {1}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def place(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    # Time stands still while calls are under way.
    monkeypatch.setattr(pace, "LEAST_LATENCY", HOUR)
    with serve(server) as base:
        yield Place(tmp_path, base, TinyClock(BEGIN))


class Surprised(Lists):
    """A platform of whose answers two hold what nobody expects."""

    def judge(self, answer: Answer) -> Trouble | None:
        if answer.asked["list"] == "0":
            raise RecursionError
        return super().judge(answer)

    def read(
        self, stream: Stream, content: object, answer: Answer, wanted: Wanted
    ) -> Page:
        if stream.params["list"] == "1":
            datetime.max.replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Shanghai"))
        return super().read(stream, content, answer, wanted)


def test_answer_that_nobody_expects_ends_no_run(server: Server, place: Place) -> None:
    """Its list waits for another run, which is told why; the others are read."""
    done = place.run(Surprised(4))
    assert "list answered in an unknown shape" in (done.waits_for or "")
    assert place.is_read(lists=2)


# --- how many -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "seconds", "latency", "most"),
    [
        (50_000, HOUR, 0.05, 1),
        (50_000, HOUR, 0.3, 5),
        (50_000, HOUR, 1.0, 16),
        # Half an hour late.
        (50_000, HOUR / 2, 1.0, 31),
        # Never more than were set, nor fewer than one.
        (1_000_000, HOUR, 1.0, 32),
        (100, DAY, 30.0, 1),
        (0, HOUR, 1.0, 1),
        # A day's calls are not to take the day.
        (50_000, DAY, 1.0, 14),
        # Hardly any time is left: what is left of the calls, not more.
        (3, 0.1, 1.0, 3),
    ],
)
def test_as_many_as_use_up_the_budget(
    amount: int, seconds: float, latency: float, most: int
) -> None:
    found = Pace(32)
    limit = Left("hour", amount, seconds)
    for _ in range(50):
        found.begin(["hour"])
        found.end(["hour"], latency)
    count = 0
    while found.has_room([limit]):
        found.begin(["hour"])
        count += 1
    assert count == most
    # Of the most that two limits permit the smaller one counts.
    assert not found.has_room([Left("other", 10**9, HOUR), limit])


def test_lists_are_read_side_by_side_and_each_in_its_order(
    server: Server, place: Place
) -> None:
    done = place.run(Lists())
    assert (done.calls, done.records) == (36, 36)
    assert server.most_under_way == 6
    assert place.is_read()
    orders = {f"{n}": [] for n in range(12)}
    for call in server.calls:
        orders[call.params["list"]].append(call.params["page"])
    assert set(map(tuple, orders.values())) == {("1", "2", "3")}


# --- one budget -------------------------------------------------------------------


def test_crawls_side_by_side_count_in_one_budget(server: Server, place: Place) -> None:
    """To the call, and both come to their end with the windows that follow."""
    platform = Lists(limits=(Limit("hour", 40),))
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            runs = [threads.submit(place.run, platform, name) for name in "ab"]
            done = [run.result() for run in runs]
            assert len(server.calls) <= 40
            assert isinstance(place.clock, TinyClock)
    assert len(server.calls) == 40
    assert {one.waits_for for one in done} == {"the budget of calls is spent"}
    place.clock.sleep(HOUR)
    for name in "ab":
        place.run(platform, name)
        assert place.is_read(name)
    assert len(server.calls) == 72


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_one_is_asked_for_all_make(
    server: Server, place: Place, status: int
) -> None:
    wait = serving.Answer(b"{}", status, headers={"retry-after": "7200"})
    server.refuses = lambda asked: wait
    done = place.run(Lists())
    assert done.resume_at == BEGIN.timestamp() + 7200
    refused = len(server.calls)
    # Those that were under way, but no more.
    assert refused <= 6
    server.refuses = lambda asked: None
    assert place.run(Lists(), "other").resume_at == done.resume_at
    assert len(server.calls) == refused
    place.clock.sleep(7200)
    for name in ("one", "other"):
        place.run(Lists(), name)
        assert place.is_read(name)


def test_a_short_pause_is_waited_for(server: Server, place: Place) -> None:
    """Whatever patience a run has for windows of limits."""
    busy = serving.Answer(b"{}", 503, headers={"retry-after": "20"})
    server.refuses = lambda asked: busy if asked.number in (3, 4) else None
    assert place.run(Lists()).resume_at is None
    assert place.clock.now() - BEGIN.timestamp() >= 20
    assert place.is_read()


def test_a_wrong_clock_makes_no_pause_of_years(server: Server, place: Place) -> None:
    """What was asked for when it ran ahead is forgotten when it is right again."""
    wait = serving.Answer(b"{}", 503, headers={"retry-after": "3600"})
    server.refuses = lambda asked: wait
    place.clock.sleep(365 * DAY)
    platform = Lists(limits=(Limit("year", 1000, 10_000 * DAY),))
    assert place.run(platform).resume_at is not None
    server.refuses = lambda asked: None
    place.clock.sleep(-365 * DAY)
    with Spending(place.folder / "spending.sqlite") as spending:
        assert spending.spent("year", 20_000 * DAY) == len(server.calls)
    assert place.run(Lists()).resume_at is None
    assert place.is_read()


def test_a_limit_that_is_reached_is_reached_for_all(
    server: Server, place: Place
) -> None:
    """By the platform's word, though our own count says otherwise."""
    server.refuses = lambda asked: serving.Answer(
        b"{}", 429, headers={"retry-after": "600"}
    )
    platform = Lists(limits=(Limit("hour", 1000),))
    for name in ("one", "other"):
        done = place.run(platform, name, patience_seconds=60.0)
        assert done.resume_at == BEGIN.timestamp() + 600
    assert len(server.calls) <= 6
    server.refuses = lambda asked: None
    assert place.run(platform, patience_seconds=600.0).resume_at is None
    assert place.is_read()


def test_what_an_earlier_version_spent_still_counts(tmp_path: Path) -> None:
    crawl = tmp_path / "weibo.sqlite"
    CrawlState(crawl).__exit__(None, None, None)
    with closing(sqlite3.connect(crawl)) as former, former:
        former.executescript(
            """
            create table spending (budget text, window_start real, spent integer);
            insert into spending values ('ip-hour', 7200.0, 30);
            insert into facts values ('told_limits', '{"ip-hour": 100}');
            """
        )
    with Spending(tmp_path / "spending.sqlite") as spending:
        for _ in range(2):
            spending.take_over(crawl)
            assert spending.spent("ip-hour", 7200.0) == 30
        assert spending.told_limits() == {"ip-hour": 100}


# --- what goes wrong ----------------------------------------------------------------


def test_a_platform_that_is_down_is_not_stormed(server: Server, place: Place) -> None:
    """However many lists are open: one call at a time, and an end."""
    server.refuses = lambda asked: serving.Answer(b"{}", 500)
    done = place.run(Lists(count=50))
    assert done.waits_for is not None
    assert "no usable answer" in done.waits_for
    assert len(server.calls) <= 5 + FAILURES_IN_A_ROW * ATTEMPTS
    assert place.clock.now() - BEGIN.timestamp() > 10
    server.refuses = lambda asked: None
    place.run(Lists(count=50))
    assert place.is_read(lists=50)


def test_a_list_that_fails_holds_up_no_other(server: Server, place: Place) -> None:
    server.refuses = lambda asked: (
        serving.Answer(b"{}", 500) if asked.params["list"] == "5" else None
    )
    done = place.run(Lists())
    assert done.resume_at is not None
    assert len(place.kept()) == 11 * PAGES
    failed = [call for call in server.calls if call.status == 500]
    assert len(failed) == ATTEMPTS
    server.refuses = lambda asked: None
    assert place.run(Lists()).resume_at is None
    assert place.is_read()


def test_half_answers_and_hangups_cost_calls_only(server: Server, place: Place) -> None:
    """Every third answer is cut, garbage, a page for people, or leads elsewhere."""
    kinds = ("cut", "garbage", "html", "redirect")
    for place_of, number in enumerate(range(2, 60, 3)):
        kind = kinds[place_of % len(kinds)]
        server.faults[number] = Fault(kind, location="http://192.0.2.1/steal")
    assert place.run(Lists()).resume_at is None
    assert place.is_read()


def test_a_token_is_renewed_once_for_all_that_are_under_way(
    server: Server, place: Place
) -> None:
    def expire(asked: Asked) -> None:
        if asked.number == 8:
            server.token = "second"  # noqa: S105

    server.before_call = expire
    assert place.run(Lists(tokens=iter(["first", "second"]))).resume_at is None
    assert place.is_read()
    server.token = "third"  # noqa: S105
    with pytest.raises(ReauthoriseError):
        place.run(Lists(tokens=iter(["second"])), "other")


def test_a_refusal_ends_the_run_and_keeps_what_was_under_way(
    server: Server, place: Place
) -> None:
    server.refuses = lambda asked: (
        serving.Answer(b"{}", 400) if asked.number == 10 else None
    )
    with pytest.raises(FatalAnswerError):
        place.run(Lists())
    given = sum(server.pages().values())
    assert len(server.calls) == given + 1
    assert sum(place.kept().values()) == given
    server.refuses = lambda asked: None
    place.run(Lists())
    assert place.is_read()
    assert set(server.pages().values()) == {1}


def test_a_stopped_run_keeps_what_was_under_way(server: Server, place: Place) -> None:
    stop = threading.Event()
    server.before_call = lambda asked: stop.set() if asked.number == 10 else None
    place.run(Lists(), stop=stop)
    assert 10 <= len(server.calls) <= 16
    assert sum(place.kept().values()) == len(server.calls)
    server.before_call = None
    place.run(Lists())
    assert place.is_read()
    assert set(server.pages().values()) == {1}


def test_a_stopped_run_waits_for_no_window() -> None:
    """Nor sleeps on: the process would be killed."""
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    SystemClock(stop).sleep(600)
    assert stop.is_set()
