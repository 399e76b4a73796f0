"""What lies at the sources, and what of it has not landed yet.

Every file is either landed or named in quarantine. Cost: an unchanged file costs one
`stat`, a new or changed one is read once for its digest and once to land
(`tasks.sources.file_landing`).
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tasks.sources.file_format import data_suffix
from tasks.sources.input_file import InputFile, told_with_reasons
from tasks.sources.networks import FORMATS
from tasks.warehouse import landing
from tasks.warehouse.condition import Condition, examine_aside, worth_a_look
from tasks.warehouse.configuration import Source
from tasks.warehouse.disk import check_disk, examine_disk
from tasks.warehouse.errors import ConfigurationError, LandingDamagedError
from tasks.warehouse.landing_store import StorageError
from tasks.warehouse.networks import PLATFORMS, TABLE_FORMAT
from tasks.warehouse.progress import Meter, say, step
from tasks.warehouse.tombstones import path_mask
from tasks.warehouse.workspace import Workspace

# Inputs that land together: bounds what a killed run has to do again.
BATCH_BYTES = 4 << 30
# A larger file is skipped: nothing reads it to its end in a night.
LARGEST_FILE_BYTES = 64 << 30
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Extracted:
    """What a run landed; `known` had landed, or was rejected, before."""

    files: int
    unchanged_files: int
    records: int
    quarantined: int
    known: int
    batches: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a source's path holds.

    Attributes:
        files: that are to be read, with their size and time as they were then.
        skipped: paths that can't be, and why; never opened.
    """

    files: tuple[tuple[Path, os.stat_result], ...]
    skipped: tuple[tuple[Path, str], ...]


def land_sources(workspace: Workspace) -> Extracted:
    """Land the new files of every source.

    Raises:
        ConfigurationError: a source has neither files nor landed records.
        DiskFullError: the disk can't hold what the files become; nothing was changed.
        LandingDamagedError: landed files and their log don't fit together.
    """
    log = landing.read_log(workspace.landing)
    landing.check(workspace.landing, log)
    landing.sweep(workspace.landing, log)
    log = _without_former_mappings(workspace, log)
    # What a killed run spilled; who lands holds the workspace.
    shutil.rmtree(workspace.root / ".spill", ignore_errors=True)
    known = {(file.source, file.path) for batch in log for file in batch.inputs}
    landed_files = [
        file for batch in log for file in batch.inputs if not file.is_read_again
    ]
    stats = {(f.source, f.path, f.size, f.mtime_ns, f.beside) for f in landed_files}
    seen = {(file.source, file.path, file.sha256, file.beside) for file in landed_files}
    without_erased = path_mask(workspace.root, PLATFORMS)
    todo: list[tuple[Source, list[InputFile]]] = []
    unchanged = 0
    for source in workspace.sources:
        if source.kind != "files":
            continue
        fresh: list[InputFile] = []
        found = list_files(workspace, source)
        _tell_skipped(found, workspace)
        if not found.files and not any(name == source.name for name, _ in known):
            raise ConfigurationError(
                [
                    f"Source '{source.name}': no {source.format} file at"
                    f" {workspace.source_path(source)}:{_what_lies_there(found)}"
                    " correct its path in workspace.toml, or put the export there."
                ]
            )
        unknown: list[tuple[Path, str, os.stat_result, str | None]] = []
        for path, look in found.files:
            shown = without_erased(_show_path(path, workspace))
            beside = _told_beside(path, source)
            if (source.name, shown, look.st_size, look.st_mtime_ns, beside) in stats:
                unchanged += 1
            else:
                unknown.append((path, shown, look, beside))
        with ThreadPoolExecutor() as pool:
            digests = pool.map(_digest, [path for path, _, _, _ in unknown])
            for (path, shown, look, beside), digest in zip(
                unknown, digests, strict=True
            ):
                if isinstance(digest, OSError):
                    why = digest.strerror or type(digest).__name__
                    say(f"  warning: skipped {shown}: it can't be read: {why}")
                elif (source.name, shown, digest, beside) in seen:
                    unchanged += 1
                else:
                    size, moment = look.st_size, look.st_mtime_ns
                    fresh.append(InputFile(path, shown, size, moment, digest, beside))
        todo.extend((source, part) for part in _portions(fresh))

    total = sum(file.size for _, files in todo for file in files)
    with step("extract", total) as meter:
        landed = _land(workspace, todo, log, meter) if todo else []
    counts = [landing.describe(batch) for batch in landed]
    result = Extracted(
        files=sum(count["files"] for count in counts),
        unchanged_files=unchanged,
        records=sum(count["records"] for count in counts),
        quarantined=sum(count["quarantined"] for count in counts),
        known=sum(count["known"] for count in counts),
        batches=tuple(batch.batch_id for batch in landed),
    )
    read = result.records + result.quarantined + result.known
    before = f" + {result.known:,} there before" if result.known else ""
    say(
        f"  {result.files:,} new files ({unchanged:,} unchanged): {read:,} records read"
        f" = {result.records:,} landed + {result.quarantined:,} quarantined{before}"
    )
    return result


