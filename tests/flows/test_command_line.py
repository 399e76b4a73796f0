"""The command line as its users meet it: exit codes and sentences."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.__main__ import main
from tasks.warehouse.lock import hold_workspace
from tests.conftest import FinishedRun
from tests.workspaces import (
    MARTS,
    REPOSITORY,
    Lab,
    call_command,
    repost,
    run_command,
    status,
    user,
)

RANGE = ("--from", "2026-03-01", "--to", "2026-03-14", "--reason", "trial")


def is_calm(text: str) -> bool:
    """No traceback, no leak warnings, no log lines of libraries."""
    return not any(
        word in text
        for word in ("Traceback", "nanobind", "Error:", "WARNING", "| INFO")
    )


def test_help_names_commands_and_exit_codes() -> None:
    done = run_command("--help")
    assert done.returncode == 0
    for word in (
        "daily",
        "backfill",
        "status",
        "report",
        "init",
        "doctor",
        "recover",
        "rollback",
        "who",
        "claim",
        "vet",
        "Exit codes",
        "4 another run",
    ):
        assert word in done.stdout
    done = run_command("backfill", "--help")
    assert done.returncode == 0
    for word in ("--from", "--to", "--reason", "--only", "--dry-run", "--workspace"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        # Both dates and the step at once.
        (
            (
                "backfill",
                "--from",
                "2026-13-01",
                "--to",
                "soon",
                "--reason",
                "x",
                "--only",
                "extract,pblish,hot_topics",
            ),
            ["2026-13-01", "'soon'", "YYYY-MM-DD", "'pblish'", "marts.hot_topics"],
        ),
        (
            ("backfill", "--from", "2026-03-09", "--to", "2026-03-01", "--reason", " "),
            ["lies after", "swap", "--reason is empty"],
        ),
        (
            ("backfill", *RANGE, "--only", "marts.campaings,publish,marts.x"),
            ["did you mean marts.campaigns?", "step 'publish' beside", "'marts.x'"],
        ),
        (
            ("uncover", "--from", "soon", "--to", "2026-03-01", "--reason", " "),
            ["'soon'", "YYYY-MM-DD", "--reason is empty"],
        ),
        (("daily", "--date", "yesterday"), ["yesterday", "YYYY-MM-DD"]),
        (("backfill", "--from", "2026-03-01"), ["--to"]),
        (("dayly",), ["dayly"]),
        (("status", "--jsn"), ["--jsn"]),
    ],
)
def test_wrong_use_is_told(
    lab: Lab, arguments: tuple[str, ...], words: list[str]
) -> None:
    """Exit code 2, every mistake, no traceback."""
    lab.put("export/a.jsonl", [status(1)])
    done = lab.call(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (lab.root / "warehouse.duckdb").exists()


def test_five_mistakes_of_a_configuration_are_told(tmp_path: Path) -> None:
    """All in one go, before anything is touched."""
    lab = Lab(tmp_path)
    lab.put(
        "workspace.toml",
        'timezone = "Asia/Shangai"\n[[campaigns]]\nid = "a"\nbrand = "b"\n'
        "start = 2026-03-02\nend = 2026-03-01\nkeyword = []\n"
        "[policies]\nmin_cell = 0\n",
    )
    done = lab.command("backfill", *RANGE)
    assert done.returncode == 2
    for place in (":1:", ":4:", ":6:", ":7:", ":9:"):
        assert f"workspace.toml{place}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.toml"]
    assert lab.call("daily").returncode == 2


def test_missing_workspace_is_told(tmp_path: Path) -> None:
    done = call_command("status", "--workspace", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert is_calm(done.stderr)


def test_dry_run_changes_nothing(lab: Lab) -> None:
    lab.put("export/a.jsonl", [status(1)])
    before = sorted(lab.root.rglob("*"))
    done = lab.call("backfill", *RANGE, "--dry-run", "--only", "extract,validate")
    assert done.returncode == 0, done.stderr
    assert "extract, validate for 14 days (2026-03-01 to 2026-03-14)" in done.stdout
    done = lab.call("backfill", *RANGE, "--dry-run", "--only", "marts.campaigns")
    assert "aggregate of marts.campaigns for 14 days" in done.stdout
    assert sorted(lab.root.rglob("*")) == before


QUICK = (
    ("status",),
    ("status", "--json"),
    ("report",),
    ("report", "--campaign", "launch", "--out", "page.html"),
    ("backfill", *RANGE, "--dry-run"),
    ("daily", "--date", "nonsense"),
    ("doctor",),
    ("rollback", "--to", "nonsense"),
    ("privacy", "export", "--platform", "weibo", "--account", "1", "--out", "1.json"),
)


def test_quick_commands_import_no_orchestrator(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """Only daily and backfill that really run import the slow libraries.

    One process for all: the first command that imports one is named.
    """
    script = (
        "import sys\n"
        "from flows.__main__ import main\n"
        f"for words in {QUICK!r}:\n"
        f"    root = {str(finished_run.lab.root)!r}\n"
        "    sys.argv = ['flows', *words, '--workspace', root]\n"
        "    try:\n        main()\n    except SystemExit as stop:\n"
        "        print('ended:', words, stop.code, file=sys.stderr)\n"
        "    slow = {'prefect', 'great_expectations'} & set(sys.modules)\n"
        "    assert not slow, (words, slow)\n"
        "    print('imports nothing:', *words)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    for words in QUICK:
        assert f"imports nothing: {' '.join(words)}\n" in done.stdout, done.stderr
    assert "Failed: " not in done.stderr


def test_options_load_no_slow_library() -> None:
    """Mistakes in what is typed are told before anything that takes its time."""
    script = (
        "import sys, flows.__main__\n"
        "slow = {'duckdb', 'polars', 'numpy', 'sqlglot', 'httpx', 'prefect'}\n"
        "print(sorted(slow & set(sys.modules)), 'flows.commands' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[] False\n", done.stdout + done.stderr


# What takes long to load, and only work needs.
HEAVY = {
    "great_expectations",
    "httpx",
    "igraph",
    "jinja2",
    "lightgbm",
    "pandas",
    "prefect",
    "pyarrow",
    "pypinyin",
    "rjieba",
    "scipy",
    "sklearn",
    "splink",
    "sqlglot",
    "vl_convert",
}


# What frames are made with.
FRAMES = {"numpy", "polars"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("status",),
        ("doctor",),
        ("backfill", *RANGE),
        ("daily", "--date", "2026-03-14"),
    ],
)
def test_what_has_nothing_to_do_loads_nothing_for_it(
    finished_run: FinishedRun, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The interpreter itself tells what a whole command loads."""
    if arguments[0] != "--help":
        root = tmp_path / "copy"
        shutil.copytree(finished_run.lab.root, root, symlinks=True)
        arguments = (*arguments, "--workspace", str(root))
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flows", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(re.findall(r"^import time: .*\| +(\w+)$", done.stderr, re.MULTILINE))
    assert "typer" in loaded, done.stderr
    assert not loaded & HEAVY, done.stdout
    # To look for damage, quarantine is read.
    assert arguments[0] == "doctor" or not loaded & FRAMES, done.stdout
    if arguments[0] == "backfill":
        for words in ("nothing new to stage", "are up to date", "stands"):
            assert words in done.stdout


