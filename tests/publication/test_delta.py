"""Delta tables show what is published: one state for who asks by versions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pytest

from tasks.publication.delta import PUBLICATIONS, examine_delta, show_in_delta
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.publication import read_manifest, roll_back
from tests.workspaces import Lab, repost, status, user

pytestmark = pytest.mark.delta

PUBLISHED_TIMES = 6


def put(lab: Lab, reposts: int) -> None:
    """So many reposts by as many people, one a day."""
    people = [user(100 + n, f"person {n}") for n in range(reposts)]
    lab.put(
        "export/a.jsonl",
        [
            status(1, '新茶 "上市"', reposts_count=12),
            *(repost(10 + n, 1, who, day=1 + n) for n, who in enumerate(people)),
        ],
    )


def two_publications(lab: Lab) -> None:
    """Of three and of five reposts, none of them in Delta tables yet."""
    lab.configure(post_ids=["1"])
    for reposts in (3, 5):
        put(lab, reposts)
        lab.run(run_id=f"with-{reposts}")


@pytest.fixture
def own(lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace whose publications go to a folder beside it."""
    lab = lab_once("for-delta", two_publications)
    configuration = (lab.root / "workspace.toml").read_text("utf-8")
    lab.put("workspace.toml", configuration + '\n[delta]\nfolder = "lake"\n')
    return lab


def table_at(folder: Path, version: int | None = None) -> Any:
    """A Delta table; its library is there where these tests run."""
    from deltalake import DeltaTable

    return DeltaTable(folder, version=version)


def versions(home: Path) -> dict[str, int]:
    """What belongs to the current publication, by table; read once."""
    rows = table_at(home / PUBLICATIONS).to_pyarrow_table().to_pylist()
    return {
        row["table_name"]: row["table_version"] for row in rows if row["is_current"]
    }


def rows_of(home: Path, table: str, version: int) -> list[dict[str, Any]]:
    """A table's rows in a version."""
    found = table_at(home / table, version).to_pyarrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def test_every_table_stands_there_as_it_is_published(own: Lab) -> None:
    """Row by row; with words, keys and types that every reader of Delta knows."""
    show_in_delta(own.workspace)
    home = own.root / "lake"
    told = versions(home)
    marts = duckdb.connect(str(own.root / "published/marts.duckdb"), read_only=True)
    tables = {name for (name,) in marts.execute("show tables").fetchall()}
    assert told.keys() == tables
    for table in tables:
        found = table_at(home / table, told[table])
        rows = found.to_pyarrow_table()
        marts.register("found", rows)
        for one, other in (("found", table), (table, "found")):
            query = f"select count(*) from (from {one} except all from {other})"
            assert marts.execute(query).fetchall() == [(0,)], table
        columns = {field.name: field for field in found.schema().fields}
        words = marts.execute(
            "select column_name, comment from duckdb_columns() where table_name = ?",
            [table],
        ).fetchall()
        assert {name: columns[name].metadata["comment"] for name, _ in words} == dict(
            words
        )
        types = {str(field.type) for field in columns.values()}
        assert not any("timestamp_ntz" in kind for kind in types)
    assert not table_at(home / "campaigns").schema().fields[0].nullable
    marts.close()
    (one,) = examine_delta(own.workspace)
    assert "show publication" in one.says


def test_nothing_is_written_twice_and_one_goes_back(own: Lab) -> None:
    show_in_delta(own.workspace)
    home = own.root / "lake"
    first = versions(home)
    show_in_delta(own.workspace)
    assert versions(home) == first
    roll_back(own.root)
    show_in_delta(own.workspace)
    second = versions(home)
    assert rows_of(home, "campaigns", second["campaigns"])[0]["reposts"] == 3
    assert second["reason_classes"] == first["reason_classes"], "the same rows"
    # Who still reads the one before finds it.
    assert rows_of(home, "campaigns", first["campaigns"])[0]["reposts"] == 5


def test_readers_see_one_state(own: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two tables by its version, while publications pass by."""

    def of_two(folder: Path) -> dict[str, Any]:
        told = read_manifest(folder) or {}
        two = ("campaigns", "campaign_daily")
        return {"files": [file for file in told["files"] if file["table"] in two]}

    monkeypatch.setattr("tasks.publication.delta.read_manifest", of_two)
    show_in_delta(own.workspace)
    home, stop = own.root / "lake", Event()

    def read() -> int:
        times = 0
        while not stop.is_set() or times < 2:
            told = versions(home)
            days = rows_of(home, "campaign_daily", told["campaign_daily"])
            (whole,) = rows_of(home, "campaigns", told["campaigns"])
            assert sum(day["reposts"] for day in days) == whole["reposts"]
            times += 1
        return times

    names = [path.resolve().name for path in (own.root / "published", _before(own))]
    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for number in range(PUBLISHED_TIMES):
                roll_back(own.root, names[1 - number % 2])
                show_in_delta(own.workspace)
        finally:
            stop.set()
        assert all(reader.result() > 1 for reader in readers)


def _before(lab: Lab) -> Path:
    return lab.root / "published/previous/1"


def test_an_erasure_leaves_no_older_rows_and_no_log(own: Lab) -> None:
    show_in_delta(own.workspace)
    home = own.root / "lake"
    roll_back(own.root)
    show_in_delta(own.workspace)
    assert len(list((home / "campaigns").glob("*.parquet"))) == 2
    show_in_delta(own.workspace, keeps_before=False)
    assert set(versions(home).values()) == {0}
    for table in versions(home):
        assert len(list((home / table / "_delta_log").glob("*.json"))) == 1, table
    assert len(list((home / "campaigns").glob("*.parquet"))) == 1


def test_a_folder_of_others_is_left_alone(own: Lab) -> None:
    home = own.root / "lake"
    home.mkdir()
    (home / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="notes.txt"):
        show_in_delta(own.workspace)
    (one,) = examine_delta(own.workspace)
    assert "notes.txt" in one.says
    shutil.rmtree(home)
    show_in_delta(own.workspace)
    assert versions(home)


@pytest.mark.parametrize("name", ["theirs", "campaigns"])
def test_tables_of_others_are_neither_written_over_nor_deleted(
    own: Lab, name: str
) -> None:
    """Before the first publication, with ours beside, and in an erasure."""
    import pyarrow as pa
    from deltalake import write_deltalake

    home = own.root / "lake"
    for publishes_first in (False, True):
        if publishes_first:
            shutil.rmtree(home)
            show_in_delta(own.workspace)
            shutil.rmtree(home / name, ignore_errors=True)
            roll_back(own.root)
        write_deltalake(home / name, pa.table({"n": [1, 2]}))
        for keeps_before in (True, False):
            with pytest.raises(ConfigurationError, match=name):
                show_in_delta(own.workspace, keeps_before=keeps_before)
        assert table_at(home / name).to_pyarrow_table().to_pydict() == {"n": [1, 2]}
    (one,) = examine_delta(own.workspace)
    assert name in one.says
    (home / name / "_delta_log/00000000000000000000.json").write_text("{")
    (one,) = examine_delta(own.workspace)
    assert not one.is_fine
