"""The encoding of a file: told right or told as unknown, never wrong in silence."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zhconv_rs import zhconv

from tasks.sources import documents
from tasks.sources.canonical.tables import read_table
from tasks.sources.documents import Notes, UnreadableFileError, read_documents
from tasks.sources.file_encodings import UnknownEncodingError, tell_encoding

WORDS = (
    "这杯茶真的不错", "转发微博", "明天去店里看看", "太甜了，不喜欢", "窗外在下雨",
    "谢谢老板", "活动什么时候开始？", "好喝！下次还来", "杯子很好看", "路过看看",
    "支持国货", "快递太慢了", "包装漂亮，送人正好", "我家附近就有一家", "哈哈哈哈",
)  # fmt: skip
MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def table(words: Sequence[str], rows: int, seed: int) -> str:
    """A table of posts, its words by chance."""
    chance = random.Random(seed)  # noqa: S311
    lines = ["post_id,posted_at,text"]
    for number in range(rows):
        lines.append(f"{number + 700},2026-03-01T10:00:00Z,{chance.choice(words)}")
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize(
    ("encoding", "script"),
    [
        ("gb18030", "zh-Hans"),
        ("gb18030", "zh-Hant"),
        ("big5hkscs", "zh-Hant"),  # it has no simplified characters
        ("utf-16-le", "zh-Hans"),
        ("utf-16-le", "zh-Hant"),
        ("utf-16-be", "zh-Hans"),
        ("utf-16-be", "zh-Hant"),
    ],
)
def test_chinese_tables_are_told_or_refused(encoding: str, script: str) -> None:
    """Right from five rows on; of one row never wrong."""
    words = [zhconv(word, script) for word in WORDS]
    for rows in (1, 5, 30):
        refused = 0
        for seed in range(40):
            data = table(words, rows, seed).encode(encoding)
            try:
                assert tell_encoding(data, is_all=True) == (encoding, 0)
            except UnknownEncodingError:
                refused += 1
        assert refused == 0 or (rows == 1 and refused < 12), rows


@pytest.mark.parametrize("encoding", MARKED)
def test_a_mark_tells(encoding: str) -> None:
    found, mark = tell_encoding(table(WORDS, 1, 1).encode(encoding), is_all=True)
    assert (found, mark > 0) == (MARKED[encoding], True)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,text\n1,café naïve señor\n2,Zoë\n", "cp1252"),
        ("id,text\n1,녹차를 좋아합니다 오늘은\n2,날씨가 좋네요\n", "euc_kr"),
        ("id,text\n1,お茶が好きです。今日は天気がいい\n", "shift_jis"),
        ("id,text\n1,Чай очень хороший\n2,спасибо\n", "koi8_r"),
    ],
)
def test_what_is_not_chinese_is_refused(text: str, encoding: str) -> None:
    """Read as GBK it would pass for odd words: told is better than wrong."""
    with pytest.raises(UnknownEncodingError, match=r"not UTF-8 at byte \d+"):
        tell_encoding(text.encode(encoding), is_all=True)


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 0.999), flip=st.integers(1, 255), pretty=st.booleans())
def test_damaged_utf8_stays_utf8(place: float, flip: int, pretty: bool) -> None:
    """One wrong byte in a Chinese file makes it no file in GBK."""
    records = [{"id": number, "text": WORDS[number]} for number in range(12)]
    text = (
        json.dumps(records, ensure_ascii=False, indent=1 if pretty else None)
        if pretty
        else "\n".join(json.dumps(row, ensure_ascii=False) for row in records)
    )
    data = bytearray(text.encode())
    data[int(place * len(data))] ^= flip
    assert tell_encoding(bytes(data), is_all=True) == ("utf-8", 0)


def test_head_may_end_within_a_character() -> None:
    data = "茶".encode() * 10
    assert tell_encoding(data[:-1], is_all=False) == ("utf-8", 0)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("layout", ["lines", "array"])
def test_json_comes_through_in_any_encoding(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layout: str,
    encoding: str,
    packed: bool,
) -> None:
    """Blocks end within characters; lines keep their numbers."""
    monkeypatch.setattr(documents, "BLOCK_BYTES", 333)
    words = [zhconv(word, "zh-Hant") for word in WORDS]
    records = [{"id": number, "text": words[number % 15]} for number in range(60)]
    text = (
        "\n".join(json.dumps(row, ensure_ascii=False) for row in records)
        if layout == "lines"
        else json.dumps(records, ensure_ascii=False)
    )
    data = text.encode(encoding)
    path = tmp_path / f"a.json{'.gz' * packed}"
    path.write_bytes(gzip.compress(data) if packed else data)
    notes = Notes()
    rows = [row for batch in read_documents(path, notes) for row in batch.to_pylist()]
    assert [json.loads(row["document"]) for row in rows] == records
    assert not notes.rejected
    assert notes.encoding == {"utf-16": "utf-16-le"}.get(encoding, encoding)
    if layout == "lines":
        assert [row["position"] for row in rows] == list(range(1, 61))


def read(path: Path, notes: Notes) -> list[Any]:
    """The rows of a table of posts."""
    return [
        json.loads(row["document"])
        for batch in read_table(path, notes)
        for row in batch.to_pylist()
    ]


def test_a_byte_that_the_encoding_lacks_refuses_the_file(tmp_path: Path) -> None:
    """GB18030 by all signs of its head, but not to the end."""
    good = table(WORDS, 400, 1).encode("gb18030")
    path = tmp_path / "posts.csv"
    path.write_bytes(good * 300 + b"900,2026-03-01T10:00:00Z,\xff\xff\r\n")
    with pytest.raises(
        UnreadableFileError, match=f"not GB18030 at byte {300 * len(good) + 25}"
    ):
        read(path, Notes())


def test_the_source_may_name_its_encoding(tmp_path: Path) -> None:
    """Where the file alone tells too little; a mark still wins."""
    path = tmp_path / "posts.csv"
    path.write_bytes("post_id,text\n7,café\n".encode("cp1252"))
    with pytest.raises(UnreadableFileError, match="encoding ="):
        read(path, Notes())
    assert read(path, Notes("cp1252")) == [{"post_id": "7", "text": "café"}]
    path.write_bytes("post_id,text\n7,茶\n".encode("utf-16"))
    assert read(path, Notes("cp1252")) == [{"post_id": "7", "text": "茶"}]
