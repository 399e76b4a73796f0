"""The recipes of data/README.md read what is published, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import FinishedRun
from tests.workspaces import REPOSITORY


def recipes(library: str) -> list[str]:
    """Blocks of Python that import a library."""
    text = (REPOSITORY / "data/README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?s)```python\n(.*?)```", text)
    return [
        block
        for block in blocks
        if re.search(rf"(?m)^(import|from) {library}\b", block)
    ]


@pytest.mark.parametrize("library", ["sqlalchemy", "polars"])
def test_recipes_read_the_marts(
    library: str,
    finished_run: FinishedRun,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(finished_run.lab.root)
    (recipe,) = recipes(library)
    exec(compile(recipe, "data/README.md", "exec"), {})
    told = capsys.readouterr().out
    assert "genuine_engagements" in told
