"""Account groups from landed files to the mart, one planted group for each signal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from zhconv_rs import zhconv

from tasks.warehouse import graph
from tasks.warehouse.database import count
from tasks.warehouse.models import load_models, run_model
from tests.workspaces import Lab, lab_of
from tests.world import WorldSpec, generate
from tests.world.scripts import ScriptSpec, make_scripts

START = datetime(2026, 3, 1, tzinfo=UTC)
POSTS = 20
LOOKED_AT = ("campaigns", "restricted.accounts", "restricted.account_groups")
# The first stands in the brand's own posts: who repeats it quotes.
SENTENCES = (
    "这款春茶喝完回甘特别久真的惊艳",
    "包装打开的一瞬间满屋子都是茶香",
    "已经推荐给办公室所有同事一起囤",
    "价格比去年还低了不少赶紧入手",
    "冷泡一晚上第二天早晨喝最舒服",
)
ARTICLE = (
    "老张在城南开了四十年的小茶馆",
    "每天清晨五点半就烧好第一壶水",
    "附近工地上的师傅都爱来歇脚",
    "一碗粗茶两块钱几十年没涨过价",
    "上个月房东忽然说铺面要收回",
    "街坊们凑钱替他租下了隔壁仓库",
    "医生提醒睡前别再刷手机屏幕",
    "蓝光会让褪黑素推迟两个钟头",
    "孩子们的近视率又升了三个百分点",
    "专家建议晚上九点以后关掉网络",
    "家长群里为这件事吵得不可开交",
    "学校最后决定把作业减掉一半",
)
TASTES = [
    f"{a}{b}"
    for a in "红绿白黑青黄花药"
    for b in ("茶不错", "茶一般", "茶香", "茶饼", "茶包")
]
SIGNALS = ("repost", "reply", "link", "hashtag", "text", "follow")


class Town:
    """Rows of a canonical export while they are made."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(20260301)
        self.posts = [
            {
                "post_id": f"p{number}",
                "account_id": "9000",
                "posted_at": START + timedelta(hours=11 * number),
                "text": f"新茶上市啦大家快来看看吧{SENTENCES[0] if number else ''}",
                "links": "",
                "hashtags": "",
            }
            for number in range(POSTS)
        ]
        self.interactions: list[dict[str, object]] = []
        self.follows: list[dict[str, object]] = []

    def act(
        self, kind: str, account: str, post: int, delay: float, **more: object
    ) -> str:
        """One interaction, so many seconds after its post."""
        name = f"i{len(self.interactions)}"
        self.interactions.append(
            {
                "interaction_id": name,
                "kind": kind,
                "account_id": account,
                "root_post_id": f"p{post}",
                "parent_id": more.get("parent_id", f"p{post}"),
                "acted_at": START + timedelta(hours=11 * post, seconds=float(delay)),
                "text": more.get("text", "转发微博"),
            }
        )
        return name

    def publish(self, account: str, delay: float, links: str, hashtags: str) -> None:
        """One post of somebody else."""
        self.posts.append(
            {
                "post_id": f"q{len(self.posts)}",
                "account_id": account,
                "posted_at": START + timedelta(seconds=float(delay)),
                "text": "日常",
                "links": links,
                "hashtags": hashtags,
            }
        )

    def follow(self, account: str, shop: int, day: int) -> None:
        """A follower that the reading of that day shows first."""
        self.follows.append(
            {
                "account_id": f"shop{shop}",
                "follower_id": account,
                "observed_at": START + timedelta(days=day),
            }
        )

    def follow_shops(self) -> None:
        """Lists that are read each day: people, a raffle, and several orders."""
        random = self.random
        for shop in range(40):
            for person in random.choice(500, 60, replace=False):
                self.follow(f"person{person}", shop, int(random.integers(0, 8)))
        for person in range(40, 60):
            for shop in range(4):
                self.follow(f"person{person}", shop, 5)
        for member in range(5):
            for shop, day in ((1, 2), (3, 2), (6, 4), (8, 6), (11, 6), (21, 7)):
                self.follow(f"follow{member}", shop, day)

    def settle(self) -> None:
        """People, fans, and a group for each signal."""
        random = self.random
        self.follow_shops()
        for person in range(500):
            for post in random.choice(POSTS, 3, replace=False):
                delay = random.exponential(20_000)
                number = "一二三四五六七八九十"[random.integers(10)]
                words = f"第{number}次路过看到这{TASTES[random.integers(40)]}"
                self.act("repost", f"person{person}", int(post), delay, text=words)
            self.publish(
                f"person{person}",
                random.integers(0, 10**6),
                f"http://t.cn/{random.integers(60)}",
                f"话题{random.integers(60)}",
            )
        for fan in range(30):
            for post in range(POSTS):
                delay = 240 * np.exp(random.standard_normal())
                self.act("repost", f"fan{fan}", post, delay, text="支持支持一直都在")
        asked = [
            self.act("comment", f"person{number}", number % POSTS, 3600)
            for number in range(300)
        ]
        for number, name in enumerate(asked):
            for person in random.choice(500, 6, replace=False):
                self.act(
                    "comment",
                    f"person{person}",
                    number % POSTS,
                    float(random.integers(3700, 80_000)),
                    parent_id=name,
                )
        for event in range(6):
            moment = float(random.integers(2_000, 60_000))
            for member in range(5):
                second = moment + float(random.integers(0, 9))
                self.act("repost", f"repost{member}", event * 3, second)
                self.act(
                    "comment",
                    f"reply{member}",
                    event * 7 % POSTS,
                    second + 5_000,
                    parent_id=asked[event * 7],
                )
                apart = event * 100_000 + second
                self.publish(f"link{member}", apart, f"http://t.cn/{event}", "")
                self.publish(f"hashtag{member}", apart, "", f"话题{event}")
        for member in range(5):
            for event in range(4):
                order = [0, *(1 + random.permutation(4)[:3])]
                self.act(
                    "comment",
                    f"text{member}",
                    int(random.integers(POSTS)),
                    float(random.integers(10_000, 80_000)),
                    text="，".join(self.changed(place) + "[心]" for place in order)
                    + f"！{event}",
                )

    def changed(self, place: int) -> str:
        """A sentence with one letter changed, now and then in traditional letters."""
        letters = list(SENTENCES[place])
        letters[self.random.integers(len(letters))] = "呀"
        text = "".join(letters)
        return zhconv(text, "zh-hant") if self.random.random() < 0.3 else text

    def write(self, lab: Lab) -> None:
        """Files and workspace."""
        lab.configure(format="canonical", post_ids=[f"p{n}" for n in range(POSTS)])
        (lab.root / "export").mkdir(exist_ok=True)
        pl.DataFrame(self.posts).write_csv(lab.root / "export/posts.csv")
        pl.DataFrame(self.follows).write_csv(lab.root / "export/follows.csv")
        frame = pl.DataFrame(self.interactions)
        frame.write_csv(lab.root / "export/interactions.csv")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("town"))
    made = Town()
    made.settle()
    made.write(lab)
    return lab


