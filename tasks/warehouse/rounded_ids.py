"""Ids that were rounded and show it by nothing but their last digits.

A spreadsheet keeps fifteen digits of a number, most programs' numbers keep seventeen:
what is longer ends in noughts, of all ids that went through. Of a single id that may be
chance; of the ids of a file together it is told: a chance of one in a thousand million
counts as none.

A file is judged by a sample of its ids, those of the smallest hash: the samples of its
parts add up to the sample of the whole, in whatever parts and order they come.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

# Digits that are kept: by spreadsheets, by programs that take ids for numbers.
SPREADSHEET_DIGITS = 15
PROGRAM_DIGITS = 17
# Noughts that chance must not explain, and ids that must have them.
_ENOUGH_NOUGHTS = 9
_FEWEST_IDS = 3
# More ids tell no more: where a part of them was rounded that the judgement can tell
# at all, these hold enough of them.
_SAMPLED = 1000


def is_rounded_sql(column: str, digits: int | str) -> str:
    """SQL for whether an id has nothing but noughts behind so many digits."""
    return (
        f"(length({column}) > {digits}"
        f" and trim(substr({column}, {digits} + 1), '0') = ''"
        f" and regexp_full_match({column}, '[1-9][0-9]*'))"
    )


def select_sample(ids: str, part: Sequence[str]) -> str:
    """A select of the sample of each part: its columns and `id`.

    Cost: linear in the rows; memory for the distinct long ids.

    Args:
        ids: SQL of what has the part's columns and `id`; samples count as well.
        part: columns that tell what is judged together; rows where one is null are
            passed over.
    """
    columns = ", ".join(part)
    known = " and ".join(f"{column} is not null" for column in part)
    return f"""
        select {columns}, unnest(min_by(id, hash(id), {_SAMPLED})) as id
        from (
            select distinct {columns}, id
            from ({ids})
            where
                length(id) > {SPREADSHEET_DIGITS}
                and ascii(id) between 49 and 57
                and {known}
        )
        group by {columns}
    """


def select_rounded(sample: str, part: Sequence[str]) -> str:
    """A select of the parts whose ids were rounded: its columns and `digits`.

    All that `is_rounded_sql` is true of for so many digits are no ids there.

    Args:
        sample: SQL of what `select_sample` gave.
        part: its columns.
    """
    columns = ", ".join(part)
    both = " union all ".join(
        f"""
        select {columns}, {digits} as digits
        from (
            select
                {columns},
                count(*) as ids,
                count(*) filter ({is_rounded_sql("id", digits)}) as rounded,
                sum(length(id) - {digits}) filter ({is_rounded_sql("id", digits)})
                    as noughts
            from sampled
            where length(id) > {digits}
            group by {columns}
        )
        where
            rounded >= {_FEWEST_IDS}
            -- in how many ways so many of these ids could have been chosen
            and noughts - (
                lgamma(ids + 1) - lgamma(rounded + 1) - lgamma(ids - rounded + 1)
            ) / ln(10) >= {_ENOUGH_NOUGHTS}
        """
        for digits in (PROGRAM_DIGITS, SPREADSHEET_DIGITS)
    )
    return f"""
        with sampled as (
            select * from ({sample}) where regexp_full_match(id, '[0-9]+')
        )
        select {columns}, min(digits) as digits from ({both}) group by {columns}
    """


def find_rounded(
    connection: duckdb.DuckDBPyConnection, table: str, column: str
) -> int | None:
    """How many digits are left of a table's long ids; None where they are whole.

    Args:
        connection: to the database.
        table: its name.
        column: of ids as texts.
    """
    ids = f"select 'all' as part, {column} as id from {table}"
    found = connection.execute(
        select_rounded(select_sample(ids, ["part"]), ["part"])
    ).fetchall()
    return int(found[0][1]) if found else None
