"""Row rules of staging, judged by DuckDB itself.

The rules are Great Expectations' expectations (`expectations.py` runs them as such over
all that is staged). While rows land they are judged by each rule's own condition, which
also fetches the rows that fail: a test holds that both count the same, and a daily run
is spared the seconds that the library takes to start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """A row rule: a Great Expectations expectation and its level.

    `kind` is one of `not_null`, `in_set`, `between`, `not_later` for a time that may
    not lie more than a day after the one in the column `after`, and `readable` for a
    value that is left out of a row that stands, which no expectation can see; `low`,
    `high` and `values` are constants of the code, never data. A row with a null passes
    all but `not_null`, as in Great Expectations.
    """

    column: str
    kind: Literal["not_null", "in_set", "between", "not_later", "readable"]
    level: Level = "error"
    low: str | int | None = None
    high: str | int | None = None
    values: tuple[str, ...] = ()
    after: str = ""

    @property
    def name(self) -> str:
        """The expectation in words, the reason in quarantine."""
        if self.kind == "not_null":
            return f"{self.column} must not be null"
        if self.kind == "readable":
            return f"{self.column} must be readable"
        if self.kind == "in_set":
            return f"{self.column} must be one of {', '.join(self.values)}"
        if self.kind == "not_later":
            return f"{self.column} must not lie more than a day after {self.after}"
        return f"{self.column} must lie between {self.low} and {self.high}"

    @property
    def bad_row_sql(self) -> str:
        """A condition that is true for the rows that fail."""
        if self.kind == "not_null":
            return f"{self.column} is null"
        if self.kind == "in_set":
            listed = ", ".join(f"'{value}'" for value in self.values)
            return f"coalesce({self.column} not in ({listed}), false)"
        if self.kind == "not_later":
            return f"coalesce({self.column} > {self.after} + interval 1 day, false)"
        low, high = (
            f"timestamp '{bound}'" if isinstance(bound, str) else str(bound)
            for bound in (self.low, self.high)
        )
        return f"coalesce({self.column} not between {low} and {high}, false)"

    @property
    def judged(self) -> str:
        """The column that the expectation looks at."""
        if self.kind == "not_later":
            return f"{self.column}_after_{self.after}"
        return self.column

    @property
    def judged_sql(self) -> str:
        """How it comes about: itself, or the microseconds between two times."""
        if self.kind == "not_later":
            late = f"date_diff('microsecond', {self.after}, {self.column})"
            return f"{late} as {self.judged}"
        return self.column


@dataclass(frozen=True)
class Outcome:
    """What was found of one rule; no value of a row is kept."""

    table: str
    rule: Rule
    rows_checked: int
    rows_failed: int
    tolerance: float
    success: bool


def judge_rules(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    suites: Mapping[str, Sequence[Rule]],
    tolerance: float,
) -> list[Outcome]:
    """Count the rows that break each rule: one pass over each table.

    Args:
        connection: the warehouse.
        schema: where the tables stand.
        suites: rules by table.
        tolerance: share of the rows with a value that may fail before a rule itself
            fails.

    Returns:
        One outcome a rule, in order.
    """
    outcomes = []
    for table, rules in suites.items():
        counts = ", ".join(
            f"count(*) filter ({rule.bad_row_sql}), count({rule.column})"
            for rule in rules
        )
        found = connection.execute(
            f"select count(*), {counts} from {schema}.{table}"
        ).fetchone()
        rows, *pairs = found or (0,)
        for rule, failed, known in zip(rules, pairs[::2], pairs[1::2], strict=True):
            checked = rows if rule.kind == "not_null" else known
            share = failed / checked if checked else 0.0
            outcomes.append(
                Outcome(table, rule, rows, failed, tolerance, share <= tolerance)
            )
    return outcomes
