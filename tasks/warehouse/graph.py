"""One graph of the tables behind staging: what each needs, its order, what is stale.

A table is an SQL model or what Python makes (`models.load_headers`); each reads others.
A table's fingerprint is made of the code that makes it and of the fingerprints of what
it reads, so other code makes anew what depends on it and nothing else, and a comment
nothing. `meta.tables` has the fingerprints of what stands. Checks are in the graph as
well: they hold for the tables that they read.

Verdicts on accounts, `intermediate.accounts` and all that it needs, are one part: a
step of its own makes them, and they have one fingerprint.
"""

from __future__ import annotations

import difflib
import graphlib
import hashlib
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.warehouse.changed_keys import comment_of, is_by_key, make_changed, read_only
from tasks.warehouse.code_digest import code_digests, own_digest, tools_digest
from tasks.warehouse.database import store_frame, unwritten
from tasks.warehouse.models import Model, load_headers, load_models, run_model
from tasks.warehouse.selects import select_of
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

VERDICTS = "intermediate.accounts"
# Whose rows of a window are replaced, reads which window that is.
WINDOW = "meta.window"
LAYERS = ("meta", "intermediate", "restricted", "marts", "checks")
# What readers get.
PUBLISHED = ("restricted", "marts")

_JUDGE = "tasks.verdicts.accounts"
# What runs the others; the makers' own imports count with the makers.
_RUNNERS = (
    "tasks.marts.build",
    "tasks.marts.window",
    "tasks.warehouse.changed_keys",
    "tasks.warehouse.graph",
    "tasks.warehouse.models",
)
_PARAMS = "tasks.marts.params"


@dataclass
class Making:
    """What a maker gets.

    Attributes:
        connection: to the warehouse; whoever runs owns the transaction.
        workspace: whose tables.
        params: values by name that SQL models are bound to.
        shown: tables to be read in place of others, by qualified name: those with the
            rows of changed keys alone.
        before: rows of `replace: digest COLUMN` that the same code made.
    """

    connection: duckdb.DuckDBPyConnection
    workspace: Workspace
    params: dict[str, Any]
    shown: Mapping[str, str] = field(default_factory=dict)
    before: pl.DataFrame | None = None

    def read(self, query: str) -> duckdb.DuckDBPyRelation:
        """What a query finds in the rows that are to be made anew."""
        return self.connection.sql(read_only(query, self.shown))


@cache
def load_graph() -> MappingProxyType[str, Model]:
    """All tables behind staging and all checks, by qualified name."""
    return MappingProxyType(
        {
            name: table
            for layer in LAYERS
            for found in (load_models(layer), load_headers(layer))
            for name, table in found.items()
        }
    )


@cache
def reads() -> MappingProxyType[str, tuple[str, ...]]:
    """What each table of the graph reads of the graph, sorted.

    `marts.*` are all marts that have days and do not read the table themselves.
    """
    tables = load_graph()
    found = {}
    for name, table in tables.items():
        named = set(table.reads)
        if "start_date" in table.params:
            named.add(WINDOW)
        if "marts.*" in named:
            named |= {
                other
                for other, mart in tables.items()
                if mart.layer == "marts"
                and any(column.unit == "day" for column in mart.columns)
                and name not in mart.reads
            }
        found[name] = tuple(sorted(named & tables.keys() - {name}))
    return MappingProxyType(found)


def needed(wanted: Iterable[str]) -> list[str]:
    """Tables with all that they need, each after what it reads; ties by name.

    Args:
        wanted: qualified names of the graph.
    """
    edges: dict[str, tuple[str, ...]] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name not in edges:
            edges[name] = reads()[name]
            waiting.extend(edges[name])
    order = graphlib.TopologicalSorter(
        {name: edges[name] for name in sorted(edges)}
    ).static_order()
    return [name for name in order if name in edges]


def nearest_table(name: str) -> str | None:
    """A table's name as it is, else the one most like it, else None."""
    named = [known for known, one in load_graph().items() if one.layer != "checks"]
    close = difflib.get_close_matches(name, named, n=1)
    return name if name in named else next(iter(close), None)


def tables_called(name: str) -> list[str]:
    """The tables of that name in any layer, in order; few marts share theirs."""
    return sorted(
        known
        for known, one in load_graph().items()
        if one.layer != "checks" and known.partition(".")[2] == name
    )


def between(first: str, last: str) -> list[str]:
    """The tables that lead from one to another one, the latter with them; in order."""
    return [
        name for name in needed([last]) if name != first and first in needed([name])
    ]


@cache
def verdict_tables() -> tuple[str, ...]:
    """The tables of the step `deduplicate`, some of which it drops; in order."""
    judged = [
        name
        for name, table in load_graph().items()
        if (table.maker or "").startswith("tasks.verdicts.")
    ]
    return tuple(needed([VERDICTS, *judged]))


@cache
def tables_behind_verdicts() -> tuple[str, ...]:
    """All other tables and the checks, in order: those of the step `aggregate`."""
    verdicts = set(verdict_tables())
    return tuple(name for name in needed(load_graph()) if name not in verdicts)


