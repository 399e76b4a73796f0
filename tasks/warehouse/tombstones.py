"""Tombstones: who was erased, told without saying who it was.

A keyed digest (HMAC-SHA256) of each erased account and name. The key is a second one
that is never rotated, in `.erasure.key`; without it the digests of ten-digit ids could
be found by trying all of them. What arrives later is held against them before it is
landed. The digests stand twice, in `.erasures.json` and in landing, so that either one
may be lost, or come back from an older backup.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.landing_store import store_of
from tasks.warehouse.networks import platforms_with
from tasks.warehouse.pseudonyms import fingerprint, key_in, read_key

KEY = ".erasure.key"
LIST = ".erasures.json"
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_WHOLE = re.compile(r"\+?0*([0-9]+)(?:\.0*)?")
_SEPARATED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.0*)?")
_SCIENTIFIC = re.compile(r"\+?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{1,2}")
# Parts of a path that may be an account or its name.
_PARTS = tuple(
    re.compile(part) for part in (r"[^\s/._-]{2,}", r"[^\W_]{2,}", r"[0-9]{6,}")
)


def canonical_id(platform: str, value: object) -> str:
    """One way to write an id, whatever a program or spreadsheet made of it.

    Full-width digits, blanks around it, noughts in front, commas between thousands and
    a float's rendering (`1234567.0`, `1.234567E6`) are the same number.
    """
    text = unicodedata.normalize("NFKC", str(value)).translate(_UNSEEN)
    text = text.strip(" \t\r\n\"'=")
    # In a name a nought at the front counts.
    if platform in platforms_with("accounts_are_names"):
        return text
    site, colon, number = text.rpartition(":")
    if _SEPARATED.fullmatch(number):
        number = number.replace(",", "")
    if match := _WHOLE.fullmatch(number):
        number = match[1]
    elif _SCIENTIFIC.fullmatch(number):
        exact = Decimal(number)
        if exact == exact.to_integral_value():
            number = str(int(exact))
    return f"{site}{colon}{number}"


def is_rounded(value: str) -> bool:
    """Whether a spreadsheet wrote an id shorter than it is: `4.99E+15`."""
    text = unicodedata.normalize("NFKC", value).strip(" \t\r\n\"'=")
    if not _SCIENTIFIC.fullmatch(text):
        return False
    kept = text.lower().partition("e")[0].replace(".", "").lstrip("+0")
    return len(kept) < len(canonical_id("", text))


def spellings(account_id: str) -> list[str]:
    """How records may write an id so that a search for the id itself misses it.

    The first three are the id to its last digit, the others its beginning.
    """
    if not account_id.isascii() or not account_id.isdecimal():
        return [account_id]
    wide = account_id.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    digits = account_id.rstrip("0") or "0"
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return [account_id, wide, f"{int(account_id):,}", f"{mantissa}e", f"{mantissa}E"]


def bury(root: Path, people: Iterable[tuple[str, str, Iterable[str]]]) -> None:
    """Write the tombstones of many accounts (platform, id, names) at once.

    Raises:
        ConfigurationError: key and list don't fit together.
    """
    before = _read(root)
    key = _key(root) if before else key_in(root / KEY)
    after = set(before)
    for platform, account_id, names in people:
        after.add(_digest(key, platform, "account", canonical_id(platform, account_id)))
        after |= {_digest(key, platform, "name", name) for name in names}
    text = json.dumps({"key": fingerprint(key), "digests": sorted(after)}, indent=1)
    for file in _files(root):
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            store_of(file.parent).write(file.name, text)


def buried(
    root: Path, platform: str, ids: Iterable[str], names: Iterable[str]
) -> tuple[set[str], set[str]]:
    """Those of some accounts and names that were erased; cost: a digest each.

    Ids are told in whatever spelling they were given.
    """
    digests = _read(root)
    if not digests:
        return set(), set()
    key = _key(root)
    return (
        {
            one
            for one in ids
            if _digest(key, platform, "account", canonical_id(platform, one)) in digests
        },
        {one for one in names if _digest(key, platform, "name", one) in digests},
    )


def has_tombstones(root: Path) -> bool:
    """Whether anybody was erased from this workspace."""
    return bool(_read(root))


def count_tombstones(root: Path) -> int:
    """How many digests are kept."""
    return len(_read(root))


def state(root: Path) -> str:
    """A digest of all tombstones: another one tells that somebody was added."""
    return hashlib.sha256("".join(sorted(_read(root))).encode()).hexdigest()[:16]


def path_mask(root: Path, platforms: Iterable[str]) -> Callable[[str], str]:
    """What gives paths without ids and names of those who were erased.

    A part is replaced by a keyed digest, so that a file keeps one name of its own.
    """
    if not has_tombstones(root):
        return str
    key = _key(root)
    listed = tuple(platforms)

    def mask(path: str) -> str:
        parts = {*path.split("/"), Path(path).stem}
        parts = parts.union(*(part.findall(path) for part in _PARTS))
        shown: set[str] = set()
        for platform in listed:
            shown = shown.union(*buried(root, platform, parts, parts))
        for part in sorted(shown, key=lambda one: (-len(one), one)):
            path = path.replace(part, masked(key, part))
        return path

    return mask


def masked(key: bytes, part: str) -> str:
    """What stands in a path instead of a person."""
    return f"[erased-{hmac.new(key, part.encode(), hashlib.sha256).hexdigest()[:8]}]"


def _files(root: Path) -> tuple[Path, Path]:
    return root / LIST, root / "landing" / LIST


def _key(root: Path) -> bytes:
    """The key that the digests were made with.

    Raises:
        ConfigurationError: it is lost, or another one.
    """
    repair = (
        f" Put {root / KEY} back from a backup: without it nobody who was erased can be"
        " kept out."
    )
    if not (root / KEY).exists():
        raise ConfigurationError([f"{root / KEY} is gone.{repair}"])
    key = read_key(root / KEY)
    made_with = {one for file in _files(root) if (one := _load(file).get("key"))}
    if made_with - {fingerprint(key)}:
        raise ConfigurationError([f"{root / KEY} is another key than before.{repair}"])
    return key


def _read(root: Path) -> frozenset[str]:
    found: set[str] = set()
    for file in _files(root):
        found |= set(_load(file).get("digests", ()))
    return frozenset(found)


def _load(file: Path) -> dict[str, Any]:
    """A list of tombstones; that of an older version has digests alone.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if isinstance(found, list):
        found = {"digests": found}
    digests = found.get("digests") if isinstance(found, dict) else None
    if not isinstance(digests, list) or not all(isinstance(x, str) for x in digests):
        raise ConfigurationError(
            [
                f"{file} is damaged: put it back from a backup, or, where"
                f" {LIST} stands in the workspace and in landing, delete the damaged"
                " one: the other says the same."
            ]
        )
    return dict(found)


def _digest(key: bytes, platform: str, kind: str, value: str) -> str:
    message = json.dumps([platform, kind, value]).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
