"""Sources of one platform: crawled side by side, under one budget, landed each."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.commands.privacy import erase
from tasks.sources.api_landing import (
    check_apis,
    collect_sources,
    crawl_apart,
    crawl_lock,
    describe_spending,
    spending_file,
)
from tasks.sources.crawl.spending import Spending, spending_files
from tasks.sources.crawl.state import crawl_files, texts_of_crawl
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse.errors import ConfigurationError, WorkspaceLockedError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.tombstones import bury
from tests.emulators.weibo import TOKEN
from tests.flows.test_weibo_storm import TINY
from tests.flows.weibo_api import Site, WorldClock, site

MORE = "commercial = true"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)


def add_source(found: Site, name: str, more: str = "", platform: str = "weibo") -> None:
    """Let the workspace have another source of the same address."""
    file = found.lab.root / "workspace.toml"
    text = file.read_text()
    source = (
        f'[[sources]]\nname = "{name}"\nplatform = "{platform}"\nkind = "api"\n'
        f'base_url = "{found.base}"\n{more}\n'
    )
    file.write_text(text.replace("[[sources]]", f"{source}[[sources]]", 1))


def test_sources_of_one_host_share_its_limits_and_each_is_landed(
    tmp_path: Path,
) -> None:
    """Also where the other fails: its endpoint is not there."""
    with site(TINY, tmp_path, more=MORE) as found:
        add_source(found, "other", 'commercial = true\ncollect = ["posts", "reposts"]')
        add_source(found, "broken")
        workspace = found.lab.workspace
        broken, *good = workspace.sources
        lost = broken.model_copy(update={"base_url": f"{found.base}/nowhere"})
        days = (found.first, found.last)
        clock = WorldClock(found.emulator)
        with pytest.raises(ConfigurationError, match="Source 'broken'") as caught:
            collect_sources(workspace, [lost, *good], *days, clock)
        assert len(caught.value.mistakes) == 1
        (file,) = spending_files(workspace.landing)
        hour = found.emulator.now // 3600 * 3600
        with Spending(file) as spending:
            assert spending.spent("ip-hour", hour) == len(found.emulator.calls)
        told = [describe_spending(workspace, source) for source in good]
        assert told[0] is not None
        assert told[1] is not None
        assert told[0]["limits"] == told[1]["limits"]
        truth = found.told()
    found.check_rows(truth)


def test_a_budget_is_of_one_host_or_of_a_file_that_is_named(tmp_path: Path) -> None:
    with site(TINY, tmp_path, more=MORE) as found:
        add_source(found, "proxy", 'base_url = "https://weibo.example:8443/x"')
        text = (tmp_path / "workspace.toml").read_text()
        text = text.replace(f'base_url = "{found.base}"\nbase_url', "base_url")
        text = text.replace(f'base_url = "{found.base}"\n', "", 1)
        (tmp_path / "workspace.toml").write_text(text)
        workspace = found.lab.workspace
        names = {
            source.name: spending_file(workspace, source).name
            for source in workspace.sources
        }
        assert names == {
            "proxy": "weibo-weibo.example_8443.sqlite",
            "weibo": "weibo.sqlite",
        }
        found.configure('budget_file = "/shared/one.sqlite"\n')
        (source,) = found.lab.workspace.sources
        assert spending_file(found.lab.workspace, source) == Path("/shared/one.sqlite")
        add_source(found, "x", 'budget_file = "/shared/one.sqlite"', "x")
        with pytest.raises(ConfigurationError, match="give each platform its own"):
            check_apis(found.lab.workspace)


def test_what_was_read_ahead_is_landed_and_not_asked_for_again(tmp_path: Path) -> None:
    """Once: the run after it asks again what may have changed."""
    with site(TINY, tmp_path, more=MORE) as found:
        workspace = found.lab.workspace
        (source,) = workspace.sources
        days = (found.first, found.last)
        clock = WorldClock(found.emulator)
        assert crawl_apart(workspace, source, *days, clock) is None
        truth = found.told()
        calls = len(found.emulator.calls)
        assert calls
        assert not list((found.lab.root / "landing").glob("*/*/*/*.parquet"))
        collect_sources(workspace, [source], *days, clock)
        assert len(found.emulator.calls) == calls
        collect_sources(workspace, [source], *days, clock)
        assert len(found.emulator.calls) > calls
        # What was wanted then is not what a campaign wants that came since.
        crawl_apart(workspace, source, *days, clock)
        file = found.lab.root / "workspace.toml"
        brand = workspace.campaigns[0].brand
        file.write_text(
            f'{file.read_text()}\n[[campaigns]]\nid = "late"\nbrand = "{brand}"\n'
            f"start = {found.first}\nend = {found.last}\n"
            'post_ids = [{ platform = "weibo", post_id = "4990000000000042" }]\n'
        )
        calls = len(found.emulator.calls)
        collect_sources(found.lab.workspace, [source], *days, clock)
        asked = [call.params.get("id") for call in found.emulator.calls[calls:]]
        assert "4990000000000042" in asked
    found.check_rows(truth)


def test_what_another_process_reads_is_landed_as_far_as_it_is(tmp_path: Path) -> None:
    with site(TINY, tmp_path, more=MORE) as found:
        workspace = found.lab.workspace
        (source,) = workspace.sources
        days = (found.first, found.last)
        lock = crawl_lock(workspace, source)
        lock.parent.mkdir(parents=True)
        with hold_workspace(lock, "crawl"):
            (collected,) = collect_sources(workspace, [source], *days)
            assert "being read by another process" in (collected.deferred or "")
            with pytest.raises(WorkspaceLockedError):
                crawl_apart(workspace, source, *days)
        assert found.emulator.calls == []


def test_crawls_ahead_spend_one_budget_together_and_go_on_with_it(
    tmp_path: Path,
) -> None:
    """Two at once, an hour permits less than both need: nothing is asked twice."""
    with site(TINY, tmp_path, more=f"{MORE}\nlimits = {{ ip-hour = 20 }}") as found:
        add_source(found, "other", f"{MORE}\nlimits = {{ ip-hour = 20 }}")
        workspace = found.lab.workspace
        days = (found.first, found.last)
        clock = WorldClock(found.emulator)
        left = list(workspace.sources)
        hours = 0
        while left:
            before = len(found.emulator.calls)
            with ThreadPoolExecutor(2) as pool:
                ended = pool.map(
                    lambda one: crawl_apart(workspace, one, *days, clock), left
                )
                left = [one for one, why in zip(left, ended, strict=True) if why]
            # Nine in ten of what the platform permits.
            assert 0 < len(found.emulator.calls) - before <= 18
            found.emulator.now = (found.emulator.now // 3600 + 1) * 3600
            hours += 1
        assert hours > 1
        asked = Counter(
            (call.path, *sorted(call.params.items())) for call in found.emulator.calls
        )
        truth = found.told()
        collect_sources(workspace, workspace.sources, *days, clock)
    # Each of the two sources asks what it needs once.
    assert max(asked.values()) == 2
    found.check_rows(truth)


def test_nobody_is_erased_while_their_network_is_read(tmp_path: Path) -> None:
    """A run that starts meanwhile leaves the crawl's file alone."""
    with site(TINY, tmp_path, more=MORE) as found:
        workspace = found.lab.workspace
        (source,) = workspace.sources
        clock = WorldClock(found.emulator)
        crawl_apart(workspace, source, found.first, found.last, clock)
        writer = str(TINY.interactions["account_id"][0])
        with hold_workspace(crawl_lock(workspace, source), "crawl"):
            with pytest.raises(WorkspaceLockedError, match="being read: crawl"):
                erase(workspace, "weibo", writer)
            bury(tmp_path, [("weibo", writer, ())])
            keep_out(workspace)
        (file,) = crawl_files(workspace.landing)
        assert any(writer in text for texts in texts_of_crawl(file) for text in texts)
        keep_out(workspace)
        assert not any(
            writer in text for texts in texts_of_crawl(file) for text in texts
        )
