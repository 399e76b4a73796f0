"""The ledger's copy, read by whoever opens no database."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.warehouse.errors import DamagedError
from tasks.warehouse.ledger_copy import read_copy
from tests.workspaces import Lab

RUN = {
    "run_id": "1",
    "command": "daily",
    "from_day": "2026-03-01",
    "to_day": "2026-03-02",
    "state": "done",
    "why": None,
    "finished_at": None,
}
WHOLE: dict[str, list[dict[str, Any]]] = {
    "covered_days": [{"date_day": "2026-03-01"}],
    "runs": [RUN],
    "source_days": [{"source": "s", "platform": "weibo", "date_day": "2026-03-01"}],
    "intervals": [
        {
            "step": "extract",
            "platform": None,
            "date_day": None,
            "rows_out": 1,
            "rows_quarantined": 0,
        }
    ],
}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("covered_days", "date_day", None),
        ("covered_days", "date_day", "2026-02-30"),
        ("runs", "finished_at", "yesterday"),
        ("runs", "finished_at", 5),
        ("runs", "from_day", None),
        ("runs", "state", {}),
        ("source_days", "date_day", None),
        ("source_days", "source", None),
        ("source_days", "platform", []),
        ("intervals", "date_day", "x"),
        ("intervals", "rows_out", "1"),
    ],
)
def test_values_of_another_kind_are_told_as_damage(
    lab: Lab, table: str, column: str, value: object
) -> None:
    """JSON that can be read is no copy yet; the repair is told, no line of code."""
    lab.configure()
    lab.put("ledger.json", WHOLE)
    assert read_copy(lab.workspace)["runs"] == [RUN]
    lab.put("ledger.json", WHOLE | {table: [WHOLE[table][0] | {column: value}]})
    with pytest.raises(DamagedError, match="recover"):
        read_copy(lab.workspace)
