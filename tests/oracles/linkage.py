"""Splink, which weighs outcomes of comparisons by the same model."""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator

from tasks.accounts.identity_model import COMPARISONS, Compared, IdentityParameters


def weigh_outcomes(
    outcomes: pl.DataFrame,
    parameters: IdentityParameters,
    kind: str,
    accounts: int,
    coincidence: float = 0.0,
) -> pl.DataFrame:
    """As `identity.weigh_outcomes`: match_weight and probability, rows as they came."""
    linker = linker_of(outcomes, parameters, kind, accounts, coincidence)
    predicted = linker.inference.predict(warning_mode="never")
    scores: pl.DataFrame = (
        predicted.as_duckdbpyrelation()
        .select("node_l, match_weight, match_probability as probability")
        .pl()
    )
    return scores.sort("node_l").drop("node_l")


def linker_of(
    outcomes: pl.DataFrame,
    parameters: IdentityParameters,
    kind: str,
    accounts: int,
    coincidence: float = 0.0,
) -> Linker:
    """A linker with these weights, over a pair an outcome.

    The first account of a pair has the outcome's steps in its columns, as if they
    were what is compared.
    """
    rows = outcomes.select(one.name for one in COMPARISONS).with_row_index("row")
    compared = pl.concat(
        [
            rows.with_columns(node=pl.col("row") * 2),
            rows.with_columns(node=pl.col("row") * 2 + 1),
        ]
    )
    pairs = rows.select(
        match_key=pl.lit("0"),
        join_key_l=pl.col("row") * 2,
        join_key_r=pl.col("row") * 2 + 1,
    )
    interface = DuckDBAPI(duckdb.connect())
    linker = Linker(
        interface.register(compared.to_pandas()),
        SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="node",
            probability_two_random_records_match=parameters.prior(kind, accounts),
            comparisons=[
                _comparison(parameters, kind, one, coincidence) for one in COMPARISONS
            ],
        ),
        log_level=logging.ERROR,
    )
    linker.table_management.register_blocked_pairs_for_predict(
        interface.register(pairs.to_pandas())
    )
    return linker


def _comparison(
    parameters: IdentityParameters, kind: str, compared: Compared, coincidence: float
) -> cl.CustomComparison:
    levels: list[Any] = [
        {
            "sql_condition": f"{compared.name}_l = -1",
            "label_for_charts": "unknown",
            "is_null_level": True,
        }
    ]
    for level in compared.levels:
        m, u = parameters.weights_of(kind, compared, level, coincidence)
        step = compared.step_of(level.code)
        levels.append(
            {
                "sql_condition": f"{compared.name}_l = {step}" if step else "ELSE",
                "label_for_charts": level.code,
                "m_probability": m,
                "u_probability": u,
            }
        )
    return cl.CustomComparison(
        comparison_levels=levels, output_column_name=compared.name
    )
