"""The marts as a PostgreSQL schema, for BI tools that have no driver for DuckDB.

Each publication is loaded into a schema of its own, `<schema>_<publication>`, with
primary keys; `<schema>` has a view of each table. One transaction leads all views to
the new tables, so that a query sees one publication, and what others built on the views
and were granted stays. The publication before is kept until the next one, and not past
an erasure. What stands there is known by the comment of the schema; a load that was
killed is begun anew.

Nothing of `restricted/` goes there. Cost: linear in the rows; on the disk one table at
a time as CSV, which both sides read and write without a loop over rows.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.database import read_published
from tasks.warehouse.errors import ConfigurationError, WeiboManagerError
from tasks.warehouse.progress import say
from tasks.warehouse.publication import lineage, publication_of, read_manifest, sql_text
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from psycopg import Connection, Error
    from psycopg.sql import Composed, Identifier

# Where PostgreSQL is, as libpq writes it: postgresql://user:password@host/database
ADDRESS = "WM_POSTGRES_URL"
_PATIENCE_SECONDS = 10
_LOCK_PATIENCE = "3s"
# What stands in the comment of a schema of ours, before the publication's id.
_OURS = "Weibo Manager, publication "
_LOADED = "Weibo Manager, loaded "
_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "VARCHAR[]": "text[]",
    "BIGINT[]": "bigint[]",
}
_BYTES_AT_ONCE = 1 << 20


class PostgresError(WeiboManagerError):
    """PostgreSQL did not take a publication; the files of it stand."""

    def __init__(self, why: str) -> None:
        """Say why, and what comes next."""
        super().__init__(
            f"Published in files, but PostgreSQL shows what it showed before: {why}."
            " The next run tries again, also with nothing new; `doctor` tells whether"
            " it would work."
        )


@dataclass(frozen=True)
class _Table:
    """A published table as PostgreSQL gets it.

    Attributes:
        name: of the table.
        words: what it says.
        columns: name, DuckDB's type, words; in order.
        key: columns that tell a row from all others; empty where one may be null.
    """

    name: str
    words: str
    columns: tuple[tuple[str, str, str], ...]
    key: tuple[str, ...]


def show_in_postgres(workspace: Workspace, *, keeps_before: bool = True) -> None:
    """Have PostgreSQL show the publication that readers of the files see.

    Nothing is done where the workspace names no schema, or that publication stands.

    Args:
        workspace: whose publication.
        keeps_before: whether queries that began on the publication before may end on
            it; False in an erasure.

    Raises:
        ConfigurationError: the address of the server is missing.
        PostgresError: the server can't be reached or takes nothing.
    """
    if workspace.postgres is None or not workspace.published.exists():
        return
    import psycopg

    published = workspace.published.resolve()
    name = publication_of(published)
    schema = workspace.postgres.schema_name
    before = lineage(workspace.published)[1:2] if keeps_before else []
    kept = [name, *map(publication_of, before)]
    try:
        with _connected(schema) as server:
            shown = _shown(server, schema)
            if shown != name:
                tables = _tables_of(published)
                _load(server, schema, name, published, tables)
                _lead_to(server, schema, name, tables, workspace.postgres.readers)
                say(f"  publication {name} is in PostgreSQL, schema {schema}")
            _drop_others(server, schema, kept)
    except psycopg.Error as error:
        raise PostgresError(_in_words(error)) from None


def examine_postgres(workspace: Workspace) -> Iterator[Condition]:
    """Whether a server takes what is published, where one is named."""
    if workspace.postgres is None:
        return
    import psycopg

    schema = workspace.postgres.schema_name
    try:
        with _connected(schema) as server:
            shown = _shown(server, schema)
    except (ConfigurationError, PostgresError) as error:
        yield broken("PostgreSQL", str(error))
    except psycopg.Error as error:
        yield broken("PostgreSQL", f"{_in_words(error)}: see {ADDRESS}")
    else:
        what = f"shows publication {shown}" if shown else "is empty yet"
        yield Condition("PostgreSQL", f"schema {schema} {what}")


@contextmanager
def _connected(schema: str) -> Iterator[Connection[Any]]:
    """A connection that alone writes to this schema.

    Raises:
        ConfigurationError: the address is missing.
        PostgresError: another run writes, or the database can't hold Chinese.
    """
    import psycopg

    address = os.environ.get(ADDRESS, "").strip()
    if not address:
        raise ConfigurationError(
            [
                f"workspace.toml names a schema of PostgreSQL, and {ADDRESS} is not"
                " set: postgresql://user:password@host/database"
            ]
        )
    with psycopg.connect(
        address,
        autocommit=True,
        connect_timeout=_PATIENCE_SECONDS,
        application_name="weibo-manager",
        client_encoding="utf8",
    ) as server:
        encoding = server.execute("show server_encoding").fetchone()
        if encoding is None or encoding[0] != "UTF8":
            raise PostgresError(
                "the database is not in UTF8: make another one with"
                " `create database ... encoding 'UTF8'`"
            )
        # A server may take a moment to let go of what a session held that has ended.
        server.execute("select set_config('lock_timeout', %s, false)", [_LOCK_PATIENCE])
        try:
            server.execute(
                "select pg_advisory_lock(hashtextextended(%s, 0))",
                [f"weibo-manager {schema}"],
            )
        except psycopg.errors.LockNotAvailable:
            raise PostgresError(f"another run writes to its schema {schema}") from None
        server.execute("reset lock_timeout")
        yield server


def _shown(server: Connection[Any], schema: str) -> str | None:
    """The publication that the schema shows; None where there is no schema yet.

    Raises:
        ConfigurationError: it is somebody else's.
    """
    row = server.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace"
        " where nspname = %s",
        [schema],
    ).fetchone()
    if row is None:
        return None
    comment = row[0] or ""
    if not comment.startswith(_OURS):
        raise ConfigurationError(
            [
                f"schema_name = '{schema}': a schema of that name is in the database"
                " and was not made by Weibo Manager: choose another name."
            ]
        )
    return str(comment.removeprefix(_OURS))


def _tables_of(published: Path) -> list[_Table]:
    """What a publication has, from its own files."""
    manifest = read_manifest(published) or {"files": []}
    keys = {file["table"]: file.get("key", []) for file in manifest["files"]}
    with read_published(published / "marts.duckdb") as marts:
        words = dict(
            marts.execute(
                "select table_name, comment from duckdb_tables() order by all"
            ).fetchall()
        )
        columns: dict[str, list[tuple[str, str, str]]] = {}
        nullable = set()
        for table, name, kind, comment, is_nullable in marts.execute(
            "select table_name, column_name, data_type, comment, is_nullable"
            " from duckdb_columns() where not internal"
            " order by table_name, column_index"
        ).fetchall():
            columns.setdefault(table, []).append((name, kind, comment or ""))
            if is_nullable:
                nullable.add((table, name))
    return [
        _Table(
            table,
            words[table] or "",
            tuple(columns[table]),
            ()
            if any((table, name) in nullable for name in keys.get(table, []))
            else tuple(keys.get(table, [])),
        )
        for table in words
    ]


def _load(
    server: Connection[Any],
    schema: str,
    name: str,
    published: Path,
    tables: list[_Table],
) -> None:
    """Bring a publication's tables into their own schema, where they aren't yet."""
    home = f"{schema}_{name}"
    there = server.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace"
        " where nspname = %s",
        [home],
    ).fetchone()
    if there and there[0] == f"{_LOADED}{name}":
        return
    server.execute(_sql("drop schema if exists {} cascade", home))
    server.execute(_sql("create schema {}", home))
    # Beside the publications: CSV of the open marts, for this run alone.
    with (
        tempfile.TemporaryDirectory(dir=published.parent.parent) as folder,
        read_published(published / "marts.duckdb") as marts,
    ):
        for table in tables:
            _load_table(server, home, table, marts, Path(folder) / "rows.csv")
    _comment(server, _sql("comment on schema {} is", home), f"{_LOADED}{name}")


def _load_table(
    server: Connection[Any],
    home: str,
    table: _Table,
    marts: duckdb.DuckDBPyConnection,
    file: Path,
) -> None:
    from psycopg import sql

    listed = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type_of(kind)))
        for name, kind, _ in table.columns
    )
    target = sql.Identifier(home, table.name)
    server.execute(sql.SQL("create table {} ({})").format(target, listed))
    texts = [name for name, kind, _ in table.columns if kind.startswith("VARCHAR")]
    forced = f", force_quote ({', '.join(map(_quoted, texts))})" if texts else ""
    values = ", ".join(_written(name, kind) for name, kind, _ in table.columns)
    # A text is in quotes, a null is not: none is taken for the other.
    marts.execute(
        f"copy (select {values} from main.{_quoted(table.name)})"
        f" to {sql_text(file)} (format csv, header false, nullstr '\\N'{forced})"
    )
    with (
        file.open("rb") as rows,
        server.cursor() as cursor,
        cursor.copy(
            sql.SQL("copy {} from stdin (format csv, null '\\N')").format(target)
        ) as copy,
    ):
        while part := rows.read(_BYTES_AT_ONCE):
            copy.write(part)
    if table.key:
        server.execute(
            sql.SQL("alter table {} add primary key ({})").format(
                target, sql.SQL(", ").join(map(sql.Identifier, table.key))
            )
        )
    server.execute(sql.SQL("analyze {}").format(target))


def _lead_to(
    server: Connection[Any],
    schema: str,
    name: str,
    tables: list[_Table],
    readers: str | None,
) -> None:
    """Lead the views of the schema to a publication's tables, all at once."""
    from psycopg import sql

    with server.transaction():
        server.execute(_sql("create schema if not exists {}", schema))
        rows = server.execute(
            "select viewname from pg_views where schemaname = %s", [schema]
        ).fetchall()
        for (gone,) in sorted(set(rows) - {(table.name,) for table in tables}):
            server.execute(sql.SQL("drop view {}").format(_of(schema, gone)))
        for table in tables:
            _show(server, schema, f"{schema}_{name}", table)
        _describe(server, schema, tables)
        if readers:
            role = sql.Identifier(readers)
            server.execute(
                sql.SQL("grant usage on schema {} to {}").format(
                    sql.Identifier(schema), role
                )
            )
            server.execute(
                sql.SQL("grant select on all tables in schema {} to {}").format(
                    sql.Identifier(schema), role
                )
            )
        _comment(server, _sql("comment on schema {} is", schema), f"{_OURS}{name}")


