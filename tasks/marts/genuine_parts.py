"""How much is genuine of what campaigns, partners and audiences drew."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.accounts.genuine_share import bound_sets, draw_audiences, planted_rates
from tasks.accounts.phantom_model import read_rates, read_scores
from tasks.accounts.prevalence import (
    estimate_shares,
    measure_prevalence,
    resample_labelled,
)
from tasks.campaigns.partner_excess import judge_excess
from tasks.warehouse import ledger
from tasks.warehouse.configuration import Policies
from tasks.warehouse.database import store_frame
from tasks.warehouse.models import made


def bound_genuine(connection: duckdb.DuckDBPyConnection) -> None:
    """How much of campaigns, days, posts and audiences is genuine, as intervals."""
    rates = read_rates(ledger.read_state(connection, "score_rates") or "{}")
    audiences = draw_audiences(planted_rates(), rates)
    unseen = {
        "campaign_bounds": connection.sql("from intermediate.campaign_unseen").pl(),
        "partner_bounds": connection.sql("from intermediate.partner_unseen").pl(),
    }
    for table, scores, keys in (
        (
            "campaign_bounds",
            connection.sql("from intermediate.campaign_scores").pl(),
            ["scope", "campaign_id", "platform", "activity_day", "post_id"],
        ),
        (
            "partner_bounds",
            connection.sql("from intermediate.partner_scores").pl(),
            ["campaign_id", "post_set", "partner_id"],
        ),
        (
            "audience_bounds",
            connection.sql(
                "select *, accounts as acts, accounts as squares,"
                " genuine_accounts as genuine_acts from intermediate.audience_scores"
            ).pl(),
            ["brand_id", "audience", "day"],
        ),
    ):
        found = bound_sets(scores, keys, audiences, unseen.get(table))
        store_frame(connection, f"intermediate.{table}", found)


def compare_partners(connection: duckdb.DuckDBPyConnection) -> None:
    """Likely phantoms among partners' engagers against those of unpaid posts."""
    posts = made(connection, "partner_post_phantoms").drop("platform", "post_id")
    sets = made(connection, "partner_set_phantoms")
    store_frame(connection, "intermediate.partner_excess", judge_excess(posts, sets))


def estimate_phantoms(
    connection: duckdb.DuckDBPyConnection, policies: Policies
) -> None:
    """How many accounts are phantoms if they hide like the labelled ones.

    Of each campaign, and of each network with how many likely phantoms are phantoms.
    """
    labelled = resample_labelled(
        read_scores(ledger.read_state(connection, "score_cells") or "{}")
    )
    campaigns = made(connection, "campaign_score_cells").rename({"campaign_id": "set"})
    store_frame(
        connection,
        "intermediate.campaign_prevalence",
        estimate_shares(campaigns, labelled).rename({"set": "campaign_id"}),
    )
    rows = []
    every = made(connection, "network_score_cells").sort(
        "platform", "score_kind", "score_cell", nulls_last=True
    )
    for (platform,), scores in every.group_by("platform", maintain_order=True):
        stated = policies.stated_share(str(platform))
        found = measure_prevalence(scores, labelled, policies.phantom_threshold, stated)
        row: dict[str, object] = {
            "platform": platform,
            "accounts": int(scores["accounts"].sum()),
            "known_accounts": found.accounts,
            "likely_accounts": int(scores["likely"].sum()),
            "stated": stated,
        }
        for name, told in (
            ("estimated", found.estimated),
            ("precision", found.precision),
            ("usual_precision", found.usual_precision),
        ):
            row |= {
                f"{name}{end}": None if told is None else value
                for end, value in zip(
                    ("", "_low", "_high"),
                    (told.value, told.low, told.high) if told else (None,) * 3,
                    strict=True,
                )
            }
        rows.append(row)
    counts = ("accounts", "known_accounts", "likely_accounts")
    shares = ("stated",) + tuple(
        f"{name}{end}"
        for name in ("estimated", "precision", "usual_precision")
        for end in ("", "_low", "_high")
    )
    store_frame(
        connection,
        "intermediate.network_prevalence",
        pl.DataFrame(
            rows,
            schema={
                "platform": pl.String,
                **dict.fromkeys(counts, pl.Int64),
                **dict.fromkeys(shares, pl.Float64),
            },
        ),
    )