def test_status_before_anything_ran(lab: Lab) -> None:
    done = lab.call("status")
    assert done.returncode == 2
    assert "Nothing has run" in done.stderr
    assert "backfill" in done.stderr
    done = lab.call("report")
    assert done.returncode == 2
    assert "Nothing is published yet" in done.stderr


def test_run_says_what_it_did(finished_run: FinishedRun) -> None:
    """Rows in = rows out + quarantined, step by step; nothing of libraries."""
    assert finished_run.exit_code == 0
    out, errors = finished_run.outputs
    assert "16 records read = 14 landed + 2 quarantined" in out
    assert "broken.json" in out
    for name in ("extract", "validate", "deduplicate", "aggregate", "publish"):
        assert f"{name}: " in out
    assert is_calm(out)
    assert "nanobind" not in errors
    assert "Traceback" not in errors


def test_status_after_a_run(finished_run: FinishedRun) -> None:
    lab = finished_run.lab
    done = lab.command("status", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["running"] is None
    assert found["window"]["days"] == 14
    assert found["last_run"]["state"] == "done"
    assert found["last_run"]["reason"] == "trial"
    assert [file["path"] for file in found["broken_files"]] == ["export/broken.json"]
    days = {row["day"]: row for row in found["days"]}
    assert days["2026-03-02"]["state"] == "published"
    assert days["2026-03-02"]["validated"] == 1
    done = lab.call("status")
    assert done.returncode == 0
    assert "Published: " in done.stdout
    assert "Broken file: export/broken.json" in done.stdout


def _leave_unread(script: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a script whose output nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=REPOSITORY,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **options,  # type: ignore[call-overload]
        )
    finally:
        os.close(writing)


def test_work_goes_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    """As with `| head -1`; also where a run is no command (a worker's)."""
    done = tmp_path / "done"
    work = (
        "import typer\n"
        "from rich.console import Console\n"
        "from tasks.warehouse.progress import say, step\n"
        "with step('extract', 2):\n    say('line ' * 5000)\n"
    )
    end = f"open({str(done)!r}, 'w').close()\n"
    ran = _leave_unread(work + end + "import os; os._exit(0)")
    assert (ran.returncode, ran.stderr, done.exists()) == (0, "", True)
    done.unlink()
    echo = "typer.echo('line ' * 5000)\nConsole().print('words')\n"
    start = (
        "from tasks.warehouse.progress import endure_closed_output as begin\nbegin()\n"
    )
    ran = _leave_unread(start + work + echo + end)
    assert (ran.returncode, ran.stderr, done.exists()) == (0, "", True)
    # No stream at all: the first file that is opened must not get its number.
    done.unlink()
    ran = _leave_unread(
        "import os, sys\nos.close(1)\nsys.stdout = None\n"
        + start
        + f"file = open({str(tmp_path / 'data')!r}, 'w')\n"
        + work
        + echo
        + "os.write(1, b'lost')\nfile.close()\n"
        + end
    )
    assert (ran.returncode, ran.stderr, done.exists()) == (0, "", True)
    assert (tmp_path / "data").read_text() == ""


def test_command_whose_output_is_closed_is_done(finished_run: FinishedRun) -> None:
    command = ["flows", "status", "--workspace", str(finished_run.lab.root)]
    ran = _leave_unread(
        f"import runpy, sys\nsys.argv = {command!r}\n"
        "runpy.run_module('flows', run_name='__main__')\n"
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_report_is_where_it_says(finished_run: FinishedRun, tmp_path: Path) -> None:
    done = finished_run.lab.call("report")
    assert done.returncode == 0
    assert Path(done.stdout.strip()).stat().st_size > 1000
    out = tmp_path / "page.html"
    done = finished_run.lab.call("report", "--campaign", "launch", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "launch" in out.read_text(encoding="utf-8")
    done = finished_run.lab.call("report", "--campaign", "lunch", "--out", str(out))
    assert done.returncode == 2
    assert "launch" in done.stderr
    # The link that readers follow would give way to the page.
    published = finished_run.lab.root / "published"
    done = finished_run.lab.command(
        "report", "--campaign", "launch", "--out", str(published)
    )
    assert done.returncode == 2
    assert "is a folder" in done.stderr
    assert published.is_symlink()


def test_marts_of_a_run_are_published(finished_run: FinishedRun) -> None:
    assert set(finished_run.lab.parquet()) == {f"{name}.parquet" for name in MARTS}


def test_workspace_that_another_run_holds(finished_run: FinishedRun) -> None:
    """Exit code 4 and who; status answers meanwhile and says so."""
    lab = finished_run.lab
    with hold_workspace(lab.root / ".lock", "backfill by a test"):
        done = lab.command("daily", "--date", "2026-03-14")
        assert done.returncode == 4, done.stderr
        assert "backfill by a test" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        shown = lab.call("status")
        assert shown.returncode == 0
        assert "Running now: backfill by a test" in shown.stdout


def test_refused_run_leaves_what_was_published(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """Exit code 1, one sentence with the repair; status tells it."""
    root = tmp_path / "copy"
    shutil.copytree(finished_run.lab.root, root, symlinks=True)
    lab = Lab(root)
    before = lab.parquet()
    alice = user(11, "alice")
    lab.put(
        "export/c.jsonl",
        [{**repost(900 + n, 1, alice), "created_at": "昨天"} for n in range(9)],
    )
    done = lab.command("daily", "--date", "2026-03-15")
    assert done.returncode == 1, done.stderr
    assert "Nothing was published" in done.stderr
    assert "refused.parquet" in done.stderr
    assert is_calm(done.stderr)
    assert lab.parquet() == before
    shown = json.loads(lab.call("status", "--json").stdout)
    assert shown["last_run"]["state"] == "failed"
    assert "Nothing was published" in shown["last_run"]["why"]


def test_step_without_what_it_needs_is_told(lab: Lab) -> None:
    """Publishing before anything was made: a sentence, not a kind of error."""
    lab.put("export/a.jsonl", [status(1)])
    done = lab.call("backfill", *RANGE, "--only", "publish")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert "Error." not in done.stderr
    assert not (lab.root / "published").exists()
    # Nor are marts made of days that were another zone's, or of other code's rows.
    lab.land()
    lab.stage()
    text = (lab.root / "workspace.toml").read_text()
    lab.put("workspace.toml", text.replace("Asia/Shanghai", "Asia/Tokyo"))
    done = lab.call("backfill", *RANGE, "--only", "deduplicate,aggregate")
    assert done.returncode == 2
    assert "The time zone changed since the rows were staged" in done.stderr
    assert "run all steps once" in done.stderr


def test_unforeseen_error_names_its_place_and_none_of_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of a library and where we asked for it; words of an error may quote data."""

    def look(path: Path) -> None:
        json.loads('["a person", ')

    monkeypatch.setattr("tasks.warehouse.workspace.load_workspace", look)
    monkeypatch.setattr(sys, "argv", ["flows", "status", "--workspace", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    told = capsys.readouterr().err
    assert re.search(
        r"JSONDecodeError at json/decoder\.py:\d+, asked by flows/[\w/]+\.py:\d+\.",
        told,
    )
    assert "person" not in told
