"""Landing: raw records as they came, in Parquet with an envelope; append-only.

Only the erasure of a person (`flows/commands/privacy.py`) ever writes landed files
anew.

A batch is written beside, moved into place file by file, and counts only from
the moment its log entry stands (`landing/.log/<batch>.json`, one atomic
rename), which has the digest of each file: a flipped bit in Parquet is else read as if
it had always been so. Before the first move a note (`landing/.log/<batch>.begun`) names
the files that will be moved: what a killed run left is known by it, and the next run
sweeps it.
Nothing else is ever deleted: a file that neither an entry nor a note names stops a run,
since landing restored without its hidden folders looks the same. The log can be written
again from the files, whose names and columns tell all that it needs.

Where all this lies, in the folder or in a bucket, knows `landing_store` alone.

Columns: source, path, position, item, sha256 (of the whole file as it lay
there), observed_at (the source's, UTC), format, root_id (where the folder tells
it), record (JSON). Platform, kind and date_day are the folders.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse.database import failpoint, tune
from tasks.warehouse.errors import LandingDamagedError
from tasks.warehouse.landing_store import store_of
from tasks.warehouse.whole_files import replacing, sync

# What a landed file is called, relative to landing.
BATCH_OF = r"([0-9a-f]{16})-\d{5}\.parquet"
_LANDED = re.compile(r"[^./][^/]*/[^/]+/date_day=[^/]+/" + BATCH_OF)
_SHOWN_AT_MOST = 3


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
    # Records and rejected rows that were there before, as the same file gave them.
    known: int = 0
    # Whether something of it may be missing in landing, as after the log was lost: it
    # is read again where it still lies there.
    is_read_again: bool = False
    # A digest of what files beside it said of it.
    beside: str | None = None
    # Of a table of one's own: the digest of what its columns were said to be; None
    # where nobody knows.
    mapping: str | None = None


_FILE_FIELDS = {one.name for one in fields(LandedFile)}


@dataclass(frozen=True)
class Batch:
    """What landed together.

    `files` maps `<platform>/<kind>` to Parquet paths relative to landing; `landed_at`
    is by this machine's clock (UTC, ISO form), null where older versions landed it;
    `digests` are the files' SHA-256 by path, none of those that older versions landed.
    """

    batch_id: str
    format: str
    inputs: tuple[LandedFile, ...]
    files: dict[str, list[str]]
    landed_at: str | None = None
    digests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """How the files in landing and its log fit together.

    Attributes:
        unknown: files that no entry of the log names.
        missing: paths, relative to landing, that an entry names and that aren't there.
    """

    unknown: tuple[Path, ...]
    missing: tuple[str, ...]


def read_log(landing: Path) -> list[Batch]:
    """Every committed batch, in order of their ids.

    Raises:
        LandingDamagedError: an entry can't be read.
    """
    return [read_entry(entry) for entry in log_entries(landing)]


def log_entries(landing: Path) -> list[Path]:
    """The files of the log, in order of the batches' ids."""
    store_of(landing).refresh()
    return sorted((landing / ".log").glob("*.json"))


