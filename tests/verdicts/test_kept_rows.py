"""What is kept of unchanged rows is what making all anew gives."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.verdicts import kept_rows
from tasks.verdicts.kept_rows import REPLACED, keep_rows

# What is known of three accounts at a time; an account that is not in it is gone.
STATES = st.lists(
    st.tuples(
        st.dictionaries(
            st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 2))
        ),
        st.sampled_from(["code", "other code"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse without tables."""
    with duckdb.connect() as opened:
        opened.execute("create schema made_of")
        yield opened


@given(states=STATES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_schedule_equals_making_all(
    states: list[tuple[dict[str, int | None], str]],
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_rows, "PORTION", 2)
    connection.execute("drop table if exists made_of.kept")
    connection.execute("drop table if exists made_of.row_of_kept")
    asked: list[str] = []
    before: dict[str, tuple[int | None, str]] = {}
    for values, basis in states:
        connection.execute(
            "create or replace table rows as select 'weibo' as platform,"
            " unnest($names)::varchar as account_id, unnest($values)::bigint as value",
            {"names": list(values), "values": list(values.values())},
        )
        if not values:
            connection.execute("delete from rows")

        def make(rows: pl.DataFrame, basis: str = basis) -> pl.DataFrame:
            assert len(rows) <= 2
            asked.extend(rows["account_id"])
            return rows.with_columns(made=pl.format("{} {}", "value", pl.lit(basis)))

        asked.clear()
        keep_rows(connection, "made_of.kept", "rows", basis, make)
        now = {name: (value, basis) for name, value in values.items()}
        assert {
            name: (value, made)
            for name, value, made in connection.execute(
                "select account_id, value, made from made_of.kept"
            ).fetchall()
        } == {
            name: (value, None if value is None else f"{value} {basis}")
            for name, value in values.items()
        }
        # Nothing else was made, and what is no more is told.
        assert sorted(asked) == sorted(
            name for name, made_of in now.items() if before.get(name) != made_of
        )
        replaced = connection.table(REPLACED).pl()["account_id"]
        gone = [name for name, made_of in before.items() if now.get(name) != made_of]
        assert sorted(replaced) == sorted(gone)
        before = now
