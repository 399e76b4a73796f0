"""What is told of accounts in the open mart, and what of whom."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.accounts.coarsening import (
    JUDGED,
    SHOWN,
    STEPS,
    coarsen,
    number,
    number_lists,
)
from tasks.warehouse.graph import Making

# Columns of `account_words` that are told together.
_COLUMNS = {
    "influence": ("influence_level",),
    "verified": ("is_verified",),
    "year": ("registered_year",),
    "activity": ("activity_level",),
    "months": ("first_seen_month", "last_seen_month"),
    "place": ("region",),
    "made": ("registered_month",),
    "level": ("phantom_level", "is_known", "model_version"),
    "groups": ("operator_key", "coordinated_group_key"),
    "signs": ("is_confirmed", "account_kind", "reason_class"),
}


def telling_steps(making: Making) -> pl.DataFrame:
    """Which parts are told at each step: step, tells_<part>."""
    return pl.DataFrame({"step": range(len(STEPS))}).with_columns(
        pl.Series(f"tells_{part}", [part in told for told in STEPS])
        for part in (*SHOWN, *JUDGED)
    )


def account_steps(making: Making) -> pl.DataFrame:
    """The step at which each account is told, and whom with."""
    connection = making.connection
    words = connection.sql(
        "from intermediate.account_words order by number"
    ).to_arrow_table()
    acts = connection.sql(
        """
        select
            words.number - 1 as account,
            acts.campaign_id,
            cast(acts.reposts > 0 as int) + 2 * cast(acts.comments > 0 as int)
            + 4 * cast(acts.likes > 0 as int) + 8 * cast(acts.mentions > 0 as int)
                as kinds
        from restricted.campaign_accounts as acts
        inner join intermediate.account_words as words
            on
                acts.platform = words.platform
                and acts.account_key = words.account_key
        """
    ).to_arrow_table()
    public = connection.sql(
        """
        select
            words.account_key in (
                select unnest(brands.account_keys) from marts.brands as brands
            ) as is_public
        from intermediate.account_words as words
        order by words.number
        """
    )
    owners, campaigns = acts["account"].to_numpy(), number(acts["campaign_id"])
    parts = {
        "campaigns": number_lists(owners, campaigns, len(words)),
        "acts": number_lists(
            owners, 16 * campaigns + acts["kinds"].to_numpy(), len(words)
        ),
    }
    for part, columns in _COLUMNS.items():
        numbers = [number(words[column]) for column in columns]
        parts[part] = numbers[0]
        for other in numbers[1:]:
            parts[part] = number(parts[part] * (int(other.max(initial=0)) + 1) + other)
    levels = words["phantom_level"].to_numpy(zero_copy_only=False)
    found = coarsen(
        number(words["platform"]),
        parts,
        levels != "genuine",
        public.pl()["is_public"].to_numpy(),
        making.params["min_cell"],
    )
    return found.with_columns(
        number=pl.Series(np.arange(1, len(words) + 1))
    ).drop_nulls()
