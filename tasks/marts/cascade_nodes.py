"""Cascades: what hangs on every repost."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.campaigns.cascades import below_own, sum_subtrees, walk_trees
from tasks.warehouse.graph import Making


def cascade_nodes(making: Making) -> pl.DataFrame:
    """What hangs on every repost, from `cascade_edges`."""
    # Roots first, then reposts in order of time: a cycle's earliest node is the
    # one with the lowest index.
    edges = making.read(
        """
        select
            row_number() over (
                order by acted_at, length(interaction_id), interaction_id,
                platform, root_post_id
            ) - 1 as node,
            dense_rank() over (order by platform, root_post_id) - 1 as tree,
            coalesce(
                case when account_id is not null then
                    dense_rank() over (order by platform, root_post_id, account_id)
                end,
                -1
            ) as owner,
            *
        from intermediate.cascade_edges
        order by node
        """
    ).pl()
    trees = edges.get_column("tree").max()
    root_count = 0 if trees is None else int(trees) + 1
    parents = edges.join(
        edges.select(
            "platform",
            "root_post_id",
            pl.col("interaction_id").alias("parent_interaction_id"),
            pl.col("node").alias("parent_node"),
        ),
        on=["platform", "root_post_id", "parent_interaction_id"],
        how="left",
        maintain_order="left",
    )
    tree = parents.get_column("tree").to_numpy()
    own = parents.get_column("parent_node").fill_null(-1).to_numpy()
    roots = np.arange(root_count)
    parent = np.concatenate(
        [np.full(root_count, -1), np.where(own < 0, tree, own + root_count)]
    )
    walked = walk_trees(
        parent.astype(np.int64), np.concatenate([roots, tree]).astype(np.int64)
    )
    no_root = np.zeros(root_count, dtype=np.int64)
    genuine = np.concatenate([no_root, parents.get_column("is_genuine").to_numpy()])
    owner = np.concatenate([no_root - 1, parents.get_column("owner").to_numpy()])
    # Where a circle was cut, a parent is another one than the edge names.
    above = walked.parent[root_count:] - root_count
    names = edges.get_column("interaction_id")
    children = np.bincount(walked.parent[root_count:], minlength=len(walked.parent))
    nodes: pl.DataFrame = parents.select(
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
        is_below_own=pl.Series(below_own(walked, owner)[root_count:]),
    )
    return nodes
