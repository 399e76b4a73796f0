"""Rows and values that staging does without, with their reasons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from tasks.staging.observe import (
    LANDED_AT,
    SUITES,
    leave_out,
    why_unread,
)
from tasks.staging.rules import Outcome, Rule
from tasks.staging.touched import DAY_SQL
from tasks.warehouse import landing, ledger
from tasks.warehouse.database import count
from tasks.warehouse.raw_tables import MARK
from tasks.warehouse.rejected import read_rejected, rejected_of
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace


def quarantine_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    params: dict[str, str],
    outcomes: list[Outcome],
) -> int:
    """Copy failing rows to quarantine, leave the others in `staging.valid_*`.

    Great Expectations says which rules have failing rows; the rows themselves
    are fetched with the rule's own condition, so that no value passes through
    its results.
    """
    failing = [
        outcome.rule
        for outcome in outcomes
        if outcome.table == f"observed_{table}" and outcome.rows_failed
    ]
    condition = leave_out(connection, table, failing)
    if not failing:
        return 0
    reason = " ".join(f"when {rule.bad_row_sql} then {_why(rule)}" for rule in failing)
    before = _quarantined(connection)
    connection.execute(
        f"""
        insert into meta.quarantine
        select
            'validate', source, platform, '{table}',
            case
                when not ({_is_doubtful(table)})
                    then cast(
                        {DAY_SQL[table]} at time zone 'UTC' at time zone $time_zone
                        as date
                    )
            end,
            case {reason} end, path, position, item, 1,
            cast(to_json(observed) as varchar)
        from raw.observed_{table} as observed
        where {condition}
        """,
        params,
    )
    return _quarantined(connection) - before


def _is_doubtful(table: str) -> str:
    """SQL for whether a row's own day is wrong, so that it is of no day."""
    day = DAY_SQL[table]
    rules = (
        *(rule for rule in SUITES[table] if rule.column == day),
        Rule(day, "not_later", after=LANDED_AT),
    )
    return " or ".join(rule.bad_row_sql for rule in rules)


def _why(rule: Rule) -> str:
    """SQL for a rule in words and the value that breaks it."""
    name = "'" + rule.name.replace("'", "''") + "'"
    if rule.kind == "not_null":
        return f"{name} || ': ' || {why_unread(rule.column)}"
    return f"{name} || ': it is ' || cast({rule.column} as varchar)"


def tell_unread(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    params: dict[str, str],
    tolerance: float,
) -> list[Outcome]:
    """Note the values of staged rows that could not be read; an outcome a column.

    The rows stand, with nothing in place of these values: such a count is unknown, not
    zero. They are noted like quarantined rows, but apart: no row went away.
    """
    found = connection.execute(
        f"""
        select split_part(part, '=', 1) as name, count(*)
        from (
            select unnest(string_split(unread, {MARK})) as part
            from staging.valid_{table}
            where unread is not null
        ) as parts
        group by name
        order by name
        """
    ).fetchall()
    if not found:
        return []
    connection.execute(
        f"""
        insert into meta.unread_values
        select
            'validate', source, platform, '{table}',
            cast({DAY_SQL[table]} at time zone 'UTC' at time zone $time_zone as date),
            split_part(part, '=', 1) || ' is unknown: ' || problem_of(
                split_part(part, '=', 1), substr(part, strpos(part, '=') + 1)
            ),
            path, position, item, count(*), null
        from (
            select *, unnest(string_split(unread, {MARK})) as part
            from staging.valid_{table}
            where unread is not null
        ) as parts
        group by all
        """,
        params,
    )
    outcomes = []
    for name, failed in found:
        read = count(connection, f"select count({name}) from staging.valid_{table}")
        outcomes.append(
            Outcome(
                table=f"observed_{table}",
                rule=Rule(name, "readable", "warning"),
                rows_checked=read + failed,
                rows_failed=failed,
                tolerance=tolerance,
                success=failed <= tolerance * (read + failed),
            )
        )
    return outcomes


def tell_timeless(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Examples of times that only a source's `observed_at` can complete.

    They are digits and words for time, nothing that could tell a person.
    """
    rows = connection.execute(
        "select distinct split_part(reason, ': ', 2) || ': state observed_at'"
        " from meta.quarantine where stage = 'validate'"
        " and ends_with(reason, ': state observed_at') order by all limit 2"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _quarantined(connection: duckdb.DuckDBPyConnection) -> int:
    return count(connection, "select count(*) from meta.quarantine")


def take_landing_quarantine(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
) -> None:
    """Take over what was rejected while these batches landed."""
    for batch in batches:
        file = landing_quarantine(workspace, batch)
        if file.exists():
            read_rejected(file)  # in words where it is damaged
            connection.execute(
                "insert into meta.quarantine select 'landing', source, platform, null,"
                " null, reason, path, position, item, 1, record"
                " from read_parquet($file)",
                {"file": landing.as_patterns([file])},
            )


def landing_quarantine(workspace: Workspace, batch: landing.Batch) -> Path:
    """Where stands what was rejected while a batch landed."""
    return rejected_of(workspace.quarantine, batch.batch_id)


def first_reasons(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[str]
) -> dict[str, list[str]]:
    """The most frequent reasons of each source, each with a place, without values."""
    return {
        source: [
            f"{path}{f', line {line}' if line else ''}: {reason}"
            for path, line, reason in connection.execute(
                "select arg_min(path, (path, position)),"
                " arg_min(position, (path, position)),"
                f" {ledger.REASON_WITHOUT_VALUE} as reason"
                " from meta.quarantine where stage = 'landing' and source = $source"
                " group by all order by count(*) desc, 1, 2, 3 limit 3",
                {"source": source},
            ).fetchall()
        ]
        for source in sources
    }


def export_quarantine(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    name: str,
    table: str = "quarantine",
) -> None:
    """Write a table of rejected rows or values as a file; none where it is empty."""
    workspace.quarantine.mkdir(exist_ok=True)
    target = workspace.quarantine / name
    if not count(connection, f"select count(*) from meta.{table}"):
        target.unlink(missing_ok=True)
        return
    with replacing(target) as beside:
        connection.execute(
            f"copy (from meta.{table} order by stage, source, path, position, item,"
            f" kind, reason, record) to '{str(beside).replace(chr(39), chr(39) * 2)}'"
            " (format parquet, compression zstd)"
        )
