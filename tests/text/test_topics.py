"""Topics of comments, their trend, and what examples may show."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.text.topics import TOPICS, find_topics, redact, rising

_FIRST = date(2026, 3, 1)
# What each planted topic's comments are made of, and how they sound.
_PLANTED = {
    "delivery": (["物流", "快递", "包裹", "配送"], -0.6),
    "package": (["包装", "盒子", "礼盒", "颜色"], 0.5),
    "taste": (["味道", "口感", "茶叶", "香气"], 0.2),
}


def _say(topic: str, rng: random.Random, day: int, number: int) -> dict[str, object]:
    words, net = _PLANTED[topic]
    text = "，".join(rng.sample(words, 3)) + rng.choice(["啊", "呢", "吧", "！"])
    return {
        "platform": "weibo",
        "interaction_id": f"{topic}-{day:02}-{number:03}",
        "campaign_id": "spring",
        "date_day": _FIRST + timedelta(days=day),
        "text": text,
        "person": f"{topic}-{number}",
        "is_genuine": number % 2 == 0,
        "negative": 0.5 - net / 2,
        "neutral": 0.0,
        "positive": 0.5 + net / 2,
    }


def _campaign(seed: int, last_day: dict[str, int]) -> pl.DataFrame:
    rng = random.Random(seed)
    return pl.DataFrame(
        [
            _say(topic, rng, day, number)
            for topic in _PLANTED
            for day in range(8)
            for number in range(last_day.get(topic, 10) if day == 7 else 10)
        ]
    )


def test_what_few_people_say_is_not_told() -> None:
    """Four people's words show who they are, however often they say them."""
    comments = _campaign(1, {})
    # Everybody else stays as many as they are; of delivery four people speak, and
    # comments whose author is gone are nobody's.
    four = pl.concat_str(pl.lit("d"), pl.int_range(pl.len()) % 4)
    few = comments.with_columns(
        person=pl.when(pl.col("interaction_id").str.starts_with("delivery"))
        .then(pl.when(pl.int_range(pl.len()) % 9 > 0).then(four))
        .otherwise("person")
    )
    words = set(_PLANTED["delivery"][0])
    assert words & set(find_topics(comments)["terms"].explode())
    assert len(find_topics(few)) == 2
    assert not words & set(find_topics(few)["terms"].explode())
    assert len(find_topics(few, fewest_people=4)) == 3
    assert find_topics(comments, fewest_people=11).is_empty()


def test_planted_topics_are_found_with_their_words_tone_and_trend() -> None:
    comments = _campaign(1, {"delivery": 40, "taste": 0, "package": 10})
    found = find_topics(comments)
    assert found.schema == TOPICS
    assert found["topic"].to_list() == [1, 2, 3]
    by_word = {row["terms"][0]: row for row in found.to_dicts()}
    planted = {frozenset(words): (net, name) for name, (words, net) in _PLANTED.items()}
    seen = {}
    for row in by_word.values():
        net, name = planted[frozenset(row["terms"])]
        assert row["sentiment_net"] == pytest.approx(net)
        truth = comments.filter(pl.col("interaction_id").str.starts_with(name))
        assert row["comments"] == len(truth)
        assert row["genuine_comments"] == truth["is_genuine"].sum()
        assert len(row["examples"]) == 3
        seen[name] = row["trend"]
        days = {day["date_day"]: day for day in row["days"]}
        assert len(days) == (7 if name == "taste" else 8), "none on the last day"
        for key, sum_of in (("comments", "comments"), ("genuine_comments",) * 2):
            assert sum(day[key] for day in days.values()) == row[sum_of]
        side = "negative" if net < 0 else "positive"
        assert all(day[side] == day["comments"] for day in days.values())
        rises = [day for day, told in days.items() if told["is_negative_rise"]]
        # Blame for nothing else: 40 of 50 that day, 10 of 30 before.
        assert rises == ([_FIRST + timedelta(days=7)] if name == "delivery" else [])
        assert days[_FIRST]["is_negative_rise"] is None, "nothing precedes"
    # ten a day before: 40 is a rise, none at all a fall, ten neither
    assert seen == {"delivery": "rising", "taste": "falling", "package": "steady"}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_row_order_does_not_matter(seed: int) -> None:
    comments = _campaign(2, {})
    mixed = comments.sample(fraction=1, shuffle=True, seed=seed)
    assert find_topics(mixed).equals(find_topics(comments))


