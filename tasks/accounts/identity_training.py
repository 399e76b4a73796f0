"""The linkage model's parameters, estimated from accounts whose operator is known.

m is counted among pairs of one operator (each account with its next two, so that a
vendor's thousands don't drown a person's three), u among strangers: by chance pairs
for the levels that are usual, and for the rare ones exactly, among all candidate
pairs, since a level that blocking looks for has no pair outside of them. A half is
added to every count (Krichevsky-Trofimov), so that nothing is impossible.
"""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.accounts.identity import block_profiles, compare_pairs
from tasks.accounts.identity_model import COMPARISONS, KINDS, IdentityParameters
from tasks.accounts.meetings import AGAIN_STRENGTH, OFTEN_STRENGTH
from tasks.accounts.name_shapes import name_forms

# Levels that have no pairs but candidates; of two names with two slips a few.
_BLOCKED = {
    "registration": {"tight", "clear", "loose"},
    "name": {"variant", "stem", "short", "sound", "similar"},
    "description": {"long", "same"},
    "contact": {"handle", "phone"},
    "avatar": {"same"},
    "link": {"same"},
}
# An operator with more accounts than this is learnt from as a batch.
MOST_OF_A_PERSON = 8
# More partners than this don't count: the prior is not that of the largest batch.
MOST_PARTNERS = 24
# A character counts as known from this many names: fewer could show a person.
FEWEST_AUTHORS = 5
# Tenths of a bit of any other character, and the most that one may tell.
_RARE_CHARACTER = 90
_LEAST = 2e-9
# Friends meet, too, and few tables know who are: of strangers so many are taken to
# meet as the levels' own tests allow.
_LEAST_MEETING = {"often": 10**-OFTEN_STRENGTH, "again": 10**-AGAIN_STRENGTH}

_OF_ONE = """
create or replace temp table identity_pairs as
with
known as (
    select
        nodes.node,
        owners.operator,
        row_number() over (partition by owners.operator order by nodes.node) as place
    from identity_nodes as nodes
    inner join identity_owners as owners using (platform, account_id)
    where owners.operator is not null
)
select one.node as node_l, other.node as node_r, true as of_person,
    true as of_batch, null as burst
from known as one
inner join known as other
    on one.operator = other.operator and other.place - one.place between 1 and 2
"""

# Short names that many share find no candidates, but are no less alike for that.
_SHORT_NAMES = """
select coalesce(sum(accounts * (accounts - 1) // 2), 0)::bigint
from (
    select count(*) as accounts
    from identity_nodes
    where stem is not null and bits >= 130 and bits < 240
    group by stem
)
"""

_BY_CHANCE = """
create or replace temp table identity_pairs as
select distinct least(one, other) as node_l, greatest(one, other) as node_r,
    true as of_person, true as of_batch, null as burst
from (
    select
        nodes.node as one,
        (nodes.node + 1 + (nodes.node * 7919 + steps.step * 104729) % ($rows - 1))
            % $rows as other
    from identity_nodes as nodes
    cross join (select unnest(generate_series(1, $each)) as step) as steps
)
where one <> other
"""


