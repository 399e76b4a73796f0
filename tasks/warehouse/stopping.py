"""Stopping: SIGINT and SIGTERM end a command within seconds, in words.

The first signal raises `StoppedError` where Python runs. A library that computes for
minutes doesn't let it: after `GRACE_SECONDS` the process ends anyhow, like a killed
one, which the next run bears as well.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType

from tasks.warehouse.errors import StoppedError

GRACE_SECONDS = 3.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_received: list[StoppedError] = []


def listen() -> None:
    """Let signals stop this process; for the main thread of a command."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for number in _SIGNALS:
        signal.signal(number, _stop)
    # Told at once, also while the main thread computes outside of Python.
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()


def received() -> StoppedError | None:
    """The signal that is to stop this process, if there was one.

    A library may have made an error of its own of it.
    """
    return _received[0] if _received else None


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    for one in _SIGNALS:  # once is enough, what is done now must not be torn
        signal.signal(one, signal.SIG_IGN)
    if not _received:
        _received.append(StoppedError(number))
    raise _received[0]


def _watch(reader: int) -> None:
    number = os.read(reader, 1)[0]
    while number not in _SIGNALS:
        number = os.read(reader, 1)[0]
    time.sleep(GRACE_SECONDS)
    stopped = received() or StoppedError(number)
    os.write(sys.stderr.fileno(), f"{stopped}\n".encode())
    os._exit(stopped.exit_code)