def test_campaigns_do_not_touch_each_other() -> None:
    one = _campaign(3, {})
    two = _campaign(4, {"taste": 30}).with_columns(campaign_id=pl.lit("autumn"))
    together = find_topics(pl.concat([one, two]))
    assert together.equals(pl.concat([find_topics(two), find_topics(one)]))


def test_words_of_few_comments_are_no_topic() -> None:
    few = _campaign(5, {}).head(4)
    assert find_topics(few).is_empty()
    assert find_topics(few.clear()).schema == TOPICS


def test_a_small_topic_is_told_when_it_rises() -> None:
    comments = _campaign(8, {})
    scandal = comments.head(12).with_columns(
        interaction_id=pl.lit("scandal-") + pl.int_range(12).cast(pl.String),
        text=pl.lit("发霉了！"),
    )
    told = scandal.with_columns(date_day=pl.lit(_FIRST + timedelta(days=7)))
    found = find_topics(pl.concat([comments, told]))
    assert found.filter(pl.col("trend") == "rising")["terms"].to_list() == [["发霉"]]
    # as many over all days are a word, no topic
    spread = scandal.with_columns(
        date_day=_FIRST + pl.duration(days=pl.int_range(12) % 8)
    )
    found = find_topics(pl.concat([comments, spread]))
    assert ["发霉"] not in found["terms"].to_list()


def test_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="lack the columns is_genuine"):
        find_topics(_campaign(6, {}).drop("is_genuine"))


def test_missing_sentiment_stays_missing() -> None:
    silent = _campaign(7, {}).with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("negative", "positive")
    )
    assert find_topics(silent)["sentiment_net"].is_null().all()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # the chain is another's words
        ("好喝//@somebody:不好喝", "好喝"),
        ("回复@茶友小李:包装很好", "…包装很好"),
        ("看 https://t.cn/A6abc 包装", "看 … 包装"),
        ("电话13800000000，请联系", "电话…，请联系"),
        ("全角１２３也是数字", "全角…也是数字"),
        ("写信给tea@example.com吧", "写信给…吧"),
        ("晨曦茶客说好喝", "…说好喝"),
        ("张三丰说好喝", "…说好喝"),
    ],
)
def test_examples_show_no_person(text: str, shown: str) -> None:
    assert redact(pl.Series([text]), ["晨曦茶客"]).to_list() == [shown]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.text(), max_size=5))
def test_any_text_is_redacted_alone(texts: list[str | None]) -> None:
    texts = [t and t.encode("utf-8", "ignore").decode() for t in texts]
    together = redact(pl.Series(texts, dtype=pl.String)).to_list()
    alone = [redact(pl.Series([t], dtype=pl.String))[0] for t in texts]
    assert together == alone
    for text in together:
        assert text is None or not any(c.isdecimal() or c in "@＠" for c in text)


def _daily(counts: np.ndarray, said: np.ndarray) -> pl.DataFrame:
    keys, days = counts.shape
    return pl.DataFrame(
        {
            "key": np.repeat(np.arange(keys), days),
            "date_day": [_FIRST + timedelta(days=d) for d in range(days)] * keys,
            "negative": counts.ravel(),
            "said": said.ravel(),
        }
    )


def _rises(counts: np.ndarray, said: np.ndarray) -> pl.DataFrame:
    return rising(_daily(counts, said), ["key"], "negative", "said")


def _told(found: pl.DataFrame, day: int) -> float:
    """Share of the keys whose rise is told on a day."""
    there = found.filter(pl.col("date_day") == _FIRST + timedelta(days=day))
    return float(there["is_rising"].fill_null(False).mean())


def test_a_rise_is_told_the_same_day_and_seldom_without_one() -> None:
    rng = np.random.default_rng(11)
    said = rng.poisson(60, (300, 20))
    said[:, 16] *= 8  # a burst of comments
    quiet = rng.binomial(said, 0.2)
    found = _rises(quiet, said)
    # 17 judged days a key, and at most one alarm in a hundred of them
    assert found["is_rising"].drop_nulls().len() == 300 * 17
    assert found["is_rising"].mean() < 0.005
    assert _told(found, 16) < 0.01, "a burst is no rise"
    # days that differ by themselves: one share a day, 13 to 27 in a hundred
    share = rng.beta(19.6, 78.4, (300, 20))
    assert _rises(rng.binomial(said, share), said)["is_rising"].mean() < 0.01
    # thirty negative comments more, and as many comments as before
    more, other = quiet.copy(), said.copy()
    more[:, 12] += 30
    other[:, 12] += 30
    assert _told(_rises(more, other), 12) > 0.95
    other = quiet.copy()
    other[:, 12] = rng.binomial(said[:, 12], 0.5)
    assert _told(_rises(other, said), 12) > 0.9


