"""Whatever happens on either side: after enough runs, exactly the server's rows."""

# The names of the rules say what they do.
# ruff: noqa: D102

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tasks.sources.crawl import pace
from tasks.sources.crawl.budget import DAY, HOUR, Budget, Limit
from tasks.sources.crawl.crawler import Crawled, Crawler, ReauthoriseError, Wanted
from tasks.sources.crawl.http_client import Client
from tasks.sources.crawl.spending import Spending
from tasks.sources.crawl.state import CrawlState
from tasks.sources.weibo.api import WeiboApi
from tests.emulators.serving import Fault, serve
from tests.sources.weibo.tiny_weibo import TinyClock, TinyWeibo

BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FAULTS = st.sampled_from(
    [
        Fault("status", status=503),
        Fault("html"),
        Fault("cut"),
        Fault("garbage"),
        Fault("redirect", location="https://example.com/"),
    ]
)
LISTS = st.sampled_from(["reposts", "comments"])
ROOTS = st.sampled_from(["100", "200"])


class Killed(BaseException):
    """Stands for kill -9."""


class Death:
    """Comes at a transaction: before its end, or just after it."""

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self._left, self._after = at, after

    @contextmanager
    def strikes(self, transaction: AbstractContextManager[None]) -> Iterator[None]:
        self._left -= 1
        with transaction:
            yield
            if self._left == 0 and not self._after:
                raise Killed
        if self._left == 0:
            raise Killed


class DyingState(CrawlState):
    """Dies at a transaction."""

    death = Death()

    def _transaction(self) -> AbstractContextManager[None]:
        return self.death.strikes(super()._transaction())


class DyingSpending(Spending):
    """Dies at a transaction."""

    death = Death()

    def _transaction(self) -> AbstractContextManager[None]:
        return self.death.strikes(super()._transaction())


