"""The model runner: SQL files to tables.

A model is a header and one `select`; its path is the table's name, folders below a
layer's joined with `_`. The header says what one row is, the grain, the params, how
rows replace older ones, and what each column means:

    -- One row per campaign and day.
    --
    -- grain: campaign_id, activity_day
    -- params: $start_date, $end_date
    -- replace: window activity_day
    -- time axis: activity day
    -- columns:
    --   campaign_id [id]: the campaign's id in workspace.toml
    --   reposts [reposts]: in marts each column has its unit
    --   likes bigint: a type is given where the model reads itself
    -- metrics:
    --   reposts: source of the definition | what it does not say

A `?` behind a column of the grain says that it may be null. `adds over: activity_day,
platform` says over which columns of the grain events add up; `| accounts` behind it:
this unit, too. A column on another time axis than its mart says so after its unit:
[interactions; post day]. `replace` is one of: `view`; `all`; `once` (as `all`, and gone
at the end of the step that made it: nothing reads it later); `rows COLUMNS` (older rows
that share these columns with a new one go); `window COLUMN` (older rows of the window
go); `changed COLUMNS` (rows of the keys go whose inputs differ: `changed_keys`).
Dependencies are read from the SQL itself.

A table that Python makes has the same header, in `<table>.header` without a select, and
two more lines: `reads`, the tables that its maker reads, and `made by`, the maker.
"""

from __future__ import annotations

import graphlib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from tasks.warehouse.code_digest import FOLDER, code_digests
from tasks.warehouse.database import count, table_exists, unwritten
from tasks.warehouse.networks import spelled_out
from tasks.warehouse.selects import select_of

SQL_FOLDER = FOLDER / "sql"
# A column's comment begins so where it has the values of the column named behind it.
OLDER_NAME = "older name of "
# What stages; what it imports stages, too. All other tables follow from `graph`.
_STAGES = ("tasks.validate",)
_FIELD = re.compile(
    r"(grain|params|replace|time axis|adds over|reads|made by|columns|metrics)"
    r":\s*(.*)"
)
# Texts and quoted names, which stay as they are; comments and blanks between words.
_QUOTED_OR_BLANK = re.compile(
    r"""('(?:[^']|'')*'|"[^"]*")|(?:--[^\n]*|/\*.*?\*/|\s)+""", re.DOTALL
)
_COLUMN = re.compile(r"  (\w+)(?: (\w[\w\[\]]*))?(?: \[([^\]]+)\])?: (.*)")
LAYERS = (
    "raw",
    "meta",
    "staging",
    "intermediate",
    "restricted",
    "marts",
    "before",  # marts of the publication before
    "publication",
    "lists",
    "checks",
)
# A table that is read, by its whole name.
READ = re.compile(rf"\b(?:from|join)\s+((?:{'|'.join(LAYERS)})\.\w+)")


@dataclass(frozen=True)
class Column:
    """A documented column; the type only where the model reads itself.

    Unit and time axis stand in marts.
    """

    name: str
    type: str | None
    comment: str
    unit: str | None = None
    time_axis: str | None = None

    @property
    def is_older_name(self) -> bool:
        """Whether readers of an earlier schema version find another column by it."""
        return self.comment.startswith(OLDER_NAME)


@dataclass(frozen=True)
class Origin:
    """Where a metric's definition comes from, and what it does not say."""

    metric: str
    source: str
    caveat: str


@dataclass(frozen=True)
class Model:
    """A table, or a check: one SQL file, or the header of what Python makes."""

    name: str
    sql: str
    summary: str
    grain: tuple[str, ...]
    params: tuple[str, ...]
    replace: str
    columns: tuple[Column, ...]
    time_axis: str = "none"
    origins: tuple[Origin, ...] = ()
    nullable_grain: frozenset[str] = frozenset()
    adds_over: tuple[str, ...] = ()
    adds_units: frozenset[str] = frozenset()
    told_reads: tuple[str, ...] = ()
    maker: str | None = None

    @property
    def layer(self) -> str:
        """The schema that the model's table stands in."""
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        """The table's name without its schema."""
        return self.name.split(".")[1]

    @property
    def reads(self) -> frozenset[str]:
        """Qualified names of the tables that the select, or the maker, reads."""
        return frozenset(self.told_reads) | _tables_read(self.sql)

    @property
    def code(self) -> str:
        """What decides the table's rows: no comment, nor how the select is laid out."""
        typed = [(column.name, column.type) for column in self.columns if column.type]
        told = (self.name, self.params, self.replace, self.maker, typed)
        return f"{told} {without_comments(self.sql)}"

    @property
    def words(self) -> str:
        """What is told to readers of the table and its columns."""
        return repr(
            (
                *(self.summary, self.grain, sorted(self.nullable_grain)),
                *(self.time_axis, self.adds_over, sorted(self.adds_units)),
                *(self.columns, self.origins),
            )
        )


