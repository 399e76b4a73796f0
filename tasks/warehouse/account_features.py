"""What the phantom score looks at, from staged rows: one place that makes it."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.warehouse.models import load_models, run_model

# The tables behind the frame, in the order in which they are made.
FEATURE_MODELS = (
    "account_profiles",
    "account_behaviour",
    "account_timeline",
    "account_cohorts",
    "account_templates",
    "account_clock",
    "account_company",
    "account_features",
)

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
