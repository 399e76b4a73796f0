"""Landing in a bucket: as in a folder, whatever a kill or somebody else left there.

The bucket here is a folder that is spoken to as to an object storage; a server that
speaks S3 stands in `test_object_storage.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from pyarrow import fs

from flows.commands.doctor import examine
from flows.commands.privacy import erase, export
from flows.commands.recover import recover
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import landing, ledger
from tasks.warehouse.errors import ConfigurationError, LandingDamagedError
from tasks.warehouse.landing_store import Bucket, StorageError, store_of
from tasks.warehouse.ledger_copy import refuse_older_landing
from tests.flows.commands.test_privacy import WORDS, places
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

ANN, BEN = user(1234567, "安安的小店"), user(76, "Ben")
RECORDS = [
    status(1),
    repost(11, 1, ANN, "hers alone"),
    comment(12, 1, BEN, "fine tea"),
    repost(13, 1, BEN, "look//@安安的小店:hers alone", clock="12:00:00"),
]


class Died(BaseException):
    """As a kill, which no code hears of."""


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for the place of landing in a bucket."""
    place = tmp_path / "storage"
    storage = fs.SubTreeFileSystem(
        f"{place}/", fs.PyFileSystem(fs.FSSpecHandler(LocalFileSystem(auto_mkdir=True)))
    )
    monkeypatch.setattr(
        "tasks.warehouse.landing_store.connected", lambda address: storage
    )
    return place / "bucket" / "tea"


@pytest.fixture
def bucketed(lab: Lab, stored: Path) -> Lab:
    """A workspace whose landing lies in the bucket; nothing has landed."""
    configure(lab)
    lab.put("export/1.jsonl", RECORDS)
    return lab


def configure(lab: Lab, address: str | None = "s3://bucket/tea") -> None:
    lab.configure()
    file = lab.root / "workspace.toml"
    if address:
        file.write_text(f'landing = "{address}"\n{file.read_text()}')


def objects(stored: Path) -> dict[str, bytes]:
    return {
        path.relative_to(stored).as_posix(): path.read_bytes()
        for path in sorted(stored.rglob("*"))
        if path.is_file()
    }


def here(lab: Lab) -> set[str]:
    """What lies in the working copy besides the log."""
    root = lab.root / "landing"
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and ".log" not in path.parts and path.name != ".objects.json"
    }


def same_without_times(found: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in found.items() if name.endswith(".parquet")}


def test_a_bucket_holds_what_a_folder_would(
    bucketed: Lab, stored: Path, tmp_path: Path
) -> None:
    """The same bytes, of files that land anew and of those that grow; nothing stays."""
    plain = Lab(tmp_path / "plain")
    plain.root.mkdir()
    configure(plain, None)
    for lab in (bucketed, plain):
        lab.put("export/1.jsonl", RECORDS[:2])
        lab.land()
        lab.put("export/1.jsonl", RECORDS)
        assert lab.land().known == 2
    assert same_without_times(objects(stored)) == same_without_times(
        objects(plain.root / "landing")
    )
    assert here(bucketed) == {".bucket"}
    # The working copy can be lost: what it mirrors is fetched again.
    shutil.rmtree(bucketed.root / "landing")
    assert bucketed.land().records == 0
    bucketed.stage()
    assert len(bucketed.rows("from staging.interactions")) == 3
    assert here(bucketed) == {".bucket"}
    # A bucket that is emptied is no beginning: what was in it may have moved here.
    shutil.rmtree(stored)
    moved = bucketed.put("landing/weibo/status/date_day=2026-03-01/a.parquet", b"a")
    landing.sweep(moved.parents[3], landing.read_log(moved.parents[3]))
    assert moved.exists()
    with pytest.raises(LandingDamagedError, match="s3://bucket/tea lacks 2 batches"):
        refuse_older_landing(bucketed.workspace)


