"""What sort of phantom a suspected account looks like; and who is merely inactive.

Told by the signs that hold, the surest first; where none tells, there is no kind. The
kinds are those that sellers offer (Tang et al. 2021, Security and Communication
Networks 6656470): fresh accounts, batches of one vendor, accounts cultivated for long.
"""

from __future__ import annotations

import polars as pl

from tasks.accounts.evidence import JUDGED
from tasks.accounts.neighbourhood import NEIGHBOURHOOD

KINDS = ("fresh", "vendor_batch", "cultivated", "inactive")

_SIGNS = {sign.name: sign.holds for sign in (*JUDGED, *NEIGHBOURHOOD)}
# Days since its registration, for an account that never acted.
_YOUNG = 29
_BATCH = (
    "batch_of_names",
    "batch_of_descriptions",
    "follow_burst_alike",
    "follow_burst",
)


def _any_of(*names: str) -> pl.Expr:
    return pl.any_horizontal(_SIGNS[name].fill_null(value=False) for name in names)


def account_kind(is_suspected: pl.Expr) -> pl.Expr:
    """The kind of an account, as an expression over the frame with signs' columns.

    Args:
        is_suspected: the account is at or above the suspected threshold.

    Returns:
        One of `KINDS`, or null.
    """
    return (
        pl.when(
            is_suspected
            & (
                _any_of("made_for_the_occasion")
                | pl.col("age_days").is_between(0, _YOUNG).fill_null(value=False)
            )
        )
        .then(pl.lit("fresh"))
        .when(is_suspected & _any_of(*_BATCH))
        .then(pl.lit("vendor_batch"))
        .when(
            is_suspected
            & _any_of(*(s.name for s in NEIGHBOURHOOD if s.name not in _BATCH))
        )
        .then(pl.lit("cultivated"))
        .when(
            is_suspected
            & pl.col("age_days").is_null()
            & _any_of("few_followers")
            & _any_of("few_posts")
        )
        .then(pl.lit("fresh"))
        .when(~is_suspected & _any_of("old_and_quiet"))
        .then(pl.lit("inactive"))
    )
