"""Commands that read exported files and need no workspace: audit, coordinate, train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.options import (
    DebugOption,
    FormatOption,
    JsonOption,
    NetworkOption,
)
from flows.command_line.quiet_orchestrator import prepare_prefect


def audit(
    paths: Annotated[
        list[Path], typer.Argument(help="Exported files or folders.", metavar="PATH...")
    ],
    out: Annotated[
        Path, typer.Option(help="The table to write, .parquet or .csv.", metavar="FILE")
    ],
    record_format: FormatOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Weights that `train` wrote, instead of the shipped.", metavar="FILE"
        ),
    ] = None,
    phantom_share: Annotated[
        float | None,
        typer.Option(
            help="Share of phantoms that you expect, 0 to 1: what is said of likely"
            " phantoms goes by it; no verdict does.",
            metavar="SHARE",
        ),
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Score the accounts of exported files, once; needs no workspace."""
    from flows.commands.audit import audit as run
    from flows.commands.audit import show

    show(run(paths, record_format, out, model, phantom_share), out)


def map_columns(
    table: Annotated[
        Path,
        typer.Argument(
            help="Any table: CSV, TSV, XLSX, Parquet or SQLite.", metavar="FILE"
        ),
    ],
    platform: NetworkOption = None,
    rows: Annotated[
        str | None,
        typer.Option(
            help="What a row is: posts, reposts, comments, likes, interactions,"
            " accounts, follows or post_counters; told by its columns.",
            metavar="KIND",
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="Of a spreadsheet, or a database's table.", metavar="NAME"),
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Propose what the columns of a table are, as lines for workspace.toml."""
    from flows.commands import map as mapping
    from tasks.warehouse.progress import console

    found = mapping.map_columns(table, platform, rows, sheet)
    if as_json:
        typer.echo(mapping.as_json(found))
    else:
        mapping.show(found, console)
    if not found.is_whole:
        raise typer.Exit(1)


def coordinate(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet: object_id, account_id, content_id, timestamp_share.",
            metavar="FILE",
        ),
    ],
    time_window: Annotated[
        int, typer.Option(help="Seconds between two shares at most.", metavar="S")
    ],
    min_participation: Annotated[
        int, typer.Option(help="Shares that an account needs.", metavar="N")
    ],
    out: Annotated[
        Path,
        typer.Option(help="The edges to write, .parquet or .csv.", metavar="FILE"),
    ],
    edge_weight: Annotated[
        float | None,
        typer.Option(
            help="Keep edges heavier than this quantile of the weights.", metavar="Q"
        ),
    ] = None,
    false_discovery_rate: Annotated[
        float | None,
        typer.Option(
            help="Keep edges of two objects or more that are no chance, but for this"
            " part of them.",
            metavar="Q",
        ),
    ] = None,
    max_burst: Annotated[
        int | None,
        typer.Option(
            help="Leave out moments with more shares of one object than this; without"
            " it nothing is.",
            metavar="N",
        ),
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Find accounts that share the same objects within seconds of each other."""
    from flows.commands.coordinate import CoordinationRules, show
    from flows.commands.coordinate import coordinate as run

    rules = CoordinationRules(
        time_window, min_participation, edge_weight, false_discovery_rate, max_burst
    )
    show(run(table, rules, out), rules, out)


def train(
    labels: Annotated[
        Path,
        typer.Option(
            help="CSV: account_id,is_phantom and, if you like, platform,weight;"
            " or an account_overrides.csv; or account_id,operator for the linkage"
            " model.",
            metavar="FILE",
        ),
    ],
    accounts: Annotated[
        list[Path],
        typer.Option(
            help="Exported files with these accounts; may be given again.",
            metavar="PATH",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="The weights to write, .json; card beside.", metavar="FILE"),
    ],
    seed: Annotated[int, typer.Option(help="Of folds and trees.", min=0)] = 1,
    record_format: FormatOption = None,
    debug: DebugOption = False,
) -> None:
    """Train the phantom score, or the linkage model, on labelled accounts."""
    from flows.commands.audit import check_training

    # Mistakes are told before the slow imports.
    check_training(labels, accounts, out, record_format)
    prepare_prefect(debug=debug)
    from flows.orchestration import run_flow
    from flows.train import train as flow

    run_flow(
        flow,
        labels=str(labels),
        accounts=[str(path) for path in accounts],
        out=str(out),
        record_format=record_format,
        seed=seed,
    )
