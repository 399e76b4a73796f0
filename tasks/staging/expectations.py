"""Great Expectations against DuckDB itself, without a pandas detour.

Great Expectations 1.24 knows no DuckDB dialect: it closes the connection before
it reads the result, and DuckDB drops the result then. `keep_connection_open`
names DuckDB among the dialects whose connection stays open; the private name it
touches is guarded by a test, and the version is pinned exactly.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from tasks.staging.rules import Outcome, Rule


def keep_connection_open() -> None:
    """Let Great Expectations read results from DuckDB; call before its first use."""
    import great_expectations.execution_engine.sqlalchemy_execution_engine as engine

    class DuckdbDialect(str):
        # Used both as a dialect (with .value) and as a plain name.
        value = "duckdb"

    if not any(str(name) == "duckdb" for name in engine._PERSISTED_CONNECTION_DIALECTS):
        engine._PERSISTED_CONNECTION_DIALECTS = (  # type: ignore[assignment]
            *engine._PERSISTED_CONNECTION_DIALECTS,
            DuckdbDialect("duckdb"),
        )


def run_suites(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    suites: Mapping[str, Sequence[Rule]],
    tolerance: float,
) -> list[Outcome]:
    """Validate tables of an open DuckDB connection with Great Expectations.

    Args:
        connection: the warehouse; Great Expectations works on cursors of it, so
            that it sees what is attached and holds no lock of its own.
        schema: where the tables stand.
        suites: rules by table; a table without rows must be left out.
        tolerance: share of rows that may fail before a rule itself fails.

    Returns:
        One outcome a rule, in order. No value of a row is kept.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

    warnings.filterwarnings("ignore", module="great_expectations|duckdb_engine")
    import great_expectations as gx
    from duckdb_engine import ConnectionWrapper
    from great_expectations.expectations import core

    keep_connection_open()
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    add_sql: Any = context.data_sources.add_sql  # its signature hides `kwargs`
    source = add_sql(
        name="warehouse",
        connection_string="duckdb:///:memory:",
        create_temp_table=False,
        kwargs={"creator": lambda: ConnectionWrapper(connection.cursor())},
    )
    outcomes: list[Outcome] = []
    try:
        for table, rules in suites.items():
            # A query, since the dialect does not qualify a view by its schema.
            columns = ", ".join(dict.fromkeys(rule.judged_sql for rule in rules))
            batch = source.add_query_asset(
                name=table, query=f"select {columns} from {schema}.{table}"
            ).add_batch_definition_whole_table("whole")
            suite = gx.ExpectationSuite(name=table)
            for rule in rules:
                suite.add_expectation(_expectation(core, rule, 1 - tolerance))
            definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
            context.suites.add(suite)
            context.validation_definitions.add(definition)
            report = definition.run(
                result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
            )
            for rule, result in zip(rules, report.results, strict=True):
                raised = (result.exception_info or {}).get("raised_exception")
                if raised or not result.result:
                    raise RuntimeError(
                        f"Great Expectations could not evaluate {table}: {rule.name}"
                    )
                outcomes.append(
                    Outcome(
                        table=table,
                        rule=rule,
                        rows_checked=int(result.result["element_count"]),
                        rows_failed=int(result.result["unexpected_count"]),
                        tolerance=tolerance,
                        success=bool(result.success),
                    )
                )
    finally:
        execution = source.get_execution_engine()
        execution.close()
        execution.engine.dispose()
        source.get_engine().dispose()
    return outcomes


def _expectation(core: Any, rule: Rule, mostly: float) -> Any:
    severity = "critical" if rule.level == "error" else "warning"
    shared = {"column": rule.judged, "mostly": mostly, "severity": severity}
    if rule.kind == "not_null":
        return core.ExpectColumnValuesToNotBeNull(**shared)
    if rule.kind == "in_set":
        return core.ExpectColumnValuesToBeInSet(**shared, value_set=list(rule.values))
    if rule.kind == "not_later":
        return core.ExpectColumnValuesToBeBetween(**shared, max_value=86_400_000_000)
    return core.ExpectColumnValuesToBeBetween(
        **shared, min_value=rule.low, max_value=rule.high
    )