@cache
def fingerprints() -> MappingProxyType[str, str]:
    """A digest of each table's code and of the code of all that it reads."""
    tables = load_graph()
    verdicts = sorted(verdict_tables())
    makers = {_module(table) for table in tables.values() if table.maker}
    codes = code_digests(tuple(sorted({*makers, _JUDGE, _PARAMS})))
    runners = own_digest(_RUNNERS)
    judged = _digest([codes[_JUDGE], *(tables[name].code for name in verdicts)])
    found = dict.fromkeys(verdicts, judged)
    for name in tables_behind_verdicts():
        table = tables[name]
        parts = [runners, table.code]
        if table.maker:
            parts += [codes[_module(table)], *_words_read(table)]
        elif table.params:
            parts.append(codes[_PARAMS])
        read = [f"{other} {found[other]}" for other in reads()[name]]
        found[name] = _digest([*parts, *read])
    return MappingProxyType(found)


def _module(table: Model) -> str:
    return (table.maker or "").rpartition(".")[0]


def _words_read(table: Model) -> Iterator[str]:
    """What headers tell readers, for a table that is made of it: `reads: sql/marts`."""
    for folder in table.told_reads:
        if folder.startswith("sql/"):
            models = load_models(folder.removeprefix("sql/"))
            yield from (f"{name} {models[name].words}" for name in sorted(models))


def _digest(parts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()[:16]


def stale_tables(
    connection: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    asked: Sequence[str] = (),
) -> list[str]:
    """Those of some tables that are missing or that other code made, in their order.

    Tables of `replace: once` are missed only where they are asked for.
    """
    found = connection.execute("select name, fingerprint from meta.tables").fetchall()
    marked = dict(found)
    stand = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " union all select schema_name || '.' || view_name from duckdb_views()"
    ).fetchall()
    there = {name for (name,) in stand} | set(load_models("checks"))
    there |= {name for name in load_graph() if is_once(name)}.difference(asked)
    return [
        name
        for name in names
        if name not in there or marked.get(name) != fingerprints()[name]
    ]


def is_once(name: str) -> bool:
    """Whether a table stands only until the step ends that makes it."""
    return load_graph()[name].replace == "once"


def with_once(names: Sequence[str]) -> list[str]:
    """Tables with those of `replace: once` that they need, which stand nowhere.

    Args:
        names: of one step, in order; so is the outcome.
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(filter(is_once, reads()[name]))
    return [name for name in needed(found) if name in found]


def drop_once(
    connection: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    asked: Sequence[str] = (),
) -> None:
    """Drop those of some tables that nothing reads later, unless they are asked for.

    What is gone when the transaction ends is never written to the disk.
    """
    for name in names:
        if is_once(name) and name not in asked:
            connection.execute(f"drop table if exists {name}")


def forget_made(connection: duckdb.DuckDBPyConnection) -> None:
    """No table holds any more: what all are made of is another than before."""
    connection.execute("delete from meta.tables")


def mark_made(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Note the fingerprints of tables that were made; the caller owns the transaction.

    Args:
        connection: the warehouse.
        names: tables of the graph.
    """
    marks = [fingerprints()[name] for name in names]
    connection.execute(
        "delete from meta.tables where list_contains($names, name)", {"names": names}
    )
    connection.execute(
        "insert into meta.tables select unnest($names), unnest($marks)",
        {"names": names, "marks": marks},
    )


def is_of_window(name: str) -> bool:
    """Whether a table keeps its rows of other days than those of the window."""
    return load_graph()[name].replace.startswith("window ")


def make(making: Making, name: str) -> None:
    """Make one table anew; what it reads stands."""
    table = load_graph()[name]
    if is_by_key(table):
        _make_changed(making, table)
    elif table.maker is None:
        run_model(making.connection, table, making.params)
    elif table.replace.startswith("digest "):
        _make_with_earlier(making, table)
    else:
        frame = _frame(making, table)
        with unwritten(making.connection) if is_once(name) else nullcontext():
            store_frame(making.connection, name, frame)


def _frame(making: Making, table: Model) -> pl.DataFrame:
    module, _, maker = (table.maker or "").rpartition(".")
    frame: pl.DataFrame = getattr(importlib.import_module(module), maker)(making)
    return frame


def _make_with_earlier(making: Making, table: Model) -> None:
    """Make a table whose maker gives rows again that follow from the very same."""
    connection = making.connection
    code = f"{fingerprints()[table.name]} {tools_digest()}"
    before = None
    if comment_of(connection, table.name) == code:
        before = connection.sql(f"from {table.name}").pl()
    store_frame(connection, table.name, _frame(replace(making, before=before), table))
    connection.execute(f"comment on table {table.name} is '{code}'")


def _make_changed(making: Making, table: Model) -> None:
    connection = making.connection
    bound = {name: making.params[name] for name in table.params}

    def make_rows(shown: Mapping[str, str]) -> None:
        if table.maker is None:
            sql, given = select_of(
                connection, table, read_only(table.sql, shown), bound
            )
            connection.execute(f"create or replace temp table remade as {sql}", given)
        else:
            frame = _frame(replace(making, shown=shown), table)
            connection.register("frame", frame)
            connection.execute("create or replace temp table remade as from frame")
            connection.unregister("frame")

    make_changed(
        connection,
        table,
        sorted(table.reads),
        [fingerprints()[table.name], tools_digest(), bound],
        make_rows,
    )
