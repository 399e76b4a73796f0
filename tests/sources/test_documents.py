"""Files to documents: whatever the bytes, records or a named place, no crash."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.sources import documents
from tasks.sources.documents import (
    Notes,
    Rejected,
    UnreadableFileError,
    read_documents,
    split_document,
)
from tasks.sources.json_text import parse_json

Found = tuple[int, int | None, str]

RECORDS = [
    {"id": 2**63 + number, "text": f"茶🍵 {number} //@a: [doge]\n", "n": {"k": [1]}}
    for number in range(40)
]
PACKERS = {
    "": lambda data: data,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


def layout_of(name: str) -> bytes:
    """The records in one of the layouts that files have."""
    texts = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
    if name == "lines":
        text = "\n".join(texts) + "\n"
    elif name == "array":
        text = "[\n" + ",\n".join(texts) + "\n]\n"
    elif name == "dense array":
        text = "[" + ",".join(texts) + "]"
    elif name == "pretty array":
        text = json.dumps(RECORDS, ensure_ascii=False, indent=2)
    else:
        pages = [texts[:20], texts[20:]]
        text = "".join(
            f'{{"reposts":[{",".join(page)}],"total_number":40}}\n' for page in pages
        )
    return text.encode()


LAYOUTS = ("lines", "array", "dense array", "pretty array", "envelope lines")


def read(path: Path) -> tuple[list[Found], list[Rejected]]:
    """All documents and rejections of a file."""
    notes = Notes()
    found = [
        (row["position"], row["item"], row["document"])
        for batch in read_documents(path, notes)
        for row in batch.to_pylist()
    ]
    return found, notes.rejected


def records_of(found: list[Found]) -> tuple[list[Any], int]:
    """Parsed documents, and how many lines are no JSON."""
    good, bad = [], 0
    for _, _, text in found:
        try:
            good.append(json.loads(text))
        except ValueError:
            bad += 1
    return good, bad


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_every_record(
    tmp_path: Path, layout: str, suffix: str
) -> None:
    path = tmp_path / f"reposts.json{suffix}"
    path.write_bytes(PACKERS[suffix](layout_of(layout)))
    found, rejected = read(path)
    assert not rejected
    assert records_of(found) == (RECORDS, 0)


@settings(max_examples=150)
@given(
    layout=st.sampled_from(LAYOUTS),
    suffix=st.sampled_from(sorted(PACKERS)),
    share=st.floats(0, 1, exclude_max=True),
)
# The last line is cut at its end: nothing is lost but the newline.
@example("lines", "", 0.9999)
@example("lines", ".zst", 0.5)
@example("lines", ".gz", 0.5)
def test_cut_file_gives_a_part_or_is_named(
    tmp_path: Path, layout: str, suffix: str, share: float
) -> None:
    """A prefix never gives a record that the whole doesn't, nor ends silently."""
    whole = PACKERS[suffix](layout_of(layout))
    data = whole[: int(share * len(whole))]
    path = tmp_path / f"cut.json{suffix}"
    path.write_bytes(data)
    try:
        found, rejected = read(path)
    except UnreadableFileError as error:
        assert str(error)
        return
    good, bad = records_of(found)
    assert all(record in RECORDS for record in good)
    if suffix and data:
        # A packed file that ends early is known to be damaged.
        raise AssertionError(f"{len(good)} records of a cut {suffix} file pass")
    if len(good) < len(RECORDS) and layout != "lines":
        assert bad + len(rejected) > 0 or not data.strip()
    if layout == "lines":
        # At most the one line that was cut is lost.
        assert len(good) >= data.count(b"\n")


@settings(max_examples=200)
@given(place=st.floats(0, 0.999), flip=st.integers(1, 255))
def test_damaged_gzip_is_named(tmp_path: Path, place: float, flip: int) -> None:
    """A flipped byte: records, or a named file; never another exception."""
    data = bytearray(gzip.compress(layout_of("lines"), mtime=0))
    data[int(place * len(data))] ^= flip
    path = tmp_path / "flipped.json.gz"
    path.write_bytes(data)
    try:
        found, _ = read(path)
    except UnreadableFileError:
        return
    # The checksum holds: only the header's name or time can be hit.
    assert records_of(found)[0] in (RECORDS, [])


@settings(max_examples=200)
@given(data=st.binary(max_size=300), lines=st.booleans())
def test_any_bytes_are_read_or_named(tmp_path: Path, data: bytes, lines: bool) -> None:
    """No input crashes the reader, and each rejection names its line."""
    path = tmp_path / "any.json"
    path.write_bytes((b'{"id":1}\n' if lines else b"") + data)
    try:
        found, rejected = read(path)
    except UnreadableFileError:
        return
    count = path.read_bytes().count(b"\n") + 1
    assert all(1 <= place <= count for place, _, _ in found)
    assert all(1 <= item.position <= count for item in rejected)
    places = {place for place, _, _ in found} & {item.position for item in rejected}
    assert not places