def _show(server: Connection[Any], schema: str, home: str, table: _Table) -> None:
    """A view of a table, made anew where a column went or is another one."""
    import psycopg
    from psycopg import sql

    view = _of(schema, table.name)
    listed = sql.SQL(", ").join(sql.Identifier(name) for name, _, _ in table.columns)
    made = sql.SQL("create or replace view {} as select {} from {}").format(
        view, listed, _of(home, table.name)
    )
    try:
        with server.transaction():
            server.execute(made)
    except psycopg.errors.InvalidTableDefinition:
        # What others built on it would go with it: then it stays, and is told.
        server.execute(sql.SQL("drop view {}").format(view))
        server.execute(made)


def _describe(server: Connection[Any], schema: str, tables: list[_Table]) -> None:
    """Say what views and their columns are, where they don't say so yet."""
    from psycopg import sql

    rows = server.execute(
        "select views.relname, columns.attname, words.description"
        " from pg_class as views"
        " inner join pg_description as words"
        " on words.objoid = views.oid and words.classoid = 'pg_class'::regclass"
        " left join pg_attribute as columns on columns.attrelid = views.oid"
        " and columns.attnum = words.objsubid and words.objsubid > 0"
        " where views.relnamespace = %s::regnamespace",
        [f'"{schema}"'],
    ).fetchall()
    said = {(view, column): words for view, column, words in rows}
    with server.pipeline():
        for table in tables:
            if said.get((table.name, None)) != table.words:
                view = _of(schema, table.name)
                _comment(
                    server, sql.SQL("comment on view {} is").format(view), table.words
                )
            for name, _, words in table.columns:
                if said.get((table.name, name), "") != words:
                    column = sql.Identifier(schema, table.name, name)
                    about = sql.SQL("comment on column {} is").format(column)
                    _comment(server, about, words)


