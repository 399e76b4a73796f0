"""Whatever happens to a crawl, enough runs of it find every row, and each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.warehouse.errors import ConfigurationError
from tests.emulators.serving import Asked
from tests.emulators.weibo import TOKEN, WeiboLimits, WeiboOptions
from tests.flows.weibo_api import KilledError, Site, at, site
from tests.world import WorldSpec, generate

TINY = generate(
    WorldSpec(seed=5, start=date(2026, 3, 1), days=4, interactions=90, posts=5)
)

# What happens, one after the other: time passes and rows come, a row goes, a run
# is killed, loses its token or meets errors, or just runs.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("hours"), st.integers(1, 20)),
        st.tuples(st.just("delete"), st.integers(0, 10_000)),
        st.tuples(st.just("kill"), st.integers(1, 120)),
        st.tuples(st.just("expire"), st.integers(1, 30)),
        st.tuples(st.just("errors"), st.integers(1, 30)),
        st.tuples(st.just("run"), st.just(0)),
    ),
    max_size=8,
)


def after(calls: int, act: Callable[[], None]) -> Callable[[Asked], None]:
    """Something that happens before a later call."""
    left = [calls]

    def count(asked: Asked) -> None:
        left[0] -= 1
        if left[0] == 0:
            act()

    return count


def attempt(found: Site, dies_after: int | None = None) -> bool:
    """One run; whether it came to its end."""
    try:
        return found.collect(dies_after).deferred is None
    except KilledError:
        return False
    except ConfigurationError:
        # Somebody authorises again.
        found.emulator.renew_token()
        return False


def happen(found: Site, kind: str, value: int) -> None:
    """Let one event happen."""
    emulator = found.emulator
    if kind == "hours":
        emulator.now += value * 3600
        return
    if kind == "delete":
        rows = found.told().interactions["interaction_id"].sort()
        if len(rows):
            emulator.delete(rows[value % len(rows)])
        return
    if kind == "expire":
        emulator.before_call = after(value, emulator.expire_token)
    if kind == "errors":
        for number in range(emulator.number + 1, emulator.number + value):
            emulator.error_calls[number] = 10001
    attempt(found, value if kind == "kill" else None)
    emulator.before_call = None


@settings(max_examples=15)
@given(events=EVENTS, short=st.sampled_from([0.0, 0.15]), is_limited=st.booleans())
def test_enough_runs_find_every_row_once(
    events: list[tuple[str, int]], short: float, is_limited: bool
) -> None:
    limits = WeiboLimits(ip_hour=20 if is_limited else None)
    options = WeiboOptions(short_share=short, limits=limits, bare_empty=True)
    with (
        pytest.MonkeyPatch.context() as patch,
        TemporaryDirectory() as folder,
        site(TINY, Path(folder), options, "commercial = true") as found,
    ):
        patch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)
        found.emulator.now = at(TINY, 1)
        ever: set[str] = set()
        for kind, value in events:
            happen(found, kind, value)
            ever.update(found.told().interactions["interaction_id"])
        found.emulator.now = max(found.emulator.now, float(TINY.spec.observed_second))
        ever.update(found.told().interactions["interaction_id"])
        # Twice to the end, a day apart: what a pass can't see the next one does.
        for _ in range(2):
            for _ in range(40):
                if attempt(found):
                    break
                found.emulator.now = (found.emulator.now // 3600 + 1) * 3600
            else:
                pytest.fail("the crawl came to no end")
            found.emulator.now += 86_400
        truth = found.told().interactions
        found.lab.stage()
        staged = found.lab.dicts(
            "select kind, interaction_id, root_post_id, account_id, text, acted_at"
            " from staging.interactions"
        )
    rows = {row["interaction_id"]: row for row in staged}
    assert len(rows) == len(staged)
    told = {
        row["interaction_id"]: row
        for row in truth.with_columns(pl.col("acted_at").dt.replace_time_zone(None))
        .select(list(staged[0]))
        .iter_rows(named=True)
    }
    assert {key: rows.get(key) for key in told} == told
    assert set(rows) <= ever
