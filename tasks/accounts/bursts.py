"""Registration bursts: accounts of one make that came in one hour, day or week.

A vendor's accounts are made by one programme in one go, so that many whose names are of
one template or begin alike, or whose counters are of one size, are registered together.
How many would have been by chance is told from the platform's own pace at the time: the
upper quartile of the weeks around (a burst of some weeks does not move it), times the
share of the make among the accounts of that quarter. A cell is a burst when the
Chernoff bound on the Poisson chance of that many, times the number of cells looked
at (Bonferroni), stays below a thousandth, and nine in ten of it are surplus.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, fields

import duckdb
import polars as pl

HOUR, DAY, WEEK = 3_600, 86_400, 604_800

# Accounts, counted once a view, that are looked at together.
ROWS_AT_ONCE = 4_000_000
FEWEST = 4
LEAST_SURPLUS = 0.9
# log10 of one over the chance, after the correction for looking often.
LEAST_STRENGTH = 3.0
FAIR_STRENGTH = 5.0
CLEAR_STRENGTH = 8.0


@dataclass(frozen=True)
class View:
    """What makes two accounts alike, and within how long.

    Attributes:
        name: of the view.
        seconds: length of the window.
        shift: of where windows begin, in seconds.
        make: what accounts have in common.
        is_joint: both names and counters agree.
    """

    name: str
    seconds: int
    shift: int
    make: str
    is_joint: bool


# How surely a burst is one, the surest first.
GRADES = {"tight": 1, "clear": 2, "loose": 3}

# What each make is of.
_PARTS = {
    "template": ("template",),
    # A programme that sets words or a running number behind one beginning.
    "begin": ("template", "folded[:5]"),
    "both_a": ("template", "counters_a"),
    "both_b": ("template", "counters_b"),
    "shape": ("shape",),
    "words": ("words",),
    "counters_a": ("counters_a",),
    "counters_b": ("counters_b",),
}
_COUNTERS = ("both_a", "both_b", "counters_a", "counters_b")
_ANY = ("begin", "words", *_COUNTERS)
# Days and weeks are looked at from two beginnings: a batch that one cuts stands whole
# in the other.
VIEWS = tuple(
    View(f"{word}_{make}", seconds, shift, make, make.startswith("both"))
    for word, seconds, shift, makes in (
        ("minutes", 600, 0, ("shape",)),
        ("hour", HOUR, 0, ("template", "begin", "shape", *_COUNTERS)),
        ("day", DAY, 0, _ANY),
        ("day_from_noon", DAY, DAY // 2, _ANY),
        ("week", WEEK, 0, _ANY),
        ("week_from_its_middle", WEEK, WEEK // 2, _ANY),
    )
    for make in makes
)

_USUAL = """
create or replace temp table identity_usual as
with
weeks as (
    select platform, second // 604800 as week, count(*) as accounts
    from identity_nodes
    where second is not null
    group by all
),
span as (
    select platform, unnest(generate_series(min(week), max(week))) as week
    from weeks
    group by platform
),
around as (
    select span.platform, span.week, span.week + step.offset_weeks as other
    from span
    cross join (
        select unnest(generate_series(-12, 12)) as offset_weeks
    ) as step
    where step.offset_weeks <> 0
)
select
    around.platform,
    around.week,
    greatest(quantile_cont(coalesce(weeks.accounts, 0), 0.75), 0.5) / 604800.0
        as per_second
from around
inner join span as inside
    on around.platform = inside.platform and around.other = inside.week
left join weeks
    on around.platform = weeks.platform and around.other = weeks.week
