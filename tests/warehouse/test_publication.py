"""Tables are written in the order of their keys, by whichever way they are sorted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.warehouse import publication
from tasks.warehouse.models import load_models
from tasks.warehouse.publication import build_publication
from tests.conftest import FinishedRun


def test_many_rows_are_sorted_as_few(
    finished_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very same files: words of a key sorted by their places, or as they are."""
    warehouse = finished_run.lab.workspace.database
    marts = [
        load_models("marts")[f"marts.{name}"]
        for name in ("accounts", "campaign_daily", "campaign_hourly", "data_coverage")
    ]
    few = build_publication(warehouse, tmp_path / "few", marts)
    monkeypatch.setattr(publication, "_MANY_ROWS", 0)
    many = build_publication(warehouse, tmp_path / "many", marts)
    assert few == many
    assert all(file["rows"] > 1 for file in many)
