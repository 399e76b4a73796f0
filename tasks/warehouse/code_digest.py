"""What code made a table: a digest of modules and of all that they import.

Tables that other code made are made anew. What counts is what runs: the compiled
code, so that a comment, a blank line or a moved function's line changes nothing, and
all modules of the project that the named ones reach, so that none is forgotten.
Python's cache of compiled modules makes it cheap: .04 seconds for 117 modules. What was
found of the code as it lies there is kept beside these compiled modules, where they can
be written: a later process asks each file for its stamp alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar

FOLDER = Path(__file__).resolve().parents[2]
SHIPPED_MODELS = FOLDER / "data" / "models"
_Found = TypeVar("_Found", str, dict[str, str])
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(tasks[\w.]*)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n]*))"
    r"|import[ \t]+(tasks[\w.]*))",
    re.MULTILINE,
)


def code_digest(modules: Iterable[str], folder: Path = FOLDER) -> str:
    """A digest of what runs in modules and in those of the project that they import.

    Args:
        modules: as `tasks.validate`.
        folder: where the package `tasks` stands.
    """
    named = list(modules)
    return _kept(
        f"reached {named}", lambda: _digest(reached(named, folder), {}), folder
    )


@cache
def code_digests(modules: tuple[str, ...]) -> dict[str, str]:
    """The same of each module apart; what this process runs does not change."""

    def find() -> dict[str, str]:
        files, imports = _files(FOLDER), dict[str, tuple[str, ...]]()
        parts: dict[str, bytes] = {}
        return {
            module: _digest(_reached([module], files, imports), parts)
            for module in modules
        }

    return _kept(f"each {list(modules)}", find)


def own_digest(modules: Iterable[str]) -> str:
    """A digest of what runs in modules themselves, not in what they import."""
    named = list(modules)

    def find() -> str:
        files = _files(FOLDER)
        return _digest({name: files[name] for name in named}, {})

    return _kept(f"own {named}", find)


@cache
def tools_digest() -> str:
    """A digest of the libraries that are locked and of the models that are shipped.

    Rows that are kept from run to run follow from these as well; what is made anew
    with all that lands need not ask.
    """
    digest = hashlib.sha256((FOLDER / "requirements.txt").read_bytes())
    for file in sorted([*SHIPPED_MODELS.glob("*.json"), *SHIPPED_MODELS.glob("*.npz")]):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _kept(what: str, find: Callable[[], _Found], folder: Path = FOLDER) -> _Found:
    """What was found of these very files before, else what is found now."""
    place = Path(folder, "tasks", "warehouse", "__pycache__", "code_digests.json")
    stamp = _stamp(folder)  # before the files are read: what changes meanwhile counts
    kept: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        told = json.loads(place.read_text(encoding="utf-8"))
        if isinstance(told, dict) and told.get("stamp") == stamp:
            kept = told
    if what not in kept:
        kept |= {"stamp": stamp, what: find()}
        _keep(place, json.dumps(kept))
    found: _Found = kept[what]
    return found


def _stamp(folder: Path) -> str:
    """Changes whenever a module does, for whatever version of Python."""
    digest = hashlib.sha256(
        f"{sys.implementation.cache_tag} {sys.flags.optimize}".encode()
    )
    for name, file in sorted(_files(folder).items()):
        found = file.stat()
        told = (name, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        digest.update(repr(told).encode())
    return digest.hexdigest()


def _keep(place: Path, text: str) -> None:
    """Write beside the compiled modules; where these can't be written, nothing."""
    if sys.dont_write_bytecode:
        return
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(place)


def _digest(files: Mapping[str, Path], parts: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        if name not in parts:
            code = SourceFileLoader(name, str(file)).get_code(name)
            assert isinstance(code, CodeType)
            parts[name] = hashlib.sha256(b"".join(_parts(code))).digest()
        digest.update(name.encode())
        digest.update(parts[name])
    return digest.hexdigest()[:16]


def reached(modules: Iterable[str], folder: Path = FOLDER) -> dict[str, Path]:
    """The files of modules and of all that they import, also within functions."""
    return _reached(modules, _files(folder), {})


def _files(folder: Path) -> dict[str, Path]:
    return {
        ".".join(file.relative_to(folder).with_suffix("").parts): file
        for file in (folder / "tasks").rglob("*.py")
    }


def _reached(
    modules: Iterable[str],
    files: Mapping[str, Path],
    imports: dict[str, tuple[str, ...]],
) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        file = files.get(name) or files.get(f"{name}.__init__")
        if file is None or name in found:
            continue
        found[name] = file
        if name not in imports:
            imports[name] = tuple(_imports(file.read_text(encoding="utf-8")))
        waiting.extend(imports[name])
    return found


def _imports(text: str) -> Iterator[str]:
    """Modules that a source names; a name that is no module is no file either."""
    for module, within, beside, plain in _IMPORT.findall(text):
        yield module or plain
        for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?", within or beside):
            yield f"{module}.{name}"


def _parts(code: CodeType) -> Iterator[bytes]:
    """What a code object does, without where it stands."""
    yield repr(
        (
            code.co_name,
            code.co_names,
            code.co_varnames,
            code.co_freevars,
            code.co_cellvars,
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            code.co_flags,
        )
    ).encode()
    yield code.co_code
    yield code.co_exceptiontable
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)
        elif isinstance(constant, frozenset):
            # Its order changes from process to process.
            yield repr(sorted(map(repr, constant))).encode()
        else:
            yield repr(constant).encode()
