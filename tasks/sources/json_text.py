"""JSON as sources give it: read and written fast, and without loss where that is rare.

orjson takes nine in ten of the time away. What it refuses or would alter (NaN, lone
surrogates, integers beyond 64 bits, which it makes floats of) the standard library
reads and writes.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

# Bytes to digits (0), to what a number follows (a space) and to all else: many times
# faster than a regular expression.
_DIGITS, _BEFORE = b"0123456789", b"-:,[ \t\r\n"
_SHAPES = bytes.maketrans(
    bytes(range(256)),
    bytes(
        ord("0") if byte in _DIGITS else ord(" ") if byte in _BEFORE else ord("x")
        for byte in range(256)
    ),
)
# The first that may not fit; digits of a text don't stand where a number does.
_LONG_NUMBER = b" " + 19 * b"0"


def parse_json(text: str | bytes) -> Any:
    """Parse a document; of a key that stands twice the last one counts.

    A lone surrogate is U+FFFD: no file, address or column could hold it.

    Raises:
        ValueError: not JSON; of text a `json.JSONDecodeError` that names the place.
        RecursionError: nested too deeply.
    """
    try:
        data = text.encode() if isinstance(text, str) else text
        if _LONG_NUMBER not in b" " + data.translate(_SHAPES):
            return orjson.loads(data)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    found = json.loads(text)
    try:
        orjson.dumps(found)
    except orjson.JSONEncodeError:
        # A lone surrogate may stand in it, or a long number, which stays.
        return json.loads(dump_bytes(found))
    return found


def dump_record(record: Any) -> str:
    """One record in one line; a lone surrogate, which no column can hold, is U+FFFD."""
    return dump_bytes(record).decode()


def dump_bytes(record: Any) -> bytes:
    """The same in UTF-8: what is only kept needs no text made of it."""
    try:
        return orjson.dumps(record)
    except (orjson.JSONEncodeError, TypeError):
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text.encode()
