"""Files to JSON documents: plain, gzip or zstandard; lines or one document.

Any encoding that can be told is read (`tasks.sources.file_encodings`); the mark of one
is no part of a document, wherever joined files left it.

A file is read in one of two ways, told from its first lines: *lines* (each
line a JSON document of its own) or *whole* (the file is one document). Lines go
through as Arrow buffers cut at the newlines, without a Python object per row:
the cost is linear in the bytes, the memory is one block.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
import orjson
import pyarrow as pa

from tasks.sources.error_answers import explain_page, is_nothing, is_refusal, shown
from tasks.sources.file_encodings import (
    UNSEEN,
    UTF8,
    Recoded,
    UnknownEncodingError,
    tell_encoding,
    tell_mark,
)
from tasks.sources.file_format import Splitter
from tasks.sources.json_text import dump_record, parse_json
from tasks.warehouse.table_mapping import TableMapping

# Bytes read at a time, first: enough to tell what a file is.
BLOCK_BYTES = 16 << 20
# And of lines from then on. What is cut, checked and parsed of larger ones has left the
# processor's cache each time: that costs a quarter more. Smaller ones cost questions.
LINES_BYTES = 4 << 20
# A file that is one JSON document is parsed as a whole, in about six times its
# size in memory.
WHOLE_DOCUMENT_BYTES = 256 << 20
# A line that is longer is rejected without being held.
LONGEST_LINE_BYTES = 32 << 20
# What a small file may expand to, as text and as records: protects against archives
# made to explode. JSON packs to a tenth, seldom to a fiftieth.
EXPANSION_RATIO = 200
EXPANSION_FREE_BYTES = 256 << 20
# So many rows of a file may be rejected before it is refused whole.
MOST_REJECTED = 200_000
# Of a rejected row so much is kept, and of a file's rejected rows together.
KEPT_CHARACTERS = 1 << 20
KEPT_TOGETHER = 64 << 20
_KEPT_AT_LEAST = 200

# Keys under which the platforms wrap lists of records in an answer.
ENVELOPE_KEYS = ("statuses", "reposts", "comments", "users", "root_comments", "data")

_MARKS_AND_BLANKS = b"\xef\xbb\xbf \t\r\n\v\f"

SCHEMA = pa.schema(
    [("position", pa.int64()), ("item", pa.int32()), ("document", pa.large_string())]
)


class UnreadableFileError(Exception):
    """A file that can't be read; the message says where it breaks."""


@dataclass(frozen=True)
class Rejected:
    """A document that is not JSON: its line, why, and the bytes as text."""

    position: int
    reason: str
    text: str


class Rejections(list[Rejected]):
    """The rejected rows of a file, with an end to what they may hold in memory."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._kept = 0

    def append(self, row: Rejected) -> None:
        """Add a row; of a long one, or of many, its beginning.

        Raises:
            UnreadableFileError: there are too many.
        """
        if len(self) >= MOST_REJECTED:
            raise UnreadableFileError(
                f"more than {MOST_REJECTED:,} of its rows can't be read, the first in"
                f" line {self[0].position}: {self[0].reason}; correct them, or split"
                " the file"
            )
        most = KEPT_CHARACTERS if self._kept < KEPT_TOGETHER else _KEPT_AT_LEAST
        if len(row.text) > most:
            row = replace(
                row, text=f"{row.text[:most]}... ({len(row.text):,} characters)"
            )
        self._kept += len(row.text)
        super().append(row)


@dataclass
class Notes:
    """What is told to and by the reader of a file, besides its records.

    Attributes:
        told_encoding: the source's, where the workspace names one.
        table: what columns are, where the workspace says it.
        observed_at: when the source says that all was read, naive UTC.
        time_zone: of clocks that files name none of, where the workspace says it.
        told: what else the file's owner should know, in words.
        rejected: what stands in the file and is no record.
        encoding: in which it was read.
        repeated_headers: lines that only name columns once more.
        misspelt: names of columns that nobody knows, and the nearest known one each.
    """

    told_encoding: str | None = None
    table: TableMapping | None = None
    observed_at: datetime | None = None
    time_zone: str | None = None
    told: list[str] = field(default_factory=list)
    rejected: Rejections = field(default_factory=Rejections)
    encoding: str = UTF8
    repeated_headers: int = 0
    misspelt: dict[str, str] = field(default_factory=dict)


def read_documents(
    path: Path, notes: Notes, split: Splitter | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a file as batches of `SCHEMA`.

    `position` is the line (1 for a whole document), `item` the index within a
    list or an answer envelope, null for a document that is a record itself.
    Lines are not parsed here, unless `split` says what records an answer holds;
    a line that isn't UTF-8 goes to `notes.rejected`.

    Raises:
        UnreadableFileError: the file is damaged; says at which byte or line.
    """
    with open_text(path, notes) as (head, stream):
        if not head.strip(_MARKS_AND_BLANKS):
            if stream.read(1):
                raise UnreadableFileError("the file starts with 16 MB of blanks")
            return
        if _is_lines(head) or _is_long_line(path, head):
            yield from _read_lines(head, stream, notes.rejected, split)
        else:
            yield from _read_whole(head, stream, split)


