"""Pages of whole workspaces as a manager reads them: no sentence is false."""

from __future__ import annotations

import re
from pathlib import Path

from tasks.report.page import write_report
from tests.report.test_page import read
from tests.workspaces import Lab
from tests.world import WorldSpec, generate, workspace_toml
from tests.world.dataabc import write_dataabc


def page_of(lab: Lab, campaign_id: str | None = None) -> str:
    target = lab.root / "page.html"
    write_report(lab.root / "published" / "marts.duckdb", target, campaign_id)
    return read(target).text


def test_comments_without_accounts_are_neither_genuine_nor_not(tmp_path: Path) -> None:
    """A crawler's tables alone: its comments name nobody, its likes are but counted."""
    world = generate(WorldSpec(seed=5, interactions=400))
    lab = Lab(tmp_path)
    write_dataabc(world, lab.root / "export")
    for database in (lab.root / "export").rglob("*.db"):
        database.unlink()
    lab.put(
        "workspace.toml",
        workspace_toml(world, [("crawl", "weibo-crawler", Path("export"))]),
    )
    lab.run()
    ((key, comments, accounts),) = lab.rows(
        "select campaign_id, comments, engaged_accounts from marts.campaigns"
    )
    assert comments
    text = page_of(lab, key)
    assert "The platform counts" in text
    assert f"Who gave {comments:,} of the collected ones is not told" in text
    assert "does not tell likes one by one" in text
    assert re.search(rf" comments [\d,]+ {comments:,} – ", text)
    assert re.search(r" likes [\d,]+ – – ", text)
    assert re.search(r"positive [\d,]+ – ", text)
    assert "Where no genuine part is drawn" in text
    assert f"Who gave {comments:,} of the " in text.split("Who engaged")[1]
    assert "Genuine of the collected –" in text
    # Its people are those of the campaign's card.
    found = re.search(r"genuine ([\d,]+) \(.*?likely phantom ([\d,]+) \(", text)
    assert found
    assert sum(int(number.replace(",", "")) for number in found.groups()) == accounts


def test_a_workspace_with_nothing_landed_says_so(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.configure(post_ids=["1"])
    lab.put("export/a.jsonl", "")
    lab.run()
    for text in (page_of(lab), page_of(lab, "launch")):
        assert "No post of it was found in any source" in text
        assert "Data up to 1" not in text
        assert "“export” never gave anything." in text
        assert "genuine 0" not in text
        assert "%" not in text.split("How complete the data is")[0]
