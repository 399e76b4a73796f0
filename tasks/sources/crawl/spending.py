"""What was spent of a platform's limits, shared by all who ask that platform.

One SQLite file a platform, `landing/.crawl/spending/<platform>.sqlite`, or the one that
sources name as their `budget_file`, also those of other workspaces. Crawls of several
sources, threads and processes count in one row a window of a limit: whether a call may
be made and that it was paid is one transaction. Nobody is named in here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tasks.sources.crawl.sqlite_errors import told_errors
from tasks.warehouse.errors import StepFailedError

# So long others may hold the file; each does for less than a millisecond.
_BUSY_SECONDS = 60.0
# The longest that a platform may make us wait between runs: servers write nonsense,
# too, and a rest that ends later was written by a clock that was wrong.
LONGEST_REST = 86_400.0
# Of all endpoints.
EVERYWHERE = "*"

_TABLES = """
create table if not exists spending (
    budget text not null, window_start real not null, spent integer not null,
    primary key (budget, window_start)
);
create table if not exists told_limits (budget text primary key, amount integer);
create table if not exists rests (
    endpoint text primary key, ends_at real not null, why text not null,
    is_brief integer not null
);
"""


@dataclass(frozen=True)
class Claim:
    """Something to be taken of a window of a limit.

    Attributes:
        budget: name of the limit.
        window_start: of its window.
        amount: calls or rows.
        most_before: what may be spent before it, at most.
    """

    budget: str
    window_start: float
    amount: int
    most_before: int


@dataclass(frozen=True)
class Rest:
    """Nobody asks for a while, because the platform said so.

    Attributes:
        ends_at: Unix time.
        why: for people.
        is_brief: a pause within a run, no window of a limit.
    """

    ends_at: float
    why: str
    is_brief: bool


class Spending:
    """What was spent of the limits of one platform."""

    def __init__(self, file: Path) -> None:
        """Open or make the file.

        Raises:
            StepFailedError: it can't be read or written.
        """
        self.file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepFailedError(
                f"{file}, where it is counted what crawls spend: its folder can't be"
                f" made ({error.strerror}). Make it, or name another `budget_file`."
            ) from None
        with self._told_errors():
            self._base = sqlite3.connect(
                file, isolation_level=None, timeout=_BUSY_SECONDS
            )
            self._base.execute("pragma journal_mode = wal")
            # A killed process loses nothing by it; where the power fails, what was
            # paid since the last checkpoint may be forgotten. A sync a call costs
            # more than all the rest.
            self._base.execute("pragma synchronous = normal")
            self._base.executescript(_TABLES)

    def __enter__(self) -> Self:
        """Return the spending."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._base.close()

    def _told_errors(self) -> AbstractContextManager[None]:
        return told_errors(
            self.file,
            "where it is counted what crawls spend",
            "What was spent this month is forgotten.",
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._told_errors():
            self._base.execute("begin immediate")
            try:
                yield
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("rollback")
                raise
            self._base.execute("commit")

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._base.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            # Hundreds come a second: a context for each would take longer than they.
            with self._told_errors():
                raise error

    # --- spending -----------------------------------------------------------------

    def spent(self, budget: str, window_start: float) -> int:
        """What was spent of a limit in a window."""
        rows = self._read(
            "select spent from spending where budget = ? and window_start = ?",
            (budget, window_start),
        )
        return int(rows[0][0]) if rows else 0

    def take(self, claims: Iterable[Claim]) -> bool:
        """Pay all of it, or nothing where one window has not enough left."""
        claims = list(claims)
        with self._transaction():
            if any(
                self.spent(claim.budget, claim.window_start) > claim.most_before
                for claim in claims
            ):
                return False
            self._add(
                (claim.budget, claim.window_start, claim.amount) for claim in claims
            )
        return True

    def pay(self, amounts: Iterable[tuple[str, float, int]]) -> None:
        """Add to what was spent: (limit, window start, amount); below 0: give back."""
        paid = [amount for amount in amounts if amount[2]]
        if paid:
            with self._transaction():
                self._add(paid)

    def raise_to(self, budget: str, window_start: float, least: int) -> None:
        """Count at least so much: others spend of the same limit elsewhere."""
        with self._transaction():
            missing = least - self.spent(budget, window_start)
            if missing > 0:
                self._add([(budget, window_start, missing)])

    def _add(self, amounts: Iterable[tuple[str, float, int]]) -> None:
        self._base.executemany(
            "insert into spending values (?, ?, ?) on conflict do update"
            " set spent = spent + excluded.spent",
            amounts,
        )

    # --- what the platform said -----------------------------------------------------

    def told_limits(self) -> dict[str, int]:
        """Limits as the platform told them: name to calls."""
        return dict(self._read("select budget, amount from told_limits"))

    def keep_limits(self, amounts: Mapping[str, int]) -> None:
        """Remember the limits that the platform told, in place of earlier ones."""
        with self._transaction():
            self._base.execute("delete from told_limits")
            self._base.executemany(
                "insert or replace into told_limits values (?, ?)", amounts.items()
            )

    def rest(self, endpoint: str, rest: Rest, now: float) -> None:
        """Let nobody ask an endpoint (or `EVERYWHERE`) for a while; a day at most."""
        ends_at = min(rest.ends_at, now + LONGEST_REST)
        with self._transaction():
            self._base.execute(
                "insert into rests values (?, ?, ?, ?) on conflict do update set"
                " ends_at = excluded.ends_at, why = excluded.why,"
                " is_brief = excluded.is_brief"
                # A shorter one never ends a longer one, but of a wrong clock.
                " where excluded.ends_at > ends_at or ends_at > ?",
                (endpoint, ends_at, rest.why, rest.is_brief, now + LONGEST_REST),
            )

    def rests_of(self, endpoint: str, now: float) -> list[Rest]:
        """Until when an endpoint must not be asked."""
        rows = self._read(
            "select ends_at, why, is_brief from rests"
            " where endpoint in (?, ?) and ends_at > ? and ends_at <= ?",
            (endpoint, EVERYWHERE, now, now + LONGEST_REST),
        )
        return [Rest(ends_at, why, bool(is_brief)) for ends_at, why, is_brief in rows]

    # --- of earlier versions --------------------------------------------------------

    def take_over(self, crawl: Path) -> None:
        """What a crawl's own file counted before spending was shared.

        A run that is killed in between counts it twice, never less.
        """
        with closing(sqlite3.connect(crawl)) as former:
            tables = former.execute(
                "select 1 from sqlite_master where name = 'spending'"
            ).fetchone()
            if tables is None:
                return
            amounts = former.execute(
                "select budget, window_start, spent from spending"
            ).fetchall()
            told = former.execute(
                "select value from facts where key = 'told_limits'"
            ).fetchone()
            self.pay(amounts)
            if told:
                self.keep_limits(json.loads(told[0]))
            with former:
                former.execute("drop table spending")
                former.execute("delete from facts where key = 'told_limits'")


def spending_files(landing: Path) -> list[Path]:
    """The files of what a workspace's crawls spent."""
    return sorted((landing / ".crawl" / "spending").glob("*.sqlite"))
