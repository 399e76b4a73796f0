"""The validation page: what was checked and how many rows failed, no values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.warehouse.landing import write_atomically

if TYPE_CHECKING:
    from tasks.warehouse.expectations import Outcome


def environment() -> Environment:
    """Templates with autoescape: what accounts write can't become markup."""
    return Environment(
        loader=PackageLoader("tasks.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_validation_page(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write `index.html` and `results.json`, which work offline."""
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
    write_atomically(folder / "index.html", template.render(rows=rows))
    write_atomically(folder / "results.json", json.dumps(rows, indent=1))
