"""The installation and the machine: whether runs find what they need."""

from __future__ import annotations

import ctypes
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tasks.warehouse import memory
from tasks.warehouse.condition import Condition, broken, worth_a_look

LOCKED = Path(__file__).resolve().parents[2] / "requirements.txt"
# A name, its version and, of a package that not every system needs, a condition.
_LINE = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;)?")
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
    machine, needed = memory.machine_bytes(), memory.budget_bytes()
    said = f"{machine / 1e9:.1f} GB; a run takes up to {needed / 1e9:.1f} GB"
    if machine < needed:
        yield worth_a_look(
            "memory", f"{said}: set {memory.VARIABLE} lower, it spills to disk"
        )
    else:
        yield Condition("memory", said)
