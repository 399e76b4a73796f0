"""The marts as Delta tables, for readers of lakes: Spark, Databricks, Fabric, Trino.

Each mart is a Delta table in a folder of its own; a publication writes a new version of
those that differ. Last of all it writes the table `publications`, which says which
version of each table belongs to which publication: who joins several tables reads these
versions and sees one state, while a next publication is on its way, too. The versions
of the publication before are kept until the next one. An erasure writes all tables from
nothing: the log of a table holds least and greatest values of its older versions.

Nothing of `restricted/` goes there. Cost: linear in the rows of tables that changed,
some batches of rows in memory at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.database import read_published
from tasks.warehouse.errors import ConfigurationError, WeiboManagerError
from tasks.warehouse.progress import say
from tasks.warehouse.publication import publication_of, read_manifest
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Which version of each table belongs to a publication: written last.
PUBLICATIONS = "publications"
_OURS = "Weibo Manager: which versions of the tables beside it belong together"
# Of all other tables: nothing is written over or deleted that does not say so.
_MART = "Weibo Manager: a mart as it is published"
_ROWS_AT_ONCE = 100_000
# In a commit of a table: the digest of the rows that it wrote.
_DIGEST = "rowsSha256"


class DeltaTargetError(WeiboManagerError):
    """The folder of Delta tables did not take a publication; the files of it stand."""

    def __init__(self, why: str) -> None:
        """Say why, and what comes next."""
        super().__init__(
            f"The marts are published as files, but the Delta tables show what they"
            f" showed before: {why}. The next run tries again, also with nothing new;"
            " `doctor` tells whether it would work."
        )


def show_in_delta(workspace: Workspace, *, keeps_before: bool = True) -> None:
    """Have Delta tables show the publication that readers of the files see.

    Nothing is done where the workspace names no folder, or that publication stands.

    Args:
        workspace: whose publication.
        keeps_before: whether the publication before may still be read there; False in
            an erasure.

    Raises:
        ConfigurationError: the library is missing, or the folder is somebody else's.
        DeltaTargetError: a table could not be written.
    """
    if workspace.delta is None or not workspace.published.exists():
        return
    _require_library()
    from deltalake.exceptions import DeltaError

    published = workspace.published.resolve()
    name = publication_of(published)
    home = _home(workspace)
    try:
        told = _told(home)
        if keeps_before and any(
            row["publication"] == name and row["is_current"] for row in told
        ):
            return
        if not keeps_before:
            for table in home.glob("*/_delta_log"):
                shutil.rmtree(table.parent)
            told = []
        versions = _write_tables(home, published)
        # Who has just read what was shown so far finds it until the next publication.
        kept = [{**row, "is_current": False} for row in told if row["is_current"]]
        rows = [
            {
                "publication": name,
                "is_current": True,
                "table_name": table,
                "table_version": version,
            }
            for table, version in sorted(versions.items())
        ]
        _write_publications(home, rows + kept)
        _drop_others(home, rows + kept)
    except (DeltaError, OSError) as error:
        raise DeltaTargetError(_in_words(error)) from None
    say(f"  publication {name} is in Delta tables, {home}")


def examine_delta(workspace: Workspace) -> Iterator[Condition]:
    """Whether a folder of Delta tables takes what is published, where one is named."""
    if workspace.delta is None:
        return
    try:
        _require_library()
        from deltalake.exceptions import DeltaError

        try:
            told = _told(_home(workspace))
        except (DeltaError, OSError) as error:
            yield broken("Delta tables", f"{_home(workspace)}: {_in_words(error)}")
            return
    except ConfigurationError as error:
        yield broken("Delta tables", str(error))
        return
    current = sorted({row["publication"] for row in told if row["is_current"]})
    what = f"show publication {current[0]}" if current else "are empty yet"
    yield Condition("Delta tables", f"folder {_home(workspace)}: {what}")


def _require_library() -> None:
    try:
        import deltalake  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            [
                "workspace.toml has [delta], and its library is not installed:"
                " .venv/bin/python -m pip install --require-hashes"
                " -r requirements-delta.txt"
            ]
        ) from None


def _home(workspace: Workspace) -> Path:
    assert workspace.delta is not None
    return (workspace.root / workspace.delta.folder).resolve()


def _told(home: Path) -> list[dict[str, Any]]:
    """What the folder says of publications; nothing where there is none yet.

    Raises:
        ConfigurationError: it holds something that is not ours.
    """
    for path in sorted(home.glob("*")):
        table = _open(path)
        ours = _OURS if path.name == PUBLICATIONS else _MART
        if table is None or table.metadata().description != ours:
            raise ConfigurationError(
                [
                    f"[delta] folder = '{home}': it holds {path.name}, which is no"
                    " Delta table of Weibo Manager: name an empty folder."
                ]
            )
    present = _open(home / PUBLICATIONS)
    if present is None:
        return []
    rows: list[dict[str, Any]] = present.to_pyarrow_table().to_pylist()
    return rows


def _write_tables(home: Path, published: Path) -> dict[str, int]:
    """Write a new version of each table whose rows differ; the versions by table."""
    manifest = read_manifest(published) or {"files": []}
    versions = {}
    with read_published(published / "marts.duckdb") as marts:
        marts.execute("set timezone = 'UTC'")
        for file in manifest["files"]:
            table = str(file["table"])
            present = _open(home / table)
            if present is not None and _digest_of(present) == file["sha256"]:
                versions[table] = present.version()
            else:
                versions[table] = _write_table(home / table, marts, file)
    return versions


def _open(place: Path) -> DeltaTable | None:
    from deltalake import DeltaTable

    return DeltaTable(place) if (place / "_delta_log").is_dir() else None


def _digest_of(table: DeltaTable) -> str | None:
    """What the last commit that wrote rows says of them."""
    written = (one for one in table.history() if _DIGEST in one)
    return next((str(one[_DIGEST]) for one in written), None)


def _write_table(
    place: Path, marts: duckdb.DuckDBPyConnection, file: Mapping[str, Any]
) -> int:
    """Write a table's rows as a new version; its number."""
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable, write_deltalake

    table, key = file["table"], set(file["key"])
    columns = marts.execute(
        "select column_name, data_type, comment, is_nullable from duckdb_columns()"
        " where table_name = $table and not internal order by column_index",
        {"table": table},
    ).fetchall()
    # Moments are in UTC, which only a type with a zone says to every reader.
    listed = ", ".join(
        f'"{name}" at time zone \'UTC\' as "{name}"'
        if kind == "TIMESTAMP"
        else f'"{name}"'
        for name, kind, _, _ in columns
    )
    rows = marts.sql(f'select {listed} from "{table}"')
    batches = rows.to_arrow_reader(_ROWS_AT_ONCE)
    schema = pa.schema(
        pa.field(
            field.name,
            field.type,
            nullable=bool(is_nullable) or field.name not in key,
            metadata={"comment": comment or ""},
        )
        for field, (_, _, comment, is_nullable) in zip(
            batches.schema, columns, strict=True
        )
    )
    write_deltalake(
        place,
        pa.RecordBatchReader.from_batches(
            schema,
            (pa.RecordBatch.from_arrays(one.columns, schema=schema) for one in batches),
        ),
        mode="overwrite",
        schema_mode="overwrite",
        description=_MART,
        commit_properties=CommitProperties(custom_metadata={_DIGEST: file["sha256"]}),
    )
    return int(DeltaTable(place).version())