def _drop_others(server: Connection[Any], schema: str, kept: list[str]) -> None:
    """Drop publications that aren't kept, and what killed loads left."""
    rows = server.execute(
        "select nspname from pg_namespace where nspname like %s",
        [schema.replace("_", r"\_") + r"\_%"],
    ).fetchall()
    pattern = re.compile(re.escape(schema) + "_([0-9a-f]{16})")
    for (home,) in sorted(rows):
        found = pattern.fullmatch(home)
        if found and found[1] not in kept:
            server.execute(_sql("drop schema {} cascade", home))


def _in_words(error: Error) -> str:
    """What went wrong, without values of rows."""
    import psycopg

    if isinstance(error, psycopg.errors.DependentObjectsStillExist):
        return (
            "a column or table went that others built on: "
            + (error.diag.message_detail or "").replace("\n", "; ")
            + ": drop these, and make them again after the next run"
        )
    if isinstance(error, psycopg.OperationalError) and not error.sqlstate:
        # The server can't be reached; its words name host and user, no password.
        return " ".join(str(error).split())
    told = error.diag.message_primary or type(error).__name__
    return f"{told} ({error.sqlstate})" if error.sqlstate else told


def _type_of(kind: str) -> str:
    """PostgreSQL's name of a type; `DECIMAL(18,4)` is `numeric(18,4)`."""
    if kind.startswith("DECIMAL("):
        return kind.replace("DECIMAL", "numeric")
    return _TYPES[kind]


def _written(name: str, kind: str) -> str:
    """A column as PostgreSQL's CSV has it; its texts can't hold the character 0."""
    column = _quoted(name)
    if kind == "VARCHAR":
        return f"replace({column}, chr(0), '') as {column}"
    if kind == "VARCHAR[]":
        # Each text in quotes, with quotes and backslashes of its own escaped.
        text = "replace(one, chr(0), '')"
        for sign in ("\\", '"'):
            text = f"replace({text}, '{sign}', '\\{sign}')"
        texts = f"list_transform({column}, lambda one: '\"' || {text} || '\"')"
        return f"'{{' || array_to_string({texts}, ',') || '}}' as {column}"
    if kind == "BIGINT[]":
        return f"'{{' || array_to_string({column}, ',') || '}}' as {column}"
    return column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql(text: str, name: str) -> Composed:
    from psycopg import sql

    return sql.SQL(text).format(sql.Identifier(name))


def _of(schema: str, name: str) -> Identifier:
    from psycopg import sql

    return sql.Identifier(schema, name)


def _comment(server: Connection[Any], statement: Composed, words: str) -> None:
    from psycopg import sql

    server.execute(statement + sql.SQL(" ") + sql.Literal(words))