@pytest.fixture
def judged(town: Lab) -> Lab:
    town.run(tables=LOOKED_AT)
    return town


def members(lab: Lab) -> dict[str, set[str]]:
    """Members of each coordinated group."""
    return {
        name: set(accounts)
        for name, accounts in lab.rows(
            "select group_id, list(account_id order by account_id)"
            " from intermediate.account_groups where kind = 'coordinated' group by all"
        )
    }


def test_each_signal_finds_its_group_and_nobody_else(judged: Lab) -> None:
    """Fans who share every post as soon as it appears are none, nor is a raffle."""
    found = {frozenset(accounts) for accounts in members(judged).values()}
    assert found == {
        frozenset(f"{signal}{member}" for member in range(5)) for signal in SIGNALS
    }
    for signal in SIGNALS:
        ((pairs, evidence),) = judged.rows(
            f"select {signal}_pairs, evidence from restricted.account_groups"
            f" where {signal}_pairs > 0"
        )
        assert pairs >= 8
        assert evidence.startswith("5 accounts: ")
        # Nobody's name and none of the words that were written.
        assert signal + "0" not in evidence
        assert "茶" not in evidence


def test_mart_tells_the_share_of_each_campaign(judged: Lab) -> None:
    (row,) = judged.dicts("from restricted.account_groups where repost_pairs > 0")
    ((engagements,),) = judged.rows("select engagements from marts.campaigns")
    assert (row["kind"], row["size"], row["platforms"]) == ("coordinated", 5, "weibo")
    assert (row["campaigns"], row["engagements"]) == (1, 30)
    share = round(30 / engagements, 6)
    assert row["largest_campaign_share"] == share
    assert row["campaign_shares_text"] == f"launch {100 * share:.2f} %"
    keys = judged.rows(
        "select count(*), count(distinct coordinated_group_key)"
        " from restricted.accounts where coordinated_group_key is not null"
    )
    assert keys == [(30, 6)]
    assert str(row["first_seen_day"]) >= "2026-03-01"


