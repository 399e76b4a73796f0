"""What the phantom score looks at, from staged rows: one place that makes it."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.warehouse.models import load_models, run_model

# The tables behind the frame, in the order in which they are made.
FEATURE_MODELS = (
    "last_landed",
    "account_profiles",
    "account_behaviour",
    "account_timeline",
    "account_cohorts",
    "account_wordings",
    "account_templates",
    "account_clock",
    "account_company",
    "account_synchrony",
    "follow_bursts",
    "account_follow_bursts",
    "account_features",
)
# Those of the second pass, which look at what the first one suspects.
SECOND_MODELS = ("account_cowriters", "account_coactors")

# So many acts of a timeline are looked at, which makes shares comparable whatever
# was landed.
TIMELINE_ACTS = 50


def make_features(
    connection: duckdb.DuckDBPyConnection,
    time_zone: str,
    behaviour_days: int,
    timeline_acts: int = TIMELINE_ACTS,
) -> pl.DataFrame:
    """Make the tables of features anew and read the last one.

    Cost: that of the models, about linear in staged rows.

    Args:
        connection: to a warehouse whose staging is filled.
        time_zone: whose clock an account's hours are read by.
        behaviour_days: behaviour is judged on so many days before the last one.
        timeline_acts: so many last acts of an account are looked at.

    Returns:
        `intermediate.account_features`, a row an account, in no set order.
    """
    models = load_models("intermediate")
    params = {
        "behaviour_days": behaviour_days,
        "time_zone": time_zone,
        "timeline_acts": timeline_acts,
    }
    for name in FEATURE_MODELS:
        run_model(connection, models[f"intermediate.{name}"], params)
    found: pl.DataFrame = connection.sql("from intermediate.account_features").pl()
    return found


def add_second_pass(
    connection: duckdb.DuckDBPyConnection,
    features: pl.DataFrame,
    suspicion: pl.DataFrame,
    behaviour_days: int,
) -> pl.DataFrame:
    """Add what the company of suspected accounts tells.

    Two passes, no more: nothing of a second pass is ever looked at by a further one.
    Cost: linear in acts and in accounts' wordings.

    Args:
        connection: in which `make_features` made its tables.
        features: that it returned.
        suspicion: who is suspected after the first pass
            (`phantom_score.first_suspicion`).
        behaviour_days: as there.

    Returns:
        The features with the columns of `SECOND_MODELS`; null where an account has no
        company.
    """
    models = load_models("intermediate")
    connection.register("suspicion", suspicion)
    connection.execute(
        "create or replace table intermediate.first_suspicion as from suspicion"
    )
    connection.unregister("suspicion")
    for name in SECOND_MODELS:
        model = models[f"intermediate.{name}"]
        run_model(connection, model, {"behaviour_days": behaviour_days})
        found = connection.sql(f"from {model.name}").pl()
        features = features.join(found, on=["platform", "account_id"], how="left")
    connection.execute("drop table intermediate.first_suspicion")
    return features
