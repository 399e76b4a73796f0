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

from dataclasses import astuple, dataclass, fields

import duckdb
import polars as pl

HOUR, DAY, WEEK = 3_600, 86_400, 604_800

# Accounts, counted once a view, that are looked at together.
ROWS_AT_ONCE = 1_000_000
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

_MAKES = """
create or replace temp table identity_makes as
with
keyed as (
    select
        nodes.node,
        nodes.second,
        nodes.platform,
        views.view,
        (nodes.second + views.shift) // views.seconds as span,
        nodes.second // 7776000 as quarter,
        nodes.second // 604800 as week,
        case views.make
            when 'template' then nodes.template
            -- A programme that sets words or a running number behind one beginning.
            when 'begin' then nodes.template || '/' || left(nodes.folded, 5)
            when 'both_a' then nodes.template || '/' || nodes.counters_a
            when 'both_b' then nodes.template || '/' || nodes.counters_b
            when 'shape' then nodes.shape
            when 'words' then nodes.words
            when 'counters_a' then nodes.counters_a
            when 'counters_b' then nodes.counters_b
        end as make
    from identity_nodes as nodes
    cross join identity_views as views
    where nodes.second is not null
)
select * from keyed where make is not null
"""

_CELLS = """
create or replace temp table identity_cells as
with
quarters as (
    select platform, second // 7776000 as quarter, count(*) as accounts
    from identity_nodes
    where second is not null
    group by all
),
shares as (
    select view, platform, quarter, make, count(*) as accounts
    from identity_makes
    group by all
),
cells as (
    select
        view,
        platform,
        span,
        make,
        min(quarter) as quarter,
        min(week) as week,
        count(*) as accounts
    from identity_makes
    group by view, platform, span, make
),
looked as (
    select view, platform, count(*) as cells from cells group by view, platform
),
judged as (
    select
        cells.*,
        looked.cells as looked,
        views.is_joint,
        coalesce(pace.per_second, 0.5 / 604800) * views.seconds
            * shares.accounts / quarters.accounts as expected
    from cells
    inner join (
        select view, seconds, is_joint from identity_views
    ) as views using (view)
    inner join looked using (view, platform)
    inner join shares using (view, platform, quarter, make)
    inner join quarters using (platform, quarter)
    left join identity_pace as pace using (platform, week)
    where cells.accounts >= $fewest
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
    $earlier + row_number() over (order by view, platform, span, make) as burst,
    *
from tested
where round(strength, 6) >= $least_strength
"""

_NO_MEMBERS = """
create or replace temp table identity_burst_members (
    burst bigint, node uinteger, second bigint, grade varchar
)
"""

_MEMBERS = """
insert into identity_burst_members
select
    cells.burst,
    makes.node,
    makes.second,
    case
        when cells.is_joint and cells.strength >= $clear then 'tight'
        when cells.strength >= case when cells.is_joint then $fair else $clear end
            then 'clear'
        else 'loose'
    end as grade
from identity_makes as makes
inner join identity_cells as cells using (view, platform, span, make)
"""


def find_bursts(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the bursts among `identity_nodes`.

    Reads `identity_nodes` (node, platform, second, template, folded, counters_a,
    counters_b); `second` is the Unix time of registration, null where unknown.
    Writes `identity_burst_members` (burst, node, second, grade).

    Cost: each account in thirty-two views, with two group-bys that spill to disk:
    as many views are in memory at a time as `ROWS_AT_ONCE` allows, one at least.
    """
    connection.execute(_NO_MEMBERS)
    known = "select count(second) from identity_nodes"
    ((accounts,),) = connection.execute(known).fetchall()
    if accounts < FEWEST:
        return
    connection.execute(_USUAL)
    connection.execute(_PACE)
    at_once = max(ROWS_AT_ONCE // accounts, 1)
    for first in range(0, len(VIEWS), at_once):
        _note_views(connection, range(first, min(first + at_once, len(VIEWS))))
        connection.execute(_MAKES)
        earlier = "select coalesce(max(burst), 0) from identity_burst_members"
        ((bursts,),) = connection.execute(earlier).fetchall()
        connection.execute(
            _CELLS,
            {
                "earlier": bursts,
                "fewest": FEWEST,
                "least_surplus": LEAST_SURPLUS,
                "least_strength": LEAST_STRENGTH,
            },
        )
        connection.execute(_MEMBERS, {"clear": CLEAR_STRENGTH, "fair": FAIR_STRENGTH})
    for table in ("views", "makes", "cells"):
        connection.execute(f"drop table identity_{table}")


def _note_views(connection: duckdb.DuckDBPyConnection, numbers: range) -> None:
    """Make identity_views of some of `VIEWS`."""
    frame = pl.DataFrame(
        [(number, *astuple(VIEWS[number])) for number in numbers],
        schema=["view", *(field.name for field in fields(View))],
        orient="row",
    )
    connection.register("views_of_bursts", frame)
    connection.execute(
        "create or replace temp table identity_views as from views_of_bursts"
    )
    connection.unregister("views_of_bursts")
