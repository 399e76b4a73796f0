"""What code made a table: a digest of modules and of all that they import.

Tables that other code made are made anew. What counts is what runs: the compiled
code, so that a comment, a blank line or a moved function's line changes nothing, and
all modules of the project that the named ones reach, so that none is forgotten.
Python's cache of compiled modules makes it cheap: .04 seconds for 117 modules.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

FOLDER = Path(__file__).resolve().parents[2]
SHIPPED_MODELS = FOLDER / "data" / "models"
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
    return _digest(reached(modules, folder), {})


@cache
def code_digests(modules: tuple[str, ...]) -> dict[str, str]:
    """The same of each module apart; what this process runs does not change."""
    files, imports = _files(FOLDER), dict[str, tuple[str, ...]]()
    parts: dict[str, bytes] = {}
    return {
        module: _digest(_reached([module], files, imports), parts) for module in modules
    }


def own_digest(modules: Iterable[str]) -> str:
    """A digest of what runs in modules themselves, not in what they import."""
    files = _files(FOLDER)
    return _digest({name: files[name] for name in modules}, {})


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
