"""Commands about what readers get: report, alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.command_line.options import DebugOption, LanguageOption, WorkspaceOption
from tasks.warehouse.errors import ConfigurationError


def report(
    campaign: Annotated[
        str | None, typer.Option(help="Only this campaign.", metavar="ID")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the page.", metavar="FILE")
    ] = None,
    lang: LanguageOption = None,
    workspace: WorkspaceOption = Path("data"),
    debug: DebugOption = False,
) -> None:
    """Write the report page from what is published; print where it is."""
    from tasks.report.languages import speaking
    from tasks.report.page import write_report
    from tasks.warehouse.publication import page_names
    from tasks.warehouse.workspace import load_workspace

    configuration = load_workspace(workspace)
    marts = configuration.published / "marts.duckdb"
    language = lang or configuration.report.language
    if not marts.exists():
        raise ConfigurationError(
            ["Nothing is published yet: run `python -m flows daily` first."]
        )
    with speaking(language):  # one that nobody speaks is told here
        names = page_names("index", configuration.report.language)
    if campaign is None and out is None:
        typer.echo(marts.parent / "report" / names[language])
        return
    target = out or Path(f"report-{campaign}.html")
    if target.is_dir():  # a link to a folder would give way to the page
        raise ConfigurationError([f"--out {target} is a folder: name a file."])
    write_report(marts, target, campaign, language=language)
    typer.echo(target)


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
