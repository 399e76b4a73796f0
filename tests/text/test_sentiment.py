"""Sentiment: any text has three probabilities, whatever stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.character_ngrams import LONGEST, key_of, make_vocabulary, plain_words
from tasks.text.feeling_words import FEELING_WORDS
from tasks.text.sentiment import (
    BALANCE_ERROR,
    LABELS,
    SHIPPED,
    SentimentModel,
    read_model,
    score,
    shipped_model,
    three_probabilities,
    write_model,
)
from tasks.text.sentiment_training import FEWEST_TEXTS, even_weights, train

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=20)


def sides(*texts: str) -> list[str]:
    table = score(pl.Series(texts)).to_numpy()
    return [LABELS[place] for place in table.argmax(axis=1)]


@given(TEXTS)
def test_every_text_has_three_probabilities(texts: list[str | None]) -> None:
    table = score(pl.Series(texts, dtype=pl.String))
    assert table.columns == list(LABELS)
    assert table.height == len(texts)
    values = table.to_numpy()
    assert (values > 0).all()
    assert np.allclose(values.sum(axis=1), 1, atol=1e-12)


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_text_is_judged_alone(texts: list[str | None], shuffler: object) -> None:
    """The same row wherever it stands, down to the last bit."""
    together = score(pl.Series(texts, dtype=pl.String)).rows()
    order = list(range(len(texts)))
    shuffler.shuffle(order)  # type: ignore[attr-defined]
    shuffled = score(pl.Series([texts[place] for place in order], dtype=pl.String))
    assert [together[place] for place in order] == shuffled.rows()
    for place, text in enumerate(texts[:3]):
        alone = score(pl.Series([text], dtype=pl.String)).rows()
        assert alone == together[place : place + 1]


def test_chunks_change_nothing() -> None:
    texts = pl.Series([f"第{number}杯茶真好喝" for number in range(9_000)])
    assert score(texts)[4_095:4_099].equals(score(texts[4_095:4_099]))


def test_plain_cases() -> None:
    assert sides("太好喝了，强烈推荐，很满意", "质量太差了，再也不买了") == [
        "positive",
        "negative",
    ]
    assert sides("今天发布会在北京举行") == ["neutral"]


@pytest.mark.parametrize(
    ("praise", "blame"),
    [("好喝", "不好喝"), ("我喜欢这个", "我不喜欢这个"), ("值得买", "不值得买")],
)
def test_negation_turns_praise(praise: str, blame: str) -> None:
    table = score(pl.Series([praise, blame]))
    share = table["positive"] / (table["positive"] + table["negative"])
    assert share[1] < share[0] - 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("难喝死了", "難喝死了"),
        ("质量很好，点赞", "質量很好，點讚"),
        ("ＧＯＯＤ！很好", "good!很好"),
        ("好喝 https://t.cn/A6x1 @某人 ", "好喝"),
        ("买了3次", "买了27次"),
    ],
)
def test_spellings_that_mean_the_same(one: str, other: str) -> None:
    assert score(pl.Series([one])).rows() == score(pl.Series([other])).rows()


def test_emoticons_tell() -> None:
    table = score(pl.Series(["今天[泪][泪]", "今天[心][赞]"]))
    assert table["negative"][0] > table["negative"][1]


def test_missing_words_get_the_shares_of_training() -> None:
    prior = shipped_model().prior
    for row in score(pl.Series([None, "", " ", "@某人 https://t.cn/x"])).rows():
        assert row == pytest.approx(tuple(prior / prior.sum()))


def ngram_texts(model: SentimentModel) -> Iterator[str]:
    """The n-grams of a model's vocabulary as text, simplified; edges as blanks."""
    letters: dict[int, str] = {}
    for code_point in np.flatnonzero(model.vocabulary.character):
        number = int(model.vocabulary.character[code_point])
        letters.setdefault(number, chr(code_point))
    for key in model.vocabulary.keys.tolist():
        numbers = [(key >> (20 * place)) & 0xFFFFF for place in range(LONGEST)]
        yield "".join(letters[number] for number in reversed(numbers) if number)


def test_shipped_vocabulary_shows_nobody() -> None:
    """No names that are called, no addresses, no numbers."""
    ngrams = list(ngram_texts(shipped_model()))
    assert len(ngrams) > 50_000
    assert not any("@" in ngram for ngram in ngrams)
    assert not any(re.search(r"[1-9]", ngram) for ngram in ngrams)
    assert not any("http" in ngram for ngram in ngrams)


