"""Marts of brands, audiences, days and amplifiers, by hand and by an oracle."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import networkx
import pytest

from tasks.campaigns.calendar_days import calendar_days
from tasks.warehouse.models import load_models
from tests.workspaces import Lab, comment, repost, status, user

BRAND, RIVAL = user(9000, "Aurora"), user(9100, "Borealis")
ANN, BOB, CAT = user(501, "ann"), user(502, "bob"), user(503, "cat")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Two brands that compete; everything else is to be put."""
    made = Lab(tmp_path)
    made.configure(
        post_ids=["1"],
        extra='[[brands]]\nid = "borealis"\nname = "Borealis Tea"\n'
        'accounts = [{ platform = "weibo", account_id = "9100" }]\n',
    )
    text = (tmp_path / "workspace.toml").read_text()
    made.put(
        "workspace.toml",
        text.replace('name = "Aurora Tea"\n', 'name = "Aurora Tea"\ncompetitors ='
                     ' ["borealis"]\n'),
    )  # fmt: skip
    return made


def step(lab: Lab, *lines: object, tables: Sequence[str] = ()) -> None:
    """Run an export of these lines, for these marts; for all where none is named."""
    lab.put("export/a.jsonl", list(lines))
    lab.run(publish=False, tables=tables)


def test_share_of_voice_by_hand(lab: Lab) -> None:
    """A brand's own acts are no voice of others; a name must be named whole."""
    step(
        lab,
        status(1, author=BRAND),
        status(2, author=RIVAL),
        status(3, "好喝 @aurora 真的", author=ANN, day=2),
        status(4, "@AuroraTea 不是一家", author=ANN, day=2),
        repost(10, 1, ANN, "转 @Borealis 也不错"),
        repost(11, 1, BRAND, "自己转 @Aurora"),
        repost(12, 2, BOB, "好//@Aurora:谢谢"),
        comment(20, 1, BOB, "@Aurora！ 支持 @Aurora"),
        comment(21, 2, CAT, "不如 @Aurora"),
        tables=["share_of_voice"],
    )
    found = {
        (row["brand_id"], row["activity_day"].day): row
        for row in lab.dicts("from marts.share_of_voice")
    }
    assert len(found) == 2 * 14
    first = found["aurora", 1]
    # Named by the comments of bob (once, though twice in it) and cat; the repost with
    # the name in another's words does not count.
    assert (first["mentions"], first["engagements"]) == (2, 2)
    assert (first["market_mentions"], first["market_engagements"]) == (3, 4)
    assert (first["mentions_share"], first["engagements_share"]) == (0.666667, 0.5)
    assert found["aurora", 2]["mentions"] == 1
    # Who is named as a competitor is in the market, whomever it names itself.
    rival = found["borealis", 1]
    assert (rival["mentions"], rival["mentions_share"]) == (1, 0.333333)
    assert found["aurora", 3]["mentions_share"] is None


def test_brands_days_and_amplifiers(lab: Lab) -> None:
    step(
        lab,
        status(1, author={**BRAND, "followers_count": 700}),
        # Ann reposts, Bob reposts her, Ann reposts Bob, Cat reposts that.
        repost(10, 1, {**ANN, "followers_count": 7}, clock="10:00:00"),
        repost(11, 1, BOB, clock="10:01:00", pid=10),
        repost(12, 1, {**ANN, "followers_count": 7}, clock="10:02:00", pid=11),
        repost(13, 1, CAT, clock="10:03:00", pid=12),
        tables=["brands", "accounts", "days", "restricted.amplifiers"],
    )
    rows = lab.dicts("from marts.brands order by brand_id")
    assert [(row["brand_id"], row["competitors_text"]) for row in rows] == [
        ("aurora", "borealis"),
        ("borealis", "aurora"),
    ]
    assert (rows[0]["accounts"], rows[0]["followers"], rows[0]["campaigns"]) == (
        1,
        700,
        1,
    )
    assert rows[1]["followers"] is None
    # The key joins with the other marts.
    assert lab.rows(
        "select count(*) from marts.accounts as accounts inner join marts.brands as"
        " brands on accounts.account_key = brands.account_keys_text"
    ) == [(1,)]
    days = lab.dicts("from marts.days order by day")
    assert len(days) == 14
    assert (days[0]["weekday"], days[0]["is_workday"], days[0]["is_covered"]) == (
        7,
        False,
        True,
    )
    # Who stands below its own repost counts once.
    rows = lab.dicts("from restricted.amplifiers order by rank")
    assert [
        (row["rank"], row["direct_reposts"], row["downstream_reposts"], row["exposure"])
        for row in rows
    ] == [(1, 1, 2, 100), (2, 2, 2, 14)]
    assert rows[0]["downstream_share"] == 0.5


def test_holidays_of_mainland_china() -> None:
    """A Sunday before a holiday can be a workday; unknown years are unknown."""
    found = {
        row["day"]: (row["is_workday"], row["holiday"])
        for row in calendar_days(date(2026, 9, 30), date(2026, 10, 10)).to_dicts()
    }
    assert found[date(2026, 9, 30)] == (True, None)
    assert found[date(2026, 10, 1)] == (False, "National Day")
    assert found[date(2026, 10, 10)] == (True, "National Day")
    far = calendar_days(date(2090, 1, 1), date(2090, 1, 1)).row(0)
    assert far == (date(2090, 1, 1), None, None)


