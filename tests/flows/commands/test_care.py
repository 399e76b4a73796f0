"""init, doctor, recover, rollback: a workspace from its first day to a bad one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.commands import doctor, recover
from flows.commands.init import TEMPLATE, init
from tasks.warehouse import ledger, ledger_copy
from tasks.warehouse.configuration import Policies
from tasks.warehouse.errors import ConfigurationError, LandingDamagedError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.publication import kept_publications, roll_back
from tasks.warehouse.workspace import load_workspace
from tests.conftest import FinishedRun
from tests.workspaces import FIRST, LAST, Lab, call_command, repost, status, user


@pytest.fixture
def twice(
    lab: Lab,
    made_once: Callable[[str, Callable[[Path], None]], Path],
) -> Lab:
    """A workspace that published two times: one repost, then two."""

    def make(folder: Path) -> None:
        made = Lab(folder)
        made.configure(post_ids=["1"])
        for number in (1, 2):
            author = user(20 + number, f"user {number}")
            made.put(
                f"export/{number}.jsonl", [status(1), repost(100 + number, 1, author)]
            )
            made.run(run_id=f"2026030{number}")

    there = made_once("published-twice", make)
    shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


def reposts(lab: Lab) -> list[int]:
    """What readers see of the campaign."""
    with duckdb.connect(
        str(lab.root / "published/marts.duckdb"), read_only=True
    ) as marts:
        rows = marts.execute("select reposts from campaigns").fetchall()
    return [row[0] for row in rows]


def spoil(path: Path, start: float = 0.4, end: float = 0.6) -> None:
    """Overwrite a part of a file, as a bad disk does."""
    size = path.stat().st_size
    with path.open("r+b") as handle:
        handle.seek(int(size * start))
        handle.write(os.urandom(int(size * (end - start)) + 1))


def go_on(lab: Lab) -> None:
    """A run of one day, with the ledger, as `daily` makes it."""
    with ledger.open_run(lab.workspace, "daily", (LAST, LAST)) as run:
        lab.run(LAST, LAST, run_id=run.run_id)


def broken(lab: Lab) -> list[str]:
    """What `doctor` finds broken."""
    return [one.about for one in doctor.examine(lab.root) if one.is_broken]


def test_new_workspace_is_valid_and_never_overwritten(tmp_path: Path) -> None:
    """Made by the command, fit for a run, not to be committed, made once."""
    folder = tmp_path / "tea"
    done = call_command("init", str(folder))
    assert done.returncode == 0, done.stderr
    workspace = load_workspace(folder)
    assert [source.path for source in workspace.sources] == ["exports"]
    assert [campaign.id for campaign in workspace.campaigns] == ["my-campaign"]
    assert workspace.policies == Policies()
    assert (folder / "seeds/account_overrides.example.csv").exists()
    assert (folder / ".gitignore").read_text().startswith("*\n")
    seen = doctor.examine(folder)
    assert not [one for one in seen if one.is_broken], seen
    assert "source exports" in {one.about for one in seen if not one.is_fine}
    (folder / "workspace.toml").write_text('timezone = "UTC"\n')
    done = call_command("init", str(folder))
    assert done.returncode == 2
    assert "is a workspace already" in done.stderr
    assert (folder / "workspace.toml").read_text() == 'timezone = "UTC"\n'
    with pytest.raises(ConfigurationError, match="is a file"):
        init(folder / "workspace.toml")


def test_template_is_valid_with_its_remarks_as_settings(tmp_path: Path) -> None:
    """Whoever takes a # away gets a setting that works."""
    text = TEMPLATE.read_text(encoding="utf-8")
    settings = (
        *("[[", "name =", "platform", "kind", "collect", "observed_at", "budget"),
        *("format =", "path =", "[sources.table]", "rows", "time_zone", "columns"),
        *("id =", "account =", "fee", "promised"),
        *("[postgres]", "schema_name", "readers", "[delta]", "folder"),
        *("[engine]", "master", "driver_memory", "executor_memory"),
        *("[alarms]", "phantom_share", "completeness_drop", "newest_days", "leave_out"),
    )
    lines = [
        line.removeprefix("# ")
        if line.startswith(tuple(f"# {start}" for start in settings))
        else line
        for line in text.splitlines()
    ]
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/vendor.xlsx").touch()
    (tmp_path / "workspace.toml").write_text("\n".join(lines), encoding="utf-8")
    workspace = load_workspace(tmp_path)
    assert [source.kind for source in workspace.sources] == [
        *("files", "files", "api"),
    ]
    assert workspace.sources[0].observed_at is not None
    assert workspace.postgres is not None
    assert workspace.postgres.readers == "bi"
    assert workspace.campaigns[0].budget is not None
    assert workspace.campaigns[0].partners[0].fee is not None
    assert workspace.alarms.leave_out == ("completeness_drop",)


