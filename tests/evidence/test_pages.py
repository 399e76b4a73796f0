"""The shipped Evidence pages ask for what stands in the marts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from tests.conftest import FinishedRun
from tests.evidence import pages
from tests.evidence.build import ENVIRONMENT, PAGES, build, make_environment


def test_pages_ask_for_what_is_there(finished_run: FinishedRun) -> None:
    """Each query runs; each component shows a query of its page, and its columns."""
    marts = finished_run.lab.root / "published/marts.duckdb"
    shown: dict[tuple[str, str], set[str]] = {}
    with duckdb.connect() as connection:
        pages.bring(connection, marts)
        for query in pages.asked():
            rows = connection.sql(query.sql)
            shown[query.place, query.name] = set(rows.columns)
            rows.fetchall()
    files = sorted((pages.PROJECT / "pages").glob("*.md"))
    assert {file.stem for file in files} == {name or "index" for name in PAGES}
    drawn = 0
    for file in files:
        parts = re.split(r"<(?=DataTable|\w+Chart|Dropdown )", file.read_text("utf-8"))
        for part in parts[1:]:
            (data,) = re.findall(r"\bdata=\{(\w+)\}", part)
            block = re.split(r"</DataTable>|```|\n\n", part)[0]
            named = re.findall(
                r"\b(?:id|x|y|series|groupBy|nameCol|valueCol|value|label)=(\w+)", block
            )
            assert set(named) <= shown[file.stem, data], (file.stem, part)
            drawn += 1
    assert drawn > 25


def test_packages_are_pinned() -> None:
    """To exact versions, of no address."""
    told = json.loads((pages.PROJECT / "package.json").read_text("utf-8"))
    assert all(re.fullmatch(r"[\d.]+", one) for one in told["dependencies"].values())
    assert not list(pages.PROJECT.glob("*lock*"))


@pytest.mark.node
def test_evidence_builds_every_page(finished_run: FinishedRun, tmp_path: Path) -> None:
    """With packages of its own, and nothing fetched beside them."""
    marts = finished_run.lab.root / "published/marts.duckdb"
    made = build(make_environment(ENVIRONMENT), marts)
    for name in PAGES:
        text = (made / name / "index.html").read_text("utf-8")
        assert "<title>" in text, name
    # What the pages ask, as files beside them.
    brought = {
        file.parent.parent.name for file in made.glob("data/marts/*/*/*.parquet")
    }
    assert brought == {source.name for source in pages.sources()}
