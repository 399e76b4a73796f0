"""The warehouse's tables where Spark reads them: Parquet, told by its content.

`<workspace>/spark/tables/<layer>__<table>/<part>/<digest>/`. A part is a day where the
table is kept by days, else all of it. The digest is of the part's rows, so a folder
holds what the warehouse holds or is not looked at: whoever changed a table, whatever
was rolled back, killed or erased meanwhile. What is there is not written again: of a
large table a day's run writes the days that changed.

Cost: one pass over a table a look, hashing it; writing the parts that differ.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tasks.engines.spark_sql import view_of
from tasks.warehouse.publication import sql_text

# Where a table of these layers has this column, its parts are days; the tables of the
# others are made anew, smaller and read by one step.
_DAY, _LAYERS = "date_day", ("staging",)
_WHOLE = "all"
# Of no Parquet type, or of one that Spark reads otherwise.
_CASTS = {"HUGEINT": "decimal(38, 0)", "UBIGINT": "decimal(20, 0)"}


@dataclass(frozen=True)
class Shown:
    """A table where Spark reads it.

    Attributes:
        digest: of all rows and their types.
        folders: Parquet files; at least one.
    """

    digest: str
    folders: tuple[Path, ...]


class Lake:
    """Tables of one warehouse, in a folder that the driver and all workers reach."""

    def __init__(self, folder: Path) -> None:
        """Begin without what a killed run was writing."""
        self._tables = folder / "tables"
        self._work = folder / "work"
        self._used: dict[str, set[Path]] = {}
        shutil.rmtree(self._work, ignore_errors=True)
        for one in (self._tables, self._work):
            one.mkdir(parents=True, exist_ok=True)

    def place(self, purpose: str) -> Path:
        """A new folder for work that is looked at in this run alone."""
        return Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=self._work))

    def show(self, connection: duckdb.DuckDBPyConnection, table: str) -> Shown:
        """Have a table stand in the lake as the warehouse has it now.

        Args:
            connection: the warehouse, in whatever transaction.
            table: by its qualified name, or a temporary one.
        """
        relation = connection.table(table)
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        layer = table.rpartition(".")[0]
        is_by_day = layer in _LAYERS and types.get(_DAY) == "DATE"
        part = (
            f"coalesce(cast({_DAY} as varchar), 'none')" if is_by_day else f"'{_WHOLE}'"
        )
        found: list[Any] = connection.execute(
            f"select {part}, count(*), sum(hash(read)) from {table} as read group by 1"
        ).fetchall()
        home = self._tables / view_of(table)
        told = [duckdb.__version__, list(types.items())]
        folders = {
            str(name): home / str(name) / _digest([*told, rows, digest])
            for name, rows, digest in sorted(found) or [(_WHOLE, 0, 0)]
        }
        missing = [name for name, folder in folders.items() if not folder.exists()]
        if missing:
            selected = ", ".join(
                f'cast("{name}" as {_CASTS[type]}) as "{name}"'
                if type in _CASTS
                else f'"{name}"'
                for name, type in types.items()
            )
            self._write(
                connection,
                f"select {selected}, {part} as wm_part from {table}",
                {name: folders[name] for name in missing},
                is_whole=not is_by_day or not found,
            )
        self._used[view_of(table)] = set(folders.values())
        return Shown(
            _digest(sorted(map(str, folders.values()))), tuple(folders.values())
        )

    def _write(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: str,
        folders: dict[str, Path],
        *,
        is_whole: bool,
    ) -> None:
        """Write parts beside, then show each whole."""
        beside = self.place("part")
        if is_whole:
            (folder,) = folders.values()
            connection.execute(
                f"copy (select * exclude (wm_part) from ({query}))"
                f" to {sql_text(beside / 'data.parquet')}"
                " (format parquet, compression zstd)"
            )
            _move(beside, folder)
            return
        listed = ", ".join(map(sql_text, folders))
        connection.execute(
            f"copy (select * from ({query}) where wm_part in ({listed}))"
            f" to {sql_text(beside)} (format parquet, compression zstd,"
            " partition_by (wm_part), overwrite_or_ignore)"
        )
        for name, folder in folders.items():
            _move(beside / f"wm_part={name}", folder)

    def close(self, *, keeps: bool = True) -> None:
        """Leave only what the next run may find as it is.

        Args:
            keeps: whether anything is left at all; it is not where a run failed, since
                what stands here may be why.
        """
        shutil.rmtree(self._work, ignore_errors=True)
        if not keeps:
            shutil.rmtree(self._tables, ignore_errors=True)
            return
        for home in self._tables.iterdir():
            used = self._used.get(home.name, set())
            if not home.name.startswith(tuple(view_of(f"{one}.") for one in _LAYERS)):
                used = set()
            for part in home.iterdir():
                for folder in part.iterdir():
                    if folder not in used:
                        shutil.rmtree(folder)
                if not any(part.iterdir()):
                    part.rmdir()
            if not any(home.iterdir()):
                home.rmdir()


def _move(beside: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside.rename(folder)


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
