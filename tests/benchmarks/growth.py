"""What a day costs as the history grows, by node of the graph.

`python -m tests.benchmarks.growth [--days 10 40 80] [--interactions 400] [--seed 7]
[--repeats 3] [--top 40] [--out FILE]` makes a workspace of small days, in which one
campaign begins when the one before has ended; lands what came before in one go, then
each of the last days by itself, and prints CPU seconds by table and by step: the mean
of the last `--repeats` days up to each of `--days`. All in one process, so that what
Python imports counts once, in the first history, and not in a day.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("WM_PSEUDONYM_KEY", "benchmark")

import tasks.publication.semantic_models
import tasks.report.page
import tasks.verdicts.groups
import tasks.verdicts.history
import tasks.verdicts.judge  # noqa: F401  (before its functions are looked for)
from tasks.warehouse.models import Model
from tests.benchmarks.workspaces import lines_by_day
from tests.workspaces import Lab
from tests.world import WorldSpec, generate, workspace_toml, write
from tests.world.spec import CampaignSpec

# So that some hundred days of history end before today.
FIRST = date(2025, 3, 1)

# Functions whose time is told under the name of the table that they are given, by the
# place of that argument.
_BY_TABLE = {"run_model": 1, "make": 1, "store_frame": 1}
# Functions that are told by their own name.
_BY_NAME = (
    *("land_sources", "stage_batches", "judge_accounts", "build_marts"),
    *("publish_marts", "observe", "judge_rules", "touch_days", "touch_accounts"),
    *("quarantine_rows", "export_quarantine", "write_validation_page"),
    *("note_source_days", "mark_days", "link_signs", "find_operators", "score"),
    *("first_suspicion", "copy_acts", "text_templates", "significant_edges"),
    *("coordinated_groups", "keep_history", "watch_drift", "_touch_days"),
    *("_verdicts", "days_to_make", "set_aside", "build_publication"),
    *("write_restricted", "write_changes", "write_semantic_models"),
    *("write_reports", "altered_files", "write_copy", "mark", "verify"),
    *("tell_unread", "source_rhythms", "swap", "_forget_touched", "write_tables"),
)


class Meter:
    """CPU seconds by label; what is called within a label counts there alone."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.seconds: Counter[str] = Counter()
        self._labels: list[str] = []
        self._since = time.process_time()

    def _charge(self) -> None:
        now = time.process_time()
        if self._labels:
            self.seconds[self._labels[-1]] += now - self._since
        self._since = now

    @contextmanager
    def label(self, name: str) -> Iterator[None]:
        """Charge what happens within to a name."""
        self._charge()
        self._labels.append(name)
        try:
            yield
        finally:
            self._charge()
            self._labels.pop()

    def watch(self) -> None:
        """Measure the functions that are named above, wherever they are imported."""
        modules = [
            module
            for name, module in sorted(sys.modules.items())
            if name.startswith("tasks.") or name == "tests.workspaces"
        ]
        wrapped: dict[Any, Any] = {}
        for module in modules:
            for name, value in list(vars(module).items()):
                if callable(value) and getattr(value, "__module__", "").startswith(
                    "tasks."
                ):
                    own = value.__name__ if hasattr(value, "__name__") else ""
                    if own != name:
                        continue
                    if value not in wrapped and own in (*_BY_TABLE, *_BY_NAME):
                        wrapped[value] = self._measured(value, own)
                    elif value not in wrapped and own == "check_rows":
                        wrapped[value] = self._checked(value)
                    if value in wrapped:
                        setattr(module, name, wrapped[value])

    def _measured(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        place = _BY_TABLE.get(name)

        @functools.wraps(function)
        def measured(*args: Any, **options: Any) -> Any:
            told = name if place is None else args[place]
            with self.label(told.name if isinstance(told, Model) else told):
                return function(*args, **options)

        return measured

    def _checked(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def checked(
            connection: Any, checks: Sequence[Model], params: Any
        ) -> dict[str, int]:
            counts: dict[str, int] = {}
            for check in checks:
                with self.label(check.name):
                    counts |= function(connection, [check], params)
            return counts

        return checked


def _campaigns(days: int) -> tuple[CampaignSpec, ...]:
    """Three campaigns, one after another, over all days."""
    length = -(-days // 3)
    return tuple(
        CampaignSpec(
            f"campaign-{number}",
            f"Campaign {number}",
            f"晨曦茶活动{number}",
            FIRST + timedelta(days=number * length),
            FIRST + timedelta(days=min((number + 1) * length, days) - 1),
        )
        for number in range(3)
    )


def measure(
    folder: Path, days: Sequence[int], interactions: int, seed: int, repeats: int
) -> dict[str, Any]:
    """CPU seconds by label and in all, of the last days up to each of `days`."""
    last = max(days)
    world = generate(
        WorldSpec(
            seed=seed,
            start=FIRST,
            days=last,
            interactions=interactions * last,
            campaign_specs=_campaigns(last),
        )
    )
    write(world, folder / "world", "weibo-api")
    by_day = lines_by_day(folder / "world")
    lab = Lab(folder / "workspace")
    text = workspace_toml(world, [("export", "weibo-api", Path("export"))])
    # A profile, a counter is observed when its record was made.
    lab.put("workspace.toml", re.sub(r"observed_at = .*\n", "", text))
    meter = Meter()
    meter.watch()
    result: dict[str, Any] = {"seed": seed, "interactions": interactions, "days": {}}
    landed = 0
    for until in sorted(days):
        found: list[tuple[Counter[str], float]] = []
        for day in (until - repeats, *range(until - repeats + 1, until + 1)):
            for number in range(landed + 1, day + 1):
                told = FIRST + timedelta(days=number - 1)
                for name, lines in by_day.get(told, {}).items():
                    lab.put(f"export/{number:03d}-{name}.jsonl", b"".join(lines))
            meter.seconds.clear()
            started = time.process_time()
            first = FIRST + timedelta(days=landed)
            landed = day
            lab.run(first, FIRST + timedelta(days=day - 1), f"day-{day}")
            spent = time.process_time() - started
            print(f"day {day}: {spent:.1f} CPU s", file=sys.stderr, flush=True)
            if day > until - repeats:
                found.append((Counter(meter.seconds), spent))
        total: Counter[str] = Counter()
        for seconds, _ in found:
            total.update(seconds)
        result["days"][until] = {
            "cpu_s": sum(spent for _, spent in found) / repeats,
            "nodes": {name: spent / repeats for name, spent in total.items()},
        }
    return result


def _tell(result: dict[str, Any], top: int) -> None:
    days = sorted(result["days"])
    names = {name for day in days for name in result["days"][day]["nodes"]}

    def of(name: str) -> list[float]:
        return [result["days"][day]["nodes"].get(name, 0.0) for day in days]

    steepest = sorted(names, key=lambda name: of(name)[0] - of(name)[-1])
    heads = "".join(f"{f'day {day}':>9}" for day in days)
    print(f"{'CPU seconds':44}{heads}   slope")

    def row(name: str, spent: Sequence[float]) -> None:
        slope = f"{spent[-1] / spent[0]:7.2f}" if spent[0] >= 0.005 else "      -"
        print(f"{name:44}" + "".join(f"{one:9.3f}" for one in spent) + f" {slope}")

    for name in steepest[:top]:
        row(name, of(name))
    rest = [of(name) for name in steepest[top:]]
    row("all others", [sum(column) for column in zip(*rest, strict=True)] or [0, 0])
    row("a day", [result["days"][day]["cpu_s"] for day in days])


def main() -> None:
    """Run the benchmark, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[10, 40, 80])
    parser.add_argument("--interactions", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(
            Path(folder),
            options.days,
            options.interactions,
            options.seed,
            options.repeats,
        )
    _tell(result, options.top)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