def estimate_parameters(
    connection: duckdb.DuckDBPyConnection,
    profiles: str,
    owners: pl.DataFrame,
    *,
    source: str,
    acts: str | None = None,
    pairs_by_chance: int = 1_000_000,
) -> IdentityParameters:
    """Estimate m, u, the prior and the characters' weights.

    Args:
        connection: temporary tables named identity_* are made in it.
        profiles: as in `link_profiles`.
        owners: platform, account_id, operator (null: known to be nobody's second
            account), is_judged (false: nothing is known of the account's pairs
            with others that are not judged).
        source: where the profiles come from, for the model card.
        acts: as in `link_profiles`; without, behaviour is left without a weight.
        pairs_by_chance: how many pairs of strangers to draw.

    Raises:
        ValueError: no two accounts have one operator.
    """
    blank = _blank(*_terms(connection, profiles))
    block_profiles(connection, profiles, blank, acts=acts)
    nodes = _with_owners(connection, owners)
    rows = nodes.height
    compare_pairs(connection)
    candidates = _strangers(_levels(connection), nodes)
    ((short_names,),) = connection.execute(_SHORT_NAMES).fetchall()
    connection.execute(_OF_ONE)
    compare_pairs(connection, known_bursts=False)
    one_hand = _levels(connection)
    if one_hand.is_empty():
        raise ValueError("no two accounts have one operator: nothing to learn from")
    each = max(1, min(pairs_by_chance // rows, rows // 2))
    connection.execute(_BY_CHANCE, {"rows": rows, "each": each})
    compare_pairs(connection, known_bursts=False)
    by_chance = _strangers(_levels(connection), nodes)
    weights: dict[str, dict[str, dict[str, tuple[float, float]]]] = {}
    partners: dict[str, float] = {}
    for kind, own in _owned(nodes).items():
        matched = one_hand.filter(pl.col("node_l").is_in(own["node"].implode()))
        weights[kind] = _weights(
            matched, by_chance, candidates, rows, {"short": int(short_names)}
        )
        others = (own.get_column("size") - 1).clip(0, MOST_PARTNERS)
        partners[kind] = round(max(float(others.sum()), 0.5) / rows, 6)
    return IdentityParameters(
        partners=partners,
        weights=weights,
        characters=blank.characters,
        other_character=blank.other_character,
        words=blank.words,
        source=source,
    )


def _levels(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What `compare_pairs` found."""
    found: pl.DataFrame = connection.table("identity_levels").pl()
    return found


def _with_owners(
    connection: duckdb.DuckDBPyConnection, owners: pl.DataFrame
) -> pl.DataFrame:
    """The profiles that were blocked: node, operator, is_judged; sorted by node."""
    connection.register("owners_frame", owners)
    connection.execute(
        "create or replace temp table identity_owners as from owners_frame"
    )
    connection.unregister("owners_frame")
    nodes: pl.DataFrame = connection.sql(
        "select node, operator, is_judged from identity_nodes "
        "left join identity_owners using (platform, account_id)"
    ).pl()
    return nodes.sort("node")


def _owned(nodes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Accounts with a known operator by kind of it, with `size`: how many it has."""
    sizes = nodes.filter(pl.col("operator").is_not_null()).with_columns(
        size=pl.len().over("operator")
    )
    of_kind = {
        "person": pl.col("size") <= MOST_OF_A_PERSON,
        "batch": pl.col("size") > MOST_OF_A_PERSON,
    }
    return {kind: sizes.filter(of_kind[kind]) for kind in KINDS}


def _weights(
    matched: pl.DataFrame,
    by_chance: pl.DataFrame,
    candidates: pl.DataFrame,
    rows: int,
    counted: dict[str, int],
) -> dict[str, dict[str, tuple[float, float]]]:
    """What m and u of each level are; of some levels the pairs are counted before."""
    every = rows * (rows - 1) / 2
    weights: dict[str, dict[str, tuple[float, float]]] = {}
    for one in COMPARISONS:
        same, chance, found = (
            _counts(frame, one.name) for frame in (matched, by_chance, candidates)
        )
        known_m = sum(count for step, count in same.items() if step >= 0)
        known_u = sum(count for step, count in chance.items() if step >= 0)
        compared = every * max(known_u, 1) / max(by_chance.height, 1)
        levels: dict[str, tuple[float, float]] = {}
        for level in one.levels:
            step = one.step_of(level.code)
            m = (same.get(step, 0) + 0.5) / (known_m + len(one.levels) / 2)
            if level.code in _BLOCKED.get(one.name, set()):
                pairs = counted.get(level.code, found.get(step, 0))
                u = (pairs + 0.5) / (compared + 1)
            else:
                u = (chance.get(step, 0) + 0.5) / (known_u + len(one.levels) / 2)
            least = _LEAST_MEETING.get(level.code, _LEAST)
            levels[level.code] = (float(f"{m:.6g}"), float(f"{max(u, least):.6g}"))
        weights[one.name] = levels
    return weights


def _counts(scored: pl.DataFrame, name: str) -> dict[int, int]:
    return dict(scored.get_column(name).value_counts().iter_rows())


def _strangers(scored: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Pairs that are known to have no common operator."""
    left = nodes.select(
        pl.col("node").alias("node_l"),
        pl.col("operator").alias("one"),
        pl.col("is_judged").fill_null(value=False).alias("one_judged"),
    )
    right = nodes.select(
        pl.col("node").alias("node_r"),
        pl.col("operator").alias("other"),
        pl.col("is_judged").fill_null(value=False).alias("other_judged"),
    )
    return (
        scored.join(left, on="node_l", how="left")
        .join(right, on="node_r", how="left")
        .filter(
            (pl.col("one_judged") | pl.col("other_judged"))
            & (
                pl.col("one").is_null()
                | pl.col("other").is_null()
                | (pl.col("one") != pl.col("other"))
            )
        )
    )


def _terms(
    connection: duckdb.DuckDBPyConnection, profiles: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Tenths of a bit of the characters and the words that enough names have."""
    relation = connection.table(profiles)
    names = relation.select("screen_name, screen_name as display_name").pl()
    folded = name_forms(names).select(
        words=pl.col("folded").str.extract_all(r"\p{L}+").list.unique(),
        characters=pl.col("folded").str.extract_all(r"\p{L}").list.unique(),
    )
    return (
        _rarity(folded.get_column("characters"), names.height, 20, _RARE_CHARACTER),
        _rarity(
            folded.get_column("words").list.eval(
                pl.element().filter(pl.element().str.len_chars() > 1)
            ),
            names.height,
            20,
            10_000,
        ),
    )


def _rarity(lists: pl.Series, names: int, least: int, most: int) -> dict[str, int]:
    counted = (
        lists.rename("term")
        .to_frame()
        .explode("term")
        .drop_nulls()
        .group_by("term")
        .len()
        .filter(pl.col("len") >= FEWEST_AUTHORS)
    )
    return dict(
        counted.select(
            "term",
            (-10 * (pl.col("len") / names).log(2))
            .round()
            .cast(pl.Int32)
            .clip(least, most),
        )
        .sort("term")
        .iter_rows()
    )


def _blank(characters: dict[str, int], words: dict[str, int]) -> IdentityParameters:
    """Parameters that tell the levels apart and weigh nothing."""
    return IdentityParameters(
        partners=dict.fromkeys(KINDS, 0.01),
        weights={
            kind: {
                one.name: {level.code: (0.5, 0.5) for level in one.levels}
                for one in COMPARISONS
            }
            for kind in KINDS
        },
        characters=characters,
        other_character=_RARE_CHARACTER,
        words=words,
        source="",
    )
