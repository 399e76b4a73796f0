"""Sources of one platform: crawled side by side, under one budget, landed each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.sources.api_landing import (
    check_apis,
    collect_sources,
    describe_spending,
    spending_file,
)
from tasks.sources.crawl.spending import Spending, spending_files
from tasks.warehouse.errors import ConfigurationError
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
