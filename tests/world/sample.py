"""The sample that ships with the product: 45 days of two tea brands.

Both brands post daily. Planted besides, to be found in the marts:

- Aurora's promotion of two days multiplies what its posts draw; its tasting later
  changes nothing (`seeds/brand_actions.csv` has both).
- One group of six accounts reposts eight posts within seconds.
- Under the gift box more people complain of the cup every day.
- People mention both brands: by name, in hashtags of several spellings, with @.
- The platform counts more than was collected: hidden reposts and comments, and likes,
  of which one in eight is known. It tells reads of Aurora's own posts.
- Some people were contacted, and who cared more answered more often.
- Boards of hot searches were read thrice a day around both campaigns: their hashtags
  rise and fall on the first one.
- Links and a coupon of both campaigns bring clicks and orders: Momofox's many, Xiaolu's
  few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from .canonical import write_table
from .cascades import iter_blocks
from .generator import assemble
from .mweibo import write_mweibo
from .plan import Plan, make_plan
from .profiles import KINDS, Profiles
from .spec import (
    BRANDS,
    PLATFORM,
    UTC_TIME,
    CampaignSpec,
    IntArray,
    World,
    WorldSpec,
    local_second,
    post_ids,
    utc_moment,
    utc_series,
)

DAY = 86_400
PROMOTION = (date(2026, 3, 28), date(2026, 3, 29))
TASTING = date(2026, 4, 8)
# First days of the campaigns and how often what they draw is bought.
SPRING, GIFT = 0, 1
GROUP_SIZE, GROUP_POSTS = 6, 8
# Links of the campaigns: first day, clicks a day at first, and orders in a hundred.
SALES = (
    ("spring-own", date(2026, 3, 1), 60.0, 6.0),
    ("spring-momofox", date(2026, 3, 2), 45.0, 9.0),
    ("LULU8", date(2026, 3, 5), 0.0, 1.0),
    ("gift-own", date(2026, 4, 1), 40.0, 7.0),
)
SALES_DAYS, PRICES = 12, (39, 59, 98, 168)
# Complaints of the cup, from a day on.
CUP_FROM, CUPS = date(2026, 4, 5), (0, 1, 1, 1, 2, 2, 3, 4, 6, 9)
# What the platform counts for a like that is known, and one in so many that is hidden.
LIKES_COUNTED, HIDDEN = 8, 9

# Hours at which boards of hot searches were read, and what stands on them: the board,
# the topic, its first day, its best place of each day, and how hot the first one is.
HOT_HOURS = (9, 14, 21)
HOT_TOPICS = (
    ("主榜", "周末天气", date(2026, 3, 1), (2, 1, 3, 8, 12)),
    ("主榜", "春日新茶", date(2026, 3, 2), (31, 9, 5, 22)),
    ("主榜", "春季运动会", date(2026, 3, 1), (7, 4, 11, 15, 20)),
    ("主榜", "节气礼盒", date(2026, 4, 2), (40, 18, 35)),
    ("主榜", "清明踏青", date(2026, 4, 1), (6, 3, 1, 1, 2)),
    ("生活榜", "春茶怎么泡", date(2026, 3, 1), (12, 10, 8, 9, 14)),
    ("生活榜", "春日新茶", date(2026, 3, 2), (4, 1, 1, 3, 6)),
)
HOTTEST = 1_200_000

OWN_TEXTS = (
    (
        "早安，今天的第一杯：茉莉冷泡",
        "晨曦龙井今日到店，欢迎来喝",
        "制茶师傅说，春茶最怕的是急",
        "冷知识：白茶第二泡更香",
        "下午茶时间，你今天喝了吗",
        "门店排班表更新，周末见",
        "杯子洗好了，茶叶备好了，等你",
    ),
    (
        "北境红茶，慢慢煮",
        "雪松普洱回归菜单",
        "今天也要好好喝茶",
        "本周门店活动见长图",
        "你喝红茶加奶吗",
    ),
)
CAMPAIGN_TEXTS = (
    (
        "#春日新茶# 第一口春天，是春日白茶给的",
        "#春日新茶# 今天你喝茶了吗？限时尝鲜",
        "清晨六点的茶园，雾还没散。#春日新茶#",
    ),
    (
        "#节气礼盒# 清明的礼，轻一点刚好",
        "#节气礼盒# 一盒四味，送给爱喝茶的人",
        "礼盒里有一只冷泡杯，#节气礼盒# 开箱",
    ),
)
LEADER_TEXTS = (
    "#{tag}# 喝了一周，说说真实感受",
    "开箱 #{tag}# 包装很用心，茶也好",
    "和朋友一起喝的，#{tag}# 值得一试",
    "#{tag}# 这次的茶比去年好",
)
PROMOTION_TEXTS = (
    "全场买一送一，只限两天！转发带走周边",
    "买一送一最后一天，门店排队提醒",
)
VOICES = (
    (
        "下班路上买的晨曦茶，好喝到跺脚[哈哈]",
        "@晨曦茶AuroraTea 什么时候来我们县城开店啊",
        "#春日新茶[超话]# 今日打卡",
        "收到朋友送的#节气礼盒#，谢谢",
        "AURORA TEA 的茉莉冷泡可以的",
        "周末探店晨曦茶，环境不错，茶一般般",
        "＃春日 新茶＃ 第三次回购",
        "買了晨曦茶，等朋友來喝",
        "早八人靠晨曦 茶续命",
    ),
    (
        "北境茶的红茶煮奶真香",
        "@北境茶BorealisTea 门店在哪里",
        "今天喝北境茶，有点淡",
        "Borealis Tea 的普洱囤了两饼",
        "北境·茶 新包装好看",
    ),
)
CUP_TEXTS = (
    "礼盒里的杯子漏水",
    "杯子漏水，能换一个吗",
    "我的杯子也漏水，失望",
    "杯子漏水，没有人管",
    "杯子又漏水了",
    "茶可以，杯子漏水太差",
)


def sample_spec() -> WorldSpec:
    """The world that the shipped sample shows, before what is planted."""
    return WorldSpec(
        seed=24,
        start=date(2026, 3, 1),
        days=45,
        interactions=700,
        posts=100,
        accounts=420,
        likes_share=0.2,
        mentions_share=0.08,
        coordinated_share=0.0,
        campaign_specs=(
            CampaignSpec(
                "spring-launch",
                "Spring launch",
                "春日新茶",
                date(2026, 3, 1),
                date(2026, 3, 14),
            ),
            CampaignSpec(
                "gift-box",
                "Gift box",
                "节气礼盒",
                date(2026, 4, 1),
                date(2026, 4, 14),
            ),
        ),
    )


def sample_world() -> World:
    """The shipped sample's world."""
    plan = _stage(make_plan(sample_spec()))
    world = _complain(assemble(plan, list(iter_blocks(plan))), plan)
    return replace(world, post_counters=_counters(world))


