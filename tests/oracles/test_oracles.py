"""Small self-tests of the oracles, on rows made up here."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .cascades import Edge, half_life, measure, repaired
from .threads import (
    Parent,
    Row,
    Thread,
    check_chain,
    created_at,
    parents,
    plain_text,
    read_thread,
    read_threads,
    summary,
)

ROOT = "1000"
START = datetime(2024, 1, 1, tzinfo=UTC)


def stamp(second: int, clock: str = "10:00") -> str:
    """Return a created_at on 1 January 2024."""
    return f"Mon Jan 01 {clock}:{second:02d} +0800 2024"


def repost(key: int, name: str | None, text: str, second: int, **more: Any) -> Row:
    """Return one repost row."""
    user = {"id": len(name), "screen_name": name} if name else None
    row = {"id": str(key), "user": user, "raw_text": text}
    return row | {"created_at": stamp(second)} | more


def thread_of(*rows: Row) -> Thread:
    """Return a thread of repost rows."""
    return Thread(ROOT, reposts={row["id"]: row for row in rows})


def write(folder: Path, **files: object) -> None:
    """Write the files of one thread; bytes as they are, the rest as JSON."""
    folder.mkdir()
    for name, data in files.items():
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        (folder / f"{name}.json").write_bytes(content)


def test_thread_counts(tmp_path: Path) -> None:
    replies = [{"id": 12, "user": {"id": 7}, "comments": [{"id": "13"}]}]
    write(
        tmp_path / ROOT,
        detail={"id": ROOT, "user": {"id": 5}},
        reposts=[
            {"id": 1000, "user": {"id": 5}},
            {"id": "1", "user": {"id": 6}, "created_at": stamp(0)},
            {"id": 1, "user": {"id": 6}, "created_at": stamp(0)},
            {"id": 2, "user": None, "created_at": "Mon Jan 01 20:00:00 +0000 2024"},
            {"id": 3, "created_at": "刚刚"},
            "no row",
        ],
        comments=[
            {"id": 11, "user": {"id": 6}, "created_at": stamp(1), "comments": replies},
            {"id": "12", "comments": False},
        ],
    )
    thread = read_thread(tmp_path / ROOT)
    assert sorted(thread.reposts) == ["1", "2", "3"]
    assert sorted(thread.comments) == ["11", "12", "13"]
    assert thread.authors == {"6", "7"}
    assert thread.authors_with_root == {"5", "6", "7"}
    assert thread.reposts_per_day == {"2024-01-01": 1, "2024-01-02": 1}
    assert thread.comments_per_day == {"2024-01-01": 1}
    assert (thread.undated, thread.root_rows) == (3, 1)
    assert (thread.repeated_rows, thread.bad_rows) == (2, 1)
    assert (thread.unreadable, thread.missing) == ([], [])


def test_damaged_and_absent_files(tmp_path: Path) -> None:
    write(tmp_path / "1", detail=[], reposts=b'[{"id": 2}', comments=b"[\xff]")
    write(tmp_path / "2")
    (tmp_path / "stray.txt").write_text("x")
    threads = read_threads(tmp_path)
    assert list(threads) == ["1", "2"]
    files = ["detail.json", "reposts.json", "comments.json"]
    assert threads["1"].unreadable == files
    assert threads["2"].missing == files
    totals = summary(threads)
    assert (totals["reposts"], totals["unreadable"]) == (0, 3)
    assert totals["missing"] == dict.fromkeys(files, 1)


def test_text_and_time() -> None:
    linked = "a &amp; b//<a href='/n/Ann'>@Ann</a>:<span>hi</span>"
    assert plain_text({"text": linked}) == "a & b//@Ann:hi"
    assert plain_text({"raw_text": "", "text": "x<br />"}) == "x"
    assert plain_text({"raw_text": "a<b", "text": "c"}) == "a<b"
    assert plain_text({}) == ""
    when = created_at({"created_at": stamp(9)})
    assert when == datetime(2024, 1, 1, 2, 0, 9, tzinfo=UTC)
    assert created_at({"created_at": "Mon Jan 41 10:00:00 +0800 2024"}) is None
    assert created_at({"created_at": "Mon Foo 01 10:00:00 +0800 2024"}) is None
    assert created_at({}) is None


def test_parents_by_pid_chain_and_root() -> None:
    thread = thread_of(
        repost(1, "Ann", "first", 1),
        repost(2, "Ann", "again", 2),
        repost(3, "Bob", "x//@Ann:again", 3, pid=1),
        repost(4, "Cy", "y// @Bob ：x//@Ann:again", 4),
        repost(5, "Di", "z//@Gone:q//@Ann:again", 5, pid=99, pidstr="99"),
        repost(6, "Ed", "plain", 6, pidstr=ROOT),
        repost(7, "Flo", "one slash/@Ann:again", 7),
        repost(8, None, "no longer visible", 8),
    )
    assert parents(thread) == {
        "1": Parent(ROOT, "root"),
        "2": Parent(ROOT, "root"),
        "3": Parent("1", "platform"),
        "4": Parent("3", "chain"),
        "5": Parent(ROOT, "root"),
        "6": Parent(ROOT, "platform"),
        "7": Parent(ROOT, "root"),
        "8": Parent(ROOT, "root"),
    }
    hidden = parents(thread, hide_pid=True)
    assert hidden["3"] == Parent("2", "chain")
    assert hidden["6"] == Parent(ROOT, "root")


def test_chain_takes_only_earlier_reposts() -> None:
    thread = thread_of(
        repost(9, "Ann", "late", 5),
        repost(10, "Ann", "same second, smaller id", 6),
        repost(11, "Bob", "//@Ann:x", 6),
        repost(12, "Ann", "same second, greater id", 6),
        repost(13, "Ann", "//@Ann:x", 4),
    )
    found = parents(thread)
    assert found["11"] == Parent("10", "chain")
    assert found["13"] == Parent(ROOT, "root")


def test_chain_check() -> None:
    thread = thread_of(
        repost(1, "Ann", "first", 1),
        repost(2, "Ann", "again", 2),
        repost(3, "Bob", "x//@Ann:again", 3, pid=2),
        repost(4, "Cy", "x//@Ann:first", 4, pid=1),
        repost(5, "Di", "x//@Ann_old:again", 5, pid=2),
        repost(6, "Ed", "x", 6, pid=2),
        repost(7, "Flo", "x//@Ann:again", 7, pid=99),
        repost(8, "Gil", "x", 8, pid=int(ROOT)),
    )
    check = check_chain(thread)
    assert (check.known, check.same, check.other) == (4, 1, 1)
    assert (check.unresolved, check.no_chain, check.named) == (1, 1, 2)
    assert check.share == 0.25
    assert (check + check).share == 0.25


@pytest.mark.parametrize(
    ("edges", "levels", "breadth", "virality"),
    [
        ([], (1,), 0, 0.0),
        ([("a", "r")], (1, 1), 1, 1.0),
        ([("a", "r"), ("b", "r"), ("c", "r")], (1, 3), 3, 1.5),
        ([("a", "r"), ("b", "a"), ("c", "b")], (1, 1, 1, 1), 1, 10 / 6),
        ([("a", None), ("b", "gone"), ("c", "a")], (1, 2, 1), 2, 10 / 6),
    ],
)
def test_shapes(
    edges: list[Edge], levels: tuple[int, ...], breadth: int, virality: float
) -> None:
    tree = measure("r", edges)
    assert tree.levels == levels
    assert (tree.size, tree.depth) == (len(edges), len(levels) - 1)
    assert tree.max_breadth == breadth
    assert tree.structural_virality == pytest.approx(virality)
    assert tree.half_life_minutes is None


def test_cycles_are_cut_at_the_earliest_member() -> None:
    edges = [("1", "3"), ("2", "1"), ("3", "2"), ("4", "2"), ("5", "5")]
    times = {str(n): START + timedelta(minutes=10 - n) for n in range(1, 6)}
    by_time = repaired("r", edges, times)
    assert by_time == {"1": "3", "2": "1", "3": "r", "4": "2", "5": "r"}
    by_id = repaired("r", [("10", "9"), ("9", "10")])
    assert by_id == {"10": "9", "9": "r"}
    assert measure("r", edges, times).levels == (1, 2, 1, 1, 1)


def test_root_and_repeated_nodes_are_dropped() -> None:
    edges = [("r", "a"), ("a", "r"), ("a", "b"), ("b", "a")]
    assert repaired("r", edges) == {"a": "r", "b": "a"}


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [([5], 5), ([1, 9], 1), ([1, 2, 9], 2), ([3, 3, 3, 8], 3), ([1, 4, 5, 6], 4)],
)
def test_half_life(minutes: list[int], expected: float) -> None:
    times = {str(i): START + timedelta(minutes=m) for i, m in enumerate(minutes)}
    assert half_life(START, times, times) == expected
    edges = [(node, None) for node in times]
    assert measure("r", edges, times, START).half_life_minutes == expected
    assert measure("r", edges, times | {"r": START}).half_life_minutes == expected


def test_half_life_with_too_few_times() -> None:
    assert half_life(START, [], {}) is None
    assert half_life(START, ["a", "b", "c"], {"a": START}) is None
    assert half_life(START, ["a", "b"], {"a": START}) == 0
