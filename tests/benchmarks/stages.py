"""The cold run by table: which stage of files to marts costs what.

`python -m tests.benchmarks.stages [--interactions 1000000] [--campaigns 100] [--seed 7]
[--top 40] [--keep FOLDER] [--steps land stage judge build publish] [--out FILE]` runs
the steps in one process and prints wall and CPU seconds of each table and function.
With `--keep` the world and the workspace after each step stay in a folder, and
`--steps` goes on from there, so that one step can be measured by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("WM_PSEUDONYM_KEY", "benchmark")

from tests.benchmarks.growth import Meter
from tests.benchmarks.workspaces import write_workspace
from tests.workspaces import Lab
from tests.world import write_big

STEPS = ("land", "stage", "judge", "build", "publish")

# What the words of posts and comments are looked at for: topics, sentiment, texts that
# several accounts write.
TEXT = (
    *("topics", "words_sentiment", "folded_texts", "act_sentences", "text_sentences"),
    *("text_uses", "text_names", "text_templates", "text_meetings", "comment_words"),
    *("account_wordings", "account_cowriters", "account_templates", "named_texts"),
)


class WallMeter(Meter):
    """Wall seconds as well."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        super().__init__()
        self.wall: Counter[str] = Counter()
        self._wall_since = time.perf_counter()

    def _charge(self) -> None:
        now = time.perf_counter()
        if self._labels:
            self.wall[self._labels[-1]] += now - self._wall_since
        self._wall_since = now
        super()._charge()


def _days(folder: Path) -> tuple[date, date]:
    first, last = json.loads((folder / "days.json").read_text())
    return date.fromisoformat(first), date.fromisoformat(last)


def _make_world(folder: Path, interactions: int, campaigns: int, seed: int) -> None:
    truth = write_big(folder / "world", interactions, campaigns, seed)
    rows = truth.campaigns.to_dicts()
    first = min(row["start"] for row in rows)
    last = max(row["end"] for row in rows) + timedelta(days=1)
    write_workspace(folder / "after_world", folder / "world", "weibo-api", rows)
    (folder / "days.json").write_text(json.dumps([str(first), str(last)]))


def measure(folder: Path, steps: Sequence[str], *, keeps: bool) -> dict[str, Any]:
    """Run steps on from the workspace that the step before left."""
    before = ["world", *STEPS][STEPS.index(steps[0])]
    workspace = folder / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(folder / f"after_{before}", workspace, symlinks=True)
    first, last = _days(folder)
    lab = Lab(workspace)
    run = {
        "land": lab.land,
        "stage": lab.stage,
        "judge": lab.judge,
        "build": lambda: lab.build(first, last),
        "publish": lab.publish,
    }
    meter = WallMeter()
    meter.watch()
    found: dict[str, Any] = {}
    for step in steps:
        wall, cpu = time.perf_counter(), time.process_time()
        with meter.label(f"the rest of {step}"):
            run[step]()
        found[step] = {
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        }
        if keeps:
            after = folder / f"after_{step}"
            shutil.rmtree(after, ignore_errors=True)
            shutil.copytree(workspace, after, symlinks=True)
    nodes = {
        name: {"wall_s": meter.wall[name], "cpu_s": seconds}
        for name, seconds in meter.seconds.items()
    }
    return {"steps": found, "nodes": nodes}


def text_seconds(result: dict[str, Any]) -> float:
    """Wall seconds of what looks at words."""
    return sum(
        spent["wall_s"]
        for name, spent in result["nodes"].items()
        if name.partition(".")[2] in TEXT
    )


def _tell(result: dict[str, Any], top: int) -> None:
    print(f"{'step':46}{'wall s':>9}{'CPU s':>9}{'peak GB':>9}")
    for name, spent in result["steps"].items():
        print(
            f"{name:46}{spent['wall_s']:9.1f}{spent['cpu_s']:9.1f}"
            f"{spent['peak_gb']:9.2f}"
        )
    nodes = sorted(result["nodes"].items(), key=lambda one: -one[1]["wall_s"])
    print(f"{'table or function':46}{'wall s':>9}{'CPU s':>9}")
    for name, spent in nodes[:top]:
        print(f"{name:46}{spent['wall_s']:9.2f}{spent['cpu_s']:9.2f}")
    print(f"{'of all, words':46}{text_seconds(result):9.2f}")


def main() -> None:
    """Run the benchmark, print tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        if not (folder / "days.json").exists():
            _make_world(folder, options.interactions, options.campaigns, options.seed)
        result = measure(folder, options.steps, keeps=options.keep is not None)
    _tell(result, options.top)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