def _stage(plan: Plan) -> Plan:
    """The plan with posts, volumes and the group as the sample wants them."""
    spec = plan.spec
    random = spec.random(90)
    profiles, members = _one_group(plan.profiles)
    leaders = int(profiles.first[KINDS.index("opinion_leader")])
    people = int(profiles.first[KINDS.index("genuine")])
    crowd = int(profiles.count[KINDS.index("genuine")])
    rows: list[tuple[int, int, int, int, bool, str, int, int, int]] = []

    def add(
        day: int, hour: float, author: int, campaign: int, text: str,
        drawn: tuple[float, float, float] = (0, 0, 0), *, is_mention: bool = False,
    ) -> None:  # fmt: skip
        second = spec.start_second + day * DAY + int(hour * 3600)
        second += int(random.integers(0, 1500))
        volumes = tuple(int(random.poisson(mean)) for mean in drawn)
        brand = 1 if author == 1 or (is_mention and text in VOICES[1]) else 0
        rows.append((second, author, campaign, brand, is_mention, text, *volumes))

    promoted = [(day - spec.start).days for day in PROMOTION]
    windows = [
        ((item.start - spec.start).days, (item.end - spec.start).days)
        for item in plan.campaigns
    ]
    for day in range(spec.days):
        campaign, text = -1, OWN_TEXTS[0][day % len(OWN_TEXTS[0])]
        for number, (first, last) in enumerate(windows):
            if first <= day <= last and day % 3 != 2:
                campaign = number
                text = CAMPAIGN_TEXTS[number][day // 2 % len(CAMPAIGN_TEXTS[number])]
        drawn = (4.0, 3.0, 1.6)
        if day == 0:
            drawn = (22.0, 18.0, 8.0)
        if day in promoted:
            text = PROMOTION_TEXTS[promoted.index(day)]
            drawn = (24.0, 22.0, 9.0)
        add(day, 11.5, 0, campaign, text, drawn)
        other = OWN_TEXTS[1][day % len(OWN_TEXTS[1])]
        add(day, 13.0, 1, -1, other, (2.4, 1.8, 0.8))
    for number, days in ((SPRING, (1, 4, 7, 10)), (GIFT, (32, 34, 37, 40))):
        for place, day in enumerate(days):
            text = LEADER_TEXTS[place].format(tag=plan.campaigns[number].hashtag)
            author = leaders + (place + number) % 3
            add(day, 18.0, author, number, text, (17.0, 9.0, 4.0))
    for day in range(spec.days):
        for brand, mean in ((0, 1.3), (1, 0.9)):
            for _ in range(random.poisson(mean)):
                pool = VOICES[brand]
                text = pool[int(random.integers(len(pool)))]
                if "节气礼盒" in text and day < windows[GIFT][0]:
                    text = pool[0]
                author = people + int(random.integers(crowd))
                hour = random.uniform(8, 21)
                add(day, hour, author, -1, text, is_mention=True)

    rows.sort()
    second = np.array([row[0] for row in rows])
    author = np.array([row[1] for row in rows])
    campaign = np.array([row[2] for row in rows])
    reposts = np.array([row[6] for row in rows])
    total = len(rows)
    by_leaders = np.flatnonzero((author >= leaders) & (campaign >= 0))
    chosen = np.sort(random.permutation(by_leaders)[:GROUP_POSTS])
    reposts[chosen] = np.maximum(reposts[chosen], GROUP_SIZE + 4)
    return replace(
        plan,
        profiles=profiles,
        post_id=post_ids(second, np.arange(total), huge=False),
        author=author,
        second=second,
        campaign=campaign,
        brand=np.array([row[3] for row in rows]),
        is_mention=np.array([row[4] for row in rows]),
        is_deleted=np.zeros(total, bool),
        text=pl.Series([row[5] for row in rows]),
        hashtag=pl.Series(
            [f"#{plan.campaigns[n].hashtag}#" if n >= 0 else "" for n in campaign]
        ),
        reposts=reposts,
        comments=np.array([row[7] for row in rows]),
        likes=np.array([row[8] for row in rows]),
        shape=np.where(reposts > 20, 1, random.choice(2, total, p=[0.6, 0.4])),
        half_life=random.uniform(1.5, 4, total) * 3600,
        phantom_share=np.where(author >= leaders, 0.28, 0.14),
        warmth=np.clip(random.normal(0.55, 0.08, total), 0.1, 0.9),
        coordinated=_meet(random, chosen, members),
    )


def _one_group(profiles: Profiles) -> tuple[Profiles, IntArray]:
    """Profiles whose least active cultivated accounts act on one order."""
    kind = KINDS.index("cultivated")
    end = int(profiles.first[kind] + profiles.count[kind])
    members = np.arange(end - GROUP_SIZE, end)
    row = pl.int_range(pl.len())
    truth = profiles.truth.with_columns(
        group=pl.when(row.is_between(end - GROUP_SIZE, end - 1)).then(
            pl.lit("group-0001")
        )
    )
    return replace(profiles, truth=truth, groups=(members,)), members


def _meet(random: np.random.Generator, posts: IntArray, members: IntArray) -> IntArray:
    """Rows of (post, account, delay): the group reposts each post within seconds."""
    return np.concatenate(
        [
            np.column_stack(
                [
                    np.full(len(members), post),
                    members,
                    int(random.integers(600, 5400))
                    + random.integers(0, 9, len(members)),
                ]
            )
            for post in posts
        ]
    )


def _complain(world: World, plan: Plan) -> World:
    """The world with comments on the cup under the gift box, more every day."""
    random = plan.spec.random(91)
    genuine = KINDS.index("genuine")
    first, count = plan.profiles.first[genuine], plan.profiles.count[genuine]
    boxes = np.flatnonzero(plan.campaign == GIFT)
    start = plan.spec.start_second + (CUP_FROM - plan.spec.start).days * DAY
    day = np.repeat(np.arange(len(CUPS)), CUPS)
    second = np.sort(start + day * DAY + random.integers(8 * 3600, 22 * 3600, len(day)))
    # Each under the newest post of the campaign.
    post = boxes[np.searchsorted(plan.second[boxes], second) - 1]
    account = first + random.permutation(count)[: len(second)]
    text = pl.Series(CUP_TEXTS).gather(random.integers(0, len(CUP_TEXTS), len(second)))
    ids = post_ids(second, 500_000 + np.arange(len(second)), huge=False)
    roots = pl.Series(plan.post_id[post]).cast(pl.String)
    rows = pl.DataFrame(
        {
            "interaction_id": pl.Series(ids).cast(pl.String),
            "account_id": plan.profiles.accounts["account_id"].gather(account),
            "root_post_id": roots,
            "parent_id": roots,
            "acted_at": utc_series("acted_at", second),
            "text": text,
        }
    ).with_columns(
        platform=pl.lit(PLATFORM),
        kind=pl.lit("comment"),
        parent_method=pl.lit("root"),
        likes_count=pl.lit(0, pl.Int64),
        observed_at=pl.lit(utc_moment(plan.spec.observed_second), UTC_TIME),
    )
    truth = pl.DataFrame(
        {
            "interaction_id": rows["interaction_id"],
            "true_parent_id": roots,
            "depth": np.ones(len(second), np.int64),
            "product": "礼盒",
            "aspect": "杯子",
            "opinion": "negative",
        }
    ).cast(dict(world.truth_interactions.schema))  # type: ignore[arg-type]
    told = world.interactions.columns
    return replace(
        world,
        interactions=pl.concat([world.interactions, rows.select(told)]),
        truth_interactions=pl.concat([world.truth_interactions, truth]),
    )


def _counters(world: World) -> pl.DataFrame:
    """What the platform counts of each post, at each midnight of its first four days
    and when the export was made: more than was collected, and reads.
    """  # noqa: D205
    spec = world.spec
    counted: dict[str, dict[str, list[int]]] = {
        post: {"repost": [], "comment": [], "like": []}
        for post in world.posts["post_id"].to_list()
    }
    for post, kind, moment in world.interactions.select(
        "root_post_id", "kind", pl.col("acted_at").dt.epoch("s")
    ).iter_rows():
        if kind != "mention":
            counted[post][kind].append(moment)
    rows = []
    for post, posted in world.posts.select(
        "post_id", pl.col("posted_at").dt.epoch("s")
    ).iter_rows():
        midnight = posted - (posted - spec.start_second) % DAY + DAY
        moments = [midnight + day * DAY for day in range(4)]
        ends = [second for second in moments if second < spec.observed_second]
        for end in (*ends, spec.observed_second):
            reposts, comments, likes = (
                sum(moment <= end for moment in counted[post][kind])
                for kind in ("repost", "comment", "like")
            )
            reposts += (reposts + HIDDEN - 1) // HIDDEN
            comments += (comments + HIDDEN - 1) // HIDDEN
            likes = likes * LIKES_COUNTED + comments
            rows.append(
                {
                    "platform": PLATFORM,
                    "post_id": post,
                    "observed_at": utc_moment(end),
                    "reposts_count": reposts,
                    "comments_count": comments,
                    "likes_count": likes,
                    "reads_count": 140 + 65 * (reposts + comments + likes),
                }
            )
    return pl.DataFrame(rows, schema=dict(world.post_counters.schema))


def _hot_topics() -> pl.DataFrame:
    """Readings of boards of hot searches."""
    rows = []
    for board, topic, start, places in HOT_TOPICS:
        for number, best in enumerate(places):
            second = local_second(start + timedelta(days=number), "Asia/Shanghai")
            for turn, hour in enumerate(HOT_HOURS):
                # The best in the afternoon.
                place = best + (4, 0, 2)[turn]
                rows.append(
                    {
                        "platform": PLATFORM,
                        "board": board,
                        "topic": topic,
                        "observed_at": utc_moment(second + hour * 3600),
                        "place": place,
                        "heat": HOTTEST // (place + 1),
                        "category": "hot",
                    }
                )
    return pl.DataFrame(rows).sort("observed_at", "board", "place", "topic")


def write_sample(folder: Path, seeds: Path | None = None) -> World:
    """Write the shipped sample.

    `weibo` holds threads as a crawler of m.weibo.cn keeps them; `canonical` adds what
    such files lack: likes, followers, registration, the brands' followers over time,
    the counters of Aurora's own posts with their reads, and boards of hot searches.

    Args:
        folder: `data/samples` of the repository.
        seeds: `data/seeds`; nothing is written there without it.
    """
    world = sample_world()
    write_mweibo(world, folder / "weibo")
    tables = folder / "canonical"
    accounts = pl.concat([world.account_history, world.accounts])
    likes = world.interactions.filter(pl.col("kind") == "like")
    own = world.posts.filter(pl.col("account_id") == str(BRANDS[0].account_id))
    counters = world.post_counters.join(own, on="post_id", how="semi")
    write_table(accounts, tables, "accounts", "csv")
    write_table(world.follows, tables, "follows", "csv")
    write_table(likes, tables, "interactions", "csv")
    write_table(counters, tables, "post_counters", "csv")
    write_table(_hot_topics(), tables, "hot_topics", "csv")
    if seeds is not None:
        for name, lines in sample_seeds(world).items():
            (seeds / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return world


def sample_seeds(world: World) -> dict[str, list[str]]:
    """The tables in `seeds/`: what the brand did, whom it contacted, costs of reach."""
    first, last = PROMOTION
    return {
        "brand_actions.csv": [
            "action_id,brand_id,kind,started_at,ended_at,note",
            f"two-for-one,aurora,promotion,{first},{last},two for one in all shops",
            f"tasting,aurora,event,{TASTING}T14:00,{TASTING}T18:00,"
            "tasting at the West Lake shop",
        ],
        "contact_history.csv": [
            "brand_id,platform,account_id,contacted_on,channel,answered",
            *_contacts(world),
        ],
        "cpm.csv": [
            "platform,cpm,currency,source,date",
            "weibo,30.00,CNY,an invented rate card,2026-01-05",
        ],
        "conversions.csv": [
            "time,link,kind,count,amount,currency",
            *_conversions(world),
        ],
        "suppressions.csv": [
            "platform,account_id,reason,date",
            *(
                f"weibo,{account},asked by message not to be contacted,2026-04-10"
                for account in _engaged(world, date(2026, 4, 10))[3:5]
            ),
        ],
    }


def _engaged(world: World, before: date) -> list[str]:
    """People who acted on Aurora's posts before a day, those who did most first."""
    own = world.posts.filter(pl.col("account_id") == str(BRANDS[0].account_id))
    genuine = world.truth_accounts.filter(
        (pl.col("kind") == "genuine") & pl.col("operator").is_null()
    )
    moment = utc_moment(local_second(before, world.spec.timezone))
    return (
        world.interactions.join(
            own, left_on="root_post_id", right_on="post_id", how="semi"
        )
        .join(genuine, on="account_id", how="semi")
        .filter(pl.col("acted_at") < moment)
        .group_by("account_id")
        .agg(
            effort=pl.when(pl.col("kind") == "like").then(1).otherwise(2).sum(),
        )
        .sort(["effort", "account_id"], descending=[True, False])["account_id"]
        .to_list()
    )


def _contacts(world: World) -> Iterable[str]:
    """Lines of contacts: every third one who did much, every eighth who did little."""
    random = world.spec.random(92)
    day = date(2026, 3, 20)
    people = _engaged(world, day)
    most, least = people[:24:2], people[-48::4]
    for number, account in enumerate([*most, *least]):
        answers = random.random() < (0.8 if account in most else 0.15)
        channel = ("comment", "message")[number % 2]
        yield f"aurora,weibo,{account},{day},{channel},{'yes' if answers else 'no'}"


def _conversions(world: World) -> Iterable[str]:
    """Lines of clicks and orders: fewer from day to day; a coupon has no clicks."""
    random = world.spec.random(93)
    for link, first, clicks, rate in SALES:
        for day in range(SALES_DAYS):
            fading = 0.8**day
            seen = int(random.poisson(clicks * fading))
            mean = clicks * rate / 100 if clicks else rate
            orders = int(random.poisson(mean * fading))
            moment = first + timedelta(days=day)
            if seen:
                yield f"{moment},{link},click,{seen},,"
            if orders:
                amount = int(random.choice(PRICES, orders).sum())
                yield f"{moment},{link},order,{orders},{amount}.00,CNY"
