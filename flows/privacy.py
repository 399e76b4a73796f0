"""Privacy: what is held of a person, its erasure, and no more contact."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tasks.sources.erasure import (
    MARK,
    Erased,
    Landed,
    Person,
    bare_reason,
    erase_from,
    own_records,
    with_names,
    without_person,
)
from tasks.warehouse import landing
from tasks.warehouse.database import connect
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.ledger import read_copy
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.seeds import SUPPRESSION_COLUMNS
from tasks.warehouse.tombstones import bury
from tasks.warehouse.workspace import Workspace

_SEEDS = ("account_overrides.csv", "suppressions.csv", "contact_history.csv")


@dataclass(frozen=True)
class Gone:
    """What an erasure did.

    Attributes:
        landed: in landing.
        days: first and last day that are to be made anew; None where nothing ran yet.
        exports: files outside of landing that still hold the person.
        set_aside: folders of damaged files, which nobody can read through.
    """

    landed: Erased
    days: tuple[date, date] | None
    exports: list[str]
    set_aside: list[str]


def export(workspace: Workspace, platform: str, account_id: str) -> dict[str, Any]:
    """All that is held of an account: records, judgements, marts, seeds.

    Returns:
        `landed` (records as they came), `warehouse` and `marts` (rows by table),
        `seeds` (lines by file).

    Raises:
        WorkspaceLockedError: a run holds the workspace.
    """
    person = Person(platform, account_id)
    with hold_workspace(workspace.lock, "privacy export"):
        records = [
            record
            for landed in _landed(workspace, platform)
            for record in own_records(landed, person)
        ]
        warehouse = _rows_of(workspace, platform, account_id)
    return {
        "platform": platform,
        "account_id": account_id,
        "landed": records,
        **warehouse,
        "seeds": {
            name: [line for line in lines if _names(line, platform, account_id)]
            for name, _, lines in _seed_files(workspace.root)
        },
    }


def suppress(workspace: Workspace, platform: str, account_id: str, reason: str) -> bool:
    """Never contact an account again; whether it was news.

    It goes from the list of contacts at once, from the marts with the next run.
    """
    with hold_workspace(workspace.lock, "privacy suppress"):
        _take_from_contacts(workspace.root, platform, account_id)
        file = workspace.root / "seeds" / "suppressions.csv"
        text = file.read_text(encoding="utf-8-sig") if file.exists() else ""
        header = list(SUPPRESSION_COLUMNS)
        lines = list(csv.DictReader(io.StringIO(text)))
        if any(_names(line, platform, account_id) for line in lines):
            return False
        if lines:
            header = list(lines[0])
        values = (platform, account_id, reason, workspace.today().isoformat())
        new = dict(zip(SUPPRESSION_COLUMNS, values, strict=True))
        landing.write_atomically(file, _as_csv(header, [*lines, new]))
    return True


def erase(workspace: Workspace, platform: str, account_id: str) -> Gone:
    """Take a person out of everything; the marts are to be made anew afterwards.

    Landing, quarantine, seeds and what the crawl remembers are written anew; the
    warehouse, which is made from them, is deleted. A tombstone keeps the person out
    of what arrives later. Run again it goes on where it was killed. Cost: reading
    landing twice.

    Raises:
        ConfigurationError: the account is a brand's.
        WorkspaceLockedError: a run holds the workspace.
    """
    owned = {
        (account.platform, account.account_id)
        for brand in workspace.brands
        for account in brand.accounts
    }
    if (platform, account_id) in owned:
        raise ConfigurationError(
            [
                "This account is a brand's own in workspace.toml: take it out there"
                " first."
            ]
        )
    root = workspace.root
    with hold_workspace(workspace.lock, "privacy erase"):
        # First, so that a run after a crash lands nothing of the person again.
        bury(root, platform, account_id, ())
        person = Person(platform, account_id)
        everything = _landed(workspace, platform)
        for landed in everything:
            person = with_names(landed, person)
        bury(root, platform, account_id, person.names)
        exports = [
            path
            for landed in everything
            for path in _exports_with(workspace, landed, person)
        ]
        done = [erase_from(landed, person) for landed in everything]
        _erase_quarantine(workspace, person)
        _erase_paths(workspace, person)
        for name, header, lines in _seed_files(root):
            kept = [line for line in lines if not _names(line, platform, account_id)]
            if len(kept) < len(lines):
                landing.write_atomically(root / "seeds" / name, _as_csv(header, kept))
        for file in sorted((workspace.landing / ".crawl").glob("*.sqlite")):
            _erase_crawl(file, person)
        _take_from_contacts(root, platform, account_id)
        covered = sorted(row["date_day"] for row in _covered(workspace))
        for path in (
            workspace.database,
            workspace.database.with_name(f"{workspace.database.name}.wal"),
        ):
            path.unlink(missing_ok=True)
        for folder in (root / ".spill", workspace.landing / ".tmp"):
            shutil.rmtree(folder, ignore_errors=True)
    days = None
    if covered:
        days = date.fromisoformat(covered[0]), date.fromisoformat(covered[-1])
    total = Erased(
        sum(one.removed for one in done),
        sum(one.changed for one in done),
        sum(one.files for one in done),
    )
    set_aside = sorted(
        path.relative_to(root).as_posix()
        for path in workspace.quarantine.glob("damaged-*")
    )
    return Gone(total, days, sorted(set(exports)), set_aside)


def forget_older(root: Path) -> None:
    """Delete every publication but the present one: older ones hold the person."""
    present = (root / "published").resolve()
    for folder in (root / "publications").glob("*"):
        if folder != present:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(present / "previous", ignore_errors=True)


def _landed(workspace: Workspace, platform: str) -> list[Landed]:
    """What landed of a network; canonical tables may hold any network's rows."""
    plain: list[Path] = []
    canonical: dict[str, list[Path]] = {}
    for batch in landing.read_log(workspace.landing):
        for key, paths in sorted(batch.files.items()):
            network = key.split("/")[0]
            files = [workspace.landing / path for path in paths]
            if batch.format == "canonical":
                canonical.setdefault(network, []).extend(files)
            elif network == platform:
                plain.extend(files)
    return [
        Landed(tuple(sorted(plain))),
        *(
            Landed(tuple(sorted(files)), network)
            for network, files in sorted(canonical.items())
        ),
    ]


