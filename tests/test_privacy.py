"""One invented person: nothing of theirs leaves the warehouse and quarantine."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.warehouse.publication import DRAWN, NAME_LISTS, NAMED_PAGE, page_names
from tests.conftest import (
    CANARY_ID,
    CANARY_NAME,
    CANARY_POST,
    CANARY_TEXT,
    FinishedRun,
)

SECRETS = (CANARY_ID, CANARY_POST, CANARY_NAME, CANARY_TEXT, "canary77")


def files_below(folder: Path) -> Iterator[Path]:
    """Files of a folder; links to folders are followed."""
    for parent, _, names in os.walk(folder, followlinks=True):
        yield from (Path(parent) / name for name in names)


def forms(secret: str) -> list[bytes]:
    """A text as files and JSON may spell it."""
    return [
        secret.encode(),
        secret.encode("utf-16-le"),
        secret.encode("unicode_escape"),
        secret.encode("gbk"),
    ]


def holds(data: bytes, secret: str) -> bool:
    """Whether bytes show a text; ids only as whole numbers of their own."""
    return any(form in data for form in forms(secret))


def readable(path: Path) -> bytes:
    """A file's bytes, with those of a packed table as text besides."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data += gzip.decompress(data)
    if path.suffix == ".parquet":
        import polars as pl

        data += pl.read_parquet(path).write_ndjson().encode()
    if path.suffix == ".duckdb":
        import duckdb

        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            )
            for schema, table in tables.fetchall():
                rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                data += str(rows).encode()
    return data


def test_run_went_through_and_saw_the_person(finished_run: FinishedRun) -> None:
    """The premise: they are staged, and two of their records are quarantined."""
    assert finished_run.exit_code == 0, finished_run.outputs
    lab = finished_run.lab
    assert lab.rows(
        "select count(*), max(author_name) from staging.interactions"
        " where account_id = $id",
        {"id": CANARY_ID},
    ) == [(2, CANARY_NAME)]
    assert len(lab.quarantined()) == 2


@pytest.mark.parametrize("folder", ["published", "validation"])
def test_readers_find_nothing_of_them(finished_run: FinishedRun, folder: str) -> None:
    seen = 0
    for path in files_below(finished_run.lab.root / folder):
        if path.parent.name == "restricted":
            continue  # the only identified output: see the next test
        seen += 1
        data = readable(path)
        for secret in SECRETS:
            assert not holds(data, secret), (path, secret)
    assert seen >= 2


def test_identified_output_is_for_its_owner_alone(finished_run: FinishedRun) -> None:
    """Names of accounts and links to them, never what they wrote."""
    folder = finished_run.lab.root / "published/restricted"
    named = {*NAME_LISTS, *page_names(NAMED_PAGE, "en").values()}
    assert {path.name for path in folder.iterdir()} == {
        *named,
        "parquet",
        "people.duckdb",
        DRAWN,
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in files_below(folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        data = readable(path)
        assert CANARY_TEXT.encode() not in data, path
        # All but the lists of names have pseudonyms.
        if path.name not in named:
            for secret in SECRETS:
                assert not holds(data, secret), (path, secret)


def test_ledger_and_lock_hold_nothing_of_them(finished_run: FinishedRun) -> None:
    for name in ("ledger.json", ".lock"):
        data = (finished_run.lab.root / name).read_bytes()
        assert not any(holds(data, secret) for secret in SECRETS), name


def test_output_shows_nothing_of_them(finished_run: FinishedRun) -> None:
    """Nor a status afterwards, for people or for machines."""
    shown = list(finished_run.outputs)
    for arguments in (("status",), ("status", "--json"), ("report",)):
        done = finished_run.lab.call(*arguments)
        assert done.returncode == 0, done.stderr
        shown += [done.stdout, done.stderr]
    for text in shown:
        assert not any(secret in text for secret in SECRETS)


def test_key_stands_in_no_file(finished_run: FinishedRun) -> None:
    """Not in the workspace or in what was printed."""
    key = os.environ["WM_PSEUDONYM_KEY"]
    for path in files_below(finished_run.lab.root):
        assert not holds(path.read_bytes(), key), path
    assert not any(key in text for text in finished_run.outputs)


def test_raw_records_are_for_their_owner_only(finished_run: FinishedRun) -> None:
    """Where the person does appear, at least nobody else may write."""
    for name in ("warehouse.duckdb", "landing", "quarantine"):
        mode = (finished_run.lab.root / name).stat().st_mode
        assert not mode & stat.S_IWOTH
