"""Contacts: who is worth talking to, who must not be, and why."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.commands.privacy import suppress
from tasks.report.languages import speaking, tell_said
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models
from tasks.warehouse.seeds import check_seeds
from tests.workspaces import Lab, comment, repost, status, user

BRAND, RIVAL = user(9000, "Aurora"), user(9100, "Borealis")
HISTORY = "brand_id,platform,account_id,contacted_on,channel,answered\n"
SUPPRESSED = "platform,account_id,reason,date\n"
# Of `intermediate.brand_contacts`, what makes no segment.
UNTOLD = (
    *("platform", "affinity", "reach", "genuineness", "responsiveness", "recency"),
    *("is_follower", "phantom_level", "best_hour", "best_channel", "contacts"),
    *("answers", "last_contacted_day", "why_not"),
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.configure(
        post_ids=["1"],
        extra='[[brands]]\nid = "borealis"\nname = "Borealis Tea"\n'
        'accounts = [{ platform = "weibo", account_id = "9100" }]\n',
    )
    text = (tmp_path / "workspace.toml").read_text()
    made.put(
        "workspace.toml",
        text.replace(
            'name = "Aurora Tea"\n', 'name = "Aurora Tea"\ncompetitors = ["borealis"]\n'
        ),
    )
    return made


def contacts(lab: Lab) -> dict[str, dict[str, object]]:
    """Contacts of the first brand by name."""
    return {
        str(row["screen_name"]): row
        for row in lab.dicts(
            "select profiles.screen_name, contacts.*"
            " from restricted.contacts as contacts"
            " inner join intermediate.accounts using (platform, account_key)"
            " inner join intermediate.account_profiles as profiles"
            " using (platform, account_id) where brand_id = 'aurora'"
        )
    }


def everybody(lab: Lab) -> None:
    """An act each of people whom something speaks against, and of some others."""
    people = [
        user(501, "ann", description="爱喝茶", followers_count=999),
        user(502, "minor", description="初二学生党，追星"),
        user(503, "staff", description="Borealis Tea 门店店长"),
        user(504, "fan of both", description="喜欢 Borealis Tea 和 Aurora Tea"),
        user(505, "suppressed"),
        user(506, "contacted"),
        user(507, "long ago"),
        user(508, "phantom"),
        user(509, "twin a"),
        user(510, "twin b"),
        user(511, "=HYPERLINK(1)"),
        user(512, "grown", description="高中老师，带过三届学生"),
    ]
    lab.put(
        "export/a.jsonl",
        [
            status(1, author=BRAND),
            status(2, author=RIVAL),
            *(comment(20 + n, 1, person) for n, person in enumerate(people)),
            comment(50, 1, BRAND, day=2),
            comment(51, 1, RIVAL, day=2),
            comment(52, 1, people[9], day=2),
            repost(60, 1, people[0], "好 @Aurora", day=9, clock="21:00:00"),
            repost(61, 2, people[0], day=8, clock="21:00:00"),
        ],
    )
    genuine = [501, 502, 503, 504, 505, 506, 507, 509, 510, 511, 512, 9100]
    lab.override(
        *(f"genuine,weibo,{key},,,known,ann,2026-03-20" for key in genuine),
        "phantom,weibo,508,,,bought,ann,2026-03-20",
        "merge,weibo,510,weibo,509,one person,ann,2026-03-20",
    )
    lab.put("seeds/suppressions.csv", SUPPRESSED + "weibo,505,asked,2026-03-01\n")
    lab.put(
        "seeds/contact_history.csv",
        HISTORY
        + "aurora,weibo,506,2026-03-01,message,\n"
        + "aurora,weibo,507,2025-03-01,message,yes\n"
        + "borealis,weibo,501,2026-03-01,message,no\n",
    )


@pytest.fixture
def listed(lab: Lab, lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace of one's own in which `everybody` was run and published, once."""

    def make(made: Lab) -> None:
        everybody(made)
        made.run()

    return lab_once("everybody-to-contact", make)


