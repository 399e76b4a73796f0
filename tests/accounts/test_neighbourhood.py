"""Signs of company: planted by hand, one at a time, and in worlds with their truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pytest

from tasks.accounts.phantom_score import EVIDENCE, score, with_columns_of_signs
from tests.accounts.staged import NOON, act, open_staging, reposted, table
from tests.benchmarks.planted_phantoms import features_of, recalls, scored
from tests.world import WorldSpec, generate


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the tables that the models read, empty."""
    with open_staging() as opened:
        yield opened


def test_templates_are_what_few_repeat(connection: duckdb.DuckDBPyConnection) -> None:
    for number in range(3):
        for ending in ("哈哈[心]", "！！ @某人 ", "123 https://t.cn/A1"):
            # The same words behind names, marks and numbers are the same words.
            act(connection, f"copy{number}", f"这个节气礼盒真的太好喝了吧{ending}")
    for number in range(9):
        # Said once by each: small talk, however many say it.
        act(connection, f"fan{number}", "今天的新茶真的很好喝呀")
    for number in range(201):
        # A fan club's slogan.
        for _ in range(2):
            act(connection, f"club{number}", "一起支持我们的哥哥新歌大卖")
    # One that repeats only itself is found elsewhere, and short words say nothing.
    for _ in range(5):
        act(connection, "alone", "独自一人反复说同样的话")
        act(connection, "short", "支持国货")
    # In lotteries people wish themselves luck in the same words, again and again.
    for number in range(20):
        for _ in range(6):
            act(connection, f"hopeful{number}", "希望这次能抽到我呀谢谢品牌方")
    # What is quoted is somebody else's.
    act(connection, "quoter", "转//@copy1:这个节气礼盒真的太好喝了吧")
    for mark in ("|| @t_copy1", "||@t_copy2"):
        act(connection, "quoter", f"转播 {mark}: 这个节气礼盒真的太好喝了吧")
    found = table(connection, "account_wordings", "account_templates")
    told = {
        key: (row["template_texts"], row["template_sharers"])
        for key, row in found.items()
        if row["template_texts"]
    }
    assert told == {f"copy{number}": (3, 2) for number in range(3)}
    assert found["alone"]["long_texts"] == 5
    assert "short" not in found
    assert "quoter" not in found


def test_a_clock_is_one_minute_kept(connection: duckdb.DuckDBPyConnection) -> None:
    for step in range(6):
        act(connection, "program", seconds=step * 1800 + step)
        act(connection, "person", seconds=step * 2000 + step * step * 97)
        # A burst is one moment.
        act(connection, "burst", seconds=step)
    found = table(connection, "account_clock")
    assert found["program"]["moments_of_one_minute"] == 6
    assert found["person"]["moments_of_one_minute"] < 4
    assert "burst" not in found


def test_company_is_kept_twice(connection: duckdb.DuckDBPyConnection) -> None:
    for post in ("1", "2"):
        for number in range(4):
            act(connection, f"member{number}", post=post, seconds=number * 3)
        act(connection, "late", post=post, seconds=30)
    # Once is chance.
    act(connection, "stranger", post="1", seconds=2)
    act(connection, "stranger", post="3", seconds=2)
    found = table(connection, "account_company")
    assert set(found) == {f"member{number}" for number in range(4)}
    assert found["member0"]["companions"] == 3
    assert found["member0"]["companion_posts"] == 2


def test_a_crowd_is_no_company(connection: duckdb.DuckDBPyConnection) -> None:
    """A hundred thousand pairs that prove nothing are never made."""
    connection.execute(
        "insert into staging.interactions select 'weibo', 'repost',"
        " 'fan' || (number % 500), cast(number // 500 as varchar),"
        " timestamp '2026-03-01 12:00:00', date '2026-03-01', '转发微博', 1, number"
        " from range(1000) as numbers (number)"
    )
    assert table(connection, "account_company") == {}


