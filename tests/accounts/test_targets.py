"""Whom accounts point at: synchronicity and normality, bursts of followers, growth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from math import floor, log2

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.accounts.staged import NOON, act, followed, open_staging, table


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the tables that the models read, empty."""
    with open_staging() as opened:
        yield opened


def network(seed: int, people: int, army: int, community: int) -> set[tuple[str, str]]:
    """Follows of people, of an army that sells to thirty, and of a niche's fans.

    The army follows as many popular accounts besides, so as not to stand out; the
    fans of a niche follow most of its sixty small accounts and some others.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    weights = 1 / np.arange(1, 1501)
    edges: set[tuple[str, str]] = set()

    def follow(name: str, kind: str, many: int, chances: np.ndarray) -> None:
        chances = chances / chances.sum()
        chosen = random.choice(len(chances), many, replace=False, p=chances)
        edges.update((name, f"{kind}{number}") for number in chosen)

    for number in range(people):
        follow(f"p{number}", "star", 2 + int(random.lognormal(2.5, 0.6)), weights)
    for number in range(army):
        follow(f"army{number}", "customer", 18, np.ones(30))
        follow(f"army{number}", "star", 6, weights)
    for number in range(community):
        follow(f"fan{number}", "niche", 12, 1 / np.arange(1, 61) ** 0.6)
        follow(f"fan{number}", "star", 8, weights)
    return edges


def test_an_army_is_synchronous_and_people_are_not(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    followed(connection, network(4, people=5000, army=200, community=200))
    found = table(connection, "account_synchrony").values()
    told = [
        row["account_id"]
        for row in found
        if row["is_synchronous"] and row["alike_targets_by_chance"] <= 0.05
    ]
    kinds = Counter(name.rstrip("0123456789") for name in told)
    assert kinds["army"] >= 180
    assert kinds["p"] <= 2
    assert kinds["fan"] <= 4
    one = next(row for row in found if row["account_id"] == "army0")
    assert one["targets"] == 24
    assert one["alike_targets"] > 6 * one["alike_targets_expected"]


def test_synchrony_is_that_of_the_paper(connection: duckdb.DuckDBPyConnection) -> None:
    """By the sums over pairs of targets that define it, and never below the bound."""
    edges = network(5, people=150, army=20, community=0)
    followed(connection, edges)
    found = table(connection, "account_synchrony")
    targets: dict[str, set[str]] = {}
    for name, target in edges:
        targets.setdefault(name, set()).add(target)
    pointed = Counter(target for _, target in edges)
    authority: Counter[str] = Counter()
    for name, target in edges:
        authority[target] += len(targets[name])
    cell = {
        target: (floor(log2(pointed[target])), floor(log2(authority[target])))
        for target in pointed
    }
    assert set(found) == {name for name, own in targets.items() if len(own) >= 8}
    for name, row in found.items():
        own = targets[name]
        alike = sum(cell[a] == cell[b] for a in own for b in own)
        usual = sum(cell[a] == cell[b] for a in own for b in cell)
        assert row["synchronicity"] == pytest.approx(alike / len(own) ** 2, abs=1e-6)
        assert row["normality"] == pytest.approx(usual / len(own) / len(cell), abs=1e-6)
        assert row["synchronicity_excess"] >= 0


def test_a_fan_of_one_brand_has_one_target(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Its hundred posts are one author's; too few targets are no row, not a zero."""
    followed(connection, network(6, people=300, army=0, community=0))
    for number in range(100):
        connection.execute(
            "insert into staging.posts (platform, post_id, account_id, text)"
            " values ('weibo', ?, 'brand', '')",
            [str(number)],
        )
        act(connection, "loyal", post=str(number), seconds=number)
    found = table(connection, "account_synchrony")
    assert "loyal" not in found
    assert found


def test_few_targets_make_no_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """A brand's own export shows a few dozen accounts that are pointed at."""
    followed(
        connection,
        {(f"p{n}", f"t{(n * 7 + k) % 60}") for n in range(100) for k in range(9)},
    )
    assert table(connection, "account_synchrony") == {}