def test_each_reason_forbids_and_is_said(listed: Lab) -> None:
    found = contacts(listed)
    assert {name: row["why_not"] for name, row in found.items()} == {
        "ann": "",
        "minor": "says that it is a minor",
        "staff": "says that it works for a competitor",
        "fan of both": "",
        "suppressed": "asked not to be contacted",
        "contacted": "was contacted lately",
        "long ago": "",
        "phantom": "likely phantom",
        "twin a": "another account of the same person ranks higher",
        "twin b": "",
        "=HYPERLINK(1)": "",
        # Teaches at a high school; is no pupil.
        "grown": "",
        "Borealis": "a competitor's account",
    }
    for row in found.values():
        assert row["is_contactable"] == (row["why_not"] == "")
        assert (row["contact_rank"] is not None) == row["is_contactable"]
    assert found["minor"]["age_check"] == "says that it is a minor"
    assert found["ann"]["age_check"] == "unknown"


def test_parts_add_up_to_the_score(listed: Lab) -> None:
    """By hand: a comment and a repost that names the brand; last act on day 9."""
    row = contacts(listed)["ann"]
    # effort = 3 for the mention, 2 for the comment, 1 for its tone, 2 for the repost.
    assert float(row["affinity"]) == round(8 / 18, 4)
    assert float(row["reach"]) == 0.5
    assert float(row["genuineness"]) == 1
    # (1 comment + 1 mention + 1) / (3 acts + 2)
    assert float(row["responsiveness"]) == 0.6
    assert float(row["recency"]) == 1
    assert float(row["contact_score"]) == pytest.approx(
        35 * 0.4444 + 15 * 0.5 + 25 + 10 * 0.6 + 15, abs=0.011
    )
    # Two acts at nine in the evening, one at eleven in the morning.
    assert row["best_hour"] == 21
    assert row["best_channel"] == "reply to its comments"
    assert (row["engagements"], row["mentions"], row["contact_rank"]) == (2, 1, 1)
    again = contacts(listed)["long ago"]
    assert (again["contacts"], again["answers"]) == (1, 1)
    assert str(again["last_contacted_day"]) == "2025-03-01"


SPEAKERS = [
    user(801, "minor", description="初二学生党"),
    user(802, "her other one"),
    user(803, "staff", description="Borealis Tea 门店店长"),
    user(804, "his other one"),
]
SHOPPERS = [
    user(601 + number, name)
    for number, name in enumerate(("asks", "likes it", "scolds", "speaks"))
]
ANSWERERS = [user(701 + number, f"p{number}") for number in range(5)]


def many(lab: Lab) -> None:
    """People whose second account speaks, who shop, and who answered or did not."""
    asks, likes, scolds, speaks = SHOPPERS
    people = ANSWERERS
    lab.put(
        "export/a.jsonl",
        [
            status(1, author=BRAND),
            *(comment(120 + n, 1, person) for n, person in enumerate(SPEAKERS)),
            comment(220, 1, asks, "在哪里买？求链接"),
            comment(221, 1, likes, "太好喝了，喜欢[爱你]"),
            comment(222, 1, scolds, "难喝死了，垃圾，差评[怒]"),
            comment(223, 1, speaks, "[doge]//@asks:在哪里买"),
            # p0 speaks three times, p1 twice, p2 and p3 once before the contact.
            *(comment(20 + day, 1, people[0], day=day) for day in (2, 3, 4)),
            *(comment(30 + day, 1, people[1], day=day) for day in (3, 4)),
            comment(40, 1, people[2], day=4),
            comment(50, 1, people[3], day=4),
            *(comment(50 + day, 1, people[3], day=day) for day in range(5, 13)),
            # Nothing was known of p4 then.
            comment(70, 1, people[4], day=9),
        ],
    )
    lab.override(
        *(f"genuine,weibo,{800 + n},,,known,ann,2026-03-20" for n in range(1, 5)),
        *(f"genuine,weibo,{701 + n},,,known,ann,2026-03-20" for n in range(5)),
        "merge,weibo,802,weibo,801,one person,ann,2026-03-20",
        "merge,weibo,804,weibo,803,one person,ann,2026-03-20",
    )
    lab.put(
        "seeds/contact_history.csv",
        HISTORY
        + "aurora,weibo,701,2026-03-05,message,yes\n"
        + "aurora,weibo,702,2026-03-05,message,no\n"
        # Nobody knows yet, and a second contact is no first one.
        + "aurora,weibo,703,2026-03-05,message,\n"
        + "aurora,weibo,703,2026-03-06,message,yes\n"
        + "aurora,weibo,704,2026-03-05,message,no\n"
        + "aurora,weibo,705,2026-03-05,message,yes\n"
        + "aurora,weibo,799,2026-03-05,message,yes\n",
    )
    lab.run(tables=["restricted.contacts", "restricted.contact_results"])


