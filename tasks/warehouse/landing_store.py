"""Where landed files lie: in the landing folder itself, or in a bucket.

A bucket is of any object storage that speaks S3. The landing folder is then a working
copy: its file `.bucket` says of what, `.log/` mirrors the log, and landed files lie
there only while something reads them (`at_hand`). One run at a time writes, by the
workspace's lock.

An object has no half: it is there whole, or not at all, and a list shows at once what
was written. There is no rename, so an object is written under its last name; the log's
order stays: first the note of what is begun, then the files, then the entry, then the
note goes. What is in the log's mirror was in the bucket before.

Cost: a list of the log each time it is read, of all names each time they are compared
with it (a call for a thousand); a call for each file that is read or written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.warehouse.database import failpoint
from tasks.warehouse.errors import (
    ConfigurationError,
    LandingDamagedError,
    WeiboManagerError,
)
from tasks.warehouse.whole_files import sync, write_atomically

if TYPE_CHECKING:
    from pyarrow import fs

# In a landing folder: the address of the bucket that it is the working copy of.
MARKER = ".bucket"
_LOG = ".log"
# Lists that lie beside the log in a bucket and are mirrored with it.
_BESIDE = (".erasures.json",)
# What the mirror of the log was when it was fetched: size and time of each object.
_SEEN = ".objects.json"
# What is being written, in a folder of landing that each run sweeps.
_UNFINISHED = ".tmp"
# Of more files the whole disk is synced, which costs less.
_SYNCED_ONE_BY_ONE = 1000
# Calls at once: a file waits for the wire most of its time.
_AT_ONCE = 16
# What is cut short or comes damaged is asked for again.
_TRIES = 3
_CONNECT_SECONDS, _ANSWER_SECONDS = 10.0, 60.0
_CALLS_EACH = 5
# What the error of a library names, without what it quotes.
_CODE = re.compile(r"AWS Error ([A-Z0-9_]+)")
_SAID = {
    "NETWORK_CONNECTION": "nobody answers there",
    "ACCESS_DENIED": "these credentials may not do it",
    "INVALID_ACCESS_KEY_ID": "the access key is unknown there",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
    "NO_SUCH_BUCKET": "there is no such bucket",
    "SLOW_DOWN": "it asks for fewer calls",
    "SERVICE_UNAVAILABLE": "it is out of service",
    "INTERNAL_FAILURE": "it failed",
}
# (`..` would lead into another bucket.)
_ADDRESS = re.compile(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/(?!\.+(?:/|$))[\w.=+-]+)*/?"
)


class StorageError(WeiboManagerError):
    """A bucket can't be read or written now; what it holds stands."""

    def __init__(self, address: str, error: Exception) -> None:
        """Say why, as far as the storage names a reason, and the repair."""
        code = _CODE.search(str(error))
        why = _SAID.get(code[1], code[1]) if code else type(error).__name__
        super().__init__(
            f"{address}, where landing lies, can't be used: {why}. Nothing is lost: see"
            " AWS_ENDPOINT_URL, AWS_REGION and the credentials in the environment, and"
            " run the same command again."
        )


@dataclass(frozen=True)
class Stamp:
    """What tells a stored file from one that was written in its place."""

    size: int
    moment_ns: int
    changed_ns: int


class Store(Protocol):
    """Where landed files and their log lie; names are relative to landing."""

    def names(self) -> Iterator[str]:
        """All Parquet files three folders deep."""
        ...

    def stamps(self, names: Iterable[str]) -> dict[str, Stamp]:
        """Stamps of those among some files that are there."""
        ...

    def refresh(self) -> None:
        """See to it that the log in the folder is as it is where landing lies."""
        ...

    def bring(self, moves: Sequence[tuple[Path, str]]) -> None:
        """Put finished files into their places, each at once, and onto the disk."""
        ...

    def write(self, name: str, text: str) -> None:
        """Put a text into a place of the log, or beside it, at once."""
        ...

    def keep(self, name: str) -> None:
        """After a landed file at hand was written anew: this is what it is now."""
        ...

    def forget(self, name: str) -> None:
        """Let there be nothing at a place."""
        ...

    def tidy(self) -> None:
        """Take away what a killed process left at hand; the workspace is held."""
        ...

    @contextmanager
    def at_hand(
        self,
        digests: Mapping[str, str | None],
        tell_altered: Callable[[list[str]], str] | None,
    ) -> Iterator[None]:
        """Have files lie in the folder for a while.

        Args:
            digests: SHA-256 by name, None where nobody knows it.
            tell_altered: a sentence on files that are not as they were written; None
                where the caller looks for itself. What isn't there stays away.

        Raises:
            LandingDamagedError: some are not as they were written.
        """
        ...