def _without_former_mappings(
    workspace: Workspace, log: list[landing.Batch]
) -> list[landing.Batch]:
    """The log without tables whose columns are said to be something else now.

    They land again with this run.

    Raises:
        ConfigurationError: their files are not at hand any more.
    """
    now = {
        source.name: source.read_as
        for source in workspace.sources
        if source.read_as is not None
    }
    former = [
        batch
        for batch in log
        if any(
            file.mapping is not None
            and now.get(file.source, file.mapping) != file.mapping
            for file in batch.inputs
        )
    ]
    if not former:
        return log
    gone = sorted(
        {
            f"Source '{file.source}': how its files are read has changed in"
            f" workspace.toml, and {file.path}, which landed before, is not at hand as"
            " it was: put it back; or take back the change, and read new files as a"
            " source of another name."
            for batch in former
            if not has_its_exports(workspace, batch)
            for file in batch.inputs
        }
    )
    if gone:
        raise ConfigurationError(gone)
    from tasks.warehouse.ledger_copy import forget_batches
    from tasks.warehouse.rejected import forget_batch

    ids = {batch.batch_id for batch in former}
    forget_batches(workspace, ids)
    landing.withdraw(workspace.landing, former)
    for batch_id in ids:
        forget_batch(workspace.quarantine, batch_id)
    files = sum(len(batch.inputs) for batch in former)
    say(
        f"  {files:,} files are read again: what workspace.toml says of them has"
        " changed"
    )
    return landing.read_log(workspace.landing)


def _land(
    workspace: Workspace,
    todo: list[tuple[Source, list[InputFile]]],
    log: list[landing.Batch],
    meter: Meter,
) -> list[landing.Batch]:
    from tasks.sources.file_landing import land_batch

    sizes = [
        (file.path, file.shown_path, file.size) for _, part in todo for file in part
    ]
    check_disk(workspace, *_new_bytes(sizes, log))
    return [land_batch(workspace, source, part, log, meter) for source, part in todo]


def waiting_bytes(workspace: Workspace) -> tuple[int, int]:
    """Bytes of files that have not landed yet, plain and packed; nothing is opened."""
    log = landing.read_log(workspace.landing)
    known = {
        (file.source, file.path, file.size, file.mtime_ns)
        for batch in log
        for file in batch.inputs
    }
    sizes = [
        (path, shown, look.st_size)
        for source in workspace.sources
        if source.kind == "files"
        for path, look in list_files(workspace, source).files
        for shown in [_show_path(path, workspace)]
        if (source.name, shown, look.st_size, look.st_mtime_ns) not in known
    ]
    return _new_bytes(sizes, log)


def examine_files(workspace: Workspace) -> Iterator[Condition]:
    """Whether files are there for each source that reads some."""
    for source in workspace.sources:
        if source.kind != "files":
            continue
        about = f"source {source.name}"
        path = workspace.source_path(source)
        found = list_files(workspace, source)
        for skipped, why in found.skipped:
            yield worth_a_look(about, f"{skipped} is skipped: {why}")
        if found.files:
            yield Condition(about, f"{path} is there")
        else:
            yield worth_a_look(about, f"{path} holds no file yet: put an export there")