@pytest.fixture
def spoken(lab: Lab, lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace of one's own in which `many` was run, once."""
    return lab_once("many-to-contact", many)


def test_what_one_account_says_holds_for_the_person(spoken: Lab) -> None:
    """A minor's second account and that of a competitor's employee."""
    found = contacts(spoken)
    assert not any(found[str(one["screen_name"])]["is_contactable"] for one in SPEAKERS)
    assert "minor" in str(found["her other one"]["why_not"])
    assert "competitor" in str(found["his other one"]["why_not"])


def test_the_cap_holds_where_only_posts_and_followers_landed(lab: Lab) -> None:
    text = (lab.root / "workspace.toml").read_text()
    lab.put(
        "workspace.toml",
        text + '\n[[sources]]\nname = "tables"\nplatform = "weibo"\nkind = "files"\n'
        'format = "canonical"\npath = "tables"\n',
    )
    lab.put(
        "tables/follows.csv",
        "platform,account_id,follower_id,observed_at\n"
        "weibo,9000,501,2026-03-01 04:00:00\n",
    )
    lab.put("tables/accounts.csv", "platform,account_id,screen_name,observed_at\n"
            "weibo,501,ann,2026-03-01 04:00:00\n")  # fmt: skip
    lab.put("export/a.jsonl", [status(1, author=BRAND, day=2)])
    lab.put(
        "seeds/contact_history.csv", HISTORY + "aurora,weibo,501,2026-03-01,message,\n"
    )
    lab.run(tables=["restricted.contacts"])
    assert contacts(lab)["ann"]["why_not"] == "was contacted lately"


def test_words_of_shoppers_and_tone_count(spoken: Lab) -> None:
    names = {str(one["screen_name"]) for one in SHOPPERS}
    found = {name: row for name, row in contacts(spoken).items() if name in names}
    assert {name: row["asks"] for name, row in found.items()} == {
        "asks": 1,
        "likes it": 0,
        "scolds": 0,
        # Another one's words.
        "speaks": 0,
    }
    affinity = {name: float(str(row["affinity"])) for name, row in found.items()}
    assert affinity["likes it"] == round(3 / 13, 4)
    # Two for a comment, two less for its tone.
    assert affinity["scolds"] == 0
    assert affinity["speaks"] == round(2 / 12, 4)
    # Asking weighs more than it costs to be taken for a complaint.
    assert affinity["asks"] >= round(4 / 14, 4)


def test_ranking_is_measured_on_contacts_whose_answer_is_known(spoken: Lab) -> None:
    """By the score on that morning: what came later is left out, answers above all."""
    results = spoken.dicts("from restricted.contact_results")
    rows = {row["brand_id"]: row for row in results}
    found = rows["aurora"]
    # 799 was never seen; 703's first answer is unknown.
    assert (found["contacted_people"], found["judged_people"]) == (5, 4)
    assert found["answered_people"] == 2 and found["answer_rate"] == 0.5
    # p0 above p1 above p3 above p4: of four pairs of yes and no, two are right.
    assert found["ranking_auc"] == 0.5
    assert found["upper_half_answer_rate"] == 0.5
    assert rows["borealis"]["judged_people"] == 0
    assert rows["borealis"]["ranking_auc"] is None


def test_identified_list_is_restricted(listed: Lab) -> None:
    lab = listed
    file = lab.root / "published/restricted/contacts.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    aurora = [row for row in rows if row["brand_id"] == "aurora"]
    assert [row["contact_rank"] for row in aurora] == ["1", "2", "3", "4", "5", "6"]
    assert aurora[0]["screen_name"] == "ann"
    assert aurora[0]["profile_url"] == "https://weibo.com/u/501"
    # A spreadsheet shows the name and runs nothing.
    assert "'=HYPERLINK(1)" in {row["screen_name"] for row in aurora}
    assert not {"505", "508", "9000"} & {row["account_id"] for row in rows}
    # Whoever asks not to be contacted is gone with the next publication.
    lab.put("seeds/suppressions.csv", SUPPRESSED + "weibo,501,asked,2026-03-15\n")
    lab.run(run_id="second")
    names = (lab.root / "published/restricted/contacts.csv").read_text("utf-8-sig")
    assert ",501," not in names
    assert ",505," in names
    # Nor do they stand in the publication before.
    older = lab.root / "published/previous/1"
    assert older.resolve().is_dir()
    assert not (older / "restricted").exists()


def crm_rows(lab: Lab, name: str) -> list[dict[str, str]]:
    """A list in columns that a CRM program imports."""
    file = lab.root / "published/restricted" / name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def test_lists_for_crm_programs_hold_the_same_people(lab: Lab) -> None:
    """In the columns of HubSpot's contacts and Salesforce's leads; nothing runs."""
    everybody(lab)
    lab.run()
    plain = crm_rows(lab, "contacts.csv")
    hubspot = crm_rows(lab, "contacts_hubspot.csv")
    salesforce = crm_rows(lab, "contacts_salesforce.csv")
    ids = [row["account_id"] for row in plain]
    assert ids == [row["account_id"] for row in hubspot]
    assert ids == [row["account_id__c"] for row in salesforce]
    assert {"firstname", "website", "lifecyclestage"} <= hubspot[0].keys()
    assert hubspot[0]["firstname"] == "ann"
    assert hubspot[0]["website"] == "https://weibo.com/u/501"
    assert hubspot[0]["segment"] == plain[0]["segment"] != ""
    # Required of a lead.
    assert all(row["lastname"] and row["company"] for row in salesforce)
    assert max(len(row["lastname"]) for row in salesforce) <= 80
    assert salesforce[0]["leadsource"] == "Aurora Tea on weibo"
    assert salesforce[0]["brand_name__c"] == hubspot[0]["brand_name"] == "Aurora Tea"
    for name in ("best_channel", "best_hour", "last_contacted_day"):
        assert [row[f"{name}__c"] for row in salesforce] == [row[name] for row in plain]
    # Why, in sentences; the same in all three, without what doesn't hold.
    assert [row["why"] for row in plain] == [row["why"] for row in hubspot]
    for row, lead in zip(plain, salesforce, strict=True):
        assert row["why"].startswith("It ")
        assert row["why"].endswith(".")
        assert " 0 " not in row["why"] and " 1 times" not in row["why"]
        assert lead["description"].startswith(row["why"])
        with speaking("zh"):
            assert tell_said(row["why"]), row["why"]
    for rows, column in ((hubspot, "firstname"), (salesforce, "lastname")):
        assert "'=HYPERLINK(1)" in {row[column] for row in rows}
    for rows in (plain, hubspot, salesforce):
        for row in rows:
            assert not [text for text in row.values() if text[:1] in "=+-@" and text]
    # Off all lists at once, and off those of the next publication.
    assert suppress(lab.workspace, "weibo", "501", "asked")
    for name, column in (
        ("contacts.csv", "account_id"),
        ("contacts_hubspot.csv", "account_id"),
        ("contacts_salesforce.csv", "account_id__c"),
    ):
        left = [row[column] for row in crm_rows(lab, name)]
        assert left == [one for one in ids if one != "501"], name


@pytest.mark.parametrize(
    ("days_ago", "acts", "asks", "scores", "segment"),
    [
        (None, 0, 0, (None, 1, 1), "follower"),
        (0, 1, 0, (5, 1, 1), "newcomer"),
        (7, 2, 0, (5, 2, 1), "promising"),
        (8, 4, 0, (4, 3, 1), "promising"),
        (30, 5, 0, (4, 4, 1), "champion"),
        (30, 10, 1, (4, 5, 3), "asks for the goods"),
        (31, 1, 1, (3, 1, 3), "to win back"),
        (90, 5, 0, (3, 4, 1), "to win back"),
        (90, 4, 0, (3, 3, 1), "cooling"),
        (91, 4, 0, (2, 3, 1), "lost"),
        (181, 1, 2, (1, 1, 4), "to win back"),
        (181, 9, 3, (1, 4, 5), "to win back"),
    ],
)
def test_segments_by_recency_frequency_and_asks(
    days_ago: int | None,
    acts: int,
    asks: int,
    scores: tuple[int | None, int, int],
    segment: str,
) -> None:
    """At each limit; nobody tells what anybody bought, so asks stand in its place."""
    model = load_models("restricted")["restricted.contacts"]
    given = dict.fromkeys(UNTOLD, "null") | {
        "brand_id": "'b'",
        "operator_id": "'o'",
        "is_contactable": "true",
        "contact_score": "1",
        "account_key": "'k'",
        "mentions": "0",
        "is_person_minor": "false",
        "is_persons_employer_rival": "false",
        "acts": str(acts),
        "asks": str(asks),
        "last_day": "date '2026-12-31'",
        "last_act_day": "null::date"
        if days_ago is None
        else f"date '2026-12-31' - {days_ago}",
    }
    with duckdb.connect() as connection:
        connection.execute("create schema intermediate")
        listed = ", ".join(f"{value} as {name}" for name, value in given.items())
        connection.execute(
            f"create table intermediate.brand_contacts as select {listed}"
        )
        table = connection.execute(
            f"select rfm_recency, rfm_frequency, rfm_asks, segment from ({model.sql})",
            {"key_inner": b"0" * 64, "key_outer": b"0" * 64},
        ).fetchall()
    assert table == [(*scores, segment)]


def test_list_keeps_nobody_who_was_read_too_long_ago(lab: Lab) -> None:
    """`retention_days.restricted`, counted to the last landed day; marts stay."""
    early, late = user(511, "early"), user(512, "late")
    lab.put("export/a.jsonl", [status(1, BRAND), repost(11, 1, early, "好")])
    lab.put("export/b.jsonl", [repost(12, 1, late, "好", day=12)])

    def listed(kept: str) -> list[str]:
        text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
        lab.put(
            "workspace.toml",
            text.split("[policies.retention_days]")[0]
            + f"[policies.retention_days]\n{kept}\n",
        )
        lab.run(run_id=f"kept{kept}")
        file = lab.root / "published/restricted/contacts.csv"
        lines = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
        return [row["screen_name"] for row in lines if row["brand_id"] == "aurora"]

    assert sorted(listed("")) == ["early", "late"]
    days = lab.value(
        "select date_diff('day', min(date_day), max(date_day))"
        " from staging.interactions"
    )
    assert days > 1
    assert sorted(listed(f"restricted = {days}")) == ["early", "late"]
    assert listed(f"restricted = {days - 1}") == ["late"]
    assert set(contacts(lab)) == {"early", "late"}
    people = lab.root / "published/restricted/people.duckdb"
    with duckdb.connect(str(people), read_only=True) as kept:
        assert kept.execute(
            "select count(*) from contacts where brand_id = 'aurora'"
        ).fetchall() == [(1,)]
    assert sorted(listed("")) == ["early", "late"]


def test_every_wrong_seed_line_is_named(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.configure()
    lab.put("export/a.jsonl", [])
    lab.override("merge,weibo,1,,,x,ann,2026-03-20")
    lab.put("seeds/suppressions.csv", SUPPRESSED + "weibo,,x,2026-03-01\n")
    lab.put(
        "seeds/contact_history.csv",
        HISTORY + "aurora,weibo,1,March,message,perhaps\naurora,weibo,1,March,,yes\n",
    )
    lab.put(
        "seeds/brand_actions.csv",
        "action_id,brand_id,kind,started_at,ended_at,note\n"
        "a,aurora,event,2026-03-01,,\n"
        "a,aurora,event,2026-03-02,,the same id\n"
        "b,aurora,event,soon,,\n"
        "c,aurora,event,2026-03-02T10:00,2026-03-01,ends before it begins\n"
        "d,aurorra,event,2026-03-02,,a slip\n",
    )
    with pytest.raises(ConfigurationError) as caught:
        check_seeds(tmp_path)
    places = [
        mistake.rsplit("/", 1)[1].split(" ")[0] for mistake in caught.value.mistakes
    ]
    assert places == [
        "account_overrides.csv:2:",
        "suppressions.csv:2:",
        "contact_history.csv:2:",
        "contact_history.csv:3:",
        "brand_actions.csv:3:",
        "brand_actions.csv:4:",
        "brand_actions.csv:5:",
        "brand_actions.csv:6:",
    ]