# Ten followers a day, and once five thousand more.
BOUGHT = [1000 + 10 * day + (5000 if day >= 6 else 0) for day in range(1, 13)]
# Seven and nine in the morning in Shanghai are two days in UTC.
NEWCOMERS = [
    user(key, f"u{key}", created_at=f"Sun Feb 01 {clock} +0800 2026")
    for key, clock in ((505, "07:00:00"), (506, "09:00:00"))
]


@pytest.fixture
def audiences(
    lab: Lab, made_once: Callable[[str, Callable[[Path], None]], Path]
) -> Lab:
    """Audiences of three brands: engagers of one, followers of all."""

    def make(folder: Path) -> None:
        made = Lab(folder)
        text = (lab.root / "workspace.toml").read_text()
        made.put(
            "workspace.toml",
            text + '[[sources]]\nname = "tables"\nplatform = "weibo"\nkind = "files"\n'
            'format = "canonical"\npath = "tables"\n'
            '[[brands]]\nid = "cedar"\nname = "Cedar Tea"\n'
            'accounts = [{ platform = "weibo", account_id = "9200" }]\n',
        )
        followed = (
            *(("9000", key, "02 01:00") for key in (501, 502)),
            ("9000", 504, "04 17:00"),
            # The same list, read again.
            *(("9100", key, "02 04:00") for key in (501, 502)),
            *(("9100", key, "05 04:00") for key in (501, 504)),
            ("9200", 501, "05 04:00"),
            ("9200", 502, "06 04:00"),
        )
        made.put(
            "tables/follows.csv",
            "platform,account_id,follower_id,observed_at\n"
            + "".join(
                f"weibo,{brand},{key},2026-03-{moment}:00\n"
                for brand, key, moment in followed
            ),
        )
        made.put(
            "tables/accounts.csv",
            "platform,account_id,followers_count,observed_at\n"
            + "".join(
                f"weibo,9200,{count},2026-03-{day:02} 04:00:00\n"
                for day, count in enumerate(BOUGHT, start=1)
            ),
        )
        made.override(
            "phantom,weibo,502,,,bought,ann,2026-03-20",
            "genuine,weibo,501,,,known,ann,2026-03-20",
            "genuine,weibo,503,,,known,ann,2026-03-20",
            "genuine,weibo,504,,,known,ann,2026-03-20",
            "merge,weibo,503,weibo,501,one person,ann,2026-03-20",
        )
        step(
            made,
            status(1, author=BRAND),
            repost(10, 1, ANN),
            repost(11, 1, BOB),
            comment(20, 1, ANN),
            comment(21, 1, CAT),
            comment(22, 1, BOB, day=2),
            repost(12, 1, user(504, "dan"), day=3),
            *(repost(13 + n, 1, one, day=8) for n, one in enumerate(NEWCOMERS)),
        )

    own = lab.root / "audiences"
    shutil.copytree(made_once("audiences", make), own, symlinks=True)
    return Lab(own)