def read_entry(entry: Path) -> Batch:
    """One batch from its log entry.

    Raises:
        LandingDamagedError: it can't be read.
    """
    try:
        data = json.loads(entry.read_text(encoding="utf-8"))
        return Batch(
            data["batch_id"],
            data["format"],
            # What a later version may say besides is none of this one's.
            tuple(
                LandedFile(
                    **{name: file[name] for name in file if name in _FILE_FIELDS}
                )
                for file in data["inputs"]
            ),
            {
                key: [str(path) for path in paths]
                for key, paths in data["files"].items()
            },
            data.get("landed_at"),
            {str(path): str(told) for path, told in data.get("digests", {}).items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LandingDamagedError(
            f"{entry} can't be read: it should say what landed together. Run"
            " `python -m flows recover`, which writes it again from the landed files."
        ) from None


def survey(landing: Path, batches: Iterable[Batch]) -> Survey:
    """Compare the files in landing with its log; cost: listing them.

    Files of a batch that a killed run began are neither unknown nor missing.
    """
    known = {
        path for batch in batches for paths in batch.files.values() for path in paths
    }
    found = set(store_of(landing).names())
    begun = {path for _, paths in _begun(landing) for path in paths}
    return Survey(
        tuple(landing / path for path in sorted(found - known - begun)),
        tuple(sorted(known - found)),
    )


def check(landing: Path, batches: Sequence[Batch]) -> None:
    """Stop where files and log contradict each other, before anything is written.

    Raises:
        LandingDamagedError: with the repair.
    """
    if problems := tell_survey(landing, survey(landing, batches)):
        raise LandingDamagedError(" ".join(problems) + " Nothing was changed.")


def find_altered(landing: Path, batches: Iterable[Batch]) -> list[str]:
    """Landed files that are not as they were written; cost: reading them all."""
    found = []
    for batch in batches:
        with at_hand(landing, [batch], checks=False):
            found += altered_files(landing, batch)
    return found


def verify(landing: Path, batches: Iterable[Batch]) -> None:
    """Stop where a landed file is not as it was written; cost: reading them all.

    What lies in a bucket is held against its digest when it is fetched (`at_hand`).

    Raises:
        LandingDamagedError: names the first ones, with the repair.
    """
    if altered := [path for batch in batches for path in altered_files(landing, batch)]:
        raise LandingDamagedError(tell_altered(landing, altered))


@contextmanager
def at_hand(
    landing: Path, batches: Iterable[Batch], *, checks: bool = True
) -> Iterator[None]:
    """Have the files of some batches lie in the folder while they are read.

    Args:
        landing: the landing folder.
        batches: whose files.
        checks: whether to stop where one that is fetched is not as it was written.

    Raises:
        LandingDamagedError: names the first ones, with the repair.
    """
    digests = {
        path: batch.digests.get(path)
        for batch in batches
        for paths in batch.files.values()
        for path in paths
    }
    told = (lambda altered: tell_altered(landing, altered)) if checks else None
    with store_of(landing).at_hand(digests, told):
        yield


@contextmanager
def rewriting(file: Path) -> Iterator[Path]:
    """Give a file beside to write, which then takes the place of a landed one.

    Args:
        file: that is at hand; one that waits to be landed is replaced in its folder.
    """
    with replacing(file) as beside:
        yield beside
    root = file.parents[3]
    store_of(root).keep(str(file.relative_to(root)))


def altered_files(landing: Path, batch: Batch) -> list[str]:
    """Files of a batch that are at hand and not as they were written."""
    return [
        path
        for paths in batch.files.values()
        for path in paths
        if path in batch.digests
        and (landing / path).exists()
        and _digest(landing / path) != batch.digests[path]
    ]


def unreadable_files(
    root: Path, *, is_taking_out: bool = False
) -> list[tuple[Batch, str]]:
    """Landed files that are missing or damaged, with their batch.

    Args:
        root: the folder of landing.
        is_taking_out: whether an erasure was stopped while it wrote files anew: what
            they are is noted when the next run is through with it.
    """
    found = []
    with duckdb.connect() as connection:
        tune(connection, root / ".tmp" / "spill")
        for batch in read_log(root):
            with at_hand(root, [batch], checks=False):
                altered = [] if is_taking_out else altered_files(root, batch)
                for path in sorted(
                    path for paths in batch.files.values() for path in paths
                ):
                    if path in altered or not _can_read(connection, root / path):
                        found.append((batch, path))
    return found


def is_readable(root: Path, file: Path) -> bool:
    """Whether every record of a file can be read."""
    with duckdb.connect() as connection:
        tune(connection, root / ".tmp" / "spill")
        with store_of(root).at_hand({str(file.relative_to(root)): None}, None):
            return _can_read(connection, file)


def _can_read(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether every record of a landed file can be read."""
    try:
        connection.execute(
            "select bit_xor(hash(record)) from read_parquet($files)",
            {"files": as_patterns([file])},
        ).fetchall()
    except duckdb.Error:
        return False
    return True


def tell_altered(landing: Path, altered: Sequence[str]) -> str:
    """A sentence on landed files that are not as they were written."""
    return (
        f"{landing} holds {_files(altered)} not as written, as a bad disk does it: put"
        " it back from a backup, or run `python -m flows recover`, which lets the"
        " exports that still lie there land again. Nothing was changed."
    )


def note_digests(landing: Path) -> None:
    """After files were written anew on purpose: what they are from now on."""
    for batch in read_log(landing):
        if altered := altered_files(landing, batch):
            told = {path: _digest(landing / path) for path in altered}
            _write_entry(landing, replace(batch, digests=batch.digests | told))


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tell_survey(landing: Path, found: Survey) -> list[str]:
    """Sentences on what doesn't fit, with the repair; none where all does."""
    told = []
    if found.unknown:
        named = [str(path.relative_to(landing)) for path in found.unknown]
        told.append(
            f"{landing} holds {_files(named)} that no entry of its log names, as"
            " after a backup was restored without hidden folders: put"
            f" {landing / '.log'} back, or run `python -m flows recover`, which writes"
            " the log again from the files."
        )
    if found.missing:
        told.append(
            f"{landing} lacks {_files(found.missing)} that its log names: put it back"
            " from a backup, or run `python -m flows recover`, which lets the exports"
            " that still lie there land again."
        )
    return told


def _files(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_SHOWN_AT_MOST])
    more = (
        f" and {len(paths) - _SHOWN_AT_MOST:,} more" if paths[_SHOWN_AT_MOST:] else ""
    )
    return f"{len(paths):,} file{'s' if len(paths) > 1 else ''} ({shown}{more})"


def sweep(landing: Path, batches: Iterable[Batch]) -> None:
    """Remove what a killed run left behind, and nothing else."""
    store = store_of(landing)
    shutil.rmtree(landing / ".tmp", ignore_errors=True)
    store.tidy()
    whole = {batch.batch_id for batch in batches}
    for note, paths in _begun(landing):
        if note.stem not in whole:
            for path in paths:
                store.forget(path)
        store.forget(f".log/{note.name}")


def _begun(landing: Path) -> Iterator[tuple[Path, list[str]]]:
    """Notes of batches that were begun, with the files that these may have left."""
    for note in sorted((landing / ".log").glob("*.begun")):
        lines = note.read_text(encoding="utf-8", errors="replace").splitlines()
        yield (
            note,
            [
                line
                for line in lines
                if (match := _LANDED.fullmatch(line)) and match[1] == note.stem
            ],
        )


def rebuild(
    landing: Path, files: Sequence[Path], rejected: Mapping[tuple[str, str], int]
) -> Batch:
    """Write the log entry of a batch again, from its files.

    Args:
        landing: the landing folder.
        files: of one batch, all readable.
        rejected: rows of that batch in quarantine, by source and path.

    Raises:
        LandingDamagedError: they are no landed files of one batch.
    """
    names = {str(file.relative_to(landing)): None for file in files}
    with store_of(landing).at_hand(names, None):
        batch = _batch_from(landing, files, rejected)
    _write_entry(landing, batch)
    return batch


def _batch_from(
    landing: Path, files: Sequence[Path], rejected: Mapping[tuple[str, str], int]
) -> Batch:
    by_kind: dict[str, list[str]] = {}
    ids = set()
    for file in sorted(files):
        relative = file.relative_to(landing)
        match = _LANDED.fullmatch(str(relative))
        ids.add(match[1] if match else "")
        by_kind.setdefault("/".join(relative.parts[:2]), []).append(str(relative))
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "select source, path, sha256, format, count(*)"
                " from read_parquet($files, hive_partitioning = false)"
                " group by all order by all",
                {"files": as_patterns(files)},
            ).fetchall()
    except duckdb.Error:
        rows = []
    formats = {row[3] for row in rows}
    if len(ids) != 1 or "" in ids or len(formats) != 1:
        raise LandingDamagedError(f"{by_kind} are no landed files of one batch.")
    inputs = [
        LandedFile(
            source=source,
            path=path,
            size=-1,
            mtime_ns=-1,
            sha256=digest,
            records=count,
            quarantined=rejected.get((source, path), 0),
            is_read_again=True,
        )
        for source, path, digest, _, count in rows
    ]
    newest = max(file.stat().st_mtime for file in files)
    return Batch(
        ids.pop(),
        formats.pop(),
        tuple(inputs),
        by_kind,
        # No earlier than it was: a copy is as old as its original, or younger.
        datetime.fromtimestamp(newest, UTC).replace(tzinfo=None).isoformat(),
        {str(file.relative_to(landing)): _digest(file) for file in files},
    )


def mask_names(entry: Path, mask: Callable[[str], str]) -> None:
    """Write an entry of the log without names of files that tell a person."""
    batch = json.loads(entry.read_text(encoding="utf-8"))
    before = [file["path"] for file in batch["inputs"]]
    for file in batch["inputs"]:
        file["path"] = mask(file["path"])
    if before != [file["path"] for file in batch["inputs"]]:
        root = entry.parents[1]
        store_of(root).write(
            str(entry.relative_to(root)),
            json.dumps(batch, ensure_ascii=False, indent=1),
        )


def batch_of(landing: Path, file: Path) -> str | None:
    """The id of the batch that a landed file belongs to, by its name."""
    match = _LANDED.fullmatch(str(file.relative_to(landing)))
    return match[1] if match else None


def batches_with_files(landing: Path) -> set[str]:
    """Batches of which a file is there; cost: listing them."""
    found = map(_LANDED.fullmatch, store_of(landing).names())
    return {match[1] for match in found if match}


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
    landed_at: str,
) -> Batch:
    """Move the Parquet files of `folder` into place and write the log entry.

    `folder` holds `kind=K/date_day=D/*.parquet`, as a partitioned COPY leaves
    it.
    """
    store = store_of(landing)
    files: dict[str, list[str]] = {}
    moves: list[tuple[Path, str]] = []
    for number, source in enumerate(sorted(folder.rglob("*.parquet"))):
        day, kind = source.parent, source.parent.parent
        relative = (
            Path(platform)
            / kind.name.removeprefix("kind=")
            / day.name
            / f"{batch_id}-{number:05d}.parquet"
        )
        moves.append((source, str(relative)))
        files.setdefault("/".join(relative.parts[:2]), []).append(str(relative))
    note = f".log/{batch_id}.begun"
    store.write(
        note, "".join(f"{path}\n" for paths in files.values() for path in paths)
    )
    digests = {name: _digest(source) for source, name in moves}
    store.bring(moves)
    batch = Batch(batch_id, record_format, tuple(inputs), files, landed_at, digests)
    failpoint("landing:log")
    _write_entry(landing, batch)
    failpoint("landing:note")
    store.forget(note)
    shutil.rmtree(folder, ignore_errors=True)
    return batch


