"""The judge: from staged rows to scores and operators, for a run and for an audit."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from tasks.accounts.identity import COMPARED, Links, link_profiles
from tasks.accounts.operators import LINKS_SCHEMA, batch_members, find_operators
from tasks.accounts.phantom_model import PhantomModel
from tasks.accounts.phantom_score import first_suspicion, score
from tasks.verdicts.account_features import add_second_pass, make_features
from tasks.verdicts.account_threads import copy_acts
from tasks.verdicts.own_models import load_parameters
from tasks.warehouse.database import scratch
from tasks.warehouse.workspace import Workspace

_KEYS = ["platform", "account_id"]


@dataclass(frozen=True)
class Seen:
    """All that the score sees of accounts.

    Attributes:
        features: a row an account, with those of operators and of the second pass.
        profiles: those that were compared.
        links: pairs of accounts that one operator likely runs, and how they were found.
        operators: who likely runs each account.
    """

    features: pl.DataFrame
    profiles: pl.DataFrame
    links: Links
    operators: pl.DataFrame


def judge(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
    *,
    since_last: bool = False,
) -> tuple[pl.DataFrame, Seen]:
    """Score every account that is staged.

    Args:
        connection: to the workspace's warehouse, whose staging is filled.
        workspace: whose policies and linkage model count.
        overrides: a person's decisions.
        model: the weights.
        since_last: see `make_features`.

    Returns:
        A row an account as `score` gives it, and what it was judged by.
    """
    seen = look_at(connection, workspace, overrides, model, since_last=since_last)
    scores = score(
        seen.features,
        workspace.policies.suspected_threshold,
        workspace.policies.phantom_threshold,
        model,
    )
    return scores, seen


def look_at(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    overrides: pl.DataFrame,
    model: PhantomModel,
    *,
    since_last: bool = False,
) -> Seen:
    """See all that the score looks at; the arguments are those of `judge`."""
    policies = workspace.policies
    features = make_features(
        connection, workspace.timezone, policies.behaviour_days, since_last=since_last
    )
    profiles = connection.sql(
        f"select {', '.join(COMPARED)}, first_seen_at"
        " from intermediate.account_profiles"
    ).pl()
    with scratch(workspace.database.with_name(".spill") / "links") as other:
        other.register("profiles", profiles)
        copy_acts(connection, other, policies.behaviour_days)
        links = link_profiles(
            other, "profiles", load_parameters(workspace), acts="acts"
        )
    operators = find_operators(
        profiles, links.pairs.select(list(LINKS_SCHEMA)), overrides
    )
    # Who was made in one batch is suspected for that.
    features = features.join(batch_members(operators), on=_KEYS, how="left")
    suspicion = first_suspicion(features, policies.suspected_threshold, model)
    features = add_second_pass(
        connection,
        features,
        _as_decided(suspicion, overrides),
        policies.behaviour_days,
    )
    return Seen(features, profiles, links, operators)


def _as_decided(suspicion: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Who is suspected, where a person decided as the person did."""
    decided = overrides.filter(pl.col("kind").is_in(["genuine", "phantom"])).select(
        *_KEYS, verdict=pl.col("kind") == "phantom"
    )
    return suspicion.join(decided, on=_KEYS, how="left").select(
        *_KEYS,
        pl.coalesce("verdict", "is_suspected_but_for_words").alias(
            "is_suspected_but_for_words"
        ),
        pl.coalesce("verdict", "is_suspected_but_for_moments").alias(
            "is_suspected_but_for_moments"
        ),
    )
