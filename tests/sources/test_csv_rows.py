"""Tables as spreadsheets and programs leave them: row by row, nothing lost unnamed."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.sources import csv_rows, documents
from tasks.sources.canonical.tables import read_table
from tasks.sources.documents import Notes, UnreadableFileError

HEADER = "post_id,posted_at,text\n"


def read(path: Path, content: str | bytes) -> tuple[list[tuple[int, Any]], Notes]:
    """Lines and rows of a table of posts."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notes = Notes()
    return [
        (row["position"], json.loads(row["document"]))
        for batch in read_table(path, notes)
        for row in batch.to_pylist()
    ], notes


def ids(rows: list[tuple[int, Any]]) -> list[tuple[int, str]]:
    """Line and id of each row."""
    return [(line, row["post_id"]) for line, row in rows]


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """Where a table of posts goes."""
    return tmp_path / "posts.csv"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("2,b,unquoted, comma\n", "1 cell more than names: the row has 4"),
        ("2,b\n", "1 cell less than names: the row has 2, the header names 3"),
        ('2,b,"open\n', "a quote that opens here never closes: '2,b,\"open'"),
        ('2,b,"he said "no" loudly"\n', "a quote within a quoted cell isn't doubled"),
        (b"2,b,caf\xe9 ol\xe9\n", "not UTF-8 at byte 7 of line"),
        (b'2,b,"open caf\xe9\n', "not UTF-8 at byte 13 of line"),
    ],
)
@pytest.mark.parametrize("place", ["middle", "end"])
def test_bad_row_is_rejected_alone(
    posts: Path, bad: str | bytes, reason: str, place: str
) -> None:
    """With its line and what is wrong; the rows around it come through."""
    data = bad if isinstance(bad, bytes) else bad.encode()
    tail = '3,c,"a\nb"\n4,d,好茶\n'.encode()
    start = f"{HEADER}1,a,好\n".encode()
    whole = start + data + tail if place == "middle" else start + tail + data
    rows, notes = read(posts, whole)
    (rejected,) = notes.rejected
    if place == "middle":
        assert ids(rows) == [(2, "1"), (4, "3"), (6, "4")]
        assert rejected.position == 3
        assert rejected.reason.startswith(reason)
    else:
        assert ids(rows) == [(2, "1"), (3, "3"), (5, "4")]
        assert rejected.position == 6
        assert rejected.reason.startswith(reason)
    assert rejected.text