def test_where_all_is_negative_the_number_is_judged() -> None:
    """A share of all can't rise; four times as many can."""
    said = np.array([[10, 12, 9, 11, 10, 12, 40], [10, 12, 9, 11, 10, 12, 14]])
    found = _rises(said, said)
    assert found.filter("is_rising")["key"].to_list() == [0]
    assert _told(found, 6) == 0.5


def test_days_to_come_and_other_keys_change_nothing() -> None:
    rng = np.random.default_rng(12)
    said = rng.poisson(15, (3, 25))
    daily = _daily(rng.binomial(said, 0.3), said)
    until = _FIRST + timedelta(days=19)
    whole = rising(daily, ["key"], "negative", "said")
    early = daily.filter(pl.col("date_day") <= until)
    found = rising(early, ["key"], "negative", "said")
    assert whole.filter(pl.col("date_day") <= until).equals(found)
    # what happened more than 14 days before says nothing
    late = pl.col("date_day") >= until - timedelta(days=14)
    alone = daily.filter(late & (pl.col("key") == 1)).sample(
        fraction=1, shuffle=True, seed=1
    )
    here = (pl.col("key") == 1) & (pl.col("date_day") == until)
    found = rising(alone, ["key"], "negative", "said")
    assert found.filter(here).equals(whole.filter(here))


@pytest.mark.parametrize(
    ("negative", "said", "told"),
    [
        # nothing precedes the first burst
        ([90], [100], [None]),
        # two days are too few, and so are three with nine comments
        ([2, 2, 90], [20, 20, 100], [None] * 3),
        ([1, 1, 1, 90], [3, 3, 3, 100], [None] * 4),
        ([1, 1, 1, 90], [3, 3, 4, 100], [None, None, None, True]),
        # days without comments are no days that tell of what is usual
        ([2, 0, 0, 90], [20, 0, 0, 100], [None] * 2),
        # less than five are none
        ([0, 0, 0, 4], [200, 200, 200, 4], [None, None, None, False]),
        ([0, 0, 0, 5], [200, 200, 200, 5], [None, None, None, True]),
    ],
)
def test_a_rise_needs_days_to_rise_over(
    negative: list[int], said: list[int], told: list[bool | None]
) -> None:
    found = _rises(np.array([negative]), np.array([said]))
    assert found["is_rising"].to_list() == told
    assert found["expected"].is_null().to_list() == [one is None for one in told]


def test_no_comments_and_counts_that_are_not_summed() -> None:
    one = _daily(np.ones((1, 2), dtype=np.int64), np.ones((1, 2), dtype=np.int64))
    assert rising(one.clear(), ["key"], "negative", "said").is_empty()
    with pytest.raises(ValueError, match="occur twice"):
        rising(pl.concat([one, one]), ["key"], "negative", "said")


def _course(seed: int, shares: Callable[[int], float], days: int = 12) -> pl.DataFrame:
    """Thirty comments a day, of which this share are about delivery on each."""
    rng = random.Random(seed)
    rows = []
    for day in range(days):
        about = [
            "delivery"
            if rng.random() < shares(day)
            else rng.choice(["taste", "package"])
            for _ in range(30)
        ]
        rows += [_say(topic, rng, day, number) for number, topic in enumerate(about)]
    return pl.DataFrame(rows)


def _trend_of_delivery(comments: pl.DataFrame) -> str | None:
    found = find_topics(comments).filter(
        pl.col("terms").list.set_intersection(_PLANTED["delivery"][0]).list.len() > 0
    )
    (trend,) = found["trend"].to_list()
    return trend


def test_topic_that_grows_over_days_rises_and_one_that_fades_falls() -> None:
    seeds = range(40, 50)
    grown = [
        _trend_of_delivery(_course(n, lambda day: 0.15 + 0.04 * day)) for n in seeds
    ]
    faded = [
        _trend_of_delivery(_course(n, lambda day: 0.6 - 0.04 * day)) for n in seeds
    ]
    still = [_trend_of_delivery(_course(n, lambda day: 0.3)) for n in seeds]
    jumped = [
        _trend_of_delivery(_course(n, lambda day: 0.7 if day == 11 else 0.2))
        for n in seeds
    ]
    assert grown.count("rising") >= 9
    assert faded.count("falling") >= 9
    assert jumped.count("rising") >= 9
    assert still.count("steady") >= 9
    few = _course(1, lambda day: 0.3, days=3)
    assert _trend_of_delivery(few) is None
