"""Rows are paid before they come: a run that dies has not read for nothing."""

# What a platform's methods are for, `Platform` says.
# ruff: noqa: D102

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tasks.sources.crawl.budget import Budget, Limit
from tasks.sources.crawl.crawler import Crawler, Request, Trouble, Wanted
from tasks.sources.crawl.http_client import Client
from tasks.sources.crawl.spending import Spending
from tasks.sources.crawl.state import CrawlState, Page, Record, Stream
from tests.emulators.serving import Answer, Asked, Emulator, serve
from tests.flows.networks import StandingClock

ROWS = Limit("rows-month", 100, endpoints=("list",), counts_rows=True)
DAY = date(2026, 3, 1)
WANTED = Wanted((), (), (), (), DAY, DAY, 0, "UTC", frozenset())


class Lists(Emulator):
    """Gives as many rows as are asked for, or an error."""

    status = 200

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        if self.status != 200:
            return Answer(b"{}", self.status)
        return Answer(b'{"rows": %s}' % asked.params["count"].encode())


class Reading:
    """A platform with one list without an end.

    Attributes:
        dies: when a page is understood.
    """

    limits = (ROWS,)
    dies = False

    def headers(self) -> dict[str, str]:
        return {}

    def seeds(self, wanted: Wanted, state: CrawlState, now: object) -> list[Stream]:
        return [Stream("list", "list", {}, 0)]

    def request(self, stream: Stream) -> Request:
        return Request(
            "list", {"count": "30"}, rows=30, rows_param="count", least_rows=8
        )

    def judge(self, answer: object) -> Trouble | None:
        status = answer.status  # type: ignore[attr-defined]
        return None if status == 200 else Trouble("end", "no list")

    def read(
        self, stream: Stream, content: object, answer: object, wanted: Wanted
    ) -> Page:
        if self.dies:
            raise KeyboardInterrupt
        rows = content["rows"]  # type: ignore[index]
        number = (stream.cursor or {}).get("page", 0) + 1
        after = Stream("list", "list", {}, 0, cursor={"page": number})
        return Page(after, (Record(f"{number}".encode()),), rows=rows)


@pytest.fixture
def lists() -> Iterator[tuple[Lists, str]]:
    server = Lists()
    with serve(server) as base:
        yield server, base


def run(base: str, file: Path, platform: Reading) -> tuple[int, str | None]:
    """Crawl; what is spent then, and what it waits for."""
    clock = StandingClock(1_772_000_000.0)
    with (
        CrawlState(file) as state,
        Spending(file.with_name("spending.sqlite")) as spending,
        Client(base) as client,
    ):
        budget = Budget(spending, platform.limits, share=1.0, reserve=0.0)
        crawler = Crawler(platform, client, state, budget, WANTED, clock)
        try:
            why = crawler.run().waits_for
        except KeyboardInterrupt:
            why = "killed"
        (use,) = budget.uses(clock.now())
        return use.spent, why


@pytest.mark.parametrize(
    ("calls", "done_at"),
    [
        ({}, "2026-02-25T06:13:20"),
        ({"list": 1}, "2026-02-25T06:13:20"),
        # Of ten rows each: 350, of 100 a month.
        ({"list": 35}, "2026-05-01T00:00:00"),
        ({"other": 4}, "2026-02-25T06:13:20"),
        ({"other": 9}, "2026-02-25T08:00:00"),
    ],
)
def test_when_it_is_done_counts_hours_months_and_rows(
    tmp_path: Path, calls: dict[str, int], done_at: str
) -> None:
    limits = (
        Limit(
            "rows-month", 100, endpoints=("list",), counts_rows=True, is_monthly=True
        ),
        Limit("calls-hour", 4, endpoints=("other",)),
    )
    with Spending(tmp_path / "spending.sqlite") as spending:
        budget = Budget(spending, limits, share=1.0, reserve=0.0)
        moment = budget.done_at(calls, 1_772_000_000.0, rows_a_call=10)
    assert datetime.fromtimestamp(moment, UTC).isoformat()[:19] == done_at


def test_a_limit_of_nothing_is_never_done(tmp_path: Path) -> None:
    limits = (Limit("rows-month", 0, counts_rows=True, is_monthly=True),)
    with Spending(tmp_path / "spending.sqlite") as spending:
        budget = Budget(spending, limits)
        assert budget.done_at({"list": 1}, 1_772_000_000.0) == math.inf


def test_the_platforms_word_on_a_limit_counts_where_it_is_less(tmp_path: Path) -> None:
    """For this run and the next; a limit by contract is one once it is told."""
    limits = (Limit("ip-hour", 1000), Limit("user-hour", 1000, by_contract=True))
    now = 1_772_000_000.0

    def stand(budget: Budget) -> dict[str, tuple[int, int]]:
        return {use.name: (use.amount, use.spent) for use in budget.uses(now)}

    with Spending(tmp_path / "spending.sqlite") as spending:
        budget = Budget(spending, limits)
        assert stand(budget) == {"ip-hour": (1000, 0)}
        budget.believe([("ip-hour", 150, 120), ("user-hour", 30, 30)], now)
        told = {"ip-hour": (150, 30), "user-hour": (30, 0)}
        assert stand(budget) == told
        assert stand(Budget(spending, limits)) == told
        # A contract of less stays; others' calls count against the platform's.
        small = Budget(spending, limits, overrides={"ip-hour": 100})
        small.believe([("ip-hour", 5000, 4900)], now)
        assert stand(small) == {"ip-hour": (100, 30)}


def test_pages_become_smaller_rather_than_go_over(
    lists: tuple[Lists, str], tmp_path: Path
) -> None:
    server, base = lists
    found = run(base, tmp_path / "state.sqlite", Reading())
    assert found == (100, "the budget of calls is spent")
    assert [call.params["count"] for call in server.calls] == ["30", "30", "30", "10"]


def test_fewer_rows_than_a_page_must_have_are_left(
    lists: tuple[Lists, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, base = lists
    limit = Limit("rows-month", 67, endpoints=("list",), counts_rows=True)
    monkeypatch.setattr(Reading, "limits", (limit,))
    found = run(base, tmp_path / "state.sqlite", Reading())
    assert found == (60, "the budget of rows is spent")


def test_a_killed_run_has_paid_for_the_page_that_it_read(
    lists: tuple[Lists, str], tmp_path: Path
) -> None:
    _, base = lists
    platform = Reading()
    platform.dies = True
    assert run(base, tmp_path / "state.sqlite", platform) == (30, "killed")


def test_an_error_costs_no_rows(lists: tuple[Lists, str], tmp_path: Path) -> None:
    server, base = lists
    server.status = 404
    assert run(base, tmp_path / "state.sqlite", Reading()) == (0, None)