def test_group_of_one_operator_is_that_operator(judged: Lab) -> None:
    """A person merged them: multiple accounts, said once."""
    judged.override(
        *(
            f"merge,weibo,link{member},weibo,link0,same office,ann,2026-03-20"
            for member in range(1, 5)
        )
    )
    judged.run(run_id="second", tables=LOOKED_AT)
    assert len(members(judged)) == 5
    (row,) = judged.dicts(
        "from restricted.account_groups where kind = 'multiple_accounts'"
    )
    assert (row["size"], row["confirmed_accounts"], row["identity_accounts"]) == (
        5,
        5,
        0,
    )
    assert row["evidence"] == "5 accounts. 5 with others were merged by a person"
    ((operator,),) = judged.rows(
        "select distinct operator_key from restricted.accounts"
        " where operator_accounts = 5"
    )
    assert row["group_key"] == operator


def written(tmp_path: Path, posts: pl.DataFrame, interactions: pl.DataFrame) -> Lab:
    """A workspace that has judged a canonical export."""
    lab = Lab(tmp_path)
    lab.configure(format="canonical", post_ids=["p0"])
    (lab.root / "export").mkdir(parents=True)
    posts.write_parquet(lab.root / "export/posts.parquet")
    interactions.write_parquet(lab.root / "export/interactions.parquet")
    lab.run_to_accounts()
    return lab


def test_armies_with_edited_scripts_are_found(tmp_path: Path) -> None:
    """In comments and in posts; fans who repeat the slogans of their club are none."""
    spec = ScriptSpec(people=1_500, fans=100, armies=10, edits=2)
    world = make_scripts(spec)
    lab = written(tmp_path, world.posts, world.interactions)
    found = members(lab)
    accounts = set().union(*found.values())
    assert len(accounts & world.armies.keys()) >= 0.9 * len(world.armies)
    assert accounts <= world.armies.keys()
    for group in found.values():
        assert len({world.armies[account] for account in group}) == 1
    assert any(name.startswith("army9-") for name in accounts)  # they publish
    # The tables that lead there hold what people wrote: none is kept.
    # (`text_names` holds which configured names a text carries, no words of people.)
    kept = lab.rows(
        "select table_name from duckdb_tables()"
        " where table_name like 'text_%' and table_name <> 'text_names'"
    )
    assert kept == []


def test_who_copies_one_text_acted_once(tmp_path: Path) -> None:
    """Six people spread one article of six sentences: nothing. Two: an order."""
    spec = ScriptSpec(people=1_500, fans=0, armies=0)
    world = make_scripts(spec)
    template = world.posts.filter(pl.col("account_id") != "9000")[:1]

    def copies(name: str, texts: list[str]) -> list[pl.DataFrame]:
        return [
            template.with_columns(
                post_id=pl.lit(f"{name}{place}-{number}"),
                account_id=pl.lit(f"{name}{place}"),
                text=pl.lit(text),
            )
            for place in range(6)
            for number, text in enumerate(texts)
        ]

    first, second = "，".join(ARTICLE[:6]), "，".join(ARTICLE[6:])
    posts = pl.concat(
        [world.posts, *copies("once", [first]), *copies("twice", [first, second])]
    )
    found = members(written(tmp_path, posts, world.interactions))
    assert set().union(*found.values()) == {f"twice{place}" for place in range(6)}


def test_planted_groups_of_a_world_are_found(tmp_path: Path) -> None:
    """Nearly all of them, nearly nobody else."""
    world = generate(WorldSpec(seed=3, interactions=6_000))
    lab = lab_of(world, tmp_path, "canonical")
    lab.run_to_accounts()
    truth = {
        str(account): group
        for account, group in world.truth_accounts.select(
            "account_id", "group"
        ).iter_rows()
    }
    planted = {account for account, group in truth.items() if group}
    found = members(lab)
    accounts = set().union(*found.values())
    # What is all one vendor's batch stands as one operator's.
    of_operators = lab.rows(
        "select account_id from intermediate.account_groups"
        " where kind = 'multiple_accounts'"
    )
    everybody = accounts | {account for (account,) in of_operators}
    assert len(planted) >= 10
    assert len(everybody & planted) >= 0.9 * len(planted)
    assert len(accounts & planted) >= 0.98 * len(accounts)
    for group in found.values():
        assert len({truth[account] for account in group}) == 1


