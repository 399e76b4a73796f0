"""Account keys: HMAC-SHA256 of the platform's id, key outside the database.

A plain hash of a ten-digit id can be reversed by trying all of them; a keyed one
cannot without the key. DuckDB has SHA-256 but no HMAC, so models build it from
its definition (RFC 2104) with the two padded keys as bound parameters.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from tasks.warehouse.landing import sync

_BLOCK = 64


def key_in(file: Path) -> bytes:
    """The key that a file holds; a random one is made once (mode 0600)."""
    if not file.exists():
        beside = file.with_name(f"{file.name}.tmp")
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600, exist_ok=False)
        with beside.open("w") as handle:
            handle.write(secrets.token_hex(32))
            handle.flush()
            os.fsync(handle.fileno())
        beside.rename(file)
        sync(file.parent)
    return file.read_text().strip().encode()


def padded_keys(key: bytes) -> dict[str, bytes]:
    """The inner and outer key block, as the models' `$key_inner`, `$key_outer`."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    return {
        "key_inner": bytes(byte ^ 0x36 for byte in block),
        "key_outer": bytes(byte ^ 0x5C for byte in block),
    }
