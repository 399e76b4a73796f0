"""A clock for crawls; apart, since a process that only crawls starts sooner so."""

from __future__ import annotations


class StandingClock:
    """A clock that shows one moment; waiting takes no time."""

    def __init__(self, moment: float) -> None:
        """Stand at a Unix time."""
        self._moment = moment

    def now(self) -> float:
        """The moment."""
        return self._moment

    def sleep(self, seconds: float) -> None:
        """Return at once."""
