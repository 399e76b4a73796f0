"""The judge: from staged rows to scores and operators, for a run and for an audit."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from tasks.accounts.identity import (
    COMPARED,
    Links,
    link_signs,
    signs_with_bits,
)
from tasks.accounts.operators import LINKS_SCHEMA, batch_members, find_operators
from tasks.accounts.phantom_model import PhantomModel
from tasks.accounts.phantom_score import first_suspicion, score
from tasks.verdicts.account_features import (
    FEATURES,
    SUSPICION,
    add_second_pass,
    make_tables,
)
from tasks.verdicts.account_threads import copy_acts, copy_table
from tasks.verdicts.kept_rows import keep_rows
from tasks.verdicts.own_models import load_parameters
from tasks.warehouse.database import scratch
from tasks.warehouse.workspace import Workspace

# Tables of the warehouse in which what was made of a row stays while the row does.
SIGNS = "made_of.profile_signs"
_SUSPECTED = "made_of.suspicion"
SCORES = "intermediate.account_scores"
OPERATORS = "intermediate.account_operators"


@dataclass(frozen=True)
class Seen:
    """All that the score sees of accounts.

    Attributes:
        features: a view of the connection with a row an account, with columns of
            batches and of the second pass.
        links: pairs of accounts that one operator likely runs, and how they were found.
    """

    features: str
    links: Links


def judge(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
    *,
    code: str,
    since_last: bool = False,
) -> Seen:
    """Score every account that is staged.

    Makes `intermediate.account_scores`: a row an account as `score` gives it, and
    is_confirmed, where a person decided. What it replaced of that table stands in the
    temporary table `kept_rows.REPLACED`. Makes `intermediate.account_operators`, too.

    Args:
        connection: to the workspace's warehouse, whose staging is filled.
        workspace: whose policies and linkage model count.
        overrides: a person's decisions.
        model: the weights.
        code: a digest of the code and the models: what was made row by row under it
            stays where the row does.
        since_last: see `make_tables`.

    Returns:
        What the scores were judged by.
    """
    seen = look_at(
        connection, workspace, overrides, model, code=code, since_last=since_last
    )
    policies = workspace.policies
    thresholds = (policies.suspected_threshold, policies.phantom_threshold)

    def scored(rows: pl.DataFrame) -> pl.DataFrame:
        return score(rows, *thresholds, model).with_columns(
            is_confirmed=pl.lit(value=False)
        )

    keep_rows(connection, SCORES, seen.features, f"{code} {thresholds}", scored)
    _confirm(connection, overrides)
    return seen


def look_at(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
    *,
    code: str,
    since_last: bool = False,
) -> Seen:
    """See all that the score looks at; the arguments are those of `judge`."""
    policies = workspace.policies
    make_tables(
        connection, workspace.timezone, policies.behaviour_days, since_last=since_last
    )
    links = _link(connection, workspace, code)
    operators = _find_operators(connection, links, overrides)
    # Who was made in one batch is suspected for that.
    connection.register("batch_members", batch_members(operators))
    connection.execute("create or replace temp table batches as from batch_members")
    connection.unregister("batch_members")
    connection.execute(
        "create or replace temp view first_features as"
        f" from {FEATURES} left join batches using (platform, account_id)"
    )
    _suspect(connection, policies.suspected_threshold, overrides, model, code)
    judged = add_second_pass(connection, "first_features", policies.behaviour_days)
    connection.execute(f"drop table {SUSPICION}")
    return Seen(judged, links)


def _link(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, code: str
) -> Links:
    """Pairs of accounts that one operator likely runs."""
    parameters = load_parameters(workspace)
    connection.execute(
        "create or replace temp view compared_profiles as"
        f" select {', '.join(COMPARED)} from intermediate.account_profiles"
    )
    keep_rows(
        connection,
        SIGNS,
        "compared_profiles",
        code,
        lambda rows: signs_with_bits(rows, parameters),
    )
    with scratch(workspace.database.with_name(".spill") / "links") as other:
        copy_table(connection, SIGNS, other, "signs")
        copy_acts(connection, other, workspace.policies.behaviour_days)
        return link_signs(other, "signs", parameters, acts="acts")


def _find_operators(
    connection: duckdb.DuckDBPyConnection, links: Links, overrides: pl.DataFrame
) -> pl.DataFrame:
    """Make account_operators: who likely runs each account.

    Whom nothing joins to another runs its one account: such rows, most by far, pass
    through no frame.

    Returns:
        The rows of accounts that something joins.
    """
    merged = overrides.filter(pl.col("kind") == "merge")
    joined = pl.concat(
        frame.select(
            platform=pl.col(platform).cast(pl.String),
            account_id=pl.col(account).cast(pl.String),
        )
        for frame, platform, account in (
            (links.pairs, "platform", "account_id"),
            (links.pairs, "platform_y", "account_id_y"),
            (merged, "platform", "account_id"),
            (merged, "with_platform", "with_account_id"),
        )
    ).unique()
    connection.register("joined_accounts", joined)
    profiles = connection.sql(
        "select platform, account_id, first_seen_at from intermediate.account_profiles"
        " semi join joined_accounts using (platform, account_id)"
    ).pl()
    connection.unregister("joined_accounts")
    found = find_operators(profiles, links.pairs.select(list(LINKS_SCHEMA)), overrides)
    connection.register("found_operators", found)
    connection.execute(
        f"create or replace table {OPERATORS} as from found_operators union all"
        " select platform, account_id, platform || ':' || account_id,"
        " cast(1 as double), 'own', '' from intermediate.account_profiles"
        " anti join found_operators using (platform, account_id)"
    )
    connection.unregister("found_operators")
    return found


def _suspect(
    connection: duckdb.DuckDBPyConnection,
    threshold: float,
    overrides: pl.DataFrame,
    model: PhantomModel,
    code: str,
) -> None:
    """Make first_suspicion: who is suspected; where a person decided, as the person."""
    keep_rows(
        connection,
        _SUSPECTED,
        "first_features",
        f"{code} {threshold}",
        lambda rows: first_suspicion(rows, threshold, model),
    )
    connection.register("decided", _decided(overrides))
    connection.execute(
        f"create or replace table {SUSPICION} as select platform, account_id,"
        + ",".join(
            f" coalesce(decided.verdict, suspected.{name}) as {name}"
            for name in ("is_suspected_but_for_words", "is_suspected_but_for_moments")
        )
        + f" from {_SUSPECTED} as suspected"
        " left join decided using (platform, account_id)"
    )
    connection.unregister("decided")


def _confirm(connection: duckdb.DuckDBPyConnection, overrides: pl.DataFrame) -> None:
    """Note in the scores where a person decided."""
    connection.register("decided", _decided(overrides))
    connection.execute(
        f"update {SCORES} set is_confirmed = not is_confirmed where is_confirmed <>"
        " ((platform, account_id) in (select (platform, account_id) from decided))"
    )
    connection.unregister("decided")


def _decided(overrides: pl.DataFrame) -> pl.DataFrame:
    """Accounts on which a person decided: platform, account_id, verdict (phantom)."""
    return overrides.filter(pl.col("kind").is_in(["genuine", "phantom"])).select(
        "platform", "account_id", verdict=pl.col("kind") == "phantom"
    )
