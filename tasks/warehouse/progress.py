"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn


class _Unbroken(Console):
    """A console that falls silent where nobody reads any more."""

    def on_broken_pipe(self) -> None:
        """Stay silent; the base class ends the process."""
        self.quiet = True


console = _Unbroken(highlight=False, soft_wrap=True)


class Meter:
    """Counts work done; shown as a bar on a terminal."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        """Start at zero of `total`."""
        self._progress = progress
        self._task = progress.add_task("", total=total) if progress else None

    def advance(self, amount: int) -> None:
        """Add finished work."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, amount)


@contextmanager
def step(name: str, total: int = 0) -> Iterator[Meter]:
    """Show a step as it begins and, at its end, how long it took."""
    started = time.perf_counter()
    _steps.append(name)
    try:
        yield from _metered(name, total)
    finally:
        _steps.pop()
    seconds = time.perf_counter() - started
    for listener in _listeners:
        listener(f"{name}: {seconds:.1f} s")
    if _as_json():
        _write_json(f"{name} done", done=name, seconds=round(seconds, 3))
    else:
        console.print(f"{name}: {seconds:.1f} s", markup=False)


# Steps under way, the innermost last.
_steps: list[str] = []


def _metered(name: str, total: int) -> Iterator[Meter]:
    if console.is_terminal and total and not _as_json():
        with Progress(
            TextColumn(f"{name:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        ) as progress:
            yield Meter(progress, total)
    else:
        say(f"{name} ...")
        yield Meter(None, total)


class _Enduring:
    """A text stream to which what nobody reads is written in vain, without an error."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except BrokenPipeError:
            self._forget()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._forget()

    def _forget(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def endure_closed_output() -> None:
    """Let no command fail because nobody reads what it says, as with `| head -1`.

    For the process as a whole, at its start: a stream that is closed then leads
    nowhere, so that no file gets its number.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            stream = os.fdopen(number, "w", encoding="utf-8")
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of GBK can't show every name of a file.
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, cast(Any, _Enduring(stream)))


@contextmanager
def unheard() -> Iterator[None]:
    """Let nobody hear what is said meanwhile: a look at rows is no run."""
    global _is_unheard
    before, quiet = _is_unheard, console.quiet
    _is_unheard = console.quiet = True
    try:
        yield
    finally:
        _is_unheard, console.quiet = before, quiet


_is_unheard = False
_listeners: list[Callable[[str], None]] = []


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Let somebody else hear what is said, besides who reads the output."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def plain(text: str, keeps: str = "") -> str:
    """A text without what moves a terminal's cursor or turns its direction.

    Args:
        text: of a file, a name, a record.
        keeps: further marks that stay, such as line breaks.
    """
    return "".join(
        mark
        if mark.isprintable() or mark in keeps or unicodedata.category(mark) == "Zs"
        else "\N{REPLACEMENT CHARACTER}"
        for mark in text
    )


def say(line: str) -> None:
    """Print one line, without markup; names of files in it steer no terminal."""
    line = plain(line, keeps="\n")
    for listener in _listeners:
        listener(line)
    if _as_json():
        _write_json(line)
    else:
        console.print(line, markup=False)


def _as_json() -> bool:
    """Whether a log collector reads: `WM_LOG=json`, a JSON object a line."""
    return os.environ.get("WM_LOG") == "json"


def _write_json(line: str, **more: object) -> None:
    if _is_unheard:
        return
    is_warning = line.lstrip().startswith("warning:")
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "warning" if is_warning else "info",
        "step": _steps[-1] if _steps else None,
        "message": line.strip(),
        **more,
    }
    console.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    console.file.flush()