@contextmanager
def open_text(path: Path, notes: Notes) -> Iterator[tuple[bytes, IO[bytes]]]:
    """Open a file as UTF-8, whatever it is packed and encoded in.

    Yields:
        How it begins, without the encoding's mark, and the stream of the rest.

    Raises:
        UnreadableFileError: damaged, also while it is read; or its encoding can't
            be told or doesn't have one of its bytes.
    """
    try:
        with open_packed(path) as packed:
            stream: Any = packed
            head = stream.read(BLOCK_BYTES)
            encoding, mark = tell_mark(head) or (
                (notes.told_encoding, 0)
                if notes.told_encoding
                else tell_encoding(head, len(head) < BLOCK_BYTES)
            )
            notes.encoding = encoding
            head = head[mark:]
            if encoding != UTF8:
                stream = Recoded(stream, encoding, head, mark)
                head = stream.read(BLOCK_BYTES)
            yield head, stream
    except (OSError, EOFError, pa.ArrowException) as error:
        detail = str(error) or type(error).__name__
        raise UnreadableFileError(f"can't be unpacked or read: {detail}") from None
    except UnknownEncodingError as error:
        raise UnreadableFileError(str(error)) from None


def split_document(text: str, split: Splitter | None = None) -> list[str]:
    """Split a list or an answer envelope into its records, as JSON texts.

    A document that is a record itself comes back alone, normalised: duplicate
    keys keep the last value and a lone surrogate becomes U+FFFD, since no
    column can hold one. Documents that joined files left on one line come one by one,
    and one that calls a function of the page it is for (`callback({...});`) bare of it.

    Raises:
        ValueError: not JSON; the message names the place.
    """
    text = text.strip(UNSEEN)
    if called := _CALL.fullmatch(text):
        text = called[1]
    try:
        parts = [parse_json(text)]
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        joined = _joined(text)
        if joined is None:
            raise ValueError(_why_not_json(text, error)) from None
        parts = joined
    return [
        dump_record(record) for part in parts for record in (split or _records)(part)
    ]


def _joined(text: str) -> list[Any] | None:
    """The documents of a text that holds several; None where it is none such."""
    decoder = json.JSONDecoder()
    parts: list[Any] = []
    place = 0
    try:
        while place < len(text):
            part, place = decoder.raw_decode(text, place)
            if not isinstance(part, dict | list):
                return None
            parts.append(part)
            while place < len(text) and text[place] in UNSEEN:
                place += 1
    except (ValueError, RecursionError):
        return None
    return parts


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    return explain_page(text) or (
        f"{error}, at {shown(text[error.pos :])}"
        if error.pos < len(text)
        else f"{error}: it ends there"
    )


