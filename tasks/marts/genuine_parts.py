"""How much is genuine of what campaigns, partners and audiences drew."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from tasks.accounts.genuine_share import (
    Audiences,
    bound_sets,
    draw_audiences,
    planted_rates,
)
from tasks.accounts.phantom_model import read_rates, read_scores
from tasks.accounts.prevalence import (
    Resampled,
    estimate_shares,
    measure_prevalence,
    resample_labelled,
)
from tasks.campaigns.partner_excess import judge_excess
from tasks.warehouse import ledger
from tasks.warehouse.graph import Making


@lru_cache(maxsize=1)
def _audiences(rates: str) -> Audiences:
    """Draws that all intervals share, by the rates of the score; read only."""
    return draw_audiences(planted_rates(), read_rates(rates))


@lru_cache(maxsize=1)
def _labelled(scores: str) -> dict[str, Resampled]:
    """Draws of labelled accounts that all shares are told by; read only."""
    return resample_labelled(read_scores(scores))


def _bounds(
    making: Making, scores: str, keys: list[str], unseen: str | None = None
) -> pl.DataFrame:
    """Intervals of how much is genuine of the sets that a table of scores has."""
    return bound_sets(
        making.read(scores).pl(),
        keys,
        _audiences(making.params["score_rates"]),
        making.read(unseen).pl() if unseen else None,
    )


def campaign_bounds(making: Making) -> pl.DataFrame:
    """How much of campaigns, their days and posts is genuine."""
    return _bounds(
        making,
        "from intermediate.campaign_scores",
        ["scope", "campaign_id", "platform", "activity_day", "post_id"],
        "from intermediate.campaign_unseen",
    )


def partner_bounds(making: Making) -> pl.DataFrame:
    """How much of what partners' posts drew is genuine."""
    return _bounds(
        making,
        "from intermediate.partner_scores",
        ["campaign_id", "post_set", "partner_id"],
        "from intermediate.partner_unseen",
    )


def audience_bounds(making: Making) -> pl.DataFrame:
    """How many accounts of brands' audiences are genuine."""
    return _bounds(
        making,
        "select *, accounts as acts, accounts as squares,"
        " genuine_accounts as genuine_acts from intermediate.audience_scores",
        ["brand_id", "audience", "day"],
    )


def partner_excess(making: Making) -> pl.DataFrame:
    """Likely phantoms among partners' engagers against those of unpaid posts."""
    connection = making.connection
    posts = connection.sql("from intermediate.partner_post_phantoms").pl()
    sets = connection.sql("from intermediate.partner_set_phantoms").pl()
    return judge_excess(posts.drop("platform", "post_id"), sets)


def _draws(making: Making) -> dict[str, Resampled]:
    return _labelled(ledger.read_state(making.connection, "score_cells") or "{}")


def campaign_prevalence(making: Making) -> pl.DataFrame:
    """How many accounts of campaigns are phantoms if they hide like the labelled."""
    cells = making.connection.sql("from intermediate.campaign_score_cells").pl()
    return estimate_shares(cells.rename({"campaign_id": "set"}), _draws(making)).rename(
        {"set": "campaign_id"}
    )


def network_prevalence(making: Making) -> pl.DataFrame:
    """The same of networks, with how many likely phantoms are phantoms."""
    policies, labelled = making.workspace.policies, _draws(making)
    rows = []
    cells = making.connection.sql("from intermediate.network_score_cells").pl()
    every = cells.sort("platform", "score_kind", "score_cell", nulls_last=True)
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
    return pl.DataFrame(
        rows,
        schema={
            "platform": pl.String,
            **dict.fromkeys(counts, pl.Int64),
            **dict.fromkeys(shares, pl.Float64),
        },
    )
