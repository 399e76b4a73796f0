"""What the pages of the Evidence project bring from the marts and ask of that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.workspaces import REPOSITORY

PROJECT = REPOSITORY / "data/dashboards/evidence"
# What is chosen in a page before anybody chooses, as its dropdowns say.
_CHOSEN = {"dimension": "region", "campaign": "%"}
_QUERY = re.compile(r"(?s)```sql (\w+)\n(.*?)```")


@dataclass(frozen=True)
class Query:
    """SQL with its place: the name of a source, or page and name of a query."""

    place: str
    name: str
    sql: str


def sources() -> list[Query]:
    """What is brought from the marts, once a build."""
    return [
        Query("sources", file.stem, file.read_text("utf-8"))
        for file in sorted((PROJECT / "sources/marts").glob("*.sql"))
    ]


def asked() -> list[Query]:
    """What pages ask of that, with what is chosen first in each."""
    found = []
    for page in sorted((PROJECT / "pages").glob("*.md")):
        named: dict[str, str] = {}
        for name, text in _QUERY.findall(page.read_text("utf-8")):
            sql = text
            for other, value in _CHOSEN.items():
                sql = sql.replace(f"${{inputs.{other}.value}}", value)
            for other, inner in named.items():
                sql = sql.replace(f"${{{other}}}", f"({inner})")
            named[name] = sql
            found.append(Query(page.stem, name, sql))
    return found


def bring(connection: duckdb.DuckDBPyConnection, marts: Path) -> None:
    """Bring every source into the schema `marts` of a connection, as a build does."""
    connection.execute("create schema marts")
    connection.execute(f"attach '{marts}' as published (read_only)")
    for source in sources():
        connection.execute("use published")
        rows = connection.sql(source.sql).to_arrow_table()
        connection.execute("use memory")
        connection.register("rows", rows)
        connection.execute(f"create table marts.{source.name} as from rows")
        connection.unregister("rows")