# How pages ask for data across sites: callback({...}); also within try {...} catch.
_CALL_BEGINS = re.compile(r"(?:/\*.*?\*/\s*)?(?:try\s*\{\s*)?[A-Za-z_$][\w.$]*\s*\(\s*")
_CALL = re.compile(
    _CALL_BEGINS.pattern
    + r"([\[{].*[\]}])\s*\)\s*;?\s*(?:\}\s*catch\s*\(\w*\)\s*\{\s*\}\s*;?\s*)?",
    re.DOTALL,
)


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file to read; never a pipe, a device or a socket.

    Raises:
        OSError: it can't be opened.
        UnreadableFileError: it is no file.
    """
    # What is no file must not make anybody wait for its other end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFileError("it is no file")
    return os.fdopen(descriptor, "rb")


def open_packed(path: Path) -> IO[bytes]:
    """Open a file to read, unpacked where its name says that it is packed."""
    name = path.name.lower()
    plain = open_regular(path)
    for suffix, codec in ((".gz", "gzip"), (".zst", "zstd")):
        if name.endswith(suffix):
            # Arrow's streams name a cut file, which zstandard's end silently.
            stream = pa.CompressedInputStream(pa.PythonFile(plain, "r"), codec)
            return _Capped(stream, os.fstat(plain.fileno()).st_size)
    return plain


def expands_to(packed_bytes: int) -> int:
    """What a file of that size may expand to, bytes."""
    return max(EXPANSION_FREE_BYTES, EXPANSION_RATIO * packed_bytes)


class _Capped(io.BytesIO):
    """A decompressing stream that stops at an absurd expansion."""

    def __init__(self, stream: Any, packed_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = expands_to(packed_bytes)

    def read(self, size: int | None = -1, /) -> bytes:
        parts = []
        wanted = -1 if size is None else size
        while wanted:
            chunk = 1 << 20 if wanted < 0 else min(wanted, 1 << 20)
            part: bytes = self._stream.read(chunk)
            if not part:
                break
            parts.append(part)
            if wanted > 0:
                wanted -= len(part)
        data = b"".join(parts)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFileError(
                f"expands to more than {EXPANSION_RATIO} times its size"
            )
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def _is_lines(head: bytes) -> bool:
    """Whether one of the first two lines is a document and others follow."""
    lines = head.lstrip(_MARKS_AND_BLANKS).split(b"\n", 2)
    if lines[0].strip(_MARKS_AND_BLANKS) in (b"[", b"{"):
        return False
    is_call = _CALL_BEGINS.match(lines[0].decode(errors="replace")) is not None
    for line in lines[:2]:
        text = line.strip(_MARKS_AND_BLANKS)
        if is_call:
            # Lines of calls, or one call that is written on several lines.
            called = _CALL.fullmatch(text.decode(errors="replace"))
            if called is None:
                return False
            text = called[1].encode()
        if text[:1] not in (b"{", b"["):
            continue
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        return True
    return False


def _is_long_line(path: Path, head: bytes) -> bool:
    """Whether a file of JSON lines, by its name, begins with a line beyond `head`."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return (
        name.endswith((".jsonl", ".ndjson"))
        and len(head) >= BLOCK_BYTES
        and b"\n" not in head
    )


def _read_lines(
    head: bytes,
    stream: IO[bytes],
    rejected: list[Rejected],
    split: Splitter | None,
) -> Iterator[pa.RecordBatch]:
    line = 1
    rest = b""
    block = head
    too_long = 0  # bytes so far of a line that is not held
    explode = split is not None or _is_envelope(head)
    while block:
        following = stream.read(LINES_BYTES)
        if not following and not block.endswith(b"\n"):
            block += b"\n"
        if too_long:
            end = block.find(b"\n")
            too_long += len(block) if end < 0 else end
            if end >= 0:
                rejected.append(_too_long(line, too_long, rest))
                line, too_long, rest = line + 1, 0, b""
                block = block[end + 1 :]
        if not too_long and block:
            buffer = rest + block
            ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 0x0A)
            rest = buffer
            if len(ends):
                offsets = np.empty(len(ends) + 1, np.int64)
                offsets[0] = 0
                offsets[1:] = ends + 1
                batch = _line_batch(buffer, offsets, line, rejected)
                if explode:
                    yield from _explode(batch, rejected, split)
                else:
                    yield batch
                line += len(ends)
                rest = buffer[int(offsets[-1]) :]
            if len(rest) > LONGEST_LINE_BYTES:
                too_long, rest = len(rest), rest[:KEPT_CHARACTERS]
            del buffer
        block = following


def _too_long(line: int, length: int, beginning: bytes) -> Rejected:
    return Rejected(
        line,
        f"the line has {length:,} bytes, more than {LONGEST_LINE_BYTES >> 20} MB: write"
        " a record a line",
        beginning.decode(errors="replace"),
    )