group by around.platform, around.week
"""

_PACE = """
create or replace temp table identity_pace as
with
counted as (
    select
        platform,
        counters_a as make,
        second // 604800 as week,
        second // 7776000 as quarter
    from identity_nodes
    where second is not null and counters_a is not null
),
by_week as (
    select platform, week, make, count(*) as accounts
    from counted
    group by all
),
by_quarter as (
    select platform, quarter, make, count(*) as accounts
    from counted
    group by all
),
overall as (
    select platform, make, count(*) as accounts
    from counted
    group by all
),
busy as (
    select by_week.platform, by_week.week, usual.per_second
    from by_week
    inner join identity_usual as usual using (platform, week)
    group by by_week.platform, by_week.week, usual.per_second
    having sum(by_week.accounts) > 2 * 604800 * usual.per_second
),
weighed as (
    select
        busy.platform,
        busy.week,
        overall.accounts - coalesce(by_quarter.accounts, 0) as weight,
        coalesce(by_week.accounts, 0)
            / (604800 * busy.per_second * overall.accounts) as raised,
        overall.make
    from busy
    inner join overall on busy.platform = overall.platform
    left join by_week
        on
            busy.platform = by_week.platform
            and busy.week = by_week.week
            and overall.make = by_week.make
    left join by_quarter
        on
            busy.platform = by_quarter.platform
            and (busy.week * 604800) // 7776000 = by_quarter.quarter
            and overall.make = by_quarter.make
),
ordered as (
    select
        *,
        sum(weight) over (
            partition by platform, week order by raised, make
        ) as so_far,
        sum(weight) over (partition by platform, week) as total
    from weighed
),
median as (
    select platform, week, min(raised) as raised
    from ordered
    where 2 * so_far >= total and total > 0
    group by platform, week
),
totals as (
    select platform, sum(accounts) as accounts from overall group by platform
)
select
    usual.platform,
    usual.week,
    usual.per_second
        * greatest(1, coalesce(median.raised * totals.accounts, 1)) as per_second
from identity_usual as usual
left join median using (platform, week)
left join totals using (platform)
"""

# Accounts that tell when they registered, with what each make comes to, as a number
# that no other value of the make, nor of another platform, has.
_BORN = """
create or replace temp table identity_born as
with
platforms as (
    select platform, row_number() over (order by platform) as number
    from (select distinct platform from identity_nodes) as seen
)
select
    nodes.node,
    cast(platforms.number as usmallint) as platform,
    nodes.second,
    {makes}
from identity_nodes as nodes
inner join platforms on nodes.platform = platforms.platform
where nodes.second is not null
""".format(
    makes=",\n    ".join(
        f"case when {' and '.join(f'nodes.{part} is not null' for part in parts)}"
        f" then hash(nodes.platform, {', '.join(f'nodes.{part}' for part in parts)})"
        f" end as {make}"
        for make, parts in _PARTS.items()
    )
)

_CELLS_OF_A_VIEW = """
select
    cast({view} as utinyint) as view,
    {make} as make,
    (second + {shift}) // {seconds} as span,
    count(*) as accounts,
    min(second) as second,
    min(platform) as platform
from identity_born
where {make} is not null
group by {make}, (second + {shift}) // {seconds}
"""

# How many of a quarter's accounts have the make of a cell that may be a burst.
_SHARES_OF_A_MAKE = """
select
    '{make}' as kind, born.{make} as make, born.second // 7776000 as quarter,
    count(*) as accounts
from identity_born as born
semi join identity_full_cells as cells
    on born.{make} = cells.make and cells.kind = '{make}'
group by born.{make}, born.second // 7776000
"""

_FULL_CELLS = """
create or replace temp table identity_full_cells as
with
looked as (
    select view, platform, count(*) as cells
    from identity_cells
    group by view, platform
)
select
    cells.view,
    views.make as kind,
    cells.make,
    cells.span,
    cells.accounts,
    cells.platform,
    cells.second // 7776000 as quarter,
    cells.second // 604800 as week,
    views.seconds,
    views.is_joint,
    looked.cells as looked
from identity_cells as cells
inner join identity_views as views on cells.view = views.view
inner join looked
    on cells.view = looked.view and cells.platform = looked.platform
