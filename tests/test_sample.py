"""The shipped sample shows in the marts what tests/world/sample.py plants in it."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.commands.status import describe
from tasks.report.languages import speaking, tell_measure
from tasks.report.page import read_definitions
from tests.benchmarks.reidentification import attack
from tests.report.answers import lacking
from tests.report.test_page import read
from tests.workspaces import REPOSITORY, Lab
from tests.world.sample import GROUP_SIZE

FIRST, LAST = date(2026, 3, 1), date(2026, 4, 14)


def check_the_star(lab: Lab) -> None:
    """Each foreign key leads to a row; what adds up comes to its campaign's number."""
    definitions = lab.dicts("from marts.metric_definitions")
    # What changed since the publication before stands in this one alone.
    leading = [
        row
        for row in definitions
        if row["references_text"] and row["mart"] != "changes"
    ]
    assert len(leading) > 40
    for row in leading:
        mart, column = row["mart"], row["column_name"]
        home, key = row["references_text"].split(".")
        (lost,) = lab.rows(
            f"select count(*) from marts.{mart} where {column} not in"
            f" (select {key} from marts.{home})"
        )[0]
        assert lost == 0, f"{mart}.{column}"
    check_the_sums(lab, definitions)
    older = [row for row in definitions if row["role"] == "older name"]
    assert older
    for row in older:
        (name,) = re.findall(r"^older name of (\w+)", row["formula"])
        (differing,) = lab.rows(
            f"select count(*) from marts.{row['mart']}"
            f" where {name} is distinct from {row['column_name']}"
        )[0]
        assert differing == 0, row


def check_the_sums(lab: Lab, definitions: list[dict[str, Any]]) -> None:
    """A column that adds up comes to the same quantity of a coarser mart.

    Two marts whose rows are parts of one another: the keys that the coarser one lacks
    are among those over which the column adds up. What only a part of the rows tells is
    no more than the whole.
    """
    keys: dict[str, set[str]] = {}
    for row in definitions:
        keys.setdefault(row["mart"], set())
        if "primary" in row["key"]:
            keys[row["mart"]].add(row["column_name"])
    compared = set()
    for row in definitions:
        fine, name = row["mart"], row["column_name"]
        over = set(row["additivity"].split(", "))
        for coarse in filter(None, row["same_in_text"].split(", ")):
            lacked = keys[fine] - keys[coarse]
            if not lacked or not keys[coarse] < keys[fine] or not lacked <= over:
                continue
            shared = ", ".join(sorted(keys[coarse]))
            wrong = lab.rows(
                f"select {shared} from marts.{coarse} as whole full outer join"
                f" (select {shared}, sum({name}) as parts,"
                f" count(*) = count({name}) as is_told from marts.{fine} group by all)"
                f" using ({shared})"
                f" where coalesce(whole.{name}, 0) < coalesce(parts, 0)"
                " or (coalesce(is_told, true)"
                f" and coalesce(parts, 0) <> coalesce(whole.{name}, 0))"
            )
            assert not wrong, (fine, coarse, name, wrong[:3])
            compared.add((fine, coarse, name))
    assert len(compared) > 20, compared


