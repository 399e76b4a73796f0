"""A newer version makes everything anew: old tables never stand beside new ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tasks.warehouse import models
from tests.workspaces import Lab, comment, repost, status, user


@pytest.mark.parametrize(
    "file",
    ["accounts/text_templates.py", "campaigns/cascades.py", "deduplicate.py"],
)
def test_other_algorithms_are_other_code(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = models.code_hash()
    shutil.copytree(models.TASKS_FOLDER, tmp_path / "tasks")
    monkeypatch.setattr(models, "TASKS_FOLDER", tmp_path / "tasks")
    assert models.code_hash() == before
    # What reads APIs or draws pages makes no table.
    (tmp_path / "tasks/sources/budget.py").write_text("")
    assert models.code_hash() == before
    with (tmp_path / "tasks" / file).open("a", encoding="utf-8") as handle:
        handle.write("LIMIT = 3\n")
    assert models.code_hash() != before


@pytest.mark.usefixtures("quick_rules")
def test_tables_of_an_older_version_are_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(tmp_path)
    lab.configure(post_ids=["1"])
    ann = user(501, "ann")
    lab.put(
        "export/a.jsonl",
        [
            status(1, user(9000, "Aurora")),
            repost(11, 1, ann),
            comment(12, 1, ann, "好茶"),
        ],
    )
    lab.run()
    made = lab.marts()
    with duckdb.connect(str(lab.root / "warehouse.duckdb")) as connection:
        connection.execute("update meta.state set value = 'older' where key = 'code'")
        connection.execute("delete from staging.interactions")
        connection.execute("delete from intermediate.accounts")
    capsys.readouterr()
    lab.run(run_id="newer")
    told = capsys.readouterr()
    assert "the models changed: everything is made anew" in told.out + told.err
    assert lab.marts() == made
    lab.run(run_id="again")
    told = capsys.readouterr()
    assert "the models changed" not in told.out + told.err
