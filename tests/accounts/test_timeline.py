"""`intermediate.account_timeline`: what is counted of an account's last acts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.accounts.features import build_features
from tasks.warehouse.database import connect
from tests.workspaces import Lab, comment, repost, status, user

# Who acts in the shared workspace, and how.
WRITER, NIGHT_OWL, BUSY, BREAKS, REPOSTER, EARLY = (
    user(21 + number, name)
    for number, name in enumerate(
        ("writer", "night owl", "busy", "breaks", "reposter", "early")
    )
)
# Of these the fifty newest acts begin on different days.
SPREAD = {days: user(40 + days, f"spread {days}") for days in (1, 3, 12)}
CLOCKS = [f"{hour:02}:{minute:02}:00" for hour in range(5) for minute in (0, 30)]


def moments_of(days: int) -> list[tuple[int, str]]:
    """Day and clock of 57 acts on so many days."""
    return [(1 + n % days, f"09:{n // days:02}:00") for n in range(57)]


def acts() -> list[dict[str, Any]]:
    """Everybody's acts; nobody's are counted with another's."""
    return [
        status(1, day=1),
        # Two texts that differ in number, name and link only are one text.
        status(
            2, "面膜代理 加我 5 @阿茶 http://t.cn/a", WRITER, source="<a>iPhone 6</a>"
        ),
        status(
            3,
            "面膜代理 加我 9 @小明 http://t.cn/b",
            WRITER,
            source="<a>微博 weibo.com</a>",
        ),
        status(4, "【转发抽奖】#春日新茶# 我~[哈哈]！", WRITER),
        # The filler and what others said are no text of one's own.
        repost(5, 1, WRITER, "转发微博"),
        repost(6, 1, WRITER, "//@阿茶:代理"),
        repost(8, 1, WRITER, "转播 || @achai: 代理 || @other: 面膜"),
        comment(7, 1, WRITER, "好茶"),
        *(
            status(100 + place, f"text {place}", NIGHT_OWL, clock=clock)
            for place, clock in enumerate(CLOCKS)
        ),
        *(
            status(200 + place, "x" * place, BUSY, clock=f"09:{place % 60:02}:00")
            for place in range(60)
        ),
        *(repost(300 + day, 1, BREAKS, day=day) for day in (1, 2, 9)),
        *(repost(400 + n, 1, REPOSTER, day=1 + n) for n in range(6)),
        *(repost(500 + n, 1, EARLY, clock=f"{9 + n:02}:10:00") for n in range(6)),
        repost(600, 1, user(30, "other"), day=20),
        *(
            status(1000 * days + n, "x" * n, author, day=day, clock=clock)
            for days, author in SPREAD.items()
            for n, (day, clock) in enumerate(moments_of(days))
        ),
    ]


