"""Publication: the marts for readers, swapped as a whole.

Each publication is a folder of its own under `publications/`, named by its content and
never changed; `publications/current` is a link to the newest, `published` one to that.
The link is swapped by one rename, so a reader finds the old files or the new ones,
never a mix, and a killed run leaves the old ones. Who reads several files finds the
link's target once. `published/previous/1` and `/2` are the two before. `publications/`
can be mounted alone: what tells of persons one by one stands outside of it, in
`restricted/`.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb

from tasks.warehouse.claim_files import FOLDER as CLAIMS
from tasks.warehouse.claim_files import link_claims
from tasks.warehouse.condition import (
    Condition,
    Repairs,
    broken,
    repair_with_recover,
)
from tasks.warehouse.configuration import LANGUAGES
from tasks.warehouse.database import read_published, transaction, tune
from tasks.warehouse.errors import ConfigurationError, DamagedError
from tasks.warehouse.lock import open_to_readers
from tasks.warehouse.models import Model, in_order, load_models, run_model
from tasks.warehouse.networks import PROFILE_ADDRESSES
from tasks.warehouse.people import as_table
from tasks.warehouse.whole_files import replacing, sync, write_atomically
from tasks.warehouse.workspace import Workspace

STORAGE_VERSION = "v1.4.0"
# Of the tables that readers see: another one when a column goes or changes its type.
SCHEMA_VERSION = 2
KEPT = 3
CURRENT = "current"
# Fixed, so that the same rows give the same bytes on every machine.
ROW_GROUP_ROWS = 100_000
# Of zstd: as small as its usual 3 (keys are all but random), at two thirds of the time.
PARQUET_LEVEL = 1
# From so many rows on, few words that stand in many rows are sorted as numbers.
_MANY_ROWS = 10_000

# What a spreadsheet would take for a formula (OWASP ASVS 1.2.10).
# Programs drop blanks and line breaks before they look.
FORMULA = r"^[\s\x00]*[=+\-@＝＋－＠]|^[\t\r\n\x00]"

# The marts as dbt and MetricFlow read them, in the publication.
SEMANTIC_MODELS = "semantic_models.yml"

# Beside a publication, for the owner of the workspace alone.
PEOPLE = "people.duckdb"
# Lists that name people, also in columns that CRM programs import.
CONTACT_LISTS = ("contacts.csv", "contacts_hubspot.csv", "contacts_salesforce.csv")
NAME_LISTS = (*CONTACT_LISTS, "amplifiers.csv", "accounts.csv")
# The page that names people; in other languages with their code behind it.
NAMED_PAGE = "report"
# The pictures of all pages, for those of the next publication that show the same.
DRAWN = "pictures.json"
# Whose rows and names are written there.
KEPT_ACCOUNTS = "lists.kept_accounts"


@dataclass(frozen=True)
class Published:
    """What readers see now."""

    publication_id: str
    is_new: bool
    files: int
    rows: int


def build_publication(
    warehouse: Path, folder: Path, marts: Sequence[Model]
) -> list[dict[str, Any]]:
    """Write `marts.duckdb` and `parquet/` into a folder; describe the files.

    Every table is ordered by its full key. The DuckDB file is written in the
    storage version that every reader since 1.4 opens, checkpointed and detached.
    """
    (folder / "parquet").mkdir(parents=True)
    database = folder / "marts.duckdb"
    with duckdb.connect() as connection:
        tune(connection, folder / ".spill")
        connection.execute("set preserve_insertion_order = true")
        # Readers of the warehouse file are processes; this one only reads it.
        connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
        described = write_tables(connection, database, marts)
    if Path(f"{database}.wal").exists():
        raise RuntimeError(f"{database} was not checkpointed: its WAL is left")
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    return described


def write_restricted(
    warehouse: Path,
    folder: Path,
    tables: Sequence[Model],
    kept_days: int | None = None,
) -> str:
    """Write `restricted/`, for the owner of the files alone; return its digest.

    `people.duckdb` and `parquet/` have what is known of accounts one by one, under the
    pseudonyms of the marts. `NAME_LISTS` name them.

    Args:
        warehouse: the database.
        folder: of the publication that is made.
        tables: what `people.duckdb` holds.
        kept_days: accounts last read more days before the last landed one are left
            out; null keeps all.
    """
    restricted = folder / "restricted"
    # Nobody else gets into the folder, whatever the mode of a file.
    restricted.mkdir(mode=0o700)
    (restricted / "parquet").mkdir(mode=0o700)
    with duckdb.connect() as connection:
        tune(connection, folder / ".spill")
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
        lists = load_models("lists")
        _show_tables(connection, lists.values())
        run_model(
            connection,
            lists[KEPT_ACCOUNTS],
            {
                "kept_days": kept_days,
                "networks": list(PROFILE_ADDRESSES),
                "addresses": list(PROFILE_ADDRESSES.values()),
            },
        )
        named = {name: lists[name] for name in lists if name != KEPT_ACCOUNTS}
        for model in in_order(named):
            run_model(connection, model, {})
            _write_names(connection, model, restricted / f"{model.table}.csv")
        described = write_tables(
            connection, restricted / PEOPLE, tables, only_kept=kept_days is not None
        )
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    for path in restricted.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    names = (_digest(restricted / name) for name in NAME_LISTS)
    return publication_id(described, " ".join(names))


def _show_tables(
    connection: duckdb.DuckDBPyConnection, models: Iterable[Model]
) -> None:
    """Name the warehouse's tables as models read them."""
    reads = {name for model in models for name in model.reads}
    for schema in sorted({name.split(".")[0] for name in reads}):
        connection.execute(f"create schema {schema}")
    for name in sorted(reads):
        if not name.startswith("lists."):
            connection.execute(f"create view {name} as from warehouse.{name}")


