"""A file that grows lands only what is new in it, and the marts don't show it."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.commands.doctor import examine
from flows.commands.recover import recover
from tasks.sources import file_landing, source_files
from tasks.warehouse import disk
from tasks.warehouse.errors import DiskFullError, ValidationFailedError
from tasks.warehouse.landing import read_log
from tests.workspaces import Lab, comment, repost, status, user

DAYS = 4


def records(day: int) -> list[dict[str, Any]]:
    """What happened up to a day: counters and profiles change, one act is edited."""
    found: list[dict[str, Any]] = [status(1, reposts_count=10)]
    for number in range(1, day + 1):
        author = user(20 + number, f"user {number}")
        found += [
            status(1, reposts_count=10 * number),
            repost(100 + number, 1, author, day=number),
            comment(200 + number, 1, author, f"tea {number}", day=number),
            {"odd": number},
        ]
    if day > 2:
        found.append(comment(201, 1, user(21, "user 1"), "tea, edited", day=1))
    return found


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows) + b'{"cut'


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """The acts as a canonical table; a bad row now and then."""
    lines = ["platform,interaction_id,kind,account_id,root_post_id,acted_at,text"]
    for row in rows:
        if "odd" in row:
            lines.append(f"weibo,{row['odd']},more, cells,than,there,are,names")
        elif "status" in row or "retweeted_status" in row:
            kind = "comment" if "status" in row else "repost"
            lines.append(
                f"weibo,{row['id']},{kind},{row['user']['id']},1,"
                f'2026-03-0{row["id"] % 100}T10:00:00Z,"{row["text"]}"'
            )
    return "\n".join(lines).encode() + b"\n"


FORMS: dict[str, tuple[str, str, Callable[[list[dict[str, Any]]], bytes]]] = {
    "lines": ("weibo-api", "a.jsonl", as_lines),
    # Newest first, so that every place changes; packed anew.
    "array": (
        "weibo-api",
        "a.json.gz",
        lambda rows: gzip.compress(json.dumps(rows[::-1]).encode()),
    ),
    "table": ("canonical", "interactions.csv", as_csv),
}


def landed_rows(lab: Lab) -> int:
    """Rows of all landed files."""
    files = f"{lab.root}/landing/[!.]*/*/*/*.parquet"
    ((count,),) = duckdb.sql(f"select count(*) from '{files}'").fetchall()
    return int(count)


STAGED = ("accounts", "posts", "post_counters", "interactions", "follows")


@pytest.mark.parametrize("form", list(FORMS))
def test_growing_file_lands_what_is_new(tmp_path: Path, form: str) -> None:
    """Staging and quarantine are equal, however the file came: in days, or at once."""
    record_format, name, write = FORMS[form]
    labs = []
    for days in (range(1, DAYS + 1), [DAYS]):
        lab = Lab(tmp_path / str(len(days)))
        # What is rejected here is more than a fifth.
        lab.configure(
            post_ids=["1"], format=record_format, policies="quarantine_threshold = 0.6"
        )
        for day in days:
            lab.put(f"export/{name}", write(records(day)))
            lab.land()
            assert lab.land().files == 0
            lab.stage()
        labs.append(lab)
    grown, whole = labs
    assert landed_rows(grown) == landed_rows(whole)
    for table in STAGED:
        query = f"from staging.{table} order by all"
        assert grown.rows(query) == whole.rows(query)
    told = [
        sorted((path, reason) for path, _, reason in lab.quarantined()) for lab in labs
    ]
    assert told[0] == told[1]
    files = [
        file for batch in read_log(grown.root / "landing") for file in batch.inputs
    ]
    assert len(files) == DAYS
    assert sum(file.records for file in files) == landed_rows(grown)


def test_marts_do_not_show_how_a_file_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what was new each day, all each day, all at once.

    The rows that marts are made of; of the ways that are furthest apart the marts, too.
    """
    labs = []
    for way in ("new", "all", "once"):
        lab = Lab(tmp_path / way)
        lab.configure(post_ids=["1"])
        with monkeypatch.context() as patched:
            if way == "all":
                patched.setattr(file_landing, "history_of", lambda *_: {})
            for day in [DAYS] if way == "once" else range(1, DAYS + 1):
                rows = [row for row in records(day) if "odd" not in row]
                lab.put("export/a.jsonl", rows)
                lab.land()
                lab.stage()
        labs.append(lab)
    assert landed_rows(labs[0]) < landed_rows(labs[1]) / 2
    assert judged(labs[0]) == judged(labs[1]) == judged(labs[2])
    for lab in (labs[0], labs[2]):
        lab.judge()
        lab.build()
    assert labs[0].marts() == labs[2].marts()


