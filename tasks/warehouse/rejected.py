"""Rejected rows on the disk, `quarantine/*.parquet`, and whom they show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.warehouse.condition import (
    Condition,
    Repairs,
    broken,
    repair_with_recover,
)
from tasks.warehouse.errors import DamagedError
from tasks.warehouse.landing import as_patterns
from tasks.warehouse.people import ERASED, Person, unescaped, words_in
from tasks.warehouse.tombstones import buried, has_tombstones, spellings
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl


def rejected_files(folder: Path) -> list[Path]:
    """Files of rejected rows."""
    return sorted(folder.glob("*.parquet"))


def read_rejected(file: Path) -> pl.DataFrame:
    """All rows of a file of quarantine.

    Raises:
        DamagedError: it can't be read.
    """
    import polars as pl

    try:
        return pl.read_parquet(file, glob=False)
    except pl.exceptions.PolarsError:
        raise DamagedError(file) from None


def rejected_of(folder: Path, batch_id: str) -> Path:
    """The file of what was rejected while a batch landed."""
    return folder / f"landing-{batch_id}.parquet"


def forget_batch(folder: Path, batch_id: str) -> None:
    """After a batch was withdrawn: what it rejected is rejected again."""
    rejected_of(folder, batch_id).unlink(missing_ok=True)


def examine_rejected(workspace: Workspace) -> Iterator[Condition]:
    """Whether rejected rows can be read."""
    repair = repair_with_recover(workspace.root)
    for file in _damaged_files(workspace.quarantine):
        yield broken("quarantine", f"{file} can't be read: {repair}")


def mend_rejected(workspace: Workspace, repairs: Repairs) -> None:
    """Set aside what can't be read: runs go on without it."""
    for file in _damaged_files(workspace.quarantine):
        repairs.set_aside(file)
        repairs.done.append(
            f"{file} is damaged and set aside: what it says of rejected rows is gone"
        )


def _damaged_files(folder: Path) -> list[Path]:
    found = []
    for file in rejected_files(folder):
        try:
            read_rejected(file)
        except DamagedError:
            found.append(file)
    return found


def count_rejected(folder: Path, batch_id: str) -> dict[tuple[str, str], int]:
    """How many rows of a batch stand in quarantine, by source and path."""
    file = rejected_of(folder, batch_id)
    if not file.exists():
        return {}
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "select source, path, count(*) from read_parquet($files) group by all",
                {"files": as_patterns([file])},
            ).fetchall()
    except duckdb.Error:
        return {}
    return {(source, path): count for source, path, count in rows}


def texts_of(file: Path) -> Iterator[list[str]]:
    """Texts in which somebody may be named, a column at a time."""
    import polars as pl

    frame = read_rejected(file)
    for name, kind in frame.schema.items():
        if kind == pl.String:
            yield frame[name].drop_nulls().unique().to_list()


def held_of(
    folder: Path, person: Person, is_own: Callable[[Any, Person], bool]
) -> list[dict[str, Any]]:
    """Rejected records of a person, and broken ones in which they stand.

    Args:
        folder: of quarantine.
        person: with all names known.
        is_own: whether a parsed record is theirs.
    """
    import polars as pl

    needles = _needles(person)
    found: dict[str, dict[str, Any]] = {}
    for file in rejected_files(folder):
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


def forget(files: Iterable[Path], person: Person) -> None:
    """Rejected records that show the person keep their reason only, without values."""
    import polars as pl

    needles = _needles(person)
    for file in files:
        frame = read_rejected(file)
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        shown = pl.any_horizontal(
            pl.lit(
                frame[name]
                .map_elements(unescaped, pl.String, skip_nulls=True)
                .str.contains(needle, literal=True)
            )
            for name in texts
            for needle in needles
        ).fill_null(value=False)
        if not frame.select(shown.any()).item():
            continue
        stage = pl.col("stage") if "stage" in texts else None
        masked: dict[str, pl.Expr] = {
            name: pl.lit(ERASED)
            for name in ("record", "path", "account_id")
            if name in texts
        }
        if "reason" in texts:
            masked["reason"] = bare_reason(needles, stage)
        told = frame.with_columns(
            pl.when(shown & pl.col(name).is_not_null())
            .then(mask)
            .otherwise(pl.col(name))
            .alias(name)
            for name, mask in masked.items()
        )
        with replacing(file) as beside:
            told.write_parquet(beside)


def hide_erased(
    root: Path, rejected: pl.DataFrame, platforms: Iterable[str]
) -> pl.DataFrame:
    """Rejected records, with those that show somebody who was erased left blank.

    Args:
        root: the workspace.
        rejected: with a column record.
        platforms: networks that they may be of.
    """
    import polars as pl

    if rejected.is_empty() or not has_tombstones(root):
        return rejected
    record = pl.col("record")
    plain = rejected["record"].map_elements(unescaped, pl.String, skip_nulls=True)
    found: set[str] = set()
    words = words_in(plain)
    for platform in platforms:
        found = found.union(*buried(root, platform, words, words))
    needles = sorted(found)
    if not needles:
        return rejected
    shown = pl.any_horizontal(
        pl.lit(plain.str.contains(needle, literal=True)) for needle in needles
    )
    return rejected.with_columns(
        record=pl.when(shown).then(pl.lit(ERASED)).otherwise(record),
        reason=pl.when(shown).then(bare_reason(needles)).otherwise(pl.col("reason")),
    )


def bare_reason(needles: Iterable[str], stage: pl.Expr | None = None) -> pl.Expr:
    """A reason of quarantine without the value that it names.

    Args:
        needles: what must not stand in it, else the reason goes altogether.
        stage: of the rejection, where rules name their value after a colon.
    """
    import polars as pl

    reason = pl.col("reason").str.replace(r"(^|[ (:])'.*'", "${1}...")
    if stage is not None:
        rule = pl.col("reason").str.split(": ").list.first()
        reason = pl.when(stage == "validate").then(rule).otherwise(reason)
    told = pl.any_horizontal(
        reason.str.contains(needle, literal=True) for needle in sorted(needles)
    )
    return pl.when(told).then(pl.lit(ERASED)).otherwise(reason)


def _needles(person: Person) -> list[str]:
    return [
        *spellings(person.account_id)[:3],
        *sorted(person.spelled),
        *sorted(person.names),
    ]
