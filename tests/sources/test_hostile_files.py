"""Files made to harm: nothing hangs, nothing explodes, nothing leaves its folder."""

from __future__ import annotations

import gzip
import json
import os
import resource
import socket
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.commands.doctor import examine
from tasks.sources import documents, file_landing, source_files
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.workspace import load_workspace
from tests.workspaces import REPOSITORY, Lab, repost, status, user

ALICE = user(11, "alice")


@pytest.fixture
def canonical(lab: Lab) -> Lab:
    """A workspace whose source is canonical tables."""
    lab.configure(format="canonical")
    return lab


def test_what_is_no_file_is_skipped_and_told(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pipes, devices, sockets and links to nothing are never opened."""
    export = lab.root / "export"
    lab.put("export/good.jsonl", [status(1)])
    os.mkfifo(export / "pipe.json")
    (export / "nothing.json").symlink_to(export / "gone.json")
    (export / "circle.json").symlink_to(export / "circle.json")
    (export / "zero.json").symlink_to("/dev/zero")
    (export / "round").symlink_to(export)
    os.mkfifo(export / "pipe.txt")  # nobody would have read it
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(export)  # a socket's address is short
        try:
            server.bind("socket.json")
        finally:
            os.chdir(before)
    assert lab.land().records == 1
    said = capsys.readouterr().out
    expected = {
        "pipe.json": "it is a pipe",
        "nothing.json": "it is a link to nothing",
        "circle.json": "it is a link in a circle",
        "zero.json": "it is a device",
        "socket.json": "it is a socket",
    }
    for name, why in expected.items():
        assert f"skipped export/{name}: {why}" in said
    assert "pipe.txt" not in said
    told = [one.says for one in examine(lab.root) if one.about == "source export"]
    assert sum("is skipped" in one for one in told) == len(expected)


def test_exports_that_nobody_reads_are_told(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """Archives, spreadsheets, files of another format; not pictures and notes."""
    lab.put("export/good.jsonl", [status(1)])
    told = ("more.zip", "more.jsonl.bz2", "more.TAR.GZ", "more.xlsx", "more.csv")
    for name in (*told, "picture.jpg", "notes.txt", ".more.zip"):
        lab.put(f"export/{name}", b"words")
    assert lab.land().records == 1
    said = capsys.readouterr().out
    assert said.count("skipped") == len(told)
    for name in told:
        assert f"skipped export/{name}: " in said
    assert "nothing reads .zip: unpack it" in said
    assert "format weibo-api reads .json, .jsonl, .ndjson only" in said


def test_names_of_files_steer_no_terminal(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """Marks that move a cursor or clear what was told before."""
    lab.put("export/a\x1b[2J.jsonl", b"no JSON")
    os.mkfifo(lab.root / "export/b\x9b31m\r.jsonl")
    os.mkfifo(lab.root / "export/三月\u3000微博.jsonl")
    lab.land()
    said = capsys.readouterr().out
    assert "skipped export/三月\u3000微博.jsonl" in said
    marks = said.replace("\u3000", "")
    assert not [mark for mark in marks if mark != "\n" and not mark.isprintable()]
    assert "skipped export/b" in said
    assert "export/a\N{REPLACEMENT CHARACTER}[2J.jsonl" in said


def test_pipe_in_a_files_place_makes_nobody_wait(tmp_path: Path) -> None:
    """Put there after it was looked at."""
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(documents.UnreadableFileError, match="no file"):
        list(documents.read_documents(tmp_path / "a.jsonl", documents.Notes()))


@pytest.mark.parametrize("name", ["workspace.toml", "seeds/suppressions.csv"])
def test_pipe_in_place_of_our_own_files_makes_nobody_wait(lab: Lab, name: str) -> None:
    """Where a person writes, it is said what to do."""
    (lab.root / "seeds").mkdir()
    (lab.root / name).unlink(missing_ok=True)
    os.mkfifo(lab.root / name)
    with pytest.raises(ConfigurationError, match=f"{name} is no file: put one in"):
        check_seeds(load_workspace(lab.root).root)


def test_file_without_leave_is_skipped(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It lands when it can be read; the others land now."""
    lab.put("export/a.jsonl", [status(1)])
    secret = lab.put("export/b.jsonl", [status(2)])
    opened = documents.open_regular

    def refuse(path: Path) -> object:
        if path == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(documents, "open_regular", refuse)
    assert lab.land().records == 1
    assert "skipped export/b.jsonl: it can't be read: Perm" in capsys.readouterr().out
    monkeypatch.undo()
    assert lab.land().records == 1


def test_file_that_is_too_large_is_skipped(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sparse file costs its maker nothing."""
    lab.put("export/a.jsonl", [status(1)])
    with (lab.root / "export/b.jsonl").open("wb") as handle:
        handle.truncate(source_files.LARGEST_FILE_BYTES + 1)
    assert lab.land().records == 1
    assert "skipped export/b.jsonl: it has more than 64 GB" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["csv.gz", "parquet"])
def test_table_made_to_explode_is_refused(
    canonical: Lab, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A few bytes of a million equal rows, whatever packs them."""
    monkeypatch.setattr(documents, "EXPANSION_FREE_BYTES", 1 << 20)
    bomb = canonical.put(f"export/posts.{suffix}", b"")
    if suffix == "parquet":
        rows = pl.DataFrame({"platform": ["weibo"], "post_id": ["1"]})
        pl.concat([rows] * 200_000).write_parquet(bomb)
    else:
        bomb.write_bytes(gzip.compress(b"platform,post_id\n" + b"weibo,1\n" * 300_000))
    result = canonical.land()
    assert (result.records, result.quarantined) == (0, 1)
    ((path, position, why),) = canonical.quarantined()
    assert (path, position) == (f"export/posts.{suffix}", None)
    assert "times its size" in why


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("table", [False, True])
def test_line_that_is_too_long_is_rejected_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, table: bool, place: str
) -> None:
    """With its length; the lines around it land, by their own numbers."""
    monkeypatch.setattr(documents, "LONGEST_LINE_BYTES", 5_000)
    monkeypatch.setattr(documents, "BLOCK_BYTES", 1_000)
    monkeypatch.setattr("tasks.sources.csv_rows._BLOCK_BYTES", 1_000)
    long = "x" * 20_000
    if table:
        lab.configure(format="canonical")
        rows = [f"weibo,{n},7,tea" for n in range(1, 40)]
        bad, header = f"weibo,99,7,{long}", ["platform,post_id,account_id,text"]
        name = "posts.csv"
    else:
        rows = [json.dumps(status(n)) for n in range(1, 40)]
        bad, header, name = json.dumps(status(99, long)), [], "a.jsonl"
    at = {"first": 0, "middle": 20, "last": len(rows)}[place]
    rows.insert(at, bad)
    lab.put(f"export/{name}", "\n".join([*header, *rows]) + "\n")
    assert lab.land().records == 39
    ((_, position, why),) = lab.quarantined()
    assert position == at + len(header) + 1
    assert why.startswith(f"the line has {len(bad):,} bytes, more than")
    kept = duckdb.sql(
        f"from read_parquet('{lab.root}/landing/weibo/*/*/*.parquet')"
    ).fetchall()
    assert len(kept) == 39


def test_file_of_nothing_but_bad_rows_is_refused(
    canonical: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is rejected is held in memory: it has an end."""
    monkeypatch.setattr(documents, "MOST_REJECTED", 100)
    canonical.put(
        "export/posts.csv", "platform,post_id\n" + "weibo,1\n" + "weibo,1,2,3\n" * 101
    )
    assert canonical.land().records == 0
    ((_, position, why),) = canonical.quarantined()
    assert position is None
    assert "more than 100 of its rows can't be read, the first in line 3" in why


def test_records_of_no_known_shape_have_an_end(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for JSON."""
    monkeypatch.setattr(file_landing, "MOST_REJECTED", 100)
    lab.put("export/a.jsonl", [status(1), *({"odd": n} for n in range(101))])
    lab.put("export/b.jsonl", [status(2), {"odd": 1}])
    result = lab.land()
    assert (result.records, result.quarantined) == (1, 2)
    assert "more than 100 of its records" in str(lab.quarantined())


def test_days_without_end_and_of_the_year_1(canonical: Lab) -> None:
    """Each record lands; days that nobody can have acted on share one folder."""
    days = [date(1990, 1, 1) + timedelta(days=n) for n in range(0, 60_000, 25)]
    lines = [f"weibo,{n},7,{day}T10:00:00Z" for n, day in enumerate(days)]
    lines += ["weibo,a,7,0001-01-01T00:00:00Z", "weibo,b,7,9999-12-31T23:59:59Z"]
    lines += ["weibo,c,7,-4000-01-01T00:00:00Z", "weibo,d,7,294247-01-10T00:00:00Z"]
    canonical.put(
        "export/posts.csv",
        "platform,post_id,account_id,posted_at\n" + "\n".join(lines) + "\n",
    )
    assert canonical.land().records == len(lines)
    folders = {path.name for path in (canonical.root / "landing").glob("weibo/*/*")}
    within = sum(date(2000, 1, 1) <= day <= date(2100, 1, 1) for day in days)
    # Midnight in Shanghai moves none of them over the edge.
    assert len(folders) == within + 1
    canonical.configure(format="canonical", policies="quarantine_threshold = 1.0")
    staged = canonical.stage()
    assert staged.rows_in == staged.rows_out + staged.rows_quarantined == len(lines)
    assert 0 < staged.rows_out < within  # days to come are none, either


def test_names_in_records_lead_nowhere(canonical: Lab) -> None:
    """Ids and kinds with dots and slashes are text, wherever they stand."""
    path = "../../../evil"
    before = {one for one in canonical.root.parent.rglob("*") if "evil" in one.name}
    canonical.put(
        "export/interactions.csv",
        "platform,interaction_id,kind,account_id,root_post_id,acted_at\n"
        f"{path},{path},{path},{path},{path},2026-03-01T10:00:00Z\n"
        f"weibo,{path},repost,{path},{path},2026-03-01T10:00:00Z\n",
    )
    canonical.put(
        "crawl/1.json",
        {
            "user": {},
            "weibo": [],
            "_file": {"kind": path},
            "id": 5,
            "created_at": "2026-03-01",
        },
    )
    text = (canonical.root / "workspace.toml").read_text()
    canonical.put(
        "workspace.toml",
        text.replace(
            "[[brands]]",
            '[[sources]]\nname = "crawl"\nplatform = "weibo"\nkind = "files"\n'
            'format = "weibo-crawler"\npath = "crawl"\n[[brands]]',
            1,
        ),
    )
    result = canonical.land()
    assert result.records + result.quarantined == 3
    assert {
        str(file.relative_to(canonical.root / "landing").parent)
        for file in (canonical.root / "landing").glob("**/*.parquet")
    } == {"weibo/interactions/date_day=2026-03-01"}
    after = {one for one in canonical.root.parent.rglob("*") if "evil" in one.name}
    assert after == before


def test_memory_is_bounded_whatever_a_line_holds(lab: Lab) -> None:
    """Lines of 160 and 48 MB, in text and packed, within what reading may take."""
    export = lab.root / "export"
    with gzip.open(export / "b.jsonl.gz", "wb", compresslevel=1) as packed:
        packed.write(json.dumps(status(2)).encode() + b"\n")
        packed.write(b'{"id": 3, "text": "' + b"x" * (48 << 20))
    with (export / "a.jsonl").open("wb") as handle:
        handle.write(json.dumps(status(1)).encode() + b"\n" + b'{"text": "')
        for _ in range(160):
            handle.write(b"x" * (1 << 20))
        handle.write(b'"}\n' + json.dumps(repost(4, 1, ALICE)).encode() + b"\n")
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from tests.workspaces import Lab\n"
        "base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "found = Lab(Path(sys.argv[1])).land()\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(found.records, found.quarantined, (peak - base) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(lab.root)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    )
    records, quarantined, megabytes = map(int, done.stdout.splitlines()[-1].split())
    assert (records, quarantined) == (3, 2)
    assert megabytes < 350
