"""What of a file landed before: so that one that grows lands only what is new in it.

A record is known where the same file gave the same bytes before, read at the same
moment as far as the source says: wherever it stands now, however the file is packed.
Records are told by their MD5 (128 bits), never by their place. Staging chooses among
observations by their values, so that the marts are the same as if all had landed once
more.

Cost: reading what landed of the files before, once; memory: 16 bytes a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from tasks.warehouse import landing
from tasks.warehouse.database import tune
from tasks.warehouse.rejected import rejected_of

_REJECTED = ("source", "path", "reason", "record")


@dataclass(frozen=True)
class Context:
    """What an envelope says beside the record: another context, another record."""

    observed_at: datetime | None
    format: str
    root_id: str | None


class LandedBefore:
    """Digests of the records that some files gave before."""

    def __init__(self, digests: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Keep them: by path, upper and lower halves in order of the upper ones."""
        self._digests = digests
        self._connection = duckdb.connect() if digests else None

    def without_known(
        self, batch: pa.RecordBatch, path: str, context: Context
    ) -> pa.RecordBatch:
        """A batch's documents that did not land before.

        Args:
            batch: with a column `document`.
            path: of the file, as landing shows it.
            context: of the file.
        """
        if path not in self._digests or self._connection is None:
            return batch
        known_upper, known_lower = self._digests[path]
        self._connection.register("batch", batch)
        found = self._connection.execute(
            f"""
            select {_digest("upper")} as upper, {_digest("lower")} as lower
            from (
                select
                    document as record,
                    $observed_at::timestamp as observed_at,
                    $format as format,
                    $root_id::varchar as root_id
                from batch
            )
            """,
            {
                "observed_at": context.observed_at,
                "format": context.format,
                "root_id": context.root_id,
            },
        ).fetchnumpy()
        self._connection.unregister("batch")
        upper, lower = np.asarray(found["upper"]), np.asarray(found["lower"])
        places = np.searchsorted(known_upper, upper)
        places[places == len(known_upper)] = 0
        is_known = (known_upper[places] == upper) & (known_lower[places] == lower)
        return batch.filter(pa.array(~is_known)) if is_known.any() else batch

    def close(self) -> None:
        """Free what was used."""
        if self._connection is not None:
            self._connection.close()


def history_of(
    log: Iterable[landing.Batch], source: str, paths: Iterable[str]
) -> dict[str, list[landing.Batch]]:
    """The batches in which some files of a source landed before, by path."""
    wanted = set(paths)
    found: dict[str, list[landing.Batch]] = {}
    for batch in log:
        for file in batch.inputs:
            if file.source == source and file.path in wanted:
                found.setdefault(file.path, []).append(batch)
    return found


def read_landed(
    root: Path, history: Mapping[str, Sequence[landing.Batch]], source: str
) -> LandedBefore:
    """Digests of all that some files of a source landed before.

    Args:
        root: the landing folder.
        history: batches by path.
        source: its name.
    """
    files = {
        root / path
        for batches in history.values()
        for batch in batches
        for paths in batch.files.values()
        for path in paths
    }
    if not files:
        return LandedBefore({})
    batches = [batch for some in history.values() for batch in some]
    with landing.at_hand(root, batches), duckdb.connect() as connection:
        tune(connection, root / ".tmp" / "spill")
        table = connection.sql(
            f"""
            select path, {_digest("upper")} as upper, {_digest("lower")} as lower
            from read_parquet($files, hive_partitioning = false)
            where source = $source and path in (select unnest($paths))
            order by path, upper
            """,
            params={
                "files": landing.as_patterns(files),
                "source": source,
                "paths": sorted(history),
            },
        ).to_arrow_table()
    digests = {}
    if len(table):
        names = table.column("path").to_numpy()
        upper = table.column("upper").to_numpy()
        lower = table.column("lower").to_numpy()
        starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
        for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
            digests[str(names[start])] = upper[start:end], lower[start:end]
    return LandedBefore(digests)


def without_rejected(
    quarantine: pl.DataFrame,
    folder: Path,
    history: Mapping[str, Sequence[landing.Batch]],
) -> pl.DataFrame:
    """Rejected rows that were not rejected before, for the same reason.

    Args:
        quarantine: rows of one source.
        folder: the workspace's quarantine.
        history: batches by path.
    """
    before = {
        rejected_of(folder, batch.batch_id)
        for batches in history.values()
        for batch in batches
    }
    present = sorted(file for file in before if file.exists())
    if quarantine.is_empty() or not present:
        return quarantine
    known = pl.concat(pl.read_parquet(file).select(_REJECTED) for file in present)
    return quarantine.join(
        known.unique(), on=list(_REJECTED), how="anti", nulls_equal=True
    )


def _digest(half: str) -> str:
    return (
        f"md5_number_{half}(concat_ws(chr(31), record,"
        " coalesce(cast(observed_at as varchar), ''), format, coalesce(root_id, '')))"
    )