@cache
def without_comments(sql: str) -> str:
    """A select without comments, one blank between its words."""
    return _QUOTED_OR_BLANK.sub(lambda found: found[1] or " ", sql).strip()


@cache
def _tables_read(sql: str) -> frozenset[str]:
    """Every table stands behind `from` or `join`, under its whole name."""
    return frozenset(READ.findall(without_comments(sql)))


def table_of(path: Path) -> str:
    """The qualified name of the table of an SQL file or a header."""
    layer, *parts = path.relative_to(SQL_FOLDER).with_suffix("").parts
    return f"{layer}.{'_'.join(parts)}"


@cache
def load_models(layer: str) -> MappingProxyType[str, Model]:
    """Models of a layer by qualified name; what a process runs does not change."""
    models = map(_read_model, sorted((SQL_FOLDER / layer).rglob("*.sql")))
    return MappingProxyType({model.name: model for model in models})


@cache
def load_headers(layer: str) -> MappingProxyType[str, Model]:
    """Tables of a layer that Python makes, by qualified name."""
    models = map(_read_model, sorted((SQL_FOLDER / layer).rglob("*.header")))
    return MappingProxyType({model.name: model for model in models})


def _read_model(path: Path) -> Model:
    text = path.read_text(encoding="utf-8")
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line[2:].removeprefix(" "))
    fields: dict[str, str] = {}
    columns: list[Column] = []
    summary: list[str] = []
    origins: list[Origin] = []
    section = "summary"
    for line in header:
        field = _FIELD.match(line)
        column = _COLUMN.match(line)
        if field:
            section = field[1]
            fields[section] = field[2].strip()
        elif section == "columns" and line.startswith("    "):
            last = columns.pop()
            columns.append(replace(last, comment=f"{last.comment} {line.strip()}"))
        elif section == "columns" and column:
            columns.append(_column(column, fields.get("time axis")))
        elif section == "metrics" and line.strip():
            metric, _, words = line.strip().partition(": ")
            source, _, caveat = words.partition(" | ")
            origins.append(Origin(metric, source, caveat))
        elif section == "summary" and line.strip():
            summary.append(line.strip())

    def names(key: str) -> tuple[str, ...]:
        value = fields.get(key, "none")
        return () if value == "none" else tuple(re.split(r",\s*", value))

    adds_over, _, adds_units = fields.get("adds over", "none").partition(" | ")
    fields["adds over"] = adds_over
    return Model(
        name=table_of(path),
        sql="" if path.suffix == ".header" else text,
        summary=" ".join(summary),
        grain=tuple(name.rstrip("?") for name in names("grain")),
        params=tuple(name.lstrip("$") for name in names("params")),
        replace=fields.get("replace", "all"),
        columns=tuple(columns),
        time_axis=fields.get("time axis", "none"),
        origins=tuple(origins),
        nullable_grain=frozenset(
            name.rstrip("?") for name in names("grain") if name.endswith("?")
        ),
        adds_over=names("adds over"),
        adds_units=frozenset(filter(None, re.split(r",\s*", adds_units))),
        told_reads=names("reads"),
        maker=fields.get("made by"),
    )


def _column(found: re.Match[str], time_axis: str | None) -> Column:
    """A line `name type [unit; time axis]: comment`; type and unit where given."""
    unit, _, own_axis = (found[3] or "").partition("; ")
    return Column(found[1], found[2], found[4], unit or None, own_axis or time_axis)


def in_order(models: Mapping[str, Model]) -> list[Model]:
    """Models so that each stands after what it reads; ties by name."""
    graph = {
        name: sorted((model.reads & models.keys()) - {name})
        for name, model in sorted(models.items())
    }
    order = graphlib.TopologicalSorter(graph).static_order()
    return [models[name] for name in order]


