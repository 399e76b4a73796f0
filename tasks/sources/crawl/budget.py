"""What may still be asked: a platform's limits, a share of them, a reserve.

A limit allows so many calls (or rows) in a window of time. The source spends at
most `share` of it; the last `reserve` of that is kept for urgent streams. What was
spent is kept in a file (`spending.py`), so that runs, a killed one, sources and
processes count together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime

from tasks.sources.crawl.spending import EVERYWHERE, Claim, Rest, Spending

HOUR = 3600.0
DAY = 86_400.0
# Streams of this priority or a lower one may use the reserve.
URGENT = 50


@dataclass(frozen=True)
class Limit:
    """One limit of a platform.

    Attributes:
        name: as in workspace.toml's `limits` and in `status`.
        amount: calls (or rows) that are answered in a window.
        seconds: the window's length.
        endpoints: those it counts; empty for all.
        offset: seconds that the windows' edges lie before those of UTC (Weibo's
            day begins at midnight in China).
        counts_rows: rows count, not calls.
        is_monthly: windows are calendar months, whatever `seconds` says.
        by_contract: there is no such limit unless workspace.toml sets it or the
            platform tells it.
    """

    name: str
    amount: int
    seconds: float = HOUR
    endpoints: tuple[str, ...] = ()
    offset: float = 0.0
    counts_rows: bool = False
    is_monthly: bool = False
    by_contract: bool = False

    def window(self, now: float) -> tuple[float, float]:
        """Start and end of the window that a moment lies in; whole on the clock."""
        if self.is_monthly:
            first, later = (self.start_of_later_window(now, n) for n in (0, 1))
            return first, later
        start = (now + self.offset) // self.seconds * self.seconds - self.offset
        return start, start + self.seconds

    def start_of_later_window(self, now: float, windows: float) -> float:
        """When the window begins that comes so many after the one of a moment."""
        if not self.is_monthly:
            return self.window(now)[0] + windows * self.seconds
        if math.isinf(windows):
            return math.inf
        day = datetime.fromtimestamp(now, UTC)
        months = day.year * 12 + day.month - 1 + int(windows)
        if months >= MAXYEAR * 12:
            return math.inf
        return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Use:
    """How a limit stands; for `status`."""

    name: str
    amount: int
    allowed: int
    spent: int
    resets_at: float


@dataclass(frozen=True)
class Left:
    """What is left of a limit in its window.

    Attributes:
        name: of the limit.
        amount: calls that may still be made, or rows that may come.
        seconds: until the window ends.
    """

    name: str
    amount: int
    seconds: float


class Budget:
    """The limits of one source and what is left of them."""

    def __init__(
        self,
        spending: Spending,
        limits: tuple[Limit, ...],
        *,
        share: float = 0.9,
        reserve: float = 0.1,
        overrides: Mapping[str, int] | None = None,
    ) -> None:
        """Make a budget.

        Args:
            spending: what was spent, by whomever.
            limits: of the platform.
            share: of each limit that may be spent, 0 to 1.
            reserve: of that, kept for urgent streams, 0 to 1.
            overrides: amounts by name, where a contract says otherwise.
        """
        self._spending = spending
        self._known = limits
        self._contract = overrides or {}
        self._share, self._reserve = share, reserve
        self._limits = self._smallest(spending.told_limits())

    def _smallest(self, told: Mapping[str, int]) -> tuple[Limit, ...]:
        """The limits in force: of our amount and the platform's the smaller one."""
        limits = []
        for limit in self._known:
            own = self._contract.get(limit.name)
            if own is None and not limit.by_contract:
                own = limit.amount
            amounts = [
                amount for amount in (own, told.get(limit.name)) if amount is not None
            ]
            if amounts:
                limits.append(replace(limit, amount=min(amounts)))
        return tuple(limits)

    def _of(self, endpoint: str) -> list[Limit]:
        return [
            limit
            for limit in self._limits
            if not limit.endpoints or endpoint in limit.endpoints
        ]

    def _allowed(self, limit: Limit, *, urgent: bool) -> int:
        whole = int(limit.amount * self._share + 1e-9)
        return whole if urgent else whole - int(whole * self._reserve + 1e-9)

    def pauses_of(self, endpoint: str, priority: int, now: float) -> list[Rest]:
        """What a call has to wait for; empty where it may be made now."""
        pauses = self._spending.rests_of(endpoint, now)
        for limit in self._of(endpoint):
            start, end = limit.window(now)
            spent = self._spending.spent(limit.name, start)
            if spent >= self._allowed(limit, urgent=priority <= URGENT):
                why = "the budget of calls is spent"
                pauses.append(Rest(end, why, is_brief=False))
        return pauses

    def left(self, endpoint: str, priority: int, now: float) -> list[Left]:
        """What is left of each limit in its window."""
        found = []
        for limit in self._of(endpoint):
            start, end = limit.window(now)
            allowed = self._allowed(limit, urgent=priority <= URGENT)
            left = max(allowed - self._spending.spent(limit.name, start), 0)
            found.append(Left(limit.name, left, end - now))
        return found

    def rows_left(
        self, endpoint: str, priority: int, now: float
    ) -> tuple[int, float] | None:
        """Rows that may still come and when there are more; None without a limit."""
        left = []
        for limit in self._of(endpoint):
            if limit.counts_rows:
                start, end = limit.window(now)
                allowed = self._allowed(limit, urgent=priority <= URGENT)
                left.append((allowed - self._spending.spent(limit.name, start), end))
        return min(left, default=None)

    def take(
        self,
        endpoint: str,
        priority: int,
        now: float,
        rows: int = 0,
        *,
        is_whole: bool = False,
    ) -> bool:
        """Pay one call, and the most rows it may bring, of every limit; or nothing.

        Args:
            endpoint: to ask.
            priority: of the stream.
            now: the time.
            rows: that the platform may count for it.
            is_whole: it can't be made smaller and may go over a limit of rows, or it
                might never be made.

        Returns:
            Whether there was enough; others may have been faster.
        """
        claims = []
        for limit in self._of(endpoint):
            amount = rows if limit.counts_rows else 1
            allowed = self._allowed(limit, urgent=priority <= URGENT)
            most_before = allowed - (1 if is_whole else max(amount, 1))
            start, _ = limit.window(now)
            claims.append(Claim(limit.name, start, amount, most_before))
        return self._spending.take(claims)

    def settle(self, endpoint: str, paid_at: float, now: float) -> None:
        """Count a call once more where a window ended while it was on its way."""
        crossed = [
            (limit.name, limit.window(now)[0], 1)
            for limit in self._of(endpoint)
            if not limit.counts_rows and limit.window(now)[0] > limit.window(paid_at)[0]
        ]
        if crossed:
            self._spending.pay(crossed)

    def pay_rows(self, endpoint: str, rows: int, now: float) -> None:
        """Count rows against the limits that count them; below zero: give back."""
        self._spending.pay(
            (limit.name, limit.window(now)[0], rows)
            for limit in self._of(endpoint)
            if limit.counts_rows
        )

    def exhaust(self, endpoint: str, now: float, name: str | None = None) -> float:
        """Take the platform's word that a limit is reached; return when it resets.

        Args:
            endpoint: that was refused.
            now: the time.
            name: the limit it named; without it the shortest window's.
        """
        found = [limit for limit in self._of(endpoint) if limit.name == name]
        if not found:
            found = sorted(self._of(endpoint), key=lambda limit: limit.seconds)[:1]
        end = now
        for limit in found:
            start, end = limit.window(now)
            self._spending.raise_to(limit.name, start, limit.amount)
        return end

    def rest(
        self,
        endpoint: str | None,
        ends_at: float,
        why: str,
        now: float,
        *,
        is_brief: bool = False,
    ) -> None:
        """Let nobody who shares this budget ask for a while.

        Args:
            endpoint: that rests; None for all.
            ends_at: Unix time.
            why: for people; holds no identifier.
            now: the time.
            is_brief: a pause within a run, no window of a limit.
        """
        rest = Rest(ends_at, why, is_brief)
        self._spending.rest(endpoint or EVERYWHERE, rest, now)

    def believe(self, told: Iterable[tuple[str, int, int]], now: float) -> None:
        """Take the platform's word on limits and on what is left of them.

        It counts where it says less than we do: others may share a limit, or a
        contract may be smaller than we think.

        Args:
            told: (name of a limit, its calls, calls that are left).
            now: the time.
        """
        amounts = {name: amount for name, amount, _ in told}
        remaining = {name: left for name, _, left in told}
        if not amounts:
            return
        # Kept: another run, and `status`, count by it before they ask again.
        self._spending.keep_limits(amounts)
        self._limits = self._smallest(amounts)
        for limit in self._limits:
            if limit.name not in remaining:
                continue
            start, _ = limit.window(now)
            used = limit.amount - remaining[limit.name]
            self._spending.raise_to(limit.name, start, used)

    def done_at(
        self, calls: Mapping[str, int], now: float, rows_a_call: int = 1
    ) -> float:
        """When so many calls will have been made, if every window is used.

        Args:
            calls: to make, by endpoint.
            now: the time.
            rows_a_call: that limits of rows are used up by, at most.

        Returns:
            a Unix time; infinity where a limit permits nothing.
        """
        moment = now
        for limit in self._limits:
            left = sum(
                count
                for endpoint, count in calls.items()
                if not limit.endpoints or endpoint in limit.endpoints
            )
            if limit.counts_rows:
                left *= rows_a_call
            allowed = self._allowed(limit, urgent=False)
            start, _ = limit.window(now)
            left -= max(allowed - self._spending.spent(limit.name, start), 0)
            if left > 0:
                windows = math.ceil(left / allowed) if allowed else math.inf
                moment = max(moment, limit.start_of_later_window(now, windows))
        return moment

    def uses(self, now: float) -> list[Use]:
        """How each limit stands."""
        uses = []
        for limit in self._limits:
            start, end = limit.window(now)
            uses.append(
                Use(
                    limit.name,
                    limit.amount,
                    self._allowed(limit, urgent=True),
                    self._spending.spent(limit.name, start),
                    end,
                )
            )
        return uses
