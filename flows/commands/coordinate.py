"""Coordination in a share table: who shared the same within seconds of each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tasks.accounts.coordination import (
    NO_CAP,
    significant_edges,
)
from tasks.sources.documents import Notes, UnreadableFileError, open_text
from tasks.sources.file_encodings import UTF8
from tasks.warehouse import graph
from tasks.warehouse.database import count, tune
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.progress import say
from tasks.warehouse.rounded_ids import (
    SPREADSHEET_DIGITS,
    find_rounded,
    is_rounded_sql,
)
from tasks.warehouse.temporary import temporary_folder
from tasks.warehouse.whole_files import replacing

COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")
_CSV = (".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst")


@dataclass(frozen=True)
class Coordinated:
    """The outcome of looking for coordination.

    Attributes:
        shares: rows of the table that could be used.
        left_out: rows that could not, by reason.
        notes: what was made of the times, where they are no plain Unix seconds.
        all_edges: pairs of accounts that shared together.
        edges: those written.
        accounts: in the edges written.
        threshold: the weight that an edge had to exceed; None without one.
        crowded: objects with moments left out by the cap, and the shares left out.
    """

    shares: int
    left_out: list[tuple[str, int]]
    notes: list[str]
    all_edges: int
    edges: int
    accounts: int
    threshold: float | None
    crowded: list[tuple[str, int]]


@dataclass(frozen=True)
class CoordinationRules:
    """What counts as acting together.

    Attributes:
        time_window: seconds between two shares, both ends included.
        min_participation: shares that an account needs.
        edge_weight: keep edges heavier than this quantile of the weights.
        false_discovery_rate: keep edges of two objects or more that chance
            explains so seldom.
        max_burst: of one object, leave out moments with more shares than this.
    """

    time_window: int
    min_participation: int
    edge_weight: float | None = None
    false_discovery_rate: float | None = None
    max_burst: int | None = None


def coordinate(table: Path, rules: CoordinationRules, out: Path) -> Coordinated:
    """Find accounts that share the same objects together; write an edge a row.

    The semantics are those of CooRTweet 2.1.3 (`detect_groups`,
    `generate_coordinated_network`). Cost: linear in shares and in pairs of shares.

    Args:
        table: CSV or Parquet with the columns object_id, account_id, content_id,
            timestamp_share (Unix seconds; milliseconds and finer are told apart by
            their digits and read exactly to the millisecond). Times that were cut to
            days or minutes are left out where the window is shorter.
        rules: what counts as acting together.
        out: `.parquet` or `.csv`.

    Raises:
        ConfigurationError: a path, column or number is wrong; all mistakes at once.
    """
    mistakes = _mistakes(table, rules, out)
    if mistakes:
        raise ConfigurationError(mistakes)
    with _connected() as connection, _as_utf8(table) as (readable, encoding):
        left_out, notes, steps = _read(connection, table, readable, rules.time_window)
        if encoding:
            notes.insert(0, f"The table is read as {encoding}")
        models = load_models("intermediate")
        params = {
            "time_window": rules.time_window * steps,
            "min_participation": rules.min_participation,
            "max_burst": NO_CAP if rules.max_burst is None else rules.max_burst,
            "lists_all": True,
        }
        for name in graph.between("intermediate.shares", _EDGES):
            run_model(connection, models[name], params)
        return _write(connection, rules, params, out, _Reading(left_out, notes, steps))


def _mistakes(table: Path, rules: CoordinationRules, out: Path) -> list[str]:
    mistakes = []
    if not table.is_file():
        mistakes.append(f"'{table}' is no file.")
    elif not table.name.endswith((".parquet", *_CSV)):
        mistakes.append(f"'{table}' must be .parquet, or one of {', '.join(_CSV)}.")
    if out.suffix not in (".parquet", ".csv"):
        mistakes.append(f"--out '{out}' must end in .parquet or .csv.")
    if rules.time_window < 0:
        mistakes.append(f"--time-window {rules.time_window}: give seconds, 0 or more.")
    if rules.min_participation < 1:
        mistakes.append(
            f"--min-participation {rules.min_participation}: give 1 or more."
        )
    if rules.edge_weight is not None and not 0 <= rules.edge_weight <= 1:
        mistakes.append(f"--edge-weight {rules.edge_weight}: give a part, 0 to 1.")
    rate = rules.false_discovery_rate
    if rate is not None and not 0 < rate < 1:
        mistakes.append(f"--false-discovery-rate {rate}: give a part above 0, below 1.")
    if rules.max_burst is not None and rules.max_burst < 2:
        mistakes.append(f"--max-burst {rules.max_burst}: give 2 or more.")
    return mistakes


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with temporary_folder("coordinate") as folder:
        connection = duckdb.connect()
        try:
            tune(connection, Path(folder))
            connection.execute("create schema intermediate")
            yield connection
        finally:
            connection.close()


@contextmanager
def _as_utf8(table: Path) -> Iterator[tuple[Path, str | None]]:
    """A table's file, or a copy in UTF-8 and the encoding that it was written in."""
    if table.suffix == ".parquet":
        yield table, None
        return
    notes = Notes()
    with temporary_folder("coordinate") as folder:
        copy = Path(folder) / "table.csv"
        try:
            with open_text(table, notes) as (head, stream):
                if notes.encoding != UTF8:
                    with copy.open("wb") as written:
                        written.write(head)
                        shutil.copyfileobj(stream, written)
        except UnreadableFileError as error:
            raise ConfigurationError([f"'{table}' can't be read: {error}"]) from None
        if notes.encoding == UTF8:
            yield table, None
        else:
            yield copy, notes.encoding


