"""The process around a command: its encoding, its signals, its end."""

from __future__ import annotations

import atexit
import gc
import locale
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

import typer

from tasks.warehouse import stopping
from tasks.warehouse.progress import endure_closed_output


def run_process(main: Callable[[], None]) -> NoReturn:
    """Run what a command does; signals stop it in words."""
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