def _write_publications(home: Path, rows: list[dict[str, Any]]) -> None:
    """The commit that readers of several tables go by."""
    import pyarrow as pa
    from deltalake import write_deltalake

    types = {
        "publication": pa.string(),
        "is_current": pa.bool_(),
        "table_name": pa.string(),
        "table_version": pa.int64(),
    }
    schema = pa.schema([pa.field(*one, nullable=False) for one in types.items()])
    write_deltalake(
        home / PUBLICATIONS,
        pa.Table.from_pylist(rows, schema=schema),
        mode="overwrite",
        description=_OURS,
    )


def _drop_others(home: Path, rows: list[dict[str, Any]]) -> None:
    """Delete files that only versions hold which belong to no publication of these."""
    kept: dict[str, list[int]] = {}
    for row in rows:
        kept.setdefault(row["table_name"], []).append(row["table_version"])
    for log in home.glob("*/_delta_log"):
        table = _open(log.parent)
        name = log.parent.name
        if table is None or name == PUBLICATIONS:
            continue
        if name not in kept:
            shutil.rmtree(log.parent)
            continue
        told: dict[str, Any] = {
            "retention_hours": 0,
            "enforce_retention_duration": False,
            "keep_versions": sorted(set(kept[name])),
        }
        # A vacuum is a commit itself: none where it would delete nothing.
        if table.vacuum(**told):
            table.vacuum(**told, dry_run=False)


def _in_words(error: Exception) -> str:
    """What went wrong, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
