"""Text templates: near-duplicates are one, strangers are not, chains are none."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from zhconv_rs import zhconv

from tasks.accounts.text_templates import ALIKE, FEWEST_PAIRS, text_templates

# Letters that are their own plain spelling.
LETTERS = sorted({zhconv(chr(code), "zh-hans") for code in range(0x4E00, 0x4E00 + 600)})
SCRIPT = "这款春茶喝完回甘特别久真的惊艳到我"


def table(sentences: list[str], accounts: list[int] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {"sentence": sentences, "accounts": accounts or [1] * len(sentences)},
        schema={"sentence": pl.String, "accounts": pl.Int64},
    )


def templates(
    sentences: list[str], accounts: list[int] | None = None
) -> dict[str, str]:
    return dict(text_templates(table(sentences, accounts)).rows())


def pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


def jaccard(one: str, other: str) -> float:
    return len(pairs(one) & pairs(other)) / len(pairs(one) | pairs(other))


def edited(text: str, edits: int, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(edits):
        place = chance.randrange(len(letters))
        match chance.randrange(3):
            case 0:
                letters[place] = chance.choice(LETTERS)
            case 1:
                letters.insert(place, chance.choice(LETTERS))
            case _:
                letters.pop(place)
    return "".join(letters)


def stars_by_hand(sentences: list[str], accounts: list[int]) -> dict[str, str]:
    """All pairs compared: in order of use, alike to a middle or a middle itself."""
    counts = {text: 0 for text in sentences}
    for text, many in zip(sentences, accounts, strict=True):
        counts[text] += many
    found: dict[str, str] = {}
    middles: list[str] = []
    for text in sorted(counts, key=lambda one: (-counts[one], one.encode())):
        near = [(-jaccard(text, one), place) for place, one in enumerate(middles)]
        if near and min(near)[0] <= -ALIKE:
            found[text] = middles[min(near)[1]]
        else:
            middles.append(text)
            found[text] = text
    return found


# Few letters, so that many sentences are alike to several others.
words = st.text(st.sampled_from("春夏秋冬茶酒水火山河日月"), min_size=8, max_size=14)


@given(st.lists(words, max_size=40), st.randoms(use_true_random=False))
def test_rows_in_any_order_and_twice_give_the_same(
    sentences: list[str], shuffler: random.Random
) -> None:
    counts = {text: 1 + place % 4 for place, text in enumerate(sentences)}
    once = text_templates(table(list(counts), list(counts.values())))
    shuffled = list(counts)
    shuffler.shuffle(shuffled)
    assert text_templates(table(shuffled, [counts[text] for text in shuffled])).equals(
        once
    )
    doubled = table([*shuffled, *shuffled], [counts[text] for text in shuffled] * 2)
    assert text_templates(doubled).equals(once)


@given(st.lists(words, max_size=40))
def test_each_is_alike_to_the_middle_of_its_star(sentences: list[str]) -> None:
    """However long a chain is: a middle is its own template and the most used."""
    accounts = [1 + place % 3 for place in range(len(sentences))]
    found = templates(sentences, accounts)
    assert found.keys() == {one for one in sentences if len(pairs(one)) >= FEWEST_PAIRS}
    for text, middle in found.items():
        assert found[middle] == middle
        assert text == middle or jaccard(text, middle) >= ALIKE


def test_hashing_misses_hardly_a_pair() -> None:
    """Against all pairs compared: 98 of 100 over 41 worlds, 89 in the worst of them."""
    same = total = 0
    for seed in range(12):
        chance = random.Random(seed)
        scripts = ["".join(chance.choices(LETTERS, k=14)) for _ in range(10)]
        sentences = [edited(chance.choice(scripts), 2, chance) for _ in range(150)]
        sentences = sorted(set(sentences))
        expected = stars_by_hand(sentences, [1] * len(sentences))
        found = templates(sentences)
        same += sum(found[text] == expected[text] for text in expected)
        total += len(expected)
    assert same >= 0.95 * total


@given(st.integers(0, 2**32), st.integers(12, 30), st.integers(0, 1))
@settings(max_examples=50)
def test_planted_template_is_found_and_strangers_are_not(
    seed: int, length: int, edits: int
) -> None:
    chance = random.Random(seed)
    script = "".join(chance.choices(LETTERS, k=length))
    copies = [edited(script, edits, chance) for _ in range(20)]
    strangers = ["".join(chance.choices(LETTERS, k=length)) for _ in range(200)]
    found = templates([script, *copies, *strangers], [30, *[1] * 220])
    assert {found[copy] for copy in copies} == {script}
    assert all(found[text] == text for text in strangers if text not in copies)


def test_spelling_is_no_difference() -> None:
    """Traditional, full width, capitals: one template, without a difference left."""
    found = templates(
        [
            "这家的包装细节满分必须点赞vip",
            "這家的包裝細節滿分必須點讚ＶＩＰ",
            "这家的包装细节满分必须点赞VIP",
        ],
        [1, 5, 1],
    )
    assert set(found.values()) == {"这家的包装细节满分必须点赞vip"}


def test_laughter_is_no_template() -> None:
    assert templates(["哈哈哈哈哈哈哈哈哈哈", "加油加油加油加油加油"]) == {}
    assert templates([]) == {}


def test_most_used_sentence_is_the_middle() -> None:
    """A chain has several templates; a sentence goes to the one it is more alike to."""
    words = [SCRIPT[place : place + 9] for place in range(7)]
    found = templates(words, [1, 9, 1, 1, 1, 1, 1])
    assert found[words[0]] == words[1]
    assert found[words[2]] == words[1]
    assert len(set(found.values())) > 1
    assert all(jaccard(text, middle) >= ALIKE for text, middle in found.items())


def test_many_alike_cost_no_square() -> None:
    """Twenty thousand copies of one sentence: not two hundred million pairs."""
    chance = np.random.default_rng(7)
    script = np.array(list(SCRIPT))
    copies = np.tile(script, (20_000, 1))
    for place in (4, 11):
        copies[:, place] = chance.choice(LETTERS, 20_000)
    found = text_templates(table([SCRIPT, *map("".join, copies)], [9, *[1] * 20_000]))
    assert (found["template"] == SCRIPT).mean() > 0.999