def check_the_questions(lab: Lab) -> None:
    """`data/QUESTIONS.md`: what the marts answer stands on the page, in its place."""
    text = (REPOSITORY / "data/QUESTIONS.md").read_text(encoding="utf-8")
    asked = re.findall(r"(?s)\*\*([^*]+\?)\*\*(.*?)```sql\n(.*?)```", text)
    assert len(asked) == 20
    folder = lab.root / "published"
    page = read(folder / "restricted/report.html").text
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as marts:
        marts.execute(
            f"attach '{folder / 'restricted/people.duckdb'}' as people (read_only)"
        )
        with speaking("zh"):
            measures = read_definitions(marts)
            untold = [
                row["formula"]
                for row in measures
                if tell_measure(row["formula"]) is None
                or (row["caveat"] and tell_measure(row["caveat"]) is None)
            ]
        # What a mart says newly may stand in English for a while, marked so.
        assert len(untold) < len(measures) / 10, untold
        for question, where, query in asked:
            places = re.findall(r"\*([^*]+)\*", where)
            assert places, question
            for place in places:
                assert " ".join(place.split()) in page, place
            found = marts.execute(query)
            names = [column[0] for column in found.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
            assert not lacking(page, " ".join(question.split()), rows), question


def test_the_sample_shows_what_is_planted(tmp_path: Path) -> None:
    """Each mart has something to say on the first day that somebody looks at it."""
    lab = Lab(tmp_path)
    shutil.copy(REPOSITORY / "data/workspace.toml", tmp_path)
    for folder in ("samples", "seeds"):
        shutil.copytree(REPOSITORY / "data" / folder, tmp_path / folder)
    lab.run(FIRST, LAST)
    check_the_star(lab)
    check_the_questions(lab)
    said = lab.call("status").stdout
    assert "Findings: 5 in the first part of the report" in said

    told = {row["action_id"]: row for row in lab.dicts("from marts.brand_actions")}
    # The exports were made once: years later nothing is late.
    found = describe(lab.workspace)
    assert [source["is_late"] for source in found["sources"]] == [False, False]

    # An effect that is found, and one that is absent.
    assert told["two-for-one"]["engagements_change_low"] > 0
    assert told["tasting"]["engagements_change_low"] < 0
    assert told["tasting"]["engagements_change_high"] > 0

    # An outsider who knows all that the platform shows finds nobody in the marts.
    for found in attack(lab):
        assert found.rows > 400
        assert (found.pinned, found.fewest >= 5, found.unsure >= 5) == (0, True, True)
    page = (lab.root / "published/report/index.html").read_text(encoding="utf-8")
    keys = lab.rows("select account_key from restricted.accounts")
    assert not [key for (key,) in keys if key[:8] in page]

    (group,) = lab.dicts("from restricted.account_groups where kind = 'coordinated'")
    assert GROUP_SIZE - 2 <= group["size"] <= GROUP_SIZE + 1

    for row in lab.dicts("from marts.campaigns"):
        assert row["earned_media_value_low"] > 0
        assert row["platform_reads"] > 0
        assert row["platform_engagements"] > 1.5 * row["engagements"]
        assert 0 < row["genuine_engagements"] < row["engagements"]

    partners = {
        row["partner_id"]: row for row in lab.dicts("from marts.partner_results")
    }
    assert partners["momofox"]["platform_promise_met"] == "yes"
    assert partners["momofox"]["claim_grounds"] == ""
    assert partners["xiaolu"]["claim_grounds"] == "shortfall"

    assert partners["momofox"]["orders"] > 2 * partners["xiaolu"]["orders"] > 0
    assert partners["momofox"]["clicks"] > 0
    assert partners["xiaolu"]["clicks"] is None, "a coupon is no address"
    assert partners["momofox"]["cost_per_order"] < partners["xiaolu"]["cost_per_order"]
    assert (
        lab.value("select count(*) from intermediate.sales where state <> 'counted'")
        == 0
    )

    voices = lab.dicts(
        "select brand_id, market, sum(mentions) as mentions from marts.share_of_voice"
        " group by all order by brand_id"
    )
    assert [(row["brand_id"], row["market"]) for row in voices] == [
        ("aurora", "aurora"),
        ("borealis", "aurora"),
    ]
    assert voices[0]["mentions"] > voices[1]["mentions"] > 20

    cups = lab.dicts("from marts.feedback_topics where terms_text like '%杯子%'")
    assert [(row["campaign_id"], row["trend"]) for row in cups] == [
        ("gift-box", "rising")
    ]
    assert cups[0]["sentiment_net"] < -0.5

    results = lab.dicts("from restricted.contact_results where brand_id = 'aurora'")[0]
    assert 0 < results["answered_people"] < results["judged_people"]
    assert results["ranking_auc"] == pytest.approx(0.75, abs=0.25)
    why = {row["why_not"] for row in lab.dicts("from restricted.contacts")}
    assert {"asked not to be contacted", "was contacted lately", ""} <= why
