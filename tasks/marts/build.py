"""Campaign marts for the covered days, in one transaction.

What other code made, or all where something new landed or was decided, is made anew in
the order of the graph. `campaign_daily` is replaced for the days that something
touched; the marts of one row per campaign, post or account are small and made anew.
Checks run before the commit: marts that don't add up are never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from tasks.marts.rhythms import say_silence, store_rhythms
from tasks.marts.window import (
    around,
    days_to_cover,
    days_to_make,
    set_aside,
    take_out,
)
from tasks.warehouse import graph, ledger
from tasks.warehouse.database import connect, count, transaction
from tasks.warehouse.errors import CheckFailedError
from tasks.warehouse.models import check_rows, load_models
from tasks.warehouse.progress import say, step
from tasks.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Aggregated:
    """What a run made anew."""

    window: tuple[date, date] | None
    rows: dict[str, int]


def build_marts(
    workspace: Workspace,
    run_id: str,
    first: date,
    last: date,
    *,
    catches_up: bool = False,
    forces: bool = False,
    uncovers: bool = False,
    tables: Sequence[str] = (),
) -> Aggregated:
    """Cover the days from `first` to `last` and bring the marts up to date.

    Args:
        workspace: whose marts.
        run_id: for the ledger.
        first: first day to cover.
        last: last day to cover.
        catches_up: whether days are left out that no source has told of yet: they
            come when one does.
        forces: whether days after today are covered, too: the clock is wrong.
        uncovers: whether the marts are to tell nothing of these days any more; they
            are then as if the days had never been run.
        tables: qualified names: only these are made, with what they need; all without
            any. What is left out is stale from then on where something is new, and
            nothing is published before it is made, too.

    Raises:
        CheckFailedError: the marts contradict staging; nothing changed.
        ConfigurationError: these days can't be uncovered.
    """
    with connect(workspace.database) as connection, step("aggregate"):
        ledger.require(connection, "intermediate", "accounts")
        with transaction(connection):
            rhythms = ledger.source_rhythms(connection, workspace)
            window: tuple[date, date] | None
            if uncovers:
                window = _uncover(connection, workspace, first, last)
            else:
                days = days_to_cover(
                    connection, workspace, rhythms, (first, last), catches_up, forces
                )
                window = days_to_make(connection, workspace, days)
            names, window = _what_is_stale(connection, tables, window)
            if window is None:
                say_silence(connection, rhythms, first, last)
                say("  the marts are up to date")
                return Aggregated(None, {})
            store_rhythms(connection, rhythms)
            result = _make_tables(connection, workspace, names, window)
            window = result.window or window
            if not tables:  # a part of them is no step done
                _mark(connection, run_id, window)
            graph.drop_once(connection, names, tables)
            connection.execute("delete from meta.touched_days")
            ledger.write_state(connection, "marts", run_id)
        ledger.write_copy(connection, workspace)
        if not uncovers:
            say_silence(connection, rhythms, first, last)
        listed = ", ".join(f"{name} {rows:,}" for name, rows in result.rows.items())
        say(f"  days {window[0]} to {window[1]} made anew; rows: {listed}")
        return result


def _uncover(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, first: date, last: date
) -> tuple[date, date]:
    """Take days out; give the window of what is to be made anew for it."""
    gone = take_out(connection, first, last)
    found = days_to_make(connection, workspace, [])
    return around(gone, found) if found else gone


def _what_is_stale(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[str],
    window: tuple[date, date] | None,
) -> tuple[list[str], tuple[date, date] | None]:
    """What is to be made anew, in order, and the days whose rows are replaced.

    Args:
        connection: the warehouse.
        tables: those that are asked for; none are all.
        window: the days that something touched; None where nothing is new, and tables
            hold that the same code made.

    Returns:
        Names of the graph; None in place of the window where nothing is to be made.
    """
    names = [
        name
        for name in (graph.needed(tables) if tables else graph.tables_behind_verdicts())
        if name not in set(graph.verdict_tables())
    ]
    if tables:
        names += _checks_of(connection, names)
    stale = graph.stale_tables(connection, names, tables)
    if window is None:
        names = graph.with_once(stale)
    else:
        graph.forget_made(connection)
    covered = sorted(ledger.covered_days(connection))
    replaced = [name for name in stale if graph.is_of_window(name)]
    if covered and stale and (window is None or replaced):
        whole = covered[0], covered[-1]
        window = around(window, whole) if window else whole
    return names, window if names else None


def _checks_of(connection: duckdb.DuckDBPyConnection, names: list[str]) -> list[str]:
    """The checks that hold for some tables, whatever the others are."""
    made = {*names, *graph.verdict_tables()}
    return [
        name for name in load_models("checks") if made.issuperset(graph.reads()[name])
    ]


def _make_tables(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    names: list[str],
    window: tuple[date, date],
) -> Aggregated:
    """Make tables in the order of what reads what, then check them."""
    from tasks.marts.params import mart_params
    from tasks.marts.sales import say_sales

    params = mart_params(connection, workspace)
    params |= {"start_date": window[0], "end_date": window[1]}
    making = graph.Making(connection, workspace, params)
    set_aside(connection)
    checks = [name for name in names if name in load_models("checks")]
    for name in names:
        if name not in checks:
            graph.make(making, name)
    if "intermediate.sales" in names:
        say_sales(connection)
    _check(connection, checks, params)
    graph.mark_made(connection, names)
    rows = {
        name.partition(".")[2]: count(connection, f"select count(*) from {name}")
        for name in load_models("marts")
        if name in names
    }
    return Aggregated((params["start_date"], params["end_date"]), rows)


def _mark(
    connection: duckdb.DuckDBPyConnection, run_id: str, window: tuple[date, date]
) -> None:
    """Note in the ledger what acts the days of the window hold."""
    ledger.mark(
        connection,
        "aggregate",
        run_id,
        """
        select
            platforms.platform,
            days.date_day,
            coalesce(sum(counts.rows), 0)::bigint as rows_in,
            coalesce(sum(counts.rows), 0)::bigint as rows_out,
            0 as rows_quarantined
        from meta.covered_days as days
        cross join (select distinct platform from meta.sources) as platforms
        left join (
            select platform, activity_day, count(*) as rows
            from intermediate.campaign_interactions group by all
        ) as counts
            on platforms.platform = counts.platform
            and days.date_day = counts.activity_day
        where days.date_day between $first and $last
        group by all
        """,
        {"first": window[0], "last": window[1]},
    )


def _check(
    connection: duckdb.DuckDBPyConnection, names: list[str], params: dict[str, Any]
) -> None:
    checks = load_models("checks")
    counts = check_rows(connection, [checks[name] for name in names], params)
    failed = {
        name.split("__", 1)[1]: bad_rows
        for name, bad_rows in counts.items()
        if bad_rows and ".fail__" in name
    }
    for name, bad_rows in counts.items():
        if bad_rows and ".warn__" in name:
            words = name.split("__", 1)[1].replace("_", " ")
            say(f"  warning: {words}: {bad_rows:,} rows")
    if failed:
        listed = "; ".join(
            f"{name} ({bad_rows:,} rows)" for name, bad_rows in failed.items()
        )
        raise CheckFailedError(
            f"The marts contradict what is staged, so nothing was published: {listed}."
            " Look at the rows with the select in sql/checks, and report this as a"
            " fault; deleting warehouse.duckdb and running again rebuilds everything"
            " from landing."
        )
