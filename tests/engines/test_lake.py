"""Copies of tables for Spark: told by content, so that none is ever an old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.engines.lake import Lake, Shown
from tasks.warehouse.database import in_memory
from tasks.warehouse.models import Model, run_model
from tasks.warehouse.selects import worked_out_by


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with acts on three days and one without a day."""
    with in_memory(tmp_path / ".spill") as made:
        made.execute(
            "create table staging.acts as select n as act_id, 2::hugeint * n as wide,"
            " case when n < 9 then date '2026-03-01' + cast(n // 3 as integer) end"
            " as date_day, ['a', null] as words from range(10) as numbers(n)"
        )
        yield made


def rows(connection: duckdb.DuckDBPyConnection, shown: Shown) -> list[Any]:
    """What stands in the lake."""
    files = [str(folder / "*.parquet") for folder in shown.folders]
    return connection.execute(
        "select * from read_parquet($files) order by act_id", {"files": files}
    ).fetchall()


def test_a_day_writes_the_days_that_changed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "spark")
    table = "from staging.acts order by act_id"
    first = lake.show(connection, "staging.acts")
    assert len(first.folders) == 4
    assert rows(connection, first) == connection.execute(table).fetchall()
    assert lake.show(connection, "staging.acts") == first
    connection.execute("update staging.acts set wide = 1 where act_id = 4")
    connection.execute("delete from staging.acts where act_id < 3")
    second = lake.show(connection, "staging.acts")
    assert second.digest != first.digest
    assert len(set(second.folders) - set(first.folders)) == 1
    assert rows(connection, second) == connection.execute(table).fetchall()
    # What was rolled back or taken out again stands there already.
    lake.close()
    assert {one.exists() for one in second.folders} == {True}
    assert not any(one.exists() for one in set(first.folders) - set(second.folders))


def test_nothing_is_left_but_what_the_next_run_may_use(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "spark")
    connection.execute("create temp table only_acts as from staging.acts limit 0")
    empty = lake.show(connection, "only_acts")
    assert rows(connection, empty) == []
    kept = lake.show(connection, "staging.acts")
    (lake.place("made") / "part.parquet").touch()
    lake.close()
    assert not empty.folders[0].exists()
    assert [one.name for one in (tmp_path / "spark").iterdir()] == ["tables"]
    again = Lake(tmp_path / "spark")
    assert again.show(connection, "staging.acts") == kept
    again.close(keeps=False)
    assert not [*(tmp_path / "spark").iterdir()]


class ParquetEngine:
    """Works selects out as Spark does: rows go through Parquet, of copies."""

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(folder)
        self.asked: list[str] = []

    def observe(self, *_: Any) -> dict[str, int]:
        """Nothing lands here."""
        raise NotImplementedError

    def select(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: Model,
        sql: str,
        bound: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]]:
        """See `Engine`."""
        self.asked.append(model.name)
        file = str(self.lake.place("made") / "rows.parquet")
        made = connection.sql(sql, params=dict(bound))
        made.write_parquet(file)
        return "select * from read_parquet($rows)", {"rows": file}


@pytest.mark.parametrize("replace", ["all", "rows act_id", "window date_day"])
def test_rows_take_their_place_whoever_works_them_out(
    replace: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Older rows go as ever; what a model reads of itself is what stands then."""
    itself = " union all select act_id + 20, date_day, 7 from intermediate.seen"
    model = Model(
        name="intermediate.seen",
        sql="select act_id, date_day, cast($plus as bigint) as plus from staging.acts"
        " where date_day between $start_date and $end_date"
        + ("" if replace == "all" else itself),
        summary="",
        grain=("act_id",),
        params=("plus", "start_date", "end_date"),
        replace=replace,
        columns=(),
    )

    def made() -> list[Any]:
        connection.execute(
            "create or replace table intermediate.seen as select 1::bigint as act_id,"
            " date '2026-03-01' as date_day, 0::bigint as plus"
        )
        for day in (1, 2):
            days = {"start_date": date(2026, 3, 1), "end_date": date(2026, 3, day)}
            run_model(connection, model, {"plus": day, **days})
        return connection.execute("from intermediate.seen order by all").fetchall()

    wanted = made()
    engine = ParquetEngine(tmp_path / "spark")
    with worked_out_by(engine):
        assert made() == wanted
    assert engine.asked == [model.name] * 2
    assert made() == wanted
    assert engine.asked == [model.name] * 2
