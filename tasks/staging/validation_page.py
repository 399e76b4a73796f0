"""The validation page: what was checked and how many rows failed, no values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tasks.report.page_templates import environment
from tasks.staging.rules import Outcome
from tasks.warehouse.whole_files import write_atomically


def write_validation_page(
    folder: Path, outcomes: Sequence[Outcome], *, staged: bool = False
) -> Path:
    """Write a page that works offline, and the same as JSON beside it.

    Args:
        folder: the workspace's `validation/`.
        outcomes: what was found of each rule.
        staged: whether Great Expectations judged all that is staged (`staged.html`),
            else they are the newest records as they came in (`index.html`).

    Returns:
        The page.
    """
    rows = [
        {
            "table": outcome.table.removeprefix("observed_"),
            "expectation": outcome.rule.name,
            "level": outcome.rule.level,
            "rows_checked": outcome.rows_checked,
            "rows_failed": outcome.rows_failed,
            "tolerance": outcome.tolerance,
            "success": outcome.success,
        }
        for outcome in outcomes
    ]
    template = environment().get_template("validation.html")
    page, data = (
        ("staged.html", "staged.json") if staged else ("index.html", "results.json")
    )
    write_atomically(folder / page, template.render(rows=rows, staged=staged))
    write_atomically(folder / data, json.dumps(rows, indent=1))
    return folder / page