def test_long_line_is_told_as_such_where_its_quotes_are_cut(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held of it ends within a quoted cell."""
    monkeypatch.setattr(documents, "LONGEST_LINE_BYTES", 3 << 20)
    text = "茶" * (2 << 20)
    rows, notes = read(posts, f'{HEADER}1,a,x\n2,b,"{text}"\n3,c,y\n')
    assert ids(rows) == [(2, "1"), (4, "3")]
    (rejected,) = notes.rejected
    assert rejected.position == 3
    assert rejected.reason.startswith("the line has 6,291,462 bytes, more than 3 MB")


def test_open_quote_that_a_later_one_closes_takes_no_row_with_it(posts: Path) -> None:
    """The next quote closes it within another row: both are told apart again."""
    rows, notes = read(
        posts, f'{HEADER}1,a,"open\n2,b,x\n3,c,plain\n4,d,"quoted, too"\n5,e,y\n'
    )
    assert ids(rows) == [(3, "2"), (4, "3"), (5, "4"), (6, "5")]
    assert [item.position for item in notes.rejected] == [2]


cells = st.text(st.sampled_from('a茶🍵 ,;"\n\t\ufeff1'), max_size=6) | st.sampled_from(
    ["", "4990000000000001\t"]
)


@settings(max_examples=200, deadline=None)
@given(
    # A row of nothing but marks is a blank line or none: nobody can tell.
    rows=st.lists(
        st.tuples(cells, cells, cells).filter(
            lambda row: not any(row) or bool("".join(row).replace("\ufeff", ""))
        ),
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_a_writer_wrote_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    newline: str,
    mark: str,
) -> None:
    """Whatever stands in the cells; only a mark before a line's text may go."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["post_id", "posted_at", "text"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("written") / "posts.csv"
    found, notes = read(path, mark + buffer.getvalue())
    assert not notes.rejected

    def seen(text: str) -> str:
        return text.replace("\ufeff", "")

    assert [
        [seen(row[name] or "") for name in ("post_id", "posted_at", "text")]
        for _, row in found
    ] == [[seen(cell) for cell in row] for row in rows if any(row)]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Each line of bytes belongs to a row, or to what is rejected; never to both."""
    path = tmp_path_factory.mktemp("any") / "posts.csv"
    try:
        rows, notes = read(path, HEADER.encode() + data)
    except UnreadableFileError as error:
        assert str(error)
        return
    lines = (HEADER.encode() + data).count(b"\n") + 1
    places = [line for line, _ in rows] + [item.position for item in notes.rejected]
    assert len(places) == len(set(places))
    assert all(2 <= line <= lines for line in places)


def test_repeated_headers_are_no_rows(posts: Path) -> None:
    """After a mark, with other blanks, in another order, joined without a break."""
    rows, notes = read(
        posts,
        f"\ufeff{HEADER}1,a,x\n\ufeff{HEADER}2,b,y\n"
        " post_id , posted_at, text\n3,c,z\n"
        f"text,post_id\nw,4\n5,e\ufeff{HEADER}6,f,v{HEADER}7,g,u",
    )
    assert [(row["post_id"], row["text"]) for _, row in rows] == [
        ("1", "x"),
        ("2", "y"),
        ("3", "z"),
        ("4", "w"),
        ("e", "5"),
        ("6", "v"),
        ("7", "u"),
    ]
    assert notes.repeated_headers == 5
    assert not notes.rejected


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\npost_id;text\n7;a,b\n",
        "\ufeffpost_id;text\r\n7;a,b\r\n",
        '"post_id"\t"text"\n"7"\t"a,b"\n',
        "post_id|text\r7|a,b\r",  # an old Macintosh's line ends
        "\n\n post_id ; text ;;\n7;a,b;;\n",  # blank lines and columns
        "POST_ID;Text\n7;a,b\n",
    ],
)
def test_dialects_of_spreadsheets(posts: Path, content: str) -> None:
    rows, notes = read(posts, content)
    assert [row for _, row in rows] == [{"post_id": "7", "text": "a,b"}]
    assert not notes.rejected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("acount_id,txt\n1,2\n", r"no known column: acount_id \(account_id\?\), txt"),
        ("post_id,text,post_id\n1,2,3\n", "names post_id twice"),
        ("<!DOCTYPE html><title>登录</title>", "a page of HTML titled '登录'"),
    ],
)
def test_what_is_no_table_is_refused(posts: Path, content: str, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(posts, content)


def test_blank_lines_without_end_cost_little(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a packed file of nothing else holds; lines after them keep their numbers."""
    made = []

    class Counted(csv_rows._Line):
        def __init__(self, *values: Any) -> None:
            super().__init__(*values)
            made.append(self.number)

    monkeypatch.setattr(csv_rows, "_Line", Counted)
    many = 40 << 20
    rows, notes = read(posts, HEADER + "\n" * many + '1,a,"x\n\ny"\n2,b,y\n')
    assert ids(rows) == [(many + 2, "1"), (many + 5, "2")]
    assert rows[0][1]["text"] == "x\n\ny"
    assert not notes.rejected
    assert len(made) < many / 10


def test_files_of_quotes_cost_no_more_than_their_length(posts: Path) -> None:
    """Each line opens a quote that the next one breaks."""
    started = time.process_time()
    rows, notes = read(posts, HEADER + '1,a,"x\n2,b,y\n' * 20_000)
    assert len(rows) + len(notes.rejected) >= 20_000
    assert time.process_time() - started < 20
