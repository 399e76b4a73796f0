"""Account keys: HMAC-SHA256 of the platform's id, key outside the database.

A plain hash of a ten-digit id can be reversed by trying all of them; a keyed one
cannot without the key. DuckDB has SHA-256 but no HMAC, so models build it from
its definition (RFC 2104) with the two padded keys as bound parameters.
"""

from __future__ import annotations

import hashlib

_BLOCK = 64


def padded_keys(key: bytes) -> dict[str, bytes]:
    """The inner and outer key block, as the models' `$key_inner`, `$key_outer`."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    return {
        "key_inner": bytes(byte ^ 0x36 for byte in block),
        "key_outer": bytes(byte ^ 0x5C for byte in block),
    }
