"""Coordination in a share table: who shared the same within seconds of each other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tasks.accounts.coordination import (
    CHANCE_MODEL,
    COORDINATION_MODELS,
    NO_CAP,
    significant_edges,
)
from tasks.warehouse.database import count, tune
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models, run_model
from tasks.warehouse.progress import say

COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")
_CSV = (".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst")


@dataclass(frozen=True)
class Coordinated:
    """The outcome of a search for coordination.

    Attributes:
        shares: rows of the table that could be used.
        left_out: rows that could not, by reason.
        all_edges: pairs of accounts that shared together.
        edges: those written.
        accounts: in the edges written.
        threshold: the weight that an edge had to exceed; None without one.
        crowded: objects with moments left out by the cap, and the shares left out.
    """

    shares: int
    left_out: list[tuple[str, int]]
    all_edges: int
    edges: int
    accounts: int
    threshold: float | None
    crowded: list[tuple[str, int]]


@dataclass(frozen=True)
class Search:
    """What to look for.

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


def coordinate(table: Path, search: Search, out: Path) -> Coordinated:
    """Find accounts that share the same objects together; write an edge a row.

    The semantics are those of CooRTweet 2.1.3 (`detect_groups`,
    `generate_coordinated_network`). Cost: linear in shares and in pairs of shares.

    Args:
        table: CSV or Parquet with the columns object_id, account_id, content_id,
            timestamp_share (Unix seconds).
        search: what to look for.
        out: `.parquet` or `.csv`.

    Raises:
        ConfigurationError: a path, column or number is wrong; all mistakes at once.
    """
    mistakes = _mistakes(table, search, out)
    if mistakes:
        raise ConfigurationError(mistakes)
    with _connected() as connection:
        left_out = _read(connection, table)
        models = load_models("intermediate")
        params = {
            "time_window": search.time_window,
            "min_participation": search.min_participation,
            "max_burst": NO_CAP if search.max_burst is None else search.max_burst,
        }
        for name in COORDINATION_MODELS:
            run_model(connection, models[f"intermediate.{name}"], params)
        return _write(connection, search, params, out, left_out)


def _mistakes(table: Path, search: Search, out: Path) -> list[str]:
    mistakes = []
    if not table.is_file():
        mistakes.append(f"'{table}' is no file.")
    elif not table.name.endswith((".parquet", *_CSV)):
        mistakes.append(f"'{table}' must be .parquet, or one of {', '.join(_CSV)}.")
    if out.suffix not in (".parquet", ".csv"):
        mistakes.append(f"--out '{out}' must end in .parquet or .csv.")
    if search.time_window < 0:
        mistakes.append(f"--time-window {search.time_window}: give seconds, 0 or more.")
    if search.min_participation < 1:
        mistakes.append(
            f"--min-participation {search.min_participation}: give 1 or more."
        )
    if search.edge_weight is not None and not 0 <= search.edge_weight <= 1:
        mistakes.append(f"--edge-weight {search.edge_weight}: give a part, 0 to 1.")
    rate = search.false_discovery_rate
    if rate is not None and not 0 < rate < 1:
        mistakes.append(f"--false-discovery-rate {rate}: give a part above 0, below 1.")
    if search.max_burst is not None and search.max_burst < 2:
        mistakes.append(f"--max-burst {search.max_burst}: give 2 or more.")
    return mistakes


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="coordinate-") as folder:
        connection = duckdb.connect()
        try:
            tune(connection, Path(folder))
            connection.execute("create schema intermediate")
            yield connection
        finally:
            connection.close()


def _read(connection: duckdb.DuckDBPyConnection, table: Path) -> list[tuple[str, int]]:
    """Make `intermediate.shares`; say what could not be used."""
    path = {"path": str(table)}
    is_csv = table.suffix != ".parquet"
    # Ids stay as they are written: nothing guesses that they are numbers.
    source = (
        "read_csv($path, all_varchar = true, header = true, store_rejects = true,"
        " quote = '\"', escape = '\"')"
        if is_csv
        else "read_parquet($path)"
    )
    try:
        described = connection.execute(f"describe from {source}", path).fetchall()
        found = [str(row[0]) for row in described]
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise ConfigurationError(
                [
                    f"'{table}' has no column {', '.join(missing)}: it needs"
                    f" {', '.join(COLUMNS)} (Unix seconds)."
                ]
            )
        connection.execute(
            f"""
            create table intermediate.shares as
            select
                cast(object_id as varchar) as object_id,
                cast(account_id as varchar) as account_id,
                cast(content_id as varchar) as content_id,
                try_cast(timestamp_share as bigint) as shared_second,
                cast(null as bigint) as published_second
            from {source}
            """,
            path,
        )
    except (duckdb.InvalidInputException, duckdb.IOException):
        wanted = (
            "CSV with a header: is it whole, and is every quote closed?"
            if is_csv
            else "Parquet: is it whole?"
        )
        raise ConfigurationError([f"'{table}' can't be read as {wanted}"]) from None
    left_out = []
    if is_csv:
        broken = count(connection, "select count(distinct line) from reject_errors")
        if broken:
            first = count(connection, "select min(line) from reject_errors")
            left_out.append((f"broken line (the first is line {first})", broken))
    for reason, condition in (
        (
            "no id",
            "object_id is null or account_id is null or content_id is null",
        ),
        ("no Unix second in timestamp_share", "shared_second is null"),
    ):
        rows = count(
            connection, f"select count(*) from intermediate.shares where {condition}"
        )
        if rows:
            connection.execute(f"delete from intermediate.shares where {condition}")
            left_out.append((reason, rows))
    return left_out


