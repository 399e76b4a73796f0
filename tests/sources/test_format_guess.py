"""Somebody names the wrong format, or none: the files tell which one is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.sources import format_guess
from tasks.sources.format_guess import formats_that_read
from tasks.warehouse.errors import ConfigurationError, ValidationFailedError
from tests.workspaces import Lab, call_command, repost, status, user
from tests.world import World, write
from tests.world.dataabc_others import write_search
from tests.world.facebook import write_facebook
from tests.world.mediacrawler import write_newer
from tests.world.x import write_x

WRITERS: dict[str, Callable[[World, Path], Any]] = {
    "mweibo": lambda world, folder: write(world, folder, "mweibo"),
    "canonical": lambda world, folder: write(world, folder, "canonical"),
    "weibo-search": write_search,
    "mediacrawler": write_newer,
    "x-api": write_x,
    "facebook-graph": write_facebook,
}


@pytest.mark.parametrize("form", WRITERS)
def test_exports_tell_their_format(
    form: str, small_world: World, tmp_path: Path
) -> None:
    WRITERS[form](small_world, tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert formats_that_read(files)[0] == form


def test_what_nobody_reads_is_no_format(lab: Lab) -> None:
    lab.put("export/a.csv", "thread_id,is_rumor\n1,true\n")
    lab.put("export/b.json", {"edges": [[1, 2]]})
    lab.put("export/c.db", b"none")
    lab.put("export/d.jsonl", b"{" * 100)
    files = sorted((lab.root / "export").iterdir())
    for file in files:
        assert formats_that_read([file]) == [], file
    assert formats_that_read([]) == []


def test_long_files_of_lines_are_judged_by_the_first_ones(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [repost(key, 1, user(key, "a")) for key in range(250)]
    monkeypatch.setattr(format_guess, "_LARGEST", 10_000)
    file = lab.put("export/a.jsonl", [*rows, "no record"])
    assert formats_that_read([file])[0] == "weibo-api"
    # One long document is not read for a guess.
    assert formats_that_read([lab.put("export/b.json", {"data": rows})]) == []


def test_a_refusal_names_the_format_that_is_meant(lab: Lab) -> None:
    lab.configure(format="mediacrawler", post_ids=["1"])
    lab.put("export/a.jsonl", [status(1), repost(2, 1, user(7, "a"))])
    lab.land()
    with pytest.raises(ValidationFailedError, match="look like format weibo-api: name"):
        lab.stage()


def test_a_folder_of_another_format_is_told_before_anything_runs(lab: Lab) -> None:
    lab.configure(format="weibo-search", post_ids=["1"])
    file = lab.put("export/a.jsonl", [status(1), repost(2, 1, user(7, "a"))])
    with pytest.raises(ConfigurationError, match="what lies there is format weibo-api"):
        lab.land()
    done = call_command("map", str(file))
    assert done.returncode == 2
    assert 'it needs no mapping. Name it as a source with format = "weibo-api".' in (
        done.stderr.replace("\n", " ")
    )


def test_many_files_for_one_reason_are_one_line(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.configure(format="mweibo", post_ids=["1"])
    lab.put("export/1/detail.json", status(1))
    for key in range(30):
        lab.put(f"export/{key:02}.json", status(key))
        lab.put(f"export/{key:02}.csv", "a\n1\n")
    lab.land()
    said = capsys.readouterr().out
    assert "skipped 30 files, the first export/00.csv: " in said
    assert "quarantined whole: 30 files, the first export/00.json: " in said
