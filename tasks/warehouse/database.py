"""The warehouse file: connection settings, schemas and SQL functions."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tasks.warehouse import memory, networks, written_values
from tasks.warehouse.condition import (
    Condition,
    Repairs,
    broken,
    repair_with_recover,
)
from tasks.warehouse.errors import DamagedError

if TYPE_CHECKING:
    import polars as pl

# U+FEFF, U+200B to U+200F, U+2060.
_ZERO_WIDTH = " || ".join(
    f"chr({number})" for number in (0xFEFF, *range(0x200B, 0x2010), 0x2060)
)

# Small words of the staging models that DuckDB doesn't have; times, counts, ids and
# notices stand in `written_values`. An engine that runs the models elsewhere defines
# the same names. A function stands after those that it calls.
FUNCTIONS = {
    # A text without what nobody sees at its ends (blanks, the tabulator that keeps
    # spreadsheets from rounding) or anywhere (marks of an encoding, width zero).
    # (Searching first: most texts have none, and trimming costs twenty times as much.)
    "bare(x)": f"""
        case
            when
                strlen(x) <> length(x)
                or contains(x, ' ') or contains(x, chr(9))
                or contains(x, chr(10)) or contains(x, chr(13))
                then trim(
                    translate(x, {_ZERO_WIDTH}, ''),
                    ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)
                )
            else x
        end""",
    # HTML to text: emoticon images become their [name], breaks
    # become newlines, other tags go, entities are resolved (& last).
    "plain_text(x)": """
        case
            when x is null or not regexp_matches(x, '[<&]') then x
            else replace(replace(replace(replace(replace(replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            x,
                            '<img[^>]*?\\balt=("([^"]*)"|''([^'']*)''|([^\\s>]*))[^>]*>',
                            '\\2\\3\\4', 'g'
                        ),
                        '<br\\s*/?>', chr(10), 'g'
                    ),
                    '</?[a-zA-Z][^<>]*>', '', 'g'
                ),
                '&lt;', '<'), '&gt;', '>'), '&quot;', '"'),
                '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&')
        end""",
    # What its author added: the text before the chain of those who were reposted.
    "own_words(x)": """
        case
            when contains(x, '@')
                then regexp_replace(
                    x,
                    '(//\\s*@|/\\s*@[^:：\\s]+\\s*[:：]'
                    || '|\\|\\|\\s*@[^:：\\s]+\\s*[:：])[\\s\\S]*',
                    ''
                )
            else x
        end""",
    # What a text names: addresses; topics, with a mark on both sides or before them;
    # whom it calls. (What stands behind the sign in a mail address calls nobody.)
    "links_in(x)": r"""
        regexp_extract_all(x, 'https?://[A-Za-z0-9_./?%&=+#:~,;@!$*-]+')""",
    "hashtags_within_marks(x)": r"""
        list_transform(
            regexp_extract_all(x, '#([^#\n]{1,140})#', 1), lambda hashtag: trim(hashtag)
        )""",
    "hashtags_after_marks(x)": r"""
        regexp_extract_all(x, '#([\p{L}\p{N}_]+)#?', 1)""",
    "names_called(x)": r"""
        regexp_extract_all(x, '(?:^|[^0-9A-Za-z_.])@([-\p{L}\p{N}_·]+)', 1)""",
    # A wish for luck: in lotteries everybody writes the same.
    "is_wish(x)": """
        regexp_matches(x, '抽奖|抽到|抽中|抽我|中奖|求中|选我|好运|欧气|锦鲤|许愿')""",
    # Sentences of a text, as letters. (Cut where a line end or blank stands for a mark
    # or gap: classes of letters within a repetition would cost thirty times as much.)
    "sentences_in(x)": r"""
        list_filter(
            list_transform(
                regexp_extract_all(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(
                                x,
                                '(回复)?@[^\s:：,，。！!？?#\[\]()（）]+[:：]?|\[[^\]]*\]'
                                || '|#[^#]*#|https?://[0-9A-Za-z./?=&_%#:-]+|转发微博'
                                || '|轉發微博|[Rr]epost [Ww]eibo|网页链接'
                                || '|[^\s，。！？,!?]*的(秒拍|微博)视频'
                                || '|展开全文|收起全文'
                                || '|[，。！？；：、,.!?;:~～…]+',
                                chr(10),
                                'g'
                            ),
                            '[^\p{L}\s]+',
                            '',
                            'g'
                        ),
                        '([\p{Latin}\p{Cyrillic}])[ \t]+',
                        '\1',
                        'g'
                    ),
                    '(?:\s*\S){8}\S*'
                ),
                lambda sentence: regexp_replace(sentence, '\s+', '', 'g')
            ),
            lambda sentence: length(
                regexp_replace(sentence, '[\p{Latin}\p{Cyrillic}]{3}', 'x', 'g')
            ) >= 8
        )""",
    # An address without its signature, which expires and differs each time.
    "unsigned(x)": """
        case when contains(x, 'ssig=') then split_part(x, '?', 1) else x end""",
    "list_of(x)": """
        case
            when x is null or x = '' then []
            when starts_with(x, '[')
                then coalesce(try(from_json(x, '["VARCHAR"]')), [x])
            else string_split(x, '|')
        end""",
    **written_values.FUNCTIONS,
    **networks.trait_functions(),
    **networks.own_functions(),
    **networks.profile_function(),
}

SCHEMAS = ("staging", "intermediate", "restricted", "marts", "meta", "made_of")

BOOKKEEPING = """
create table if not exists meta.intervals (
    step varchar, platform varchar, date_day date, run_id varchar,
    rows_in bigint, rows_out bigint, rows_quarantined bigint,
    input_hash varchar, finished_at timestamp
);
create table if not exists meta.runs (
    run_id varchar, command varchar, from_day date, to_day date, reason varchar,
    started_at timestamp, finished_at timestamp, state varchar, why varchar
);
create table if not exists meta.staged_batches (batch_id varchar);
create table if not exists meta.file_ids (
    source varchar, path varchar, table_name varchar, column_name varchar, id varchar
);
create table if not exists meta.file_times (
    source varchar, path varchar, table_name varchar, bits bigint, last_second bigint,
    first_clock time, last_clock time, first_moment timestamp, last_moment timestamp,
    precision_seconds bigint
);
create table if not exists meta.covered_days (date_day date);
create table if not exists meta.source_days (
    source varchar, platform varchar, date_day date, is_activity boolean
);
create table if not exists meta.state (key varchar, value varchar);
create table if not exists meta.tables (name varchar, fingerprint varchar);
create table if not exists meta.touched_days (date_day date);
create table if not exists meta.touched_accounts (
    platform varchar, account_id varchar
);
create table if not exists meta.quarantine (
    stage varchar, source varchar, platform varchar, kind varchar, date_day date,
    reason varchar, path varchar, position bigint, item integer, rows bigint,
    record varchar
);
create table if not exists meta.unread_values (
    stage varchar, source varchar, platform varchar, kind varchar, date_day date,
    reason varchar, path varchar, position bigint, item integer, rows bigint,
    record varchar
);
create table if not exists meta.validation_results (
    table_name varchar, expectation varchar, level varchar, rows_checked bigint,
    rows_failed bigint, tolerance double, success boolean
);
create table if not exists meta.changes (
    run_id varchar, publication varchar, publication_before varchar, mart varchar,
    key varchar, metric varchar, before double, before_low double, before_high double,
    after double, after_low double, after_high double, why varchar
);
create table if not exists meta.score_profiles (
    model_version varchar, last_day date, feature varchar, bin varchar,
    accounts bigint
);
create table if not exists meta.score_history (
    platform varchar, account_id varchar, phantom_probability double,
    phantom_level varchar, model_version varchar, observed_at timestamp
);
"""


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for writing, with its schemas and functions."""
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(database))
    except duckdb.Error as error:
        if "lock" in str(error):
            what = "is open in another program, which must be closed first; else"
        else:
            what = f"can't be opened ({type(error).__name__})"
        raise DamagedError(database, what) from None
    tune(connection, database.with_name(".spill"))
    _set_up(connection)
    return connection