def test_what_accounts_do_counts_for_one_operator(tmp_path: Path) -> None:
    """One probability a pair: profiles that say a little, and the same threads."""
    spec = WorldSpec(
        seed=5,
        interactions=6_000,
        accounts=2_500,
        sockpuppet_share=0.3,
        together_share=1.0,
    )
    world = generate(spec)
    lab = lab_of(world, tmp_path, "canonical")
    lab.run_to_accounts()
    owner = dict(world.truth_accounts.select("account_id", "operator").iter_rows())
    links = lab.dicts("from intermediate.account_links where kind = 'person'")
    right = [owner[row["account_id"]] == owner[row["account_id_y"]] for row in links]
    assert sum(right) >= 0.97 * len(right)
    met = [row for row in links if row["meetings"] in ("often", "again")]
    assert len(met) >= 20
    for row in met:
        assert row["meetings_weight"] > 0
        assert "entered the same threads within half an hour" in row["evidence"]
    ((told,),) = lab.rows(
        "select count(*) from intermediate.account_operators"
        " where evidence like '%entered the same threads%'"
    )
    assert told >= 20


@pytest.mark.parametrize("written", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"])
def test_times_of_days_and_minutes_make_no_group(
    lab: Lab, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    """Five act on one order; told by the day, all seem to act with everybody."""
    lab.configure(format="canonical")
    rows = []
    for post in range(1, 13):
        start = datetime(2026, 3, post, 9)  # noqa: DTZ001
        for number in range(5):
            rows.append((f"gang{number}", post, start + timedelta(seconds=40 + number)))
        rows += [
            (
                f"fan{number}",
                post,
                start + timedelta(seconds=977 * number + 131 * post + number**2),
            )
            for number in range(40)
            if (number + post) % 3
        ]
    lines = [
        f"{number},repost,{account},{post},{moment:{written}}"
        for number, (account, post, moment) in enumerate(rows, start=1000)
    ]
    lab.put(
        "export/interactions.csv",
        "interaction_id,kind,account_id,root_post_id,acted_at\n" + "\n".join(lines),
    )
    lab.land()
    lab.stage()
    lab.judge()
    groups = lab.rows(
        "select account_id from intermediate.account_groups where kind = 'coordinated'"
        " order by all"
    )
    said = capsys.readouterr().out
    if written.endswith("%S"):
        assert groups == [(f"gang{number}",) for number in range(5)]
        assert "no more precisely" not in said
    else:
        assert groups == []
        assert (
            f"{len(rows)} of {len(rows)} acts are told no more precisely than 10 s"
            " (by export)"
        ) in said


@pytest.mark.parametrize("seed", range(3))
def test_who_met_once_need_not_be_listed(seed: int) -> None:
    """Where time tells nothing, what counts of pairs is that of all pairs."""
    random = np.random.default_rng(seed)
    # Objects of unequal popularity; those of everybody are too crowded to count.
    shares = {
        (f"o{min(int(random.pareto(0.7)), 30):02d}", f"a{random.integers(40):02d}")
        for _ in range(300)
    }
    models = load_models("intermediate")
    found = []
    for lists_all in (True, False):
        params = {
            "time_window": 10,
            "min_participation": 1,
            "max_burst": 30,
            "lists_all": lists_all,
        }
        with duckdb.connect() as connection:
            connection.execute("create schema intermediate")
            rows = pl.DataFrame(
                sorted(shares), ["object_id", "account_id"], orient="row"
            )
            connection.execute(
                "create table intermediate.shares as select object_id, account_id,"
                " account_id || ':' || object_id as content_id,"
                " 0::bigint as shared_second, null::bigint as published_second"
                " from rows"
            )
            for name in graph.between(
                "intermediate.shares", "intermediate.coordination_chance"
            ):
                run_model(connection, models[name], params)
            chance = connection.sql(
                "select account_no, account_no_y, weight, objects, by_activity"
                " from intermediate.coordination_chance order by all"
            ).fetchall()
            pairs = count(
                connection, "select count(*) from intermediate.coordination_pairs"
            )
            found.append((chance, pairs))
    (all_chance, all_pairs), (chance, pairs) = found
    assert len(rows) > 100 and len(all_chance) > 20
    assert chance == all_chance
    assert pairs < all_pairs
