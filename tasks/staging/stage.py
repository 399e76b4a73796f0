"""From landed records to staging; what fails a rule goes to quarantine.

Rows in = rows staged + rows quarantined, at every table. Cost: one typed parse
and a few aggregates over the new records, a rewrite of the rows that they touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from tasks.sources.networks import RAW_TABLES
from tasks.staging.observe import (
    SUITES,
    observe,
)
from tasks.staging.quarantine import (
    export_quarantine,
    first_reasons,
    landing_quarantine,
    quarantine_rows,
    take_landing_quarantine,
    tell_timeless,
    tell_unread,
)
from tasks.staging.refusal import (
    judged_with_before,
    lost_while_landing,
    meant_formats,
    refused_batches,
    refused_rules,
    tell_refusal,
)
from tasks.staging.rules import Outcome, judge_rules
from tasks.staging.touched import (
    mark_days,
    note_source_days,
    touch_accounts,
    touch_all_accounts,
    touch_all_days,
    touch_days,
)
from tasks.staging.validation_page import write_validation_page
from tasks.warehouse import file_evidence, landing, ledger
from tasks.warehouse.database import connect, count, transaction
from tasks.warehouse.errors import ConfigurationError, ValidationFailedError
from tasks.warehouse.models import (
    Model,
    create_table,
    load_models,
    run_model,
)
from tasks.warehouse.progress import say, step
from tasks.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Validated:
    """What a run staged; rows are observations."""

    batches: int
    rows_in: int
    rows_out: int
    rows_quarantined: int


def require_staged_alike(workspace: Workspace) -> None:
    """Before steps that run without this one: that it would stage as it did.

    Raises:
        ConfigurationError: other code staged the rows, or in another time zone.
    """
    with connect(workspace.database) as connection:
        changed = ledger.what_changed(
            connection, workspace.timezone, [repr(RAW_TABLES)]
        )
    if changed:
        raise ConfigurationError(
            [
                f"The {changed} changed since the rows were staged that these steps"
                " read: run all steps once, without --only."
            ]
        )


def stage_batches(workspace: Workspace, run_id: str) -> Validated:
    """Bring staging up to everything that is landed.

    Raises:
        LandingDamagedError: landed files and their log don't fit together, or a file
            is not as it was written.
        ValidationFailedError: a rule of level "error" failed; staging stays as
            it was.
    """
    with step("validate"):
        log = landing.read_log(workspace.landing)
        landing.check(workspace.landing, log)
        with connect(workspace.database) as connection:
            if changed := ledger.reset_when_changed(
                connection, workspace.timezone, [repr(RAW_TABLES)]
            ):
                say(f"  the {changed} changed: everything is made anew from landing")
            staged = {
                row[0]
                for row in connection.execute("from meta.staged_batches").fetchall()
            }
            if staged - {batch.batch_id for batch in log}:
                say("  landed files were taken back: everything is made anew")
                with transaction(connection):
                    ledger.forget_tables(connection)
                staged = set()
            batches = [batch for batch in log if batch.batch_id not in staged]
            if not batches and staged:
                say("  nothing new to stage")
                return Validated(0, 0, 0, 0)
            landing.verify(workspace.landing, batches)
            counts = observe(connection, workspace.landing, batches, RAW_TABLES)
            if files := file_evidence.count_misjudged(connection):
                say(
                    f"  {files:,} files show by their new rows that older ones were"
                    " rounded, or cut, or not: everything is made anew from landing"
                )
                with transaction(connection):
                    ledger.forget_tables(connection)
                batches = log
                landing.verify(workspace.landing, batches)
                counts = observe(connection, workspace.landing, batches, RAW_TABLES)
            outcomes = judge_rules(
                connection,
                "raw",
                {
                    f"observed_{table}": SUITES[table]
                    for table in SUITES
                    if counts[table]
                },
                workspace.policies.quarantine_threshold,
            )
            outcomes = [judged_with_before(connection, outcome) for outcome in outcomes]
            try:
                result = _stage(
                    connection, workspace, batches, run_id, outcomes, counts
                )
            except ValidationFailedError:
                # What stays landed would be refused for ever; the file lands
                # again with the next run, corrected or accepted by then.
                withdrawn = refused_batches(connection, workspace, batches, outcomes)
                landing.withdraw(workspace.landing, withdrawn)
                for batch in withdrawn:  # their rows stand in refused.parquet
                    landing_quarantine(workspace, batch).unlink(missing_ok=True)
                raise
            ledger.write_copy(connection, workspace)
        return result


def _stage(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    batches: list[landing.Batch],
    run_id: str,
    outcomes: list[Outcome],
    counts: dict[str, int],
) -> Validated:
    params = {"time_zone": workspace.timezone}
    with transaction(connection):
        bad = {
            table: quarantine_rows(connection, table, params, outcomes)
            for table in SUITES
        }
        unread = [
            outcome
            for table in SUITES
            for outcome in tell_unread(
                connection, table, params, workspace.policies.quarantine_threshold
            )
        ]
        take_landing_quarantine(connection, workspace, batches)
        _run_models(connection, params)
        note_source_days(connection, params)
        mark_days(connection, run_id, params)
        if batches:
            connection.executemany(
                "insert into meta.staged_batches values (?)",
                [[batch.batch_id] for batch in batches],
            )
        file_evidence.remember(connection)
        _record(connection, [*outcomes, *unread])
        refused = refused_rules(outcomes)
        lost = lost_while_landing(workspace, batches)
        if refused or lost:
            export_quarantine(connection, workspace, "refused.parquet")
            write_validation_page(workspace.validation, [*outcomes, *unread])
            raise ValidationFailedError(
                tell_refusal(
                    workspace,
                    refused,
                    tell_timeless(connection),
                    lost,
                    first_reasons(connection, lost),
                    meant_formats(connection, workspace, refused, lost),
                )
            )
    for table in SUITES:
        connection.execute(f"drop view staging.valid_{table}")
    (workspace.quarantine / "refused.parquet").unlink(missing_ok=True)
    export_quarantine(connection, workspace, "quarantine.parquet")
    export_quarantine(connection, workspace, "unread.parquet", "unread_values")
    write_validation_page(workspace.validation, [*outcomes, *unread])
    rows_in, rows_bad = sum(counts.values()), sum(bad.values())
    say(
        f"  {rows_in:,} observations = {rows_in - rows_bad:,} staged"
        f" + {rows_bad:,} quarantined"
    )
    if unread:
        say(
            f"  {sum(outcome.rows_failed for outcome in unread):,} values of rows that"
            " stand can't be read and count as unknown:"
            f" {workspace.quarantine / 'unread.parquet'}"
        )
    return Validated(len(batches), rows_in, rows_in - rows_bad, rows_bad)


def _run_models(connection: duckdb.DuckDBPyConnection, params: dict[str, str]) -> None:
    """Bring the canonical tables up to date; note whom and which days that changes."""
    models = load_models("staging")
    had_rows = {
        table: _has_rows(connection, models[f"staging.{table}"]) for table in SUITES
    }
    if any(had_rows.values()):
        touch_days(connection)  # where the rows stood before
        touch_accounts(connection)
    for table, old_rows in had_rows.items():
        run_model(connection, models[f"staging.{table}"], params, old_rows=old_rows)
    if any(had_rows.values()):
        touch_days(connection)  # and where they stand now
        touch_accounts(connection)
    else:
        touch_all_accounts(connection)
        touch_all_days(connection)


def _has_rows(connection: duckdb.DuckDBPyConnection, model: Model) -> bool:
    create_table(connection, model, {})
    return count(connection, f"select count(*) from {model.name}") > 0


def _record(connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]) -> None:
    connection.execute("delete from meta.validation_results")
    if outcomes:
        connection.executemany(
            "insert into meta.validation_results values (?, ?, ?, ?, ?, ?, ?)",
            [
                [
                    o.table,
                    o.rule.name,
                    o.rule.level,
                    o.rows_checked,
                    o.rows_failed,
                    o.tolerance,
                    o.success,
                ]
                for o in outcomes
            ],
        )