def labelled() -> pl.DataFrame:
    """A small set in which one word decides."""
    rows = []
    for number in range(60):
        tail = "啊哦嗯呀呢吧"[number % 6] * (1 + number // 6 % 3)
        where = "东西南北"[number % 4]
        rows += [
            (f"{where}边的茶很棒{tail}", "positive", "weibo"),
            (f"{where}边的茶很烂{tail}", "negative", "weibo"),
            (f"{where}边有茶{tail}", "neutral", "weibo"),
        ]
    rows += [(f"秘密词汇很棒{n}号[心]", "positive", "weibo") for n in range(3)]
    return pl.DataFrame(rows, schema=["text", "label", "source"], orient="row")


def test_training_is_the_same_twice_and_in_any_order() -> None:
    texts = labelled()
    first, second = train(texts), train(texts.sample(fraction=1, shuffle=True, seed=3))
    arrays, again = write_model(first), write_model(second)
    assert arrays.keys() == again.keys()
    for name, array in arrays.items():
        assert np.array_equal(array, again[name]), name
    texts = pl.Series(["南边的茶很棒", "南边的茶很烂"])
    kept = read_model(arrays)
    assert score(texts, kept).rows() == score(texts, first).rows()
    assert score(texts, first)["positive"].to_list()[0] > 0.6
    assert score(texts, first)["negative"].to_list()[1] > 0.6


def test_what_few_texts_say_is_not_kept() -> None:
    """Three texts, each also without its emoticon, are three authors at most."""
    assert FEWEST_TEXTS > 3
    ngrams = set(ngram_texts(train(labelled())))
    assert not any("秘" in ngram or "密" in ngram for ngram in ngrams)
    assert any("棒" in ngram for ngram in ngrams)


def test_half_of_each_source_is_positive() -> None:
    source = np.array(["a"] * 4 + ["b"] * 2 + ["c"] * 100)
    positive = np.array([True, False, False, False, True, True] + [True] + [False] * 99)
    weight = np.where(source == "a", 6.0, 1.0)
    even = even_weights(source, positive, weight)
    assert even[:4].tolist() == [12, 4, 4, 4]
    assert even[4:6].tolist() == [1, 1]  # of one side only: as they are
    assert even[6] == 10  # not 50: a single text would decide
    assert even[7:] == pytest.approx([50 / 99] * 99)


def test_a_kind_of_which_nearly_all_is_bad_has_no_bad_name() -> None:
    """Half of its texts say nothing: then the kind's own word says nothing either."""
    rows = []
    for number in range(240):
        label = "negative" if number % 20 else "positive"
        word = {"negative": "很烂", "positive": "很棒"}[label]
        tail = "啊哦嗯呀呢吧"[number % 6] + "一二三四五六七"[number % 7]
        said = word if number // 20 % 2 else ""
        rows.append((f"{'东西南北'[number // 6 % 4]}边客栈{said}{tail}", label, "inns"))
    inns = pl.DataFrame(rows, schema=["text", "label", "source"], orient="row")
    model = train(pl.concat([labelled(), inns]))
    table = score(pl.Series(["客栈", "客栈很棒", "客栈很烂"]), model)
    name, good, bad = table["positive"] / (table["positive"] + table["negative"])
    assert name == pytest.approx(0.5, abs=0.2)
    assert good > 0.7
    assert bad < 0.3


def test_the_error_of_the_kind_is_the_cards() -> None:
    card = SHIPPED.with_suffix(".md").read_text(encoding="utf-8")
    (told,) = re.findall(r"root mean square of these errors is ([0-9.]+);", card)
    assert float(told) == BALANCE_ERROR


@pytest.mark.parametrize("label", LABELS)
def test_training_needs_every_label(label: str) -> None:
    with pytest.raises(ValueError, match=f"labelled .*{label}"):
        train(labelled().filter(pl.col("label") != label))


def test_a_listed_word_speaks_for_its_list() -> None:
    """Posts show 愤怒 only; 无耻 stands in reviews, good and bad ones alike."""
    posts = labelled().with_columns(pl.col("text").str.replace("很烂", "很愤怒"))
    reviews = pl.DataFrame(
        [
            (f"无耻和无聪都在，{word}{number % 7}{'呀啊哦'[number % 3]}", label, "shop")
            for number, letter in enumerate("甲乙丙丁戊己庚辛壬癸")
            for word, label in (
                (f"好{letter}", "positive"),
                (f"坏{letter}", "negative"),
            )
        ],
        schema=posts.schema,
        orient="row",
    )
    model = train(pl.concat([posts, reviews]))
    listed, other = score(pl.Series(["无耻", "无聪"]), model)["negative"]
    assert listed > other + 0.05


def test_feeling_words_are_stems() -> None:
    for name, words in FEELING_WORDS.items():
        found = words.split()
        assert len(found) == len(set(found)), name
        assert all(1 <= len(word) <= 3 for word in found), name
        assert plain_words(pl.Series(found)).to_list() == found, name


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_leaning_to_a_side_is_not_neutral(polarity: float, neutrality: float) -> None:
    scores = np.array([[polarity, neutrality], [-polarity, neutrality]])
    one, other = three_probabilities(scores)
    assert one.sum() == pytest.approx(1)
    assert np.allclose(one, other[::-1])
    further = three_probabilities(scores + [[np.sign(polarity), 0], [0, 0]])[0]
    assert further[1] <= one[1]


@given(st.sets(st.text("茶好坏泪", min_size=1, max_size=3), max_size=60))
def test_vocabulary_finds_exactly_its_own(ngrams: set[str]) -> None:
    character = np.zeros(0x30000, dtype=np.uint32)
    for number, letter in enumerate("茶好坏泪", start=1):
        character[ord(letter)] = number
    # Whatever begins or ends a known one is known, too.
    whole = {
        gram[start:stop]
        for gram in ngrams
        for start in range(len(gram))
        for stop in range(start + 1, len(gram) + 1)
    }
    keys = np.array([key_of(gram, character) for gram in whole], dtype=np.uint64)
    vocabulary = make_vocabulary(character, keys)
    text = "茶好坏泪茶茶坏好泪泪好茶坏坏"
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    for length, found in enumerate(vocabulary.features(codes), start=1):
        for place in range(len(text) - length + 1):
            gram = text[place : place + length]
            assert (found[place] >= 0) == (gram in whole)
            if gram in whole:
                assert vocabulary.keys[found[place]] == key_of(gram, character)
