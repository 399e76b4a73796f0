"""How many calls are under way at once: as many as use the budget, no more.

Calls that take `latency` seconds each and are to come at `rate` a second must be
`rate * latency` at a time (Little, 1961). The rate is what a window still permits,
over the time that it still lasts. So a slow platform with a large limit is asked many
things at once, one with a small limit one after the other, and one that fails, or asks
for a pause, one at a time until it answers again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from tasks.sources.crawl.budget import HOUR, Left

# A network's answer takes so long at least; until the first one came, this is assumed.
LEAST_LATENCY = 0.02
# How much of the estimate a newer answer replaces, and of its spread, and so many
# spreads above the mean hardly any answer takes (as TCP does it: RFC 6298).
_NEW_MEAN, _NEW_SPREAD, _SPREADS = 1 / 8, 1 / 4, 4
# The part of a window within which its calls are made.
_EARLY = 0.9


class Pace:
    """What is under way, and whether one call more may be.

    Attributes:
        under_way: calls by name of a limit that counts them.
        is_troubled: the platform failed, and has not answered since.
    """

    def __init__(self, most: int) -> None:
        """Begin with nothing under way.

        Args:
            most: calls at once, whatever the budget permits.
        """
        self.under_way: Counter[str] = Counter()
        self.is_troubled = False
        self._most = most
        self._calls = 0
        self._latency: float | None = None
        self._spread = 0.0

    def begin(self, limits: Iterable[str]) -> None:
        """A call is under way."""
        self._calls += 1
        self.under_way.update(limits)

    def end(self, limits: Iterable[str], seconds: float) -> None:
        """A call has come back after so long."""
        self._calls -= 1
        self.under_way.subtract(limits)
        # A clock that was set meanwhile tells nonsense.
        seconds = min(max(seconds, 0.0), HOUR)
        if self._latency is None:
            self._latency, self._spread = seconds, seconds / 2
            return
        self._spread += _NEW_SPREAD * (abs(seconds - self._latency) - self._spread)
        self._latency += _NEW_MEAN * (seconds - self._latency)

    def has_room(self, limits: Iterable[Left]) -> bool:
        """Whether one call more may be under way.

        Args:
            limits: what is left of those that count it.
        """
        if self._calls == 0:
            return True
        if self.is_troubled or self._calls >= self._most:
            return False
        return all(self.under_way[left.name] < self._wanted(left) for left in limits)

    def _wanted(self, left: Left) -> int:
        """Calls at once that use up a limit by the end of its window.

        Before its end: a call that is under way when a window ends counts in both, and
        what is late can't be made good. And within the hour, for a day's calls are not
        to take the day.
        """
        latency = max(self._latency or 0.0, LEAST_LATENCY)
        margin = latency + _SPREADS * self._spread
        seconds = min(max(_EARLY * (left.seconds - margin), margin), HOUR)
        return max(math.ceil(left.amount * latency / seconds), 1)
