"""Archives of closed networks and of weibo-crawler: what splits, what is refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.sources.documents import Notes, Rejected, UnreadableFileError, split_document
from tasks.sources.file_format import FileFormat
from tasks.sources.qzone.records import QZONE
from tasks.sources.renren.records import RENREN
from tasks.sources.tencent_weibo.records import TENCENT_WEIBO
from tasks.sources.weibo.dataabc.file_tag import FILE
from tasks.sources.weibo.dataabc.records import DATAABC, split_dataabc
from tasks.sources.weibo.dataabc.tables import read_dataabc
from tests.world.dataabc import POST_HEADER, SHARED_HEADER

FORMATS = (TENCENT_WEIBO, RENREN, QZONE, DATAABC)
NAMES = [
    "request",
    "answer",
    "path",
    "params",
    "ret",
    "errcode",
    "code",
    "data",
    "info",
    "msglist",
    "list",
    "items",
    "id",
    "tid",
    "uin",
    "openid",
    "nickname",
    "type",
    "timestamp",
    "text",
    "source",
    "name",
    "nick",
    "response",
    "error",
    "error_code",
    "createTime",
    "ownerId",
    "authorId",
    "content",
    "shareTime",
    "userId",
    "sharedStatusId",
    "ugcId",
    "likeCount",
    "likeUsers",
    "commentlist",
    "list_3",
    "like_uin_info",
    "fuin",
    "unikey",
    "rt_tid",
    "weibo",
    "user",
    "_request",
    "_file",
    "friend",
    "t/re_count",
    "rootid",
    "count",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 1 << 70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "0", "7", "/v2/friend/list", "http://q/9/mood/aa"])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(document=DOCUMENTS)
@settings(max_examples=150)
def test_splitting_never_fails_and_happens_once(
    form: FileFormat, document: Any
) -> None:
    """Whatever stands in an archive, its records come out as they are told apart."""
    records = split_document(json.dumps(document), form.split)
    for record in records:
        if form.explain:
            form.explain(json.loads(record), "it")
        value = json.loads(record)
        if isinstance(value, dict) and ("_request" in value or FILE in value):
            assert split_document(record, form.split) == [record]


@pytest.mark.parametrize(
    ("form", "answer", "start"),
    [
        (TENCENT_WEIBO, {"ret": 2, "errcode": 0}, "ret 2 (too many calls), errcode 0"),
        (
            TENCENT_WEIBO,
            {"ret": 4, "errcode": 11, "data": None},
            "ret 4 (refused by the server), errcode 11 (the source was deleted)",
        ),
        (TENCENT_WEIBO, {"ret": 77}, "ret 77 (an unknown error), errcode 0"),
        (RENREN, {"error": {"code": "a.B", "message": "m"}}, "a.B m"),
        (RENREN, {"error_code": 4, "error_msg": "limit"}, "4 limit"),
        (QZONE, {"ret": 1002, "is_lost": 0}, "1002 (the user is not logged in)"),
        (QZONE, {"code": -4009, "data": {}}, "-4009 (no right to see this space)"),
    ],
)
def test_an_error_inside_of_an_answer_is_told(
    form: FileFormat, answer: Any, start: str
) -> None:
    """The networks answer HTTP 200 to what they refuse."""
    assert form.explain is not None
    (record,) = split_document(json.dumps(answer), form.split)
    reason = form.explain(json.loads(record), "it")
    assert reason == f"an error answer of it: {start}"


@pytest.mark.parametrize(
    ("form", "record", "reason"),
    [
        (
            TENCENT_WEIBO,
            {"id": 1, "type": 3, "timestamp": 1, "text": "psst"},
            "a private message (type 3) is no public interaction",
        ),
        (
            QZONE,
            {"ret": 0, "nickname": "ann"},
            "it tells a profile without its openid: archive it with its request",
        ),
        (
            QZONE,
            {"code": 0, "data": {"like_uin_info": []}, "like_uin_info": []},
            "it tells likes without their post: archive it with its request",
        ),
        (TENCENT_WEIBO, {"ret": 0, "what": 1}, None),
        (RENREN, {"what": 1}, None),
    ],
)
def test_what_is_no_record_is_explained(
    form: FileFormat, record: Any, reason: str | None
) -> None:
    assert form.explain is not None
    (kept,) = split_document(json.dumps(record), form.split)
    assert form.explain(json.loads(kept), "it") == reason


def test_a_page_repeats_its_root_once() -> None:
    root = {"id": "1", "type": 1, "timestamp": 5, "text": "tea"}
    reposts = [
        {"id": str(n), "type": 2, "timestamp": n, "text": "", "source": root}
        for n in range(10, 13)
    ]
    answer = {"ret": 0, "data": {"info": reposts}}
    kinds = [
        json.loads(record)["_request"]["kind"]
        for record in split_document(json.dumps(answer), TENCENT_WEIBO.split)
    ]
    assert kinds == ["repost", "status", "repost", "repost"]


# --- weibo-crawler's own files ------------------------------------------------


def records_of(path: Path) -> tuple[list[tuple[int, Any]], list[Rejected]]:
    """Line and record of what a file holds, and what is rejected of it."""
    notes = Notes()
    batches = list(read_dataabc(path, notes, split_dataabc))
    rows = [row for batch in batches for row in batch.to_pylist()]
    return (
        [(row["position"], json.loads(row["document"])) for row in rows],
        notes.rejected,
    )


def csv_text(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as the crawler's csv writer writes them."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def cells(key: int, count: int) -> list[str]:
    """A row of so many cells, as the newest version writes them."""
    base = [f"b{key}", f"text {key}", *[""] * 4, "杭州", "2026-03-03T10:15:20", "web"]
    base += ["3", "2", "1", "tea", "ann", "2026-03-03 10:15:20", "False", "0"]
    row = [f"{key}\t", *base, str(count < 20), "77", "bob", f"9{key}\t", *base]
    return [*row[:count], *(f"more {n}" for n in range(count - len(row)))]


def test_every_cell_of_every_row_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "1001.csv"
    header = [*POST_HEADER, *SHARED_HEADER]
    path.write_bytes(
        csv_text([header, *(cells(n, n) for n in (19, 37, 39)), cells(41, 41)])
    )
    rows, rejected = records_of(path)
    assert not rejected
    for (position, record), size in zip(rows, (19, 37, 39, 41), strict=True):
        assert position == {19: 2, 37: 3, 39: 4, 41: 5}[size]
        origin = record.pop(FILE)
        assert origin == {"kind": "post", "form": "csv", "uid": "1001"}
        shared = record.pop("retweet", {})
        more = record.pop("more_cells", [])
        assert len(record) + len(shared) + len(more) == size
        assert [*record.values(), *shared.values(), *more] == [
            *cells(size, size)[:19],
            *cells(size, size)[19:],
        ]


def test_rows_that_outgrew_their_header_are_named(tmp_path: Path) -> None:
    path = tmp_path / "1001.csv"
    path.write_bytes(csv_text([POST_HEADER, cells(1, 18), cells(2, 37)]))
    (_, (_, shared)), rejected = records_of(path)
    assert not rejected
    assert shared["retweet"]["id"] == "92\t"


def test_cut_rows_are_rejected_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "1001.csv"
    two_lines = cells(1, 19)
    two_lines[2] = "one\ntwo"
    header = [*POST_HEADER, *SHARED_HEADER]
    path.write_bytes(csv_text([header, two_lines, cells(2, 7), cells(3, 25)]))
    rows, rejected = records_of(path)
    assert [position for position, _ in rows] == [2]
    assert [(item.position, item.reason) for item in rejected] == [
        (
            4,
            "12 cells less than names: the row has 7, the header names 39 (19 for an"
            " original post), and no known version writes that",
        ),
        (
            5,
            "6 cells more than names: the row has 25, the header names 39 (19 for an"
            " original post), and no known version writes that",
        ),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"a,b\n1,2\n", "its header is none of weibo-crawler's: a,b"),
        ("a.csv", "café,naïve\n".encode("cp1252"), "its encoding can't be told"),
        ("a.csv", b"<html><title>Login</title>", "no table: a page of HTML"),
        ("a.csv.gz", gzip.compress(csv_text([POST_HEADER]))[:-9], "can't be unpacked"),
        ("a.db", b"SQLite format 3\x00 but no more", "no readable SQLite database"),
        ("a.db.gz", b"", "a packed database: unpack it first"),
        ("a.json", b'{"weibo": [', "not JSON"),
    ],
)
def test_damaged_files_are_refused_whole(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=reason.replace("(", r"\(")):
        records_of(path)


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    assert records_of(path) == ([], [])


def test_a_database_gives_its_tables_and_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "weibodata.db"
    with sqlite3.connect(path) as database:
        database.execute("create table user (id, nick_name, follower_count)")
        database.execute("insert into user values ('7', 'ann', '100万+')")
        database.execute("create table bins (id, data)")
        database.execute("insert into bins values (1, x'ff')")
        database.execute("create table comments (id integer, like_count, pic)")
        database.execute("insert into comments values (9007199254740993, '', x'00')")
    database.close()
    rows, _ = records_of(path)
    assert rows == [
        (
            1,
            {
                "id": "7",
                "nick_name": "ann",
                "follower_count": "100万+",
                FILE: {"kind": "user", "form": "sqlite", "uid": None},
            },
        ),
        (
            1,
            {
                "id": 9007199254740993,
                "like_count": "",
                FILE: {"kind": "comment", "form": "sqlite", "uid": None},
            },
        ),
    ]


def test_a_database_in_use_is_refused(tmp_path: Path) -> None:
    """Read as it lies there it would lack what was written last."""
    path = tmp_path / "weibodata.db"
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode = wal")
    database.execute("create table user (id)")
    database.commit()
    with pytest.raises(UnreadableFileError, match="weibodata.db-wal"):
        records_of(path)
    database.close()
    assert records_of(path) == ([], [])
