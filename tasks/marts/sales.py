"""Which tracked links are named by orders, clicks and posts; what of them counts."""

from __future__ import annotations

import duckdb
import polars as pl

from tasks.campaigns.tracked_links import links_meant
from tasks.warehouse.graph import Making
from tasks.warehouse.progress import say

_TEXTS = """
select link as text from meta.conversions
union
select unnest(said.links) as text
from intermediate.campaign_posts as posts
inner join staging.posts as said using (platform, post_id)
"""

# States of lines in `intermediate.sales`, as a run tells them.
_STATES = {
    "counted": "counted",
    "unknown link": "name no tracked link",
    "several links": "name several",
    "other days": "lie outside the campaign's days",
    "not covered": "are of days that are not covered",
}


def link_meanings(making: Making) -> pl.DataFrame:
    """Which tracked links the texts of conversions and posts mean."""
    connection = making.connection
    links = connection.sql("from meta.tracked_links").pl()
    texts: list[str] = []
    if len(links):
        texts = [text for (text,) in connection.execute(_TEXTS).fetchall()]
    return links_meant(texts, links)


def say_sales(connection: duckdb.DuckDBPyConnection) -> None:
    """Print what became of the lines of `seeds/conversions.csv`, if there are any."""
    rows = connection.execute(
        """
        select state, cast(sum(lines) as bigint), cast(sum(lines - 1) as bigint)
        from intermediate.sales group by state
        """
    ).fetchall()
    if not rows:
        return
    told = {state: lines for state, lines, _ in rows}
    repeated = sum(repeats for *_, repeats in rows)
    listed = ", ".join(
        f"{told[state]:,} {words}" for state, words in _STATES.items() if state in told
    )
    again = f" ({repeated:,} tell an order again)" if repeated else ""
    say(f"  conversions: {sum(told.values()):,} lines{again}; {listed}")
