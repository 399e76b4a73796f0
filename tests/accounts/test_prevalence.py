"""Shares of phantoms under prior shift, and what a mark is worth at a share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.accounts.phantom_model import CELLS, Rates, cell_of, shipped_model
from tasks.accounts.prevalence import (
    FEWEST,
    Resampled,
    estimate_shares,
    measure_prevalence,
    resample_labelled,
)

# How scores of people and of phantoms lie, by cell: people low, phantoms anywhere.
_GENUINE = np.array([0.9**cell for cell in range(CELLS)])
_PHANTOMS = np.array([0.3 + cell / 8 for cell in range(CELLS)])
_GENUINE /= _GENUINE.sum()
_PHANTOMS /= _PHANTOMS.sum()


def labelled(size: int = 2000, kind: str = "profile+long") -> dict[str, Resampled]:
    return resample_labelled(
        {
            kind: (
                Rates(
                    tuple(np.round(_GENUINE * size)), tuple(np.round(_PHANTOMS * size))
                ),
            )
        }
    )


def audience(
    share: float, accounts: int, seed: int, kind: str | None = "profile+long"
) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    phantoms = round(share * accounts)
    counts = random.multinomial(phantoms, _PHANTOMS)
    counts += random.multinomial(accounts - phantoms, _GENUINE)
    return pl.DataFrame(
        {"score_kind": kind, "score_cell": range(CELLS), "accounts": counts},
        schema_overrides={"score_kind": pl.String, "accounts": pl.Int64},
    ).filter(pl.col("accounts") > 0)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 1.0])
def test_interval_holds_the_share(share: float) -> None:
    """Nineteen of twenty promise more than 17 of 20: chance of fewer below .02."""
    known, held = labelled(), 0
    for seed in range(20):
        found = measure_prevalence(audience(share, 400, seed), known, 0.8).estimated
        assert found is not None
        assert found.low <= found.value <= found.high
        held += found.low <= share <= found.high
    assert held >= 17


def test_more_accounts_and_more_labels_tell_more() -> None:
    def width(accounts: int, labels: int) -> float:
        found = measure_prevalence(
            audience(0.2, accounts, 1), labelled(labels), 0.8
        ).estimated
        assert found is not None
        return found.high - found.low

    assert width(200, 2000) > width(2000, 2000)
    assert width(2000, 200) > width(2000, 2000)


def test_a_mark_is_worth_less_where_phantoms_are_rare() -> None:
    known, seen = labelled(), audience(0.3, 400, 1)
    rare, usual, many = (
        measure_prevalence(seen, known, 0.8, stated).precision
        for stated in (0.02, 0.1, 0.5)
    )
    assert rare is not None and usual is not None and many is not None
    assert rare.value < usual.value < many.value
    # Bayes' rule with the rates that the labels were drawn from.
    first = round(0.8 * CELLS)
    found, mistaken = _PHANTOMS[first:].sum(), _GENUINE[first:].sum()
    right = 0.1 * found / (0.1 * found + 0.9 * mistaken)
    assert usual.low <= right <= usual.high
    assert usual == measure_prevalence(seen, known, 0.8).usual_precision


def test_what_tells_too_little_gives_no_share() -> None:
    """Few accounts, names alone, and scores that hardly tell one from the other."""
    known = labelled()
    assert (
        measure_prevalence(audience(0.2, FEWEST - 1, 1), known, 0.8).estimated is None
    )
    names = measure_prevalence(audience(0.2, 400, 1, None), known, 0.8)
    assert (names.accounts, names.estimated, names.precision) == (0, None, None)
    alike = tuple(np.round(_GENUINE * 500))
    dull = resample_labelled({"profile": (Rates(alike, alike),)})
    seen = measure_prevalence(audience(0.2, 400, 1, "profile"), dull, 0.8)
    assert seen.estimated is None
    assert seen.precision is not None and seen.precision == seen.usual_precision


def test_a_mark_that_no_labelled_phantom_carries_is_not_valued() -> None:
    """Signs that labelled accounts don't show made it: their rates are no help."""
    low = np.where((np.arange(CELLS) >= 10) & (np.arange(CELLS) < 16), 1.0, 0.0)
    known = resample_labelled(
        {
            "profile+long": (
                Rates(
                    tuple(np.round(_GENUINE * 500)),
                    tuple(np.round(low / low.sum() * 500)),
                ),
            )
        }
    )
    found = measure_prevalence(audience(0.3, 400, 1), known, 0.8, 0.1)
    assert found.estimated is not None
    assert (found.precision, found.usual_precision) == (None, None)


def test_sets_are_judged_alone_whatever_their_order() -> None:
    known = labelled()
    sets = pl.concat(
        audience(share, size, number).with_columns(set=pl.lit(f"set-{number}"))
        for number, (share, size) in enumerate([(0.1, 300), (0.5, 300), (0.5, 20)])
    )
    found = estimate_shares(sets, known)
    assert found.equals(estimate_shares(sets.reverse(), known))
    assert found["share"].is_null().to_list() == [False, False, True]
    alone = measure_prevalence(sets.filter(pl.col("set") == "set-1"), known, 0.8)
    assert alone.estimated is not None
    assert found["share"][1] == alone.estimated.value


def test_cells_begin_where_thresholds_do() -> None:
    scores = pl.DataFrame({"score": [0.0, 0.0499, 0.05, 0.7999, 0.8, 0.95, 1.0]})
    cells = scores.select(cell_of(pl.col("score")))["score"].to_list()
    assert cells == [0, 0, 1, 15, 16, 19, 19]


def test_shipped_weights_know_their_scores() -> None:
    scores = shipped_model().scores
    assert {"profile+long", "profile+short", "profile"} <= set(scores)
    for views in scores.values():
        for rates in views:
            assert len(rates.genuine) == len(rates.phantoms) == CELLS