def register(
    connection: duckdb.DuckDBPyConnection, days: dict[str, int], **shown: str | None
) -> None:
    """Profiles by name and day of registration."""
    profiles = pl.DataFrame(
        {
            "platform": "weibo",
            "account_id": list(days),
            "screen_name": [shown.get("screen_name") or name for name in days],
            "description": shown.get("description"),
            "avatar_url": shown.get("avatar_url"),
            "registered_at": [NOON + timedelta(days=day) for day in days.values()],
        },
        schema_overrides={"description": pl.String, "avatar_url": pl.String},
    )
    connection.register("profiles", profiles)
    connection.execute(
        "insert into intermediate.account_profiles by name from profiles"
    )


def test_bought_followers_are_registered_in_a_burst(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    random = np.random.Generator(np.random.PCG64(2))
    fans = {
        f"慢慢来{number}号": int(random.integers(-2000, 0)) for number in range(600)
    }
    # A wave of a month is none; nor is a day on which everybody registers.
    fans |= {f"wave{number}人": -900 + number % 40 for number in range(160)}
    fans |= {f"day{number}人": -500 for number in range(20)}
    others = {f"other{number}": int(random.integers(-2000, 0)) for number in range(500)}
    others |= {f"that day {number}": -500 for number in range(40)}
    bought = {f"用户{5370000 + number}": -30 for number in range(25)}
    person = {"一个人": -30}
    unknown = {"nameless": -30}
    register(connection, fans | others | person, description="喝茶")
    register(connection, bought, description="", avatar_url="https://x/default/1.png")
    register(connection, unknown)
    connection.execute(
        "update intermediate.account_profiles set screen_name = null"
        " where account_id = 'nameless'"
    )
    listed = fans | bought | person | unknown
    followed(connection, {(name, "brand") for name in listed})
    followed(connection, {(name, "celebrity") for name in fans})
    found = table(connection, "follow_bursts", "account_follow_bursts")
    (burst,) = connection.sql("from intermediate.follow_bursts").pl().to_dicts()
    assert burst["account_id"] == "brand"
    assert burst["registered_day"] == (NOON - timedelta(days=30)).date()
    assert burst["followers"] >= 27
    assert burst["usual_followers"] < 2
    assert {name for name, row in found.items() if row["burst_alike"]} == set(bought)
    assert found["用户5370000"]["burst_alike"] == 25
    # Registered on that day, but not alike, or of unknown shape.
    assert {"一个人", "nameless"} <= set(found)
    assert len(found) == burst["followers"]
    assert found["nameless"]["burst_alike"] is None


def test_unknown_registration_is_no_burst(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Where a network hides it, nothing is told, neither yes nor no."""
    followed(connection, {(f"p{number}", "brand") for number in range(100)})
    assert table(connection, "follow_bursts", "account_follow_bursts") == {}


def test_growth_jumps_and_falls(connection: duckdb.DuckDBPyConnection) -> None:
    counts = [1000, 1020, 1035, 1060, 1075, 2100, 2115, 2140, 2155, 1400, 1420]
    for day, followers in enumerate(counts):
        for number, name in enumerate(("brand", "once a week")):
            if number == 0 or day % 7 == 0:
                connection.execute(
                    "insert into staging.accounts values ('weibo', ?, ?, ?)",
                    [name, followers, NOON + timedelta(days=day)],
                )
    table(connection, "follower_growth")
    rows = (
        connection.sql(
            "select account_id, day, growth, is_jump from intermediate.follower_growth"
        )
        .pl()
        .sort("account_id", "day")
    )
    brand = rows.filter(pl.col("account_id") == "brand")
    assert brand["growth"].to_list() == list(np.diff(counts))
    assert brand.filter("is_jump")["growth"].to_list() == [1025, -755]
    # Seen twice: not known.
    assert rows.filter(pl.col("account_id") != "brand")["is_jump"].to_list() == [None]
