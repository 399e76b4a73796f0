"""Tombstones: who was erased, told without saying who it was.

A keyed digest (HMAC-SHA256) of each erased account and name. The key is a second one
that is never rotated, in `.erasure.key`; without it the digests of ten-digit ids could
be found by trying all of them. What arrives later is held against them before it is
landed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path

from tasks.warehouse.landing import write_atomically
from tasks.warehouse.pseudonyms import key_in


def bury(root: Path, platform: str, account_id: str, names: Iterable[str]) -> None:
    """Write the tombstones of an account and its names."""
    key = key_in(root / ".erasure.key")
    digests = _read(root) | {
        _digest(key, platform, "account", account_id),
        *(_digest(key, platform, "name", name) for name in names),
    }
    write_atomically(root / ".erasures.json", json.dumps(sorted(digests), indent=1))


def buried(
    root: Path, platform: str, ids: Iterable[str], names: Iterable[str]
) -> tuple[set[str], set[str]]:
    """Those of some accounts and names that were erased; cost: a digest each."""
    digests = _read(root)
    if not digests:
        return set(), set()
    key = key_in(root / ".erasure.key")
    return (
        {one for one in ids if _digest(key, platform, "account", one) in digests},
        {one for one in names if _digest(key, platform, "name", one) in digests},
    )


def has_tombstones(root: Path) -> bool:
    """Whether anybody was erased from this workspace."""
    return bool(_read(root))


def _read(root: Path) -> set[str]:
    try:
        found: list[str] = json.loads((root / ".erasures.json").read_text())
    except FileNotFoundError:
        return set()
    return set(found)


def _digest(key: bytes, platform: str, kind: str, value: str) -> str:
    message = json.dumps([platform, kind, value]).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
