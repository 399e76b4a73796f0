"""The command line: `python -m flows COMMAND`."""

from __future__ import annotations

import atexit
import difflib
import gc
import json
import locale
import os
import sys
import tomllib
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from tasks.warehouse import stopping
from tasks.warehouse.errors import (
    ConfigurationError,
    StoppedError,
    WeiboManagerError,
    tell_disk,
)
from tasks.warehouse.progress import endure_closed_output

if TYPE_CHECKING:
    from tasks.warehouse.ledger import Step
    from tasks.warehouse.workspace import Workspace

app = typer.Typer(
    name="python -m flows",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Track Weibo campaigns and publish feedback marts.",
    epilog="Exit codes: 0 done, 1 failed or late (what was published stands), 2 wrong"
    " use or configuration, 3 an API's budget is spent for now, 4 another run holds the"
    " workspace.",
)

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", help="The workspace's folder.", metavar="DIR")
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks and the orchestrator's log.")
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Also days after today, where the clock is wrong."),
]


def _tell_version(value: bool) -> None:  # noqa: FBT001
    if value:
        project = Path(__file__).resolve().parents[1] / "pyproject.toml"
        with project.open("rb") as handle:
            typer.echo(f"weibo-manager {tomllib.load(handle)['project']['version']}")
        raise typer.Exit


@app.callback()
def _begin(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_tell_version,
            is_eager=True,
            help="Tell the version.",
        ),
    ] = False,
) -> None:
    pass


_STEPS: tuple[Step, ...] = (
    "extract",
    "validate",
    "deduplicate",
    "aggregate",
    "publish",
)


def _parse_day(value: str, option: str) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise ConfigurationError(
            [f"{option} '{value}' is no day: write it as YYYY-MM-DD."]
        ) from None


def _prepare_prefect(*, debug: bool) -> None:
    """Settings that must stand before Prefect is imported.

    Nothing leaves the machine, and its log does not drown ours. A server or
    profile that the user configured is used as it is.
    """
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    if debug:
        os.environ["WM_DEBUG"] = "1"
    else:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")
        # A server that hears of the run gets our lines; the terminal has them.
        for runs in ("FLOW_RUNS", "TASK_RUNS"):
            name = f"PREFECT_LOGGING_LOGGERS_PREFECT_{runs}_LEVEL"
            os.environ.setdefault(name, "INFO")
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")


