"""`data-docs`: Great Expectations over everything that is staged."""

from __future__ import annotations

from pathlib import Path

from tasks.staging.expectations import run_suites
from tasks.staging.observe import LANDED_AT, SUITES
from tasks.staging.validation_page import write_validation_page
from tasks.warehouse.database import count, read, table_exists
from tasks.warehouse.errors import ConfigurationError, ValidationFailedError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.workspace import Workspace


def write_data_docs(workspace: Workspace) -> Path:
    """Judge staging by the rules' expectations; write the page and say where it is.

    A run judges the same rules as SQL on what comes in; here the library itself looks
    at all that stands, which no run needs and takes its seconds. Cost: one pass over
    staging a rule.

    Raises:
        ConfigurationError: nothing is staged yet.
        ValidationFailedError: a rule of level "error" fails, which no run lets happen:
            the warehouse was written by something else.
        WorkspaceLockedError: a run writes the warehouse now.
    """
    if not workspace.database.exists():
        raise ConfigurationError(
            [f"{workspace.database} does not exist: run `daily` or `backfill` first."]
        )
    with (
        hold_workspace(workspace.lock, "data-docs"),
        read(workspace.database) as connection,
    ):
        # When a file landed is known only while its records come in.
        suites = {
            table: [rule for rule in rules if rule.after != LANDED_AT]
            for table, rules in SUITES.items()
            if table_exists(connection, "staging", table)
            and count(connection, f"select count(*) from staging.{table}")
        }
        outcomes = run_suites(connection, "staging", suites, 0.0)
    page = write_validation_page(workspace.validation, outcomes, staged=True)
    broken = [
        f"{outcome.rows_failed:,} of {outcome.rows_checked:,} staged rows of"
        f" {outcome.table}: {outcome.rule.name}"
        for outcome in outcomes
        if outcome.rule.level == "error" and not outcome.success
    ]
    if broken:
        raise ValidationFailedError(
            "\n".join([*broken, "`recover` has staging made again from landing."])
        )
    return page
