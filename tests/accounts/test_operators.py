"""Operators: exact shared identity, a person's decisions above it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tasks.accounts.operators import MAX_SHARING, find_operators
from tasks.warehouse.seeds import SCHEMA

START = datetime(2026, 3, 1)  # noqa: DTZ001
PICTURE = "https://tvax1.sinaimg.cn/crop.0.0.180.180.180/0123456789abcdef.jpg?Expires=1"


def profile(
    key: str,
    description: str | None = None,
    avatar: str | None = None,
    day: int | None = 0,
) -> dict[str, Any]:
    """A profile first seen on a day."""
    return {
        "platform": "weibo",
        "account_id": key,
        "description": description,
        "avatar_url": avatar,
        "first_seen_at": None if day is None else START + timedelta(days=day),
    }


def operators(
    *profiles: dict[str, Any],
    overrides: list[tuple[str, str, str | None]] | None = None,
) -> dict[str, str]:
    """Operator of each account, without the platform."""
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
    frame = pl.DataFrame(
        list(profiles),
        schema={
            "platform": pl.String,
            "account_id": pl.String,
            "description": pl.String,
            "avatar_url": pl.String,
            "first_seen_at": pl.Datetime("us"),
        },
    )
    found = find_operators(frame, pl.DataFrame(decided, schema=SCHEMA))
    assert found.height == len(profiles)
    return {
        row["account_id"]: row["operator_id"].removeprefix("weibo:")
        for row in found.to_dicts()
    }


@pytest.mark.parametrize(
    ("one", "other", "linked"),
    [
        ("合作VX: tea_master1", "v信：TEA_MASTER1 谢谢", True),  # case, word, colon
        ("微信tea_master1", "联系 wechat: tea_master1", True),
        ("电话13800138000", "☎ 13800138000 找我", True),
        ("QQ：123456", "扣扣 123456", True),
        ("a.b@example.cn", "mail A.B@example.cn", True),
        ("QQ 1234", "QQ 1234", False),  # too short for a number
        ("电话12345678901", "电话12345678901", False),  # no mobile prefix
        ("order 2138001380001", "order 2138001380001", False),  # a longer number
        ("爱喝茶", "爱喝茶", False),  # words that anybody may use
        (None, None, False),
        ("", "", False),
    ],
)
def test_contact_links_accounts(
    one: str | None, other: str | None, linked: bool
) -> None:
    found = operators(profile("1", one), profile("2", other, day=1))
    assert found == {"1": "1", "2": "1" if linked else "2"}


@pytest.mark.parametrize(
    ("one", "other", "linked"),
    [
        (PICTURE, PICTURE.replace("Expires=1", "Expires=2"), True),  # signed anew
        (PICTURE, PICTURE.replace("tvax1", "tva4"), True),  # another host, same file
        (PICTURE, PICTURE.replace("cdef", "cdee"), False),
        ("https://x.cn/default/0123456789abcdef0.jpg",) * 2 + (False,),
        ("https://x.cn/images/avatar.jpg",) * 2 + (False,),  # names no upload
    ],
)
def test_picture_links_accounts(one: str, other: str, linked: bool) -> None:
    found = operators(profile("1", None, one), profile("2", None, other))
    assert (found["1"] == found["2"]) is linked


def test_value_that_many_share_links_nobody() -> None:
    """A hotline is no person; at the limit it still is one."""
    some = [profile(str(n), "VX: hotline123") for n in range(MAX_SHARING)]
    assert len(set(operators(*some).values())) == 1
    more = [*some, profile("999", "VX: hotline123")]
    assert len(set(operators(*more).values())) == len(more)


def test_operator_is_named_by_its_earliest_member() -> None:
    """And keeps that name when members come and go."""
    first = profile("7", "VX: master77", day=3)
    later = profile("1", "VX: master77", day=5)
    newest = profile("0", "VX: master77", day=9)
    undated = profile("00", "VX: master77", day=None)
    assert set(operators(first, later).values()) == {"7"}
    assert set(operators(first, newest).values()) == {"7"}
    assert set(operators(undated, newest, later, first).values()) == {"7"}
    # Of two seen in the same moment the lower id.
    tied = profile("6", "VX: master77", day=3)
    assert set(operators(first, tied).values()) == {"6"}


def test_links_chain_over_different_signals() -> None:
    """A shares a contact with B, B a picture with C: one operator."""
    found = operators(
        profile("1", "VX: master77"),
        profile("2", "VX: master77", PICTURE),
        profile("3", None, PICTURE),
        profile("4"),
    )
    assert found == {"1": "1", "2": "1", "3": "1", "4": "4"}


def test_decisions_win_over_links() -> None:
    pair = (profile("1", "VX: master77"), profile("2", "VX: master77", day=1))
    assert operators(*pair, overrides=[("split", "2", None)]) == {"1": "1", "2": "2"}
    apart = (profile("1"), profile("2", day=1))
    assert operators(*apart, overrides=[("merge", "2", "1")]) == {"1": "1", "2": "1"}
    # A split ends links, not what a person merged.
    assert operators(
        *pair, profile("3"), overrides=[("split", "2", None), ("merge", "2", "3")]
    ) == {"1": "1", "2": "3", "3": "3"}
    # Decisions on accounts that were never seen do nothing.
    assert operators(
        *apart, overrides=[("merge", "1", "404"), ("split", "5", None)]
    ) == {
        "1": "1",
        "2": "2",
    }


def test_split_of_the_hub_leaves_the_others_together() -> None:
    """The account that a value's links happen to run over."""
    three = [profile(str(n), "VX: master77", day=n) for n in (1, 2, 3)]
    assert operators(*three, overrides=[("split", "1", None)]) == {
        "1": "1",
        "2": "2",
        "3": "2",
    }


def test_nobody_gives_nobody() -> None:
    assert operators() == {}