def audience(lab: Lab, brand: str) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows of a brand, by audience and day."""
    return {
        (row["audience"], row["day"].day): row
        for row in lab.dicts(f"from marts.audience_quality where brand_id = '{brand}'")
    }


def test_audience_quality_by_hand(audiences: Lab) -> None:
    """Engagers by activity day, followers up to the day they were listed."""
    found = audience(audiences, "aurora")
    day = found["engagers", 1]
    assert (day["accounts"], day["people"]) == (3, 2)
    assert (day["phantom_share"], day["suspected_share"]) == (0.333333, 0)
    assert day["quality_score"] == 67
    assert day["unsuspected_points"] + day["suspected_points"] == pytest.approx(66.6667)
    assert found["engagers", 2]["quality_score"] == 0
    # 17:00 in UTC is the next day in Shanghai.
    assert {key for key in found if key[0] == "followers"} == {
        ("followers", 2),
        ("followers", 5),
    }
    assert found["followers", 2]["accounts"] == 2
    assert found["followers", 5]["accounts"] == 3
    assert found["followers", 5]["phantom_share"] == 0.333333


def test_a_list_that_is_read_again_leaves_older_days_as_they_were(
    audiences: Lab,
) -> None:
    found = audience(audiences, "borealis")
    assert {key: row["accounts"] for key, row in found.items()} == {
        ("followers", 2): 2,
        ("followers", 5): 3,
    }


def test_days_of_registration_are_those_of_the_workspace(audiences: Lab) -> None:
    """Two who registered on one day there, whatever day it was in UTC."""
    found = audience(audiences, "aurora")
    assert found["engagers", 8]["registration_burst_share"] == 1.0


def test_a_bought_batch_of_followers_shows_as_a_jump(audiences: Lab) -> None:
    found = audience(audiences, "cedar")
    sixth, fifth = found["followers", 6], found["followers", 5]
    assert (sixth["followers_growth"], sixth["usual_followers_growth"]) == (5010, 10)
    assert sixth["is_growth_jump"] is True
    assert fifth["followers_growth"] == 10
    assert fifth["is_growth_jump"] is False


def test_a_deleted_post_keeps_its_author_and_words(lab: Lab) -> None:
    """Whichever is landed first: the stub that is left of it says neither."""
    known = status(1, "新品 #茶#", author=BRAND)
    stub = {
        "id": 1,
        "created_at": known["created_at"],
        "text": "此微博已被原作者删除。",
        "deleted": "1",
    }
    engaged = [repost(10, 1, ANN), comment(20, 1, BOB)]

    def shown() -> object:
        (post,) = lab.dicts("from staging.posts where post_id = '1'")
        (day,) = lab.rows(
            "select engagements from marts.share_of_voice"
            " where brand_id = 'aurora' and activity_day = '2026-03-01'"
        )
        assert (post["account_id"], post["hashtags"]) == ("9000", ["茶"])
        return post["is_deleted"], day

    text = (lab.root / "workspace.toml").read_text()
    at = 'path = "export"'
    assert at in text
    later = (
        '\n[[sources]]\nname = "later"\nplatform = "weibo"\nkind = "files"\n'
        'format = "weibo-api"\npath = "later"\nobserved_at = 2026-03-20T00:00:00Z\n'
    )
    step(lab, known, *engaged)
    assert shown() == (False, (2,))
    lab.put("workspace.toml", text + later)
    lab.put("later/b.jsonl", [stub])
    lab.run(publish=False)
    assert shown() == (True, (2,))
    by_steps = lab.marts()
    (lab.root / "warehouse.duckdb").unlink()
    lab.run(publish=False)
    assert shown() == (True, (2,))
    assert lab.marts() == by_steps


def test_amplifiers_equal_the_oracle(built: Lab) -> None:
    """Everything below an account's reposts in a world's trees, by networkx."""
    lab = built
    graph = networkx.DiGraph()
    owner: dict[tuple[str, str], str] = {}
    for root, node, account, parent in lab.rows(
        "select root_post_id, interaction_id, account_id, parent_interaction_id"
        f" from ({load_models('intermediate')['intermediate.cascade_edges'].sql})"
    ):
        owner[root, node] = account
        graph.add_edge((root, parent), (root, node))
    genuine = {
        account
        for (account,) in lab.rows(
            "select account_id from intermediate.accounts where is_genuine"
        )
    }
    below: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for node, account in owner.items():
        if account is not None:
            below[account, node[0]] |= networkx.descendants(graph, node)
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    campaigns = defaultdict(list)
    for campaign, post in lab.rows(
        "select campaign_id, post_id from intermediate.campaign_posts"
    ):
        campaigns[post].append(campaign)
    for (account, root), nodes in below.items():
        others = [owner[node] for node in nodes if owner[node] != account]
        for campaign in campaigns[root]:
            expected[campaign, account][0] += len(others)
            expected[campaign, account][1] += sum(name in genuine for name in others)
    found = {
        (campaign, account): [downstream, genuinely]
        for campaign, account, downstream, genuinely in lab.rows(
            "select campaign_id, account_id, downstream_reposts,"
            " genuine_downstream_reposts from restricted.amplifiers inner join"
            " intermediate.accounts using (platform, account_key)"
        )
    }
    assert len(found) > 100
    assert found == {key: value for key, value in expected.items() if value[0]}


def test_a_post_id_that_nothing_knows_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was collected without any interaction is none of these."""
    lab = Lab(tmp_path)
    for listed, warned in (("1", False), ("11", True)):
        lab.configure(post_ids=[listed])
        brand = {**BRAND, "followers_count": 700}
        step(lab, status(1, author=brand), tables=["campaigns"])
        assert ("campaign without posts" in "".join(capsys.readouterr())) is warned
        (row,) = lab.dicts("from marts.campaigns")
        # Followers are known, and nobody engaged: none of 700, not unknown.
        assert row["engagement_rate"] == (None if warned else 0)
        assert row["daily_engagement_rate"] == (None if warned else 0)


def test_topics_are_those_of_the_campaigns_own_days(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.configure(post_ids=["1"])
    text = (tmp_path / "workspace.toml").read_text()
    assert "end = 2026-03-14" in text
    lab.put("workspace.toml", text.replace("end = 2026-03-14", "end = 2026-03-03"))
    said = ["快递太慢，包装破了"] * 7 + ["口感清爽，香气好闻"] * 6
    said += ["价格优惠，活动划算"] * 5 + ["路过"] * 2
    step(
        lab,
        status(1, author=BRAND),
        *(
            comment(
                100 * day + n, 1, user(100 * day + n, f"p{day}-{n}"), words, day=day
            )
            for day in (2, 9)
            for n, words in enumerate(said)
        ),
        tables=["campaigns", "feedback_topics"],
    )
    ((comments,),) = lab.rows("select comments from marts.campaigns")
    ((topics, most),) = lab.rows(
        "select sum(comments), max(comments) from marts.feedback_topics"
    )
    assert (comments, topics, most) == (20, 18, 7)