def _line_batch(
    buffer: bytes, offsets: np.ndarray, first_line: int, rejected: list[Rejected]
) -> pa.RecordBatch:
    count = len(offsets) - 1
    lengths = np.diff(offsets)
    documents = pa.Array.from_buffers(
        pa.large_string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(buffer)]
    )
    positions = pa.array(np.arange(first_line, first_line + count))
    try:
        documents.validate(full=True)
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for index in range(count):
            raw = buffer[offsets[index] : offsets[index + 1]]
            try:
                texts.append(raw.decode())
            except UnicodeDecodeError as error:
                texts.append(None)
                rejected.append(
                    Rejected(
                        first_line + index,
                        f"not UTF-8 at byte {error.start} of the line",
                        raw.decode(errors="replace"),
                    )
                )
        documents = pa.array(texts, pa.large_string())
    batch = pa.record_batch(
        [positions, pa.nulls(count, pa.int32()), documents], schema=SCHEMA
    )
    # Blank lines separate documents, they are none; no document is shorter.
    long = lengths > LONGEST_LINE_BYTES
    if long.any():
        for index in np.flatnonzero(long).tolist():
            beginning = buffer[offsets[index] : offsets[index] + KEPT_CHARACTERS]
            rejected.append(
                _too_long(first_line + index, int(lengths[index]) - 1, beginning)
            )
        batch = batch.filter(pa.array(~long))
        documents = batch.column("document")
    if documents.null_count or lengths.min(initial=99) < 16:
        batch = batch.filter(
            pa.compute.fill_null(
                pa.compute.not_equal(pa.compute.utf8_trim_whitespace(documents), ""),
                False,
            )
        )
    return batch


def _read_whole(
    head: bytes, stream: IO[bytes], split: Splitter | None
) -> Iterator[pa.RecordBatch]:
    parts = [head]
    length = len(head)
    while length <= WHOLE_DOCUMENT_BYTES and (part := stream.read(BLOCK_BYTES)):
        parts.append(part)
        length += len(part)
    if length > WHOLE_DOCUMENT_BYTES:
        raise UnreadableFileError(
            f"is one JSON document of more than {WHOLE_DOCUMENT_BYTES >> 20} MB:"
            " write it as JSON lines, a record a line"
        )
    data = b"".join(parts)
    del parts
    try:
        records = split_document(data.decode(), split)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise UnreadableFileError(f"not JSON: {error}") from None
    del data
    for start in range(0, len(records), 10_000):
        some = records[start : start + 10_000]
        yield _batch([1] * len(some), list(range(start, start + len(some))), some)


def _is_envelope(head: bytes) -> bool:
    line = head.lstrip(_MARKS_AND_BLANKS).split(b"\n", 1)[0]
    return re.match(rb'\s*(\[|\{\s*"(%s)"\s*:\s*\[)' % _KEYS, line) is not None


_KEYS = "|".join(ENVELOPE_KEYS).encode()


def _explode(
    batch: pa.RecordBatch, rejected: list[Rejected], split: Splitter | None
) -> Iterator[pa.RecordBatch]:
    positions: list[int] = []
    items: list[int] = []
    documents: list[str] = []
    for position, text in zip(
        batch.column("position").to_pylist(),
        batch.column("document").to_pylist(),
        strict=True,
    ):
        try:
            records = split_document(text, split)
        except ValueError as error:
            rejected.append(Rejected(position, f"not JSON: {error}", text))
            continue
        positions += [position] * len(records)
        items += range(len(records))
        documents += records
    yield _batch(positions, items, documents)


def _batch(
    positions: Iterable[int], items: Iterable[int | None], documents: list[str]
) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.array(positions, pa.int64()),
            pa.array(items, pa.int32()),
            pa.array(documents, pa.large_string()),
        ],
        schema=SCHEMA,
    )


def _records(document: Any) -> list[Any]:
    if is_nothing(document):
        return []
    if is_refusal(document):
        return [document]
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and "id" not in document:
        for key in ENVELOPE_KEYS:
            inner = document.get(key)
            if isinstance(inner, list):
                return inner
            if key == "data" and isinstance(inner, dict):
                return _records(inner)
    return [document]
