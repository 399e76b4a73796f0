"""Cascades: what hangs on every repost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from tasks.accounts.coarsening import Numbers, number
from tasks.campaigns.cascades import below_own, sum_subtrees, walk_trees
from tasks.warehouse.graph import Making


def cascade_nodes(making: Making) -> pl.DataFrame:
    """What hangs on every repost, from `cascade_edges`."""
    table = making.read("from intermediate.cascade_edges").to_arrow_table()
    # Reposts in order of time: a cycle's earliest node is the one with the lowest
    # index.
    order = (
        pl.DataFrame(pl.from_arrow(table))
        .select(
            pl.arg_sort_by(
                "acted_at",
                pl.col("interaction_id").str.len_chars(),
                "interaction_id",
                "platform",
                "root_post_id",
            )
        )
        .to_series()
    )
    table = table.take(pa.array(order.to_numpy()))
    tree = _pairs(number(table["platform"]), number(table["root_post_id"]))
    root_count = int(tree.max(initial=-1)) + 1
    account = number(table["account_id"])
    is_named = table["account_id"].is_valid().to_numpy(zero_copy_only=False)
    owner = np.where(is_named, _pairs(tree, account), -1)
    own = _parents(table, tree)
    roots = np.arange(root_count)
    parent = np.concatenate(
        [np.full(root_count, -1), np.where(own < 0, tree, own + root_count)]
    )
    walked = walk_trees(parent, np.concatenate([roots, tree]))
    edges = pl.DataFrame(pl.from_arrow(table))
    no_root = np.zeros(root_count, dtype=np.int64)
    genuine = np.concatenate([no_root, edges.get_column("is_genuine").to_numpy()])
    # Where a circle was cut, a parent is another one than the edge names.
    above = walked.parent[root_count:] - root_count
    names = edges.get_column("interaction_id")
    children = np.bincount(walked.parent[root_count:], minlength=len(walked.parent))
    nodes: pl.DataFrame = edges.select(
        "platform",
        "root_post_id",
        "interaction_id",
        "account_id",
        "is_genuine",
        "parent_method",
        "is_parent_missing",
        "acted_at",
        level=pl.Series(walked.level[root_count:]),
        subtree_size=pl.Series(walked.subtree_size[root_count:]),
        tree_size=pl.Series(walked.subtree_size[tree]),
        children=pl.Series(children[root_count:]),
        above_id=names.gather(pl.Series(np.where(above < 0, 0, above))).set(
            pl.Series(above < 0), None
        ),
        genuine_subtree_size=pl.Series(sum_subtrees(walked, genuine)[root_count:]),
        is_below_own=pl.Series(
            below_own(walked, np.concatenate([no_root - 1, owner]))[root_count:]
        ),
    )
    return nodes


def _pairs(one: Numbers, other: Numbers) -> Numbers:
    """Numbers of pairs: equal where both are."""
    return number(one * (int(other.max(initial=0)) + 1) + other)


def _parents(table: pa.Table, tree: Numbers) -> Numbers:
    """The place of each repost's parent in its tree; -1 for the root itself."""
    ids = pa.chunked_array(
        [*table["interaction_id"].chunks, *table["parent_interaction_id"].chunks],
        table["interaction_id"].type,
    )
    numbers = number(ids)
    size = int(numbers.max(initial=0)) + 1
    nodes, parents = (
        tree * size + numbers[: len(tree)],
        tree * size + numbers[len(tree) :],
    )
    by_name = np.argsort(nodes)
    place = np.searchsorted(nodes, parents, sorter=by_name)
    found = by_name[np.minimum(place, len(nodes) - 1)] if len(nodes) else place
    return np.where(nodes[found] == parents, found, -1)
