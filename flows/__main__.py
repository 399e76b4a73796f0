"""The command line: `python -m flows COMMAND`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from flows.command_line import (
    care,
    exports,
    keys,
    privacy,
    questions,
    readers,
    runs,
)
from flows.command_line.endings import end_in_words
from flows.command_line.process import run_process

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


app.command()(runs.daily)
app.command()(runs.backfill)
app.command()(runs.crawl)
app.command()(runs.uncover)
app.command()(care.status)
app.command()(readers.report)
app.command()(exports.audit)
app.command(name="map")(exports.map_columns)
app.command()(exports.coordinate)
app.command()(readers.alarms)
app.command(name="data-docs")(care.data_docs)
app.command()(questions.who)
app.command()(questions.claim)
app.command()(questions.vet)
app.command()(care.init)
app.command()(care.networks)
app.command()(care.doctor)
app.command()(care.recover)
app.command()(care.rollback)
app.command()(exports.train)

privacy_app = typer.Typer(
    no_args_is_help=True,
    help="What is held of a person: export it, erase it, or stop contact.",
)
privacy_app.command()(privacy.export)
privacy_app.command()(privacy.suppress)
privacy_app.command()(privacy.erase)
app.add_typer(privacy_app, name="privacy")

keys_app = typer.Typer(
    no_args_is_help=True,
    help="The keys of pseudonyms and erasures: check them, or begin a new one.",
)
keys_app.command()(keys.check)
keys_app.command()(keys.rotate)
app.add_typer(keys_app, name="keys")


def main() -> None:
    """Run a command; errors are one sentence and an exit code."""
    end_in_words(app)


if __name__ == "__main__":
    run_process(main)