where cells.accounts >= $fewest
"""

_BURSTS = """
create or replace temp table identity_bursts as
with
platforms as (
    select platform, row_number() over (order by platform) as number
    from (select distinct platform from identity_nodes) as seen
),
paces as (
    select platforms.number as platform, pace.week, pace.per_second
    from identity_pace as pace
    inner join platforms on pace.platform = platforms.platform
),
quarters as (
    select platform, second // 7776000 as quarter, count(*) as accounts
    from identity_born
    group by all
),
judged as (
    select
        cells.*,
        coalesce(paces.per_second, 0.5 / 604800) * cells.seconds
            * shares.accounts / quarters.accounts as expected
    from identity_full_cells as cells
    inner join identity_shares as shares
        on
            cells.kind = shares.kind
            and cells.make = shares.make
            and cells.quarter = shares.quarter
    inner join quarters
        on cells.platform = quarters.platform and cells.quarter = quarters.quarter
    left join paces on cells.platform = paces.platform and cells.week = paces.week
),
tested as (
    select
        *,
        (accounts * ln(accounts / expected) - accounts + expected) / ln(10)
            - log10(looked) as strength
    from judged
    where expected < accounts * (1 - $least_surplus)
)
select
    cast(
        $earlier + row_number() over (order by view, make, span) as uinteger
    ) as burst,
    view,
    make,
    span,
    cast(
        case
            when is_joint and strength >= $clear then {tight}
            when strength >= case when is_joint then $fair else $clear end
                then {clear}
            else {loose}
        end as utinyint
    ) as grade
from tested
where round(strength, 6) >= $least_strength
""".format(**GRADES)

_NO_MEMBERS = """
create or replace temp table identity_burst_members (
    burst uinteger, node uinteger, second bigint, grade utinyint
)
"""

_MEMBERS_IN_A_VIEW = """
select bursts.burst, born.node, born.second, bursts.grade
from identity_born as born
inner join identity_bursts as bursts
    on
        bursts.view = {view}
        and born.{make} = bursts.make
        and (born.second + {shift}) // {seconds} = bursts.span
"""


def find_bursts(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the bursts among `identity_nodes`.

    Reads `identity_nodes` (node, platform, second, template, folded, shape, words,
    counters_a, counters_b); `second` is the Unix time of registration, null where
    unknown. Writes `identity_burst_members` (burst, node, second, grade: one of
    `GRADES`).

    Cost: each account in thirty-two views, with one group-by that spills to disk:
    as many views are in memory at a time as `ROWS_AT_ONCE` allows, one at least.
    """
    connection.execute(_NO_MEMBERS)
    known = "select count(second) from identity_nodes"
    ((accounts,),) = connection.execute(known).fetchall()
    if accounts < FEWEST:
        return
    connection.execute(_USUAL)
    connection.execute(_PACE)
    connection.execute(_BORN)
    _note_views(connection)
    at_once = max(ROWS_AT_ONCE // accounts, 1)
    for first in range(0, len(VIEWS), at_once):
        _find_in_views(connection, range(first, min(first + at_once, len(VIEWS))))
    for table in ("views", "born", "cells", "full_cells", "shares", "bursts"):
        connection.execute(f"drop table identity_{table}")


def _find_in_views(connection: duckdb.DuckDBPyConnection, numbers: range) -> None:
    """Add the bursts of some of `VIEWS` to identity_burst_members."""
    views = [{"view": number, **asdict(VIEWS[number])} for number in numbers]
    connection.execute(
        "create or replace temp table identity_cells as "
        + " union all ".join(_CELLS_OF_A_VIEW.format(**view) for view in views)
    )
    connection.execute(_FULL_CELLS, {"fewest": FEWEST})
    makes = dict.fromkeys(view["make"] for view in views)
    connection.execute(
        "create or replace temp table identity_shares as "
        + " union all ".join(_SHARES_OF_A_MAKE.format(make=make) for make in makes)
    )
    earlier = "select coalesce(max(burst), 0) from identity_burst_members"
    ((bursts,),) = connection.execute(earlier).fetchall()
    connection.execute(
        _BURSTS,
        {
            "earlier": bursts,
            "least_surplus": LEAST_SURPLUS,
            "least_strength": LEAST_STRENGTH,
            "clear": CLEAR_STRENGTH,
            "fair": FAIR_STRENGTH,
        },
    )
    connection.execute(
        "insert into identity_burst_members "
        + " union all ".join(_MEMBERS_IN_A_VIEW.format(**view) for view in views)
    )


def _note_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make identity_views of `VIEWS`."""
    frame = pl.DataFrame(
        [(number, *astuple(view)) for number, view in enumerate(VIEWS)],
        schema=["view", *(field.name for field in fields(View))],
        orient="row",
    )
    connection.register("views_of_bursts", frame)
    connection.execute(
        "create or replace temp table identity_views as from views_of_bursts"
    )
    connection.unregister("views_of_bursts")
