"""Staged rows made by hand, and the models of company over them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from tasks.warehouse import written_values
from tasks.warehouse.database import add_functions
from tasks.warehouse.models import load_models, run_model

MODELS = load_models("intermediate")
NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - as staging has it


def open_staging() -> duckdb.DuckDBPyConnection:
    """A warehouse with the tables that the models of company read, empty."""
    opened = duckdb.connect()
    written_values.register(opened)
    add_functions(opened)
    opened.execute("create schema staging; create schema intermediate")
    opened.execute(
        "create sequence acts;"
        "create table staging.interactions (platform varchar, kind varchar,"
        " account_id varchar, root_post_id varchar, acted_at timestamp,"
        " date_day date, text varchar, precision_seconds bigint default 1,"
        " interaction_id varchar default cast(nextval('acts') as varchar));"
        "create table staging.posts (platform varchar, post_id varchar,"
        " account_id varchar, text varchar, precision_seconds bigint default 1,"
        " date_day date as (date '2026-03-01'));"
        "create table staging.follows (platform varchar, account_id varchar,"
        " follower_id varchar);"
        "create table staging.accounts (platform varchar, account_id varchar,"
        " followers_count bigint, observed_at timestamp,"
        " date_day date as (cast(observed_at as date)));"
        "create table intermediate.account_profiles (platform varchar,"
        " account_id varchar, screen_name varchar, description varchar,"
        " avatar_url varchar, registered_at timestamp);"
        "create schema meta;"
        "create table meta.touched_accounts (platform varchar, account_id varchar);"
        "create table intermediate.first_suspicion (platform varchar,"
        " account_id varchar, is_suspected_but_for_words boolean,"
        " is_suspected_but_for_moments boolean)"
    )
    return opened


def act(
    connection: duckdb.DuckDBPyConnection,
    account: str,
    text: str = "转发微博",
    post: str = "1",
    seconds: float = 0,
    kind: str = "repost",
    precision: int = 1,
) -> None:
    """Let an account act some seconds after noon, told within `precision` seconds."""
    moment = NOON + timedelta(seconds=seconds)
    connection.execute(
        "insert into staging.interactions (platform, kind, account_id, root_post_id,"
        " acted_at, date_day, text, precision_seconds)"
        " values ('weibo', ?, ?, ?, ?, ?, ?, ?)",
        [kind, account, post, moment, moment.date(), text, precision],
    )


def reposted(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Let accounts repost: account_id, root_post_id, seconds after noon."""
    shown = rows.select(
        platform=pl.lit("weibo"),
        kind=pl.lit("repost"),
        account_id="account_id",
        root_post_id="root_post_id",
        acted_at=pl.lit(NOON) + pl.duration(microseconds=pl.col("seconds") * 1e6),
        text=pl.lit("转发微博"),
    ).with_columns(date_day=pl.col("acted_at").dt.date())
    connection.register("shown", shown)
    connection.execute("insert into staging.interactions by name from shown")


def followed(
    connection: duckdb.DuckDBPyConnection, edges: Iterable[tuple[str, str]]
) -> None:
    """Let followers follow: pairs of follower and followed."""
    shown = pl.DataFrame(
        sorted(edges), schema=["follower_id", "account_id"], orient="row"
    ).with_columns(platform=pl.lit("weibo"))
    connection.register("shown", shown)
    connection.execute("insert into staging.follows by name from shown")


def suspect(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Let the first pass suspect these accounts, and nobody else that acted."""
    connection.register("names", pl.DataFrame({"name": sorted(names)}))
    connection.execute(
        "insert into intermediate.first_suspicion"
        " select distinct platform, account_id, account_id in (from names),"
        " account_id in (from names) from staging.interactions"
    )


_NUMBERED = (
    "last_landed",
    "numbered_accounts",
    "numbered_posts",
    "act_words",
    "judged_words",
    "word_signs",
    "acts",
)


def table(connection: duckdb.DuckDBPyConnection, *names: str) -> dict[str, Any]:
    """Rows by account of the last of some models that are run one after another."""
    connection.execute(
        "insert into intermediate.account_profiles by name"
        " select platform, account_id from staging.interactions"
        " union select platform, account_id from staging.posts"
        " except select platform, account_id from intermediate.account_profiles"
    )
    connection.execute(
        "insert into meta.touched_accounts"
        " select distinct platform, account_id from staging.interactions"
    )
    for name in (*_NUMBERED, *names):
        run_model(connection, MODELS[f"intermediate.{name}"], {"behaviour_days": 90})
    rows = connection.sql(f"from intermediate.{names[-1]}").pl().to_dicts()
    return {row["account_id"]: row for row in rows}
