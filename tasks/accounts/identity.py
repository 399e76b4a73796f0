"""Pairs of accounts that one operator likely made, by profile and behaviour.

Candidates are accounts that share a sign (a variant of a name, a contact, a
picture, a description, a link, a registration burst). Splink weighs by the shipped
parameters what the profiles of each pair have in common and whether the two meet in
threads more often than chance explains (`meetings`): one probability a pair, with what
each signal says for it. A sign that too many share finds no candidates, and a large
burst is cut into overlapping stretches, so that pairs grow with accounts and never
with their square; what was skipped or cut is reported.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from splink import DuckDBAPI, Linker

from tasks.accounts.bursts import find_bursts
from tasks.accounts.identity_model import (
    COMPARISONS,
    KINDS,
    MAX_SHARING,
    IdentityParameters,
)
from tasks.accounts.meetings import find_meetings, note_entries
from tasks.accounts.near_descriptions import near_descriptions
from tasks.accounts.profile_signs import profile_signs

# Profiles whose signs are read at once.
PORTION = 500_000
# A burst with more members than this is cut into stretches of as many, each in the
# order of registration and overlapping the next by half.
MAX_STRETCH = 6
THRESHOLD = 0.9
# A name behind more accounts than this is a fashion and finds no candidates by itself:
# on real threads of m.weibo.cn, which tell no places, eleven accounts had one.
NAME_SHARING = 5

# Of strangers with one stem so many also have the rest of their names alike; a
# judgement, looked at on planted worlds.
STEM_TO_NAME = 0.06

# Of accounts in families of descriptions so many are of one maker, a judgement: of two
# labelled Twitter sets' 2,623 people one stands in a family, of 2,388 others nine.
NEAR_PROBABILITY = 0.95

_GRADES = ("tight", "clear", "loose")

# How many accounts share a value tells a name tag from a hotline.
_COUNTED = ("words", "phone", "handle", "avatar", "link")

_COMPARED = f"""
create or replace temp table identity_compared as
with
paired as (
    select join_key_l as node from identity_pairs
    union
    select join_key_r from identity_pairs
),
lists as (
    select
        node,
        {
    ", ".join(
        f"coalesce(list(burst order by burst) filter (where grade = '{grade}'), [])"
        f" as {grade}"
        for grade in _GRADES
    )
}
    from identity_burst_members
    group by node
),
{
    ", ".join(
        f"{sign}_shares as (select {sign}, count(*) as accounts from identity_nodes"
        f" where {sign} is not null group by {sign} having count(*) > 1)"
        for sign in _COUNTED
    )
}
select
    nodes.*,
    {", ".join(f"coalesce(lists.{grade}, []) as {grade}" for grade in _GRADES)},
    company.often,
    company.again,
    {
    ", ".join(
        f"coalesce({sign}_shares.accounts, 1) as {sign}_shared" for sign in _COUNTED
    )
}
from identity_nodes as nodes
semi join paired on nodes.node = paired.node
left join lists on nodes.node = lists.node
left join identity_company as company on nodes.node = company.node
{
    " ".join(
        f"left join {sign}_shares on nodes.{sign} = {sign}_shares.{sign}"
        for sign in _COUNTED
    )
}
"""

_NO_ACTS = """
create or replace temp table identity_acts (
    platform varchar, account_id varchar, thread varchar, author varchar, second bigint
)
"""

# What takes memory and is done with when pairs are scored.
_LARGE = (
    "identity_blocks",
    "identity_pairs",
    "identity_compared",
    "identity_burst_members",
    "identity_entries",
    "identity_visits",
)

# Half of a stem is intact when one letter differs (pigeonhole; Li et al., PASS-JOIN,
# VLDB 2011).
_SIGNS = {
    "handle": "handle",
    "phone": "phone",
    "avatar": "avatar",
    "link": "link",
    "description": "words",
    "name": "case when bits >= 240 then stem end",
    "short_name": "case when bits >= 130 and bits < 240 then stem end",
    "sound": "case when bits >= 240 then sound end",
    "description_begins": "case when length(words) >= 14 then words[:12] end",
    "name_begins": "case when bits >= 300 then stem[:length(stem) // 2] end",
    "name_ends": "case when bits >= 300 then stem[length(stem) // 2 + 1:] end",
}

_NO_BLOCKS = """
create or replace temp table identity_blocks (
    rule integer, name varchar, key varchar, node uinteger, members bigint,
    is_skipped boolean
)
"""


def _blocks_of(rule: int, sign: str) -> str:
    """The accounts that share a value of one sign.

    One at a time, so that DuckDB groups one sign of all accounts, and not eleven.
    """
    return f"""
