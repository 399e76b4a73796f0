"""What a run did, as Markdown: for the orchestrator's page of the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flows.commands.status import describe
from tasks.warehouse.ledger_copy import read_copy
from tasks.warehouse.steps import STEPS
from tasks.warehouse.workspace import Workspace

# A page of a run is read at a glance; `status` and the quarantine have all.
_MOST_REASONS = 10


def summarise_run(workspace: Workspace) -> str:
    """The newest run of a workspace: rows by step, quarantine, coverage, problems.

    Reads the ledger's copy, which holds no record and no id.

    Returns:
        Markdown; without a run one sentence.
    """
    ledger = read_copy(workspace)
    if not ledger["runs"]:
        return "Nothing has run yet.\n"
    run = ledger["runs"][0]
    found = describe(workspace)
    steps = [_rows(ledger["intervals"], run["run_id"], step) for step in STEPS]
    parts = [
        f"## {run['command']} {run['from_day']} to {run['to_day']}: {run['state']}\n",
        *([f"{run['why']}\n"] if run["why"] else []),
        _table(("step", "days", "rows in", "rows out", "in quarantine"), steps),
        "### Quarantine, all that is held\n",
        _quarantine(found["quarantine"]),
        "### Coverage\n",
        f"{len(ledger['covered_days'])} days are covered.\n",
        _table(
            ("source", "last record", "state"),
            (
                (
                    one["source"],
                    one["last_record_day"],
                    "late" if one["is_late"] else "on time",
                )
                for one in found["sources"]
            ),
        ),
        *(f"- {problem}" for problem in found["problems"]),
        "\n### Published\n",
        f"{found['publication'] or 'Nothing'}, report:"
        f" `{workspace.published / 'report' / 'index.html'}`\n",
    ]
    return "\n".join(parts)


def _rows(
    intervals: Iterable[dict[str, Any]], run_id: str, step: str
) -> tuple[object, ...]:
    """A step in a run: its name, days, rows in, rows out and rejected rows."""
    own = [row for row in intervals if row["run_id"] == run_id and row["step"] == step]
    counts = ("rows_in", "rows_out", "rows_quarantined")
    return (
        step,
        len({row["date_day"] for row in own}),
        *(sum(row[name] or 0 for row in own) for name in counts),
    )


def _quarantine(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "Nothing.\n"
    heaviest = sorted(rows, key=lambda row: (-row["rows"], row["reason"]))
    text = _table(
        ("source", "kind", "reason", "rows"),
        (
            (row["source"], row["kind"], row["reason"], row["rows"])
            for row in heaviest[:_MOST_REASONS]
        ),
    )
    left = len(rows) - _MOST_REASONS
    return (
        f"{text}\n{left} more reasons: `status --json` has them.\n"
        if left > 0
        else text
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: object) -> str:
    """A value that stays in its cell."""
    if value is None:
        return "–"
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