HEADER = "platform,interaction_id,kind,account_id,root_post_id,acted_at,text"


def acts(file: int, kinds: Sequence[tuple[bool, str]]) -> list[str]:
    """Lines of a table, by whether ids were rounded and how times were cut."""
    lines = []
    for n, (is_rounded, clock) in enumerate(kinds):
        key = 4_990_000_000_000_000 + 1_000_000 * file + 770 * n + (not is_rounded) * 7
        times = {
            "seconds": f"10:00:{n % 50 + 1:02d}",
            "minutes": f"10:{n % 60:02d}:00",
            "days": "00:00:00",
        }
        moment = f"2026-03-0{n % 9 + 1}T{times[clock]}Z"
        lines.append(f"weibo,{key},comment,7{n % 4},1,{moment},tea")
    return lines


def judged(lab: Lab) -> list[list[Any]]:
    """What is staged, and what is quarantined, wherever it stood."""
    return [
        *(lab.rows(f"from staging.{table} order by all") for table in STAGED),
        lab.rows("select kind, reason, rows from meta.quarantine order by all"),
    ]


def test_files_in_parts_are_judged_as_wholes(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seed: int = 1,
) -> None:
    """Rounded ids and cut times are told alike, in whatever parts and order rows came.

    Forty files of few rows and of many, alike and mixed: judgements come early, late,
    never, and are taken back; a rebuild tells the same.
    """
    rng = random.Random(seed)
    kinds = [
        (ids, clock)
        for ids in (True, False)
        for clock in ("seconds", "minutes", "days")
    ]
    files = []
    for number in range(40):
        first, second = rng.choices(kinds, k=2)
        rows = [first] * rng.randint(1, 25) + [second] * rng.choice([0, 0, 3, 9, 40])
        files.append(acts(number, rows))
    seen = []
    for way in ("grown", "shuffled"):
        lab = Lab(tmp_path / way)
        lab.configure(format="canonical", policies="quarantine_threshold = 1.0")
        for day in (1, 2, 3):
            for number, lines in enumerate(files):
                if way == "shuffled" and day == 1:
                    rng.shuffle(lines)
                cut = len(lines) if day == 3 else rng.randint(1, len(lines))
                name = f"export/{number}/interactions.csv"
                lab.put(name, "\n".join([HEADER, *lines[:cut]]))
            lab.land()
            lab.stage()
        seen.append(judged(lab))
    (lab.root / "warehouse.duckdb").unlink()
    lab.stage()
    assert judged(lab) == seen[0] == seen[1]
    assert "made anew from landing" in capsys.readouterr().out  # else it was too easy


def test_a_row_of_a_later_day_than_its_landing_stays_out(lab: Lab) -> None:
    """A rebuild asks when the row landed, not when its file did last."""
    header = "platform,account_id,screen_name,observed_at"
    ahead = datetime.now(UTC) + timedelta(days=3)
    rows = [header, "weibo,7,ann,2026-03-01T10:00:00Z", f"weibo,8,ben,{ahead:%FT%TZ}"]
    lab.configure(format="canonical", policies="quarantine_threshold = 0.6")
    lab.put("export/accounts.csv", "\n".join(rows))
    lab.land()
    lab.stage()
    before = judged(lab)
    assert lab.value("select count(*) from meta.quarantine") == 1
    first = {batch.batch_id for batch in read_log(lab.root / "landing")}
    lab.put("export/accounts.csv", "\n".join([*rows, rows[1].replace("ann", "eve")]))
    lab.land()
    for entry in (lab.root / "landing/.log").glob("*.json"):
        if entry.stem not in first:  # five days later
            told = json.loads(entry.read_text())
            told["landed_at"] = (ahead + timedelta(days=2)).strftime("%FT%T")
            entry.write_text(json.dumps(told))
    (lab.root / "warehouse.duckdb").unlink()
    lab.stage()
    assert judged(lab)[-1] == before[-1]


