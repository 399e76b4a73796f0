"""Operators: accounts that one person or office demonstrably runs.

This first version links exact shared identity only: the same contact (phone,
e-mail, WeChat, QQ) in two profiles' own words, or the same uploaded picture. A
value that many accounts share is a hotline or a stock picture, not a person,
and links nobody. A person's merges and splits win over every link.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# More accounts than this behind one value: an agency's number, a stock picture.
MAX_SHARING = 20

# Contacts as profiles write them. Each pattern's first group is the value.
_CONTACTS = (
    r"(?:^|[^0-9])(1[3-9][0-9]{9})(?:[^0-9]|$)",
    r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    r"(?i)(?:微信|薇信|v信|vx|wx|weixin|wechat)号?\s*[:：]?\s*([a-z][-_a-z0-9]{5,19})",
    r"(?i)(?:qq|扣扣)号?\s*[:：]?\s*([1-9]\d{4,10})",
)

LINKS = {
    "contact": "the same contact in the profile",
    "avatar": "the same uploaded picture",
}


def identity_values(profiles: pl.DataFrame) -> pl.DataFrame:
    """Values that identify a person, from profiles.

    Args:
        profiles: platform, account_id, description, avatar_url.

    Returns:
        platform, account_id, signal (contact or avatar), value; a value stands
        for accounts on every platform.
    """
    contacts = [
        profiles.select(
            "platform",
            "account_id",
            signal=pl.lit("contact"),
            value=pl.col("description").str.extract(pattern).str.to_lowercase(),
        )
        for pattern in _CONTACTS
    ]
    # The address without its expiring signature; the platform's default
    # pictures say nothing. Only a path that names an upload can identify.
    address = pl.col("avatar_url").str.extract(r"^https?://[^/]+(/[^?#]+)")
    avatars = profiles.select(
        "platform", "account_id", signal=pl.lit("avatar"), value=address
    ).filter(
        pl.col("value").str.contains(r"/[0-9A-Za-z_-]{16,}\.")
        & ~pl.col("value").str.contains(r"default")
    )
    return (
        pl.concat([*contacts, avatars])
        .filter(pl.col("value").is_not_null())
        .unique()
        .filter(pl.len().over("signal", "value").is_between(2, MAX_SHARING))
    )


def find_operators(profiles: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Group accounts that share an identity.

    Args:
        profiles: platform, account_id, description, avatar_url, first_seen_at.
        overrides: platform, account_id, kind (merge, split, ...), with_platform,
            with_account_id; reviewed by a person.

    Returns:
        One row an account: platform, account_id, operator_id (of the
        earliest-seen member, ties by platform and id, so that it survives
        members that come and go), operator_probability, method, evidence. An
        account on its own is its own operator. Sorted by platform, account_id.

    Cost: linear in accounts and links.
    """
    nodes = (
        profiles.select("platform", "account_id", "first_seen_at")
        .sort("platform", "account_id")
        .with_row_index("node")
    )
    key = ["platform", "account_id"]
    values = identity_values(profiles).join(
        nodes.select(*key, "node"), on=key, how="inner"
    )
    split = (
        overrides.filter(pl.col("kind") == "split")
        .join(nodes, on=key, how="inner")
        .get_column("node")
    )
    # A star per value: its first account to each other one.
    links = (
        values.filter(~pl.col("node").is_in(split.implode()))
        .with_columns(first=pl.col("node").min().over("signal", "value"))
        .filter(pl.col("first") != pl.col("node"))
        .select("first", "node", "signal")
    )
    merges = (
        overrides.filter(pl.col("kind") == "merge")
        .join(nodes, on=key, how="inner")
        .join(
            nodes.select(
                pl.col("platform").alias("with_platform"),
                pl.col("account_id").alias("with_account_id"),
                pl.col("node").alias("first"),
            ),
            on=["with_platform", "with_account_id"],
            how="inner",
        )
        .select("first", "node", signal=pl.lit("override"))
    )
    edges = pl.concat([links, merges])
    count = nodes.height
    graph = coo_matrix(
        (
            np.ones(edges.height, dtype=np.int8),
            (edges.get_column("first").to_numpy(), edges.get_column("node").to_numpy()),
        ),
        shape=(count, count),
    )
    _, labels = connected_components(graph, directed=False)
    signals = (
        pl.concat(
            [
                edges.select("signal", pl.col("first").alias("node")),
                edges.select("signal", "node"),
            ]
        )
        .unique()
        .sort("node", "signal")
        .group_by("node", maintain_order=True)
        .agg("signal")
    )
    words = {**LINKS, "override": "a person's decision"}
    members = nodes.with_columns(group=pl.Series(labels)).sort(
        "group", "first_seen_at", "platform", "account_id", nulls_last=True
    )
    return (
        members.with_columns(
            operator_id=pl.concat_str("platform", "account_id", separator=":")
            .first()
            .over("group"),
            size=pl.len().over("group"),
        )
        .join(signals, on="node", how="left")
        .select(
            "platform",
            "account_id",
            "operator_id",
            operator_probability=pl.lit(1.0),
            method=pl.when(pl.col("size") == 1)
            .then(pl.lit("own"))
            .when(pl.col("signal").list.contains("override"))
            .then(pl.lit("override"))
            .otherwise(pl.lit("shared_identity")),
            evidence=pl.col("signal")
            .list.eval(pl.element().replace_strict(words))
            .list.join("; ")
            .fill_null(""),
        )
        .sort("platform", "account_id")
    )
