"""Weibo's API read by the product, from an emulator that has its quirks."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tasks.sources.api_landing import (
    Collected,
    collect_source,
    token_warning,
    wanted_of,
)
from tasks.sources.crawl.state import CrawlState
from tasks.sources.weibo.api import _moment
from tasks.warehouse.errors import ConfigurationError
from tests.emulators.serving import serve
from tests.emulators.weibo import (
    ROUGH,
    TOKEN,
    WeiboEmulator,
    WeiboLimits,
    WeiboOptions,
)
from tests.emulators.weibo_truth import told
from tests.flows.networks import configuration
from tests.flows.test_networks_weibo import UNSEEN, threads_of
from tests.oracles.worlds import CHECKED_MARTS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World

HOUR = 3600.0


@dataclass
class WorldClock:
    """The world's time; waiting lets it pass."""

    emulator: WeiboEmulator
    slept: float = 0.0

    def now(self) -> float:
        """The world's time."""
        return self.emulator.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.emulator.now += seconds
        self.slept += seconds


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("WEIBO_APP_SECRET", "emulated-secret")


def api(base: str, extra: str = "") -> str:
    limits = "" if "limits" in extra else "limits = { user-day = 100000 }\n"
    return f'kind = "api"\nbase_url = "{base}"\n{limits}{extra}\n'


def collect(lab: Lab, world: World, clock: WorldClock) -> Collected:
    first = world.spec.start
    workspace = lab.workspace
    (source,) = workspace.sources
    return collect_source(
        workspace, source, first, first + timedelta(days=world.spec.days), clock
    )


def finish(lab: Lab, world: World) -> None:
    first = world.spec.start
    lab.stage()
    lab.judge()
    last = first + timedelta(days=world.spec.days)
    lab.build(first, last, tables=CHECKED_MARTS)


def check_rows(lab: Lab, truth: World) -> None:
    """Staging holds the truth; marts are made of it alone, which `check` shows once."""
    check_staging(lab, truth, "weibo", ("posts", "interactions"), UNSEEN)
    assert lab.value("select count(*) from meta.quarantine") == 0


def check(lab: Lab, truth: World) -> None:
    check_rows(lab, truth)
    check_marts(lab, truth, "weibo")


@pytest.mark.parametrize("options", [WeiboOptions(), ROUGH], ids=["plain", "rough"])
def test_a_world_comes_through_row_by_row(
    small_world: World, tmp_path: Path, options: WeiboOptions
) -> None:
    """Without a contract; with one: `tests/flows/test_networks_weibo.py`."""
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(small_world, options)
    with serve(emulator) as base:
        lab.put("workspace.toml", configuration(small_world, "weibo", api(base)))
        done = collect(lab, small_world, WorldClock(emulator))
    assert done.deferred is None
    finish(lab, small_world)
    check(lab, told(emulator, threads_of(small_world)))


def test_the_budget_is_kept_to_the_call_and_the_crawl_goes_on(
    small_world: World, tmp_path: Path
) -> None:
    """Runs of twenty calls a day end with the same rows as one without a limit."""
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(
        small_world,
        WeiboOptions(limits=WeiboLimits(user_day=20)),
        clock=lambda: emulator.now,
    )
    clock = WorldClock(emulator)
    runs = 0
    with serve(emulator) as base:
        lab.put(
            "workspace.toml",
            configuration(
                small_world,
                "weibo",
                api(
                    base, "limits = { user-day = 20 }\nbudget_share = 1.0\nreserve = 0"
                ),
            ),
        )
        while True:
            before = len(emulator.calls)
            done = collect(lab, small_world, clock)
            runs += 1
            assert len(emulator.calls) - before <= 20
            if done.deferred is None:
                break
            assert len(emulator.calls) - before == 20
            assert "goes on where it stopped" in done.deferred
            clock.sleep(24 * HOUR)
            assert runs < 60
    assert runs > 3
    # The competitor's account is not the token's.
    assert {call.error for call in emulator.calls} == {None, 21335}
    asked = Counter(
        json.dumps([call.path, dict(call.params)], sort_keys=True)
        for call in emulator.calls.of("repost_timeline")
    )
    lab.stage()
    check_rows(lab, told(emulator, threads_of(small_world)))
    assert max(asked.values()) <= runs