class AnyCrawl(RuleBasedStateMachine):
    """A server, its crawl, and everything that can come between them."""

    @initialize(most=st.sampled_from([1, 2, 5]))
    def begin(self, most: int) -> None:
        self.most = most
        # Answers that take no time would come one after the other.
        self.slow = pytest.MonkeyPatch()
        self.slow.setattr(pace, "LEAST_LATENCY", HOUR)
        self.folder = Path(tempfile.mkdtemp(prefix="any-crawl-"))
        self.clock = TinyClock(BEGIN)
        self.weibo = TinyWeibo(self.clock)
        self.serving = serve(self.weibo)
        self.base = self.serving.__enter__()
        os.environ["WEIBO_ACCESS_TOKEN"] = "first"
        self.landed: dict[int, tuple[str, str]] = {}

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        try:
            self.finish()
        finally:
            self.slow.undo()
            self.serving.__exit__(None, None, None)
            shutil.rmtree(self.folder)
            del os.environ["WEIBO_ACCESS_TOKEN"]

    # --- the server's side ------------------------------------------------------

    @rule(name=LISTS, root=ROOTS, count=st.integers(1, 12))
    def rows_appear(self, name: str, root: str, count: int) -> None:
        self.weibo.add(name, root, count)

    @rule(name=LISTS, root=ROOTS)
    def a_row_appears_late(self, name: str, root: str) -> None:
        self.weibo.add_late(name, root)

    @rule(place=st.integers(0, 999))
    def a_row_vanishes(self, place: int) -> None:
        if found := self.weibo.pick(place):
            rows, key = found
            del rows[key]

    @rule(place=st.integers(0, 999))
    def a_row_is_hidden_or_shown(self, place: int) -> None:
        if found := self.weibo.pick(place):
            rows, key = found
            rows[key].is_hidden = not rows[key].is_hidden

    @rule(place=st.integers(0, 999), text=st.sampled_from(["edited", "edited again"]))
    def a_row_is_edited(self, place: int, text: str) -> None:
        if found := self.weibo.pick(place):
            rows, key = found
            rows[key].text = text

    @rule(rows=st.integers(1, 9))
    def pages_change_their_size(self, rows: int) -> None:
        self.weibo.page_rows = rows

    @rule(after=st.integers(0, 8), fault=FAULTS)
    def a_call_goes_wrong(self, after: int, fault: Fault) -> None:
        self.weibo.go_wrong(after, fault)

    @rule(after=st.integers(0, 8))
    def the_token_expires(self, after: int) -> None:
        def expire() -> None:
            self.weibo.token = None

        self.weibo.at_call(after, expire)

    @rule(after=st.integers(0, 8), name=LISTS, root=ROOTS, count=st.integers(1, 9))
    def rows_appear_while_pages_are_read(
        self, after: int, name: str, root: str, count: int
    ) -> None:
        self.weibo.at_call(after, lambda: self.weibo.add(name, root, count))

    @rule(after=st.integers(0, 8), place=st.integers(0, 999))
    def a_row_vanishes_while_pages_are_read(self, after: int, place: int) -> None:
        self.weibo.at_call(after, lambda: self.a_row_vanishes(place))

    @rule(hours=st.integers(1, 20))
    def time_passes(self, hours: int) -> None:
        self.clock.sleep(hours * HOUR)

    # --- the crawl's side -------------------------------------------------------

    @rule(calls=st.integers(1, 40))
    def a_run(self, calls: int) -> None:
        with suppress(ReauthoriseError):
            self.run(calls)

    @rule(dies_at=st.integers(1, 30), after=st.booleans())
    def a_killed_run(self, dies_at: int, after: bool) -> None:
        with suppress(ReauthoriseError, Killed):
            self.run(1000, Death(dies_at, after=after))

    def run(self, calls: int, death: Death | None = None) -> Crawled:
        """One run; what was kept is landed, at the latest by the next one."""
        with (
            DyingState(self.folder / "crawl.sqlite") as state,
            DyingSpending(self.folder / "spending.sqlite") as spending,
        ):
            self.land(state)
            state.death = spending.death = death or Death()
            api = WeiboApi(self.base, limits=(), clock=self.clock)
            limit = Limit("hour", calls, HOUR)
            budget = Budget(spending, (limit,), share=1.0, reserve=0.0)
            today = datetime.fromtimestamp(self.clock.now(), UTC).date()
            wanted = Wanted(
                accounts=(),
                posts=self.weibo.roots,
                searches=(),
                windows=(),
                first=date(2026, 3, 2),
                last=today,
                look_back_days=60,
                timezone="Asia/Shanghai",
                collect=frozenset(("reposts", "comments", "counters")),
            )
            with Client(self.base, api.headers(), clock=self.clock) as client:
                done = Crawler(
                    api,
                    client,
                    state,
                    budget,
                    wanted,
                    self.clock,
                    max_in_flight=self.most,
                ).run()
            self.land(state)
        return done

    def land(self, state: CrawlState) -> None:
        """Keep the newest observation of each row."""
        waiting = state.waiting(100_000)
        for record in waiting:
            row = json.loads(record.body)
            if record.root_id is not None:
                seen = record.observed_at
                if seen >= self.landed.get(row["id"], ("", ""))[0]:
                    self.landed[row["id"]] = seen, row["text"]
        if waiting:
            state.forget(waiting[-1].number)

    def finish(self) -> None:
        """Enough runs in peace: a new token, and two mornings for edits."""
        self.weibo.faults.clear()
        self.weibo.before_call = None
        self.weibo.token = os.environ["WEIBO_ACCESS_TOKEN"] = "renewed"
        for _ in range(2):
            self.clock.sleep(DAY)
            for _ in range(20):
                if self.run(1000).resume_at is None:
                    break
                self.clock.sleep(HOUR)
            else:
                raise AssertionError("never came to its end")
        visible = self.weibo.visible()
        assert {
            key: self.landed.get(key, ("", "none"))[1] for key in visible
        } == visible
        # Nothing is invented, and what is gone is kept as it was shown.
        for key, (_, text) in self.landed.items():
            assert text in self.weibo.served[key]


TestAnyCrawl = AnyCrawl.TestCase
TestAnyCrawl.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
