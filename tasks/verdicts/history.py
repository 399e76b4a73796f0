"""How verdicts move: scores that were superseded, and drift."""

from __future__ import annotations

import duckdb

from tasks.accounts.drift import WATCHED, count_bins
from tasks.warehouse import ledger
from tasks.warehouse.database import table_exists
from tasks.warehouse.progress import say


def keep_history(connection: duckdb.DuckDBPyConnection, replaced: str) -> None:
    """Keep scores that are superseded, never published; tell what a model changed.

    Args:
        connection: the warehouse, with the new `intermediate.account_scores`.
        replaced: the table of older scores that these take the place of.
    """
    if table_exists(connection, "meta", "last_scores"):
        replaced = "meta.last_scores"  # kept when the models were made anew
    pairs = (
        f"from {replaced} as old inner join intermediate.account_scores as new_scores"
        " on old.platform = new_scores.platform"
        " and old.account_id = new_scores.account_id"
    )
    connection.execute(
        f"""
        insert into meta.score_history
        select
            old.platform, old.account_id, old.phantom_probability,
            old.phantom_level, old.model_version, old.observed_at
        {pairs}
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
        {pairs}
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
    connection.execute("drop table if exists meta.last_scores")


def watch_drift(connection: duckdb.DuckDBPyConnection, features: str) -> None:
    """Keep histograms of this judgement under its model and last landed day.

    Args:
        connection: the warehouse, with the new `intermediate.account_scores`.
        features: a table or view with a row an account.
    """
    known = connection.table(features).columns
    watched = [f"features.{name}" for name in WATCHED if name in known]
    judged = connection.sql(
        f"select scores.phantom_probability, {', '.join(watched)}"
        f" from {features} as features"
        " inner join intermediate.account_scores as scores"
        " on features.platform = scores.platform"
        " and features.account_id = scores.account_id"
    ).pl()
    if not len(judged):
        return
    versions = "select max(model_version) from intermediate.account_scores"
    ((version,),) = connection.execute(versions).fetchall()
    connection.register("profile", count_bins(judged))
    connection.execute(
        """
        create or replace temp table new_profile as
        select
            $model_version as model_version,
            (select last_act_day from intermediate.last_landed) as last_day,
            feature, bin, accounts
        from profile
        """,
        {"model_version": version},
    )
    ledger.write_state(connection, "model_version", version)
    connection.unregister("profile")
    connection.execute(
        "delete from meta.score_profiles using new_profile as made"
        " where score_profiles.model_version = made.model_version"
        " and score_profiles.last_day is not distinct from made.last_day"
    )
    connection.execute("insert into meta.score_profiles from new_profile")
    connection.execute("drop table new_profile")
