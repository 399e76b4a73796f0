"""What the rows of a file tell only together: that ids were rounded, times were cut.

A file that grows is staged in parts. What speaks for a judgement is kept of each file
in a form that adds up (samples, extremes, bits), so that the judgement is that of the
whole file, in whatever parts and order it came. Where new rows change what was held of
older ones, those were staged wrongly.
"""

from __future__ import annotations

import duckdb

from tasks.warehouse.database import count
from tasks.warehouse.rounded_ids import is_rounded_sql, select_rounded, select_sample

# Ids that stand in exports as they were written, of each table.
_IDS = {
    "accounts": ("account_id",),
    "posts": ("post_id", "account_id"),
    "post_counters": ("post_id",),
    "interactions": ("interaction_id", "root_post_id", "account_id"),
    "follows": ("account_id", "follower_id"),
}
# What is told by a time of its own, and when.
_TIMES = {
    "interactions": ("interaction_id", "acted_at"),
    "posts": ("post_id", "posted_at"),
}
# So many times of a file that all end alike were cut. They are counted by the bits that
# ids of different rows set: a row that lands twice counts once.
_ENOUGH_TIMES = 10
_BITS = 60

_FILE = ("source", "path")
_COLUMN = (*_FILE, "table_name", "column_name")
_TABLE = (*_FILE, "table_name")


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `raw.file_ids` and `raw.file_times`: what is known of the files staged now.

    Of the observed rows, and of what earlier runs knew of the same files.
    """
    gather_new(connection)
    combine(connection)


def combine(connection: duckdb.DuckDBPyConnection) -> None:
    """Make them of `raw.new_ids` and `raw.new_times`, of one part of the rows or all.

    What parts gathered adds up, in whatever order their rows stand there.
    """
    connection.execute(
        "create table raw.file_ids as "
        + select_sample("from raw.new_ids union all " + _known("file_ids"), _COLUMN)
    )
    connection.execute(
        f"""
        create table raw.file_times as
        select
            {", ".join(_TABLE)},
            bit_or(bits) as bits,
            max(last_second) as last_second,
            min(first_clock) as first_clock,
            max(last_clock) as last_clock,
            min(first_moment) as first_moment,
            max(last_moment) as last_moment,
            min(precision_seconds) as precision_seconds
        from (from raw.new_times union all by name {_known("file_times")})
        group by all
        """
    )


def gather_new(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `raw.new_ids` and `raw.new_times` of the observed rows alone."""
    ids = " union all ".join(
        select_sample(
            f"select source, path, '{table}' as table_name,"
            f" '{column}' as column_name, {column} as id from raw.observed_{table}",
            _COLUMN,
        )
        for table, columns in _IDS.items()
        for column in columns
    )
    connection.execute(f"create table raw.new_ids as {ids}")
    times = " union all ".join(
        f"""
        select
            source,
            path,
            '{table}' as table_name,
            bit_or(cast(1 as bigint) << cast(hash({key}) % {_BITS} as bigint)) as bits,
            cast(max(date_part('second', {moment})) as bigint) as last_second,
            min(cast({moment} as time)) as first_clock,
            max(cast({moment} as time)) as last_clock,
            min({moment}) as first_moment,
            max({moment}) as last_moment,
            cast(min(precision_seconds) as bigint) as precision_seconds
        from raw.observed_{table}
        where
            precision_seconds is not null
            and {moment} is not null
            and source is not null
            and path is not null
        group by source, path
        """
        for table, (key, moment) in _TIMES.items()
    )
    connection.execute(f"create table raw.new_times as {times}")


def _known(table: str) -> str:
    """A select of what earlier runs knew of the files that have new rows."""
    return (
        f"select known.* from meta.{table} as known"
        f" semi join raw.new_{table.removeprefix('file_')} as new"
        " on known.source = new.source and known.path = new.path"
        " and known.table_name = new.table_name"
    )


def _select_cut(times: str) -> str:
    """Files in which all times end alike: 00:00:00, or :00.

    Of days, two or more apart, all at one time of the day, or of minutes only; whatever
    seconds stand there were put there by a program.
    """
    return f"""
        select
            {", ".join(_TABLE)},
            case
                when
                    first_clock = last_clock
                    and last_moment >= first_moment + interval 2 days
                    then 86400
                else 60
            end as seconds
        from ({times})
        where bit_count(bits) >= {_ENOUGH_TIMES} and last_second = 0
    """


def count_misjudged(connection: duckdb.DuckDBPyConnection) -> int:
    """How many files hold rows, staged before, that would be read otherwise now.

    After `gather`. A judgement that touches none of the older rows changes nothing.
    """
    files = ", ".join(f"known.{name}" for name in _FILE)
    on_column, on_table = (
        " and ".join(f"known.{name} = {{other}}.{name}" for name in names)
        for names in (_COLUMN, _TABLE)
    )
    return count(
        connection,
        f"""
        with rounded_before as ({select_rounded(_known("file_ids"), _COLUMN)}),
        rounded_now as ({select_rounded("from raw.file_ids", _COLUMN)}),
        cut_before as ({_select_cut(_known("file_times"))}),
        cut_now as ({_select_cut("from raw.file_times")})
        select count(*) from (
            select distinct {files}
            from ({_known("file_ids")}) as known
            left join rounded_before as old on {on_column.format(other="old")}
            left join rounded_now as new on {on_column.format(other="new")}
            where old.digits is distinct from new.digits
            union
            select distinct {files}
            from ({_known("file_times")}) as known
            left join cut_before as old on {on_table.format(other="old")}
            left join cut_now as new on {on_table.format(other="new")}
            where
                greatest(known.precision_seconds, old.seconds)
                <> greatest(known.precision_seconds, new.seconds)
        )
        """,
    )


def apply(connection: duckdb.DuckDBPyConnection, mark: str) -> None:
    """Make rounded ids unread, and cut times as rough as they are.

    Args:
        connection: the warehouse, after `gather`.
        mark: SQL of what parts the values in `unread`.
    """
    rounded = select_rounded("from raw.file_ids", _COLUMN)
    connection.execute(f"create table raw.rounded as {rounded}")
    found = connection.execute(
        "select distinct table_name, column_name from raw.rounded order by all"
    ).fetchall()
    for table, column in found:
        connection.execute(
            f"""
            update raw.observed_{table} as observed
            set
                {column} = null,
                unread = concat_ws({mark}, unread, '{column}=' || {column})
            from raw.rounded
            where
                rounded.table_name = '{table}'
                and rounded.column_name = '{column}'
                and observed.source = rounded.source
                and observed.path = rounded.path
                and {is_rounded_sql(column, "digits")}
            """
        )
    cut = _select_cut("from raw.file_times")
    connection.execute(f"create table raw.cut as {cut}")
    for table in _TIMES:
        connection.execute(
            f"""
            update raw.observed_{table} as observed
            set precision_seconds = greatest(observed.precision_seconds, cut.seconds)
            from raw.cut
            where
                cut.table_name = '{table}'
                and observed.source = cut.source
                and observed.path = cut.path
                and observed.precision_seconds is not null
            """
        )


def remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what is known of the files for the next run; the caller's transaction."""
    for table in ("file_ids", "file_times"):
        connection.execute(
            f"delete from meta.{table} as known using"
            f" (select distinct source, path, table_name from raw.{table}) as new"
            " where known.source = new.source and known.path = new.path"
            " and known.table_name = new.table_name"
        )
        connection.execute(f"insert into meta.{table} by name from raw.{table}")
