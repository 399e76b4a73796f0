"""What comments say: marts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.text.sentiment import BALANCE_ERROR
from tests.workspaces import Lab, comment, repost, status, user

GOOD, BAD, PLAIN = (
    "太好喝了，很满意，推荐",
    "质量太差了，再也不买了",
    "今天发布会在北京举行",
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.configure(post_ids=["1"])
    return made


def people(number: int) -> dict[str, object]:
    return user(500 + number, f"person {number}")


def test_days_by_hand(lab: Lab) -> None:
    """Wordless comments are counted and not judged; phantoms' count raw only."""
    lab.override("phantom,weibo,502,,,bought,ann,2026-03-20")
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            comment(10, 1, people(1), GOOD),
            comment(11, 1, people(2), GOOD),
            comment(12, 1, people(3), BAD),
            comment(13, 1, people(4), PLAIN),
            comment(14, 1, people(5), "@Aurora"),
            # Others' words after the chain's mark are not this author's.
            comment(15, 1, people(6), f"//@person 3:{BAD}"),
            comment(16, 1, people(7), BAD, day=3),
            comment(17, 1, people(8), BAD, day=20),
            comment(19, 1, people(10), "@Aurora", day=5),
            repost(18, 1, people(9), GOOD),
        ],
    )
    lab.run(tables=["feedback_daily", "campaigns"])
    days = {
        row["activity_day"].day: row for row in lab.dicts("from marts.feedback_daily")
    }
    assert sorted(days) == [1, 3, 5]
    day = days[1]
    assert (day["comments"], day["wordless"]) == (6, 2)
    assert (day["positive"], day["neutral"], day["negative"]) == (2, 1, 1)
    assert (day["genuine_comments"], day["genuine_positive"]) == (5, 1)
    assert (day["sentiment_net"], day["genuine_sentiment_net"]) == (0.25, 0)
    wide = 1.96 * BALANCE_ERROR
    assert day["sentiment_net_low"] == pytest.approx(0.25 - wide, abs=1e-6)
    assert day["sentiment_net_high"] == pytest.approx(0.25 + wide, abs=1e-6)
    assert days[3]["sentiment_net"] == days[3]["sentiment_net_low"] == -1
    assert days[3]["sentiment_net_high"] == pytest.approx(wide - 1, abs=1e-6)
    assert days[5]["sentiment_net_low"] is days[5]["sentiment_net_high"] is None
    (whole,) = lab.dicts("from marts.campaigns")
    assert (whole["comments"], whole["sentiment_net"]) == (8, 0)
    assert whole["sentiment_net_high"] == pytest.approx(wide, abs=1e-6)
    assert whole["sentiment_net_low"] == -whole["sentiment_net_high"]


def test_a_rise_of_negative_voice_is_told_the_same_day(lab: Lab) -> None:
    lines: list[object] = [status(1)]
    number = 10
    for day in range(1, 12):
        for _ in range(40 if day == 11 else 3):
            lines.append(comment(number, 1, people(number), BAD, day=day))
            number += 1
    lab.put("export/a.jsonl", lines)
    lab.run(tables=["feedback_daily"])
    rises = lab.rows(
        "select activity_day from marts.feedback_daily where is_negative_rise"
    )
    assert [day.day for (day,) in rises] == [11]


def test_examples_only_where_they_are_wanted(lab: Lab) -> None:
    """And then without names, links and numbers; another policy makes them anew."""
    themes = (
        ("客服", "电话", "换货", "推脱"),
        ("口感", "清爽", "回甘", "细腻"),
        ("快递", "包装", "破损", "退款"),
        ("价格", "优惠", "划算", "活动"),
    )
    comments = []
    for n in range(80):
        theme = themes[n % 4]
        words = f"{theme[n // 4 % 4]}{theme[(n // 4 + 1) % 4]}"
        comments.append(
            comment(10 + n, 1, people(n), f"这次的{words} @person {n} 订单{n}88")
        )
    lab.put("export/a.jsonl", [status(1), *comments])
    for wanted in (False, True):
        lab.configure(post_ids=["1"], policies=f"examples = {str(wanted).lower()}")
        lab.run(tables=["feedback_topics"])
        topics = lab.dicts("from marts.feedback_topics order by topic")
        assert len(topics) >= 2, wanted
        joined = {term for row in topics for term in row["terms"]}
        assert {"客服", "口感"} <= joined, wanted
        examples = [text for row in topics for text in row["examples"]]
        assert bool(examples) == wanted
        assert not any("person" in text or "88" in text for text in examples)
        about = next(row for row in topics if "客服" in row["terms"])
        assert about["comments"] == 20, wanted
        assert about["sentiment_net"] < 0, wanted