@pytest.mark.parametrize(
    ("fans", "posts", "minutes"),
    [
        (3000, 10, 20),  # a brand's fans, within the hour
        (1000, 40, 20),  # fewer who come again and again
        (3000, 4, 60),  # one campaign
    ],
)
def test_fans_meet_by_chance_and_a_group_does_not(
    connection: duckdb.DuckDBPyConnection, fans: int, posts: int, minutes: int
) -> None:
    random = np.random.Generator(np.random.PCG64(5))
    for post in range(posts):
        came = np.flatnonzero(random.random(fans) < 0.8)
        moment = random.exponential(60 * minutes)
        names = [f"fan{number}" for number in came]
        names += [f"group{number}" for number in range(10)]
        seconds = np.concatenate(
            [
                random.exponential(60 * minutes, len(came)),
                moment + 9 * random.random(10),
            ]
        )
        rows = pl.DataFrame({"account_id": names, "seconds": seconds + 86_400 * post})
        reposted(connection, rows.with_columns(root_post_id=pl.lit(str(post))))
    found = pl.DataFrame(list(table(connection, "account_company").values()))
    many = found.filter(pl.col("companions") >= 3)["account_id"].to_list()
    assert len([name for name in many if name.startswith("fan")]) <= 0.002 * fans
    assert len(found) < 0.05 * fans
    # The crowd hides nobody who keeps company on every post.
    assert {f"group{number}" for number in range(10)} <= set(many)


def test_a_batch_is_more_than_chance(connection: duckdb.DuckDBPyConnection) -> None:
    def register(account: str, name: str, day: int, description: str = "") -> None:
        connection.execute(
            "insert into intermediate.account_profiles"
            " values ('weibo', ?, ?, ?, null, ?)",
            [account, name, description, NOON + timedelta(days=day)],
        )

    for number in range(6):
        register(f"batch{number}", f"好物推荐官{number:03d}", 7, "真实不做作的分享")
        register(f"spread{number}", f"爱喝茶的小鹿{number}", 10 * number)
    for number in range(60):
        # All of a platform's newcomers of a day with a name that it hands out.
        register(f"person{number}", f"用户{1234567 + number}", number % 3)
    found = table(connection, "account_cohorts")
    assert found["batch0"]["same_stem"] == 6
    assert found["batch0"]["same_description"] == 6
    assert found["spread0"]["same_stem"] == 1
    signs = with_columns_of_signs(pl.DataFrame(list(found.values())))
    batch = next(sign for sign in EVIDENCE if sign.name == "batch_of_names")
    held = signs.filter(batch.holds.fill_null(value=False))["account_id"].to_list()
    assert sorted(held) == [f"batch{number}" for number in range(6)]


def test_planted_phantoms_are_found_by_kind() -> None:
    """Floors well below the benchmark's figures: they tell a break, not a drift."""
    world = generate(
        WorldSpec(seed=11, interactions=6000, accounts=1500, camouflaged_share=0.25)
    )
    accounts = scored(world)
    busy = recalls(accounts.filter(pl.col("seen") >= 5))
    every = recalls(accounts.filter(pl.col("seen") >= 1))
    assert every["fresh"]["recall"] > 0.95
    assert every["vendor_batch"]["recall"] > 0.95
    assert busy["cultivated"]["recall"] > 0.75
    assert busy["camouflaged"]["recall"] > 0.3
    assert every["genuine"]["from_0.8"] < 0.04


def test_kinds_are_told_apart() -> None:
    """A kind that is told is the planted one; what nothing tells stays open."""
    world = generate(WorldSpec(seed=12, interactions=6000, accounts=1500))
    found = score(features_of(world), 0.5, 0.8).join(
        world.truth_accounts.select("account_id", "kind"), on="account_id"
    )
    told = found.filter(pl.col("account_kind").is_not_null())
    for kind in ("fresh", "vendor_batch", "cultivated"):
        mine = told.filter(pl.col("account_kind") == kind)
        assert len(mine) > 10, kind
        assert mine["kind"].eq(kind).mean() > 0.9, kind
    quiet = told.filter(pl.col("account_kind") == "inactive")
    assert len(quiet) > 10
    assert quiet["kind"].is_in(["inactive", "genuine"]).all()
    assert quiet["phantom_level"].eq("genuine").all()


def test_features_are_a_function_of_the_world() -> None:
    world = generate(WorldSpec(seed=3, interactions=600))
    first = features_of(world).sort("account_id")
    assert features_of(world).sort("account_id").equals(first)