def _read(
    connection: duckdb.DuckDBPyConnection, table: Path, readable: Path, window: int
) -> tuple[list[tuple[str, int]], list[str], int]:
    """Make `intermediate.shares` of what can be trusted.

    Returns:
        What was left out, by reason; what was made of the times; the steps of time in a
        second: 1, or 1000 where moments within a second are told.
    """
    left_out = _load(connection, table, readable)
    left_out += _leave_out_ids(connection)
    left_out += _leave_out_times(connection)
    left_out += _leave_out_cut_times(connection, window)
    finer = "select count(*) from timed where milliseconds % 1000 <> 0"
    steps = 1000 if count(connection, finer) else 1
    # Whole steps, as Unix seconds are: nothing downstream asks how long one is.
    connection.execute(
        f"""
        create table intermediate.shares as
        select
            object_id,
            account_id,
            content_id,
            milliseconds // {1000 // steps} as shared_second,
            cast(null as bigint) as published_second
        from timed
        """
    )
    return left_out, _tell_units(connection), steps


def _load(
    connection: duckdb.DuckDBPyConnection, table: Path, readable: Path
) -> list[tuple[str, int]]:
    """Make `told` of the table's rows, as texts; say how many lines are broken.

    Raises:
        ConfigurationError: it can't be read, or lacks a column.
    """
    path = {"path": str(readable)}
    is_csv = table.suffix != ".parquet"
    # Ids stay as they are written: nothing guesses that they are numbers.
    source = (
        "read_csv($path, all_varchar = true, header = true, store_rejects = true,"
        " quote = '\"', escape = '\"')"
        if is_csv
        else "read_parquet($path)"
    )
    columns = ", ".join(
        f"trim(cast({name} as varchar), {_BLANKS}) as {name}" for name in COLUMNS
    )
    try:
        described = connection.execute(f"describe from {source}", path).fetchall()
        _refuse_columns(table, {str(row[0]): str(row[1]) for row in described})
        connection.execute(f"create table told as select {columns} from {source}", path)
    except (duckdb.InvalidInputException, duckdb.IOException):
        wanted = (
            "CSV with a header: is it whole, and is every quote closed?"
            if is_csv
            else "Parquet: is it whole?"
        )
        raise ConfigurationError([f"'{table}' can't be read as {wanted}"]) from None
    if not is_csv:
        return []
    broken = count(connection, "select count(distinct line) from reject_errors")
    if not broken:
        return []
    first = count(connection, "select min(line) from reject_errors")
    return [(f"broken line (the first is line {first})", broken)]


def _refuse_columns(table: Path, types: dict[str, str]) -> None:
    """Stop where a column is missing, or its times are rounded by their type."""
    missing = [name for name in COLUMNS if name not in types]
    if missing:
        raise ConfigurationError(
            [
                f"'{table}' has no column {', '.join(missing)}: it needs"
                f" {', '.join(COLUMNS)} (Unix seconds)."
            ]
        )
    if types["timestamp_share"] == "FLOAT":
        raise ConfigurationError(
            [
                f"'{table}' holds timestamp_share in 32 bits, which round a Unix"
                " second to the next 128: write it as a whole number of 64."
            ]
        )


