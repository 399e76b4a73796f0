"""Names in all their spellings: keywords and hashtags as people type them.

A keyword or hashtag of the configuration and what somebody wrote are brought into one
form and compared there. One form for: full and half width, capitals and small letters,
accents, traditional and simplified characters (one by one, never by context: a word is
the same inside any other words), blanks, and the dots, underscores and hyphens that
people put between words. Hashtags besides: their marks, and the suffix of a super topic
(`[超话]`, `超话`).

Letters of an alphabet and digits are words: a keyword in them matches whole words only
(`Aurora` in `喝Aurora吧` and `Aurora's`, not in `auroras`). Chinese characters match
wherever they stand. Both come from the form itself: each word of an alphabet stands
between blanks, no other blank is left, so that comparing is one `contains`.

Most texts hold no name. `any_spelling` makes one pattern that every text with one of
the names matches, so that an engine passes over the others without folding them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import polars as pl
from zhconv_rs import zhconv

# Dots, hyphens and lines that stand for a gap.
_GAPS = "_-·•‧∙⋅・‐‑\N{KATAKANA-HIRAGANA DOUBLE HYPHEN}"
# Where letters of names can come from: alphabets, kana, Chinese characters, their
# compatibility forms and widths, letters of mathematics. Others stand for themselves.
_BLOCKS = (
    range(0x20, 0x590),
    range(0x1D00, 0x2500),
    range(0x2C60, 0x2C80),
    range(0x2E80, 0x3100),
    range(0x3200, 0x3400),
    range(0xA720, 0xA800),
    range(0xF900, 0xFB00),
    range(0xFE30, 0x10000),
    range(0x1D400, 0x1D800),
)
_CHINESE = range(0x3400, 0xA000)
# Marks that change no letter: joiners, accents apart, choices of a picture's look.
_INVISIBLE = (
    range(0xAD, 0xAE),
    range(0x300, 0x370),
    range(0x200B, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0x20D0, 0x2100),
    range(0x3099, 0x309B),
    range(0xFE00, 0xFE10),
    range(0xFE20, 0xFE30),
    range(0xFEFF, 0xFF00),
)
_BLANK = ("Zs", "Zl", "Zp", "Cc")
_WORD = "0-9a-z\u00aa-\u024f\u0370-\u052f\u1e00-\u1fff"
_PARTS = re.compile(rf"([{_WORD}]+)|[^\S\n]+")
_BETWEEN_WORDS = re.compile(rf"(?<=[{_WORD}]) (?=[{_WORD}])")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SUPER_TOPIC = re.compile(r"(?<=.)[\[(【〔]?超话[\])】〕]?$")


class _Characters(dict[int, str]):
    """Each character in its one form, found when first asked for."""

    def __missing__(self, code: int) -> str:
        form = self[code] = _character(chr(code))
        return form


def _character(character: str) -> str:
    code = ord(character)
    if code in _CHINESE:
        simple = zhconv(character, "zh-hans")
        if len(simple) != 1 or simple == character:
            return character
        return _character(simple)
    if character in "\n\r":
        return "\n"
    if any(code in block for block in _INVISIBLE):
        return ""
    if unicodedata.category(character) in _BLANK or character in _GAPS:
        return " "
    if not any(code in block for block in _BLOCKS):
        return character
    plain = unicodedata.normalize("NFKD", character)
    if "\u3040" <= plain[0] <= "\u30ff":
        # The sound marks of kana are no accents.
        plain = unicodedata.normalize("NFKC", character)
    else:
        plain = "".join(c for c in plain if unicodedata.category(c) != "Mn")
    plain = plain.lower()
    if len(plain) != 1 or plain == character:
        # What is one character stays one: signs that stand for several are none.
        return character
    form = _character(plain)
    return form if form.strip() or plain in _GAPS else character


_CHARACTERS = _Characters()


def folded(text: str) -> str:
    """A text in its one form.

    Each word of an alphabet or of digits stands between blanks; no other blank is left;
    line breaks stay. Folding twice changes nothing.
    """
    plain = text.translate(_CHARACTERS)
    spread = _PARTS.sub(lambda part: f" {part[1]} " if part[1] else "", plain)
    return spread.replace("  ", " ")


def folded_hashtag(text: str) -> str:
    """A hashtag in its one form: no marks, no gaps, no suffix of a super topic.

    Empty where nothing but marks and gaps is given.
    """
    return _hashtag(folded(text))


def _hashtag(form: str) -> str:
    bare = form.replace(" ", "").replace("\n", "").strip("#")
    while (shorter := _SUPER_TOPIC.sub("", bare).strip("#")) != bare:
        bare = shorter
    return bare


def folded_keyword(text: str) -> list[str]:
    """The forms of a keyword, sorted: several where its words may be joined.

    `Aurora Tea` is `AuroraTea`, too, and the other way round (by its capitals).
    Empty where nothing but marks and gaps is given.
    """
    apart = folded(_HUMP.sub(" ", text))
    forms = {folded(text), apart, _BETWEEN_WORDS.sub("", apart)}
    return sorted(form for form in forms if form.strip())


def fold_all(texts: pl.Series) -> pl.DataFrame:
    """Distinct texts with their forms: text, folded, hashtag. Cost: 5 µs a text."""
    distinct = texts.cast(pl.String).drop_nulls().unique().sort()
    forms = [folded(text) for text in distinct]
    return pl.DataFrame(
        {
            "text": distinct,
            "folded": forms,
            "hashtag": [_hashtag(form) for form in forms],
        },
        schema={"text": pl.String, "folded": pl.String, "hashtag": pl.String},
    )


def any_spelling(forms: Iterable[str]) -> str | None:
    """A pattern (RE2) that every text matches in which one of these forms stands.

    It may match others, too: what it finds is to be folded and compared.

    Args:
        forms: of `folded_keyword` and `folded_hashtag`.

    Returns:
        The pattern; None where there are no forms.
    """
    kept = {form.replace(" ", "") for form in forms} - {""}
    if not kept:
        return None
    spellings = _spellings()
    gap = _class(spellings[" "]) + "*"
    return "|".join(
        gap.join(_class(spellings.get(letter, {ord(letter)})) for letter in form)
        for form in sorted(kept)
    )


@cache
def _spellings() -> dict[str, set[int]]:
    """The characters behind each form; behind a blank all that may part letters."""
    found: dict[str, set[int]] = defaultdict(set)
    for block in (range(0x20), range(0x1680, 0x1681), *_BLOCKS, *_INVISIBLE, _CHINESE):
        for code in block:
            form = _CHARACTERS[code] or " "
            found[form] |= {code, ord(form)}
    return dict(found)


def _class(codes: set[int]) -> str:
    """A class of characters in RE2, adjacent ones as ranges."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inside = "".join(
        f"\\x{{{first:x}}}" if first == last else f"\\x{{{first:x}}}-\\x{{{last:x}}}"
        for first, last in ranges
    )
    return f"[{inside}]"
