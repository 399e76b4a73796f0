"""Tables of which only those rows are made anew whose inputs differ.

A header's `replace: changed COLUMNS` says that rows which share these columns, the key,
follow from the rows of what the table reads that share them, too. Of each key the
warehouse keeps a digest of these rows (`made_of.<layer>_<table>`): the next run makes
anew the rows of keys whose digest is another one, takes out those of keys that are
gone, and leaves the others alone. What else decides (the code, locked libraries and
shipped models, bound parameters, tables without all columns of the key) is one digest:
where that differs, all is made anew.

So nothing depends on who noted what had changed: content alone decides, whatever road
led there, and a run that ends early leaves rows and digests as they were.

Cost: one pass over what is read, hashing it (tens of millions of rows a second), and
the rows of changed keys; these are copied, so that models read them at no more cost.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from tasks.warehouse.database import count, table_exists
from tasks.warehouse.models import READ, Model

SCHEMA = "made_of"
_VERB = "changed "


def is_by_key(table: Model) -> bool:
    """Whether only the rows of changed keys are made anew."""
    return table.replace.startswith(_VERB)


def key_of(table: Model) -> tuple[str, ...]:
    """The columns of the key."""
    return tuple(re.split(r",\s*", table.replace.removeprefix(_VERB)))


def read_only(query: str, shown: Mapping[str, str]) -> str:
    """A query that reads other tables in place of some, by qualified name."""
    return READ.sub(
        lambda found: found[0].replace(found[1], shown.get(found[1], found[1])), query
    )


def make_changed(
    connection: duckdb.DuckDBPyConnection,
    table: Model,
    reads: Sequence[str],
    decided_by: Sequence[object],
    make_rows: Callable[[Mapping[str, str]], None],
) -> None:
    """Bring a table up to date; the caller owns the transaction.

    Args:
        connection: the warehouse.
        table: whose header says `replace: changed COLUMNS`.
        reads: qualified names of what it reads.
        decided_by: what else decides its rows: the code, bound parameters.
        make_rows: makes the temporary table `remade`; it gets the names of the tables
            to read in place of others, which hold the rows of changed keys alone.
    """
    key = key_of(table)
    columns = {name: _columns(connection, name) for name in sorted(reads)}
    keyed = [name for name, found in columns.items() if found.issuperset(key)]
    others = [[name, _digest(connection, name)] for name in columns.keys() - keyed]
    content = json.dumps([*decided_by, sorted(others)], default=str)
    basis = hashlib.sha256(content.encode()).hexdigest()[:16]
    before = f"{SCHEMA}.{table.layer}_{table.table}"
    listed = ", ".join(key)
    digests = " union all ".join(
        f"select {listed}, hash('{name}', read) as digest from {name} as read"
        for name in keyed
    )
    connection.execute(
        f"create or replace temp table made_of_now as select {listed},"
        f" sum(digest) as digest from ({digests}) group by {listed}"
    )
    if not (
        _is_kept(connection, table, before, basis)
        and _replace_changed(connection, table, keyed, before, make_rows)
    ):
        make_rows({})
        connection.execute(f"create or replace table {table.name} as from remade")
        connection.execute(f"create or replace table {before} as from made_of_now")
        connection.execute(f"comment on table {before} is '{basis}'")
    connection.execute("drop table made_of_now")
    connection.execute("drop table if exists remade")


def _is_kept(
    connection: duckdb.DuckDBPyConnection, table: Model, before: str, basis: str
) -> bool:
    """Whether what stands was made by the same code of the same whole tables."""
    if not table_exists(connection, table.layer, table.table):
        return False
    return comment_of(connection, before) == basis


def comment_of(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """What a comment says of a table; None without one."""
    found = connection.execute(
        "select comment from duckdb_tables()"
        " where schema_name || '.' || table_name = $name",
        {"name": name},
    ).fetchall()
    return found[0][0] if found else None


def _replace_changed(
    connection: duckdb.DuckDBPyConnection,
    table: Model,
    keyed: Sequence[str],
    before: str,
    make_rows: Callable[[Mapping[str, str]], None],
) -> bool:
    """Replace the rows of changed keys; False: these are of other types, so none."""
    key = key_of(table)
    is_done = True
    listed = ", ".join(key)
    connection.execute(
        f"create or replace temp table changed_keys as select distinct {listed} from ("
        f"(from made_of_now except all from {before}) union all"
        f" (from {before} except all from made_of_now))"
    )
    if count(connection, "select count(*) from changed_keys"):
        shown = {name: f"only_{name.replace('.', '_')}" for name in keyed}
        for name, only in shown.items():
            connection.execute(
                f"create or replace temp table {only} as select read.* from {name}"
                f" as read semi join changed_keys on {_same(key, 'read')}"
            )
        make_rows(shown)
        for only in shown.values():
            connection.execute(f"drop table {only}")
        is_done = _types(connection, "remade") == _types(connection, table.name)
        for name in (table.name, before) if is_done else ():
            alias = name.partition(".")[2]
            connection.execute(
                f"delete from {name} using changed_keys where {_same(key, alias)}"
            )
        if is_done:
            connection.execute(f"insert into {table.name} by name from remade")
            connection.execute(
                f"insert into {before} select read.* from made_of_now as read"
                f" semi join changed_keys on {_same(key, 'read')}"
            )
    connection.execute("drop table changed_keys")
    return is_done


def _same(key: Sequence[str], alias: str) -> str:
    return " and ".join(
        f"{alias}.{column} is not distinct from changed_keys.{column}" for column in key
    )


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns()"
        " where schema_name || '.' || table_name = $name",
        {"name": name},
    ).fetchall()
    return {column for (column,) in rows}


def _types(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    found = connection.table(name)
    return sorted(zip(found.columns, map(str, found.types), strict=True))


def _digest(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Of all rows of a table, in whatever order they stand."""
    rows: list[Any] = connection.execute(
        f"select count(*), sum(hash(read)) from {name} as read"
    ).fetchall()
    return str(rows[0])
