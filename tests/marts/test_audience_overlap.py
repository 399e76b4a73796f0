"""How far audiences overlap: counted in another way, and nobody told of among few."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any

import duckdb
import pytest

from tasks.warehouse.models import check_rows, load_models

_TABLES = """
create schema intermediate;
create schema meta;
create schema marts;
create table intermediate.campaign_people (
    campaign_id text, platform text, account_id text, engagements bigint
);
create table intermediate.audience_members (
    brand_id text, audience text, day date, platform text, account_id text
);
create table intermediate.partner_engagers (
    campaign_id text, partner_id text, platform text, account_id text
);
create table intermediate.accounts (
    platform text, account_id text, is_genuine boolean, shown text, score_bin bigint
);
create table meta.campaigns (campaign_id text, campaign_name text);
create table meta.brands (brand_id text, brand_name text);
create table meta.partners (campaign_id text, partner_id text, partner_name text);
create table marts.campaigns (campaign_id text, engaged_accounts bigint);
create table marts.partner_results (
    campaign_id text, partner_id text, engaged_accounts bigint
);
"""
Audience = tuple[str, str]


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables of what audiences are made of."""
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        yield connection


def put(
    connection: duckdb.DuckDBPyConnection, audiences: dict[Audience, set[str]]
) -> None:
    """Write who is in which audience; some of them twice."""
    for (kind, name), accounts in audiences.items():
        if kind == "campaign":
            connection.execute("insert into meta.campaigns values ($1, $1)", [name])
        elif kind == "partner":
            connection.execute(
                "insert into meta.partners values ($1, $2, $2)", name.split(":")
            )
        else:
            connection.execute("insert into meta.brands values ($1, $1)", [name])
        for account in sorted(accounts):
            if kind == "campaign":
                connection.execute(
                    "insert into intermediate.campaign_people"
                    " values ($1, 'weibo', $2, 2)",
                    [name, account],
                )
            elif kind == "partner":
                connection.execute(
                    "insert into intermediate.partner_engagers"
                    " values ($1, $2, 'weibo', $3)",
                    [*name.split(":"), account],
                )
            else:
                audience = "followers" if kind == "brand_followers" else "engagers"
                connection.executemany(
                    "insert into intermediate.audience_members"
                    " values (?, ?, ?, 'weibo', ?)",
                    [
                        [name, audience, "2026-03-01", account],
                        [name, audience, "2026-03-02", account],
                    ],
                )


def judge(
    connection: duckdb.DuckDBPyConnection, accounts: set[str], phantoms: set[str]
) -> None:
    """Write the verdicts; all accounts are known."""
    connection.executemany(
        "insert into intermediate.accounts values ('weibo', ?, ?, 'profile', 3)",
        [[account, account not in phantoms] for account in sorted(accounts)],
    )


def overlap(
    connection: duckdb.DuckDBPyConnection, min_cell: int = 1
) -> dict[tuple[str, ...], dict[str, Any]]:
    """The mart's rows by pair; the check finds nothing bad in them."""
    model = load_models("marts")["marts.audience_overlap"]
    connection.execute(
        f"create or replace table marts.audience_overlap as {model.sql}",
        {"min_cell": min_cell},
    )
    names = [column.name for column in model.columns]
    rows = connection.execute("from marts.audience_overlap").fetchall()
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return {tuple(row[name] for name in model.grain): row for row in told}


