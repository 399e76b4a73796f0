"""How a command ends: errors are one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer

from tasks.warehouse import stopping
from tasks.warehouse.errors import StoppedError, WeiboManagerError, tell_disk

_ROOT = str(Path(__file__).resolve().parents[2])


def end_in_words(app: Callable[..., object]) -> None:
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
        known = find_known(error)
        if known is not None:
            typer.echo(str(known), err=True)
            sys.exit(known.exit_code)
        typer.echo(
            f"Failed: {sentence(error)} What was published before still stands."
            " Run the same command again; with --debug it shows where it failed.",
            err=True,
        )
        sys.exit(1)


def _tell_stopped(stop: StoppedError) -> NoReturn:
    typer.echo(str(stop), err=True)
    sys.exit(stop.exit_code)


def find_known(error: BaseException | None) -> WeiboManagerError | None:
    """Our own error, also where the orchestrator wrapped it."""
    while error is not None:
        if isinstance(error, WeiboManagerError):
            return error
        error = error.__cause__ or error.__context__
    return None


def sentence(error: BaseException) -> str:
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
    folders = (*filter(None, sys.path), _ROOT)
    around = max(filter(file.is_relative_to, folders), key=len, default=file.parent)
    return f"{file.relative_to(around)}:{frame.lineno}"


def _own_place(frames: traceback.StackSummary) -> str:
    """Where our own code asked for what failed in a library, if it did."""
    own = [frame for frame in frames if _place(frame).startswith(("flows/", "tasks/"))]
    if not own or own[-1] is frames[-1]:
        return ""
    return f", asked by {_place(own[-1])}"
