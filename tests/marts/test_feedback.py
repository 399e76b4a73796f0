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


def test_rises_of_either_voice_are_told_the_same_day(lab: Lab) -> None:
    """Praise is a burst where likely phantoms say it, blame is told whoever says it."""
    lines: list[object] = [status(1)]
    number = 10
    for day in range(1, 12):
        for _ in range(40 if day == 11 else 3):
            lines.append(comment(number, 1, people(number), BAD, day=day))
            number += 1
    bought = range(number, number + 30)
    for day, praise in ((12, bought), (13, range(number + 30, number + 60))):
        lines += [comment(n, 1, people(n), GOOD, day=day) for n in praise]
    lab.put("export/a.jsonl", lines)
    lab.override(*(f"phantom,weibo,{500 + n},,,bought,ann,2026-03-20" for n in bought))
    lab.run(tables=["feedback_daily", "feedback_authenticity"])
    days = {
        row["activity_day"].day: row for row in lab.dicts("from marts.feedback_daily")
    }
    assert [day for day, row in days.items() if row["is_negative_rise"]] == [11]
    assert [day for day, row in days.items() if row["is_praise_burst"]] == [12]
    assert days[2]["is_praise_burst"] is None, "nothing precedes"
    assert (days[12]["phantom_positive"], days[13]["phantom_positive"]) == (30, 0)
    # Wilson's interval of 30 of 30, and of none.
    assert days[12]["phantom_positive_share_low"] == pytest.approx(0.8865, abs=1e-4)
    assert days[13]["phantom_positive_share_low"] == 0
    assert days[1]["phantom_negative"] is None, "three are too few to tell of"
    tones = {
        row["sentiment"]: row for row in lab.dicts("from marts.feedback_authenticity")
    }
    praise_row, blame = tones["positive"], tones["negative"]
    assert (praise_row["comments"], praise_row["phantom_comments"]) == (60, 30)
    assert (praise_row["phantom_share"], praise_row["is_suspected"]) == (0.5, True)
    assert praise_row["phantom_share_low"] == pytest.approx(0.3773, abs=1e-4)
    assert praise_row["phantom_share_high"] == pytest.approx(0.6227, abs=1e-4)
    assert (blame["phantom_share"], blame["phantom_share_low"]) == (0, 0)
    assert blame["is_suspected"] is False
    assert tones["neutral"]["phantom_share"] is None


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
