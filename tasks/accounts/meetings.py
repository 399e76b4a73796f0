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

# Entries: an account's first act in a thread. Threads and authors by their digests.
_ENTRIES = """
create or replace temp table identity_entries as
select
    nodes.node,
    hash(acts.thread) as thread,
    hash(acts.author) as author,
    min(acts.second) as second
from identity_acts as acts
inner join identity_nodes as nodes
    on acts.platform = nodes.platform and acts.account_id = nodes.account_id
group by nodes.node, hash(acts.thread), hash(acts.author)
"""

_ACTIVE = """
create or replace temp table identity_active as
select node
from identity_entries
group by node
having count(*) >= $fewest
"""

# Who entered one thread alone meets nobody twice.
_MET = """
create or replace temp table identity_met as
with
pairs as (
    select pairs.node_l, pairs.node_r
    from identity_pairs as pairs
    semi join identity_active as one on pairs.node_l = one.node
    semi join identity_active as other on pairs.node_r = other.node
),
paired as (
    select node_l as node from pairs
    union
    select node_r from pairs
),
entries as (
    select entries.node, entries.thread, entries.second
    from identity_entries as entries
    semi join paired on entries.node = paired.node
)
select pairs.node_l, pairs.node_r, count(*) as meetings
from pairs
inner join entries as one on pairs.node_l = one.node
inner join entries as other
    on pairs.node_r = other.node and one.thread = other.thread
where abs(one.second - other.second) <= $within
group by pairs.node_l, pairs.node_r
having count(*) >= 2
"""

# Of who met: how often they came to each author's threads, how many others stood
# around them there, and how many came besides.
_VISITS = f"""
create or replace temp table identity_visits as
with
met as (
    select node_l as node from identity_met
    union
    select node_r from identity_met
),
theirs as (
    select entries.node, entries.thread
    from identity_entries as entries
    semi join met on entries.node = met.node
),
crowded as (
    select
        entries.node,
        entries.thread,
        entries.author,
        count(*) over (
            partition by entries.thread order by entries.second
            range between {WITHIN} preceding and {WITHIN} following
        ) - 1 as around
    from identity_entries as entries
    semi join theirs on entries.thread = theirs.thread
),
visited as (
    select
        crowded.node,
        crowded.author,
        count(*) as threads,
        sum(crowded.around) as around
    from crowded
    semi join met on crowded.node = met.node
    group by crowded.node, crowded.author
),
authors as (
    select author, count(*) as entries
    from identity_entries
    group by author
)
select
    visited.node,
    visited.author,
    visited.threads,
    visited.around,
    authors.entries - visited.threads as others
from visited
inner join authors on visited.author = authors.author
"""

_MEETINGS = """
create or replace temp table identity_meetings as
with
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
    from identity_met as met
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
    node_l,
    node_r,
    meetings,
    by_chance,
    case when round(strength, 6) >= $often then 'often' else 'again' end as grade
from weighed
where round(strength, 6) >= $again
"""

# Who could have met somebody, and is not in a crowd.
_COMPANY = """
create or replace temp table identity_company as
with
sides as (
    select node_l as node from identity_meetings
    union all
    select node_r from identity_meetings
),
crowds as (
    select node
    from sides
    group by node
    having count(*) > $most
)
select active.node
from identity_active as active
anti join crowds on active.node = crowds.node
"""


def note_entries(connection: duckdb.DuckDBPyConnection) -> None:
    """Note who entered which thread when.

    Reads `identity_nodes` and `identity_acts` (platform, account_id, thread, author of
    the thread, second: Unix time). Writes `identity_entries`.

    Cost: linear in acts.
    """
    connection.execute(_ENTRIES)


def find_meetings(connection: duckdb.DuckDBPyConnection) -> None:
    """Find which of `identity_pairs` meet more often than chance explains.

    After `note_entries`. Writes `identity_meetings` (node_l, node_r, meetings,
    by_chance, grade) and `identity_company` (node): accounts with enough threads, of
    which it is known whom they met.

    Cost: for each pair the threads that its accounts entered; sorting the entries of
    the threads in which pairs met.
    """
    connection.execute(_ACTIVE, {"fewest": FEWEST_THREADS})
    connection.execute(_MET, {"within": WITHIN})
    connection.execute(_VISITS)
    connection.execute(_MEETINGS, {"often": OFTEN_STRENGTH, "again": AGAIN_STRENGTH})
    connection.execute(_COMPANY, {"most": MOST_PARTNERS})
