"""Operators: groups of linked accounts, a person's decisions above them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import polars as pl
import pytest

from tasks.accounts.operators import LINKS_SCHEMA, batch_members, find_operators
from tasks.warehouse.seed_tables import OVERRIDE_SCHEMA

START = datetime(2026, 3, 1)  # noqa: DTZ001
Link = tuple[str, str] | tuple[str, str, str]


def found(
    accounts: dict[str, int | None],
    links: list[Link],
    overrides: list[tuple[str, str, str | None]] | None = None,
) -> dict[str, dict[str, Any]]:
    """What is said of each account, by its id.

    Args:
        accounts: day on which each was first seen.
        links: pairs, persons' ones unless a third word says batch.
        overrides: decision, account, other account.
    """
    decided = [
        {
            "kind": kind,
            "platform": "weibo",
            "account_id": one,
            "with_platform": "weibo",
            "with_account_id": other,
        }
        for kind, one, other in overrides or []
    ]
    profiles = pl.DataFrame(
        [
            ("weibo", key, None if day is None else START + timedelta(days=day))
            for key, day in accounts.items()
        ],
        schema={
            "platform": pl.String,
            "account_id": pl.String,
            "first_seen_at": pl.Datetime("us"),
        },
        orient="row",
    )
    pairs = pl.DataFrame(
        [
            ("weibo", min(one, other), "weibo", max(one, other), 0.97, 5.0 + place,
             *(kind or ["person"]), f"The two accounts are alike ({place}).")
            for place, (one, other, *kind) in enumerate(links)
        ],
        schema=LINKS_SCHEMA,
        orient="row",
    )  # fmt: skip
    rows = find_operators(
        profiles, pairs, pl.DataFrame(decided, schema=OVERRIDE_SCHEMA)
    )
    assert rows.height == len(accounts)
    shuffled = find_operators(
        profiles.reverse(),
        pairs.reverse(),
        pl.DataFrame(decided, schema=OVERRIDE_SCHEMA),
    )
    assert shuffled.equals(rows)
    return {row["account_id"]: row for row in rows.to_dicts()}


def operators(*arguments: Any, **more: Any) -> dict[str, str]:
    """Operator of each account, without the platform."""
    return {
        key: row["operator_id"].removeprefix("weibo:")
        for key, row in found(*arguments, **more).items()
    }


def test_operator_is_named_by_its_earliest_member() -> None:
    """And keeps that name when members come and go."""
    assert set(operators({"7": 3, "1": 5}, [("7", "1")]).values()) == {"7"}
    three = {"7": 3, "0": 9, "00": None}
    pairs = list(combinations(three, 2))
    assert set(operators(three, pairs).values()) == {"7"}
    # Of two seen in the same moment the lower id.
    assert set(operators({"7": 3, "6": 3}, [("7", "6")]).values()) == {"6"}


def test_one_wrong_link_does_not_chain_two_people() -> None:
    ann, bob = [f"a{n}" for n in range(4)], [f"b{n}" for n in range(4)]
    links = [*combinations(ann, 2), *combinations(bob, 2), ("a0", "b0")]
    assert operators(dict.fromkeys(ann + bob, 1), links) == {
        **dict.fromkeys(ann, "a0"),
        **dict.fromkeys(bob, "b0"),
    }
    # A longer chain of single links is nobody's.
    chain = [f"c{n}" for n in range(12)]
    parts = operators(
        dict.fromkeys(chain, 1), list(zip(chain, chain[1:], strict=False))
    )
    assert max(list(parts.values()).count(name) for name in parts.values()) <= 4


def test_a_batch_hangs_together_along_its_registrations() -> None:
    """Each is linked to the next few; two batches that touch once stay two."""
    first, second = ([f"{name}{n:02}" for n in range(24)] for name in "vw")
    links = [
        (names[one], names[other], "batch")
        for names in (first, second)
        for one in range(24)
        for other in range(one + 1, min(one + 12, 24))
    ]
    rows = found(dict.fromkeys(first + second, 1), [*links, ("v20", "w03", "batch")])
    assert {row["method"] for row in rows.values()} == {"batch"}
    for names in (first, second):
        assert {rows[name]["operator_id"] for name in names} == {f"weibo:{names[0]}"}


def test_what_is_said_of_an_account_is_its_weightiest_link() -> None:
    rows = found({"1": 1, "2": 1, "3": 1, "4": 1}, list(combinations("123", 2)))
    assert rows["1"]["evidence"] == "The two accounts are alike (1)."
    assert rows["2"]["evidence"] == rows["3"]["evidence"]
    assert (rows["1"]["method"], rows["1"]["operator_probability"]) == ("profile", 0.97)
    own = rows["4"]
    assert (own["method"], own["evidence"], own["operator_probability"]) == (
        "own",
        "",
        1.0,
    )


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([("split", "2", None)], {"1": "1", "2": "2", "3": "3"}),
        ([("merge", "3", "1")], {"1": "1", "2": "1", "3": "1"}),
        # A split ends links, not what a person merged.
        ([("split", "2", None), ("merge", "2", "3")], {"1": "1", "2": "2", "3": "2"}),
        # Decisions on accounts that were never seen do nothing.
        (
            [("merge", "3", "404"), ("split", "5", None)],
            {"1": "1", "2": "1", "3": "3"},
        ),
    ],
)
def test_decisions_win_over_links(
    overrides: list[tuple[str, str, str | None]], expected: dict[str, str]
) -> None:
    assert operators({"1": 1, "2": 1, "3": 1}, [("1", "2")], overrides) == expected


def test_merged_accounts_say_so() -> None:
    rows = found({"1": 1, "2": 1}, [], [("merge", "2", "1")])
    assert {row["method"] for row in rows.values()} == {"override"}
    assert {row["evidence"] for row in rows.values()} == {"were merged by a person"}


def test_nobody_gives_nobody() -> None:
    assert operators({}, []) == {}


def test_batches_are_told_and_second_accounts_are_not() -> None:
    """Who was merged or split by a person stands in no batch."""
    told = pl.DataFrame(
        list(
            found(
                {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6},
                [
                    ("a", "b", "batch"),
                    ("b", "c", "batch"),
                    ("a", "c", "batch"),
                    ("c", "f", "batch"),
                    ("d", "e"),
                ],
                [("split", "f", None)],
            ).values()
        )
    )
    if "platform" not in told.columns:
        told = told.with_columns(platform=pl.lit("weibo"))
    assert batch_members(told).select("account_id", "batch_accounts").sort(
        "account_id"
    ).rows() == [("a", 3), ("b", 3), ("c", 3)]