@pytest.mark.parametrize(
    ("data", "positions"),
    [
        (b'{"id":1}\n{"id":2}', [1, 2]),  # no newline at the end
        (b'\xef\xbb\xbf{"id":1}\n{"id":2}\n', [1, 2]),
        (b'{"id":1}\r\n{"id":2}\r\n', [1, 2]),
        (b'\n\n{"id":1}\n\n\r\n{"id":2}\n\n', [3, 6]),
        # Blank is blank, however wide.
        (b'{"id":1}\n      \n{"id":2}\n', [1, 3]),
        (b'{"id":1}\n \t \r\n{"id":2}\n', [1, 3]),
        (b"", []),
        (b" \n\n", []),
    ],
)
def test_position_is_the_line(
    tmp_path: Path, data: bytes, positions: list[int]
) -> None:
    """As an editor counts; blank lines are no documents but count."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    found, rejected = read(path)
    assert [place for place, _, _ in found] == positions
    assert not rejected
    assert records_of(found)[1] == 0


def test_position_holds_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that straddle the blocks in which a file is read."""
    monkeypatch.setattr(documents, "BLOCK_BYTES", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(layout_of("lines"))
    found, _ = read(path)
    assert [place for place, _, _ in found] == list(range(1, 41))
    assert records_of(found) == (RECORDS, 0)


def test_items_of_envelopes_are_numbered(tmp_path: Path) -> None:
    """Line of the answer, index within it."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(layout_of("envelope lines"))
    found, _ = read(path)
    assert [(place, item) for place, item, _ in found] == [
        (line, item) for line in (1, 2) for item in range(20)
    ]


def test_line_that_is_not_utf8_is_rejected_alone(tmp_path: Path) -> None:
    """GBK among UTF-8: that line is named, the others come through."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        '{"t":"好茶"}\n'.encode() + b'{"t":"' + "茶".encode("gbk") + b'"}\n{"id":3}\n'
    )
    found, rejected = read(path)
    assert [place for place, _, _ in found] == [1, 3]
    assert [(item.position, "not UTF-8" in item.reason) for item in rejected] == [
        (2, True)
    ]


@pytest.mark.parametrize("layout", ["line", "array", "envelope"])
@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("4990000000000000001", "4990000000000000001"),  # no double holds it
        ("9223372036854775808", "9223372036854775808"),  # 2**63
        ("18446744073709551616", "18446744073709551616"),  # 2**64
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_large_ids_stay_whole(
    tmp_path: Path, layout: str, literal: str, expected: str
) -> None:
    """In every layout, ids are the digits that the file holds."""
    record = f'{{"id":{literal},"text":"x"}}'
    text = {
        "line": record + "\n",
        "array": f"[{record}]",
        "envelope": f'{{"statuses":[{record}]}}\n',
    }[layout]
    path = tmp_path / "a.json"
    path.write_text(text)
    ((_, _, document),) = read(path)[0]
    assert f'"id":{expected},' in document.replace(" ", "")


def test_split_keeps_the_last_of_two_equal_keys() -> None:
    """Documented; and lone surrogates become a replacement character."""
    assert split_document('[{"id":1,"id":2}]') == ['{"id":2}']
    assert split_document('[{"t":"\\ud83d"}]') == ['{"t":"\ufffd"}']
    # So no place, address or column is made of one; numbers stay whole beside it.
    text = '{"\\ud800":"\\udc00 \\ud83c\\udf75","n":123456789012345678901}'
    told = {"\ufffd": "\ufffd 🍵", "n": 123456789012345678901}
    assert parse_json(text) == parse_json(text.encode()) == told
    # A pair is a character, even where the slow parser reads it.
    assert split_document('[{"t":"\\ud83c\\udf75 \\ud83d"}]') == ['{"t":"🍵 \ufffd"}']


def test_megabyte_text_comes_through(tmp_path: Path) -> None:
    record = {"id": 1, "text": "茶" * 350_000}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n")
    assert records_of(read(path)[0]) == ([record], 0)


@pytest.mark.parametrize(
    "data", [b"[" * 200_000, b'{"a":' * 100_000, b'{"reposts":' + b"[" * 5000]
)
def test_absurd_nesting_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match="not JSON"):
        read(path)


def test_archive_made_to_explode_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small on the disk, too much in memory."""
    monkeypatch.setattr(documents, "EXPANSION_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(documents, "EXPANSION_RATIO", 10)
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"id":1}\n' * 200_000))
    with pytest.raises(UnreadableFileError, match="expands"):
        read(path)


def test_whole_document_too_large_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to do instead."""
    monkeypatch.setattr(documents, "WHOLE_DOCUMENT_BYTES", 1000)
    path = tmp_path / "a.json"
    path.write_bytes(layout_of("array"))
    with pytest.raises(UnreadableFileError, match="JSON lines"):
        read(path)


CALLS = (
    "_Callback({});",
    "callback({})",
    "/**/ window.jQuery1_2.done( {} );",
    "try{{frameElement.callback({});}}catch(e){{}}",
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("form", ["one line", "lines", "pretty", "name first"])
def test_answers_that_call_a_function_are_read(
    tmp_path: Path, call: str, form: str
) -> None:
    answers = [{"code": 0, "text": f"茶(1); {n}"} for n in range(3)]
    if form == "one line":
        answers = answers[:1]
    indent = 1 if form in ("pretty", "name first") else None
    texts = [
        call.format(json.dumps(answer, ensure_ascii=False, indent=indent))
        for answer in answers[: 1 if indent else None]
    ]
    if form == "name first":
        texts = [texts[0].replace("({", "(\n{", 1)]
    path = tmp_path / "a.json"
    path.write_text("\n".join(texts), encoding="utf-8")
    notes = Notes()
    found = [
        json.loads(text)
        for batch in read_documents(path, notes, lambda document: [document])
        for text in batch.column("document").to_pylist()
    ]
    assert found == answers[: 1 if indent else None]
    assert notes.rejected == []
