"""Account keys: HMAC-SHA256 of the platform's id, key outside the database.

A plain hash of a ten-digit id can be reversed by trying all of them; a keyed one
cannot without the key. DuckDB has SHA-256 but no HMAC, so models build it from
its definition (RFC 2104) with the two padded keys as bound parameters.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.whole_files import replacing

VARIABLE = "WM_PSEUDONYM_KEY"
_BLOCK = 64


def key_in(file: Path) -> bytes:
    """The key that a file holds; a random one is made once (mode 0600).

    Raises:
        ConfigurationError: it can't be used.
    """
    if not os.path.lexists(file):
        make_key(file)
    return read_key(file)


def given_key() -> bytes | None:
    """The key of pseudonyms that the environment gives; None where it gives none.

    Raises:
        ConfigurationError: it is blank or no text.
    """
    if not (given := os.environ.get(VARIABLE)):
        return None
    try:
        key = given.encode()
    except UnicodeEncodeError:
        key = b""
    if not key.strip():
        raise ConfigurationError(
            [f"{VARIABLE} is blank or no text: give the key, or unset it."]
        )
    return key


def make_key(file: Path) -> None:
    """Write a new random key, readable by its owner alone; one before is gone."""
    with replacing(file, mode=0o600) as beside:
        beside.write_text(secrets.token_hex(32), encoding="ascii")


def read_key(file: Path) -> bytes:
    """The key that a file holds.

    Raises:
        ConfigurationError: it is empty, no text, no file, or others may read it.
    """
    if not file.is_file():  # a pipe would let everybody wait
        raise ConfigurationError(
            [f"{file} is no file: put the key back from a backup."]
        )
    if file.stat().st_mode & 0o077:
        raise ConfigurationError(
            [
                f"Others may read the key in {file}: `chmod 600 {file}`; if somebody"
                " did, `python -m flows keys rotate` gives new pseudonyms."
            ]
        )
    try:
        key = file.read_text(encoding="ascii").strip().encode()
    except UnicodeDecodeError:
        key = b""
    if not key or not key.decode().isprintable():
        raise ConfigurationError(
            [f"{file} is empty or damaged: put it back from a backup."]
        )
    return key


def fingerprint(key: bytes) -> str:
    """What tells a key from another one without telling the key."""
    return hmac.new(key, b"weibo-manager fingerprint", hashlib.sha256).hexdigest()[:16]


def padded_keys(key: bytes) -> dict[str, bytes]:
    """The inner and outer key block, as the models' `$key_inner`, `$key_outer`."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    return {
        "key_inner": bytes(byte ^ 0x36 for byte in block),
        "key_outer": bytes(byte ^ 0x5C for byte in block),
    }
