"""Small things that make a command bearable when something goes wrong."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.__main__ import main
from flows.commands.audit import find_sources
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    StepFailedError,
    without_values,
)
from tasks.warehouse.publication import FORMULA
from tasks.warehouse.temporary import temporary_folder
from tasks.warehouse.workspace import load_workspace
from tests.workspaces import REPOSITORY, Lab


def run(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int | None = None
) -> None:
    """A command within this process."""
    monkeypatch.setattr(sys, "argv", ["flows", *arguments])
    try:
        main()
    except SystemExit as stop:
        assert stop.code == code
    else:
        assert code is None


@pytest.mark.parametrize(
    ("text", "is_formula"),
    [
        ("=1+1", True), (" =1+1", True), ("\n\n@SUM(1)", True), ("\u3000+1", True),
        ("＝1", True), ("\rtext", True), ("\x00=1", True), ("a=1", False),
        ("", False), ("晨曦茶", False), (" plain", False),
    ],
)  # fmt: skip
def test_formulas_are_found_behind_blanks(text: str, is_formula: bool) -> None:
    assert pl.Series([text]).str.contains(FORMULA).item() is is_formula


def test_folders_of_killed_commands_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in use, young ones and those of others stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hour_ago = time.time() - 3600
    for name in ("killed", "used", "young"):
        folder = tmp_path / f"weibo-manager-audit-{name}"
        folder.mkdir()
        (folder / ".lock").touch()
        (folder / "landing").touch()
        if name != "young":
            os.utime(folder, (hour_ago, hour_ago))
    (tmp_path / "audit-of-somebody").mkdir()
    os.utime(tmp_path / "audit-of-somebody", (hour_ago, hour_ago))
    with (tmp_path / "weibo-manager-audit-used/.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with temporary_folder("audit") as own:
            left = {path.name for path in tmp_path.iterdir()} - {own.name}
    assert left == {
        "weibo-manager-audit-used", "weibo-manager-audit-young", "audit-of-somebody"
    }  # fmt: skip
    assert not own.exists()


def test_a_full_disk_is_told_as_one() -> None:
    """By the database, by the system, and where a library wraps it."""
    full_disk = pytest.raises(StepFailedError, match="No space left on the disk")
    with full_disk, without_values("publish"):
        duckdb.sql("copy (from range(9)) to '/dev/full' (format csv)")
    full_disk = pytest.raises(StepFailedError, match="No space left on the disk")
    with full_disk, without_values("publish"), Path("/dev/full").open("w") as full:
        full.write("x" * 100_000)
    with (
        pytest.raises(StepFailedError, match="is read-only: make it writable"),
        without_values("publish"),
    ):
        try:
            raise OSError(errno.EROFS, "Read-only file system", "x")
        except OSError as error:
            raise RuntimeError from error


def test_version_and_names_nearby(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(monkeypatch, "--version", code=0)
    assert capsys.readouterr().out.startswith("weibo-manager 0.")
    with pytest.raises(ConfigurationError, match="did you mean 'mweibo'"):
        find_sources([tmp_path], "mwiebo", [])
    lab = Lab(tmp_path)
    lab.configure(format="weibo-apii")
    with pytest.raises(ConfigurationError, match="did you mean 'weibo-api'"):
        load_workspace(tmp_path)


@pytest.mark.parametrize(
    "ledger",
    [
        None,
        "{",
        "[]",
        '{"covered_days": 3}',
        '{"covered_days": [{"day": "2026-03-01"}]}',
        '{"covered_days": [], "runs": [1]}',
        '{"covered_days": [{"date_day": "no day"}]}',
        "\x00" * 9,
    ],
)
def test_status_as_json_is_json_always(
    lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ledger: str | None,
) -> None:
    """Before anything ran, and with garbage for a ledger: with what is to be done."""
    if ledger:
        lab.put("ledger.json", ledger)
    code = 1 if ledger else 2
    arguments = ("status", "--workspace", str(lab.root))
    run(monkeypatch, *arguments, "--json", code=code)
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == code
    run(monkeypatch, *arguments, code=code)
    told = capsys.readouterr().err
    assert found["problems"] == told.splitlines()
    if ledger:
        assert f"{lab.root / 'ledger.json'} is damaged: run `python -m flows" in told


def test_damage_is_named_with_its_repair(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By whatever command meets it first."""
    lab.put("warehouse.duckdb", b"garbage" * 9_000)
    with pytest.raises(DamagedError, match=r"warehouse\.duckdb can't be opened"):
        lab.stage()
    lab.put("ledger.json", {"covered_days": []})
    (lab.root / "publications/one").mkdir(parents=True)
    (lab.root / "published").symlink_to("publications/one")
    lab.put("publications/one/manifest.json", "{")
    run(monkeypatch, "status", "--workspace", str(lab.root), code=1)
    assert "manifest.json is damaged: run `python -m flows" in capsys.readouterr().err
    run(monkeypatch, "recover", "--workspace", str(lab.root), code=None)
    told = capsys.readouterr().out
    assert "warehouse.duckdb is damaged" in told
    assert "is damaged (manifest.json) and set aside" in told
    run(monkeypatch, "status", "--workspace", str(lab.root), code=None)
    assert "Published: nothing yet" in capsys.readouterr().out


def test_a_terminal_that_can_not_show_a_name_fails_nothing(tmp_path: Path) -> None:
    """As one of GBK, of a file that is called by an emoji."""
    script = (
        "from tasks.warehouse.progress import endure_closed_output, say\n"
        "endure_closed_output()\n"
        "from flows.commands.doctor import show\n"
        "from rich.console import Console\n"
        "from tasks.warehouse.condition import Condition\n"
        "say('\U0001f389品牌')\n"
        "show([Condition('\U0001f389', '品牌')], Console())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("gbk")
    assert done.stdout.decode("gbk").startswith("\\U0001f389品牌\n")
