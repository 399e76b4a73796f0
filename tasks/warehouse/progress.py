"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

console = Console(highlight=False, soft_wrap=True)


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
    """Show a step and, at its end, how long it took."""
    started = time.perf_counter()
    if console.is_terminal and total:
        with Progress(
            TextColumn(f"{name:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        ) as progress:
            yield Meter(progress, total)
    else:
        yield Meter(None, total)
    say(f"{name}: {time.perf_counter() - started:.1f} s")


def say(line: str) -> None:
    """Print one line, without markup."""
    console.print(line, markup=False)
