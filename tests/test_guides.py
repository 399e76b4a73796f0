"""What the guides name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.workspaces import REPOSITORY

GUIDES = [
    REPOSITORY / name
    for name in ("CONTRIBUTING.md", "sql/README.md", "tasks/README.md")
]
PAGES = [
    *GUIDES,
    *(
        REPOSITORY / name
        for name in (
            "README.md",
            "data/README.md",
            "data/QUESTIONS.md",
            "flows/README.md",
            "tasks/METHODS.md",
            "tests/README.md",
        )
    ),
]
# Names with a place for the reader's own.
_OWN = re.compile(r"[<>*…]|\.\.\.")
_PATH = re.compile(
    r"`((?:[a-z_]+/)*[a-z_0-9]+\.(?:py|sql|md|toml)|(?:[a-z_]+/)+[a-z_]*)`"
)


def found(guide: Path, name: str) -> bool:
    """Whether a path stands below the repository, the guide's folder or a room."""
    bases = (
        REPOSITORY,
        guide.parent,
        REPOSITORY / "tasks",
        REPOSITORY / "tasks/sources",
    )
    return any((base / name).exists() for base in bases)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.parent.name)
def test_files_that_a_guide_names_are_there(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    names = [name for name in _PATH.findall(text) if not _OWN.search(name)]
    assert len(names) > 3
    elsewhere = {"workspace.toml", "expect.json", "landing/", "input/"}
    elsewhere |= {"publications/current"}
    # Without a folder: the case or the folder that the sentence speaks of.
    missing = [
        name
        for name in names
        if name not in elsewhere
        and not found(guide, name)
        and not ("/" not in name and any(REPOSITORY.glob(f"*/*/**/{name}")))
    ]
    assert not missing


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY))
)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """To a file that is there, and to one of its headings."""
    for link in re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in headings(target), link


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found
    }