insert into identity_blocks
with
valued as (
    select node, {_SIGNS[sign]} as value from identity_nodes
),
shared as (
    select value, count(*) as members
    from valued
    where value is not null
    group by value
    having count(*) > 1
)
select
    {rule}, '{sign}', shared.value, valued.node, shared.members,
    shared.members > $sharing
from valued
inner join shared on valued.value = shared.value
"""


_BLOCKS_OF_BURSTS = f"""
insert into identity_blocks
with
ranked as (
    select
        burst,
        node,
        row_number() over (partition by burst order by second, node) - 1 as place,
        count(*) over (partition by burst) as members
    from identity_burst_members
),
stretches as (
    select burst, node, members, 2 * (place // $stretch) as stretch
    from ranked
    union all
    select burst, node, members, 2 * ((place + $stretch // 2) // $stretch) + 1
    from ranked
    where members > $stretch
)
select
    {len(_SIGNS)}, 'burst', burst || '/' || stretch, node, members, false
from stretches
"""

_PAIRS = """
create or replace temp table identity_pairs as
select
    cast(min(one.rule) as varchar) as match_key,
    one.node as join_key_l,
    other.node as join_key_r,
    min(one.rule) < $burst as of_person,
    max(one.rule) = $burst as of_batch
from identity_blocks as one
inner join identity_blocks as other
    on one.rule = other.rule and one.key = other.key and one.node < other.node
where not one.is_skipped and not other.is_skipped
group by one.node, other.node
"""

_REPORT = """
with
keys as (
    select rule, name, key, is_skipped, count(*) as members
    from identity_blocks
    group by all
)
select
    name as rule,
    cast(count(*) as bigint) as keys,
    cast(sum(case when is_skipped then 0 else members * (members - 1) // 2 end)
        as bigint) as pairs,
    cast(max(case when is_skipped then 0 else members end) as bigint)
        as largest_key,
    cast(count(*) filter (where is_skipped) as bigint) as skipped_keys,
    cast(coalesce(sum(members) filter (where is_skipped), 0) as bigint)
        as skipped_accounts
from keys
group by rule, name
order by keys.rule
"""

_STEMS = """
with
free as (
    select nodes.stem, nodes.place
    from identity_nodes as nodes
    anti join identity_burst_members as members on nodes.node = members.node
    where nodes.stem is not null and nodes.place is not null and nodes.bits >= 300
),
places as (
    select stem, place, count(*) as accounts
    from free
    group by stem, place
),
stems as (
    select
        sum(accounts) as accounts,
        sum(accounts * (accounts - 1) // 2) as together
    from places
    group by stem
)
select
    coalesce(sum(accounts * (accounts - 1) // 2), 0),
    coalesce(sum(together), 0),
    (select count(*) from identity_nodes where place is not null)
from stems
"""

PAIR_COLUMNS = ("platform", "account_id", "platform_y", "account_id_y")


@dataclass(frozen=True)
class Links:
    """What `link_profiles` found.

    Attributes:
        pairs: platform, account_id, platform_y, account_id_y (the first account
            before the second by platform and id), probability, match_weight (bits,
            prior included), kind (person or batch), for each comparison its level
            (`name`, `contact`, ...; null where unknown) and bits (`name_weight`, ...),
            evidence (a sentence).
            Sorted by the two accounts.
        blocking: rule, keys, pairs (before pairs of two rules are counted once),
            largest_key, skipped_keys, skipped_accounts.
    """

    pairs: pl.DataFrame
    blocking: pl.DataFrame


# Of the profiles these columns are compared; any may be missing.
COMPARED = (
    "platform",
    "account_id",
    "screen_name",
    "display_name",
    "description",
    "avatar_url",
    "location",
    "registered_at",
    "followers_count",
    "following_count",
    "posts_count",
)


def link_profiles(
    connection: duckdb.DuckDBPyConnection,
    profiles: str,
    parameters: IdentityParameters,
    *,
    acts: str | None = None,
    threshold: float = THRESHOLD,
) -> Links:
    """Pairs of accounts that one operator likely made.

    Args:
        connection: tables of Splink's are left in it: give it one of its own.
        profiles: a table or view with one row an account, in the columns of
            `intermediate.account_profiles`; of those compared (see
            `profile_signs`) any may be missing or null.
        parameters: shipped ones, or those of `estimate_parameters`.
        acts: a table or view of who acted in which thread (`meetings.note_entries`);
            without one, behaviour is unknown.
        threshold: the least probability of a pair that is returned.

    Cost: sorting the acts; linear in accounts, and in candidate pairs, of which there
    are at most 9.5 an account for each sign and 18 for each burst it is in, each with
    the threads of its accounts.
    """
    block_profiles(connection, profiles, parameters, acts=acts)
    scored = _likelier(
        {kind: score_pairs(connection, parameters, kind, threshold) for kind in KINDS}
    )
    nodes = connection.table("identity_nodes").select("node, platform, account_id").pl()
    blocking = blocking_report(connection)
    for table in _LARGE:
        connection.execute(f"drop table {table}")
    near = near_descriptions(connection, scored.select(node="node_l", node_y="node_r"))
    pairs = pl.concat(
        [_described(scored, nodes), _as_links(near, nodes)], how="diagonal"
    ).sort(PAIR_COLUMNS)
    return Links(pairs=pairs, blocking=blocking)


def block_profiles(
    connection: duckdb.DuckDBPyConnection,
    profiles: str,
    parameters: IdentityParameters,
    *,
    acts: str | None = None,
) -> None:
    """Make the tables identity_compared, identity_blocks and identity_pairs.

    Cost: linear in accounts and pairs. Profiles pass through memory in portions;
    what DuckDB holds of them it spills to disk past its limit, one sign and one view
    of the bursts at a time.
    """
    _note_signs(connection, profiles, parameters)
    find_bursts(connection)
    connection.execute(_NO_BLOCKS)
    for rule, sign in enumerate(_SIGNS):
        is_name = sign in ("name", "short_name", "sound")
        connection.execute(
            _blocks_of(rule, sign),
            {"sharing": NAME_SHARING if is_name else MAX_SHARING},
        )
    connection.execute(_BLOCKS_OF_BURSTS, {"stretch": MAX_STRETCH})
    connection.execute(_PAIRS, {"burst": len(_SIGNS)})
    if acts is None:
        connection.execute(_NO_ACTS)
    else:
        connection.execute(f"create or replace temp view identity_acts as from {acts}")
    note_entries(connection)
    compare_behaviour(connection)


def blocking_report(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What each rule found, after `block_profiles`; see `Links.blocking`."""
    report: pl.DataFrame = connection.sql(_REPORT).pl()
    return report


def _note_signs(
    connection: duckdb.DuckDBPyConnection, profiles: str, parameters: IdentityParameters
) -> None:
    """Make identity_nodes: the signs of each profile, numbered by platform and id."""
    columns = connection.table(profiles).columns
    wanted = [name for name in COMPARED if name in columns]
    connection.execute(
        "create or replace temp table identity_profiles as "
        f"select {', '.join(wanted)}, "
        "row_number() over (order by platform, account_id) - 1 as place_in_order "
        f"from {profiles}"
    )
    connection.execute("drop table if exists identity_nodes")
    ((rows,),) = connection.execute("select count(*) from identity_profiles").fetchall()
    for start in range(0, max(int(rows), 1), PORTION):
        part = connection.sql(
            "select * from identity_profiles "
            "where place_in_order >= $start and place_in_order < $end",
            params={"start": start, "end": start + PORTION},
        ).pl()
        signs = profile_signs(part).with_columns(pl.col("node") + start)
        signs = signs.with_columns(
            bits=name_bits(signs.get_column("folded"), parameters)
        )
        connection.register("identity_signs", signs)
        connection.execute(
            "create temp table if not exists identity_nodes as "
            "from identity_signs limit 0"
        )
        connection.execute("insert into identity_nodes from identity_signs")
        connection.unregister("identity_signs")
    connection.execute("drop table identity_profiles")


def compare_behaviour(connection: duckdb.DuckDBPyConnection) -> None:
    """Make identity_compared: what is compared of the accounts in identity_pairs."""
    find_meetings(connection)
    connection.execute(_COMPARED)


def name_bits(folded: pl.Series, parameters: IdentityParameters) -> pl.Series:
    """How much each name tells, in tenths of a bit: whole numbers; null names 0.

    The sum over its words: of a word that many use what that word tells, of any
    other what its characters tell, a repeated one once, so that a name of two usual
    first names, or "hahahaha", stays short of a rare one.
    """
    characters, words = parameters.characters, parameters.words
    parts = (
        pl.DataFrame({"row": pl.int_range(len(folded), eager=True), "word": folded})
        .with_columns(pl.col("word").str.extract_all(r"\p{L}+"))
        .explode("word")
        .filter(pl.col("word").is_not_null())
    )
    spelled = (
        parts.select(pl.col("word").unique())
        .with_columns(character=pl.col("word").str.split("").list.unique())
        .explode("character")
        .filter(pl.col("character") != "")
        .with_columns(
            pl.col("character").replace_strict(
                list(characters),
                list(characters.values()),
                default=parameters.other_character,
                return_dtype=pl.Int32,
            )
        )
        .group_by("word")
        .agg(bits=pl.col("character").sum())
    )
    known = pl.DataFrame(
        {"word": list(words), "known": list(words.values())},
        schema={"word": pl.String, "known": pl.Int32},
    )
    told = spelled.join(known, on="word", how="left").select(
        "word", bits=pl.min_horizontal("bits", "known")
    )
    sums = parts.join(told, on="word").group_by("row").agg(pl.col("bits").sum())
    return (
        pl.DataFrame({"row": pl.int_range(len(folded), eager=True)})
        .join(sums, on="row", how="left", maintain_order="left")
        .get_column("bits")
        .fill_null(0)
    )


def score_pairs(
    connection: duckdb.DuckDBPyConnection,
    parameters: IdentityParameters,
    kind: str,
    threshold: float,
) -> pl.DataFrame:
    """Splink's scores of `identity_pairs` for a kind, those of at least the threshold.

    Args:
        connection: after `block_profiles`.
        parameters: of both kinds.
        kind: person or batch, of the candidates for it; any: of all, as persons'.
        threshold: least probability.

    Returns:
        node_l, node_r, match_weight, match_probability, and for each comparison
        gamma_ (the level, counted from the last; -1 unknown) and mw_ (bits).
    """
    # Of a person's accounts a sign is shared, of a batch's a burst.
    connection.execute(
        "create or replace temp table identity_candidates as "
        "select match_key, join_key_l, join_key_r from identity_pairs "
        "where case $kind when 'person' then of_person when 'batch' then of_batch "
        "else true end",
        {"kind": kind},
    )
    (counts,) = connection.execute(
        "select (select count(*) from identity_nodes),"
        " (select count(*) from identity_candidates)"
    ).fetchall()
    accounts, pairs = int(counts[0]), int(counts[1])
    if not pairs:
        return _no_scores()
    interface = DuckDBAPI(connection)
    linker = Linker(
        interface.register("identity_compared"),
        parameters.settings(
            "batch" if kind == "batch" else "person",
            accounts,
            name_coincidence(connection, parameters),
        ),
        log_level=logging.ERROR,
        # A third of a small run's time, for settings that are the same each time.
        validate_settings=False,
    )
    linker.table_management.register_blocked_pairs_for_predict(
        interface.register("identity_candidates")
    )
    predicted = linker.inference.predict(
        threshold_match_probability=threshold or None, warning_mode="never"
    )
    empty = _no_scores()
    scores: pl.DataFrame = (
        predicted.as_duckdbpyrelation().select(", ".join(empty.columns)).pl()
    )
    predicted.drop_table_from_database_and_remove_from_cache()
    return scores.cast(empty.schema)


def name_coincidence(
    connection: duckdb.DuckDBPyConnection, parameters: IdentityParameters
) -> float:
    """The share of pairs of strangers whose names have one stem, in this table.

    Names come in fashions: where thousands call themselves "quiet deer", with a number
    behind, a name alone tells little. Of the pairs of one long stem outside of bursts,
    those of one person are told from strangers by their places: the former share theirs
    as often as the weights say of a person, the latter as often as chance.
    """
    ((alike, together, placed),) = connection.execute(_STEMS).fetchall()
    if not placed or placed < 2:
        return 0.0
    m, u = parameters.weights["person"]["place"]["same"]
    if m <= u:
        m = 1.0
    # alike = people + strangers; together = m * people + u * strangers.
    strangers = (m * alike - together) / (m - u)
    rate: float = max(float(strangers), 0.0) / (placed * (placed - 1) / 2)
    return rate * STEM_TO_NAME


def _likelier(scored: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Each pair by the kind that its signs speak for most.

    A batch is known by its burst: without one no pair is called so.
    """
    steps = [level.code for level in COMPARISONS[0].levels]
    least = len(steps) - 1 - steps.index("loose")
    return (
        pl.concat(
            frame.with_columns(kind=pl.lit(kind)) for kind, frame in scored.items()
        )
        .filter((pl.col("kind") != "batch") | (pl.col("gamma_registration") >= least))
        .with_columns(weight=pl.col("match_weight").round(6))
        .sort(
            "node_l", "node_r", "weight", "kind", descending=[False, False, True, True]
        )
        .unique(["node_l", "node_r"], keep="first", maintain_order=True)
    )


def _no_scores() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "node_l": pl.UInt32,
            "node_r": pl.UInt32,
            "match_weight": pl.Float64,
            "match_probability": pl.Float64,
            **{f"gamma_{one.name}": pl.Int32 for one in COMPARISONS},
            **{f"mw_{one.name}": pl.Float64 for one in COMPARISONS},
        }
    )


def _as_links(near: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Families of descriptions as links of batches."""
    left = nodes.select(node="node", platform="platform", account_id="account_id")
    right = nodes.select(
        node_y="node", platform_y="platform", account_id_y="account_id"
    )
    return (
        near.join(left, on="node")
        .join(right, on="node_y")
        .select(
            *PAIR_COLUMNS,
            probability=pl.lit(NEAR_PROBABILITY),
            match_weight=pl.lit(
                round(float(np.log2(NEAR_PROBABILITY / (1 - NEAR_PROBABILITY))), 2)
            ),
            kind=pl.lit("batch"),
            evidence=pl.format(
                "The two accounts describe themselves in variations of one long text,"
                " as {} accounts here do.",
                "members",
            ),
        )
    )


def _described(scored: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Pairs with their accounts, the levels' codes and a sentence."""
    gammas = [f"gamma_{one.name}" for one in COMPARISONS]
    weights = [f"mw_{one.name}" for one in COMPARISONS]
    # Few outcomes differ: each is put in words once.
    outcomes = scored.select(*gammas, *weights).unique().sort(*gammas, *weights)
    levels = []
    sentences = []
    for one in COMPARISONS:
        gamma = pl.col(f"gamma_{one.name}")
        last = len(one.levels) - 1
        codes = {last - step: level.code for step, level in enumerate(one.levels)}
        words = {
            last - step: level.says
            for step, level in enumerate(one.levels)
            if level.says
        }
        levels.append(
            gamma.replace_strict(codes, default=None, return_dtype=pl.String).alias(
                one.name
            )
        )
        levels.append(pl.col(f"mw_{one.name}").round(2).alias(f"{one.name}_weight"))
        sentences.append(
            pl.when(pl.col(f"mw_{one.name}") > 0).then(
                gamma.replace_strict(words, default=None, return_dtype=pl.String)
            )
        )
    said = pl.concat_list(sentences).list.drop_nulls().list.join("; ")
    told = outcomes.select(
        *gammas,
        *weights,
        *levels,
        evidence=pl.when(said != "").then(pl.format("The two accounts {}.", said)),
    )
    left = nodes.rename({"node": "node_l"})
    right = nodes.rename(
        {"node": "node_r", "platform": "platform_y", "account_id": "account_id_y"}
    )
    return (
        scored.join(told, on=[*gammas, *weights], how="left", nulls_equal=True)
        .drop(*gammas, *weights)
        .join(left, on="node_l", how="left")
        .join(right, on="node_r", how="left")
        .sort("node_l", "node_r")
        .select(
            *PAIR_COLUMNS,
            pl.col("match_probability").round(6).alias("probability"),
            pl.col("match_weight").round(2),
            "kind",
            *(name for one in COMPARISONS for name in (one.name, f"{one.name}_weight")),
            "evidence",
        )
    )
