"""Meetings in threads: who meets more often than others explain, and what that adds."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.accounts.identity import Links, link_profiles
from tasks.accounts.identity_model import COMPARISONS, shipped_parameters
from tasks.accounts.meetings import (
    AGAIN_STRENGTH,
    MOST_PARTNERS,
    OFTEN_STRENGTH,
    WITHIN,
    find_meetings,
    note_entries,
)
from tests.accounts.test_identity import SCHEMA, profile
from tests.benchmarks.identity import connect

# Account, thread, author, second.
Act = tuple[int, str, str, int]
THREADS = 40
CROWD = 300


def frame_of(acts: list[Act]) -> pl.DataFrame:
    """Acts as the warehouse has them."""
    return pl.DataFrame(
        [("weibo", f"{node:06d}", *rest) for node, *rest in acts],
        schema={
            "platform": pl.String,
            "account_id": pl.String,
            "thread": pl.String,
            "author": pl.String,
            "second": pl.Int64,
        },
        orient="row",
    )


def town(random: np.random.Generator) -> list[Act]:
    """People who come to a brand's threads, most of them in the first hours."""
    acts = []
    for thread in range(THREADS):
        for node in random.choice(CROWD, 60, replace=False):
            second = thread * 86_400 + int(random.exponential(20_000))
            acts.append((int(node), f"t{thread}", "brand", second))
    return acts


def link(rows: list[dict[str, object]], acts: list[Act]) -> Links:
    """The links among profiles that acted."""
    with connect(pl.DataFrame(rows, SCHEMA), frame_of(acts)) as connection:
        return link_profiles(connection, "profiles", shipped_parameters(), acts="acts")


def ids(links: Links) -> set[tuple[str, str]]:
    """Pairs of account ids."""
    return set(links.pairs.select("account_id", "account_id_y").iter_rows())


def together(nodes: list[int], threads: range, gap: int = 600) -> list[Act]:
    """Accounts that enter threads one after the other, a quiet while after all."""
    return [
        (node, f"t{thread}", "brand", thread * 86_400 + 60_000 + step * gap)
        for thread in threads
        for step, node in enumerate(nodes)
    ]


@pytest.fixture(scope="module")
def people() -> list[dict[str, object]]:
    """Profiles that nothing joins."""
    return [profile(number) for number in range(CROWD)]


PLACE = {"location": "上海 浦东新区"}
ALIKE = [profile(900, "moluka", **PLACE), profile(901, "_moluka_77", **PLACE)]


def test_a_short_name_and_meetings_join(people: list[dict[str, object]]) -> None:
    """Neither does so alone, and strangers who meet as often stay apart."""
    crowd = town(np.random.default_rng(1))
    rows = [*people, *ALIKE, profile(902), profile(903)]
    apart = [(900, f"t{n}", "brand", n * 86_400) for n in range(5)] + [
        (901, f"t{n}", "brand", n * 86_400) for n in range(5, 10)
    ]
    assert ids(link(rows, crowd + apart)) == set()
    met = together([900, 901], range(6)) + together([902, 903], range(10, 16))
    found = link(rows, crowd + met)
    assert ids(found) == {("000900", "000901")}
    (row,) = found.pairs.to_dicts()
    assert row["meetings"] == "often"
    assert "entered the same threads within half an hour" in row["evidence"]
    assert "variants of one short name" in row["evidence"]
    # One probability, whose parts are kept: the prior and what each signal says.
    parts = [row[f"{one.name}_weight"] or 0 for one in COMPARISONS]
    prior = shipped_parameters().prior("person", 1)
    total = math.log2(prior / (1 - prior)) + sum(parts)
    assert row["match_weight"] == pytest.approx(total, abs=0.1)


def test_a_household_shares_its_threads(people: list[dict[str, object]]) -> None:
    """One telephone and many meetings are a family's as well."""
    phone = {"description": "电话13812345678", **PLACE}
    rows = [*people, profile(900, "栗旭阿冬", **phone), profile(901, "柚雨平", **phone)]
    acts = town(np.random.default_rng(1)) + together([900, 901], range(9))
    assert ids(link(rows, acts)) == set()


def test_eager_fans_are_expected_to_meet(people: list[dict[str, object]]) -> None:
    """All come in the first minutes of all threads; two of them are named alike."""
    random = np.random.default_rng(2)
    fans = [900, 901, *range(60)]
    acts = [
        (fan, f"t{thread}", "brand", thread * 86_400 + int(random.exponential(400)))
        for thread in range(THREADS)
        for fan in fans
    ]
    assert ids(link([*people, *ALIKE], town(random) + acts)) == set()