def _write_names(
    connection: duckdb.DuckDBPyConnection, model: Model, target: Path
) -> None:
    """Write a list that names people, in the order of its key."""
    import polars as pl

    rows = connection.sql(f"from {model.name} order by {', '.join(model.grain)}").pl()
    texts = [name for name, kind in rows.schema.items() if kind == pl.String]
    with private(target) as file:
        rows.with_columns(
            pl.when(pl.col(name).str.contains(FORMULA))
            .then(pl.concat_str(pl.lit("'"), pl.col(name)))
            .otherwise(pl.col(name))
            .alias(name)
            for name in texts
        ).write_csv(file, include_bom=True)


@contextmanager
def private(target: Path) -> Iterator[IO[bytes]]:
    """A new file, for the owner alone from the first byte on."""
    opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        yield file


def write_tables(
    connection: duckdb.DuckDBPyConnection,
    database: Path,
    models: Sequence[Model],
    *,
    only_kept: bool = False,
    parquet: str = "parquet",
) -> list[dict[str, Any]]:
    """Write tables of the attached warehouse to a file, and as Parquet beside it.

    With `only_kept` without rows of accounts that `lists.kept_accounts` lacks.
    `parquet` is the folder beside the file.
    """
    connection.execute(
        f"attach {sql_text(database)} as published"
        f" (storage_version '{STORAGE_VERSION}')"
    )
    tables = sorted(models, key=lambda model: model.table)
    types = _types_for_readers(connection)
    orders = _orders_of(connection, tables)
    # At once: each statement of its own would wait for the disk.
    with transaction(connection):
        for mart in tables:
            names = [column.name for column in mart.columns]
            listed = ", ".join(
                f'cast("{name}" as {types[mart.name, name]}) as "{name}"'
                if (mart.name, name) in types
                else f'"{name}"'
                for name in names
            )
            of_kept = (
                " where (platform, account_key) in"
                f" (select platform, account_key from {KEPT_ACCOUNTS})"
                if only_kept and "account_key" in names
                else ""
            )
            target = f"published.main.{mart.table}"
            comments = [f"comment on table {target} is {sql_text(mart.summary)}"]
            comments += [
                f'comment on column {target}."{column.name}"'
                f" is {sql_text(column.comment)}"
                for column in mart.columns
            ]
            comments += [
                f'alter table {target} alter column "{name}" set not null'
                for name in mart.grain
                if name not in mart.nullable_grain
            ]
            connection.execute(
                f"create table {target} as select {listed}"
                f" from warehouse.{mart.name}{of_kept} order by {orders[mart.name]};\n"
                + ";\n".join(comments)
            )
    described: list[dict[str, Any]] = []
    kinds = _types_of(connection, "published")
    # One thread writes, so that row groups are cut at the same rows.
    connection.execute("set threads = 1")
    for mart in tables:
        target = f"published.main.{mart.table}"
        file = database.parent / parquet / f"{mart.table}.parquet"
        rows = connection.execute(
            f"copy {target} to {sql_text(file)} (format parquet, compression zstd,"
            f" compression_level {PARQUET_LEVEL}, row_group_size {ROW_GROUP_ROWS},"
            f" kv_metadata {_words_of(mart)})"
        ).fetchall()
        described.append(
            {
                "file": f"{parquet}/{mart.table}.parquet",
                "table": mart.table,
                "key": list(mart.grain),
                "rows": rows[0][0],
                "bytes": file.stat().st_size,
                "sha256": _digest(file),
                "schema": kinds[mart.table],
            }
        )
    connection.execute("reset threads")
    connection.execute("checkpoint published")
    connection.execute("detach published")
    return described


