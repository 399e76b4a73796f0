"""Groups: dense communities with a lasting name, never chains."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations

import networkx
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tasks.accounts.coordination import benjamini_hochberg, significant_edges
from tasks.accounts.groups import DENSITY, communities, coordinated_groups


def clique(name: str, size: int) -> list[tuple[str, str]]:
    return list(combinations([f"weibo:{name}{number}" for number in range(size)], 2))


def edges_of(pairs: list[tuple[str, str]], signal: str = "repost") -> pl.DataFrame:
    return pl.DataFrame(
        pairs, schema={"account": pl.String, "account_y": pl.String}, orient="row"
    ).with_columns(signal=pl.lit(signal), objects=pl.lit(3, pl.Int64))


def seen(**days: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account": [f"weibo:{name}" for name in days],
            "first_seen_at": [datetime(2026, 3, day) for day in days.values()],  # noqa: DTZ001
        },
        schema={"account": pl.String, "first_seen_at": pl.Datetime("us")},
    )


def test_a_chain_of_strangers_is_no_group() -> None:
    """Two cliques with a bridge stay two; a long chain and a pair are none."""
    chain = [(f"weibo:c{n}", f"weibo:c{n + 1}") for n in range(40)]
    pairs = [*clique("a", 8), *clique("b", 5), ("weibo:a0", "weibo:b0"), *chain]
    found = communities(edges_of([*pairs, ("weibo:x", "weibo:y")]))
    sizes = found.group_by("community").len().sort("community")
    big = sizes.filter(pl.col("len") > 3).rows()
    assert big == [("weibo:a0", 8), ("weibo:b0", 5)]
    # A piece of chain is no group of more than three.
    assert sizes["len"].max() == 8


@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=120),
    st.randoms(use_true_random=False),
)
def test_communities_hold_what_they_promise(
    numbers: list[tuple[int, int]], shuffler: object
) -> None:
    """Whatever the order of edges: dense, each member linked, none in two."""
    pairs = [(f"weibo:{one:02}", f"weibo:{other:02}") for one, other in numbers]
    found = communities(edges_of(pairs))
    assert found["account"].is_unique().all()
    graph = networkx.Graph([pair for pair in pairs if pair[0] != pair[1]])
    for _, members in found.group_by("community"):
        inside = graph.subgraph(members["account"])
        assert len(inside) >= 3
        assert all(degree >= DENSITY * (len(inside) - 1) for _, degree in inside.degree)
        assert members["community"].unique().to_list() == [members["account"].min()]
    swapped = [(other, one) for one, other in pairs]
    shuffler.shuffle(swapped)  # type: ignore[attr-defined]
    assert communities(edges_of(swapped)).equals(found)


@given(st.lists(st.integers(3, 9), min_size=1, max_size=6))
def test_cliques_apart_are_the_components(sizes: list[int]) -> None:
    pairs = [
        pair for place, size in enumerate(sizes) for pair in clique(f"{place}-", size)
    ]
    components = {
        frozenset(part) for part in networkx.connected_components(networkx.Graph(pairs))
    }
    found = communities(edges_of(pairs)).group_by("community").agg("account")
    assert {frozenset(part) for part in found["account"]} == components


def test_group_is_named_after_its_earliest_member() -> None:
    """Others come and go; ties and unknown days are broken by the id."""
    first_seen = seen(a1=5, a2=2, a3=2, a0=9)
    members, _ = coordinated_groups(edges_of(clique("a", 5)), first_seen, 10)
    assert members["group_id"].unique().to_list() == ["weibo:a2"]
    fewer, _ = coordinated_groups(edges_of(clique("a", 4)), first_seen, 10)
    assert fewer["group_id"].unique().to_list() == ["weibo:a2"]
    unknown, _ = coordinated_groups(edges_of(clique("a", 4)), seen(), 10)
    assert unknown["group_id"].unique().to_list() == ["weibo:a0"]


def test_evidence_is_a_sentence() -> None:
    edges = pl.concat(
        [edges_of(clique("a", 4)), edges_of(clique("a", 3), signal="text")]
    )
    _, evidence = coordinated_groups(edges, seen(a0=1), 10)
    (row,) = evidence.rows(named=True)
    assert (row["linked_pairs"], row["linked_share"]) == (6, 1.0)
    assert (row["repost_pairs"], row["text_pairs"], row["reply_pairs"]) == (6, 3, 0)
    assert row["evidence"] == (
        "4 accounts: 6 of its 6 pairs reposted the same posts within 10 seconds of"
        " each other, typically 3 times; 3 of its 6 pairs wrote the same sentences,"
        " or nearly, typically 3 times; more than chance explains"
    )


def test_no_edges_are_no_groups() -> None:
    members, evidence = coordinated_groups(edges_of([]), seen(), 10)
    assert (members.height, evidence.height) == (0, 0)
    assert "evidence" in evidence.columns


def chance(rows: list[tuple[int, float, int, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema=["objects", "by_activity", "timed_objects", "by_timing"],
        orient="row",
    )


def test_an_edge_must_refute_both_nulls() -> None:
    """Improbable whom it met, and improbable when."""
    rows = [
        (6, 0.01, 6, 0.05),  # neither explains it
        (6, 0.01, 6, 4.0),  # fans who care for the same posts
        (6, 0.01, 0, 0.0),  # no moment that tells anything
        (6, 5.0, 6, 0.05),  # two that meet everybody
        (2, 0.05, 2, 0.01),  # twice is too little among so many pairs
    ]
    found = significant_edges(chance(rows), accounts=1_000)
    assert found["is_significant"].to_list() == [True, False, False, False, False]
    untimed = significant_edges(chance(rows), accounts=1_000, is_timed=False)
    assert untimed["is_significant"].to_list() == [True, True, True, False, False]
    # Twice is enough where few pairs could have met.
    few = significant_edges(chance(rows[-1:]), accounts=3)
    assert few["is_significant"].to_list() == [True]


def test_false_discoveries_are_controlled() -> None:
    """With no true edge none is found in most tables; the rate is the stated one."""
    random = np.random.default_rng(20260301)
    found = 0
    for _ in range(200):
        p_values = random.random(500)
        found += benjamini_hochberg(p_values, 500, 0.05) >= p_values.min()
    assert found <= 20
    true = np.full(50, 1e-9)
    false = 0
    for _ in range(200):
        p_values = np.concatenate([true, random.random(450)])
        passed = p_values <= benjamini_hochberg(p_values, 500, 0.05)
        false += passed[50:].sum() / passed.sum()
    assert false / 200 <= 0.05