@pytest.mark.parametrize("moment", ["moved", "log", "mirror", "note"])
def test_a_batch_killed_at_any_moment_lands_once(
    bucketed: Lab, stored: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(name: str) -> None:
        if name == f"landing:{moment}":
            raise Died

    with monkeypatch.context() as patched:
        for module in ("landing", "landing_store"):
            patched.setattr(f"tasks.warehouse.{module}.failpoint", die)
        with pytest.raises(Died):
            bucketed.land()
    # What the run fetched or was about to bring lies there still, as after a kill.
    bucketed.put("landing/weibo/status/date_day=2026-03-01/left.parquet", b"half")
    bucketed.land()
    names = set(objects(stored))
    (batch,) = landing.read_log(bucketed.root / "landing")
    assert names == {
        f".log/{batch.batch_id}.json",
        *(path for paths in batch.files.values() for path in paths),
    }
    with landing.at_hand(bucketed.root / "landing", [batch]):
        assert here(bucketed) > set(batch.digests)


def test_what_is_written_in_part_lands_again(
    bucketed: Lab, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storage that fails, then one that keeps half of an object."""

    def fail(self: Bucket, name: str) -> object:
        raise OSError("AWS Error SLOW_DOWN during PutObject operation: id 1234567")

    with monkeypatch.context() as patched:
        patched.setattr(Bucket, "_writing", fail)
        with pytest.raises(StorageError, match=r"fewer calls.*same command") as told:
            bucketed.land()
        assert "1234567" not in str(told.value)
    with monkeypatch.context() as patched:

        def away(self: Bucket) -> None:
            raise StorageError(self.address, OSError("AWS Error NETWORK_CONNECTION x"))

        patched.setattr(Bucket, "refresh", away)
        broken = [one.says for one in examine(bucketed.root) if one.is_broken]
        assert any("nobody answers there" in one for one in broken)
    bucketed.land()
    assert len(same_without_times(objects(stored))) == 3


def broken_object(stored: Path) -> Path:
    return next(stored.glob("weibo/comment/*/*.parquet"))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-9]), "not as written"),
        (lambda file: file.unlink(), "lacks 1 file"),
    ],
)
def test_a_damaged_object_stops_a_run_and_lands_again(
    bucketed: Lab, stored: Path, harm: Callable[[Path], object], told: str
) -> None:
    bucketed.land()
    before = objects(stored)
    harm(broken_object(stored))
    with pytest.raises(LandingDamagedError, match=told):
        bucketed.stage()
    assert any(told in one.says for one in examine(bucketed.root) if one.is_broken)
    assert "lands again" in " ".join(recover(bucketed.workspace).done)
    bucketed.land()
    assert same_without_times(objects(stored)) == same_without_times(before)
    assert here(bucketed) == {".bucket"}


def test_the_log_is_written_again_from_objects(bucketed: Lab, stored: Path) -> None:
    bucketed.land()
    (entry,) = stored.glob(".log/*.json")
    kept = objects(stored)
    entry.unlink()
    stranger = stored / "weibo/comment/date_day=2026-03-01/a.parquet"
    stranger.write_bytes(b"of somebody else")
    with pytest.raises(LandingDamagedError, match="no entry of its log names"):
        bucketed.land()
    recover(bucketed.workspace)
    assert objects(stored).keys() == kept.keys()
    entry.write_bytes(b"torn")
    with pytest.raises(LandingDamagedError, match="can't be read"):
        bucketed.land()
    recover(bucketed.workspace)
    assert objects(stored).keys() == kept.keys()
    bucketed.land()


def test_nothing_is_left_of_a_person_in_a_bucket(
    bucketed: Lab, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the erasure was killed, and where an older object is put back."""
    bucketed.land()
    before = {path: path.read_bytes() for path in stored.rglob("*.parquet")}
    held = export(bucketed.workspace, "weibo", "1234567")
    assert len(held["landed"]) == 1
    assert places(stored, WORDS)
    # What a killed run had at hand or was fetching, of an entry that is no more, too.
    for left in ("weibo/repost/date_day=2026-03-01/left.parquet", ".tmp/left"):
        bucketed.put(f"landing/{left}", "hers alone")
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise Died

        patched.setattr("tasks.sources.erased_people._clear", die)
        with pytest.raises(Died):
            erase(bucketed.workspace, "weibo", "1234567")
    begin = ledger.open_run(
        bucketed.workspace, "daily", (FIRST, LAST), prepare=keep_out
    )
    with begin:
        pass
    assert places(stored, WORDS) == []
    assert places(bucketed.root / "landing", WORDS) == []
    for path, data in before.items():
        path.write_bytes(data)
    with ledger.open_run(bucketed.workspace, "daily", (FIRST, LAST), prepare=keep_out):
        pass
    assert places(stored, WORDS) == []
    # Whom to keep out stands in the bucket, too, where the workspace is lost.
    assert (stored / ".erasures.json").exists()
    (bucketed.root / ".erasures.json").unlink()
    shutil.rmtree(bucketed.root / "landing")
    bucketed.put("export/2.jsonl", [comment(19, 1, ANN, "back again")])
    with ledger.open_run(bucketed.workspace, "daily", (FIRST, LAST), prepare=keep_out):
        bucketed.land()
    assert places(stored, WORDS) == []


def test_where_landing_lies_is_no_secret_of_the_configuration(
    bucketed: Lab, tmp_path: Path
) -> None:
    """Every change of the place is told with what is to be moved."""
    bucketed.land()
    log = str(bucketed.root / "landing/.log")
    for address in ("s3://bucket/coffee", None):
        configure(bucketed, address)
        with pytest.raises(ConfigurationError, match="lies at s3://bucket/tea") as told:
            _ = bucketed.workspace
        # Back in the folder the log is the one that was copied: it stays.
        assert (log in str(told.value)) == (address is not None)
    for address in ("https://bucket/tea", "s3://bucket/../tea", "s3://bucket/."):
        configure(bucketed, address)
        with pytest.raises(ConfigurationError, match="landing is wrong: no place"):
            _ = bucketed.workspace
    plain = Lab(tmp_path / "plain")
    plain.root.mkdir()
    configure(plain, None)
    plain.put("export/1.jsonl", RECORDS)
    plain.land()
    configure(plain)
    with pytest.raises(ConfigurationError, match="still: move all"):
        _ = plain.workspace
    shutil.rmtree(plain.root / "landing")
    assert store_of(plain.workspace.landing) != store_of(tmp_path)
