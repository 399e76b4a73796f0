"""Erasure of a person from records, in the shapes of the networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.sources.answers import CONTEXT
from tasks.sources.erasure import (
    Erased,
    Landed,
    erase_from,
    keep_out_erased,
    names_in,
    with_names,
    without_person,
)
from tasks.warehouse.people import ERASED, Person
from tasks.warehouse.rejected import bare_reason
from tasks.warehouse.tombstones import buried, bury

ANN = Person("weibo", "1234567890", frozenset({"安安的小店", "Ann_88"}))
USER = {"id": 1234567890, "idstr": "1234567890", "screen_name": "安安的小店"}
BEN = {"id": 77, "screen_name": "Ben"}


@pytest.mark.parametrize(
    ("record", "left"),
    [
        # A post of hers, and her profile.
        ({"id": 1, "text": "hi", "user": USER}, []),
        (USER, []),
        # Of an embedded post its id stays: the repost is Ben's.
        (
            {
                "id": 2,
                "user": BEN,
                "retweeted_status": {"id": 1, "text": "hi", "user": USER},
            },
            [{"id": 2, "user": BEN, "retweeted_status": {"id": 1}}],
        ),
        # What she said in a chain goes, what others said before her stays.
        (
            {"id": 3, "user": BEN, "text": "yes//@安安的小店: my words//@Ben:first"},
            [{"id": 3, "user": BEN, "text": "yes//@[erased]://@Ben:first"}],
        ),
        (
            {"text": "a//<a href='/n/Ann_88'>@Ann_88</a>:words//<a>@Ben</a>:b"},
            [{"text": "a//@[erased]://<a>@Ben</a>:b"}],
        ),
        (
            {"text": "ask @Ann_88, not @Ann_889"},
            [{"text": "ask @[erased], not @Ann_889"}],
        ),
        ({"text": "weibo.com/1234567890/Ab"}, [{"text": "weibo.com/[erased]/Ab"}]),
        ({"text": "call 12345678901"}, [{"text": "call 12345678901"}]),
        # Replies of others to her comment stand for themselves.
        (
            {
                "id": 4,
                "user": USER,
                "text": "mine",
                "comments": [{"id": 5, "user": BEN, "rootid": 4}, {"user": USER}],
            },
            [{"id": 5, "user": BEN, "rootid": 4}],
        ),
        ({"in_reply_to_user_id": 1234567890}, [{"in_reply_to_user_id": None}]),
        (
            {"entities": {"mentions": [{"id": "1234567890", "username": "Ann_88"}]}},
            [{"entities": {"mentions": []}}],
        ),
        ({"platform": "weibo", "account_id": "9", "follower_id": "1234567890"}, []),
        ({"user_id": "\t1234567890", "text": "from a CSV"}, []),
        # The list of her followers is about her.
        ({"id": 77, "name": "Ben", CONTEXT: {"target": "1234567890"}}, []),
        ({"id": 6, "text": "something else"}, [{"id": 6, "text": "something else"}]),
    ],
)
def test_records_without_a_person(record: Any, left: list[Any]) -> None:
    assert without_person(record, ANN) == left


def test_names_are_told_by_records() -> None:
    record = {"text": "@Ben", "retweeted_status": {"id": 1, "user": USER}}
    assert names_in(record, ANN) == {"安安的小店"}


def test_short_ids_are_authors_only() -> None:
    """On WordPress a 3 may count anything; accounts are numbered by site."""
    person = Person("wordpress", "tea.example:3")
    comment = {"id": 3, "author": 5, "author_name": "Ben", "post": 3}
    topic = {"id": 3, "name": "tea", "taxonomy": "tag"}
    here, there = {"site": "tea.example"}, {"site": "rice.example"}
    records = [
        {**comment, CONTEXT: here},
        {"id": 8, "author": 3, "content": "hers", CONTEXT: here},
        {"id": 8, "author": 3, "content": "another one's", CONTEXT: there},
        {"id": 9, "author": 5, "_embedded": {"wp:term": [[topic]]}, CONTEXT: here},
    ]
    landed = Landed((Path("nowhere"),))
    left = [
        record
        for record in records
        for called in [landed.person_in(record, person)]
        if called is None or without_person(record, called)
    ]
    assert left == [records[0], records[2], records[3]]


def landed_file(folder: Path, records: list[Any], *, ascii: bool = False) -> Path:
    """A landed file of records."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "part.parquet"
    pl.DataFrame(
        {
            "path": [f"export/{number}" for number in range(len(records))],
            "record": [json.dumps(one, ensure_ascii=ascii) for one in records],
        },
        schema={"path": pl.String, "record": pl.String},
    ).write_parquet(file)
    return file