@dataclass(frozen=True)
class Folder:
    """Landing in the folder itself."""

    root: Path

    def names(self) -> Iterator[str]:
        """See `Store`; cost: listing the folders."""
        # Every run lists them all: paths as objects would take most of its time.
        folders = [""]
        for _ in range(3):
            folders = [
                f"{folder}{entry.name}/"
                for folder in folders
                for entry in self._entries(folder)
                if entry.is_dir() and (folder or not entry.name.startswith("."))
            ]
        for folder in folders:
            for entry in self._entries(folder):
                if entry.name.endswith(".parquet"):
                    yield folder + entry.name

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []

    def stamps(self, names: Iterable[str]) -> dict[str, Stamp]:
        """See `Store`."""
        found = {}
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                look = (self.root / name).stat()
                found[name] = Stamp(look.st_size, look.st_mtime_ns, look.st_ctime_ns)
        return found

    def refresh(self) -> None:
        """See `Store`: nothing is to be done."""

    def bring(self, moves: Sequence[tuple[Path, str]]) -> None:
        """See `Store`."""
        targets = {(self.root / name).parent for _, name in moves}
        for target in sorted(targets):
            target.mkdir(parents=True, exist_ok=True)
        if len(moves) > _SYNCED_ONE_BY_ONE:
            os.sync()
        for source, name in moves:
            if len(moves) <= _SYNCED_ONE_BY_ONE:
                sync(source)
            os.replace(source, self.root / name)
            failpoint("landing:moved")
        if len(targets) > _SYNCED_ONE_BY_ONE:
            os.sync()
        else:
            for target in sorted(targets):
                sync(target)

    def write(self, name: str, text: str) -> None:
        """See `Store`."""
        write_atomically(self.root / name, text)

    def keep(self, name: str) -> None:
        """See `Store`: it stands there already."""

    def forget(self, name: str) -> None:
        """See `Store`."""
        (self.root / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """See `Store`: nothing is to be done."""

    @contextmanager
    def at_hand(
        self,
        digests: Mapping[str, str | None],
        tell_altered: Callable[[list[str]], str] | None,
    ) -> Iterator[None]:
        """See `Store`: they lie there; `landing.verify` says whether as written."""
        yield


class Bucket:
    """Landing in a bucket; the folder is its working copy."""

    def __init__(self, root: Path, address: str) -> None:
        self.root, self.address = root, address.rstrip("/")
        self._place = self.address.removeprefix("s3://")
        # Files that this process has fetched, with how many blocks need each.
        self._held: dict[str, int] = {}

    @property
    def _storage(self) -> fs.FileSystem:
        return connected(self.address)

    def names(self) -> Iterator[str]:
        """See `Store`; cost: a call for a thousand names."""
        yield from sorted(
            name
            for name in self._listed("")
            if name.endswith(".parquet")
            and name.count("/") == 3
            and not name.startswith(".")
        )

    def stamps(self, names: Iterable[str]) -> dict[str, Stamp]:
        """See `Store`; cost as of `names`."""
        wanted = set(names)
        found = self._listed("") if wanted else {}
        return {name: found[name] for name in sorted(wanted & found.keys())}

    def _listed(self, folder: str) -> dict[str, Stamp]:
        from pyarrow import fs

        place = f"{self._place}/{folder}".rstrip("/")
        with self._told():
            found = self._storage.get_file_info(
                fs.FileSelector(place, recursive=True, allow_not_found=True)
            )
        return {
            one.path.removeprefix(f"{self._place}/"): _stamp(one)
            for one in found
            if one.type == fs.FileType.File
        }

    def refresh(self) -> None:
        """See `Store`; what is as it was when it was fetched is not fetched again."""
        listed = {
            name: stamp
            for name, stamp in self._listed(_LOG).items()
            if name.endswith((".json", ".begun"))
        }
        there = {
            name: [stamp.size, stamp.moment_ns]
            for name, stamp in (listed | self._looked_at(_BESIDE)).items()
        }
        log = self.root / _LOG
        seen = _read_seen(self.root / _SEEN)
        here = {
            f"{_LOG}/{path.name}"
            for path in log.glob("*")
            if path.suffix in (".json", ".begun")
        }
        news = [
            name
            for name, stamp in there.items()
            if seen.get(name) != stamp or not (self.root / name).exists()
        ]
        for name in here - there.keys():
            (self.root / name).unlink(missing_ok=True)
        if news:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda name: self._fetch(name, None), news))
        if there != seen:
            self._copy(self.root / _SEEN, json.dumps(there).encode())

    def _looked_at(self, names: Iterable[str]) -> dict[str, Stamp]:
        """Stamps of some objects, one by one."""
        from pyarrow import fs

        with self._told():
            found = self._storage.get_file_info(
                [f"{self._place}/{name}" for name in names]
            )
        return {
            one.path.removeprefix(f"{self._place}/"): _stamp(one)
            for one in found
            if one.type == fs.FileType.File
        }

    def bring(self, moves: Sequence[tuple[Path, str]]) -> None:
        """See `Store`."""

        def put(move: tuple[Path, str]) -> None:
            self._put(move[1], move[0])
            failpoint("landing:moved")

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(put, moves))

    def write(self, name: str, text: str) -> None:
        """See `Store`: first in the bucket, so that the mirror never knows more."""
        data = text.encode()
        with self._told(), self._writing(name) as stream:
            stream.write(data)
        failpoint("landing:mirror")
        write_atomically(self.root / name, text)

    def keep(self, name: str) -> None:
        """See `Store`."""
        self._put(name, self.root / name)

    def forget(self, name: str) -> None:
        """See `Store`."""
        with self._told(), contextlib.suppress(FileNotFoundError):
            self._storage.delete_file(f"{self._place}/{name}")
        (self.root / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """See `Store`: copies of people's records, which an erasure may not leave.

        Where the log has no entry, somebody may have moved all of landing here.
        """
        if not any((self.root / _LOG).glob("*.json")):
            return
        for path in sorted(self.root.glob("[!.]*/*/*/*")):
            name = str(path.relative_to(self.root))
            if name not in self._held and not path.is_dir():
                self._let_go(name)

    @contextmanager
    def at_hand(
        self,
        digests: Mapping[str, str | None],
        tell_altered: Callable[[list[str]], str] | None,
    ) -> Iterator[None]:
        """See `Store`; cost: a call for each file that isn't at hand yet."""
        # What a killed run left in the folder is nobody's: it is fetched anew.
        missing = [name for name in digests if name not in self._held]
        for name in digests:
            self._held[name] = self._held.get(name, 0) + 1
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                is_whole = dict(
                    zip(
                        missing,
                        pool.map(lambda n: self._fetch(n, digests[n]), missing),
                        strict=True,
                    )
                )
            altered = [name for name, whole in sorted(is_whole.items()) if not whole]
            if altered and tell_altered is not None:
                raise LandingDamagedError(tell_altered(altered))
            yield
        finally:
            for name in digests:
                self._held[name] -= 1
                if not self._held[name]:
                    del self._held[name]
                    self._let_go(name)

    def _let_go(self, name: str) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)
        for folder in list(path.relative_to(self.root).parents)[:-1]:
            with contextlib.suppress(OSError):  # others lie there
                (self.root / folder).rmdir()

    def _fetch(self, name: str, digest: str | None) -> bool:
        """Fetch a file; whether it is there, and as its digest says."""
        target = self.root / name
        target.unlink(missing_ok=True)
        for left in reversed(range(_TRIES)):
            try:
                with self._storage.open_input_file(f"{self._place}/{name}") as stream:
                    whole = stream.size()
                    data = stream.read()
            except FileNotFoundError:
                return False
            except OSError as error:
                if not left:
                    raise StorageError(self.address, error) from None
                continue
            is_right = len(data) == whole and (
                digest is None or hashlib.sha256(data).hexdigest() == digest
            )
            if is_right or not left:
                break
        self._copy(target, data)
        return is_right

    def _copy(self, target: Path, data: bytes) -> None:
        """Write a copy that others may write at the same time; the last one stands.

        It is written where a run that comes after a kill sweeps, as may be now.
        """
        folder = self.root / _UNFINISHED
        for left in reversed(range(_TRIES)):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                target.parent.mkdir(parents=True, exist_ok=True)
                handle, beside = tempfile.mkstemp(dir=folder)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                os.replace(beside, target)
            except FileNotFoundError:
                if not left:
                    raise
            else:
                return

    def _put(self, name: str, source: Path) -> None:
        """Write an object from a file."""
        with (
            self._told(),
            source.open("rb") as handle,
            self._writing(name) as stream,
        ):
            while block := handle.read(8 << 20):
                stream.write(block)
        put = self._looked_at([name]).get(name)
        if put is None or put.size != source.stat().st_size:
            raise StorageError(self.address, OSError("cut short"))

    @contextmanager
    def _writing(self, name: str) -> Iterator[Any]:
        # A stream that an error leaves would be closed, and so the object be shown, cut
        # short: it counts for nothing, no entry of the log names it before it is whole.
        with self._storage.open_output_stream(f"{self._place}/{name}") as stream:
            yield stream

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno is not None and error.filename is not None:
                raise  # the workspace's own disk
            raise StorageError(self.address, error) from None


