"""A new network's skeleton works as it is made, and touches nothing of others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.new_network.__main__ import REGISTRY, make_network
from tests.workspaces import REPOSITORY

OWN = ("tasks/sources/tea_hall/", "sql/staging/tea_hall/", "tests/sql/cases/tea_hall/")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The repository's code, to be added to."""
    for name in ("flows", "tasks", "sql", "tests"):
        shutil.copytree(
            REPOSITORY / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    (tmp_path / "data").symlink_to(REPOSITORY / "data")
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    """All files but those that Python makes, by their place."""
    return {
        str(file.relative_to(root)): file.read_bytes()
        for name in ("flows", "tasks", "sql", "tests")
        for file in (root / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def run(*command: str, root: Path) -> str:
    """What a command says that must go well."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_network_touches_its_folders_and_the_registry(copied: Path) -> None:
    before = contents(copied)
    said = run("tests.new_network", "tea_hall", "Tea Hall", root=copied)
    after = contents(copied)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith(OWN)} == {str(REGISTRY)}
    assert set(said.split()) == changed
    folders = [*OWN[:2], str(REGISTRY)]
    python = [name for name in folders if not name.startswith("sql")]
    run("ruff", "check", "--quiet", *python, root=copied)
    run("ruff", "format", "--quiet", "--check", *python, root=copied)
    # The README's row is for whoever adds it to write.
    wanted = "(tea_hall or network or trait) and not readme"
    asked = ("-q", "-p", "no:cacheprovider", "-k", wanted)
    run("pytest", *asked, "tests/sql", "tests/sources/test_networks.py", root=copied)


@pytest.mark.parametrize(
    ("name", "why"),
    [("Tea Hall", "no name"), ("weibo", "there already"), ("../x", "no name")],
)
def test_names_that_can_not_be_are_refused(name: str, why: str, copied: Path) -> None:
    before = contents(copied)
    with pytest.raises(ValueError, match=why):
        make_network(name, "Tea Hall", copied)
    assert contents(copied) == before
