"""What is written beside and then replaces; what stands together or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from tasks.warehouse.database import transaction
from tasks.warehouse.whole_files import replacing


def test_what_fails_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(file) as beside:
        beside.write_text("half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_replaces_is_on_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, Path]] = []
    replace = os.replace

    def moved(source: Path, target: Path) -> None:
        done.append(("moved", target))
        replace(source, target)

    monkeypatch.setattr("os.replace", moved)
    monkeypatch.setattr(
        "tasks.warehouse.whole_files.sync", lambda path: done.append(("synced", path))
    )
    file = tmp_path / "folder" / "a.csv"
    with replacing(file) as beside:
        beside.write_text("new")
    assert done == [("synced", beside), ("moved", file), ("synced", file.parent)]
    assert file.read_text() == "new"


def test_a_private_file_is_so_from_the_first_byte(tmp_path: Path) -> None:
    file = tmp_path / "key"
    (tmp_path / ".key.tmp").touch(mode=0o644)  # left by a killed process
    with replacing(file, mode=0o600) as beside:
        assert beside.stat().st_mode & 0o777 == 0o600
        beside.write_text("secret")
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_error_undoes_what_was_done_with_it() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t (a integer primary key)")
        with transaction(connection):
            connection.execute("insert into t values (1)")
        with pytest.raises(ZeroDivisionError), transaction(connection):
            connection.execute("insert into t values (2)")
            raise ZeroDivisionError
        # DuckDB ends a transaction by itself here: its error is what is told.
        with pytest.raises(duckdb.ConstraintException), transaction(connection):
            connection.execute("insert into t values (1)")
        assert connection.execute("from t").fetchall() == [(1,)]