def code_hash(extra: Iterable[str] = ()) -> str:
    """A digest of what stages; what other code staged is staged anew from landing.

    The tables behind staging have digests of their own (`graph.fingerprints`).
    """
    digest = hashlib.sha256(code_digests(_STAGES)[_STAGES[0]].encode())
    for name, model in sorted(load_models("staging").items()):
        digest.update(f"{name} {model.code}".encode())
    for text in (spelled_out(), *extra):
        digest.update(text.encode())
    return digest.hexdigest()[:16]


def run_model(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    params: Mapping[str, Any],
    *,
    old_rows: bool = True,
) -> None:
    """Bring a model's table up to date. The caller owns the transaction.

    Args:
        connection: the warehouse.
        model: the model to run.
        params: values by name; the model takes those it names.
        old_rows: False says that the table holds no row that a new one could
            replace, which saves writing them twice.
    """
    bound = {name: params[name] for name in model.params}
    if model.replace == "view":
        _run(connection, f"create or replace view {model.name} as {model.sql}")
        return
    if model.replace == "once":
        with unwritten(connection):
            _run_all(connection, model, bound)
        return
    if model.replace == "all":
        _run_all(connection, model, bound)
        return
    verb, _, rest = model.replace.partition(" ")
    if _is_typed(model):
        create_table(connection, model, bound)
    elif not table_exists(connection, model.layer, model.table):
        # Nothing stands that could be replaced.
        _run_select(connection, f"create table {model.name} as", model, bound)
        return
    if verb == "window":
        connection.execute(
            f"delete from {model.name} where {rest} between $start and $end",
            {"start": params["start_date"], "end": params["end_date"]},
        )
        _run_select(connection, f"insert into {model.name} by name", model, bound)
    elif verb == "rows" and not old_rows:
        _run_select(connection, f"insert into {model.name} by name", model, bound)
    elif verb == "rows":
        keys = re.split(r",\s*", rest)
        matches = " and ".join(
            f"{model.name}.{key} is not distinct from replaced.{key}" for key in keys
        )
        _run_select(
            connection, "create or replace temp table new_rows as", model, bound
        )
        connection.execute(
            f"delete from {model.name} using"
            f" (select distinct {', '.join(keys)} from new_rows) as replaced"
            f" where {matches}"
        )
        connection.execute(f"insert into {model.name} by name select * from new_rows")
        connection.execute("drop table new_rows")
    else:
        raise ValueError(f"{model.name}: unknown replace '{model.replace}'")


def _run_all(
    connection: duckdb.DuckDBPyConnection, model: Model, bound: Mapping[str, Any]
) -> None:
    _run_select(connection, f"create or replace table {model.name} as", model, bound)


def _run_select(
    connection: duckdb.DuckDBPyConnection,
    into: str,
    model: Model,
    bound: Mapping[str, Any],
) -> None:
    """Put a model's rows somewhere, whoever works them out."""
    sql, given = select_of(connection, model, model.sql, bound)
    _run(connection, f"{into} {sql}", given)


def _run(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    bound: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Execute one statement, which is read once a process.

    Reading a model costs as much as making it of a small day's rows. What was read
    knows no database: it is bound to one as it runs.
    """
    statement = _READ_ONCE.get(sql)
    if statement is None:
        (statement,) = connection.extract_statements(sql)
        _READ_ONCE[sql] = statement
    connection.execute(statement, dict(bound))


# Statements by their text.
_READ_ONCE: dict[str, duckdb.Statement] = {}


def create_table(
    connection: duckdb.DuckDBPyConnection, model: Model, bound: Mapping[str, Any]
) -> None:
    """Make a model's table if there is none, from its columns or its select."""
    if _is_typed(model):
        listed = ", ".join(f'"{column.name}" {column.type}' for column in model.columns)
        connection.execute(f"create table if not exists {model.name} ({listed})")
    elif not table_exists(connection, model.layer, model.table):
        connection.execute(
            f"create table {model.name} as select * from ({model.sql}\n) limit 0",
            dict(bound),
        )


def _is_typed(model: Model) -> bool:
    return bool(model.columns) and all(column.type for column in model.columns)


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Model],
    params: Mapping[str, Any],
) -> dict[str, int]:
    """Count the bad rows that each check's select finds."""
    counts: dict[str, int] = {}
    for check in checks:
        bound = {name: params[name] for name in check.params}
        counts[check.name] = count(
            connection, f"select count(*) from ({check.sql}\n) as bad_rows", bound
        )
    return counts
