"""Options that several commands have, and days as they are written."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from tasks.warehouse.errors import ConfigurationError

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
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
NetworkOption = Annotated[
    str | None, typer.Option(help="Only this network, as weibo.", metavar="P")
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--lang", help="en or zh; without it as workspace.toml says.", metavar="CODE"
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", help="The files' format; told by their names.", metavar="FORMAT"
    ),
]


def parse_day(value: str, option: str) -> date:
    """A day as an option gives it.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise ConfigurationError(
            [f"{option} '{value}' is no day: write it as YYYY-MM-DD."]
        ) from None
