"""Commands as processes of their own, measured whole."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from pathlib import Path

_ENVIRONMENT = {**os.environ, "WM_PSEUDONYM_KEY": "benchmark"}


def run_measured(command: list[str]) -> tuple[str, dict[str, float]]:
    """What a command prints; its seconds, CPU seconds and peak memory in GB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT,
    )
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+)", status)
            peak = max(peak, int(found[1]) if found else 0)
        except OSError:
            break
        time.sleep(0.05)
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{out}\n{err}")
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return out, {"wall_s": wall, "cpu_s": cpu, "peak_gb": peak / 2**20}