def _orders_of(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Model]
) -> dict[str, str]:
    """By table the order of its rows: that of its key, byte by byte, nulls last.

    Campaigns and networks, all of a key but its last column, are few: sorted by their
    places in their own order, a large table costs two thirds.
    """
    found = connection.execute(
        "select columns.schema_name || '.' || columns.table_name, column_name"
        " from duckdb_columns() as columns"
        " inner join duckdb_tables() as tables using (database_oid, table_oid)"
        " where columns.database_name = 'warehouse' and data_type = 'VARCHAR'"
        " and estimated_size > $rows",
        {"rows": _MANY_ROWS},
    ).fetchall()
    orders = {}
    for table in tables:
        parts = [f'"{name}" nulls last' for name in table.grain]
        for place, name in enumerate(table.grain[:-1]):
            if (table.name, name) in found:
                kind = f'"places of {table.table}.{name}"'
                connection.execute(
                    f"create type {kind} as enum ("
                    f'select distinct "{name}" from warehouse.{table.name}'
                    f' where "{name}" is not null order by "{name}")'
                )
                parts[place] = f'cast("{name}" as {kind}) nulls last'
        orders[table.name] = ", ".join(parts)
    return orders


def _words_of(mart: Model) -> str:
    """What a Parquet file says of its table: itself, its key, units and comments."""
    columns = {
        column.name: {"unit": column.unit, "comment": column.comment}
        for column in mart.columns
    }
    told = {
        "comment": mart.summary,
        "key": json.dumps(mart.grain),
        "columns": json.dumps(columns, ensure_ascii=False),
    }
    listed = ", ".join(f"{name}: {sql_text(words)}" for name, words in told.items())
    return f"{{{listed}}}"


def _types_for_readers(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str], str]:
    """By table and column of the warehouse: the type that every BI tool knows instead.

    Whole numbers are BIGINT, of any size and sign; decimals of more than 18 digits,
    which many drivers hand over as text, are DOUBLE.
    """
    rows = connection.execute(
        "select schema_name || '.' || table_name, column_name,"
        " case when data_type like 'DECIMAL%' then 'DOUBLE' else 'BIGINT' end"
        " from duckdb_columns() where database_name = 'warehouse'"
        " and (regexp_matches(data_type, '^U?(TINY|SMALL|HUGE)?INT(EGER)?$')"
        " or data_type = 'UBIGINT'"
        " or (data_type like 'DECIMAL%' and numeric_precision > 18))"
    ).fetchall()
    return {(table, column): kind for table, column, kind in rows}


