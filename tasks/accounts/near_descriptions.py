"""Families of descriptions: one text that many accounts vary.

A seller's programme fills a template ("Lover of coffee, books and ..."), so that whole
runs of words come back. Two descriptions are near when half of the runs of three words
that either has are in both (Jaccard index of word shingles, Broder 1997); Chinese
characters count as words. A family is what hangs together, from three accounts on.

Sayings that people copy are short, so only long descriptions are compared: of 6,267
described accounts in real threads 72 would else stand in families. A run of words
that too many use finds no pairs, and of the others each account is compared with the
next few that have the run: pairs grow with accounts and never with their square.
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# Runs that a description has at least.
FEWEST_SHINGLES = 4
LEAST_JACCARD = 0.5
FEWEST_MEMBERS = 3
# A run of words in more descriptions than this is a phrase of the language.
COMMON = 1_000
# Each is compared with so many next ones that have a run.
NEXT = 5

_SHINGLES = r"""
create or replace temp table description_shingles as
with
worded as (
    select node, regexp_extract_all(phrases, '\p{Han}|[\p{L}\p{M}]+') as words
    from identity_nodes
    where phrases is not null
),
runs as (
    select distinct
        node,
        unnest([
            hash(words[step], words[step + 1], words[step + 2])
            for step in range(1, len(words) - 1)
        ]) as shingle
    from worded
    where len(words) >= $fewest + 2
)
select
    node,
    shingle,
    count(*) over (partition by node) as shingles
from runs
"""

_NEAR = """
with
shared as (
    select
        node,
        shingle,
        row_number() over (partition by shingle order by node) as place,
        count(*) over (partition by shingle) as accounts
    from description_shingles
    where shingles >= $fewest
),
candidates as (
    select distinct one.node as node, other.node as node_y
    from shared as one
    inner join shared as other
        on
            one.shingle = other.shingle
            and other.place between one.place + 1 and one.place + $next
    where one.accounts <= $common
)
select
    candidates.node,
    candidates.node_y
from candidates
inner join description_shingles as one on candidates.node = one.node
inner join description_shingles as other
    on candidates.node_y = other.node and one.shingle = other.shingle
group by candidates.node, candidates.node_y, one.shingles, other.shingles
having count(*) >= $least * (one.shingles + other.shingles - count(*))
order by candidates.node, candidates.node_y
"""


def near_descriptions(
    connection: duckdb.DuckDBPyConnection, explained: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of accounts within families of descriptions.

    Args:
        connection: with `identity_nodes` (node, phrases).
        explained: node and node_y (node below node_y) of pairs that something else
            links: two accounts of one person may share a text.

    Returns:
        node, node_y, members (of their family); sorted.

    Cost: linear in the words of descriptions.
    """
    connection.execute(_SHINGLES, {"fewest": FEWEST_SHINGLES})
    near: pl.DataFrame = connection.sql(
        _NEAR,
        params={
            "fewest": FEWEST_SHINGLES,
            "next": NEXT,
            "common": COMMON,
            "least": LEAST_JACCARD,
        },
    ).pl()
    connection.execute("drop table description_shingles")
    near = near.join(explained, on=["node", "node_y"], how="anti")
    if near.is_empty():
        return near.with_columns(members=pl.lit(0, pl.Int64))
    nodes = pl.concat([near["node"], near["node_y"].rename("node")]).unique().sort()
    place, place_y = (
        np.searchsorted(nodes.to_numpy(), near[name].to_numpy())
        for name in ("node", "node_y")
    )
    size = len(nodes)
    _, family = connected_components(
        coo_matrix((np.ones(len(near)), (place, place_y)), shape=(size, size)),
        directed=False,
    )
    members = np.bincount(family)[family[place]]
    return (
        near.with_columns(members=pl.Series(members, dtype=pl.Int64))
        .filter(pl.col("members") >= FEWEST_MEMBERS)
        .sort("node", "node_y")
    )
