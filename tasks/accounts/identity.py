"""Pairs of accounts that one operator likely made, by profile and behaviour.

Candidates are accounts that share a sign (a variant of a name, a contact, a
picture, a description, a link, a registration burst). The shipped parameters weigh
what the profiles of each pair have in common and whether the two meet in threads more
often than chance explains (`meetings`): one probability a pair, with what each signal
says for it. Pairs are many and their outcomes few: each outcome is weighed once. A
sign that too many share finds no candidates, and a large burst is cut into overlapping
stretches, so that pairs grow with accounts and never with their square; what was
skipped or cut is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from tasks.accounts.bursts import find_bursts
from tasks.accounts.identity_model import (
    COMPARISONS,
    JOINED,
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

# How many accounts share a value tells a name tag from a hotline.
_COUNTED = ("words", "phone", "handle", "avatar", "link")

_COMPARED = f"""
create or replace temp table identity_compared as
with
paired as (
    select node_l as node from identity_pairs
    union
    select node_r from identity_pairs
),
{
    ", ".join(
        f"{sign}_shares as (select {sign}, count(*) as accounts from identity_nodes"
        f" where {sign} is not null group by {sign} having count(*) > 1)"
        for sign in _COUNTED
    )
}
select
    nodes.node,
    nodes.second,
    nodes.folded,
    nodes.stem,
    nodes.sound,
    nodes.number,
    nodes.template,
    nodes.bits,
    nodes.place,
    {", ".join(f"nodes.{sign}" for sign in _COUNTED)},
    company.node is not null as has_company,
    {
    ", ".join(
        f"coalesce({sign}_shares.accounts, 1) as {sign}_shared" for sign in _COUNTED
    )
}
from identity_nodes as nodes
semi join paired on nodes.node = paired.node
left join identity_company as company on nodes.node = company.node
{
    " ".join(
        f"left join {sign}_shares on nodes.{sign} = {sign}_shares.{sign}"
        for sign in _COUNTED
    )
}
"""

# The strongest burst that both accounts stand in, be it in other stretches of it than
# those that made them a pair.
_COMMON_BURSTS = """
create or replace temp table identity_common_bursts as
with
large as (
    select members.*
    from identity_burst_members as members
    semi join (
        select burst
        from identity_burst_members
        group by burst
        having count(*) > $stretch
    ) as bursts
        on members.burst = bursts.burst
)
select pairs.node_l, pairs.node_r, min(one.grade) as burst
from identity_pairs as pairs
inner join large as one
    on pairs.node_l = one.node and one.grade < coalesce(pairs.burst, 255)
inner join large as other on pairs.node_r = other.node and one.burst = other.burst
group by pairs.node_l, pairs.node_r
"""

_LEVELS = f"""
create or replace temp table identity_levels as
with
joined as (
    select
        pairs.node_l,
        pairs.node_r,
        pairs.of_person,
        pairs.of_batch,
        coalesce(common_bursts.burst, pairs.burst) as burst,
        meetings.grade as met,
        {
    ", ".join(f"one.{name} as {name}_l, other.{name} as {name}_r" for name in JOINED)
}
    from identity_pairs as pairs
    inner join identity_compared as one on pairs.node_l = one.node
    inner join identity_compared as other on pairs.node_r = other.node
    left join identity_common_bursts as common_bursts
        on
            pairs.node_l = common_bursts.node_l
            and pairs.node_r = common_bursts.node_r
    left join identity_meetings as meetings
        on pairs.node_l = meetings.node_l and pairs.node_r = meetings.node_r
)
select
    node_l,
    node_r,
    of_person,
    of_batch,
    {", ".join(f"{one.step()} as {one.name}" for one in COMPARISONS)}
from joined
"""

_NO_ACTS = """
create or replace temp table identity_acts (
    platform varchar, account_id varchar, thread varchar, author varchar, second bigint
)
"""

# What takes memory and is done with when pairs are scored.
_LARGE = (
    "identity_blocks",
    "identity_stretches",
    "identity_pairs",
    "identity_compared",
    "identity_common_bursts",
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

# Numbers in the order of accounts: of a pair the first is the lower one.
_NODES = """
create or replace temp table identity_nodes as
select
    cast(row_number() over (order by platform, account_id) - 1 as uinteger) as node,
    *
