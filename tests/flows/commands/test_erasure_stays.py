"""Erasure stays done: after a kill, an older backup, lost files, odd spellings."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.commands.privacy import erase, erase_all, export, read_requests
from tasks.sources.erasure_marker import MARKER, finish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.keys import check_keys, rotate
from tasks.warehouse.workspace import Workspace
from tests.flows.commands.test_privacy import WORDS, places
from tests.flows.commands.test_privacy import told as told  # noqa: PLC0414
from tests.workspaces import FIRST, LAST, Lab, comment, repost, status, user

ANN = ("weibo", "1234567")


@pytest.fixture
def landed(lab: Lab) -> Lab:
    """A workspace in which Ann's records landed, and whose days are covered."""
    ann, ben = user(1234567, "安安的小店", description="tel me"), user(76, "Ben")
    lab.put(
        "export/1.jsonl",
        [
            status(1),
            repost(11, 1, ann, "hers alone"),
            comment(12, 1, ann, "so good"),
            repost(13, 1, ben, "look//@安安的小店:hers alone", clock="12:00:00"),
        ],
    )
    lab.land()
    with (
        ledger.open_run(lab.workspace, "backfill", (FIRST, LAST)),
        ledger.connect(lab.workspace.database) as connection,
    ):
        ledger.cover(connection, [FIRST, LAST])
    return lab


def begin_run(lab: Lab) -> None:
    """What every run does first."""
    with ledger.open_run(lab.workspace, "daily", (LAST, LAST), prepare=keep_out):
        pass


def end_run(lab: Lab) -> None:
    """What every run does last."""
    finish(lab.workspace)


def shown(lab: Lab) -> list[str]:
    """Where Ann stands, besides the export."""
    return places(lab.root, WORDS)


def test_an_older_backup_of_landing_brings_nobody_back(
    landed: Lab, tmp_path: Path
) -> None:
    """Landing, or all but the tombstones: cleaned before anything is read."""
    backup = tmp_path / "backup"
    shutil.copytree(landed.root, backup, symlinks=True)
    assert shown(landed)
    erase(landed.workspace, *ANN)
    begin_run(landed)
    end_run(landed)
    assert shown(landed) == []
    # Whoever restores keeps times, as `cp -a` and `rsync -a` do.
    shutil.rmtree(landed.root / "landing")
    shutil.copytree(backup / "landing", landed.root / "landing")
    assert shown(landed)
    begin_run(landed)
    assert shown(landed) == []
    assert (landed.root / MARKER).exists(), "the marts are to be made anew"
    end_run(landed)
    shutil.copy2(backup / "warehouse.duckdb", landed.root)
    (landed.root / "landing/.erasures.json").unlink()
    begin_run(landed)
    assert shown(landed) == []
    # A run with nothing new reads nothing again.
    end_run(landed)
    before = landed.workspace.database.stat().st_ino
    begin_run(landed)
    assert landed.workspace.database.stat().st_ino == before
    assert not (landed.root / MARKER).exists()


