"""Names in all their spellings, by hand and by what must not matter."""

from __future__ import annotations

import random

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zhconv_rs import zhconv

from tasks.text.spellings import (
    any_spelling,
    fold_all,
    folded,
    folded_hashtag,
    folded_keyword,
)

LETTERS = "晨曦禮茶春日礼盒北光發龍国国AuroraTeaéÜß12"
GAPS = ("", " ", "\u3000", "·", "・", "_", "-", "\u200b")


def wide(text: str) -> str:
    """A text in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def spelled(text: str, chance: random.Random) -> str:
    """The same name as somebody else types it."""
    letters = []
    for letter in text:
        letter = zhconv(letter, "zh-hant") if chance.random() < 0.5 else letter
        letter = letter.swapcase() if letter.isascii() else letter
        letter = wide(letter) if chance.random() < 0.5 else letter
        letters.append(letter)
    return "".join(letters)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("春日新茶", "#春日新茶#"),
        ("春日新茶", "春日新茶#"),
        ("春日新茶", "＃春日新茶＃"),
        ("春日新茶", "#春日新茶[超话]#"),
        ("春日新茶", "春日新茶超话"),
        ("春日新茶", "春日新茶［超話］"),
        ("春日新茶", "春 日　新茶"),
        ("上海·新天地", "上海・新天地"),
        ("上海·新天地", "上海_新天地"),
        ("上海·新天地", "上海新天地"),
        ("国货节", "國貨節"),
        ("Aurora Tea", "auroratea"),
        ("AuroraTea", "ＡＵＲＯＲＡ＿ＴＥＡ"),
        ("Café", "CAFE\u0301"),
        ("H&M", "h＆m"),
    ],
)
def test_hashtags_that_are_the_same(one: str, other: str) -> None:
    assert folded_hashtag(one) == folded_hashtag(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("春日新茶", "春日新茶季"),
        ("超话", "茶超话"),
        ("H&M", "HM"),
        ("春日", "春曰"),
        ("ハハ", "ババ"),
    ],
)
def test_hashtags_that_differ(one: str, other: str) -> None:
    assert folded_hashtag(one) != folded_hashtag(other)


@pytest.mark.parametrize("text", ["", "#", " # ", "_·", "＃＃"])
def test_marks_alone_are_no_name(text: str) -> None:
    assert folded_hashtag(text) == ""
    assert folded_keyword(text.replace("#", "").replace("＃", "")) == []


@pytest.mark.parametrize(
    ("keyword", "text", "is_there"),
    [
        ("Aurora", "喝Aurora吧", True),
        ("Aurora", "Aurora's new tea", True),
        ("Aurora", "(AURORA)", True),
        ("Aurora", "auroras", False),
        ("Aurora", "aurora2", False),
        ("Aurora", "lesauroras", False),
        ("Aurora Tea", "auroratea", True),
        ("AuroraTea", "the Aurora  Tea.", True),
        ("Aurora Tea", "Aurora. Tea", False),
        ("7喜", "来一罐7喜", True),
        ("7喜", "17喜", False),
        ("晨曦茶", "清晨曦茶园", True),
        ("晨曦茶", "晨曦。茶", False),
        ("晨曦茶", "晨曦\n茶", False),
        ("晨曦 Tea", "晨曦tea店", True),
        # What a phrase means elsewhere changes none of its characters.
        ("干隆茶", "乾隆茶", True),
    ],
)
def test_keywords_in_texts(keyword: str, text: str, is_there: bool) -> None:
    """Whole words of an alphabet, Chinese characters wherever they stand."""
    assert any(form in folded(text) for form in folded_keyword(keyword)) == is_there


@given(st.text(max_size=40) | st.text(LETTERS + "#@_·・\n １Ａｱﾞ[]超话", max_size=40))
@settings(max_examples=200)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    tag = folded_hashtag(text)
    assert folded_hashtag(tag) == tag


@given(
    st.text(LETTERS, min_size=1, max_size=10),
    st.randoms(use_true_random=False),
    st.sampled_from(GAPS),
    st.sampled_from(("", "[超话]", "超话", "［超話］")),
)
@settings(max_examples=200)
def test_how_a_hashtag_is_typed_does_not_matter(
    tag: str, chance: random.Random, gap: str, suffix: str
) -> None:
    typed = gap.join(spelled(tag, chance)) + suffix
    assert folded_hashtag(f"#{typed}#") == folded_hashtag(tag)


@given(
    st.lists(st.text(LETTERS + " '", min_size=1, max_size=6), min_size=1, max_size=3),
    st.text(LETTERS + " ·ｱﾞ。@", max_size=12),
    st.text(LETTERS + " ·ｱﾞ。@", max_size=12),
    st.randoms(use_true_random=False),
    st.sampled_from(GAPS),
)
@settings(max_examples=150, deadline=None)
def test_the_pattern_misses_no_text_that_holds_a_name(
    names: list[str], before: str, after: str, chance: random.Random, gap: str
) -> None:
    """What is passed over unread holds none of the names."""
    forms = [
        form
        for name in names
        for form in (*folded_keyword(name), folded_hashtag(name))
        if form
    ]
    text = before + gap.join(spelled(chance.choice(names), chance)) + after
    holds = any(form in folded(text) for form in forms) or any(
        form in folded_hashtag(text) for form in forms
    )
    pattern = any_spelling(forms)
    assert (pattern is None) == (not forms)
    if pattern is not None and holds:
        with duckdb.connect() as connection:
            found = connection.execute(
                "select regexp_matches($text, $pattern)",
                {"text": text, "pattern": pattern},
            ).fetchall()
        assert found == [(True,)]


def test_distinct_texts_are_folded_once() -> None:
    frame = fold_all(pl.Series(["春日", None, "春日", "#A b#"]))
    assert frame.rows() == [("#A b#", "# a b #", "ab"), ("春日", "春日", "春日")]
    assert fold_all(pl.Series([], dtype=pl.String)).is_empty()