def shown(file: Path) -> str:
    """All texts of a file."""
    return "\n".join(pl.read_parquet(file)["record"])


@pytest.mark.parametrize("ascii", [False, True])
def test_files_are_written_without_the_person(tmp_path: Path, ascii: bool) -> None:
    """However their JSON is written; a file without them stays as it is."""
    hers = landed_file(
        tmp_path / "a",
        [{"id": 1, "user": USER}, {"id": 2, "text": "@安安的小店 hi", "user": BEN}],
        ascii=ascii,
    )
    others = landed_file(tmp_path / "b", [{"id": 3, "user": BEN}], ascii=ascii)
    before = others.read_bytes()
    landed = Landed((hers, others))
    person = with_names(landed, Person("weibo", "1234567890"))
    assert person.names == {"安安的小店"}
    assert erase_from(landed, person) == Erased(removed=1, changed=1, files=1)
    assert json.loads(shown(hers)) == {"id": 2, "text": "@[erased] hi", "user": BEN}
    assert others.read_bytes() == before
    assert erase_from(landed, person) == Erased()


def test_canonical_rows_of_other_networks_stay(tmp_path: Path) -> None:
    """Where rows name their network, one id is two people."""
    rows = [
        {"platform": "x", "account_id": "1234567890"},
        {"platform": "weibo", "account_id": "1234567890"},
        {"account_id": "1234567890"},
    ]
    file = landed_file(tmp_path, rows)
    erase_from(Landed((file,), "x"), ANN)
    assert [json.loads(line) for line in shown(file).splitlines()] == [rows[0], rows[2]]


@pytest.mark.parametrize("network", [" Weibo", "WEIBO", "sina", "", 5])
def test_network_in_any_spelling_hides_nobody(tmp_path: Path, network: Any) -> None:
    """What names no network that is known is of the source's."""
    row = {"platform": network, "account_id": "1234567890"}
    file = landed_file(tmp_path, [row])
    erase_from(Landed((file,), "weibo"), ANN)
    assert not shown(file)


def test_tombstones_keep_a_person_out(tmp_path: Path) -> None:
    """Digests say nothing; what arrives later is held against them."""
    bury(tmp_path, [("weibo", ANN.account_id, ANN.names)])
    stones = (tmp_path / ".erasures.json").read_text()
    assert not any(word in stones for word in (ANN.account_id, *ANN.names))
    assert (tmp_path / ".erasure.key").stat().st_mode & 0o777 == 0o600
    assert buried(tmp_path, "x", [ANN.account_id], []) == (set(), set())
    file = landed_file(
        tmp_path / "new",
        [
            {"id": 1, "user": USER},
            {"id": 2, "text": "//@安安的小店:words", "user": BEN},
            {"id": 3, "user": BEN},
        ],
        ascii=True,
    )
    keep_out_erased(tmp_path, Landed((file,)), ["weibo"])
    assert [json.loads(line)["id"] for line in shown(file).splitlines()] == [2, 3]
    assert "words" not in shown(file)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.just("1234567890"),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["id", "user", "user_id", "text", "name", "comments"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_shape_of_json_keeps_the_id(record: Any) -> None:
    """Whatever an unknown record looks like, the id is not in what is left."""
    for left in without_person(record, ANN):
        assert '"1234567890"' not in json.dumps(left)


@pytest.mark.parametrize(
    ("stage", "reason", "left"),
    [
        ("landing", "not JSON: x, at 'ann says hi'", "not JSON: x, at ..."),
        ("landing", "日期 holds '5012345678': no fit", "日期 holds ...: no fit"),
        ("landing", "a file of 5012345678", ERASED),
        ("validate", "acted_at must not be null: ann is no time", "acted_at must not be"
         " null"),
        ("validate", "its id isn't 'known'", "its id isn't 'known'"),
    ],
)  # fmt: skip
def test_reasons_keep_no_value_of_a_person(stage: str, reason: str, left: str) -> None:
    """What a rejected row's reason names may be the person, or the half of a name."""
    frame = pl.DataFrame({"stage": [stage], "reason": [reason]})
    found = frame.select(bare_reason(["5012345678", "ann"], pl.col("stage")))
    assert found.item() == left