# What copying leaves around a value.
_BLANKS = "' ' || chr(9) || chr(13) || chr(160) || chr(65279)"
# 4.99000E+15: a spreadsheet kept the first digits. (Hashes look like 12e34, too.)
_ROUNDED = "'[-+]?[0-9]+([.][0-9]+)?[eE][-+][0-9]+|[-+]?[0-9]+[.][0-9]+[eE][0-9]+'"
_NUMBER = "'[-+]?[0-9]+([.][0-9]+)?'"
# What chance does not put at one time of the day, or at the begin of minutes.
_ENOUGH_SHARES = 10
_ENOUGH_DAYS = 3
_LARGE_PART = 0.2
_NEARLY_ALL = 0.9
_IDS = ("object_id", "account_id", "content_id")


def _leave_out(
    connection: duckdb.DuckDBPyConnection, table: str, reason: str, bad: str, value: str
) -> list[tuple[str, int]]:
    """Delete rows; say how many, with one of the values where there is one."""
    rows = connection.execute(
        f"select count(*), min({value}) from {table} where {bad}"
    ).fetchall()
    number, example = rows[0]
    if not number:
        return []
    connection.execute(f"delete from {table} where {bad}")
    return [(reason + (f", as {example}" if example else ""), int(number))]


def _leave_out_ids(
    connection: duckdb.DuckDBPyConnection,
) -> list[tuple[str, int]]:
    """Leave out rows whose ids are blank, words for nothing, or rounded."""
    missing = " or ".join(f"coalesce({name}, '') = ''" for name in _IDS)
    found = _leave_out(connection, "told", "no id", missing, "null")
    words = "('null', 'undefined', 'nan', 'none', 'na', 'n/a', '<na>', '#n/a')"
    for reason, condition in (
        ("no id but a word for none", f"(length(%s) < 10 and lower(%s) in {words})"),
        (
            "an id that a spreadsheet has rounded",
            f"(contains(lower(%s), 'e') and regexp_full_match(%s, {_ROUNDED}))",
        ),
        (
            "an id that is a decimal number: programs round long ones",
            "(contains(%s, '.') and regexp_full_match(%s, '[0-9]+[.]0*'))",
        ),
    ):
        found += _leave_out(
            connection,
            "told",
            reason,
            " or ".join(condition.replace("%s", name) for name in _IDS),
            "coalesce("
            + ", ".join(
                f"case when {condition.replace('%s', name)} then {name} end"
                for name in _IDS
            )
            + ")",
        )
    for name in _IDS:
        if digits := find_rounded(connection, "told", name):
            by = "spreadsheet" if digits == SPREADSHEET_DIGITS else "program"
            found += _leave_out(
                connection,
                "told",
                f"an {name} that a {by} has rounded to {digits} digits (export the"
                " column as text)",
                is_rounded_sql(name, digits),
                name,
            )
    return found


def _leave_out_times(
    connection: duckdb.DuckDBPyConnection,
) -> list[tuple[str, int]]:
    """Make `timed` of the rows whose times can be trusted.

    The digits tell the unit: between 2000 and 2100 those of seconds, milliseconds,
    micro- and nanoseconds have nothing in common. A table may also count from a start
    of its own, in small whole seconds; beside Unix seconds such numbers are none.
    """
    found = _leave_out(
        connection,
        "told",
        "a time that a spreadsheet has rounded",
        f"regexp_full_match(timestamp_share, {_ROUNDED})",
        "timestamp_share",
    )
    found += _leave_out(
        connection,
        "told",
        "no Unix second in timestamp_share",
        f"not coalesce(regexp_full_match(timestamp_share, {_NUMBER}), false)",
        "nullif(timestamp_share, '')",
    )
    connection.execute(
        """
        create table timed as
        with numbers as (
            select
                *,
                try_cast(timestamp_share as decimal(38, 9)) as number
            from told
        ),
        units as (
            select
                *,
                case
                    when number between 946684800 and 4102444800 then 1
                    when number between 946684800000 and 4102444800000 then 1000
                    when number between 946684800000000 and 4102444800000000
                        then 1000000
                    when number between 946684800000000000 and 4102444800000000000
                        then 1000000000
                    when abs(number) < 100000000 and number = floor(number) then 0
                end as unit
            from numbers
        )
        select
            object_id,
            account_id,
            content_id,
            timestamp_share,
            unit,
            cast(
                case
                    when unit in (0, 1) then floor(number * 1000)
                    when unit = 1000 then floor(number)
                    when unit = 1000000 then floor(number / 1000)
                    else floor(number / 1000000)
                end as bigint
            ) as milliseconds
        from units
        """
    )
    is_unix = count(connection, "select count(*) from timed where unit > 0") > 0
    found += _leave_out(
        connection,
        "timed",
        "a time before 2000 or after 2100",
        "unit is null" + (" or unit = 0" if is_unix else ""),
        "timestamp_share",
    )
    return found


