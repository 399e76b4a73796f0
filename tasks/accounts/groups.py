"""Groups: accounts that act on one order, from the edges between them.

Connected components chain strangers together: one edge by chance joins two groups. A
group here is a community of the Leiden algorithm (Traag, Waltman and van Eck 2019,
Scientific Reports 9:5233) under the constant Potts model, whose resolution is the
density that a community must exceed, and whose members are each linked to that part of
the others. One edge between two groups never joins them.

A group is named after its earliest-seen member, so that members who come and go, and a
rebuild, leave its name as it is.
"""

from __future__ import annotations

import random

import igraph
import numpy as np
import polars as pl

# Of the pairs within a group, at least so many are linked.
DENSITY = 0.3
# Two accounts that act together are no group.
SMALLEST = 3
_SEED = 20260301

# What a link of each signal says, for people.
SIGNALS = {
    "repost": "reposted the same posts within {window} seconds of each other",
    "reply": "answered the same comments within {window} seconds of each other",
    "link": "spread the same links within {window} seconds of each other",
    "hashtag": "used the same hashtags within {window} seconds of each other",
    "text": "wrote the same sentences, or nearly",
    "follow": "began to follow the same accounts between the same readings",
}


def communities(
    edges: pl.DataFrame, density: float = DENSITY, smallest: int = SMALLEST
) -> pl.DataFrame:
    """Dense communities of a graph.

    Args:
        edges: account, account_y; a pair may stand more than once.
        density: part of a community's pairs that are linked, at least; also the part
            of the others that each member is linked to.
        smallest: fewer accounts are no community.

    Returns:
        account, community (the smallest account in it); sorted by account. The same
        for the same edges in any order.

    Cost: near linear in edges.
    """
    links, nodes = _graph_parts(edges)
    graph = igraph.Graph(n=len(nodes), edges=links.to_numpy().tolist())
    labels = _leiden(graph, "CPM", density)
    kept = _prune(links.to_numpy().astype(np.int64), labels, density, smallest)
    return (
        nodes.with_columns(label=pl.Series(labels), is_kept=pl.Series(kept))
        .filter("is_kept")
        .select("account", community=pl.col("account").min().over("label"))
        .sort("account")
    )


def batch_pieces(edges: pl.DataFrame) -> pl.DataFrame:
    """Pieces of a graph whose groups are long bands, linked along an order.

    Leiden under modularity: where two bands touch at a few edges it cuts them apart, as
    it cuts a very long band into pieces. Each account stands in one piece.

    Args:
        edges: account, account_y.

    Returns:
        account, community (the smallest account in it); sorted by account.
    """
    pairs, nodes = _graph_parts(edges)
    graph = igraph.Graph(n=len(nodes), edges=pairs.to_numpy().tolist())
    labels = _leiden(graph, "modularity", 1.0)
    return (
        nodes.with_columns(label=pl.Series(labels))
        .select("account", community=pl.col("account").min().over("label"))
        .sort("account")
    )


