"""A person as records and texts tell of them: how found there, and how taken out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from tasks.warehouse.tombstones import canonical_id, spellings

if TYPE_CHECKING:
    import polars as pl

# What stands in the place of a person.
ERASED = "[erased]"
# A shorter id may be any number: it is looked for as an author only.
LONG_ID = 6

# What may be an id or a name in text that is no JSON.
_WORD = r"[^\s\"',;:：@<>/\\{}\[\]()]{2,}"
# An id in an address, or within other words.
_NUMBER = rf"[0-9０-９]{{{LONG_ID},}}"
_QUOTED = r'"[^"\\]{2,100}"'
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Person:
    """Whom to erase: a network's account, and the names it is known to have had.

    Attributes:
        platform: the network.
        account_id: in its canonical form.
        names: that it is known to have had.
        spelled: other ways in which files were found to write the id.
    """

    platform: str
    account_id: str
    names: frozenset[str] = frozenset()
    spelled: frozenset[str] = frozenset()


def names_account(line: dict[str, str], platform: str, account_id: str) -> bool:
    """Whether a line of a table is about an account, as itself or as the other one."""
    return any(
        (line.get(f"{other}platform") or "").strip() == platform
        and canonical_id(platform, line.get(f"{other}account_id") or "") == account_id
        for other in ("", "other_")
    )


def as_table(header: Iterable[str], lines: Iterable[dict[str, str]]) -> str:
    """Lines of a table as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(header), extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def words_in(texts: pl.Series) -> set[str]:
    """What may be an id or a name in texts that need not be JSON."""
    import polars as pl

    found = pl.concat(
        [
            texts.str.extract_all(_WORD).explode().drop_nulls(),
            texts.str.extract_all(_NUMBER).explode().drop_nulls(),
            texts.str.extract_all(_QUOTED).explode().drop_nulls().str.strip_chars('"'),
        ]
    )
    return set(found.unique().to_list())


def unescaped(text: str) -> str:
    """A text with the characters that JSON's escapes stand for."""
    if "\\u" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_words(text: str, person: Person) -> str:
    """A text without quotes of the person, mentions and addresses of theirs."""
    for name in sorted(person.names, key=lambda one: (-len(one), one)):
        if name in text:
            text = _without_name(text, name)
        text = text.replace(quote(name), ERASED) if quote(name) != name else text
    if len(person.account_id) >= LONG_ID:
        for one in [*spellings(person.account_id)[:3], *sorted(person.spelled)]:
            if one in text:
                text = re.sub(
                    rf"(?<![0-9A-Za-z])0*{re.escape(one)}(?![0-9A-Za-z])", ERASED, text
                )
    return text


def _without_name(text: str, name: str) -> str:
    called = re.escape(name)
    # //@name: words, as text and as HTML; || @name: words on some networks.
    link = r"(?:<a[^>]*>)?"
    text = re.sub(
        rf"((?://?|\|\|)\s*){link}\s*@{called}(?:</a>)?\s*[:：].*?"
        rf"(?=(?://|\|\|)\s*{link}\s*@|$)",
        rf"\1@{ERASED}:",
        text,
        flags=re.DOTALL,
    )
    # Some write the mark and the name apart: @<span>name</span>.
    text = re.sub(rf"@(<\w+>)?{called}(?![-\w·])", rf"@\1{ERASED}", text)
    # Some call people as @{uin:1,nick:name,...}.
    text = re.sub(rf"nick:{called}(?=[,}}])", f"nick:{ERASED}", text)
    return re.sub(rf"/n/{called}(?![-\w·])", f"/n/{ERASED}", text)