def test_damaged_part_of_a_growing_file_lands_again(lab: Lab) -> None:
    """Other batches hold the rest of the same file: it is read once more, whole."""
    for day in range(1, DAYS + 1):
        lab.put("export/a.jsonl", records(day))
        lab.land()
    before = landed_rows(lab)
    log = read_log(lab.root / "landing")
    (second,) = (
        batch for batch in log if batch.inputs[0].known and batch.inputs[0].known < 6
    )
    (path, *_) = (path for paths in second.files.values() for path in paths)
    (lab.root / "landing" / path).write_bytes(b"damaged")
    recover(lab.workspace)
    assert landed_rows(lab) < before
    assert lab.land().files == 1
    assert landed_rows(lab) == before
    assert lab.land().files == 0


def test_record_that_comes_back_changed_and_back_again_is_the_newest_by_value(
    lab: Lab,
) -> None:
    """A, then B, then A once more: what was read last has no say without a time."""
    for likes in (3, 5, 3):
        lab.put("export/a.jsonl", [status(1), comment(2, 1, user(3, "c"), likes=likes)])
        lab.land()
    assert landed_rows(lab) == 3


def test_moment_of_the_source_makes_another_record(lab: Lab) -> None:
    """Read again at a moment that the source states: profiles may stand as they did."""
    lab.put("export/a.jsonl", [user(3, "c")])
    lab.configure(extra="observed_at = 2026-03-10T10:00:00+08:00")
    assert lab.land().records == 1
    lab.configure(extra="observed_at = 2026-03-11T10:00:00+08:00")
    lab.put("export/a.jsonl", [user(3, "c"), user(4, "d")])
    assert (lab.land().records, landed_rows(lab)) == (2, 3)


def test_disk_that_cannot_hold_a_run_is_told_before_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the run, which then changes nothing, and by doctor; growth counts alone."""
    lab.put("export/a.jsonl", [status(n, "x" * 10_000) for n in range(100)])
    lab.land()
    assert source_files.waiting_bytes(lab.workspace) == (0, 0)
    lab.put("export/a.jsonl", [status(n, "x" * 10_000) for n in range(102)])
    lab.put("export/b.json.gz", gzip.compress(b"[]", mtime=0))
    plain, packed = source_files.waiting_bytes(lab.workspace)
    assert 20_000 < plain < 21_000
    assert packed == len(gzip.compress(b"[]", mtime=0))
    before = landed_rows(lab), read_log(lab.root / "landing")
    usage = shutil.disk_usage(lab.root)._replace(free=10_000_000)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        DiskFullError, match=r"has 0\.0 GB free; this run needs about 0\.2"
    ):
        lab.land()
    assert (landed_rows(lab), read_log(lab.root / "landing")) == before
    told = [one for one in examine(lab.root) if one.about == "disk"]
    assert [one.is_broken for one in told] == [True]
    monkeypatch.undo()
    assert lab.land().records == 2


def test_what_a_killed_run_spilled_goes(lab: Lab) -> None:
    """Temporary folders have an end."""
    lab.put("export/a.jsonl", [status(1)])
    spilled = lab.put(".spill/duckdb_temp_storage-0.tmp", b"x" * 1000)
    lab.put("landing/.tmp/0123456789abcdef/kind=status/part-0.parquet", b"x")
    lab.land()
    assert not spilled.exists()
    assert not list((lab.root / "landing").glob(".tmp/*"))


def test_one_bad_line_that_a_file_gained_stops_no_run(lab: Lab) -> None:
    """Few new rows are judged with the file's others; many bad ones stop the run."""
    good = [repost(100 + number, 1, user(number, "ann")) for number in range(1, 31)]
    lines = [json.dumps(row) for row in [status(1), *good]]
    lab.put("export/1.jsonl", "\n".join(lines).encode() + b"\n")
    lab.run_to_accounts()
    lines.append("not json")
    lab.put("export/1.jsonl", "\n".join(lines).encode() + b"\n")
    lab.run_to_accounts("second")
    assert lab.value("select count(*) from meta.quarantine") == 1
    lines += [f"not json {number}" for number in range(25)]
    lab.put("export/1.jsonl", "\n".join(lines).encode() + b"\n")
    with pytest.raises(ValidationFailedError, match="lost 100 % of its rows"):
        lab.run_to_accounts("third")
