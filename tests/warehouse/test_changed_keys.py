"""Rows of changed keys alone are made anew; the outcome is that of a rebuild."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import duckdb
import pytest

from tasks.warehouse.changed_keys import SCHEMA, make_changed, read_only
from tasks.warehouse.models import Model

COUNTED = Model(
    name="intermediate.counted",
    sql="select one, other, sum(number) as total, count(*) + (select sum(more) from"
    " intermediate.whole) as rows from intermediate.keyed group by one, other",
    summary="Numbers of a key.",
    grain=("one", "other"),
    params=(),
    replace="changed one, other",
    columns=(),
)


class Making:
    """A warehouse with two tables that `COUNTED` reads."""

    def __init__(self) -> None:
        """Nothing stands yet."""
        self.connection = duckdb.connect()
        for schema in ("intermediate", SCHEMA):
            self.connection.execute(f"create schema {schema}")
        self.connection.execute(
            "create table intermediate.keyed (one varchar, other date, number integer)"
        )
        self.connection.execute("create table intermediate.whole as select 0 as more")
        self.made: list[int] = []

    def run(self, code: str = "code", sql: str = COUNTED.sql) -> list[tuple]:
        """Bring the table up to date; note how many rows were made for it."""

        def make_rows(shown: Mapping[str, str]) -> None:
            self.connection.execute(
                f"create or replace temp table remade as {read_only(sql, shown)}"
            )
            rows = self.connection.execute("select count(*) from remade").fetchall()
            self.made.append(rows[0][0])

        self.made.clear()
        make_changed(
            self.connection,
            replace(COUNTED, sql=sql),
            ["intermediate.keyed", "intermediate.whole"],
            [code],
            make_rows,
        )
        return self.connection.execute(f"from {COUNTED.name} order by all").fetchall()

    def rebuilt(self) -> list[tuple]:
        """The same from nothing."""
        return self.connection.execute(f"{COUNTED.sql} order by all").fetchall()


def test_any_schedule_of_changes_equals_a_rebuild() -> None:
    """Rows come, go and change; some keys are null, some rows stand twice."""
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    making = Making()
    for _ in range(12):
        for _ in range(rng.randrange(4)):
            row = (
                rng.choice(["'a'", "'b'", "null"]),
                rng.choice(["current_date", "null"]),
            )
            making.connection.execute(
                rng.choice(
                    [
                        f"insert into intermediate.keyed values ({row[0]}, {row[1]},"
                        f" {rng.randrange(3)})",
                        f"delete from intermediate.keyed where one is not distinct from"
                        f" {row[0]} and number = {rng.randrange(3)}",
                        f"update intermediate.keyed set number = number + 1"
                        f" where one = {row[0]}",
                    ]
                )
            )
        assert making.run() == making.rebuilt(), seed


def test_only_what_differs_is_made() -> None:
    making = Making()
    making.connection.execute(
        "insert into intermediate.keyed"
        " select 'key ' || n, current_date, n from range(9) as numbers (n)"
    )
    making.run()
    assert making.made == [9]
    making.run()
    assert making.made == []
    making.connection.execute(
        "update intermediate.keyed set number = 7 where one = 'key 3'"
    )
    making.run()
    assert making.made == [1]
    # A key that is gone takes its row along, and makes none.
    making.connection.execute("delete from intermediate.keyed where one = 'key 4'")
    assert len(making.run()) == 8
    assert making.made == [0]
    # Other code, and what has no key, decide on all rows.
    making.run(code="other")
    assert making.made == [8]
    making.connection.execute("update intermediate.whole set more = 1")
    assert making.run("other") == making.rebuilt()
    assert making.made == [8]


def test_rows_of_another_type_make_all_anew() -> None:
    making = Making()
    making.connection.execute("insert into intermediate.keyed values ('a', null, 1)")
    making.run()
    making.connection.execute("insert into intermediate.keyed values ('b', null, 2)")
    typed = COUNTED.sql.replace("sum(number)", "sum(number)::double")
    assert making.run(sql=typed)[0][2] == 1
    assert making.made == [1, 2]


def test_an_error_leaves_rows_and_digests_as_they_were() -> None:
    making = Making()
    making.connection.execute("insert into intermediate.keyed values ('a', null, 1)")
    before = making.run()
    making.connection.begin()
    making.connection.execute("insert into intermediate.keyed values ('a', null, 5)")
    with pytest.raises(duckdb.Error):
        making.run(sql="select no_column from intermediate.keyed")
    making.connection.rollback()
    assert making.run() == before
    assert making.made == []