def test_an_expired_token_stops_and_says_so(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No storm of calls; with a new token the next run goes on."""
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(small_world, WeiboOptions(token_calls=10))
    clock = WorldClock(emulator)
    with serve(emulator) as base:
        lab.put("workspace.toml", configuration(small_world, "weibo", api(base)))
        with pytest.raises(ConfigurationError, match="authorise again") as caught:
            collect(lab, small_world, clock)
        assert TOKEN not in str(caught.value)
        # Ten of the token's, the one that it refused, and one on the token itself.
        assert len(emulator.calls) == 12
        file = lab.put("token.txt", emulator.renew_token("2.00RENEWED"))
        emulator._tokens["2.00RENEWED"].left = None
        monkeypatch.delenv("WEIBO_ACCESS_TOKEN")
        monkeypatch.setenv("WEIBO_ACCESS_TOKEN_FILE", str(file))
        assert collect(lab, small_world, clock).deferred is None
    lab.stage()
    check_rows(lab, told(emulator, threads_of(small_world)))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, None),
        (24 * 7, None),
        (24 * 6.5, "the token ends in 6 days, at 2026-03-10"),
        (47.5, "the token ends in 47 hours, at 2026-03-06"),
        (0, "the token ended at 2026-03-04"),
        (-5, "authorise again"),
    ],
)
def test_a_token_that_ends_soon_is_told(
    tmp_path: Path, hours: float | None, words: str | None
) -> None:
    now = datetime(2026, 3, 4, 1, tzinfo=UTC).timestamp()
    with CrawlState(tmp_path / "state.sqlite") as state:
        if hours is not None:
            state.remember("token_expires_at", now + hours * HOUR)
        warning = token_warning(state, now)
    assert warning is None if words is None else words in str(warning)


def test_errors_of_the_platform_are_outlasted(
    small_world: World, tmp_path: Path
) -> None:
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(small_world, WeiboOptions(error_share=0.3))
    clock = WorldClock(emulator)
    with serve(emulator) as base:
        lab.put("workspace.toml", configuration(small_world, "weibo", api(base)))
        for _ in range(5):
            if collect(lab, small_world, clock).deferred is None:
                break
            clock.sleep(HOUR)
        else:
            pytest.fail("never came to its end")
    assert clock.slept > 0
    lab.stage()
    check_rows(lab, told(emulator, threads_of(small_world)))


def test_posts_that_partners_list_are_asked_for(tmp_path: Path) -> None:
    """As those that their campaign lists, while it runs; each once."""
    lab = Lab(tmp_path)
    lab.put(
        "workspace.toml",
        """timezone = "Asia/Shanghai"
[[sources]]
name = "weibo"
platform = "weibo"
kind = "api"
[[brands]]
id = "aurora"
name = "Aurora Tea"
[[campaigns]]
id = "launch"
brand = "aurora"
start = 2026-03-01
end = 2026-03-14
post_ids = [{ platform = "weibo", post_id = "1" }]
[[campaigns.partners]]
id = "kol"
account = { platform = "weibo", account_id = "8001" }
post_ids = [{ platform = "weibo", post_id = "1" }]
addresses = [
    "https://weibo.com/8001/yCtxn8IXR",
    "https://x.com/tea/status/1890000000000000001",
]
""",
    )
    (source,) = lab.workspace.sources
    for first, last, posts in [
        (date(2026, 3, 1), date(2026, 3, 2), ("1", "3491700092079471")),
        (date(2026, 5, 1), date(2026, 5, 2), ()),
    ]:
        assert wanted_of(lab.workspace, source, first, last).posts == posts


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Wed Mar 04 10:30:00 +0800 2026", "2026-03-04T10:30:00+08:00"),
        ("Sat Feb 29 23:59:59 -0530 2020", "2020-02-29T23:59:59-05:30"),
        ("Wed Mar 04 00:00:00 +0000 2026", "2026-03-04T00:00:00+00:00"),
        ("Wed Mar 4 10:30:00 +0800 2026", "2026-03-04T10:30:00+08:00"),
        # A leap second, hours that are none, days that are none, other words.
        ("Wed Mar 04 23:59:60 +0800 2026", None),
        ("Wed Mar 04 24:00:00 +0800 2026", None),
        ("Sun Feb 30 10:30:00 +0800 2026", None),
        ("Wed Mrz 04 10:30:00 +0800 2026", None),
        ("Wed Mar 04 aa:30:00 +0800 2026", None),
        ("刚刚", None),
        (None, None),
    ],
)
def test_moments_are_read_as_the_platform_writes_them(
    written: str | None, told: str | None
) -> None:
    moment = _moment({"created_at": written})
    assert moment == (told and datetime.fromisoformat(told).timestamp())