def test_a_club_is_no_person(people: list[dict[str, object]]) -> None:
    """Who meets more of those who look alike than one person has accounts."""
    for size, joined in ((4, True), (MOST_PARTNERS + 2, False)):
        rows = [
            profile(
                900 + number,
                description="晨曦茶后援会会员，只为你一人而来",
                location="上海 浦东新区" if number % 2 else "北京 朝阳区",
            )
            for number in range(size)
        ]
        acts = together([900 + number for number in range(size)], range(8), gap=100)
        found = link([*people, *rows], town(np.random.default_rng(3)) + acts)
        said = found.pairs["evidence"].str.contains("threads")
        assert bool(said.any()) is joined


def oracle(acts: list[Act]) -> dict[tuple[int, int], tuple[int, float, str]]:
    """The same with loops."""
    first: dict[tuple[int, str], int] = {}
    authors: dict[str, str] = {}
    for node, thread, author, second in acts:
        first[node, thread] = min(second, first.get((node, thread), second))
        authors[thread] = author
    entered = defaultdict(dict)
    for (node, thread), second in first.items():
        entered[node][thread] = second
    of_author: dict[str, int] = defaultdict(int)
    for _, thread in first:
        of_author[authors[thread]] += 1

    def expected(one: int, other: int) -> float:
        total = 0
        visits: dict[str, int] = defaultdict(int)
        for thread in entered[other]:
            visits[authors[thread]] += 1
        around: dict[str, int] = defaultdict(int)
        own: dict[str, int] = defaultdict(int)
        for thread, second in entered[one].items():
            own[authors[thread]] += 1
            around[authors[thread]] += sum(
                1
                for (node, place), moment in first.items()
                if place == thread and node != one and abs(moment - second) <= WITHIN
            )
        for author, count in around.items():
            if visits[author]:
                others = of_author[author] - own[author]
                total += math.ceil(1_000_000 * count * visits[author] / others)
        return total / 1_000_000

    found = {}
    for one, other in combinations(sorted(entered), 2):
        met = sum(
            1
            for thread in entered[one].keys() & entered[other].keys()
            if abs(entered[one][thread] - entered[other][thread]) <= WITHIN
        )
        if met < 2:
            continue
        chance = max(expected(one, other), expected(other, one), 1e-6)
        strength = 0.0
        if met > chance:
            strength = (met * math.log(met / chance) - met + chance) / math.log(10)
        if round(strength, 6) >= AGAIN_STRENGTH:
            grade = "often" if round(strength, 6) >= OFTEN_STRENGTH else "again"
            found[one, other] = met, chance, grade
    return found


ACTS = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.sampled_from([("t1", "a"), ("t2", "a"), ("t3", "a"), ("t4", "b")]),
        st.integers(0, 9_000),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(acts=ACTS, crowd=st.integers(0, 200), seed=st.integers(0, 9))
def test_meetings_equal_plain_loops(
    acts: list[tuple[int, tuple[str, str], int]], crowd: int, seed: int
) -> None:
    """Counts, expected counts and grades, in any order of the acts."""
    random = np.random.default_rng(seed)
    rows: list[Act] = [(node, *place, second) for node, place, second in acts]
    rows += [
        (
            10 + int(random.integers(40)),
            f"t{random.integers(1, 4)}",
            "a",
            int(random.integers(10_000, 500_000)),
        )
        for _ in range(crowd)
    ]
    nodes = sorted({row[0] for row in rows})
    with duckdb.connect() as connection:
        connection.register("given", frame_of(rows if seed % 2 else rows[::-1]))
        connection.execute("create table identity_acts as from given")
        connection.execute(
            "create table identity_nodes as select unnest($nodes) as node,"
            " 'weibo' as platform, printf('%06d', node) as account_id",
            {"nodes": nodes},
        )
        connection.execute(
            "create table identity_pairs as select"
            " one.node as node_l, other.node as node_r"
            " from identity_nodes as one inner join identity_nodes as other"
            " on one.node < other.node"
        )
        note_entries(connection)
        find_meetings(connection)
        found = {
            (one, other): (met, pytest.approx(chance), grade)
            for one, other, met, chance, grade in connection.sql(
                "select node_l, node_r, meetings, by_chance, grade"
                " from identity_meetings"
            ).fetchall()
        }
    assert oracle(rows) == found