def examine_room(workspace: Workspace) -> Iterator[Condition]:
    """Whether the disk holds what the next run makes of the files that wait."""
    try:
        plain, packed = waiting_bytes(workspace)
    except (LandingDamagedError, StorageError):
        return  # told by landing
    yield from examine_disk(workspace, plain, packed)
    yield from examine_aside(workspace.quarantine)


def has_its_exports(workspace: Workspace, batch: landing.Batch) -> bool:
    """Whether all that a batch was read from lands again, so that none of it is lost.

    Its files lie at a source of now, and begin with the bytes that they had then: one
    that was written over by the next export gives nothing of this one. Cost: reading
    them.
    """
    without_erased = path_mask(workspace.root, PLATFORMS)
    at_hand = {
        (source.name, without_erased(_show_path(path, workspace))): path
        for source in workspace.sources
        if source.kind == "files" and source.format == batch.format
        for path, _ in list_files(workspace, source).files
    }
    return bool(batch.inputs) and all(
        (path := at_hand.get((file.source, file.path))) is not None
        and _begins_as(path, file)
        for file in batch.inputs
    )


def _begins_as(path: Path, file: landing.LandedFile) -> bool:
    """Whether a file is the one that landed, or one that was only appended to."""
    from tasks.sources.documents import UnreadableFileError, open_regular

    whole = hashlib.sha256()
    left = file.size
    try:
        with open_regular(path) as handle:
            if left < 0:  # the log was written again: how long it was is not known
                found = hashlib.file_digest(handle, "sha256").hexdigest()
                return found == file.sha256
            while left and (block := handle.read(min(left, _BLOCK_BYTES))):
                whole.update(block)
                left -= len(block)
    except (OSError, UnreadableFileError):
        return False
    return not left and whole.hexdigest() == file.sha256


def _new_bytes(
    sizes: Iterable[tuple[Path, str, int]], log: Iterable[landing.Batch]
) -> tuple[int, int]:
    """Of files that grew only what they grew by, plain and packed."""
    before: dict[str, int] = {}
    for batch in log:
        for file in batch.inputs:
            before[file.path] = max(file.size, before.get(file.path, 0))
    plain = packed = 0
    for path, name, size in sizes:
        grown = max(size - max(before.get(name, 0), 0), 0)
        if path.suffix.lower() in (".gz", ".zst"):
            packed += grown
        else:
            plain += grown
    return plain, packed


def _told_beside(path: Path, source: Source) -> str | None:
    """A digest of what files beside one say of it, as whose it is.

    So short that nobody finds an account by it, and long enough to tell a change.
    """
    tell = FORMATS[source.format].told_beside
    told = tell(path) if tell else None
    return told and hashlib.sha256(told.encode()).hexdigest()[:6]


def _digest(path: Path) -> str | OSError:
    """The digest of a file's bytes, or why it has none."""
    from tasks.sources.documents import UnreadableFileError, open_regular

    try:
        with open_regular(path) as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except UnreadableFileError as error:
        return OSError(0, str(error))
    except OSError as error:
        return error


def _what_lies_there(found: Found) -> str:
    """Which format reads the files that are skipped, in words; empty for none."""
    from tasks.sources.format_guess import formats_that_read

    meant = formats_that_read([path for path, _ in found.skipped])
    return f" what lies there is format {meant[0]}, name it as format;" if meant else ""


def _tell_skipped(found: Found, workspace: Workspace) -> None:
    shown = ((_show_path(path, workspace), why) for path, why in found.skipped)
    for line in told_with_reasons(shown):
        say(f"  warning: skipped {line}")


