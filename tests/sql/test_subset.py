"""Both engines can run the models: nothing in them is DuckDB's alone."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from tasks.engines.spark_sql import outside, to_spark
from tasks.warehouse.models import SQL_FOLDER, Model, load_models

CANONICAL = {f"staging.{path.stem}" for path in (SQL_FOLDER / "staging").glob("*.sql")}
STAGING = load_models("staging")
SHARED = [
    *(STAGING[name] for name in sorted(CANONICAL)),
    *load_models("intermediate").values(),
]
OF_NETWORKS = [model for name, model in STAGING.items() if name not in CANONICAL]


@pytest.mark.parametrize("model", SHARED, ids=lambda model: model.name)
def test_model_is_within_the_subset(model: Model) -> None:
    assert not outside(model.sql)


@pytest.mark.parametrize("model", OF_NETWORKS, ids=lambda model: model.name)
def test_model_of_a_network_looks_at_records_one_by_one(model: Model) -> None:
    """They run in DuckDB wherever records lie, a part of them at a time."""
    tree = sqlglot.parse_one(model.sql, read="duckdb")
    assert not tree.find(exp.Window, exp.AggFunc, exp.Group)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select a from t asof join u on t.a >= u.a", "asof join: row_number()"),
        ("select quantile_cont(a, 0.5) from t", "percentilecont: row_number()"),
        ("select median(a) from t", "median: row_number()"),
        ("select list(a order by b) from t", "arrayagg: keep the rows"),
        ("select a from t group by all", "group by all: the columns"),
        ("select a from t union all by name select a from u", "by name: all columns"),
        ("select lower(unnest(a)) from t", "unnest within an expression: alone"),
        ("select 1 from t where (a, b) in (select (a, b) from u)", "a row as a value"),
        ("select len(a) from t", "len: array_length of a list"),
        ("select a[1] from t", "bracket: split_part"),
        ("select list_transform(a, lambda b: b) from t", "transform: a function of"),
        ("select jaro_similarity(a, b) from t", "jaro_similarity: a function of"),
        ("select regexp_matches(a, 'b', 'i') from t", "options of a pattern"),
        ("select regexp_replace(a, 'b', '') from t", "options of a pattern"),
        ("select regexp_matches(a, b) from t", "a pattern in a column"),
        ("select date_diff('hour', a, b) from t", "datediff of a hour"),
        ("select extract(week from a) from t", "extract of a week"),
        ("select a at time zone 'UTC' from t", "at time zone alone"),
        ("select strftime(a, '%H') from t", "timetostr: parts of the time"),
        ("select a // b from t", "intdiv: floor(a / b)"),
        ("select cast(a / b as bigint) from t", "a quotient cast"),
        ("select try_cast(a as bigint) from t", "trycast: a function of ours"),
        ("select sum(a * b) from t", "a sum of products"),
        ("select log(a) from t", "log without its base"),
        ("select stddev(a) from t", "stddev: other words"),
    ],
)
def test_what_is_outside_is_named_with_its_twin(sql: str, said: str) -> None:
    assert any(found.startswith(said) for found in outside(sql)), outside(sql)


@pytest.mark.parametrize(
    ("sql", "twin"),
    [
        ("select regexp_matches(a, '\\d') from t", "RE2_REGEXP_MATCHES(a, '\\\\d')"),
        # also one within another one
        (
            "select list_concat(regexp_extract_all(a, 'b', 0), [c]) from t",
            "COALESCE(RE2_REGEXP_EXTRACT_ALL(a, 'b', 0), ARRAY())",
        ),
        (
            "select count(distinct a) filter (where regexp_matches(b, 'c')) from t",
            "COUNT(DISTINCT CASE WHEN RE2_REGEXP_MATCHES(b, 'c') THEN a END)",
        ),
        (
            "select count(*) filter (where regexp_matches(b, 'c')) from t",
            "COUNT(CASE WHEN RE2_REGEXP_MATCHES(b, 'c') THEN 1 END)",
        ),
        ("select floor(1 / a) from t", "FLOOR(CAST(1 AS DOUBLE) / CAST(a AS DOUBLE))"),
        ("select chains_have_bars(a) from t", "(a IN ("),
        ("select own_words(a) from t", "OWN_WORDS(a)"),
        ("select $a from staging.posts", "SELECT :a FROM staging__posts AS posts"),
        ("select list_distinct(a) from t", "ARRAY_COMPACT(ARRAY_DISTINCT(a))"),
        ("select arg_max(a, b) from t", "MAX_BY(a, b) FILTER(WHERE NOT a IS NULL)"),
        ("select cast(a as hugeint) from t", "CAST(a AS DECIMAL(38, 0))"),
        (
            "select a at time zone 'UTC' at time zone $z from t",
            "CONVERT_TIMEZONE('UTC', :z, CAST(a AS TIMESTAMP_NTZ))",
        ),
    ],
)
def test_twins_are_written_for_spark(sql: str, twin: str) -> None:
    assert twin in to_spark(sql)
