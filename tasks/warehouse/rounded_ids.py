"""Ids that were rounded and show it by nothing but their last digits.

A spreadsheet keeps fifteen digits of a number, most programs' numbers keep seventeen:
what is longer ends in noughts, of all ids that went through. Of a single id that may be
chance; of the ids of a file together it is told: a chance of one in a thousand million
counts as none.
"""

from __future__ import annotations

import duckdb

# Digits that are kept: by spreadsheets, by programs that take ids for numbers.
SPREADSHEET_DIGITS, PROGRAM_DIGITS = 15, 17
# Noughts that chance must not explain, and ids that must have them.
_ENOUGH_NOUGHTS = 9
_FEWEST_IDS = 3
# So many noughts a row, else the ids of a file are not looked at one by one.
_WORTH_A_LOOK = 0.2


def is_rounded_sql(column: str, digits: int) -> str:
    """SQL for whether an id has nothing but noughts behind so many digits."""
    return (
        f"(length({column}) > {digits}"
        f" and trim(substr({column}, {digits + 1}), '0') = ''"
        f" and regexp_full_match({column}, '[1-9][0-9]*'))"
    )


def find_rounded(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, key: str
) -> dict[str, int]:
    """In which parts of a table a column's long ids were rounded.

    Cost: linear in the rows; the distinct ids only of parts that look rounded.

    Args:
        connection: to the database.
        table: its name.
        column: of ids as texts.
        key: SQL of what tells the parts (a file's path); rows where it is null are
            passed over.

    Returns:
        By part how many digits are left of its ids: all that `is_rounded_sql` is true
        of are none there.
    """
    found: dict[str, int] = {}
    for digits in (PROGRAM_DIGITS, SPREADSHEET_DIGITS):
        is_rounded = is_rounded_sql("id", digits)
        rows = connection.execute(
            f"""
            with long_ids as (
                select
                    {key} as part,
                    {column} as id,
                    length({column}) - {digits} as noughts
                from {table}
                where
                    length({column}) > {digits}
                    and ascii({column}) between 49 and 57
                    and {key} is not null
            ),
            parts as (
                select part
                from long_ids
                group by part
                having
                    sum(case when {is_rounded} then noughts else 0 end)
                    >= {_WORTH_A_LOOK} * count(*)
            ),
            ids as (
                select
                    part,
                    id,
                    min(noughts) as noughts
                from long_ids
                inner join parts using (part)
                where regexp_full_match(id, '[0-9]+')
                group by part, id
            ),
            counted as (
                select
                    part,
                    count(*) as ids,
                    count(*) filter (where {is_rounded}) as rounded,
                    sum(noughts) filter (where {is_rounded}) as noughts
                from ids
                group by part
            )
            select part
            from counted
            where
                rounded >= {_FEWEST_IDS}
                -- in how many ways so many of these ids could have been chosen
                and noughts - (
                    lgamma(ids + 1) - lgamma(rounded + 1) - lgamma(ids - rounded + 1)
                ) / ln(10) >= {_ENOUGH_NOUGHTS}
            """
        ).fetchall()
        found |= {part: digits for (part,) in rows}
    return found
