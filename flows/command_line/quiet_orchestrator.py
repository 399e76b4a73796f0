"""What must stand before Prefect is imported."""

from __future__ import annotations

import os


def prepare_prefect(*, debug: bool) -> None:
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
