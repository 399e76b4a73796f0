"""Zip archives under a password, in the old way that Weibo's downloads are sealed.

Python reads such archives and can't write them.
"""

from __future__ import annotations

import struct
import zlib

_TABLE = [0] * 256
for _number in range(256):
    _value = _number
    for _ in range(8):
        _value = (_value >> 1) ^ (0xEDB88320 if _value & 1 else 0)
    _TABLE[_number] = _value

# 1 January 2026, midnight, as zip archives write it.
_TIME, _DATE = 0, (2026 - 1980) << 9 | 1 << 5 | 1


def sealed_zip(name: str, content: bytes, password: str) -> bytes:
    """An archive of one file."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    check = zlib.crc32(content)
    # The twelfth byte tells a reader whether the password fits.
    body = _cipher(bytes(11) + bytes([check >> 24]) + packed, password)
    text = name.encode()
    shared = struct.pack(
        "<HHHHHLLLHH",
        20,
        1,
        8,
        _TIME,
        _DATE,
        check,
        len(body),
        len(content),
        len(text),
        0,
    )
    local = b"PK\x03\x04" + shared + text + body
    central = (
        b"PK\x01\x02\x14\x00" + shared + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + text
    )
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHLLH", 0, 0, 1, 1, len(central), len(local), 0
    )
    return local + central + end


def _cipher(data: bytes, password: str) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def mix(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ _TABLE[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ _TABLE[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    for byte in password.encode():
        mix(byte)
    sealed = bytearray()
    for byte in data:
        mask = (keys[2] & 0xFFFF) | 2
        sealed.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        mix(byte)
    return bytes(sealed)
