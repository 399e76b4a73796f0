"""How verdicts move: scores that were superseded, and drift."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.accounts.drift import count_bins
from tasks.warehouse import ledger
from tasks.warehouse.database import table_exists
from tasks.warehouse.progress import say


def keep_history(connection: duckdb.DuckDBPyConnection, scores: pl.DataFrame) -> None:
    """Keep scores that are superseded, never published; tell what a model changed."""
    before = next(
        (
            f"{schema}.{table}"
            for schema, table in (
                ("intermediate", "account_scores"),
                ("meta", "last_scores"),  # kept when the models were made anew
            )
            if table_exists(connection, schema, table)
        ),
        None,
    )
    if before is None:
        return
    connection.register("new_scores", scores)
    connection.execute(
        f"""
        insert into meta.score_history
        select
            old.platform, old.account_id, old.phantom_probability,
            old.phantom_level, old.model_version, old.observed_at
        from {before} as old
        inner join new_scores
            on old.platform = new_scores.platform
            and old.account_id = new_scores.account_id
        where
            old.phantom_probability <> new_scores.phantom_probability
            or old.model_version <> new_scores.model_version
        """
    )
    changes = connection.execute(
        f"""
        select
            old.model_version, new_scores.model_version, count(*),
            count(*) filter (where old.phantom_level <> new_scores.phantom_level)
        from {before} as old
        inner join new_scores
            on old.platform = new_scores.platform
            and old.account_id = new_scores.account_id
        where old.model_version <> new_scores.model_version
        group by all
        order by all
        """
    ).fetchall()
    for old, new, accounts, levels in changes:
        line = (
            f"model {new} took the place of {old}: {levels:,} of {accounts:,}"
            " accounts changed their level"
        )
        say(f"  {line}; their marts are made anew")
        ledger.write_state(connection, "model_change", line)
    connection.unregister("new_scores")
    connection.execute("drop table if exists meta.last_scores")


def watch_drift(
    connection: duckdb.DuckDBPyConnection, features: pl.DataFrame, scores: pl.DataFrame
) -> None:
    """Keep histograms of this judgement under its model and last landed day."""
    if not len(scores):
        return
    profile = count_bins(
        features.drop("phantom_probability", strict=False).join(
            scores.select("platform", "account_id", "phantom_probability"),
            on=["platform", "account_id"],
        )
    )
    connection.register("profile", profile)
    connection.execute(
        """
        create or replace temp table new_profile as
        select
            $model_version as model_version,
            (select last_act_day from intermediate.last_landed) as last_day,
            feature, bin, accounts
        from profile
        """,
        {"model_version": scores["model_version"][0]},
    )
    ledger.write_state(connection, "model_version", scores["model_version"][0])
    connection.unregister("profile")
    connection.execute(
        "delete from meta.score_profiles using new_profile as made"
        " where score_profiles.model_version = made.model_version"
        " and score_profiles.last_day is not distinct from made.last_day"
    )
    connection.execute("insert into meta.score_profiles from new_profile")
    connection.execute("drop table new_profile")