def list_files(workspace: Workspace, source: Source) -> Found:
    """Files of a source in a fixed order; links to folders are followed.

    Nothing is opened: what is no file of bytes (a pipe, a device, a socket, a link to
    nothing or in a circle) or too large is named apart, and so are exports in a form
    that nobody reads (archives, spreadsheets, files of another format).
    """
    wanted = FORMATS[source.format].suffixes
    path = str(workspace.source_path(source))
    has_mark = any(mark in source.path for mark in "*?[")
    roots = (
        [Path(name) for name in glob.glob(path, recursive=True)]  # noqa: PTH207
        if has_mark and not os.path.lexists(path)
        else [Path(path)]
    )
    files: dict[Path, os.stat_result] = {}
    skipped: dict[Path, str] = {}
    # What other formats read may lie there for another source.
    unread = {suffix for form in FORMATS.values() for suffix in form.suffixes}
    for other in workspace.sources:
        if other.kind == "files":
            unread -= {*FORMATS[other.format].suffixes}
    for root in roots:
        # A folder's own files are found by their names; what is named itself is read.
        names: Iterable[Path] = [root]
        if root.is_dir():
            names = _walk(root, skipped)
        for name in names:
            if name in files:
                continue
            if data_suffix(name) not in wanted:
                # What is no export (pictures, notes) is passed over without a word.
                if why := _tell_unread(name, unread, source):
                    skipped[name] = why
                continue
            if isinstance(look := _look_at(name), str):
                skipped[name] = look
            else:
                files[name] = look
    skipped = {name: why for name, why in skipped.items() if why}
    return Found(tuple(sorted(files.items())), tuple(sorted(skipped.items())))


def _tell_unread(path: Path, unread: Collection[str], source: Source) -> str | None:
    """Why a file that may be an export is not read; None where it is none."""
    suffix = data_suffix(path)
    if suffix in _ARCHIVES:
        return f"nothing reads {suffix}: unpack it (plain, .gz and .zst are read)"
    if suffix in _SPREADSHEETS:
        return f"nothing reads {suffix}: save it as .xlsx or CSV"
    if suffix in unread:
        taken = ", ".join(FORMATS[source.format].suffixes)
        return f"format {source.format} reads {taken} only{_or_as_table(suffix)}"
    return None


def _or_as_table(suffix: str) -> str:
    """A word on files that a mapping of their columns would make readable."""
    if suffix not in FORMATS[TABLE_FORMAT].suffixes:
        return ""
    return "; `python -m flows map` proposes how to read any table"


_ARCHIVES = frozenset(
    (".zip", ".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".lz4", ".br")
)
_SPREADSHEETS = frozenset((".xls", ".ods"))


def _look_at(path: Path) -> os.stat_result | str:
    """A file's size and time, by one look; or why it is none to be read."""
    try:
        found = path.stat()
    except OSError as error:
        if error.errno == errno.ENOENT:
            return "it is a link to nothing" if path.is_symlink() else ""
        if error.errno == errno.ELOOP:
            return "it is a link in a circle"
        return f"it can't be looked at: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return f"it is {_NO_FILES.get(stat.S_IFMT(found.st_mode), 'no file')}"
    if found.st_size > LARGEST_FILE_BYTES:
        return f"it has more than {LARGEST_FILE_BYTES >> 30} GB: split it"
    return found


_NO_FILES = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


def _walk(root: Path, skipped: dict[Path, str]) -> Iterator[Path]:
    """Names in a folder and those below; of folders that can't be read why."""
    visited: set[Path] = set()

    def note(error: OSError) -> None:
        skipped[Path(error.filename)] = f"it can't be looked at: {error.strerror}"

    for folder, names, files in os.walk(root, onerror=note, followlinks=True):
        real = Path(folder).resolve()
        if real in visited:  # a link that leads back to its own parent
            names.clear()
            continue
        visited.add(real)
        names[:] = [name for name in names if not name.startswith(".")]
        yield from (Path(folder) / name for name in files if name[0] != ".")


def _show_path(path: Path, workspace: Workspace) -> str:
    try:
        shown = path.relative_to(workspace.root)
    except ValueError:
        shown = path
    return str(shown).encode(errors="replace").decode()


def _portions(files: list[InputFile]) -> Iterator[list[InputFile]]:
    portion: list[InputFile] = []
    size = 0
    for file in files:
        portion.append(file)
        size += file.size
        if size >= BATCH_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