@app.command()
def daily(
    day: Annotated[
        str | None,
        typer.Option("--date", help="The day; yesterday without it.", metavar="DAY"),
    ] = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Run one day; without --date also the days before it that are missing."""
    chosen = _parse_day(day, "--date") if day else None
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import load_workspace

    # Mistakes are told before the slow imports.
    configuration = load_workspace(workspace)
    if chosen and not force:
        configuration.refuse_days_to_come(chosen, chosen)
    _check_apis(configuration)
    check_seeds(workspace)
    _prepare_prefect(debug=debug)
    from flows.daily import daily as flow
    from flows.orchestration import run_flow

    run_flow(flow, day=chosen, workspace=str(workspace), force=force)


@app.command()
def backfill(
    first: Annotated[str, typer.Option("--from", help="First day.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="Last day.", metavar="DAY")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    only: Annotated[
        str | None,
        typer.Option(help=f"Only these steps, of {','.join(_STEPS)}.", metavar="STEPS"),
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option(
            help="Only the days of these campaigns within the range.",
            metavar="IDS",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, change nothing.")
    ] = False,
    force: ForceOption = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Run a range of days, both inclusive, as one window."""
    mistakes: list[str] = []
    days: list[date] = []
    for value, option in ((first, "--from"), (last, "--to")):
        try:
            days.append(_parse_day(value, option))
        except ConfigurationError as error:
            mistakes += error.mistakes
    if len(days) == 2 and days[0] > days[1]:
        mistakes.append(f"--from {first} lies after --to {last}: swap them.")
    if not reason.strip():
        mistakes.append("--reason is empty: say why this range is run again.")
    asked = only.split(",") if only else None
    mistakes += [
        f"--only names '{step}', which is no step: use {', '.join(_STEPS)}."
        for step in asked or []
        if step not in _STEPS
    ]
    steps = [step for step in _STEPS if step in asked] if asked else None
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import days_of_campaigns, load_workspace

    try:
        configuration = load_workspace(workspace)
        check_seeds(workspace)
        if steps is None or "extract" in steps:
            _check_apis(configuration)
        if campaign and len(days) == 2:
            names = [name.strip() for name in campaign.split(",")]
            days = list(days_of_campaigns(configuration, names, days[0], days[1]))
        if len(days) == 2 and not force:
            configuration.refuse_days_to_come(days[0], days[1])
    except ConfigurationError as error:
        mistakes += error.mistakes
    if mistakes:
        raise ConfigurationError(mistakes)
    if dry_run:
        chosen = ", ".join(steps or _STEPS)
        typer.echo(
            f"Would run {chosen} for {(days[1] - days[0]).days + 1} days"
            f" ({days[0]} to {days[1]}) in one window, for"
            f" {len(configuration.sources)} sources and"
            f" {len(configuration.campaigns)} campaigns of {workspace}."
        )
        return
    _prepare_prefect(debug=debug)
    from flows.backfill import backfill as flow
    from flows.orchestration import run_flow

    run_flow(
        flow,
        first=days[0],
        last=days[1],
        reason=reason,
        only=steps,
        workspace=str(workspace),
        force=force,
    )


@app.command()
def uncover(
    first: Annotated[str, typer.Option("--from", help="First day.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="Last day.", metavar="DAY")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Take days out of the marts that should never have been run."""
    days = [_parse_day(first, "--from"), _parse_day(last, "--to")]
    if days[0] > days[1]:
        raise ConfigurationError([f"--from {first} lies after --to {last}: swap them."])
    if not reason.strip():
        raise ConfigurationError(["--reason is empty: say why these days go."])
    from tasks.warehouse.seeds import check_seeds
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    check_seeds(workspace)
    _prepare_prefect(debug=debug)
    from flows.commands.uncover import uncover as run

    run(configuration, days[0], days[1], reason)


def _check_apis(configuration: Workspace) -> None:
    """Name every mistake of APIs at once; costs imports only where there is one."""
    if any(source.kind == "api" for source in configuration.sources):
        from tasks.sources.api_landing import check_apis

        check_apis(configuration)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, all days.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="For monitors: exit code 1 when a source is late or never gave"
            " anything, the last run failed or was stopped, or nothing is published.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Show which days are extracted, validated, published, late or failed."""
    from flows.commands.status import describe, show
    from tasks.warehouse.workspace import load_workspace

    try:
        found = describe(load_workspace(workspace))
    except Exception as error:
        if not as_json or debug:
            raise
        # Machines get JSON, whatever is wrong.
        known = _find_known(error)
        code = known.exit_code if known else 1
        told = str(known) if known else _sentence(error)
        found = {
            "workspace": str(workspace),
            "exit_code": code,
            "problems": told.splitlines(),
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        raise typer.Exit(code) from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show(found, Console(highlight=False, soft_wrap=True))
    if check and found["exit_code"]:
        raise typer.Exit(found["exit_code"])


@app.command()
def report(
    campaign: Annotated[
        str | None, typer.Option(help="Only this campaign.", metavar="ID")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the page.", metavar="FILE")
    ] = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write the report page from what is published; print where it is."""
    from tasks.report.page import write_report
    from tasks.warehouse.workspace import load_workspace

    marts = load_workspace(workspace).published / "marts.duckdb"
    if not marts.exists():
        raise ConfigurationError(
            ["Nothing is published yet: run `python -m flows daily` first."]
        )
    if campaign is None and out is None:
        typer.echo(marts.parent / "report" / "index.html")
        return
    target = out or Path(f"report-{campaign}.html")
    write_report(marts, target, campaign)
    typer.echo(target)


@app.command()
def audit(
    paths: Annotated[
        list[Path], typer.Argument(help="Exported files or folders.", metavar="PATH...")
    ],
    out: Annotated[
        Path, typer.Option(help="The table to write, .parquet or .csv.", metavar="FILE")
    ],
    record_format: Annotated[
        str | None,
        typer.Option(
            "--format", help="The files' format; told by their names.", metavar="FORMAT"
        ),
    ] = None,
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


@app.command()
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
    from flows.commands.coordinate import Search, show
    from flows.commands.coordinate import coordinate as run

    search = Search(
        time_window, min_participation, edge_weight, false_discovery_rate, max_burst
    )
    show(run(table, search, out), search, out)


@app.command()
def alarms(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be told.")
    ] = False,
    trial: Annotated[
        bool,
        typer.Option("--trial", help="Send each address a line: nothing is wrong."),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Tell of findings that nobody was told of yet; `daily` does it at its end."""
    from flows.commands.alarms import tell, tell_trial
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    error = tell_trial() if trial else tell(configuration, dry_run=dry_run)
    if error:
        raise error


@app.command(name="data-docs")
def data_docs(
    workspace: WorkspaceOption = Path("data"), debug: DebugOption = False
) -> None:
    """Let Great Expectations judge all that is staged; print where its page is."""
    from flows.commands.data_docs import write_data_docs
    from tasks.warehouse.workspace import load_workspace

    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    typer.echo(write_data_docs(load_workspace(workspace)))


@app.command()
def who(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Pseudonyms (eight digits or more), ids, @names, keys of operators or"
            " groups; - reads them from standard input, a line each.",
            metavar="KEY|ID|@NAME...",
        ),
    ],
    platform: Annotated[
        str | None, typer.Option(help="Only this network, as weibo.", metavar="P")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Say which account stands behind a pseudonym, and why it is judged as it is."""
    from flows.commands import who as lookup
    from tasks.warehouse.workspace import load_workspace

    if names == ["-"]:
        names = [line.strip() for line in sys.stdin]
    wanted = [name for name in names if name]
    found = lookup.who(load_workspace(workspace), wanted, platform)
    if as_json:
        typer.echo(lookup.as_json(found))
    else:
        for account in found:
            for line in lookup.told(account, date.today()):  # noqa: DTZ011
                typer.echo(line)
    missing = {*wanted} - {account.asked for account in found}
    if missing:
        typer.echo(
            f"{len(missing)} of {len({*wanted})} names are of no account that is held"
            + (f" on {platform}" if platform else "")
            + ": keys change with the workspace's .key, and ids are a network's own.",
            err=True,
        )
        raise typer.Exit(1)


@app.command()
def claim(
    campaign: Annotated[str, typer.Option(help="Its id.", metavar="ID")],
    partner: Annotated[str, typer.Option(help="The partner's id.", metavar="ID")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder to write, in place of published/restricted/claims.",
            metavar="DIR",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit code 1 where nothing supports a claim."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write what a paid partner delivered, with evidence and what speaks against it."""
    from flows.commands.claim import claim as run
    from tasks.warehouse.workspace import load_workspace

    written = run(load_workspace(workspace), campaign, partner, out)
    about = written.claim.about
    if as_json:
        told = {**about, "folder": str(written.folder), "pdf": written.pdf}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for sentence in about["verdict"]:
            typer.echo(sentence)
        typer.echo(f"{written.folder / 'index.html'}: {written.pdf}")
        if out is not None:
            typer.echo("It names accounts: no erasure reaches it there.")
    if check and not about["supported"]:
        raise typer.Exit(1)


@app.command()
def vet(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Candidates: pseudonyms (eight digits or more), ids, @names; - reads"
            " them from standard input, a line each.",
            metavar="ACCOUNT...",
        ),
    ],
    platform: Annotated[
        str | None, typer.Option(help="Only this network, as weibo.", metavar="P")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Judge accounts' audiences before signing, by the data that is held."""
    from flows.commands import vet as vetting
    from tasks.warehouse.workspace import load_workspace

    if names == ["-"]:
        names = [line.strip() for line in sys.stdin]
    wanted = [name for name in names if name]
    found = vetting.vet(load_workspace(workspace), wanted, platform)
    if as_json:
        typer.echo(vetting.as_json(found))
    elif found:
        for line in vetting.told(found):
            typer.echo(line)
    missing = {*wanted} - {name for one in found for name in one["asked"]}
    if missing:
        typer.echo(
            f"{len(missing)} of {len({*wanted})} names are of no account that is held"
            + (f" on {platform}" if platform else "")
            + ": land an export with their posts first.",
            err=True,
        )
        raise typer.Exit(1)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace.", metavar="DIR")],
    debug: DebugOption = False,
) -> None:
    """Make a workspace: a configuration to adapt, and examples of the seeds."""
    from flows.commands.init import init as run

    run(folder)
    typer.echo(
        f"Made {folder}. Adapt {folder / 'workspace.toml'}, put exports into"
        f" {folder / 'exports'}, then:\n"
        f"  python -m flows doctor --workspace {folder}\n"
        "  python -m flows backfill --from DAY --to DAY --reason 'first run'"
        f" --workspace {folder}"
    )


@app.command()
def doctor(
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Look whether installation, machine and workspace are fit for a run."""
    from flows.commands.doctor import examine, show

    found = examine(workspace)
    show(found, Console(highlight=False, soft_wrap=True))
    if any(one.is_broken for one in found):
        raise typer.Exit(1)


@app.command()
def recover(
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="Go on without landed records that are lost and in no backup.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """After a damaged disk: set aside what can't be read, for a run to make again."""
    from flows.commands.recover import recover as run
    from tasks.warehouse.workspace import load_workspace

    found = run(load_workspace(workspace), accept_loss=accept_loss)
    for line in [*found.done, *found.lost]:
        typer.echo(line)
    if found.lost:
        raise typer.Exit(1)
    typer.echo(
        "Now run `python -m flows daily`, or a backfill."
        if found.done
        else "Nothing is damaged."
    )


@app.command()
def rollback(
    to: Annotated[
        str | None,
        typer.Option(
            help="The publication's id; without it the one before.", metavar="ID"
        ),
    ] = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Let readers see an older publication, until the next run publishes."""
    from tasks.sources.erased_people import is_pending
    from tasks.warehouse.lock import hold_workspace
    from tasks.warehouse.publication import roll_back
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    with hold_workspace(configuration.lock, "rollback"):
        if is_pending(configuration.root):
            raise ConfigurationError(
                [
                    "An erasure waits for its run, older publications go with it: run"
                    " `python -m flows daily` first."
                ]
            )
        name = roll_back(configuration.root, to)
    typer.echo(
        f"Published is {name} now, until the next run publishes what the warehouse"
        " holds: repair the cause (overrides, policies, exports) first. The list of"
        " contacts comes back with that run."
    )


privacy_app = typer.Typer(
    no_args_is_help=True,
    help="What is held of a person: export it, erase it, or stop contact.",
)
app.add_typer(privacy_app, name="privacy")
RequestsOption = Annotated[
    str | None,
    typer.Option(
        "--requests",
        help="CSV with the columns platform and account_id, a line a person; - reads"
        " it from standard input.",
        metavar="FILE",
    ),
]
PlatformOption = Annotated[
    str | None, typer.Option(help="The account's network, as weibo.", metavar="P")
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account",
        help="Its id at the network, where the machine's list of processes and the"
        " shell's history may tell it.",
        metavar="ID",
    ),
]


@privacy_app.command("export")
def privacy_export(
    out: Annotated[
        Path, typer.Option(help="The file to write, .json; new.", metavar="FILE")
    ],
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write all that is held of accounts: records, judgements, marts, seeds."""
    from flows.commands.privacy import write_export

    configuration, asked = _requested(workspace, requests, platform, account)
    typer.echo(write_export(configuration, asked, out))


@privacy_app.command("suppress")
def privacy_suppress(
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "asked not to be contacted",
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Never contact accounts, nor the others of their owners."""
    from flows.commands.privacy import suppress
    from tasks.warehouse.seeds import check_seeds

    configuration, asked = _requested(workspace, requests, platform, account)
    # A line under wrong columns would be lost.
    check_seeds(workspace)
    new = sum(suppress(configuration, *one, reason) for one in asked)
    typer.echo(
        f"{'Added to' if new else 'Stood already in'}"
        f" {workspace / 'seeds/suppressions.csv'}; taken off the list of contacts. The"
        " marts follow with the next run."
    )


@privacy_app.command("erase")
def privacy_erase(
    requests: RequestsOption = None,
    platform: PlatformOption = None,
    account: AccountOption = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Take people out of everything for good, and make the marts anew."""
    from flows.commands.privacy import erase_all
    from tasks.warehouse.seeds import check_seeds

    configuration, asked = _requested(workspace, requests, platform, account)
    check_seeds(workspace)
    gone = erase_all(configuration, asked)
    typer.echo(
        f"Removed {gone.landed.removed:,} records; took"
        f" {'the person' if len(asked) == 1 else f'{len(asked):,} people'} out of"
        f" {gone.landed.changed:,} records of others. What arrives later is held"
        " against a tombstone."
    )
    if gone.days:
        _prepare_prefect(debug=debug)
        from flows.backfill import backfill as flow
        from flows.orchestration import run_flow

        run_flow(
            flow,
            first=gone.days[0],
            last=gone.days[1],
            reason="erasure",
            only=[step for step in _STEPS if step != "extract"],
            workspace=str(workspace),
        )
        typer.echo("The marts are made anew; older publications are deleted.")
    for path in gone.exports:
        typer.echo(f"Still in your export {path}: delete it there, and in backups.")
    for path in gone.set_aside:
        typer.echo(f"May still be in {path}, which `recover` set aside: delete it.")


def _requested(
    workspace: Path, requests: str | None, platform: str | None, account: str | None
) -> tuple[Workspace, list[tuple[str, str]]]:
    """The workspace, and whom a command is about: network and id of each.

    Raises:
        ConfigurationError: names all mistakes.
    """
    from flows.commands.privacy import read_requests
    from tasks.warehouse.networks import PLATFORMS
    from tasks.warehouse.workspace import load_workspace

    if requests is not None:
        if platform or account:
            raise ConfigurationError(
                ["--requests names them all: leave --platform and --account out."]
            )
        try:
            text = (
                sys.stdin.read()
                if requests == "-"
                else Path(requests).read_text(encoding="utf-8-sig")
            )
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ConfigurationError([f"--requests {requests}: {why}."]) from None
        return load_workspace(workspace), read_requests(text, requests)
    mistakes = []
    if platform is None or account is None:
        mistakes.append(
            "Whom is it about? Write platform,account_id into a CSV file and name it"
            " with --requests."
        )
    elif platform not in PLATFORMS:
        near = difflib.get_close_matches(platform, PLATFORMS, 1)
        known = f"did you mean '{near[0]}'?" if near else f"use {', '.join(PLATFORMS)}."
        mistakes.append(f"--platform '{platform}' is no network: {known}")
    if account is not None and (not account.strip() or account != account.strip()):
        mistakes.append("--account is no id: write it without blanks.")
    if mistakes or platform is None or account is None:
        raise ConfigurationError(mistakes)
    return load_workspace(workspace), [(platform, account)]


keys_app = typer.Typer(
    no_args_is_help=True,
    help="The keys of pseudonyms and erasures: check them, or begin a new one.",
)
app.add_typer(keys_app, name="keys")


@keys_app.command("check")
def keys_check(
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Tell whether the keys are those that the last run used."""
    from tasks.warehouse.keys import check_keys
    from tasks.warehouse.workspace import load_workspace

    found = check_keys(load_workspace(workspace))
    for name in ("pseudonyms", "erasures"):
        typer.echo(f"Key of {name}: {found.get(name, 'none yet')}")
    typer.echo(f"Tombstones: {found.get('tombstones', 0):,}")


@keys_app.command("rotate")
def keys_rotate(
    erasures: Annotated[
        bool,
        typer.Option(
            "--erasures",
            help="The erasures' key, where it or its list is lost for good.",
        ),
    ] = False,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Begin a new key; the next run gives every account a new pseudonym."""
    from tasks.warehouse.keys import rotate
    from tasks.warehouse.lock import hold_workspace
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    with hold_workspace(configuration.lock, "keys rotate"):
        typer.echo(rotate(configuration, erasures=erasures))


@app.command()
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
    record_format: Annotated[
        str | None,
        typer.Option(
            "--format", help="The files' format; told by their names.", metavar="FORMAT"
        ),
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Train the phantom score, or the linkage model, on labelled accounts."""
    from flows.commands.audit import check_training

    # Mistakes are told before the slow imports.
    check_training(labels, accounts, out, record_format)
    _prepare_prefect(debug=debug)
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


def main() -> None:
    """Run a command; errors are one sentence and an exit code."""
    debug = "--debug" in sys.argv
    try:
        # Without standalone mode an exit's code is what the call gives.
        code = app(standalone_mode=False)
        if isinstance(code, int):
            sys.exit(code)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except typer.Abort:
        sys.exit(1)
    except StoppedError as stop:
        _tell_stopped(stop)
    except Exception as error:
        if signalled := stopping.received():  # a library made an error of it
            _tell_stopped(signalled)
        if debug:
            raise
        show = getattr(error, "show", None)
        if show is not None:  # wrong use, told by typer
            show()
            sys.exit(2)
        known = _find_known(error)
        if known is not None:
            typer.echo(str(known), err=True)
            sys.exit(known.exit_code)
        typer.echo(
            f"Failed: {_sentence(error)} What was published before still stands."
            " Run the same command again; with --debug it shows where it failed.",
            err=True,
        )
        sys.exit(1)


def _tell_stopped(stop: StoppedError) -> NoReturn:
    typer.echo(str(stop), err=True)
    sys.exit(stop.exit_code)


def _find_known(error: BaseException | None) -> WeiboManagerError | None:
    """Our own error, also where the orchestrator wrapped it."""
    while error is not None:
        if isinstance(error, WeiboManagerError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _sentence(error: BaseException) -> str:
    """The kind and the place of an unforeseen error; its words may quote data."""
    if disk := tell_disk(error):
        return disk
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})."
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return f"{type(error).__name__}."
    return f"{type(error).__name__} at {_place(frames[-1])}{_own_place(frames)}."


def _place(frame: traceback.FrameSummary) -> str:
    """File and line, from the name of the package on."""
    file = Path(frame.filename)
    folders = (*filter(None, sys.path), str(Path(__file__).parent.parent))
    around = max(filter(file.is_relative_to, folders), key=len, default=file.parent)
    return f"{file.relative_to(around)}:{frame.lineno}"


def _own_place(frames: traceback.StackSummary) -> str:
    """Where our own code asked for what failed in a library, if it did."""
    own = [frame for frame in frames if _place(frame).startswith(("flows/", "tasks/"))]
    if not own or own[-1] is frames[-1]:
        return ""
    return f", asked by {_place(own[-1])}"


def _leave(code: int) -> NoReturn:
    """End the process after its exit handlers, without the interpreter's teardown.

    There the database binding prints pages of leak warnings that concern nobody.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _speak_utf8() -> None:
    """Begin anew where the locale names files otherwise than the database does.

    It takes paths for UTF-8. What is printed stays in the terminal's encoding, and an
    argument that is no UTF-8 was typed in that.
    """
    is_utf8 = sys.getfilesystemencoding().lower() == "utf-8"
    if not is_utf8 and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", locale.getencoding())
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    sys.argv[1:] = [
        argument
        if argument.isascii() or not _is_undecoded(argument)
        else os.fsencode(argument).decode(locale.getencoding(), "replace")
        for argument in sys.argv[1:]
    ]


def _is_undecoded(argument: str) -> bool:
    return any("\udc80" <= mark <= "\udcff" for mark in argument)


def _run() -> NoReturn:
    """What `python -m flows` does: a command that signals stop in words."""
    # Libraries make a million objects that stay. To look through them for garbage
    # again and again while they load takes a second of every run.
    gc.set_threshold(100_000, 50, 100)
    _speak_utf8()
    endure_closed_output()
    stopping.listen()
    try:
        main()
    except SystemExit as stop:
        _leave(stop.code if isinstance(stop.code, int) else 1)
    except BaseException:
        if signalled := stopping.received():
            typer.echo(str(signalled), err=True)
            _leave(signalled.exit_code)
        traceback.print_exc()
        _leave(1)
    _leave(0)


if __name__ == "__main__":
    _run()
