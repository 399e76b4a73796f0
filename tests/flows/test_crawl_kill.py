"""kill -9 at any moment of a crawl, the same command again: the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tasks.warehouse.models import load_models
from tasks.warehouse.publication import build_publication
from tests.emulators.serving import Asked
from tests.emulators.weibo import TOKEN, WeiboOptions
from tests.flows.crawl_once import crawl_once
from tests.flows.weibo_api import Site, site
from tests.workspaces import PATIENCE_SECONDS, Lab, started
from tests.world import World

# As many calls at once as there may be; undisturbed it is one after the other.
AT_ONCE = 4
MORE = "commercial = true\nlimits = { ip-hour = 1000000000 }\n"
# Where a run dies: after an answer, before and after it is kept; after landing.
POINTS = ("crawl-answered@1", "crawl-answered@9", "crawl-kept@7", "crawl-landed")
RANDOM_KILLS = 3


def crawl(found: Site, crash_at: str = "", kill_after: int = 0) -> int:
    """Crawl in a process that may be killed; its exit code.

    Args:
        found: whose workspace.
        crash_at: a named point where it dies.
        kill_after: calls until it is killed while it waits for an answer.
    """
    days = [str(found.first), str(found.last)]
    with started(
        sys.executable, "-m", "tests.flows.crawl_once", str(found.lab.root),
        str(found.emulator.now), *days,
        env={**os.environ, "WM_CRASH_AT": crash_at},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        last = found.emulator.number + kill_after

        def kill(asked: Asked) -> None:
            if kill_after and asked.number == last:
                run.send_signal(signal.SIGKILL)

        found.emulator.before_call = kill
        _, said = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode in (0, -signal.SIGKILL), said.decode()
    return run.returncode


def staged(lab: Lab) -> dict[str, list[tuple[object, ...]]]:
    """Rows that staging holds."""
    return {
        table: sorted(lab.rows(f"from staging.{table}"), key=repr)
        for table in ("posts", "interactions", "accounts", "post_counters")
    }


def tables(lab: Lab, folder: Path) -> dict[str, bytes]:
    """Parquet of the marts, as it is published."""
    marts = list(load_models("marts").values())
    build_publication(lab.workspace.database, folder, marts)
    return {file.name: file.read_bytes() for file in folder.glob("parquet/*")}


@pytest.mark.early
def test_killed_crawls_leave_no_trace(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every kill repeats a page a call at most, and every row is there once.

    Nor does it show in which order answers came: what was crawled side by side makes
    the same marts as what was crawled one call after the other.
    """
    seed = int(os.environ.get("WM_TEST_SEED", random.randrange(10**6)))
    print(f"WM_TEST_SEED={seed}")  # noqa: T201
    rng = random.Random(seed)
    monkeypatch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)
    options = WeiboOptions(short_share=0.1)
    alone, side_by_side = (f"{MORE}max_in_flight = {most}" for most in (1, AT_ONCE))
    with site(small_world, tmp_path / "undisturbed", options, alone) as undisturbed:
        crawl_once(
            undisturbed.lab.root,
            undisturbed.emulator.now,
            undisturbed.first,
            undisturbed.last,
        )
        calls = len(undisturbed.emulator.calls)
        assert undisturbed.emulator.most_under_way == 1
        undisturbed.build(tables=())
    assert calls > 40
    with site(small_world, tmp_path / "killed", options, side_by_side) as found:
        found.emulator.latency = 0.02
        deaths = [dict(crash_at=point) for point in POINTS[:-1]]
        deaths += [dict(kill_after=rng.randint(1, 7)) for _ in range(RANDOM_KILLS)]
        rng.shuffle(deaths)
        # The last has read everything, and landed it, and doesn't know it.
        for death in [*deaths, dict(crash_at=POINTS[-1])]:
            assert crawl(found, **death) == -signal.SIGKILL, death
        assert crawl(found) == 0
        asked = Counter(
            (call.path, *sorted(call.params.items())) for call in found.emulator.calls
        )
        repeated = len(found.emulator.calls) - len(asked)
        truth = found.told()
        found.build(tables=())
    assert len(asked) == calls
    assert found.emulator.most_under_way == AT_ONCE
    assert repeated <= AT_ONCE * len(deaths)
    found.check(truth)
    assert staged(found.lab) == staged(undisturbed.lab)
    assert found.lab.marts() == undisturbed.lab.marts()
    one, other = (
        tables(lab, tmp_path / f"tables of {lab.root.name}")
        for lab in (found.lab, undisturbed.lab)
    )
    assert one.keys() == other.keys()
    assert not [name for name in one if one[name] != other[name]]
    assert not list((found.lab.root / "landing").glob(".tmp/*"))