def _rows_of(
    workspace: Workspace, platform: str, account_id: str
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of every table of the warehouse that tells of an account."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {"warehouse": {}, "marts": {}}
    if not workspace.database.exists():
        return found
    with connect(workspace.database) as connection:
        tables = connection.execute(
            "select schema_name, table_name, list(column_name)"
            " from duckdb_columns()"
            " join duckdb_tables() using (schema_name, table_name)"
            " where schema_name in ('staging', 'intermediate', 'marts', 'meta')"
            " group by all order by all"
        ).fetchall()
        keys = []
        if any(row[:2] == ("intermediate", "accounts") for row in tables):
            keys = connection.execute(
                "select account_key from intermediate.accounts"
                " where platform = $platform and account_id = $account_id",
                {"platform": platform, "account_id": account_id},
            ).fetchall()
        for schema, table, columns in tables:
            conditions = [
                f"(platform = $platform and {column} = $account_id)"
                for column in ("account_id", "follower_id", "account_id_y")
                if {column, "platform"} <= set(columns)
            ]
            params: dict[str, Any] = {"platform": platform, "account_id": account_id}
            if schema == "marts":
                if "account_key" not in columns:
                    continue
                conditions = ["list_contains($keys, account_key)"]
                params = {"keys": [row[0] for row in keys]}
            if not conditions:
                continue
            # Names of tables are the models' own.
            rows = connection.sql(
                f'from "{schema}"."{table}" where {" or ".join(conditions)}'
                " order by all",
                params=params,
            ).pl()
            if len(rows):
                kind = "marts" if schema == "marts" else "warehouse"
                found[kind][f"{schema}.{table}"] = rows.to_dicts()
    return found


def _covered(workspace: Workspace) -> list[dict[str, Any]]:
    if not (workspace.root / "ledger.json").exists():
        return []
    rows: list[dict[str, Any]] = read_copy(workspace)["covered_days"]
    return rows


def _exports_with(workspace: Workspace, landed: Landed, person: Person) -> list[str]:
    """Files that records of the person were read from and that still lie there."""
    if not landed.files:
        return []
    paths = (
        pl.scan_parquet(list(landed.files), hive_partitioning=False)
        .filter(pl.col("record").str.contains(person.account_id, literal=True))
        .select(pl.col("path").cast(pl.String).unique().sort())
        .collect()
        .get_column("path")
        .to_list()
    )
    return [path for path in paths if (workspace.root / path).is_file()]


def _erase_quarantine(workspace: Workspace, person: Person) -> None:
    """Rejected records that show the person keep their reason only, without values."""
    needles = [person.account_id, *sorted(person.names)]
    for file in sorted(workspace.quarantine.glob("*.parquet")):
        frame = pl.read_parquet(file)
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        shown = pl.any_horizontal(
            pl.col(name).str.contains(needle, literal=True)
            for name in texts
            for needle in needles
        ).fill_null(value=False)
        if not frame.select(shown.any()).item():
            continue
        beside = file.with_suffix(".tmp")
        stage = pl.col("stage") if "stage" in texts else None
        masked: dict[str, pl.Expr] = {
            name: pl.lit(MARK)
            for name in ("record", "path", "account_id")
            if name in texts
        }
        if "reason" in texts:
            masked["reason"] = bare_reason(needles, stage)
        frame.with_columns(
            pl.when(shown & pl.col(name).is_not_null())
            .then(mask)
            .otherwise(pl.col(name))
            .alias(name)
            for name, mask in masked.items()
        ).write_parquet(beside)
        landing.sync(beside)
        beside.replace(file)


def _erase_paths(workspace: Workspace, person: Person) -> None:
    """Names of files that tell the account, where the files are gone.

    While an export lies there, its name tells that it is landed already.
    """
    for entry in sorted((workspace.landing / ".log").glob("*.json")):
        batch = json.loads(entry.read_text(encoding="utf-8"))
        told = [
            file
            for file in batch["inputs"]
            if person.account_id in file["path"]
            and not (workspace.root / file["path"]).exists()
        ]
        for file in told:
            file["path"] = MARK
        if told:
            landing.write_atomically(
                entry, json.dumps(batch, ensure_ascii=False, indent=1)
            )


def _erase_crawl(file: Path, person: Person) -> None:
    """What the crawl remembers of the person: what to read next, who was absent."""
    with closing(sqlite3.connect(file)) as connection:
        # Deleted rows otherwise stay in the file until they are written over.
        connection.execute("pragma secure_delete = on")
        with connection:
            for table, columns in (
                ("streams", ("key", "params", "note")),
                ("absent", ("object_id",)),
                ("samples", ("object_id",)),
            ):
                for column in columns:
                    connection.execute(
                        f"delete from {table} where instr({column}, ?) > 0",
                        (person.account_id,),
                    )
            waiting = connection.execute(
                "select number, body from records where instr(body, ?) > 0",
                (person.account_id,),
            ).fetchall()
            for number, body in waiting:
                for left in without_person(json.loads(body), person):
                    connection.execute(
                        "insert into records"
                        " (request, item, kind, root_id, observed_at, body)"
                        " select request, item, kind, root_id, observed_at, ?"
                        " from records where number = ?",
                        (json.dumps(left, ensure_ascii=False), number),
                    )
                connection.execute("delete from records where number = ?", (number,))
        connection.execute("vacuum")


def _seed_files(
    root: Path,
) -> Iterator[tuple[str, list[str], list[dict[str, str]]]]:
    """Name, columns and lines of the seeds that name accounts."""
    for name in _SEEDS:
        file = root / "seeds" / name
        if file.exists():
            with file.open(encoding="utf-8-sig", newline="") as handle:
                reader = csv.DictReader(handle)
                lines = list(reader)
                yield name, list(reader.fieldnames or []), lines


def _names(line: dict[str, str], platform: str, account_id: str) -> bool:
    """Whether a seed's line is about an account."""
    return any(
        (line.get(f"{other}platform") or "").strip() == platform
        and (line.get(f"{other}account_id") or "").strip() == account_id
        for other in ("", "other_")
    )


def _as_csv(header: Iterable[str], lines: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(header), extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _take_from_contacts(root: Path, platform: str, account_id: str) -> None:
    """Take an account off the present list of contacts."""
    file = root / "published" / "restricted" / "contacts.csv"
    if not file.exists():
        return
    with file.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        lines = list(reader)
    kept = [
        line
        for line in lines
        if (line["platform"], line["account_id"].lstrip("'")) != (platform, account_id)
    ]
    if len(kept) == len(lines):
        return
    beside = file.with_name(".contacts.tmp")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    beside.write_text("\ufeff" + _as_csv(reader.fieldnames or [], kept), "utf-8")
    landing.sync(beside)
    beside.replace(file)