def _write_entry(landing: Path, batch: Batch) -> None:
    store_of(landing).write(
        f".log/{batch.batch_id}.json",
        json.dumps(
            {
                "batch_id": batch.batch_id,
                "format": batch.format,
                "landed_at": batch.landed_at,
                "inputs": [asdict(file) for file in batch.inputs],
                "files": batch.files,
                "digests": batch.digests,
            },
            ensure_ascii=False,
            indent=1,
        ),
    )


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
    stamps = store_of(landing).stamps(
        path for batch in batches for paths in batch.files.values() for path in paths
    )
    part: list[Batch] = []
    filled, given = 0, False
    for batch in batches:
        files: dict[str, list[str]] = {}
        for key, paths in sorted(batch.files.items()):
            for path in paths:
                files.setdefault(key, []).append(path)
                filled += stamps[path].size if path in stamps else 0
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
    store = store_of(landing)
    batches = list(batches)
    _read_again(landing, batches)
    for batch in batches:
        # First a note of what goes, so that a kill leaves nothing unknown.
        store.write(
            f".log/{batch.batch_id}.begun",
            "".join(f"{path}\n" for paths in batch.files.values() for path in paths),
        )
        store.forget(f".log/{batch.batch_id}.json")
    sync(landing / ".log")
    sweep(landing, read_log(landing))


