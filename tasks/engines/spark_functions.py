"""Functions of ours and patterns on Spark: DuckDB itself, fed by Arrow on the workers.

What a function says stands once, in `FUNCTIONS` of `tasks.warehouse.database`. Where
that is plain SQL, it is written out (`spark_sql.plain_functions`); all others, and
patterns, whose dialect is RE2's and not Java's, are worked out by a DuckDB in memory in
each of Spark's Python workers, a batch of rows at a time. So both engines give the same
by what they are, down to a blank that one of two languages alone counts as one.

Workers need the checkout on their path and the locked libraries, as the driver does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from tasks.engines.spark_sql import PATTERN, plain_functions, signatures
from tasks.warehouse import written_values
from tasks.warehouse.database import add_functions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Types of what functions take, by name; all others are texts.
_TAKES = {"seen_at": "TIMESTAMP", "hours": "BIGINT", "is_marked": "BOOLEAN"}
# The same for all rows of a query: what DuckDB is to prepare once a batch.
_STEADY = frozenset({"pattern", "replacement", "group_no"})
# Patterns as they are called on Spark, and what DuckDB works out.
_PATTERNS = {
    "regexp_matches(x, pattern)": "regexp_matches(x, $pattern)",
    "regexp_replace(x, pattern, replacement)": (
        "regexp_replace(x, $pattern, $replacement, 'g')"
    ),
    "regexp_extract(x, pattern, group_no)": "regexp_extract(x, $pattern, $group_no)",
    "regexp_extract_all(x, pattern, group_no)": (
        "regexp_extract_all(x, $pattern, $group_no)"
    ),
    "string_split_regex(x, pattern)": "string_split_regex(x, $pattern)",
}
SPARK_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double",
    "INTEGER": "int",
    "TIMESTAMP": "timestamp_ntz",
    "VARCHAR": "string",
    "VARCHAR[]": "array<string>",
}


@dataclass(frozen=True)
class WorkerFunction:
    """A function that DuckDB works out for Spark.

    Attributes:
        name: on Spark.
        takes: names of its arguments.
        sql: what DuckDB works out: of columns of these names, and of parameters.
        gives: DuckDB's type of the outcome.
    """

    name: str
    takes: tuple[str, ...]
    sql: str
    gives: str

    def work(self, *arguments: pa.Array) -> pa.Array:
        """What it makes of a batch: a row of each argument a row."""
        given = dict(zip(self.takes, arguments, strict=True))
        steady = {
            name: given[name][0].as_py() if len(given[name]) else None
            for name in self.takes
            if name in _STEADY
        }
        rows = {name: given[name] for name in self.takes if name not in steady}
        connection = _workshop()
        connection.register("given", pa.table(rows))
        try:
            made = connection.sql(f"select {self.sql} from given", params=steady)
            column = made.to_arrow_table().column(0)
        finally:
            connection.unregister("given")
        return pa.concat_arrays(column.chunks) if column.num_chunks else _none(column)


def _none(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([], column.type)


@cache
def _workshop() -> duckdb.DuckDBPyConnection:
    """A worker's own DuckDB, which keeps the order of rows."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("set threads = 1")
    connection.execute("set autoinstall_known_extensions = false")
    written_values.register(connection)
    add_functions(connection)
    return connection


@cache
def worker_functions() -> tuple[WorkerFunction, ...]:
    """Every function that isn't plain SQL, and every kind of pattern."""
    return (
        *(
            _function(name, takes, f"{name}({', '.join(takes)})")
            for name, takes in signatures().items()
            if name not in plain_functions()
        ),
        *_pattern_functions(),
    )


def _pattern_functions() -> Iterator[WorkerFunction]:
    for signature, sql in _PATTERNS.items():
        name, _, rest = signature.rstrip(")").partition("(")
        yield _function(f"{PATTERN}{name}", tuple(rest.split(", ")), sql)


def _function(name: str, takes: tuple[str, ...], sql: str) -> WorkerFunction:
    nothing = ", ".join(
        f"cast(null as {_TAKES.get(one, 'VARCHAR')}) as {one}"
        for one in takes
        if one not in _STEADY
    )
    steady = {one: 0 if one == "group_no" else "a" for one in takes if one in _STEADY}
    found = _workshop().execute(f"select typeof({sql}) from (select {nothing})", steady)
    ((gives,),) = found.fetchall()
    return WorkerFunction(name, takes, sql, str(gives))


def register_functions(session: SparkSession) -> None:
    """Give a session the functions by the names that `spark_sql` writes."""
    from pyspark.sql.functions import arrow_udf

    for function in worker_functions():
        session.udf.register(
            function.name, arrow_udf(_work_of(function), SPARK_TYPES[function.gives])
        )


def _work_of(function: WorkerFunction) -> Callable[..., pa.Array]:
    # Spark looks at a function's arguments and their types: these are any.
    return lambda *arguments: function.work(*arguments)
