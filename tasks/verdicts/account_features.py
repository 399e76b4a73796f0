"""What the phantom score looks at, from staged rows: one place that makes it."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.staging.touched import touch_all_accounts
from tasks.warehouse.database import table_exists
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
# What an account's own acts alone tell is kept, and made anew of those whose acts
# changed: so a day's run reads the acts of a day's accounts.
KEPT_MODELS = ("account_behaviour", "account_timeline", "account_clock")
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
    *,
    since_last: bool = False,
) -> pl.DataFrame:
    """Make the tables of features anew and read the last one.

    Cost: linear in staged rows, of which most columns are not read; the acts
    themselves are sorted and their texts read only of accounts that have new ones
    (`since_last`), of these the newest ones.

    Args:
        connection: to a warehouse whose staging is filled.
        time_zone: whose clock an account's hours are read by.
        behaviour_days: company is looked for in so many days before the last landed
            one; an account's own pace in so many that end with its last act.
        timeline_acts: so many last acts of an account are looked at.
        since_last: what was made before holds for accounts that are not in
            `meta.touched_accounts`; else nothing that was made before is used.

    Returns:
        `intermediate.account_features`, a row an account, in no set order.
    """
    models = load_models("intermediate")
    params = {
        "behaviour_days": behaviour_days,
        "time_zone": time_zone,
        "timeline_acts": timeline_acts,
    }
    if not since_last:
        for name in KEPT_MODELS:
            connection.execute(f"drop table if exists intermediate.{name}")
        connection.execute("delete from meta.touched_accounts")
        touch_all_accounts(connection)
    for name in FEATURE_MODELS:
        model = models[f"intermediate.{name}"]
        if name in KEPT_MODELS:
            _forget_touched(connection, model.name)
        run_model(connection, model, params, old_rows=False)
    connection.execute("delete from meta.touched_accounts")
    found: pl.DataFrame = connection.sql("from intermediate.account_features").pl()
    return found


def _forget_touched(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take out rows that are to be made anew; some of these come never again."""
    schema, name = table.split(".")
    if table_exists(connection, schema, name):
        connection.execute(
            f"delete from {table} using"
            " (select distinct platform, account_id from meta.touched_accounts)"
            f" as touched where {name}.platform = touched.platform"
            f" and {name}.account_id = touched.account_id"
        )


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