def _read_again(landing: Path, gone: Iterable[Batch]) -> None:
    """Note of the files of batches that go that other batches lean on them.

    What those hold of a file is what was new in it.
    """
    ids = {batch.batch_id for batch in gone}
    lost = {(file.source, file.path) for batch in gone for file in batch.inputs}
    for batch in read_log(landing):
        if batch.batch_id not in ids and any(
            (file.source, file.path) in lost for file in batch.inputs
        ):
            inputs = tuple(
                replace(file, is_read_again=True)
                if (file.source, file.path) in lost
                else file
                for file in batch.inputs
            )
            _write_entry(landing, replace(batch, inputs=inputs))


def forget_files(landing: Path, gone: Mapping[str, Sequence[str]]) -> None:
    """Take files out of the log that are lost for good; their records are missing.

    Args:
        landing: the landing folder.
        gone: paths relative to landing, by batch.
    """
    log = read_log(landing)
    _read_again(landing, [batch for batch in log if batch.batch_id in gone])
    for batch in log:
        if lost := set(gone.get(batch.batch_id, ())):
            left = {
                key: [path for path in paths if path not in lost]
                for key, paths in batch.files.items()
            }
            _write_entry(
                landing,
                replace(
                    batch,
                    inputs=tuple(
                        replace(file, is_read_again=True) for file in batch.inputs
                    ),
                    files={key: paths for key, paths in left.items() if paths},
                ),
            )


def describe(batch: Batch) -> dict[str, Any]:
    """Counts of a batch, for the log line of a run."""
    return {
        "files": len(batch.inputs),
        "records": sum(file.records for file in batch.inputs),
        "quarantined": sum(file.quarantined for file in batch.inputs),
        "known": sum(file.known for file in batch.inputs),
    }
