"""Who entered which thread when, brought to where accounts are compared."""

from __future__ import annotations

import duckdb

from tasks.warehouse.models import load_models, run_model

_ROWS_AT_ONCE = 100_000


def copy_acts(
    connection: duckdb.DuckDBPyConnection,
    other: duckdb.DuckDBPyConnection,
    behaviour_days: int,
) -> None:
    """Make the table `acts` in another database, of `intermediate.thread_acts`.

    Args:
        connection: to a warehouse whose staging is filled.
        other: where accounts are compared.
        behaviour_days: acts count on so many days before the last one.

    Cost: linear in interactions; rows pass in portions, so memory doesn't grow.
    """
    model = load_models("intermediate")["intermediate.thread_acts"]
    run_model(connection, model, {"behaviour_days": behaviour_days})
    copy_table(connection, "intermediate.thread_acts", other, "acts")
    connection.execute("drop table intermediate.thread_acts")


def copy_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    other: duckdb.DuckDBPyConnection,
    name: str,
) -> None:
    """Make a table of another database of one's rows; they pass in portions."""
    rows = connection.sql(f"from {table}")
    other.register("rows_copied", rows.to_arrow_reader(_ROWS_AT_ONCE))
    other.execute(f"create table {name} as from rows_copied")
    other.unregister("rows_copied")