@lru_cache(maxsize=8)
def connected(address: str) -> fs.FileSystem:
    """The storage behind an address, as the environment says it is to be reached.

    Repeats calls that fail, so that a server that is busy for a moment stops nothing.
    """
    from pyarrow import fs

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get(
        "AWS_ENDPOINT_URL"
    )
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_ANSWER_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_CALLS_EACH),
        # Small files in one call.
        allow_delayed_open=True,
        background_writes=False,
    )


@lru_cache(maxsize=64)
def _bucket(root: Path, address: str) -> Bucket:
    return Bucket(root, address)


def store_of(root: Path) -> Store:
    """Where the landing of this folder lies, as its `.bucket` says."""
    try:
        address = (root / MARKER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return Folder(root)
    return _bucket(root.absolute(), address)


def bucket_of(root: Path) -> Bucket | None:
    """The bucket that a landing folder is the working copy of, if it is one."""
    store = store_of(root)
    return store if isinstance(store, Bucket) else None


def known_address(address: str) -> str:
    """An address of a place in a bucket, for the configuration.

    Raises:
        ValueError: it is none.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(
            "no place in a bucket is written so: write s3://bucket/folder; the address"
            " of the storage, its region and credentials stand in the environment"
        )
    return address.rstrip("/")


def settle(root: Path, address: str | None) -> None:
    """Hold what workspace.toml says of landing against where it lies.

    A folder in which nothing landed becomes the working copy. No call is made.

    Args:
        root: the landing folder.
        address: of the bucket; None where landing stands in the folder.

    Raises:
        ConfigurationError: landing lies elsewhere; with the repair.
    """
    marker = root / MARKER
    found = store_of(root)
    if isinstance(found, Bucket):
        if found.address != address:
            # What is copied into the folder has the log with it.
            move = (
                f"into {root}, and then delete {marker}"
                if address is None
                else f"to {address}, and delete {marker} and {root / _LOG}"
            )
            raise ConfigurationError(
                [
                    f"Landing lies at {found.address}, as {marker} tells: write"
                    f' landing = "{found.address}" into workspace.toml, above its first'
                    f" table; or copy all objects from there {move}."
                ]
            )
    elif address is not None:
        has_landed = next(found.names(), None) is not None
        if has_landed or any((root / _LOG).glob("*.json")):
            raise ConfigurationError(
                [
                    f"Landing lies in {root} still: move all but {root / '.crawl'} to"
                    f" {address}, for example with `aws s3 mv --recursive --exclude"
                    f" '.crawl/*' {root} {address}`; until then take landing out of"
                    " workspace.toml."
                ]
            )
        root.mkdir(mode=0o700, exist_ok=True)
        write_atomically(marker, f"{address}\n")


def _stamp(info: fs.FileInfo) -> Stamp:
    return Stamp(info.size, info.mtime_ns or 0, info.mtime_ns or 0)


def _read_seen(file: Path) -> dict[str, Any]:
    try:
        seen = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return seen if isinstance(seen, dict) else {}
