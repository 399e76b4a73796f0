"""The installation and the machine: whether runs find what they need."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tasks.warehouse.condition import Condition, broken, worth_a_look
from tasks.warehouse.database import MEMORY_LIMIT

LOCKED = Path(__file__).resolve().parents[2] / "requirements.txt"
# A name, its version and, of a package that not every system needs, a condition.
_LINE = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;)?")
# Besides what DuckDB may take: the orchestrator, validation, the models.
_MORE_MEMORY = 1_000_000_000
_SHOWN_AT_MOST = 5


def examine_installation() -> Iterator[Condition]:
    """Python, the packages against the locked versions, libraries of the system."""
    yield Condition("Python", ".".join(str(part) for part in sys.version_info[:3]))
    if other := _unlike_locked():
        more = "; and more" if len(other) > _SHOWN_AT_MOST else ""
        yield broken(
            "packages",
            f"{'; '.join(other[:_SHOWN_AT_MOST])}{more}: install the locked versions"
            " with `make setup`",
        )
    else:
        yield Condition("packages", "as locked")
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            yield broken("libgomp", "missing: sudo apt-get install libgomp1")


def _unlike_locked() -> list[str]:
    """Packages that are missing or of another version than the locked one."""
    # A package may have several versions, for several versions of Python.
    locked: dict[str, list[str]] = {}
    optional = set()
    for line in LOCKED.read_text(encoding="utf-8").splitlines():
        if match := _LINE.match(line):
            locked.setdefault(match[1], []).append(match[2])
            if match[3]:
                optional.add(match[1])
    other = []
    for name, versions in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name in optional:
                continue
            installed = "missing"
        if installed not in versions:
            other.append(f"{name} {installed} instead of {' or '.join(versions)}")
    return other


def examine_machine() -> Iterator[Condition]:
    """Memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needed = _bytes(MEMORY_LIMIT) + _MORE_MEMORY
    said = f"{memory / 1e9:.1f} GB; a run takes up to {needed / 1e9:.1f} GB"
    if memory < needed:
        yield worth_a_look(
            "memory", f"{said}: set WM_MEMORY_LIMIT lower, it spills to disk"
        )
    else:
        yield Condition("memory", said)


def _bytes(size: str) -> float:
    """A size as DuckDB's settings are written: 2GB, 1.5 GiB."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?)i?B?\s*", size, re.IGNORECASE)
    if match is None:
        return 0.0
    return float(match[1]) * 1000.0 ** " KMGT".index(match[2].upper() or " ")