from {signs}
"""

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


_STRETCHES = """
create or replace temp table identity_stretches as
with
ranked as (
    select
        burst,
        node,
        grade,
        row_number() over (partition by burst order by second, node) - 1 as place,
        count(*) over (partition by burst) as members
    from identity_burst_members
)
select burst, node, grade, 2 * (place // $stretch) as stretch
from ranked
union all
select burst, node, grade, 2 * ((place + $stretch // 2) // $stretch) + 1
from ranked
where members > $stretch
"""

_PAIRS = """
create or replace temp table identity_pairs as
with
found as (
    select one.node as node_l, other.node as node_r, null as burst
    from identity_blocks as one
    inner join identity_blocks as other
        on one.rule = other.rule and one.key = other.key and one.node < other.node
    where not one.is_skipped and not other.is_skipped
    union all
    select one.node, other.node, one.grade
    from identity_stretches as one
    inner join identity_stretches as other
        on
            one.burst = other.burst
            and one.stretch = other.stretch
            and one.node < other.node
)
select
    node_l,
    node_r,
    count(*) > count(burst) as of_person,
    count(burst) > 0 as of_batch,
    min(burst) as burst
from found
group by node_l, node_r
"""

_REPORT = """
with
keys as (
    select rule, name, is_skipped, count(*) as members
    from identity_blocks
    group by rule, name, key, is_skipped
    union all
    select $burst, 'burst', false, count(*)
    from identity_stretches
    group by burst, stretch
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

_STEPS = tuple(one.name for one in COMPARISONS)
_OF = tuple(f"of_{kind}" for kind in KINDS)

_PAIRS_IN_WORDS = f"""
with
links as (
    select
        links.node_l,
        links.node_r,
        outcomes.probability,
        outcomes.match_weight,
        outcomes.kind,
        {
    ", ".join(
        f"outcomes.{name}_level as {name}, outcomes.{name}_weight" for name in _STEPS
    )
},
        outcomes.evidence
    from identity_links as links
    inner join identity_outcomes as outcomes on links.outcome = outcomes.outcome
    union all by name
    from near_links
)
select
    one.platform,
    one.account_id,
    other.platform as platform_y,
    other.account_id as account_id_y,
    links.* exclude (node_l, node_r)
from links
inner join identity_nodes as one on links.node_l = one.node
inner join identity_nodes as other on links.node_r = other.node
order by links.node_l, links.node_r
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
    """Pairs of accounts that one operator likely made, by their profiles.

    Args:
        connection: temporary tables are left in it: give it one of its own.
        profiles: a table or view with one row an account, in the columns of
            `intermediate.account_profiles`; of those compared (see
            `profile_signs`) any may be missing or null.
        parameters: shipped ones, or those of `estimate_parameters`.
        acts: a table or view of who acted in which thread (`meetings.note_entries`);
            without one, behaviour is unknown.
        threshold: the least probability of a pair that is returned.

    Cost: reading the signs of profiles, and that of `link_signs`.
    """
    _note_signs(connection, profiles, parameters)
    return link_signs(
        connection, "identity_signs", parameters, acts=acts, threshold=threshold
    )


def link_signs(
    connection: duckdb.DuckDBPyConnection,
    signs: str,
    parameters: IdentityParameters,
    *,
    acts: str | None = None,
    threshold: float = THRESHOLD,
) -> Links:
    """Pairs of accounts that one operator likely made, by the signs of their profiles.

    Args:
        connection: as for `link_profiles`.
        signs: a table or view with a row an account, as `signs_with_bits` gives it.
        parameters: as for `link_profiles`.
        acts: as for `link_profiles`.
        threshold: as for `link_profiles`.

    Cost: sorting the entries of threads in which pairs meet; linear in accounts and
    acts, and in candidate pairs, of which there are at most 9.5 an account for each
    sign and 18 for each burst it is in, each with the threads of its accounts.
    """
    block_signs(connection, signs, acts=acts)
    compare_pairs(connection)
    _note_links(connection, parameters, threshold)
    blocking = blocking_report(connection)
    for table in _LARGE:
        connection.execute(f"drop table {table}")
    near = near_descriptions(
        connection,
        connection.sql(
            "select node_l as node, node_r as node_y from identity_links"
        ).pl(),
    )
    connection.register("near_links", _as_links(near))
    pairs: pl.DataFrame = connection.sql(_PAIRS_IN_WORDS).pl()
    connection.unregister("near_links")
    return Links(pairs=pairs, blocking=blocking)


def block_profiles(
    connection: duckdb.DuckDBPyConnection,
    profiles: str,
    parameters: IdentityParameters,
    *,
    acts: str | None = None,
) -> None:
    """As `block_signs`, by profiles."""
    _note_signs(connection, profiles, parameters)
    block_signs(connection, "identity_signs", acts=acts)


def block_signs(
    connection: duckdb.DuckDBPyConnection, signs: str, *, acts: str | None = None
) -> None:
    """Make the tables identity_nodes, identity_blocks and identity_pairs.

    Cost: linear in accounts and pairs. What DuckDB holds of them it spills to disk
    past its limit, one sign and some views of the bursts at a time.
    """
    connection.execute(_NODES.format(signs=signs))
    find_bursts(connection)
    connection.execute(_NO_BLOCKS)
    for rule, sign in enumerate(_SIGNS):
        is_name = sign in ("name", "short_name", "sound")
        connection.execute(
            _blocks_of(rule, sign),
            {"sharing": NAME_SHARING if is_name else MAX_SHARING},
        )
    connection.execute(_STRETCHES, {"stretch": MAX_STRETCH})
    connection.execute(_PAIRS)
    if acts is None:
        connection.execute(_NO_ACTS)
    else:
        connection.execute(f"create or replace temp view identity_acts as from {acts}")
    note_entries(connection)


def blocking_report(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What each rule found, after `block_profiles`; see `Links.blocking`."""
    report: pl.DataFrame = connection.sql(_REPORT, params={"burst": len(_SIGNS)}).pl()
    return report


def signs_with_bits(
    profiles: pl.DataFrame, parameters: IdentityParameters
) -> pl.DataFrame:
    """The signs of profiles (`profile_signs`), and bits: how much each name tells.

    A row an account that follows from its own profile alone.
    """
    signs = profile_signs(profiles).drop("node")
    return signs.with_columns(bits=name_bits(signs.get_column("folded"), parameters))


def _note_signs(
    connection: duckdb.DuckDBPyConnection, profiles: str, parameters: IdentityParameters
) -> None:
    """Make identity_signs of profiles, a portion of them in memory at a time."""
    columns = connection.table(profiles).columns
    wanted = [name for name in COMPARED if name in columns]
    connection.execute(
        "create or replace temp table identity_profiles as "
        f"select {', '.join(wanted)}, row_number() over () - 1 as place_in_order "
        f"from {profiles}"
    )
    connection.execute("drop table if exists identity_signs")
    ((rows,),) = connection.execute("select count(*) from identity_profiles").fetchall()
    for start in range(0, max(int(rows), 1), PORTION):
        part = connection.sql(
            "select * from identity_profiles "
            "where place_in_order >= $start and place_in_order < $end",
            params={"start": start, "end": start + PORTION},
        ).pl()
        connection.register("signs_of_a_portion", signs_with_bits(part, parameters))
        connection.execute(
            "create temp table if not exists identity_signs as "
            "from signs_of_a_portion limit 0"
        )
        connection.execute("insert into identity_signs from signs_of_a_portion")
        connection.unregister("signs_of_a_portion")
    connection.execute("drop table identity_profiles")


def compare_pairs(
    connection: duckdb.DuckDBPyConnection, *, known_bursts: bool = True
) -> None:
    """Make identity_levels: of each of identity_pairs its level by comparison.

    Levels are counted from the last, -1 is unknown (`Compared.step`).

    Args:
        connection: after `block_profiles`.
        known_bursts: identity_pairs says what burst the two share, where that is in
            a stretch of one; else all bursts are looked through.

    Cost: linear in pairs, with the bursts of their accounts.
    """
    find_meetings(connection)
    connection.execute(_COMPARED)
    connection.execute(_COMMON_BURSTS, {"stretch": MAX_STRETCH if known_bursts else 0})
    connection.execute(_LEVELS)


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


def _note_links(
    connection: duckdb.DuckDBPyConnection,
    parameters: IdentityParameters,
    threshold: float,
) -> None:
    """Make identity_links: the pairs that are likely enough, with their outcome.

    And identity_outcomes, which few differ: what each comes to, in numbers and words.
    """
    names = ", ".join(_STEPS)
    outcomes: pl.DataFrame = connection.sql(
        f"select distinct of_person, of_batch, {names} from identity_levels"
    ).pl()
    ((accounts,),) = connection.execute(
        "select count(*) from identity_nodes"
    ).fetchall()
    coincidence = name_coincidence(connection, parameters)
    weighed = pl.concat(
        weigh_outcomes(
            outcomes.filter(pl.col(f"of_{kind}")),
            parameters,
            kind,
            int(accounts),
            coincidence,
        )
        for kind in KINDS
    )
    likely = _in_words(_likelier(weighed.filter(pl.col("probability") >= threshold)))
    connection.register("outcomes_in_words", likely)
    connection.execute(
        "create or replace temp table identity_outcomes as from outcomes_in_words"
    )
    connection.unregister("outcomes_in_words")
    same = " and ".join(f"pairs.{name} = outcomes.{name}" for name in (*_OF, *_STEPS))
    connection.execute(
        "create or replace temp table identity_links as"
        " select pairs.node_l, pairs.node_r, outcomes.outcome"
        " from identity_levels as pairs"
        f" inner join identity_outcomes as outcomes on {same}"
    )
    connection.execute("drop table identity_levels")


def weigh_outcomes(
    outcomes: pl.DataFrame,
    parameters: IdentityParameters,
    kind: str,
    accounts: int,
    coincidence: float = 0.0,
) -> pl.DataFrame:
    """What outcomes of comparisons say for one operator (Fellegi and Sunter).

    Args:
        outcomes: by comparison its step (see `Compared.step`).
        parameters: of both kinds.
        kind: of which these are candidates.
        accounts: among which.
        coincidence: see `IdentityParameters.weights_of`.

    Returns:
        The outcomes with each comparison's bits (`name_weight`, ...; 0 where unknown),
        match_weight (their sum and the prior's), probability, kind.
    """
    prior = parameters.prior(kind, accounts)
    told = {
        one.name: {
            one.step_of(level.code): float(np.log2(m / u))
            for level in one.levels
            for m, u in [parameters.weights_of(kind, one, level, coincidence)]
        }
        for one in COMPARISONS
    }
    bits = pl.lit(float(np.log2(prior / (1 - prior))))
    for name in told:
        bits += pl.col(f"{name}_weight")
    return (
        outcomes.with_columns(
            pl.col(name)
            .replace_strict(by_step, default=0.0, return_dtype=pl.Float64)
            .alias(f"{name}_weight")
            for name, by_step in told.items()
        )
        .with_columns(match_weight=bits, kind=pl.lit(kind))
        .with_columns(probability=1 / (1 + 2.0 ** -pl.col("match_weight")))
    )


def _likelier(weighed: pl.DataFrame) -> pl.DataFrame:
    """Each outcome by the kind that its signs speak for most.

    A batch is known by its burst: without one no pair is called so.
    """
    registration = COMPARISONS[0]
    least = registration.step_of("loose")
    return (
        weighed.filter(
            (pl.col("kind") != "batch") | (pl.col(registration.name) >= least)
        )
        .with_columns(weight=pl.col("match_weight").round(6))
        .sort("weight", "kind", descending=True)
        .unique([*_OF, *_STEPS], keep="first", maintain_order=True)
        .with_row_index("outcome")
    )


def _in_words(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Outcomes with the codes of their levels and a sentence."""
    codes, sentences = [], []
    for one in COMPARISONS:
        step = pl.col(one.name)
        known = {one.step_of(level.code): level for level in one.levels}
        codes.append(
            step.replace_strict(
                {number: level.code for number, level in known.items()},
                default=None,
                return_dtype=pl.String,
            ).alias(f"{one.name}_level")
        )
        sentences.append(
            pl.when(pl.col(f"{one.name}_weight") > 0).then(
                step.replace_strict(
                    {
                        number: level.says
                        for number, level in known.items()
                        if level.says
                    },
                    default=None,
                    return_dtype=pl.String,
                )
            )
        )
    said = pl.concat_list(sentences).list.drop_nulls().list.join("; ")
    return outcomes.with_columns(
        *codes,
        pl.col("match_weight", *(f"{name}_weight" for name in _STEPS)).round(2),
        pl.col("probability").round(6),
        evidence=pl.when(said != "").then(pl.format("The two accounts {}.", said)),
    )


def _as_links(near: pl.DataFrame) -> pl.DataFrame:
    """Families of descriptions as links of batches: node_l, node_r and what links."""
    return near.select(
        node_l="node",
        node_r="node_y",
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
