"""Operators: accounts that one person or office likely runs.

Links between accounts come from their profiles (`identity.py`), each with a
probability and the evidence for it. Links of persons form groups only where the
accounts are densely linked, so that one wrong link does not chain two people; a batch
that a programme made is linked along the order of its registrations and is what hangs
together. A person's merges and splits win over every link.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tasks.accounts.groups import batch_pieces, communities

_KEY = ["platform", "account_id"]
_OTHER = ["platform_y", "account_id_y"]
LINKS_SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "platform_y": pl.String,
    "account_id_y": pl.String,
    "probability": pl.Float64,
    "match_weight": pl.Float64,
    "kind": pl.String,
    "evidence": pl.String,
}


def find_operators(
    profiles: pl.DataFrame, links: pl.DataFrame, overrides: pl.DataFrame
) -> pl.DataFrame:
    """Group accounts that one operator likely runs.

    Args:
        profiles: platform, account_id, first_seen_at.
        links: pairs of accounts with probability, match_weight, kind (person or
            batch) and evidence (see `LINKS_SCHEMA`).
        overrides: platform, account_id, kind (merge, split, ...), with_platform,
            with_account_id; reviewed by a person.

    Returns:
        One row an account: platform, account_id, operator_id (of the earliest-seen
        member, ties by platform and id, so that it survives members that come and
        go), operator_probability (of the account's likeliest link within the group; 1
        for one on its own and for a person's decision), method (own, override, batch
        or profile), evidence. Sorted by platform, account_id.

    Cost: near linear in accounts and links.
    """
    nodes = profiles.select(*_KEY, "first_seen_at").sort(_KEY).with_row_index("node")
    numbered = nodes.select(*_KEY, "node")
    between = _links_between(links, numbered, overrides)
    merges = _merges(overrides, numbered)
    edges = pl.concat([_edges_of(between), merges])
    groups = nodes.with_columns(group=_connected(edges, nodes.height)).sort(
        "group", "first_seen_at", *_KEY, nulls_last=True
    )
    grouped = groups.with_columns(
        operator_id=pl.concat_str(_KEY, separator=":").first().over("group"),
        size=pl.len().over("group"),
    )
    strongest = _strongest(between, grouped.select("node", "group"))
    merged = pl.concat([merges["node"], merges["node_y"].rename("node")]).unique()
    is_own = pl.col("size") == 1
    is_merged = pl.col("node").is_in(merged.implode())
    return (
        grouped.join(strongest, on="node", how="left")
        .select(
            *_KEY,
            "operator_id",
            operator_probability=pl.when(is_own | is_merged)
            .then(1.0)
            .otherwise(pl.col("probability").fill_null(1.0)),
            method=pl.when(is_own)
            .then(pl.lit("own"))
            .when(is_merged)
            .then(pl.lit("override"))
            .when(pl.col("kind") == "batch")
            .then(pl.lit("batch"))
            .otherwise(pl.lit("profile")),
            evidence=pl.when(is_own)
            .then(pl.lit(""))
            .when(is_merged)
            .then(pl.lit("were merged by a person"))
            .otherwise(pl.col("evidence").fill_null("")),
        )
        .sort(_KEY)
    )


def _links_between(
    links: pl.DataFrame, numbered: pl.DataFrame, overrides: pl.DataFrame
) -> pl.DataFrame:
    """Links by the numbers of their accounts, without those that a person split off."""
    split = (
        overrides.filter(pl.col("kind") == "split")
        .join(numbered, on=_KEY, how="inner")
        .get_column("node")
    )
    return (
        links.join(numbered, on=_KEY)
        .join(numbered.rename({"node": "node_y"}), left_on=_OTHER, right_on=_KEY)
        .filter(
            ~pl.col("node").is_in(split.implode())
            & ~pl.col("node_y").is_in(split.implode())
        )
        .select("node", "node_y", "probability", "match_weight", "kind", "evidence")
    )


def _edges_of(between: pl.DataFrame) -> pl.DataFrame:
    """The links that make groups: dense ones of persons, those within batches."""
    batches = between.filter(pl.col("kind") == "batch")
    # What a programme made in one go is one thing: a person's link into it, or from
    # one batch to another, would chain batches together.
    made = pl.concat([batches["node"], batches["node_y"].rename("node")]).unique()
    persons = between.filter(
        (pl.col("kind") != "batch")
        & ~pl.col("node").is_in(made.implode())
        & ~pl.col("node_y").is_in(made.implode())
    )
    return pl.concat(
        [
            _within_pieces(batches).select("node", "node_y"),
            _within_communities(persons).select("node", "node_y"),
        ]
    )


def _connected(edges: pl.DataFrame, count: int) -> pl.Series:
    """The component of each of `count` nodes."""
    ends = (edges["node"].to_numpy(), edges["node_y"].to_numpy())
    graph = coo_matrix(
        (np.ones(edges.height, dtype=np.int8), ends), shape=(count, count)
    )
    _, labels = connected_components(graph, directed=False)
    return pl.Series(labels)


def batch_members(operators: pl.DataFrame) -> pl.DataFrame:
    """Accounts that one maker likely made in a batch.

    A person's second account is none, nor is one that a person merged.

    Args:
        operators: as `find_operators` gives them.

    Returns:
        platform, account_id, batch_accounts (of the batch, the account itself
        included), batch_evidence (of its weightiest link, in words); accounts of
        batches only.
    """
    return (
        operators.filter(pl.col("method") == "batch")
        .with_columns(batch_accounts=pl.len().over("operator_id").cast(pl.Int64))
        .select(*_KEY, "batch_accounts", batch_evidence="evidence")
    )


def _within_communities(persons: pl.DataFrame) -> pl.DataFrame:
    """Links whose two accounts stand in one dense community."""
    found = communities(
        persons.select(
            # Names that sort like the numbers.
            account=pl.col("node").cast(pl.String).str.zfill(10),
            account_y=pl.col("node_y").cast(pl.String).str.zfill(10),
        ),
        smallest=2,
    ).with_columns(node=pl.col("account").cast(pl.UInt32))
    own = found.select("node", "community")
    return (
        persons.join(own, on="node")
        .join(own.rename({"node": "node_y"}), on="node_y", suffix="_y")
        .filter(pl.col("community") == pl.col("community_y"))
    )


def _within_pieces(batches: pl.DataFrame) -> pl.DataFrame:
    """Links of batches within pieces that hang together closely."""
    found = batch_pieces(batches.select(account="node", account_y="node_y"))
    own = found.select(node="account", piece="community")
    return (
        batches.join(own, on="node")
        .join(own.rename({"node": "node_y"}), on="node_y", suffix="_y")
        .filter(pl.col("piece") == pl.col("piece_y"))
    )


def _merges(overrides: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    return (
        overrides.filter(pl.col("kind") == "merge")
        .join(numbered, on=_KEY)
        .join(
            numbered.rename({"node": "node_y"}),
            left_on=["with_platform", "with_account_id"],
            right_on=_KEY,
        )
        .select("node", "node_y")
    )


def _strongest(between: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Of each account its weightiest link within its group."""
    both = pl.concat(
        [
            between,
            between.rename({"node": "node_y", "node_y": "node"}).select(
                between.columns
            ),
        ]
    )
    return (
        both.join(groups, on="node")
        .join(groups.rename({"node": "node_y", "group": "group_y"}), on="node_y")
        .filter(pl.col("group") == pl.col("group_y"))
        .sort("node", "match_weight", "node_y", descending=[False, True, False])
        .unique("node", keep="first", maintain_order=True)
        .select("node", "probability", "kind", "evidence")
    )
