"""Rows of CSV files as programs and spreadsheets leave them, one by one.

A row that breaks the rules of CSV (a quote that never closes, one that isn't doubled)
costs itself only: reading goes on at the next line that is a row again. Marks of an
encoding at a row's beginning are no part of it, and two files that were joined without
a line break are told apart by the second one's header. Cost: linear; memory: a row, at
most `_MOST_LINES` lines and as long together as a line may be.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from tasks.sources import documents
from tasks.sources.documents import (
    Notes,
    Rejected,
    UnreadableFileError,
    open_text,
)
from tasks.sources.error_answers import explain_page, shown
from tasks.sources.file_encodings import MARK, UNSEEN

# Text of one article; the module's own limit is 128 KB.
_LARGEST_CELL = 64 << 20
_MOST_LINES = 20_000
_PAGE_BYTES = 64 << 10
_BLOCK_BYTES = 1 << 20
# Lines after a broken row that are tried together as a row of several lines.
_AHEAD = 50
DELIMITERS = (",", ";", "\t", "|")
# Spreadsheets say so on the first line.
_SAYS_DELIMITER = re.compile(r'"?sep=(.)"?\s*')
# A mark within a line, before what looks like a row's first cell or a header's.
_JOINT = re.compile(
    f"{MARK}+(?=[\"']?(?:[0-9]{{5,}}|id|用户id|platform|[a-z]+_id)[\\t ]*[\"']?[,;\\t])"
)


@dataclass(slots=True)
class Row:
    """A row and the line on which it begins, as an editor counts."""

    line: int
    cells: list[str]


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    flaw: str | None = None


class CsvFile:
    """A file's header and its rows.

    Attributes:
        header: its names, bare of marks and blanks; empty for an empty file.
        header_line: where it stands.
        delimiter: between cells.
    """

    def __init__(
        self,
        path: Path,
        notes: Notes,
        known: Callable[[Sequence[str]], int],
    ) -> None:
        """Prepare to read.

        Args:
            path: plain, .gz or .zst.
            notes: takes the rows that break the rules of CSV.
            known: how many of some names are known to the format; tells the
                delimiter.
        """
        csv.field_size_limit(_LARGEST_CELL)
        self._path = path
        self._notes = notes
        self._known = known
        self.header: list[str] = []
        self.header_line = 0
        self.delimiter = ","

    def rows(self, fits: Callable[[list[str]], bool]) -> Iterator[Row]:
        """Yield every row, the header first; blank lines are none.

        Args:
            fits: whether cells can be a row of this file; asked of rows of several
                lines and after a broken one.

        Raises:
            UnreadableFileError: the file is damaged, or no text.
        """
        with open_text(self._path, self._notes) as (head, stream):
            if page := explain_page(head[:_PAGE_BYTES].decode(errors="replace")):
                raise UnreadableFileError(f"no table: {page}")
            newline = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
            feed = _Feed(_lines(head, stream, newline))
            first = feed.peek()
            while first is not None and not first.text.strip(UNSEEN):
                feed.drop()
                first = feed.peek()
            if first is None:
                return
            if said := _SAYS_DELIMITER.fullmatch(first.text):
                self.delimiter = said[1]
                feed.drop()
                first = feed.peek()
                if first is None:
                    return
            else:
                self.delimiter = max(
                    DELIMITERS,
                    key=lambda mark: (
                        self._known(names_of(_cells(first.text, mark) or [])),
                        -DELIMITERS.index(mark),
                    ),
                )
            self.header_line = first.number
            self.header = names_of(_cells(first.text, self.delimiter) or [])
            if len(self.header) > 1:
                feed.joint = first.text.strip(UNSEEN)
            feed.is_header = self._is_header
            yield from self._read(feed, fits)

    def _is_header(self, text: str) -> bool:
        """Whether a line holds names only."""
        names = names_of(_cells(text, self.delimiter) or [])
        return bool(names) and self._known(names) == len(names)

    def _read(self, feed: _Feed, fits: Callable[[list[str]], bool]) -> Iterator[Row]:
        reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        while True:
            feed.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._recover(feed, _words(error, feed), fits)
                reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
                continue
            flaw = next((line.flaw for line in feed.taken if line.flaw), None)
            if flaw is not None:
                self._recover(feed, flaw, fits)
            elif len(feed.taken) > 1 and not fits(cells) and self._next(feed, fits):
                self._recover(feed, "its quotes make no row", fits)
            elif any(cells):
                yield Row(feed.taken[0].number, cells)

    def _recover(
        self, feed: _Feed, reason: str, fits: Callable[[list[str]], bool]
    ) -> None:
        """Reject the broken row, go on at the next line that is a row."""
        broken = len(feed.taken)
        following = self._next(feed, fits) or broken
        taken = list(feed.taken)
        first = taken[0]
        if first.flaw:
            reason = first.flaw
        elif following < broken and '"' in first.text:
            reason = f"a quote that opens here never closes: {shown(first.text)}"
        text = "".join(line.text for line in taken[:following])
        self._notes.rejected.append(Rejected(first.number, reason, text))
        feed.give_back(taken[following:])

    def _next(self, feed: _Feed, fits: Callable[[list[str]], bool]) -> int | None:
        """Which of the lines that were taken begins a row again."""
        taken = len(feed.taken)
        lines = list(feed.taken)
        found = None
        for place in range(1, taken):
            cells = _cells(lines[place].text, self.delimiter)
            if cells is None and lines[place].text.count('"') % 2:
                # A row of several lines, the later ones of which may not be read yet.
                while len(lines) < place + _AHEAD and (line := feed.read_on()):
                    lines.append(line)
                cells = _first_row(
                    [line.text for line in lines[place : place + _AHEAD]],
                    self.delimiter,
                )
            if cells and any(cells) and fits(cells):
                found = place
                break
        feed.give_back(lines[taken:])
        return found


class _Feed:
    """Lines for a CSV reader, which can be given back."""

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self._waiting: deque[_Line] = deque()
        self.taken: list[_Line] = []
        self._length = 0
        # The header as it was written: where a line ends with it, files were joined.
        self.joint = MARK
        # A longer header may end with a shorter one's text.
        self.is_header: Callable[[str], bool] = lambda text: False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) > _MOST_LINES or self._length > documents.LONGEST_LINE_BYTES:
            raise StopIteration
        line = self._take()
        if line is None:
            raise StopIteration
        self.taken.append(line)
        self._length += len(line.text)
        return line.text

    def begin(self) -> None:
        """Forget what was taken: a row begins."""
        self.taken.clear()
        self._length = 0

    def peek(self) -> _Line | None:
        """The next line, which stays."""
        line = self._take()
        if line is not None:
            self._waiting.appendleft(line)
        return line

    def read_on(self) -> _Line | None:
        """The next line, which is to be given back."""
        return self._take()

    def drop(self) -> None:
        """Leave out the next line."""
        self._take()

    def give_back(self, lines: Sequence[_Line]) -> None:
        """Lines to be read again."""
        self._waiting.extendleft(reversed(lines))

    def _take(self) -> _Line | None:
        line = self._waiting.popleft() if self._waiting else next(self._lines, None)
        if line is None:
            return None
        text = line.text
        if MARK not in text and self.joint not in text:
            return line
        if text[:1] == MARK:
            text = text.lstrip(MARK)
        cut = text.find(self.joint, 1)
        if cut < 0 and MARK in text and (joint := _JOINT.search(text)):
            cut = joint.start()
        if cut > 0 and not self.is_header(text):
            self._waiting.appendleft(_Line(line.number, text[cut:], line.flaw))
            text = text[:cut].rstrip(MARK) + "\n"
        return _Line(line.number, text, line.flaw)


def names_of(cells: Sequence[str]) -> list[str]:
    """Names of columns, bare of marks and blanks; none for empty cells at the end."""
    names = [cell.strip(UNSEEN) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _lines(head: bytes, stream: IO[bytes], newline: bytes) -> Iterator[_Line]:
    """The lines of a file, each decoded by itself where one is not UTF-8.

    Of a line that is longer than a line may be, its beginning, with the flaw.
    """
    number = 0
    rest = b""
    too_long = 0  # bytes so far of a line that is not held
    blocks = chain(
        (head[at : at + _BLOCK_BYTES] for at in range(0, len(head), _BLOCK_BYTES)),
        iter(lambda: stream.read(_BLOCK_BYTES), b""),
    )
    for block in blocks:
        if too_long:
            end = block.find(newline)
            too_long += len(block) if end < 0 else end
            if end >= 0:
                number += 1
                yield _too_long(number, too_long, rest)
                too_long, rest, block = 0, b"", block[end + 1 :]
        if not too_long and block:
            block = rest + block
            if block.isspace() and block.count(newline) > _MOST_LINES:
                # As many as end any row, so that a file of nothing else costs little.
                last = number + block.count(newline)
                for place in range(number + 1, number + _MOST_LINES + 1):
                    yield _Line(place, "\n")
                number, block = last, block[block.rfind(newline) + 1 :]
            *lines, rest = block.split(newline)
            if any(len(raw) > documents.LONGEST_LINE_BYTES for raw in lines):
                for raw in lines:
                    number += 1
                    if len(raw) > documents.LONGEST_LINE_BYTES:
                        yield _too_long(number, len(raw), raw)
                    else:
                        yield _decoded(number, raw, newline)
                lines = []
            try:
                texts = (
                    newline.join(lines).decode().split(newline.decode())
                    if lines
                    else []
                )
            except UnicodeDecodeError:
                for raw in lines:
                    number += 1
                    yield _decoded(number, raw, newline)
            else:
                for text in texts:
                    number += 1
                    yield _Line(number, text + "\n")
            if len(rest) > documents.LONGEST_LINE_BYTES:
                too_long, rest = len(rest), rest[: documents.KEPT_CHARACTERS]
    if too_long:
        yield _too_long(number + 1, too_long, rest)
    elif rest:
        yield _decoded(number + 1, rest, b"")


def _too_long(number: int, length: int, beginning: bytes) -> _Line:
    most = documents.LONGEST_LINE_BYTES >> 20
    return _Line(
        number,
        beginning[: documents.KEPT_CHARACTERS].decode(errors="replace") + "\n",
        f"the line has {length:,} bytes, more than {most} MB",
    )


def _decoded(number: int, raw: bytes, newline: bytes) -> _Line:
    end = "\n" if newline else ""
    try:
        return _Line(number, raw.decode() + end)
    except UnicodeDecodeError as error:
        return _Line(
            number,
            raw.decode(errors="replace") + end,
            f"not UTF-8 at byte {error.start} of line {number}",
        )


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line that is a row by itself."""
    return _first_row([text], delimiter)


def _first_row(texts: Sequence[str], delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader(texts, delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _words(error: csv.Error, feed: _Feed) -> str:
    """What broke, in words, with the place."""
    text = feed.taken[0].text if feed.taken else ""
    if "unexpected end" in str(error):
        return f"a quote that opens here never closes: {shown(text)}"
    if "expected after" in str(error):
        last = feed.taken[-1].text
        return f"a quote within a quoted cell isn't doubled: {shown(last)}"
    return f"not CSV: {error}: {shown(text)}"
