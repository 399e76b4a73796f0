"""Names brought to forms in which the variants of one name are equal.

Folding takes a name's look-alikes away (full width, Cyrillic and Greek letters,
accents, traditional characters), its letters are its stem, the stem's pinyin is
how it sounds, and its template is what a generator of names leaves: the classes of
its characters and how it comes from the displayed name.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import polars as pl
from pypinyin import Style, pinyin
from zhconv_rs import zhconv

# Letters of other scripts that look like Latin ones (Unicode confusables.txt, the
# ones found in names).
_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕвнкмтԁɡαοερτυνικ",
        "aeopcyxijsbhkmtdgaoeptuvik",
        strict=True,
    )
)
_HAN = range(0x4E00, 0xA000)


@cache
def folding_table() -> dict[str, str]:
    """Each character that has a plainer twin, to that twin."""
    simple: dict[str, str] = {}
    for code in _HAN:
        written = chr(code)
        plain = zhconv(written, "zh-hans")
        if plain != written and len(plain) == 1:
            simple[written] = plain
    accents = {
        chr(code): base
        for code in range(0xC0, 0x250)
        if (base := unicodedata.normalize("NFD", chr(code))[0]).isascii()
    }
    return {**simple, **accents, **_LOOKALIKES}


@cache
def doubled_table() -> dict[str, str]:
    """Each letter written twice, to the letter: how a taken name is had again."""
    letters = [chr(code) for code in (*range(ord("a"), ord("z") + 1), *_HAN)]
    return {letter * 2: letter for letter in letters}


@cache
def pinyin_table() -> dict[str, str]:
    """Each Chinese character to its most usual syllable, without the tone."""
    written = [chr(code) for code in _HAN]
    sounds = [pinyin(one, style=Style.NORMAL)[0][0] for one in written]
    return {
        character: f"{sound} "
        for character, sound in zip(written, sounds, strict=True)
        if sound.isascii()
    }


def fold(text: pl.Expr) -> pl.Expr:
    """A text without its look-alikes: compatibility forms, case, script variants."""
    table = folding_table()
    return (
        text.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_many(list(table), list(table.values()))
    )


def name_forms(profiles: pl.DataFrame) -> pl.DataFrame:
    """The forms of each account's name.

    Args:
        profiles: screen_name, display_name; in any order.

    Returns:
        In the rows' order: folded, stem (letters alone, doubled ones once), sound
        (pinyin of a stem with two Chinese characters or more), number (digits, null
        without any), template. Null where there is no name.

    Cost: linear in the characters.
    """
    table = pinyin_table()
    doubled = doubled_table()
    named = profiles.select(
        screen=pl.col("screen_name").str.normalize("NFKC"),
        display=pl.col("display_name").str.normalize("NFKC"),
        folded=fold(pl.col("screen_name")),
    ).with_columns(
        stem=pl.col("folded")
        .str.replace_all(r"[^\p{L}]", "")
        .str.replace_many(list(doubled), list(doubled.values())),
        lower=pl.col("screen").str.to_lowercase(),
        words=fold(pl.col("display")).str.extract_all(r"[a-z]{2,}"),
    )
    return named.select(
        "folded",
        stem=pl.when(pl.col("stem") != "").then("stem"),
        sound=pl.when(pl.col("stem").str.contains(r"\p{Han}.*\p{Han}")).then(
            pl.col("stem")
            .str.replace_many(list(table), list(table.values()))
            .str.replace_all(" ", "")
        ),
        number=pl.col("folded").str.extract_all(r"[0-9]+").list.join(""),
        template=pl.concat_str(_classes(), _derivation(), separator="|"),
    ).with_columns(number=pl.when(pl.col("number") != "").then("number"))


def _classes() -> pl.Expr:
    """Runs of characters of one class, and how long numbers are."""
    runs = [
        (r"\p{Han}+", "\ue000"),
        (r"[A-Z][a-z]+", "\ue001"),
        (r"[a-z]+", "\ue002"),
        (r"[A-Z]+", "\ue003"),
        (r"[0-9]{6,}", "\ue004"),
        (r"[0-9]{3,5}", "\ue005"),
        (r"[0-9]{1,2}", "\ue006"),
        (r"\p{L}+", "\ue007"),
        (r"[^\ue000-\ue007_]+", "-"),
    ]
    text = pl.col("screen")
    for pattern, sign in runs:
        text = text.str.replace_all(pattern, sign)
    signs = [chr(0xE000 + step) for step in range(8)]
    return text.str.replace_many(signs, list("HCaANnil")).str.slice(0, 12)


def _derivation() -> pl.Expr:
    """How an ASCII name comes from the displayed name: which words, which tail."""
    joined = pl.col("words").list.join("")
    first, last = pl.col("words").list.first(), pl.col("words").list.last()
    lower = pl.col("lower")
    return (
        pl.when(pl.col("words").list.len() == 0)
        .then(pl.lit(""))
        .when(lower == joined)
        .then(pl.lit("all"))
        .when(lower.str.starts_with(joined))
        .then(pl.lit("all+"))
        .when(lower.str.starts_with(first))
        .then(pl.lit("word+"))
        .when(lower.str.starts_with(last))
        .then(pl.lit("word+"))
        .otherwise(pl.lit("other"))
        .fill_null("")
    )