def _leave_out_cut_times(
    connection: duckdb.DuckDBPyConnection, window: int
) -> list[tuple[str, int]]:
    """Leave out Unix times that were cut to days, or to minutes.

    They put strangers into one second. Of days where so large a part of all shares, on
    several days, stand at one time of the day, a quarter of an hour's begin; of minutes
    where nearly all stand at a minute's begin.
    """
    found: list[tuple[str, int]] = []
    if window < 86400:
        times = connection.execute(
            f"""
            select clock
            from (
                select
                    milliseconds % 86400000 as clock,
                    count(*) as shares,
                    count(distinct milliseconds) as days
                from timed
                where unit > 0 and milliseconds % 900000 = 0
                group by clock
            )
            where
                days >= {_ENOUGH_DAYS}
                and shares >= {_ENOUGH_SHARES}
                and shares >= {_LARGE_PART} * (select count(*) from timed)
            order by clock
            """
        ).fetchall()
        for (clock,) in times:
            found += _leave_out(
                connection,
                "timed",
                f"a time that tells a day only ({clock // 3600000:02}:"
                f"{clock // 60000 % 60:02}:00 UTC)",
                f"unit > 0 and milliseconds % 86400000 = {clock}",
                "timestamp_share",
            )
    if window < 60:
        whole = count(
            connection,
            "select count(*) from timed where unit > 0 and milliseconds % 60000 = 0",
        )
        shares = count(connection, "select count(*) from timed where unit > 0")
        if whole >= _ENOUGH_SHARES and whole >= _NEARLY_ALL * shares:
            found += _leave_out(
                connection,
                "timed",
                "a time that tells a minute only: give a --time-window of 60 or more",
                "unit > 0 and milliseconds % 60000 = 0",
                "timestamp_share",
            )
    return found


