"""Each kind of file that a workspace holds, damaged: named, or mended."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.commands.privacy import erase
from tasks.sources.crawl.state import CrawlState
from tasks.sources.erasure_marker import MARKER, finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tasks.warehouse.errors import WeiboManagerError
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "torn": lambda data: data[: len(data) // 2],
    "zeroed": lambda data: data[: len(data) // 2] + bytes(len(data) // 2),
    "garbage": lambda data: b"\xff\x00garbage" * 20,
    "other JSON": lambda data: b"[1]",
}
# By what finds one of each kind.
KINDS = {
    "landed Parquet": "landing/weibo/*/*/*.parquet",
    "log of landing": "landing/.log/*.json",
    "tombstones of landing": "landing/.erasures.json",
    "a crawl's memory": "landing/.crawl/*.sqlite",
    "rejected rows": "quarantine/landing-*.parquet",
    "quarantine": "quarantine/quarantine.parquet",
    "ledger": "ledger.json",
    "warehouse": "warehouse.duckdb",
    "tombstones": ".erasures.json",
    "key of erasures": ".erasure.key",
    "key of pseudonyms": ".key",
    "what was seen of erasures": ".erasures.seen.json",
    "a pending erasure": ".erasing",
    "manifest": "publications/[0-9a-f]*/manifest.json",
    "marts": "publications/[0-9a-f]*/marts.duckdb",
    "list of contacts": "restricted/*/contacts.csv",
    "seed": "seeds/account_overrides.csv",
    "configuration": "workspace.toml",
    "lock": ".lock",
}

# Each kind once, those that are JSON or text twice.
CASES = [
    *zip(KINDS, itertools.cycle(DAMAGES), strict=False),
    *(
        (kind, "other JSON" if number % 2 else "garbage")
        for number, (kind, place) in enumerate(KINDS.items())
        if not place.endswith((".parquet", ".sqlite", ".duckdb"))
    ),
    ("a crawl's memory", "empty"),
    ("warehouse", "torn"),
]
# Some stand there by their place already.
CASES = list(dict.fromkeys(CASES))


@pytest.fixture
def full(
    lab: Lab,
    made_once: Callable[[str, Callable[[Path], None]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Lab:
    """A workspace with a file of each kind; someone was erased, another waits."""
    monkeypatch.delenv("WM_PSEUDONYM_KEY")

    def make(folder: Path) -> None:
        made = Lab(folder)
        made.configure(post_ids=["1"], policies="quarantine_threshold = 0.9")
        people = [user(20 + n, f"person {n}") for n in range(4)]
        made.put(
            "export/1.jsonl",
            [
                status(1),
                *(repost(100 + n, 1, who) for n, who in enumerate(people)),
                comment(200, 1, people[0]),
                {"odd": 1},
                {"id": 300, "user": people[1], "created_at": "never", "text": "bad"},
            ],
        )
        made.override("genuine,weibo,21,,,a friend,me,2026-03-01")
        with CrawlState(folder / "landing/.crawl/api.sqlite"):
            pass
        erase(made.workspace, "weibo", "23")
        with ledger.open_run(
            made.workspace, "backfill", (FIRST, LAST), prepare=keep_out
        ) as run:
            made.run(run_id=run.run_id)
            finish(made.workspace)
        days = {"days": ["2026-03-01"], "is_cleared": True, "since": "2026-03-20"}
        (folder / MARKER).write_text(json.dumps(days))

    there = made_once("file-of-each-kind", make)
    shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


def steps(lab: Lab) -> None:
    """What a run does with files, without making marts anew."""
    with ledger.open_run(lab.workspace, "daily", (LAST, LAST), prepare=keep_out):
        lab.land()
        lab.stage()


def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> str:
    """What a command says that must not fail unforeseen."""
    monkeypatch.setattr(sys, "argv", ["flows", *words])
    try:
        main()
    except SystemExit as stop:
        assert stop.code in (0, 1, 2)
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "Failed: " not in said, said
    assert "Traceback" not in said, said
    return said


@pytest.mark.parametrize(("kind", "damage"), CASES)
def test_a_damaged_file_is_named_or_mended(
    full: Lab,
    kind: str,
    damage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Commands that look, a run, `recover`, and a run again: nothing unforeseen."""
    lab = full
    # Not to be found damaged here, and read anew each time.
    monkeypatch.setattr("flows.commands.doctor.examine_installation", lambda: ())
    file = sorted(lab.root.glob(KINDS[kind]))[0]
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    place = ("--workspace", str(lab.root))
    said = command(monkeypatch, capsys, "status", *place)
    said += command(monkeypatch, capsys, "doctor", *place)
    said += command(monkeypatch, capsys, "who", "21", *place)
    try:
        steps(lab)
    except WeiboManagerError as error:
        said += str(error)
        said += command(monkeypatch, capsys, "recover", *place)
        try:
            steps(lab)
        except WeiboManagerError as again:
            # Only a person can bring it back: it is named.
            said += str(again)
            assert file.name in said, said