@pytest.fixture
def acted(lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace of one's own in which everybody acted; behaviour of three days."""

    def make(lab: Lab) -> None:
        lab.configure(policies="behaviour_days = 3")
        lab.put("export/a.jsonl", acts())
        lab.run_to_accounts()

    return lab_once("acts-of-all-kinds", make)


def timeline(lab: Lab, author: dict[str, Any]) -> dict[str, Any]:
    """The timeline of an account."""
    (row,) = lab.dicts(
        f"from intermediate.account_timeline where account_id = '{author['id']}'"
    )
    return row


def test_texts_and_clients_are_counted_by_what_they_show(acted: Lab) -> None:
    found = timeline(acted, WRITER)
    assert {
        name: found[name]
        for name in (
            "acts",
            "posts",
            "reposts",
            "texts",
            "distinct_texts",
            "sales_texts",
            "lottery_texts",
            "link_texts",
            "mention_texts",
            "topic_texts",
            "headline_texts",
            "emoticon_texts",
            "first_person_texts",
            "clients_known",
            "clients",
            "phone_acts",
            "web_acts",
        )
    } == {
        "acts": 7,
        "posts": 3,
        "reposts": 3,
        "texts": 4,
        "distinct_texts": 3,
        "sales_texts": 2,
        "lottery_texts": 1,
        "link_texts": 2,
        "mention_texts": 2,
        "topic_texts": 1,
        "headline_texts": 1,
        "emoticon_texts": 1,
        # 加我 speaks of the author as well.
        "first_person_texts": 3,
        "clients_known": 2,
        "clients": 2,
        "phone_acts": 1,
        "web_acts": 1,
    }


def test_rhythm_is_told_in_local_time(acted: Lab) -> None:
    """Every half hour through a night; the workspace's clock is Shanghai's."""
    found = timeline(acted, NIGHT_OWL)
    assert found["night_acts"] == found["half_hour_acts"] == found["acts"] == 10
    assert found["hours"] == 5
    assert (found["gaps"], found["gap_sum"]) == (9, 9 * 1800)
    assert found["gap_square_sum"] == 9 * 1800**2
    assert (found["regular_gaps"], found["regular_gap_minutes"]) == (9, 30)
    assert (found["gaps_below_ten_minutes"], found["gaps_below_hour"]) == (0, 9)


def test_only_the_last_fifty_acts_count(acted: Lab) -> None:
    """Ties in time are broken by kind and id, never by arrival."""
    found = timeline(acted, BUSY)
    assert (found["acts"], found["gaps"]) == (50, 49)
    assert found["text_length"] == sum(range(10, 60))


def test_acts_count_whatever_their_age(acted: Lab) -> None:
    """Who was last seen long before others is judged by what was seen of it."""
    assert timeline(acted, BREAKS)["acts"] == 3
    # Pace is counted in days that end with its own last act.
    assert acted.dicts(
        "select acts, active_days from intermediate.account_behaviour"
        f" where account_id = '{BREAKS['id']}'"
    ) == [{"acts": 1, "active_days": 1}]


def test_an_old_account_gives_the_same_whoever_acts_later(acted: Lab) -> None:
    key = EARLY["id"]
    tables = [
        f"from intermediate.{name} where account_id = '{key}'"
        for name in ("account_timeline", "account_behaviour", "account_clock")
    ]
    told = [acted.dicts(table) for table in tables]
    assert told[2] == [
        {
            "platform": "weibo",
            "account_id": str(key),
            "moments": 6,
            "moments_of_one_minute": 6,
        }
    ]
    acted.put("export/b.jsonl", [status(90, author=user(30, "other"), day=28)])
    acted.put("export/c.jsonl", [repost(91, 90, user(31, "third"), day=30)])
    acted.run_to_accounts()
    assert [acted.dicts(table) for table in tables] == told


@pytest.mark.parametrize("days", SPREAD)
def test_newest_acts_are_those_of_sorting_all(acted: Lab, days: int) -> None:
    """The days on which they begin are found from counts; the outcome is the same."""
    found = timeline(acted, SPREAD[days])
    moments = moments_of(days)
    newest = sorted(range(57), key=lambda n: moments[n])[-50:]
    assert found["acts"] == 50
    assert found["days"] == len({moments[n][0] for n in newest})
    assert found["text_length"] == sum(newest)


def test_a_campaigns_reposts_show_no_habits(acted: Lab) -> None:
    """Where no post of one's own is landed, only reposting is an artefact."""
    features = build_features(
        acted.features().filter(pl.col("account_id") == str(REPOSTER["id"])),
        "timeline",
    )
    (row,) = features.to_dicts()
    for name in (
        "repost_share",
        "clients_per_post",
        "phone_share",
        "comments_per_post",
    ):
        assert row[name] is None
    assert row["acts_per_active_day"] == 1


_KEPT = ("account_behaviour", "account_timeline", "account_clock")
_WORDS = "from intermediate.judged_words order by all"


def test_what_is_kept_equals_what_is_made_anew(lab: Lab, tmp_path: Path) -> None:
    """New acts, new counters of old posts, an author who was hidden: and no others."""
    days = [
        [
            status(1, day=1, comments_count=0),
            status(2, "mine", WRITER, day=1, comments_count=0),
            *(repost(10 + n, 1, WRITER, clock=f"{9 + n:02}:10:00") for n in range(4)),
            *(repost(20 + n, 1, user(23, "third"), day=2 + n) for n in range(3)),
            {**repost(30, 1, user(24, "fourth"), day=2), "user": None},
        ],
        [repost(14, 1, WRITER, "words of its own", clock="20:10:00")],
        [status(2, "mine", WRITER, day=1, comments_count=9)],
        [repost(30, 1, user(24, "fourth"), day=2)],
        [repost(14, 1, WRITER, "words of its own and more", clock="20:10:00")],
    ]
    for number, records in enumerate(days):
        lab.put(f"export/{number}.jsonl", records)
        lab.run_to_accounts(f"run {number}")
        with connect(lab.workspace.database) as connection:
            connection.execute(
                "update intermediate.account_timeline set web_acts = 77"
                " where account_id = '23'"
            )
    # Whose acts nobody touched is not read again.
    assert (
        lab.value(
            "select web_acts from intermediate.account_timeline where account_id = '23'"
        )
        == 77
    )
    anew = Lab(tmp_path / "anew")
    anew.configure()
    for number, records in enumerate(days):
        anew.put(f"export/{number}.jsonl", records)
    anew.run_to_accounts()
    for name in _KEPT:
        told = f"from intermediate.{name} where account_id <> '23' order by all"
        assert lab.dicts(told) == anew.dicts(told) != []
    # Words that nobody wrote any more are gone.
    assert lab.dicts(_WORDS) == anew.dicts(_WORDS)
    words = [row["words"] for row in anew.dicts(_WORDS)]
    assert "words of its own and more" in words
    assert "words of its own" not in words
