"""Privacy: what is held of a person, its erasure, and no more contact."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tasks.sources.erased_people import (
    Gone,
    as_csv,
    erase_people,
    forget_older,
    names_account,
    take_from_contacts,
)
from tasks.sources.erasure import (
    Landed,
    Person,
    is_own,
    own_records,
    unescaped,
    with_names,
)
from tasks.warehouse import landing
from tasks.warehouse.database import connect
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.keys import check_keys
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.rejected import read_rejected
from tasks.warehouse.seeds import SUPPRESSION_COLUMNS
from tasks.warehouse.tombstones import canonical_id, spellings
from tasks.warehouse.workspace import PLATFORMS, Workspace

__all__ = [
    "erase",
    "erase_all",
    "export",
    "forget_older",
    "read_requests",
    "suppress",
    "write_export",
]

_SEEDS = ("account_overrides.csv", "suppressions.csv", "contact_history.csv")


def read_requests(text: str, name: str) -> list[tuple[str, str]]:
    """Network and id of each person of a list of requests.

    Args:
        text: CSV with the columns platform and account_id.
        name: of the list, for mistakes.

    Raises:
        ConfigurationError: every mistake with its line; none of them tells an id.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = [name.strip() for name in reader.fieldnames or []]
    missing = [one for one in ("platform", "account_id") if one not in columns]
    if missing:
        raise ConfigurationError(
            [
                f"{name}:1: the column {' and '.join(missing)} is missing: the first"
                " line is platform,account_id"
            ]
        )
    reader.fieldnames = columns
    asked, mistakes = [], []
    for line in reader:
        platform = (line["platform"] or "").strip()
        account = canonical_id(platform, line["account_id"] or "")
        if platform not in PLATFORMS:
            mistakes.append(
                f"{name}:{reader.line_num}: there is no network of that name: use"
                f" {', '.join(PLATFORMS)}"
            )
        elif not account:
            mistakes.append(f"{name}:{reader.line_num}: account_id is empty")
        else:
            asked.append((platform, account))
    if not asked and not mistakes:
        mistakes = [f"{name}: no request stands in it"]
    if mistakes:
        raise ConfigurationError(mistakes)
    return asked


def export(workspace: Workspace, platform: str, account_id: str) -> dict[str, Any]:
    """All that is held of an account: records, judgements, marts, seeds.

    Returns:
        `landed` (records as they came), `quarantine` (rejected ones, with reasons),
        `warehouse` and `marts` (rows by table), `seeds` (lines by file).

    Raises:
        WorkspaceLockedError: a run holds the workspace.
    """
    account_id = canonical_id(platform, account_id)
    person = Person(platform, account_id)
    with hold_workspace(workspace.lock, "privacy export"):
        everything = _landed(workspace, platform)
        records = [
            record for landed in everything for record in own_records(landed, person)
        ]
        for landed in everything:
            person = with_names(landed, person)
        rejected = _rejected(workspace, person)
        warehouse = _rows_of(workspace, platform, account_id)
    return {
        "platform": platform,
        "account_id": account_id,
        "landed": records,
        "quarantine": rejected,
        **warehouse,
        "seeds": {
            name: [line for line in lines if names_account(line, platform, account_id)]
            for name, _, lines in _seed_files(workspace.root)
        },
    }


def write_export(
    workspace: Workspace, asked: Sequence[tuple[str, str]], out: Path
) -> str:
    """Write what is held of people as JSON, for the user alone; say how much it is.

    Args:
        workspace: which one.
        asked: network and id of each.
        out: a new file.

    Raises:
        ConfigurationError: the file is there already.
    """
    if out.exists():
        raise ConfigurationError([f"{out} is there already: name a new file."])
    people = [export(workspace, *one) for one in asked]
    out.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        told = people[0] if len(people) == 1 else {"people": people}
        json.dump(told, f, ensure_ascii=False, indent=1, default=str)
    rows = sum(
        len(table)
        for found in people
        for part in ("warehouse", "marts")
        for table in found[part].values()
    )
    landed = sum(len(found["landed"]) for found in people)
    rejected = sum(len(found["quarantine"]) for found in people)
    return (
        f"Wrote {out}, readable by you alone: {landed:,} records as they came,"
        f" {rejected:,} rejected ones, {rows:,} rows made of them."
    )


def suppress(workspace: Workspace, platform: str, account_id: str, reason: str) -> bool:
    """Never contact an account again; whether it was news.

    It goes from the list of contacts at once, from the marts with the next run.
    """
    account_id = canonical_id(platform, account_id)
    with hold_workspace(workspace.lock, "privacy suppress"):
        take_from_contacts(workspace.root, platform, account_id)
        file = workspace.root / "seeds" / "suppressions.csv"
        text = file.read_text(encoding="utf-8-sig") if file.exists() else ""
        header = list(SUPPRESSION_COLUMNS)
        lines = list(csv.DictReader(io.StringIO(text)))
        if any(names_account(line, platform, account_id) for line in lines):
            return False
        if lines:
            header = list(lines[0])
        values = (platform, account_id, reason, workspace.today().isoformat())
        new = dict(zip(SUPPRESSION_COLUMNS, values, strict=True))
        landing.write_atomically(file, as_csv(header, [*lines, new]))
    return True


def erase(workspace: Workspace, platform: str, account_id: str) -> Gone:
    """Take a person out of everything; see `erase_all`."""
    return erase_all(workspace, [(platform, account_id)])


def erase_all(workspace: Workspace, asked: Sequence[tuple[str, str]]) -> Gone:
    """Take people out of everything; the marts are to be made anew afterwards.

    Landing, quarantine, seeds and what the crawl remembers are written anew; the
    warehouse, which is made from them, is deleted. A tombstone keeps them out of what
    arrives later. Every run finishes what a kill left. Cost: reading landing twice for
    each of them.

    Raises:
        ConfigurationError: an account is a brand's, or the erasures' key is lost.
        WorkspaceLockedError: a run holds the workspace.
    """
    with hold_workspace(workspace.lock, "privacy erase"):
        check_keys(workspace)
        return erase_people(workspace, asked)


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


def _rejected(workspace: Workspace, person: Person) -> list[dict[str, Any]]:
    """Rejected records of the person, and broken ones in which they stand."""
    needles = [*spellings(person.account_id)[:3], *sorted(person.names)]
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(workspace.quarantine.glob("*.parquet")):
        frame = read_rejected(file)
        if "record" not in frame.columns:
            continue
        for row in frame.filter(pl.col("record").is_not_null()).to_dicts():
            text = unescaped(row["record"])
            if not any(needle in text for needle in needles):
                continue
            try:
                record = json.loads(row["record"])
            except (ValueError, RecursionError):
                record = None
            if record is None or is_own(record, person):
                known = {key: row.get(key) for key in ("path", "reason", "record")}
                found[json.dumps(known, default=str)] = known
    return [found[key] for key in sorted(found)]


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
            " where schema_name in ('staging', 'intermediate', 'restricted', 'marts',"
            " 'meta')"
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
            if schema in ("marts", "restricted"):
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
                kind = "marts" if schema in ("marts", "restricted") else "warehouse"
                found[kind][f"{schema}.{table}"] = rows.to_dicts()
    return found


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