@pytest.mark.parametrize("seed", range(4))
def test_overlaps_are_those_of_sets(
    warehouse: duckdb.DuckDBPyConnection, seed: int
) -> None:
    rng = Random(seed)
    people = [f"{number}" for number in range(60)]
    audiences: dict[Audience, set[str]] = {
        (kind, name): set(rng.sample(people, rng.randint(0, 40)))
        for kind, name in (
            *(("campaign", f"c{number}") for number in range(4)),
            *(("brand", f"b{number}") for number in range(2)),
            *(("partner", f"c{number}:kol") for number in range(3)),
        )
    }
    phantoms = set(rng.sample(people, 20))
    put(warehouse, audiences)
    judge(warehouse, set(people), phantoms)
    found = overlap(warehouse)
    expected = 0
    for one, other in combinations(sorted(audiences), 2):
        if one[0] != other[0] and {one[0], other[0]} != {"brand", "partner"}:
            assert (*one, *other) not in found
            continue
        a, b = audiences[one], audiences[other]
        if not a & b:
            assert (*one, *other) not in found
            continue
        expected += 1
        row = found[(*one, *other)]
        assert (row["one_accounts"], row["other_accounts"]) == (len(a), len(b))
        assert row["shared_accounts"] == len(a & b)
        assert row["share_of_smaller"] == round(len(a & b) / min(len(a), len(b)), 6)
        assert row["jaccard"] == round(len(a & b) / len(a | b), 6)
        a, b = a - phantoms, b - phantoms
        if a & b:
            assert row["genuine_shared_accounts"] == len(a & b)
            assert row["genuine_jaccard"] == round(len(a & b) / len(a | b), 6)
            assert row["genuine_share_of_smaller"] == round(
                len(a & b) / min(len(a), len(b)), 6
            )
        else:
            assert row["genuine_shared_accounts"] is None
    assert len(found) == expected > 5


@pytest.mark.parametrize(
    ("shared", "phantoms", "alone", "told", "genuine"),
    [
        (4, 0, 0, False, None),
        (5, 0, 0, True, 5),
        (5, 1, 0, True, None),  # one phantom among them
        (9, 4, 0, True, None),
        (10, 5, 0, True, 5),
        (10, 6, 0, True, None),  # four genuine ones
        (10, 10, 0, True, None),
        # How many of an audience are genuine is told elsewhere: less those of the
        # shared ones, it would be said of the one who isn't shared.
        (10, 5, 1, True, None),
        (10, 5, 4, True, None),
        (10, 5, 5, True, 5),
    ],
)
def test_nothing_is_told_of_few(
    warehouse: duckdb.DuckDBPyConnection,
    shared: int,
    phantoms: int,
    alone: int,
    told: bool,
    genuine: int | None,
) -> None:
    both = {f"{number}" for number in range(shared)}
    only = {f"b{number}" for number in range(alone)}
    put(warehouse, {("campaign", "a"): both, ("campaign", "b"): both | only})
    judge(warehouse, both | only, {f"{number}" for number in range(phantoms)})
    rows = list(overlap(warehouse, min_cell=5).values())
    assert [row["genuine_shared_accounts"] for row in rows] == (
        [genuine] if told else []
    )


def test_who_is_known_by_a_name_only_is_not_called_genuine(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    both = {f"{number}" for number in range(9)}
    put(warehouse, {("brand_followers", name): both for name in ("x", "y")})
    judge(warehouse, both, set())
    key = ("brand_followers", "x", "brand_followers", "y")
    assert overlap(warehouse)[key]["genuine_shared_accounts"] == 9
    warehouse.execute(
        "update intermediate.accounts set shown = 'name', score_bin = 0"
        " where account_id < '5'"
    )
    row = overlap(warehouse)[key]
    assert (row["shared_accounts"], row["genuine_shared_accounts"]) == (9, None)


def test_check_finds_another_size(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, {("campaign", name): {"1", "2"} for name in ("a", "b")})
    judge(warehouse, {"1", "2"}, set())
    overlap(warehouse)
    name = "checks.fail__audience_overlap_equals_campaigns"
    checks = [load_models("checks")[name]]
    warehouse.execute("insert into marts.campaigns values ('a', 2), ('b', 2)")
    assert check_rows(warehouse, checks, {}) == {name: 0}
    warehouse.execute("update marts.campaigns set engaged_accounts = 3")
    assert check_rows(warehouse, checks, {}) == {name: 2}
