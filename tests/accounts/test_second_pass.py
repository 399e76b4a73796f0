"""Company with suspected accounts: who is told by it, and who must not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tasks.accounts.neighbourhood import NEIGHBOURHOOD
from tasks.accounts.phantom_score import (
    EVIDENCE,
    first_suspicion,
    score,
    with_columns_of_signs,
)
from tests.accounts.staged import act, open_staging, reposted, suspect, table
from tests.benchmarks.planted_phantoms import features_of, recalls, scored
from tests.world import WorldSpec, generate

COPIED = "家人们冲晨曦龙井真的绝了不买后悔"
SECOND = ("cowriters", "coactors")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the tables that the models read, empty."""
    with open_staging() as opened:
        yield opened


def holding(found: dict[str, Any], name: str) -> set[str]:
    """Accounts that show a sign."""
    sign = next(sign for sign in EVIDENCE if sign.name == name)
    if not found:
        return set()
    frame = with_columns_of_signs(pl.DataFrame(list(found.values())))
    held = frame.filter(sign.holds.fill_null(value=False))
    return set(held["account_id"].to_list())


def say(connection: duckdb.DuckDBPyConnection, names: list[str], text: str) -> None:
    for name in names:
        act(connection, name, text)


def test_who_copies_with_the_suspected_is_told(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    vendor = [f"vendor{number}" for number in range(12)]
    hidden = ["hidden"]
    say(connection, vendor + hidden, COPIED)
    # Four of a few can be by chance.
    say(connection, [*vendor[:4], "unlucky"], "今天的新茶喝着真的不错呀")
    fans = [f"fan{number}" for number in range(60)]
    for number in range(20):
        talk = "".join(chr(0x4E00 + 97 * number + step) for step in range(9))
        say(connection, fans[number : number + 20], talk)
    suspect(connection, [*vendor, *fans[:9]])
    found = table(connection, "account_wordings", "account_cowriters")
    assert holding(found, "cowriters") == {*vendor, "hidden"}
    assert found["hidden"]["cowriters"] == 12
    assert found["hidden"]["suspected_cowriters"] == 12
    # Nobody vouches against itself.
    assert found["vendor5"]["suspected_cowriters"] == 11
    assert found["vendor5"]["cowriters"] == 12


def test_slogans_and_the_campaigns_own_words_tie_nobody(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """However many phantoms repeat them."""
    army = [f"army{number}" for number in range(30)]
    crowd = [f"fan{number}" for number in range(180)]
    say(connection, army + crowd, "一起支持我们的哥哥新歌大卖")
    say(connection, army + crowd[:10], "第一口春天是晨曦龙井给的！")
    connection.execute(
        "insert into staging.posts (platform, post_id, account_id, text)"
        " values ('weibo', '1', 'brand',"
        " '#新茶# 雾还没散。第一口春天，是晨曦龙井给的！第一口春天是晨曦龙井给的 转发')"
    )
    say(connection, [f"person{number}" for number in range(300)], "我就随便说一句话吧")
    suspect(connection, army)
    found = table(connection, "account_wordings", "account_cowriters")
    assert found == {}


@pytest.mark.parametrize("is_all_day", [False, True])
def test_fans_of_an_attacked_post_stay_genuine(
    connection: duckdb.DuckDBPyConnection, is_all_day: bool
) -> None:
    """An army in bursts is told with those that hide in it; fans beside it are not.

    Where it is on the posts all day long, everybody meets it and it tells nobody.
    """
    random = np.random.Generator(np.random.PCG64(3))
    army = [f"army{number}" for number in range(60)]
    hidden = [f"hidden{number}" for number in range(3)]
    for post in range(12):
        came = np.flatnonzero(random.random(800) < 0.5)
        names = [f"fan{number}" for number in came] + army + hidden
        attack = 3600 + 25 * random.random(len(army) + len(hidden))
        if is_all_day:
            attack = random.exponential(3600, len(attack))
            names += army * 9
            attack = np.concatenate([attack, random.exponential(3600, 9 * len(army))])
        seconds = np.concatenate([random.exponential(3600, len(came)), attack])
        rows = pl.DataFrame({"account_id": names, "seconds": seconds + 86_400 * post})
        reposted(connection, rows.with_columns(root_post_id=pl.lit(str(post))))
    suspect(connection, [*army, *(f"fan{number}" for number in range(80))])
    found = table(connection, "account_coactors")
    told = holding(found, "coactors")
    assert not [name for name in told if name.startswith("fan")]
    if is_all_day:
        assert not told & set(hidden)
    else:
        assert set(hidden) <= told
        assert set(army) <= told
        assert found["hidden0"]["suspected_coacted_posts"] >= 10


def test_one_burst_proves_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Nor do two: a fan who happens to be there meets many at once."""
    army = [f"army{number}" for number in range(40)]
    for post in range(8):
        for number in range(40):
            act(connection, f"fan{number}", post=str(post), seconds=60.0 * number)
    for post in range(2):
        for place, name in enumerate([*army, "fan7"]):
            act(connection, name, post=str(post), seconds=420 + place / 5)
    suspect(connection, army)
    found = table(connection, "account_coactors")
    assert holding(found, "coactors") == set()


def features(**values: object) -> pl.DataFrame:
    """An average account with some values."""
    average: dict[str, object] = {
        "platform": "weibo",
        "account_id": "1",
        "observed_at": None,
        "followers_count": 300,
        "following_count": 350,
        "posts_count": 900,
        "acts": 5,
        "active_days": 5,
    }
    return pl.DataFrame([{**average, **values}])


def test_the_same_company_is_not_counted_against_itself() -> None:
    """Who is suspected for shared words only, suspects nobody for shared words."""
    words = {"long_texts": 3, "template_texts": 3, "template_sharers": 8}
    moments = {"companions": 5, "companion_posts": 3}

    def flags(frame: pl.DataFrame) -> tuple[bool, bool]:
        found = first_suspicion(frame, 0.5).row(0, named=True)
        return (
            found["is_suspected_but_for_words"],
            found["is_suspected_but_for_moments"],
        )

    assert flags(features()) == (False, False)
    assert flags(features(**words)) == (False, True)
    assert flags(features(**moments)) == (True, False)
    assert flags(features(**words, **moments)) == (True, True)
    # Who didn't act has no company, and costs nothing.
    assert len(first_suspicion(features(acts=None), 0.5)) == 0
    assert len(first_suspicion(features().drop("acts"), 0.5)) == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"cowriters": 9, "suspected_cowriters": 7, "cowriters_by_chance": 0.001},
            "7 of the 9 accounts that write the same words as it are suspected for"
            " other reasons",
        ),
        (
            {
                "coacted_posts": 6,
                "suspected_coacted_posts": 5,
                "coacted_by_chance": 0.001,
            },
            "on 5 of the 6 posts on which others acted within its ten seconds, most of"
            " these others are suspected",
        ),
        (
            {
                "targets": 12,
                "alike_targets": 10,
                "alike_targets_expected": 0.8,
                "alike_targets_by_chance": 0.001,
                "is_synchronous": True,
            },
            "10 of the 12 accounts that it follows or reposts are unusual ones of one"
            " sort (1 would be by chance)",
        ),
        (
            {"burst_followers": 28, "burst_followers_usual": 1.2, "burst_alike": 20},
            "follows an account with 19 others that were registered on the same day and"
            " look like it (1 would be usual)",
        ),
        (
            {"burst_followers": 28, "burst_followers_usual": 1.2},
            "follows an account with 27 others that were registered on the same day"
            " (1 would be usual)",
        ),
    ],
)
def test_reasons_show_what_was_seen(values: dict[str, object], reason: str) -> None:
    found = score(features(**values), 0.01, 0.8)
    assert reason in found["reasons"][0].to_list()
    # No such sign convicts an average account by itself.
    assert found["phantom_probability"][0] < 0.8


def test_missing_company_stays_missing() -> None:
    world = generate(WorldSpec(seed=5, interactions=600))
    found = features_of(world)
    for name in ("cowriters", "coacted_posts", "targets", "burst_followers"):
        assert found[name].null_count() > 0
    assert found["cowriters"].drop_nulls().min() >= 4
    assert found["targets"].drop_nulls().len() == 0


def test_no_genuine_account_is_told_by_an_attack() -> None:
    """A world in which half of all acts are phantoms': before and after."""
    world = generate(
        WorldSpec(
            seed=31,
            interactions=8000,
            accounts=2000,
            phantom_activity=0.5,
            camouflaged_share=0.25,
        )
    )
    found = features_of(world)
    signs = with_columns_of_signs(found).join(
        world.truth_accounts.select("account_id", "kind"), on="account_id"
    )
    people = signs.filter(pl.col("kind").is_in(["genuine", "inactive"]))
    for sign in NEIGHBOURHOOD:
        if sign.name in (*SECOND, "synchronous_targets"):
            held = people.filter(sign.holds.fill_null(value=False))
            assert len(held) == 0, sign.name
    before = recalls(scored(world, found, (*SECOND, "synchronous_", "follow_")))
    after = recalls(scored(world, found))
    assert after["genuine"]["from_0.8"] <= before["genuine"]["from_0.8"] + 0.001
    for kind in ("fresh", "vendor_batch", "cultivated", "camouflaged"):
        assert after[kind]["recall"] >= before[kind]["recall"], kind