def _graph_parts(edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Distinct pairs in numbers of nodes, and the nodes; both sorted."""
    pairs = (
        edges.select(
            one=pl.min_horizontal("account", "account_y"),
            other=pl.max_horizontal("account", "account_y"),
        )
        .filter(pl.col("one") != pl.col("other"))
        .unique()
        .sort("one", "other")
    )
    names = (
        pl.concat([pairs.get_column("one"), pairs.get_column("other").alias("one")])
        .unique()
        .sort()
    )
    nodes = pl.DataFrame({"account": names}).with_row_index("node")
    links = pairs.join(nodes.rename({"account": "one"}), on="one").join(
        nodes.rename({"account": "other", "node": "node_y"}), on="other"
    )
    return links.select("node", "node_y").sort("node", "node_y"), nodes


def _leiden(graph: igraph.Graph, objective: str, resolution: float) -> np.ndarray:
    # The library draws from the generator that it is given; the seed is fixed.
    igraph.set_random_number_generator(random.Random(_SEED))
    try:
        found = graph.community_leiden(
            objective_function=objective, resolution=resolution, n_iterations=-1
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.membership, dtype=np.int64)


def _prune(
    links: np.ndarray, labels: np.ndarray, density: float, smallest: int
) -> np.ndarray:
    """Which nodes stay when those that are hardly linked to their community go."""
    count = len(labels)
    kept = np.ones(count, dtype=bool)
    while True:
        inside = (
            (labels[links[:, 0]] == labels[links[:, 1]])
            & kept[links[:, 0]]
            & kept[links[:, 1]]
        )
        degree = np.bincount(links[inside].ravel(), minlength=count)
        size = np.bincount(labels[kept], minlength=count)[labels]
        stays = kept & (size >= smallest) & (degree >= density * (size - 1))
        if (stays == kept).all():
            return kept
        kept = stays


def coordinated_groups(
    edges: pl.DataFrame, first_seen: pl.DataFrame, window: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Groups of accounts that act together, with evidence.

    Args:
        edges: account, account_y, signal (of `SIGNALS`), objects (on how many they
            met); significant ones only.
        first_seen: account, first_seen_at.
        window: seconds between two acts at most.

    Returns:
        Members: group_id, account. And a row a group: group_id, linked_pairs,
        linked_share (of all its pairs), per signal `{signal}_pairs` and
        `{signal}_objects` (of the median pair), evidence (a sentence).
    """
    found = communities(edges)
    members = (
        found.join(first_seen, on="account", how="left")
        .sort("community", "first_seen_at", "account", nulls_last=True)
        .with_columns(group_id=pl.col("account").first().over("community"))
        .select("group_id", "account")
        .sort("group_id", "account")
    )
    return members, _evidence(edges, members, window)


def _evidence(edges: pl.DataFrame, members: pl.DataFrame, window: int) -> pl.DataFrame:
    """What holds each group together: a row a group, as `coordinated_groups` says."""
    inside = (
        edges.join(members, on="account")
        .join(
            members.rename({"account": "account_y", "group_id": "group_id_y"}),
            on="account_y",
        )
        .filter(pl.col("group_id") == pl.col("group_id_y"))
    )
    sizes = members.group_by("group_id").agg(size=pl.len())
    pairs = inside.group_by("group_id").agg(
        linked_pairs=pl.struct("account", "account_y").n_unique()
    )
    evidence = sizes.join(pairs, on="group_id").with_columns(
        linked_share=(
            pl.col("linked_pairs") * 2 / (pl.col("size") * (pl.col("size") - 1))
        ).round(6)
    )
    parts = []
    for signal, words in SIGNALS.items():
        counted = (
            inside.filter(pl.col("signal") == signal)
            .group_by("group_id")
            .agg(
                pl.len().alias(f"{signal}_pairs"),
                pl.col("objects")
                .median()
                .floor()
                .cast(pl.Int64)
                .alias(f"{signal}_objects"),
            )
        )
        evidence = evidence.join(counted, on="group_id", how="left").with_columns(
            pl.col(f"{signal}_pairs", f"{signal}_objects").fill_null(0)
        )
        parts.append(
            pl.when(pl.col(f"{signal}_pairs") > 0).then(
                pl.format(
                    "{} of its {} pairs " + words.format(window=window) + ", typically"
                    " {} times",
                    pl.col(f"{signal}_pairs"),
                    (pl.col("size") * (pl.col("size") - 1) / 2).cast(pl.Int64),
                    pl.col(f"{signal}_objects"),
                )
            )
        )
    return evidence.with_columns(
        evidence=pl.concat_str(
            pl.format("{} accounts: ", pl.col("size")),
            pl.concat_list(parts).list.drop_nulls().list.join("; "),
            pl.lit("; more than chance explains"),
        )
    ).sort("group_id")