@pytest.mark.parametrize(
    "place",
    ["tasks.sources.erased_people._erase", "tasks.sources.erased_people._clear"],
)
def test_a_kill_in_the_middle_is_finished_by_the_next_run(
    landed: Lab, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the copy of the ledger is gone: the days come from the warehouse."""
    (landed.root / "ledger.json").unlink()
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(place, die)
        with pytest.raises(KeyboardInterrupt):
            erase(landed.workspace, *ANN)
    assert (landed.root / MARKER).exists()
    with ledger.open_run(
        landed.workspace, "daily", lambda covered: (min(covered), max(covered)),
        prepare=keep_out,
    ) as run:  # fmt: skip
        assert run.window == (FIRST, LAST)
    assert shown(landed) == []
    assert (landed.root / MARKER).exists()
    end_run(landed)
    assert not (landed.root / MARKER).exists()


def test_an_erasure_without_a_ledger_makes_the_marts_anew(told: Lab) -> None:
    """What is published tells the days, where warehouse and copy are gone."""
    for name in ("ledger.json", "warehouse.duckdb"):
        (told.root / name).unlink(missing_ok=True)
    done = erase(told.workspace, *ANN)
    assert done.days == (FIRST, LAST)
    assert json.loads((told.root / "ledger.json").read_text())["covered_days"]


@pytest.mark.parametrize(
    "spelling",
    [
        1234567.0,
        "1234567.0",
        "001234567",
        "１２３４５６７",
        "1,234,567",
        " 1234567\t",
        "1.234567E6",
        "\u200b1234567",
        "1.2345670000000000e+06",
        "1２34567",
        "12\u200b34567",
        "１，２３４，５６７",
        '="1234567"',
    ],
)
def test_every_spelling_of_an_id_is_the_person(lab: Lab, spelling: object) -> None:
    """At the door of landing and of quarantine, on a command's line and in a file."""
    lab.put("export/0.jsonl", [status(1), repost(11, 1, user(76, "Ben"))])
    lab.land()
    erase(lab.workspace, "weibo", str(spelling))
    ann = {**user(1234567, "安安的小店"), "id": spelling, "idstr": str(spelling)}
    lab.put(
        "export/1.jsonl",
        [
            repost(12, 1, ann, "hers alone"),
            {"odd": "hers alone", "user": ann},
            repost(13, 1, user(76, "Ben"), "and mine"),
        ],
    )
    lab.land()
    assert shown(lab) == []
    assert "and mine" in str(lab.land_records())
    cell = str(spelling).replace('"', '""')
    asked = read_requests(f'platform,account_id\nweibo,"{cell}"\n', "list.csv")
    assert asked == [ANN]


@pytest.mark.parametrize("spelling", ["1.2345670000000000e+06", "１，２３４，５６７"])
def test_every_spelling_that_landed_goes(lab: Lab, spelling: str) -> None:
    """What landed before, and a rejected line, are searched for it as it is written."""
    ann = {**user(1234567, "安安的小店"), "id": spelling, "idstr": spelling}
    lab.put(
        "export/1.jsonl",
        [status(1), repost(12, 1, ann, "hers alone"), {"odd": "so good", "user": ann}],
    )
    lab.land()
    assert shown(lab)
    assert erase(lab.workspace, *ANN).landed.removed == 1
    assert shown(lab) == []
    assert spelling not in str(lab.land_records())


def test_a_rounded_id_of_a_request_is_nobodys() -> None:
    """Who asked would be told that they are gone."""
    with pytest.raises(ConfigurationError, match="list.csv:2: a spreadsheet rounded"):
        read_requests("platform,account_id\nweibo,4.99E+15\n", "list.csv")


@pytest.mark.parametrize(
    "words",
    [
        "see https://weibo.com/u/1234567?x=1",
        "https://m.weibo.cn/profile?uid=1234567&f=2",
        "ID:1234567",
        "1234567 it is",
    ],
)
def test_an_id_in_words_of_others_does_not_come_back(landed: Lab, words: str) -> None:
    """In a record, and in a line that is rejected, which arrive later."""
    erase(landed.workspace, *ANN)
    landed.put("export/2.jsonl", [repost(14, 1, user(77, "Cy"), f"mine {words}")])
    landed.put("export/3.jsonl", [{"odd": f"mine {words}"}, {"odd": words}])
    landed.land()
    assert shown(landed) == []
    assert "mine" in str(landed.land_records())


@pytest.mark.parametrize("depth", [300, 5_000])
def test_a_record_nested_deep_hinders_nothing(landed: Lab, depth: int) -> None:
    """Nobody can tell whose words stand in it, so it goes."""
    deep = '{"id": 1234567, "user": ' + '{"a":[' * depth + "1" + "]}" * depth + "}"
    landed.put("export/2.jsonl", deep.encode() + b"\n")
    landed.land()
    assert erase(landed.workspace, *ANN).landed.removed >= 2
    assert shown(landed) == []


@pytest.mark.parametrize(
    "name", ["1234567", "uid=1234567", "Ann (1234567)", "1234567的微博"]
)
def test_nothing_is_left_in_names_of_files_and_free_text(
    landed: Lab, name: str
) -> None:
    """A file named after the person keeps a name of its own, and lands once."""
    (landed.root / "export/1.jsonl").rename(landed.root / f"export/{name}.jsonl")
    landed.land()
    landed.put(
        "seeds/account_overrides.csv",
        "decision,platform,account_id,other_platform,other_account_id,reason,reviewer,"
        "date\ngenuine,weibo,76,,,knows 1234567 well,me,2026-03-01\n",
    )
    erase(landed.workspace, *ANN)
    begin_run(landed)
    end_run(landed)
    assert shown(landed) == []
    assert "knows [erased] well" in (
        landed.root / "seeds/account_overrides.csv"
    ).read_text(encoding="utf-8")
    assert landed.land().files == 0, "it is known under its other name"
    grown = landed.root / f"export/{name}.jsonl"
    added = json.dumps(repost(15, 1, user(78, "Di")))
    grown.write_text(f"{grown.read_text(encoding='utf-8')}{added}\n", encoding="utf-8")
    assert landed.land().known == 1, "what landed of it before is found there"
    assert shown(landed) == []
    assert shown(landed) == []


def test_export_tells_rejected_lines(landed: Lab) -> None:
    """What a format doesn't know, and what is no JSON."""
    landed.put(
        "export/2.jsonl",
        b'{"odd": "words", "user": {"id": 1234567, "screen_name": "x"}}\n'
        b'{"id": 99, "user": {"id": 1234567, "text": "torn\n'
        b'{"odd": "of others", "user": {"id": 76}}\n',
    )
    landed.land()
    found = export(landed.workspace, *ANN)["quarantine"]
    assert len(found) == 2
    assert not [one for one in found if "of others" in one["record"]]


def test_many_are_erased_at_once_from_a_file(
    landed: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody's id stands in an argument, an answer or a mistake."""
    with pytest.raises(ConfigurationError, match=r"list\.csv:1.*account_id") as wrong:
        read_requests("platform,id\nweibo,1234567\n", "list.csv")
    with pytest.raises(ConfigurationError, match=r"list\.csv:2: there is no") as wrong:
        read_requests("platform,account_id\nwiebo,1234567\n", "list.csv")
    assert "1234567" not in str(wrong.value)
    done = erase_all(landed.workspace, [ANN, ("weibo", "76")])
    assert done.landed.removed >= 3
    assert places(landed.root, WORDS | {"look"}) == []
    file = landed.put("asked.csv", "platform,account_id\nweibo,\n")
    monkeypatch.setattr(
        sys, "argv",
        ["flows", "privacy", "erase", "--requests", str(file), "--workspace",
         str(landed.root)],
    )  # fmt: skip
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert "asked.csv:2: account_id is empty" in capsys.readouterr().err


@pytest.mark.parametrize("lost", [".erasure.key", ".erasures.json", "both", "changed"])
def test_lost_tombstones_stop_a_run(landed: Lab, lost: str) -> None:
    """Whoever lost them for good begins anew, and erases again."""
    erase(landed.workspace, *ANN)
    begin_run(landed)
    end_run(landed)
    for name in (".erasure.key", ".erasures.json"):
        if lost in (name, "both"):
            (landed.root / name).unlink()
    if lost == "changed":
        (landed.root / ".erasure.key").write_text("f" * 64)
    elif lost != ".erasure.key":
        begin_run(landed) if lost == ".erasures.json" else None
        (landed.root / "landing/.erasures.json").unlink(missing_ok=True)
        (landed.root / ".erasures.json").unlink(missing_ok=True)
    with pytest.raises(ConfigurationError, match=r"erasure"):
        begin_run(landed)
    with pytest.raises(ConfigurationError, match=r"erasure"):
        erase(landed.workspace, "weibo", "76")
    if lost != "changed":
        rotate(landed.workspace, erasures=True)
        erase(landed.workspace, *ANN)
        begin_run(landed)


@pytest.mark.parametrize("what", ["pipe", "folder", "link to nothing", "marks"])
def test_what_is_no_key_is_told(
    lab: Lab, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops a run in words; nobody waits, and no new key is begun."""
    monkeypatch.delenv("WM_PSEUDONYM_KEY")
    key = lab.root / ".key"
    if what == "pipe":
        os.mkfifo(key, 0o600)
    elif what == "folder":
        key.mkdir(mode=0o700)
    elif what == "link to nothing":
        key.symlink_to(lab.root / "nothing")
    else:
        key.write_bytes(b"\x00\x01")
        key.chmod(0o600)
    for use in (check_keys, Workspace.pseudonym_key):
        with pytest.raises(ConfigurationError, match="from a backup"):
            use(lab.workspace)
    assert not (lab.root / "nothing").exists()


@pytest.mark.parametrize("given", [b" ", b"\xff\xfe"])
def test_a_given_key_that_is_no_text_is_told(
    lab: Lab, given: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file of secrets that is read wrongly gives it."""
    monkeypatch.setenv("WM_PSEUDONYM_KEY", os.fsdecode(given))
    with pytest.raises(ConfigurationError, match="blank or no text"):
        check_keys(lab.workspace)


def test_keys_of_another_make_in_the_ledger_are_none(lab: Lab) -> None:
    """A copy of the ledger that somebody edited."""
    for keys in ('{"pseudonyms": 5, "tombstones": "x"}', '"x"', "[1]", "null"):
        lab.put("ledger.json", f'{{"keys": {keys}}}')
        assert check_keys(lab.workspace)["pseudonyms"]


def test_keys_of_pseudonyms_are_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost, empty, readable by others, another one: each stops; a rotation is told."""
    monkeypatch.delenv("WM_PSEUDONYM_KEY")
    lab.put("export/1.jsonl", [status(1)])
    before = lab.workspace.pseudonym_key()
    key = lab.root / ".key"
    begin_run(lab)
    begin_run(lab)
    assert check_keys(lab.workspace)["pseudonyms"] not in key.read_text()
    for damage, words in (
        (lambda: key.write_text("f" * 64), "another one than before"),
        (lambda: key.write_text(" \n"), "empty"),
        (lambda: key.write_bytes(os.urandom(64)), "damaged|empty"),
        (lambda: key.chmod(0o640), "Others may read"),
        (key.unlink, "is gone"),
    ):
        damage()
        with pytest.raises(ConfigurationError, match=words):
            begin_run(lab)
        key.unlink(missing_ok=True)
        key.touch(mode=0o600)
        key.write_bytes(before)
        begin_run(lab)
    with monkeypatch.context() as other:
        other.setenv("WM_PSEUDONYM_KEY", "one of another workspace")
        with pytest.raises(ConfigurationError, match="WM_PSEUDONYM_KEY is another"):
            begin_run(lab)
    rotate(lab.workspace)
    assert lab.workspace.pseudonym_key() != before
    begin_run(lab)
    # The erasures' key is never rotated while it is whole.
    erase(lab.workspace, *ANN)
    with pytest.raises(ConfigurationError, match="never rotated"):
        rotate(lab.workspace, erasures=True)


def test_an_erasure_killed_at_any_write_is_finished(
    landed: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each moment at which something reaches the disk, lists of people included."""
    for name in ("amplifiers.csv", "contacts.csv"):
        landed.put(
            f"published/restricted/{name}",
            "platform,account_id,screen_name\nweibo,1234567,安安的小店\nweibo,76,Ben\n",
        )
    before = tmp_path / "before"
    landed.root.rename(before)
    writes = 0
    while True:
        writes += 1
        shutil.rmtree(landed.root, ignore_errors=True)
        shutil.copytree(before, landed.root, symlinks=True)
        left = [writes]

        def sync(_: Path, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("tasks.warehouse.whole_files.sync", sync)
            try:
                erase(landed.workspace, *ANN)
            except KeyboardInterrupt:
                is_killed = True
            else:
                is_killed = False
        if (landed.root / ".erasures.json").exists():
            begin_run(landed)
            end_run(landed)
            assert shown(landed) == [], writes
            lists = [*(landed.root / "published/restricted").iterdir()]
            assert len(lists) == 2
            assert all("weibo,76,Ben" in one.read_text() for one in lists)
        else:
            # Two files, each forced to the disk and then named there.
            assert writes < 5, "nothing had begun: it is asked for again"
        if not is_killed:
            break
    assert writes > 5