def test_doctor_finds_nothing_in_a_good_workspace(finished_run: FinishedRun) -> None:
    done = finished_run.lab.call("doctor")
    assert done.returncode == 0, done.stdout
    assert "Nothing hinders the next run." in done.stdout
    assert "warehouse: every block can be read" in done.stdout
    assert "packages: as locked" in done.stdout


def test_doctor_names_what_is_broken(twice: Lab) -> None:
    """Configuration, seeds, secrets, publication: each with its repair."""
    lab = twice
    assert broken(lab) == []
    contacts = lab.root / "published/restricted/contacts.csv"
    contacts.chmod(0o644)
    lab.override("genuine,weibo,,,,reason,me,soon")
    spoil(next((lab.root / "published/parquet").glob("campaigns.parquet")))
    done = lab.call("doctor")
    assert done.returncode == 1
    for words in (
        "account_overrides.csv:2",
        f"chmod 600 {contacts}",
        "publication: not as written: parquet/campaigns.parquet",
        "python -m flows recover",
        "are to be repaired",
    ):
        assert words in done.stdout, done.stdout
    lab.put("workspace.toml", 'timezone = "Mars"\n')
    done = lab.call("doctor")
    assert done.returncode == 1
    assert "workspace.toml:1:" in done.stdout


def test_doctor_misses_the_key_of_pseudonyms(
    twice: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it every account would get a new key with the next run."""
    monkeypatch.delenv("WM_PSEUDONYM_KEY")
    assert broken(twice) == ["keys"]
    twice.put(".key", "a-key-for-tests-only")
    assert broken(twice) == ["keys"], "others may read it"
    (twice.root / ".key").chmod(0o600)
    assert broken(twice) == []


def test_doctor_answers_while_a_run_holds_the_workspace(twice: Lab) -> None:
    with hold_workspace(twice.root / ".lock", "daily by a test"):
        found = {one.about: one for one in doctor.examine(twice.root)}
    assert "daily by a test" in found["lock"].says
    assert "warehouse" not in found


def test_rollback_goes_back_and_forth(twice: Lab) -> None:
    """Readers see the older one, until a run publishes what the warehouse holds."""
    lab = twice
    newest, older = kept_publications(lab.root)
    contacts = lab.root / "published/restricted/contacts.csv"
    listed = contacts.read_bytes()
    assert reposts(lab) == [2]
    done = lab.call("rollback")
    assert done.returncode == 0, done.stderr
    assert older in done.stdout
    assert reposts(lab) == [1]
    # Who asked not to be contacted since stands on no older list.
    assert not contacts.exists()
    assert lab.call("rollback", "--to", newest).returncode == 0
    assert reposts(lab) == [2]
    done = lab.call("rollback", "--to", "nonsense")
    assert done.returncode == 2
    assert newest in done.stderr
    assert older in done.stderr
    roll_back(lab.root, older)
    lab.run(run_id="20260303")
    assert reposts(lab) == [2]
    assert contacts.read_bytes() == listed
    assert contacts.stat().st_mode & 0o777 == 0o600
    with hold_workspace(lab.root / ".lock", "daily by a test"):
        assert lab.call("rollback").returncode == 4


def test_rollback_to_what_the_warehouse_holds_gets_its_contacts_back(
    twice: Lab,
) -> None:
    """The content is the same, so no new publication; its list comes back."""
    lab = twice
    newest, older = kept_publications(lab.root)
    contacts = lab.root / "published/restricted/contacts.csv"
    listed = contacts.read_bytes()
    shutil.rmtree(contacts.parent.resolve())
    assert not lab.publish("20260303").is_new
    assert contacts.read_bytes() == listed
    assert set(kept_publications(lab.root)) == {newest, older}


def test_nothing_to_go_back_to(lab: Lab) -> None:
    done = lab.call("rollback")
    assert done.returncode == 2
    assert "Nothing is kept before" in done.stderr


def test_recover_leaves_a_whole_workspace_alone(twice: Lab) -> None:
    before = {
        path: path.stat().st_mtime_ns
        for path in twice.root.rglob("*")
        if path.is_file() and path.name not in (".lock", "warehouse.duckdb")
    }
    done = twice.call("recover")
    assert done.returncode == 0
    assert done.stdout == "Nothing is damaged.\n"
    after = {
        path: path.stat().st_mtime_ns
        for path in twice.root.rglob("*")
        if path.is_file() and path.name not in (".lock", "warehouse.duckdb")
    }
    assert after == before
    with hold_workspace(twice.root / ".lock", "daily by a test"):
        assert twice.call("recover").returncode == 4


def test_damaged_warehouse_is_made_again(twice: Lab, tmp_path: Path) -> None:
    """Its head or its blocks: the same marts after the next run."""
    lab = twice
    marts, rows = lab.parquet(), lab.marts()
    whole = shutil.copy2(lab.root / "warehouse.duckdb", tmp_path)
    for number, part in enumerate([(0.0, 0.001), (0.1, 0.9)], start=1):
        shutil.copy2(whole, lab.root)
        spoil(lab.root / "warehouse.duckdb", *part)
        assert broken(lab) == ["warehouse"], part
        done = lab.command("recover") if number == 1 else lab.call("recover")
        assert done.returncode == 0, done.stderr
        assert "set aside: the next run makes it again from landing" in done.stdout
        aside = lab.root / f"quarantine/damaged-{number}/warehouse.duckdb"
        assert aside.exists(), part
        assert not (lab.root / "warehouse.duckdb").exists(), part
        assert lab.parquet() == marts, part
    # The days covered come from the ledger's copy.
    go_on(lab)
    assert lab.marts() == rows
    assert lab.parquet() == marts
    assert broken(lab) == []


def test_damaged_log_and_ledger(twice: Lab) -> None:
    """Another database's write-ahead log; a ledger's copy that is no JSON."""
    lab = twice
    marts = lab.parquet()
    with duckdb.connect(str(lab.root / "other.duckdb")) as other:
        other.execute("create table other as from range(10)")
        other.execute("checkpoint")
        other.execute("insert into other from range(10)")
        log = (lab.root / "other.duckdb.wal").read_bytes()
    assert log
    lab.put("warehouse.duckdb.wal", log)
    lab.put("ledger.json", '{"runs": [')
    done = lab.call("recover")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warehouse.duckdb.wal is damaged" in done.stdout
    assert "ledger.json was damaged or gone" in done.stdout
    aside = {path.name for path in (lab.root / "quarantine/damaged-1").iterdir()}
    assert {"warehouse.duckdb.wal", "ledger.json"} <= aside
    go_on(lab)
    assert lab.parquet() == marts


def test_warehouse_and_ledger_lost(twice: Lab) -> None:
    """What is published still tells which days the marts cover."""
    lab = twice
    marts = lab.parquet()
    (lab.root / "warehouse.duckdb").unlink()
    (lab.root / "ledger.json").unlink()
    done = lab.call("recover")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FIRST} to {LAST}" in done.stdout
    go_on(lab)
    assert lab.parquet() == marts


def test_damaged_landing_lands_again_or_is_missed(twice: Lab) -> None:
    """From its export where that still lies there; else only a backup helps."""
    lab = twice
    marts = lab.parquet()
    landed = sorted((lab.root / "landing").glob("weibo/*/*/*.parquet"))
    spoil(landed[0])
    done = lab.call("recover")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lands again" in done.stdout
    go_on(lab)
    assert lab.parquet() == marts

    spoil(sorted((lab.root / "landing").glob("weibo/*/*/*.parquet"))[0])
    for export in (lab.root / "export").iterdir():
        export.unlink()
    done = lab.call("recover")
    assert done.returncode == 1
    assert "put it back from a backup" in done.stdout
    assert lab.parquet() == marts


@pytest.mark.parametrize("what", ["written over", "no source"])
def test_what_no_export_gives_again_stays_landed(lab: Lab, what: str) -> None:
    """A file in an export's place is not the export; good files beside stay."""
    lab.put("export/day.jsonl", [status(1), repost(2, 1, user(21, "Al"), "of day one")])
    lab.land()
    if what == "written over":
        lab.put("export/day.jsonl", [repost(3, 1, user(22, "Bo"), "of day two")])
    else:
        lab.put("other/day.jsonl", [repost(3, 1, user(22, "Bo"), "of day two")])
        lab.configure(path="other")
    lab.land()
    spoil(sorted((lab.root / "landing").glob("weibo/status/*/*.parquet"))[0])
    found = recover.recover(lab.workspace)
    (lost,) = found.lost
    assert "as it was: put it back from a backup" in lost
    assert found.done == []
    assert "of day one" in str(
        duckdb.sql(f"from '{lab.root}/landing/weibo/repost/*/*.parquet'").fetchall()
    )
    found = recover.recover(lab.workspace, accept_loss=True)
    assert found.lost == []
    lab.land()
    assert "of day one" in str(lab.land_records())


def test_appended_export_lands_again(lab: Lab) -> None:
    """It begins as it was, so it holds all that landed of it."""
    first = [status(1), repost(2, 1, user(21, "Al"), "of day one")]
    lab.put("export/day.jsonl", first)
    lab.land()
    lab.put("export/day.jsonl", [*first, repost(3, 1, user(22, "Bo"), "of day two")])
    lab.land()
    before = sorted(lab.land_records())
    spoil(sorted((lab.root / "landing").glob("weibo/repost/*/*.parquet"))[0])
    found = recover.recover(lab.workspace)
    assert found.lost == []
    lab.land()
    assert sorted(lab.land_records()) == before


def test_damaged_entry_of_a_batch_without_records(lab: Lab) -> None:
    """All of it was rejected: no file is there to write the entry from, or missed."""
    lab.configure(policies="quarantine_threshold = 1.0")
    lab.put("export/1.jsonl", [status(1), repost(2, 1, user(21, "Al"))])
    lab.land()
    lab.stage()
    lab.put("export/2.jsonl", [{"odd": 1}])
    (batch,) = lab.land().batches
    lab.stage()
    assert batch in ledger_copy.batches_once_staged(lab.workspace)
    spoil(lab.root / f"landing/.log/{batch}.json", 0, 1)
    assert recover.recover(lab.workspace).lost == []
    ledger_copy.refuse_older_landing(lab.workspace)


def test_older_landing_stops_the_run(twice: Lab, tmp_path: Path) -> None:
    """An older backup is whole in itself; with its exports gone, all else is lost."""
    lab = twice
    go_on(lab)
    shutil.copytree(lab.root / "landing", tmp_path / "older")
    lab.put("export/3.jsonl", [repost(103, 1, user(23, "user 3"))])
    go_on(lab)
    assert reposts(lab) == [3]
    (lab.root / "export/3.jsonl").unlink()
    newest = tmp_path / "newest"
    shutil.copytree(lab.root / "landing", newest)
    shutil.rmtree(lab.root / "landing")
    shutil.copytree(tmp_path / "older", lab.root / "landing")
    # A log that is gone is another thing: the files tell all that it needs.
    assert ledger_copy.lost_batches(lab.workspace)
    shutil.rmtree(lab.root / "landing")
    shutil.copytree(newest, lab.root / "landing")
    shutil.rmtree(lab.root / "landing/.log")
    assert not ledger_copy.lost_batches(lab.workspace)
    shutil.rmtree(lab.root / "landing")
    shutil.copytree(tmp_path / "older", lab.root / "landing")
    # Also where the warehouse went, which may be deleted: it can't be made again.
    (lab.root / "warehouse.duckdb").unlink()
    with pytest.raises(LandingDamagedError, match="lacks 1 batch that the marts"):
        go_on(lab)
    assert "landing" in broken(lab)
    done = lab.command("recover")
    assert done.returncode == 1
    assert "--accept-loss" in done.stdout
    done = lab.command("recover", "--accept-loss")
    assert done.returncode == 0, done.stdout + done.stderr
    go_on(lab)
    assert reposts(lab) == [2]
    assert "landing" not in broken(lab)


def test_damaged_publication_gives_way_to_a_whole_one(twice: Lab) -> None:
    """Readers get the one before; the next run publishes anew."""
    lab = twice
    marts = lab.parquet()
    newest, older = kept_publications(lab.root)
    spoil(lab.root / "published/marts.duckdb")
    assert broken(lab) == ["publication"]
    done = lab.call("recover")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{older} stands in its place" in done.stdout
    assert reposts(lab) == [1]
    go_on(lab)
    assert lab.parquet() == marts
    assert reposts(lab) == [2]
    assert (
        json.loads((lab.root / "published/manifest.json").read_text())["publication"]
        == newest
    )

    for name in kept_publications(lab.root):
        (lab.root / "publications" / name / "manifest.json").write_text("{")
    found = recover.recover(lab.workspace)
    assert any("the next run publishes anew" in line for line in found.done)
    go_on(lab)
    assert lab.parquet() == marts