@contextmanager
def in_memory(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory, for a part of the work; spills to a folder."""
    with scratch(spill) as connection:
        _set_up(connection)
        yield connection


def _set_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what this version of the code expects, once a warehouse."""
    content = json.dumps([SCHEMAS, FUNCTIONS, BOOKKEEPING])
    digest = hashlib.sha256(content.encode()).hexdigest()
    with suppress(duckdb.CatalogException):
        found = connection.execute(
            "select value from meta.state where key = 'set_up'"
        ).fetchall()
        if found == [(digest,)]:
            return
    # Python's are the connection's: who reads records registers them again.
    written_values.register(connection)
    # At once: each statement of its own would wait for the disk.
    with transaction(connection):
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        add_functions(connection)
        connection.execute(BOOKKEEPING)
        connection.execute("delete from meta.state where key = 'set_up'")
        connection.execute("insert into meta.state values ('set_up', ?)", [digest])
    written_values.unregister(connection)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Everything in it stands at its end, or nothing where an error ends it."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        # Some errors end it themselves; what is told is what went wrong.
        with suppress(duckdb.Error):
            connection.rollback()
        raise


def add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the functions that models call; `written_values.register` comes before."""
    for signature, body in FUNCTIONS.items():
        connection.execute(f"create or replace macro main.{signature} as ({body})")


@contextmanager
def read(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, to look at only.

    Raises:
        DamagedError: it can't be opened or read to its end.
    """
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            tune(connection, database.with_name(".spill"))
            yield connection
    except duckdb.Error as error:
        # A file that ends too soon is an `Error` of no kind of its own.
        if type(error) is duckdb.Error or isinstance(error, _UNREADABLE):
            raise DamagedError(
                database, f"can't be read ({type(error).__name__})"
            ) from None
        raise


@contextmanager
def read_published(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file that was published, to look at only, within the memory budget."""
    with duckdb.connect(str(file), read_only=True) as connection:
        memory.join(connection)
        yield connection


_UNREADABLE = (
    duckdb.IOException,
    duckdb.SerializationException,
    duckdb.FatalException,
    duckdb.InternalException,
)


def tune(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Set what results must not depend on and what a machine can bear."""
    connection.execute("set timezone = 'UTC'")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set temp_directory = $spill", {"spill": str(spill)})
    memory.join(connection)


@contextmanager
def scratch(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory for work that leaves tables behind; spills to a folder."""
    connection = duckdb.connect()
    try:
        tune(connection, spill)
        yield connection
    finally:
        connection.close()
        memory.share()


@contextmanager
def unwritten(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Leave tables that are made within in memory until their transaction ends.

    DuckDB else packs and writes rows as they come, which is half of what a wide table
    costs, and for nothing where it is gone before the commit. They spill as all else.
    """
    connection.execute("set enable_optimistic_write = false")
    try:
        yield
    finally:
        # Where the transaction failed, nothing can be set; its database is closed.
        with suppress(duckdb.TransactionException):
            connection.execute("set enable_optimistic_write = true")


def store_frame(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame
) -> None:
    """Put a frame in the place of a table; `table` is `schema.name`."""
    connection.register("frame", frame)
    connection.execute(f"create or replace table {table} as from frame")
    connection.unregister("frame")


def count(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    params: dict[str, Any] | None = None,
) -> int:
    """The one number that a query gives.

    Fetches to the end: DuckDB keeps a connection busy until a fetch is empty.
    """
    rows = connection.execute(query, params or {}).fetchall()
    return int(rows[0][0]) if rows else 0


def table_exists(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> bool:
    """Whether the warehouse has this table."""
    found = count(
        connection,
        "select count(*) from duckdb_tables()"
        " where schema_name = $schema and table_name = $table",
        {"schema": schema, "table": table},
    )
    return found > 0


_passed: Counter[str] = Counter()


def damage_of(database: Path) -> str | None:
    """What hinders reading the warehouse: the kind of error; None when all is well.

    Writes back what a killed run left in the write-ahead log.
    """
    try:
        with duckdb.connect(str(database)) as connection:
            tune(connection, database.with_name(".spill"))
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables()"
                " where not temporary"
            ).fetchall()
            for schema, table in tables:
                # Blocks are checked as they are read.
                connection.execute(
                    f'select bit_xor(hash(t)) from "{schema}"."{table}" as t'
                ).fetchall()
    except duckdb.Error as error:
        return type(error).__name__
    return None


def examine_warehouse(database: Path) -> Iterator[Condition]:
    """Whether every block of the warehouse can be read."""
    if not database.exists():
        return
    if kind := damage_of(database):
        repair = repair_with_recover(database.parent)
        yield broken("warehouse", f"can't be read ({kind}): {repair}")
    else:
        yield Condition("warehouse", "every block can be read")


def mend_warehouse(database: Path, repairs: Repairs) -> None:
    """A warehouse that can't be read is made anew from landing."""
    if not database.exists():
        return
    log = database.with_name(f"{database.name}.wal")
    kind = damage_of(database)
    if kind and log.exists():
        repairs.set_aside(log)
        repairs.done.append(
            f"{log} is damaged ({kind}) and set aside: what the last run changed since"
            " the checkpoint before is done again"
        )
        kind = damage_of(database)
    if kind:
        repairs.set_aside(database)
        repairs.done.append(
            f"{database} is damaged ({kind}) and set aside: the next run makes it again"
            " from landing"
        )


def failpoint(name: str) -> None:
    """Die like a killed process where a test asks for it.

    `WM_CRASH_AT=name` is the first time, `WM_CRASH_AT=name@7` the seventh.
    """
    wanted, _, number = os.environ.get("WM_CRASH_AT", "").partition("@")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