def _types_of(
    connection: duckdb.DuckDBPyConnection, database: str
) -> dict[str, dict[str, str]]:
    """The type of each column, by table, of an attached database; in their order."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = $database order by table_name, column_index",
        {"database": database},
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def publication_id(described: Sequence[dict[str, Any]], extra: str) -> str:
    """A name made from the content, so that equal marts are one publication."""
    digest = hashlib.sha256(extra.encode())
    for file in described:
        digest.update(f"{file['file']} {file['sha256']}\n".encode())
    return digest.hexdigest()[:16]


def publication_of(folder: Path) -> str:
    """The id of what stands in a folder: one made again has a number behind it."""
    return folder.name.split("-")[0]


def read_manifest(published: Path) -> dict[str, Any] | None:
    """The manifest of what is published now; None before the first time.

    Raises:
        DamagedError: it is none.
    """
    file = published / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise DamagedError(file)
    return manifest


def describe_others(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and digest of a publication's files that are no table of Parquet."""
    return {
        str(file.relative_to(folder)): {
            "bytes": file.stat().st_size,
            "sha256": _digest(file),
        }
        for file in (
            folder / "marts.duckdb",
            folder / SEMANTIC_MODELS,
            *sorted((folder / "report").glob("*.html")),
        )
        if file.exists()
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a publication that is being built."""
    write_atomically(
        folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1)
    )


def swap(root: Path, folder: Path, name: str) -> None:
    """Make a finished folder the publication; keep the two before it.

    Args:
        root: the workspace's folder.
        folder: the finished build, on the same file system.
        name: the publication's id.
    """
    store = root / "publications"
    link = root / "published"
    # One that readers have open is never touched, also to be made whole.
    name = _free_name(store, name)
    target = store / name
    before = [path.name for path in lineage(link) if path.name != name]
    for number, older in enumerate(before[: KEPT - 1], start=1):
        (folder / "previous").mkdir(exist_ok=True)
        (folder / "previous" / str(number)).symlink_to(Path("../..") / older)
    if (folder / "restricted").is_dir():
        put_restricted(root, folder / "restricted", folder, name)
    open_to_readers(folder, "restricted")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            sync(path)
    sync(folder)
    # A folder of that name that isn't published was left by a killed run.
    if target.exists():
        shutil.rmtree(target)
    os.replace(folder, target)
    sync(store)
    _point(root, name)
    kept = {name, *before[: KEPT - 1]}
    for path in store.iterdir():
        if path.is_symlink():
            continue
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != name:
            # Who asked not to be contacted stands on no older list either.
            drop_restricted(root, path)
    link_claims(root)
    for path in (root / "restricted").glob("*"):
        if path.name not in (name, CLAIMS):
            shutil.rmtree(path, ignore_errors=True)


def put_restricted(root: Path, made: Path, folder: Path, name: str) -> None:
    """Move what tells of persons out of a publication; a link leads to it.

    Args:
        root: the workspace's folder.
        made: the folder that holds it.
        folder: the publication, under whatever name.
        name: the publication's id.
    """
    target = root / "restricted" / name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    for path in made.rglob("*"):
        sync(path)
    os.replace(made, target)
    sync(target.parent)
    link = folder / "restricted"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("../../restricted") / name)


def drop_restricted(root: Path, folder: Path) -> None:
    """Delete what stands beside a publication of persons."""
    link = folder / "restricted"
    if link.is_symlink():
        link.unlink()
    else:  # of an older version
        shutil.rmtree(link, ignore_errors=True)
    shutil.rmtree(root / "restricted" / folder.name, ignore_errors=True)


def page_names(stem: str, language: str) -> dict[str, str]:
    """The file of each language: that of the workspace has no code in its name."""
    return {
        code: f"{stem}.html" if code == language else f"{stem}-{code}.html"
        for code in LANGUAGES
    }


def take_off_lists(
    root: Path, platform: str, account_id: str, *, lists: Sequence[str] = CONTACT_LISTS
) -> None:
    """Take an account off the present lists that name people.

    The pages that name people go whole: the next run writes them again.
    """
    for page in (root / "published" / "restricted").glob(f"{NAMED_PAGE}*.html"):
        page.unlink()
    for name in lists:
        file = root / "published" / "restricted" / name
        if file.exists():
            _take_from_list(file, platform, account_id)


def _take_from_list(file: Path, platform: str, account_id: str) -> None:
    with file.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        lines = list(reader)
    # Custom fields of Salesforce end with __c.
    names = {name.removesuffix("__c"): name for name in reader.fieldnames or []}
    kept = [
        line
        for line in lines
        if (line[names["platform"]], line[names["account_id"]].lstrip("'"))
        != (platform, account_id)
    ]
    if len(kept) == len(lines):
        return
    with replacing(file, mode=0o600) as beside:
        beside.write_text("\ufeff" + as_table(reader.fieldnames or [], kept), "utf-8")


def forget_older(root: Path) -> None:
    """Delete every publication but the present one: older ones hold the person."""
    present = (root / "published").resolve()
    for folder in (root / "publications").glob("*"):
        if folder != present and not folder.is_symlink():
            drop_restricted(root, folder)
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(present / "previous", ignore_errors=True)


def _free_name(store: Path, name: str) -> str:
    """The publication's id; with a number where what stands there is not whole."""
    current = store / CURRENT
    taken = {current.resolve().name} if current.exists() else set()
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def kept_publications(root: Path) -> list[str]:
    """Publications that `roll_back` can go to, those of the latest runs first."""
    found = []
    for path in (root / "publications").glob("[!.]*/manifest.json"):
        if path.parent.is_symlink():
            continue
        # A damaged one is no place to go to.
        with contextlib.suppress(ValueError):
            manifest = read_manifest(path.parent) or {}
            found.append((str(manifest.get("run")), path.parent.name))
    return [name for _, name in sorted(found, reverse=True)]


def roll_back(root: Path, name: str | None = None) -> str:
    """Make an older publication the one that readers see; return its id.

    Args:
        root: the workspace's folder.
        name: the publication's id; without it the one before the present one.

    Raises:
        ConfigurationError: there is no such publication.
    """
    link = root / "published"
    kept = kept_publications(root)
    if name is None:
        before = lineage(link)[1:]
        if not before:
            raise ConfigurationError(
                [f"Nothing is kept before what stands in {link}: nothing changed."]
            )
        name = before[0].name
    if name not in kept:
        known = ", ".join(kept) or "none"
        raise ConfigurationError(
            [f"--to '{name}' is no publication that is kept: these are: {known}."]
        )
    if damaged := damaged_files(root / "publications" / name):
        raise ConfigurationError(
            [f"Publication {name} is damaged ({', '.join(damaged)}): nothing changed."]
        )
    _point(root, name)
    return name


def altered_files(folder: Path) -> list[str]:
    """Files that are not as the manifest describes them, by size, then by digest.

    Cost: a stat each, and reading those whose size is right.
    """
    try:
        manifest = read_manifest(folder)
        described = (
            {
                **{file["file"]: file for file in manifest["files"]},
                **manifest.get("others", {}),
            }
            if manifest
            else {}
        )
    except (DamagedError, KeyError, TypeError):
        described = {}
    if not described:
        return ["manifest.json"]
    found = []
    for name, told in described.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if (
            size is None
            or size != told.get("bytes", size)
            or _digest(path) != told["sha256"]
        ):
            found.append(name)
    return found


def damaged_files(folder: Path) -> list[str]:
    """Files of a publication that are missing or not as they were written."""
    damaged = altered_files(folder)
    if damaged == ["manifest.json"]:
        return damaged
    manifest = read_manifest(folder)
    if manifest is None:  # it went away meanwhile
        return ["manifest.json"]
    try:
        with read_published(folder / "marts.duckdb") as marts:
            for file in manifest["files"]:
                # Blocks are checked as they are read.
                marts.execute(
                    f'select bit_xor(hash("{file["table"]}")) from "{file["table"]}"'
                ).fetchall()
    except duckdb.Error:
        if "marts.duckdb" not in damaged:
            damaged.append("marts.duckdb")
    return damaged


def examine_publication(workspace: Workspace) -> Iterator[Condition]:
    """Whether what readers see is as it was written."""
    link = workspace.published
    if not link.is_symlink():
        return
    if damaged := _damaged_behind(link):
        repair = repair_with_recover(workspace.root)
        yield broken("publication", f"not as written: {', '.join(damaged)}: {repair}")
    else:
        yield Condition("publication", "every file is as it was written")


def examine_restricted(workspace: Workspace) -> Iterator[Condition]:
    """Whether only the owner may read what tells of persons one by one."""
    for file in sorted((workspace.published / "restricted").glob("*.*")):
        if file.stat().st_mode & 0o077:
            yield broken(
                "secrets", f"others may read {file}: chmod 600 {file}, and ask who did"
            )


def mend_publication(workspace: Workspace, repairs: Repairs) -> None:
    """Readers get the newest publication that is whole; the next run a new one."""
    link, store = workspace.published, workspace.root / "publications"
    if not link.is_symlink():
        return
    damaged = _damaged_behind(link)
    if not damaged:
        return
    behind = link.resolve()
    whole = (
        name
        for name in kept_publications(workspace.root)
        if store / name != behind and not damaged_files(store / name)
    )
    if name := next(whole, None):
        roll_back(workspace.root, name)
        what = f"{name} stands in its place until the next run"
    else:
        (store / CURRENT).unlink(missing_ok=True)
        link.unlink()
        what = "the next run publishes anew"
    if behind.exists():
        repairs.set_aside(behind, "publications", behind.name)
    repairs.done.append(
        f"{behind} is damaged ({', '.join(damaged)}) and set aside: {what}"
    )


def _damaged_behind(link: Path) -> list[str]:
    return damaged_files(link) if link.exists() else ["all"]


def _point(root: Path, name: str) -> None:
    """Let readers see a publication, from one moment to the next."""
    store = root / "publications"
    _link(store / CURRENT, Path(name))
    link = root / "published"
    if not link.is_symlink() or link.readlink() != Path("publications") / CURRENT:
        _link(link, Path("publications") / CURRENT)


def _link(link: Path, target: Path) -> None:
    beside = link.with_name(f".{link.name}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    os.replace(beside, link)
    sync(link.parent)


def lineage(link: Path) -> list[Path]:
    """The current publication and those before it, newest first."""
    if not link.exists():
        return []
    current = link.resolve()
    older = [
        (current / "previous" / str(number)).resolve() for number in range(1, KEPT)
    ]
    return [path for path in [current, *older] if path.is_dir()]


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sql_text(value: object) -> str:
    """A SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"
