"""Meetings: two accounts that enter the same threads within half an hour.

One person's accounts go where the person goes, with the minutes between that changing
the account takes; so the acts of one moment that coordination looks for tell nothing
of them. Nobody is linked by meetings alone: they are counted for pairs whose profiles
already have something in common, and weighed with it (`identity_model`).

How often chance would have a pair meet is told by where and when others act. Given how
often an account came to an author's threads, each time to one in proportion to the
others who came, it meets the other account as often as others stand within the half
hour around that one's entry. So fans of one brand, and all who come when a post is
fresh, are expected to meet. The Chernoff bound on the Poisson chance of that many
meetings is their strength.
"""

from __future__ import annotations

import duckdb

WITHIN = 1_800
# With fewer threads than this an account could hardly meet anybody twice.
FEWEST_THREADS = 2
# Who meets more of those whose profile is like its own is in a club, or a batch.
MOST_PARTNERS = 7
# log10 of one over the chance.
OFTEN_STRENGTH = 4.0
AGAIN_STRENGTH = 2.0

# Entries: an account's first act in a thread, with how many others stand around it.
_ENTRIES = f"""
create or replace temp table identity_entries as
with
first_acts as (
    select nodes.node, acts.thread, acts.author, min(acts.second) as second
    from identity_acts as acts
    inner join identity_nodes as nodes using (platform, account_id)
    group by nodes.node, acts.thread, acts.author
)
select
    *,
    count(*) over (
        partition by thread order by second
        range between {WITHIN} preceding and {WITHIN} following
    ) - 1 as around
from first_acts
"""

_BY_AUTHOR = """
create or replace temp table identity_visits as
with
visited as (
    select node, author, count(*) as threads, sum(around) as around
    from identity_entries
    group by node, author
),
authors as (
    select author, sum(threads) as entries from visited group by author
)
select
    visited.node,
    visited.author,
    visited.threads,
    visited.around,
    authors.entries - visited.threads as others
from visited
inner join authors using (author)
"""

_MEETINGS = """
create or replace temp table identity_meetings as
with
met as (
    select pairs.join_key_l as node_l, pairs.join_key_r as node_r, count(*) as meetings
    from (select distinct join_key_l, join_key_r from identity_pairs) as pairs
    inner join identity_entries as one on pairs.join_key_l = one.node
    inner join identity_entries as other
        on pairs.join_key_r = other.node and one.thread = other.thread
    where abs(one.second - other.second) <= $within
    group by pairs.join_key_l, pairs.join_key_r
    having count(*) >= 2
),
expected as (
    select
        met.node_l,
        met.node_r,
        met.meetings,
        -- Whole millionths: sums of fractions would depend on their order.
        greatest(
            sum(ceil(1000000 * one.around * other.threads / one.others)::bigint),
            sum(ceil(1000000 * other.around * one.threads / other.others)::bigint),
            1
        ) / 1000000 as by_chance
    from met
    inner join identity_visits as one on met.node_l = one.node
    inner join identity_visits as other
        on met.node_r = other.node and one.author = other.author
    group by met.node_l, met.node_r, met.meetings
),
weighed as (
    select
        *,
        case
            when meetings > by_chance
                then (meetings * ln(meetings / by_chance) - meetings + by_chance)
                    / ln(10)
            else 0
        end as strength
    from expected
)
select
    row_number() over (order by node_l, node_r) as meeting,
    node_l,
    node_r,
    meetings,
    by_chance,
    case when round(strength, 6) >= $often then 'often' else 'again' end as grade
from weighed
where round(strength, 6) >= $again
"""

# Empty where an account met nobody; null where it can't have, or is in a crowd.
_LISTS = """
create or replace temp table identity_company as
with
active as (
    select node from identity_entries group by node having count(*) >= $fewest
),
sides as (
    select node_l as node, meeting, grade from identity_meetings
    union all
    select node_r as node, meeting, grade from identity_meetings
),
lists as (
    select
        node,
        count(*) as partners,
        coalesce(
            list(meeting order by meeting) filter (where grade = 'often'), []
        ) as often,
        coalesce(
            list(meeting order by meeting) filter (where grade = 'again'), []
        ) as again
    from sides
    group by node
)
select
    active.node,
    coalesce(lists.often, []) as often,
    coalesce(lists.again, []) as again
from active
left join lists on active.node = lists.node
where coalesce(lists.partners, 0) <= $most
"""


def note_entries(connection: duckdb.DuckDBPyConnection) -> None:
    """Note who entered which thread, and who came around the same time.

    Reads `identity_nodes` and `identity_acts` (platform, account_id, thread, author of
    the thread, second: Unix time). Writes `identity_entries` and `identity_visits`.

    Cost: sorting the acts by thread and time.
    """
    connection.execute(_ENTRIES)
    connection.execute(_BY_AUTHOR)


def find_meetings(connection: duckdb.DuckDBPyConnection) -> None:
    """Find which of `identity_pairs` meet more often than chance explains.

    After `note_entries`. Writes `identity_meetings` (meeting, node_l, node_r,
    meetings, by_chance, grade) and `identity_company` (node and, by grade, its
    meetings): one row an account with enough threads.

    Cost: for each pair the threads that its accounts entered.
    """
    connection.execute(
        _MEETINGS,
        {"within": WITHIN, "often": OFTEN_STRENGTH, "again": AGAIN_STRENGTH},
    )
    connection.execute(_LISTS, {"fewest": FEWEST_THREADS, "most": MOST_PARTNERS})
