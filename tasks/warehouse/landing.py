"""Landing: raw records as they came, in Parquet with an envelope; append-only.

Only the erasure of a person (`flows/privacy.py`) ever writes landed files anew.

A batch is written beside, moved into place file by file, and counts only from
the moment its log entry stands (`landing/.log/<batch>.json`, one atomic
rename). Whatever a killed run left without an entry is swept by the next one.

Columns: source, path, position, item, sha256 (of the whole file as it lay
there), observed_at (the source's, UTC), format, root_id (where the folder tells
it), record (JSON). Platform, kind and date_day are the folders.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# Where records wait whose day can't be read from them.
UNKNOWN_DAY = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class LandedFile:
    """An input file as it was when it landed."""

    source: str
    path: str
    size: int
    mtime_ns: int
    sha256: str
    records: int
    quarantined: int
    error: str | None = None
    # Where it is no UTF-8.
    encoding: str | None = None


@dataclass(frozen=True)
class Batch:
    """What landed together.

    `files` maps `<platform>/<kind>` to Parquet paths relative to landing.
    """

    batch_id: str
    format: str
    inputs: tuple[LandedFile, ...]
    files: dict[str, list[str]]


def read_log(landing: Path) -> list[Batch]:
    """Every committed batch, in order of their ids."""
    batches = []
    for entry in sorted((landing / ".log").glob("*.json")):
        data = json.loads(entry.read_text())
        batches.append(
            Batch(
                data["batch_id"],
                data["format"],
                tuple(LandedFile(**file) for file in data["inputs"]),
                data["files"],
            )
        )
    return batches


def sweep(landing: Path, batches: list[Batch]) -> None:
    """Remove what a killed run left behind."""
    shutil.rmtree(landing / ".tmp", ignore_errors=True)
    known = {
        path for batch in batches for paths in batch.files.values() for path in paths
    }
    for file in landing.glob("[!.]*/*/*/*.parquet"):
        if str(file.relative_to(landing)) not in known:
            file.unlink()


def new_folder(landing: Path, batch_id: str) -> Path:
    """An empty folder to write a batch into."""
    folder = landing / ".tmp" / batch_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def commit(
    landing: Path,
    batch_id: str,
    folder: Path,
    platform: str,
    record_format: str,
    inputs: list[LandedFile],
) -> Batch:
    """Move the Parquet files of `folder` into place and write the log entry.

    `folder` holds `kind=K/date_day=D/*.parquet`, as a partitioned COPY leaves
    it.
    """
    files: dict[str, list[str]] = {}
    targets: set[Path] = set()
    for number, source in enumerate(sorted(folder.rglob("*.parquet"))):
        day, kind = source.parent, source.parent.parent
        relative = (
            Path(platform)
            / kind.name.removeprefix("kind=")
            / day.name
            / f"{batch_id}-{number:05d}.parquet"
        )
        target = landing / relative
        if target.parent not in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            targets.add(target.parent)
        sync(source)
        os.replace(source, target)
        files.setdefault("/".join(relative.parts[:2]), []).append(str(relative))
    for target in sorted(targets):
        sync(target)
    batch = Batch(batch_id, record_format, tuple(inputs), files)
    write_atomically(
        landing / ".log" / f"{batch_id}.json",
        json.dumps(
            {
                "batch_id": batch_id,
                "format": record_format,
                "inputs": [vars(file) for file in inputs],
                "files": files,
            },
            ensure_ascii=False,
            indent=1,
        ),
    )
    shutil.rmtree(folder, ignore_errors=True)
    return batch


def select_files(
    landing: Path, batches: list[Batch], kinds: tuple[str, ...]
) -> Iterator[tuple[str, list[str]]]:
    """Yield (platform, absolute Parquet paths) of the batches for these kinds."""
    by_platform: dict[str, list[str]] = {}
    for batch in batches:
        for key, paths in batch.files.items():
            platform, kind = key.split("/")
            if kind in kinds:
                by_platform.setdefault(platform, []).extend(
                    as_patterns(landing / path for path in paths)
                )
    yield from sorted(by_platform.items())


def portions(landing: Path, batches: list[Batch], size: int) -> Iterator[list[Batch]]:
    """Split what batches landed into parts of about `size` bytes; at least one."""
    part: list[Batch] = []
    filled, given = 0, False
    for batch in batches:
        files: dict[str, list[str]] = {}
        for key, paths in sorted(batch.files.items()):
            for path in paths:
                files.setdefault(key, []).append(path)
                filled += (landing / path).stat().st_size
                if filled >= size:
                    yield [*part, replace(batch, files=files)]
                    part, filled, files, given = [], 0, {}, True
        if files:
            part.append(replace(batch, files=files))
    if part or not given:
        yield part


def as_patterns(paths: Iterable[Path]) -> list[str]:
    """Paths as DuckDB takes them: it reads brackets and stars as patterns."""
    marks = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})
    return [str(path).translate(marks) for path in sorted(paths)]


def withdraw(landing: Path, batches: Iterable[Batch]) -> None:
    """Take back batches that were refused as a whole; their files land again."""
    for batch in batches:
        (landing / ".log" / f"{batch.batch_id}.json").unlink(missing_ok=True)
    sync(landing / ".log")
    sweep(landing, read_log(landing))


def write_atomically(path: Path, text: str) -> None:
    """Write beside, fsync, rename: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(beside, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Force a file's or a folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def describe(batch: Batch) -> dict[str, Any]:
    """Counts of a batch, for the log line of a run."""
    return {
        "files": len(batch.inputs),
        "records": sum(file.records for file in batch.inputs),
        "quarantined": sum(file.quarantined for file in batch.inputs),
    }
