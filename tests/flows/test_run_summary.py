"""The page that the orchestrator gets of a run, and lines for log collectors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flows.run_summary import summarise_run
from tasks.warehouse.progress import heard_by, say, step
from tests.conftest import CANARY_ID, CANARY_NAME, CANARY_TEXT, FinishedRun
from tests.workspaces import Lab


def test_page_tells_rows_quarantine_coverage_and_nobody(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    shutil.copytree(finished_run.lab.root, tmp_path / "copy", symlinks=True)
    lab = Lab(tmp_path / "copy")
    page = summarise_run(lab.workspace)
    ledger = json.loads((lab.root / "ledger.json").read_text())
    run = ledger["runs"][0]
    assert page.startswith(f"## {run['command']} {run['from_day']} to {run['to_day']}")
    landed = sum(
        row["rows_in"]
        for row in ledger["intervals"]
        if row["step"] == "extract" and row["run_id"] == run["run_id"]
    )
    assert landed
    days = {row["date_day"] for row in ledger["intervals"] if row["step"] == "extract"}
    assert f"| extract | {len(days)} | {landed} | " in page
    assert ledger["quarantine"][0]["reason"].replace("<", "&lt;") in page
    assert "report/index.html" in page
    for secret in (CANARY_ID, CANARY_NAME, CANARY_TEXT):
        assert secret not in page


def test_lines_for_log_collectors_are_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WM_LOG", "json")
    heard: list[str] = []
    with heard_by(heard.append):
        with step("extract"):
            say("  2 new files")
            say("  warning: 店 is late")
        say("Published")
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["level"], one["step"], one["message"]) for one in entries] == [
        ("info", "extract", "extract ..."),
        ("info", "extract", "2 new files"),
        ("warning", "extract", "warning: 店 is late"),
        ("info", None, "extract done"),
        ("info", None, "Published"),
    ]
    assert entries[3]["done"] == "extract"
    assert entries[3]["seconds"] >= 0
    assert heard[1] == "  2 new files"
    assert len(heard) == 5