def _write(
    connection: duckdb.DuckDBPyConnection,
    search: Search,
    params: dict[str, int],
    out: Path,
    left_out: list[tuple[str, int]],
) -> Coordinated:
    edges = "intermediate.coordination_edges"
    all_edges = count(connection, f"select count(*) from {edges}")
    chosen, bound = "true", {}
    threshold = None
    if search.edge_weight is not None and all_edges:
        # R's quantile type 7, and strictly greater.
        rows = connection.execute(
            f"select quantile_cont(weight, $quantile) from {edges}",
            {"quantile": search.edge_weight},
        ).fetchall()
        threshold = float(rows[0][0])
        chosen, bound = "edges.weight > $threshold", {"threshold": threshold}
    if search.false_discovery_rate is not None:
        run_model(
            connection,
            load_models("intermediate")[f"intermediate.{CHANCE_MODEL}"],
            params,
        )
        significant = significant_edges(
            connection.sql(f"from intermediate.{CHANCE_MODEL}").pl(),
            count(
                connection, "select count(*) from intermediate.coordination_accounts"
            ),
            search.false_discovery_rate,
        ).filter("is_significant")
        connection.register("significant", significant)
        chosen += (
            " and (edges.account_no, edges.account_no_y) in (select"
            " (account_no, account_no_y) from significant)"
        )
    connection.execute(
        f"""
        create table written as
        select
            accounts.account_id,
            accounts_y.account_id as account_id_y,
            edges.weight,
            edges.total_time_delta / edges.weight as avg_time_delta,
            edges.contents as n_content_id,
            edges.contents_y as n_content_id_y,
            least(edges.contents, edges.contents_y)
            / greatest(edges.contents, edges.contents_y) as edge_symmetry_score
        from {edges} as edges
        inner join intermediate.coordination_accounts as accounts
            on edges.account_no = accounts.account_no
        inner join intermediate.coordination_accounts as accounts_y
            on edges.account_no_y = accounts_y.account_no
        where {chosen}
        """,
        bound,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.tmp")
    kind = (
        "format parquet, row_group_size 100000"
        if out.suffix == ".parquet"
        else "format csv, header"
    )
    connection.execute(
        f"copy (from written order by account_id, account_id_y) to $path ({kind})",
        {"path": str(beside)},
    )
    os.replace(beside, out)
    crowded = connection.execute(
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
    return Coordinated(
        shares=count(connection, "select count(*) from intermediate.shares"),
        left_out=left_out,
        all_edges=all_edges,
        edges=count(connection, "select count(*) from written"),
        accounts=count(
            connection,
            "select count(*) from (select account_id from written"
            " union select account_id_y from written)",
        ),
        threshold=threshold,
        crowded=[(str(name), int(rows)) for name, rows in crowded],
    )


def show(found: Coordinated, search: Search, out: Path) -> None:
    """Print the outcome for people."""
    for reason, rows in found.left_out:
        say(f"Left out: {rows:,} rows, {reason}")
    say(
        f"{found.shares:,} shares: {found.all_edges:,} pairs of accounts shared the"
        f" same within {search.time_window} s"
    )
    if found.crowded:
        shares = sum(rows for _, rows in found.crowded)
        say(
            f"Crowds left out: {shares:,} shares of {len(found.crowded):,} objects, in"
            f" moments of more than {search.max_burst:,} shares; most of them of:"
        )
        for name, rows in sorted(found.crowded, key=lambda item: (-item[1], item[0]))[
            :5
        ]:
            say(f"  {rows:>9,}  {name}")
    if found.threshold is not None:
        say(f"Kept: edges heavier than {found.threshold:g}")
    if search.false_discovery_rate is not None:
        say(
            "Kept: edges of two objects or more that chance explains in"
            f" {search.false_discovery_rate:.0%} of cases or less"
        )
    elif found.edges and (found.threshold is None or found.threshold < 1):
        say(
            "Edges of weight 1 are mostly chance: --edge-weight 0.99 or"
            " --false-discovery-rate 0.01 keep what is not"
        )
    say(f"{found.edges:,} edges among {found.accounts:,} accounts in {out}")
