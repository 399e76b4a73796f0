"""Calls counted per window of the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable


class Windows:
    """Counts per key within windows that begin at multiples of their length."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._used: Counter[tuple[Hashable, int]] = Counter()

    def _number(self) -> int:
        return int(self._clock() // self._seconds)

    def used(self, key: Hashable) -> int:
        """What was counted in the window that runs."""
        return self._used[key, self._number()]

    def add(self, key: Hashable, amount: int = 1) -> None:
        """Count something."""
        self._used[key, self._number()] += amount

    def reset(self) -> float:
        """When the window that runs ends."""
        return (self._number() + 1) * self._seconds
