"""Rows that follow from one row each: what follows from an unchanged one is kept.

An account's signs and its score follow from its own row of profile or features, the
shipped weights and the code, and from nothing else. Beside what is kept stands a
digest of the row that each was made of: a run makes those anew whose row has another
one. So the outcome is that of making all.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl

from tasks.warehouse.changed_keys import comment_of
from tasks.warehouse.database import count, table_exists
from tasks.warehouse.selects import map_rows

# Of rows in memory at a time, with what is made of them.
PORTION = 200_000
# What `keep_rows` leaves: rows of the table that are no more, or were made anew.
REPLACED = "rows_replaced"


def keep_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    basis: str,
    make: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    """Bring a table up to date; the caller owns the transaction.

    Leaves the temporary table `REPLACED`.

    Args:
        connection: the warehouse.
        table: to be made, `schema.name`; one row an account.
        source: table or view with a row an account: platform, account_id and all
            that the made row follows from. It is read several times.
        basis: what else decides on the rows: the code, the weights. Under another
            one all are made anew.
        make: gives for rows of the source one row an account, in any order; an engine
            beside the warehouse may do it elsewhere (`map_rows`).

    Cost: a digest of each row of the source; making those that changed.
    """
    layer, _, name = table.partition(".")
    digests = f"made_of.row_of_{name}"
    connection.execute(f"drop table if exists {REPLACED}")
    stands = table_exists(connection, layer, name)
    if not stands or comment_of(connection, digests) != basis:
        if stands:
            connection.execute(f"create temp table {REPLACED} as from {table}")
        _begin(connection, table, digests, source, make)
        connection.execute(f"comment on table {digests} is '{basis}'")
    connection.execute(
        "create or replace temp table rows_now as select platform, account_id,"
        f" hash(source_row) as digest from {source} as source_row"
    )
    connection.execute(
        f"create or replace temp table rows_gone as select platform, account_id"
        f" from {digests} anti join rows_now using (platform, account_id, digest)"
    )
    connection.execute(
        "create or replace temp table rows_new as select *,"
        " (row_number() over () - 1) // $portion as portion from ("
        f"from rows_now anti join {digests} using (platform, account_id, digest))",
        {"portion": PORTION},
    )
    connection.execute(
        f"create temp table if not exists {REPLACED} as"
        f" select kept.* from {table} as kept"
        " semi join rows_gone using (platform, account_id)"
    )
    if count(connection, "select count(*) from rows_gone"):
        for kept in (table, digests):
            alias = kept.partition(".")[2]
            connection.execute(
                f"delete from {kept} using rows_gone"
                f" where {alias}.platform = rows_gone.platform"
                f" and {alias}.account_id = rows_gone.account_id"
            )
    portions = count(connection, "select coalesce(max(portion) + 1, 0) from rows_new")
    for portion in range(portions):
        rows = connection.sql(
            f"select source_row.* from {source} as source_row semi join"
            " (from rows_new where portion = $portion) as wanted"
            " using (platform, account_id)",
            params={"portion": portion},
        ).pl()
        connection.register("rows_made", map_rows(make, rows))
        connection.execute(f"insert into {table} by name from rows_made")
        connection.unregister("rows_made")
    connection.execute(
        f"insert into {digests} select platform, account_id, digest from rows_new"
    )
    for temporary in ("rows_now", "rows_gone", "rows_new"):
        connection.execute(f"drop table {temporary}")


def _begin(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    digests: str,
    source: str,
    make: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    """Make the table without rows."""
    none = connection.sql(f"from {source} limit 0").pl()
    connection.register("rows_made", make(none))
    connection.execute(f"create or replace table {table} as from rows_made limit 0")
    connection.unregister("rows_made")
    connection.execute(
        f"create or replace table {digests}"
        " (platform varchar, account_id varchar, digest ubigint)"
    )