def _tell_units(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Say which rows count finer steps than seconds, and that they were converted."""
    names = {1: "seconds", 1000: "milliseconds", 10**6: "microseconds"}
    rows = connection.execute(
        "select unit, count(*) from timed group by unit order by unit"
    ).fetchall()
    if all(unit in (0, 1) for unit, _ in rows):
        return []
    listed = " and ".join(
        f"{names.get(unit, 'nanoseconds')} in {number:,} rows" for unit, number in rows
    )
    return [f"timestamp_share counts {listed}: read as seconds"]


@dataclass(frozen=True)
class _Reading:
    """What reading a table told: see `_read`."""

    left_out: list[tuple[str, int]]
    notes: list[str]
    steps: int


def _write(
    connection: duckdb.DuckDBPyConnection,
    rules: CoordinationRules,
    params: dict[str, int],
    out: Path,
    reading: _Reading,
) -> Coordinated:
    """Write the edges that the rules keep, and say how many."""
    all_edges = count(connection, f"select count(*) from {_EDGES}")
    chosen, bound = ["true"], {}
    threshold = None
    if rules.edge_weight is not None and all_edges:
        threshold = _quantile_of_weights(connection, rules.edge_weight)
        chosen.append("edges.weight > $threshold")
        bound = {"threshold": threshold}
    if rules.false_discovery_rate is not None:
        _find_significant(connection, params, rules.false_discovery_rate)
        chosen.append(
            "(edges.account_no, edges.account_no_y) in"
            " (select (account_no, account_no_y) from significant)"
        )
    _write_edges(connection, " and ".join(chosen), bound, reading.steps, out)
    return Coordinated(
        shares=count(connection, "select count(*) from intermediate.shares"),
        left_out=reading.left_out,
        notes=reading.notes,
        all_edges=all_edges,
        edges=count(connection, "select count(*) from written"),
        accounts=count(
            connection,
            "select count(*) from (select account_id from written"
            " union select account_id_y from written)",
        ),
        threshold=threshold,
        crowded=_crowded_objects(connection),
    )


_EDGES = "intermediate.coordination_edges"


def _quantile_of_weights(
    connection: duckdb.DuckDBPyConnection, quantile: float
) -> float:
    """R's quantile type 7; an edge must be strictly heavier."""
    rows = connection.execute(
        f"select quantile_cont(weight, $quantile) from {_EDGES}", {"quantile": quantile}
    ).fetchall()
    return float(rows[0][0])


def _find_significant(
    connection: duckdb.DuckDBPyConnection, params: dict[str, int], rate: float
) -> None:
    """Make `significant` of the edges that chance explains so seldom."""
    model = load_models("intermediate")["intermediate.coordination_chance"]
    run_model(connection, model, params)
    accounts = "select count(*) from intermediate.coordination_accounts"
    significant = significant_edges(
        connection.sql(f"from {model.name}").pl(), count(connection, accounts), rate
    ).filter("is_significant")
    connection.register("significant", significant)


def _write_edges(
    connection: duckdb.DuckDBPyConnection,
    chosen: str,
    bound: dict[str, float],
    steps: int,
    out: Path,
) -> None:
    """Make `written` of the chosen edges, and the file from it."""
    connection.execute(
        f"""
        create table written as
        select
            accounts.account_id,
            accounts_y.account_id as account_id_y,
            edges.weight,
            edges.total_time_delta / ({steps} * edges.weight) as avg_time_delta,
            edges.contents as n_content_id,
            edges.contents_y as n_content_id_y,
            least(edges.contents, edges.contents_y)
            / greatest(edges.contents, edges.contents_y) as edge_symmetry_score
        from {_EDGES} as edges
        inner join intermediate.coordination_accounts as accounts
            on edges.account_no = accounts.account_no
        inner join intermediate.coordination_accounts as accounts_y
            on edges.account_no_y = accounts_y.account_no
        where {chosen}
        """,
        bound,
    )
    kind = (
        "format parquet, row_group_size 100000"
        if out.suffix == ".parquet"
        else "format csv, header"
    )
    with replacing(out) as beside:
        connection.execute(
            f"copy (from written order by account_id, account_id_y) to $path ({kind})",
            {"path": str(beside)},
        )


def _crowded_objects(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Objects with moments that the cap leaves out, and how many shares these are."""
    rows = connection.execute(
        """
        select objects.object_id, count(*)
        from intermediate.coordination_shares as shares
        inner join intermediate.coordination_objects as objects
            on shares.object_no = objects.object_no
        where shares.is_crowded
        group by all
        order by all
        """
    ).fetchall()
    return [(str(name), int(number)) for name, number in rows]


def show(found: Coordinated, rules: CoordinationRules, out: Path) -> None:
    """Print the outcome for people."""
    for note in found.notes:
        say(note)
    for reason, rows in found.left_out:
        say(f"Left out: {rows:,} rows, {reason}")
    say(
        f"{found.shares:,} shares: {found.all_edges:,} pairs of accounts shared the"
        f" same within {rules.time_window} s"
    )
    if found.crowded:
        shares = sum(rows for _, rows in found.crowded)
        say(
            f"Crowds left out: {shares:,} shares of {len(found.crowded):,} objects, in"
            f" moments of more than {rules.max_burst:,} shares; most of them of:"
        )
        for name, rows in sorted(found.crowded, key=lambda item: (-item[1], item[0]))[
            :5
        ]:
            say(f"  {rows:>9,}  {name}")
    if found.threshold is not None:
        say(f"Kept: edges heavier than {found.threshold:g}")
    if rules.false_discovery_rate is not None:
        say(
            "Kept: edges of two objects or more that chance explains in"
            f" {rules.false_discovery_rate:.0%} of cases or less"
        )
    elif found.edges and (found.threshold is None or found.threshold < 1):
        say(
            "Edges of weight 1 are mostly chance: --edge-weight 0.99 or"
            " --false-discovery-rate 0.01 keep what is not"
        )
    say(f"{found.edges:,} edges among {found.accounts:,} accounts in {out}")
