"""What the phantom score looks at, from staged rows: one place that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from tasks.staging.touched import touch_all_accounts
from tasks.warehouse import graph
from tasks.warehouse.database import table_exists
from tasks.warehouse.models import Model, load_models, run_model

# What the score looks at, an account a row.
FEATURES = "intermediate.account_features"
# Who the second pass takes for suspected; what reads it looks at their company.
SUSPICION = "intermediate.first_suspicion"

# What wordings tell by themselves: those that no act has any more go.
_JUDGED_WORDS = "intermediate.judged_words"
_FORGET_WORDS = f"""
delete from {_JUDGED_WORDS} where words not in (
    select words from intermediate.act_words
)
"""

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
    """Make the tables of features anew and read the last one: see `make_tables`.

    Returns:
        `intermediate.account_features`, a row an account, in no set order.
    """
    make_tables(
        connection, time_zone, behaviour_days, timeline_acts, since_last=since_last
    )
    found: pl.DataFrame = connection.sql(f"from {FEATURES}").pl()
    return found


def make_tables(
    connection: duckdb.DuckDBPyConnection,
    time_zone: str,
    behaviour_days: int,
    timeline_acts: int = TIMELINE_ACTS,
    *,
    since_last: bool = False,
) -> None:
    """Make the tables of features anew, `intermediate.account_features` the last.

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
            `meta.touched_accounts`; else nothing that was made before is used. That
            table is emptied by whoever has made all that is kept.
    """
    models = load_models("intermediate")
    made = [models[name] for name in graph.needed([FEATURES])]
    params = {
        "behaviour_days": behaviour_days,
        "time_zone": time_zone,
        "timeline_acts": timeline_acts,
    }
    if not since_last:
        for model in models.values():
            if _is_kept(model):
                connection.execute(f"drop table if exists {model.name}")
        connection.execute("delete from meta.touched_accounts")
        touch_all_accounts(connection)
    for model in made:
        make_kept(connection, model, params)


def make_kept(
    connection: duckdb.DuckDBPyConnection, model: Model, params: Mapping[str, Any]
) -> None:
    """Make a table anew; of one that is kept, the rows of touched accounts alone."""
    if _is_kept(model) and table_exists(connection, model.layer, model.table):
        if model.name == _JUDGED_WORDS:
            connection.execute(_FORGET_WORDS)
        else:
            _forget_touched(connection, model.name)
    run_model(connection, model, params, old_rows=False)


def _is_kept(model: Model) -> bool:
    """What an account's own acts alone tell: made anew of those whose acts changed.

    So a day's run reads the acts of a day's accounts.
    """
    return model.replace.startswith("rows ")


def _forget_touched(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take out rows that are to be made anew; some of these come never again."""
    name = table.partition(".")[2]
    connection.execute(
        f"delete from {table} using"
        " (select distinct platform, account_id from meta.touched_accounts)"
        f" as touched where {name}.platform = touched.platform"
        f" and {name}.account_id = touched.account_id"
    )


def add_second_pass(
    connection: duckdb.DuckDBPyConnection, features: str, behaviour_days: int
) -> str:
    """Add what the company of suspected accounts tells.

    Two passes, no more: nothing of a second pass is ever looked at by a further one.
    Cost: linear in acts and in accounts' wordings.

    Args:
        connection: in which `make_tables` made its tables, and
            `intermediate.first_suspicion` says who is suspected after the first pass
            (`phantom_score.first_suspicion`).
        features: a table or view, a row an account.
        behaviour_days: as there.

    Returns:
        The name of a view of the features with the columns of the tables that read
        `first_suspicion`; null where an account has no company.
    """
    made = [
        model
        for model in load_models("intermediate").values()
        if SUSPICION in model.reads
    ]
    for model in made:
        run_model(connection, model, {"behaviour_days": behaviour_days})
    connection.execute(
        "create or replace temp view judged_features as from "
        + " left join ".join(
            [
                features,
                *(f"{model.name} using (platform, account_id)" for model in made),
            ]
        )
    )
    return "judged_features"
