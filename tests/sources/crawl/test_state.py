"""What a crawl remembers may be damaged, deleted, full, or of another time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tasks.sources import api_landing
from tasks.sources.crawl.state import CrawlState, Page, Stream, told_of_crawl
from tasks.warehouse.errors import StepFailedError
from tests.emulators.weibo import TOKEN, WeiboOptions
from tests.flows.weibo_api import KilledError, Site, site
from tests.world import World

NOW = datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - UTC, as the state writes it
MORE = "commercial = true"
FILE = "landing/.crawl/weibo.sqlite"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)


@contextmanager
def half_read(world: World, root: Path) -> Iterator[Site]:
    """A site whose crawl was killed: part is landed, part waits, part is unread."""
    with site(world, root, WeiboOptions(short_share=0.1), MORE) as found:
        with pytest.raises(KilledError):
            found.collect(dies_after=60)
        file = root / FILE
        with CrawlState(file) as state:
            assert state.waiting(1)
            assert state.streams("open")
        yield found


def test_a_deleted_file_costs_calls_only(small_world: World, tmp_path: Path) -> None:
    """In the middle of the work, and after it."""
    with half_read(small_world, tmp_path) as found:
        shutil.rmtree(tmp_path / "landing/.crawl")
        found.collect()
        shutil.rmtree(tmp_path / "landing/.crawl")
        found.collect()
        truth = found.told()
    found.check_rows(truth)


def test_a_damaged_file_is_told_with_the_repair(
    small_world: World, tmp_path: Path
) -> None:
    with half_read(small_world, tmp_path) as found:
        file = tmp_path / FILE
        file.write_bytes(b"no database at all" * 1000)
        with pytest.raises(StepFailedError, match="damaged: move it away"):
            found.collect()
        workspace = found.lab.workspace
        with pytest.raises(StepFailedError, match="damaged: move it away"):
            api_landing.describe_spending(workspace, workspace.sources[0])
        for beside in file.parent.glob(f"{file.name}*"):
            beside.unlink()
        found.collect()
        truth = found.told()
    found.check_rows(truth)


class SmallState(CrawlState):
    """On a disk with room for few pages."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._base.execute("pragma max_page_count = 26")


def test_a_full_disk_loses_nothing(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with site(small_world, tmp_path, WeiboOptions(), MORE) as found:
        with monkeypatch.context() as patch:
            patch.setattr(api_landing, "CrawlState", SmallState)
            with pytest.raises(StepFailedError, match="The disk is full"):
                found.collect()
        with CrawlState(tmp_path / FILE) as state:
            kept = len(state.waiting(10_000))
        assert kept > 0
        calls = len(found.emulator.calls)
        found.collect()
        asked = {
            (call.path, *sorted(call.params.items())) for call in found.emulator.calls
        }
        assert len(found.emulator.calls) - len(asked) <= 1
        assert len(found.emulator.calls) > calls
        truth = found.told()
    found.check_rows(truth)


def again(state: CrawlState, now: datetime, number: int) -> bool:
    """Whether a list is opened that repeats another; by a page that names it."""
    found = Stream(f"again:{number}", "list", {}, 0, repeats="list")
    page = Page(Stream("page", "page", {}, 0, state="done"), found=(found,))
    state.commit_page(page, "page", now)
    opened = state.stream(found.key)
    return opened is not None


@pytest.mark.parametrize(
    ("finished", "is_opened"),
    [
        (timedelta(hours=-13), True),
        (timedelta(hours=-1), False),
        # The clock went back a little, as it does, and a lot: it had been wrong.
        (timedelta(hours=1), False),
        (timedelta(days=365), True),
    ],
)
def test_a_clock_that_was_ahead_holds_nothing_up(
    tmp_path: Path, finished: timedelta, is_opened: bool
) -> None:
    with CrawlState(tmp_path / "state.sqlite") as state:
        done = Stream("list", "list", {}, 0)
        state.open_streams([done])
        state.commit_page(
            Page(Stream("list", "list", {}, 0, state="done")), "", NOW + finished
        )
        assert again(state, NOW, 1) is is_opened
        # A run that goes on with the pass opens what was not read in it.
        state.open_streams([done], NOW - timedelta(hours=12))
        opened = state.stream("list")
        assert opened is not None
        assert (opened.state == "open") is is_opened


def test_records_that_are_no_text_are_told_as_damage(tmp_path: Path) -> None:
    """And texts come out as they went in."""
    texts = ['{"a":"茶"}', "{}"]
    bodies = [text.encode() for text in texts]
    assert api_landing._documents(bodies).to_pylist() == texts
    with (
        pytest.raises(StepFailedError, match="It is damaged"),
        told_of_crawl(tmp_path / "crawl.sqlite"),
    ):
        api_landing._documents([b"\xff"])
