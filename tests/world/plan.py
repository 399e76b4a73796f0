"""Campaigns and root posts: what is published when, and how much it draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from .profiles import GROUP_EVENTS, KINDS, Profiles, make_profiles
from .spec import (
    BRANDS,
    CampaignSpec,
    FloatArray,
    IntArray,
    WorldSpec,
    local_second,
    post_ids,
)
from .texts import short_links

# How active Weibo is by hour of the day in Shanghai.
HOURLY = np.array(
    [30, 18, 11, 8, 7, 9, 18, 32, 48, 58, 66, 70, 78, 74, 66, 64, 64, 66, 68, 74,
     84, 96, 100, 66],
    float,
) / 100  # fmt: skip

POST_TEXTS = (
    "#{tag}# 第一口春天，是{product}给的。转发本条并带话题，抽10位送新茶 {link}",
    "#{tag}# 今天你喝茶了吗？{product}限时尝鲜价，点这里 {link}",
    "清晨六点的茶园，雾还没散。#{tag}# 说说你与{product}的故事",
    "#{tag}# 三泡之后才见真味，{product}等你来品[话筒]\n上新倒计时",
    "和@{other} 一起喝{product}，#{tag}# 打卡赢周边",
)
PLAIN_TEXTS = (
    "周末愉快，泡一壶{product}慢慢喝",
    "今天的茶单更新啦，{product}回归 {link}",
    "制茶师傅说，{product}最怕的是急",
    "冷知识：{product}第二泡更香",
)
DELETED_TEXT = "此微博已被原作者删除。"
MENTION_TEXTS = (
    "下班路上买的@{brand} 冷泡，好喝到跺脚[哈哈]",
    "@{brand} 什么时候来我们县城开店啊",
    "买了三次都没货@{brand} 你们认真的吗",
    "周末探店@{brand} 环境不错，茶一般般",
    "收到@{brand} 的礼盒了，谢谢朋友",
)


@dataclass(frozen=True)
class Plan:
    """All that is decided before a single interaction is drawn.

    Per post, in time order: ids, authors, times, expected volumes, and what
    shapes the tree below it. Mentions are posts without reposts.

    Attributes:
        coordinated: post, account and second after the post of each
            coordinated repost, by post.
        together: the same of reposts that one person makes from several accounts,
            or people of one household.
    """

    spec: WorldSpec
    profiles: Profiles
    campaigns: tuple[CampaignSpec, ...]
    post_id: IntArray
    author: IntArray
    second: IntArray
    campaign: IntArray
    brand: IntArray
    is_mention: np.ndarray
    is_deleted: np.ndarray
    text: pl.Series
    hashtag: pl.Series
    reposts: IntArray
    comments: IntArray
    likes: IntArray
    shape: IntArray
    half_life: FloatArray
    phantom_share: FloatArray
    warmth: FloatArray
    coordinated: IntArray
    together: IntArray


def make_plan(spec: WorldSpec) -> Plan:
    """Decide on accounts, campaigns, posts and their volumes."""
    reposts_total = round(spec.interactions * spec.repost_share)
    coordinated_total = int(reposts_total * spec.coordinated_share)
    profiles = make_profiles(spec, coordinated_total)
    random = spec.random(2)
    campaigns = spec.campaign_specs or _default_campaigns(spec, random)
    mentions = max(1, int(spec.interactions * spec.mentions_share))
    posts = spec.post_total
    rows = posts + mentions

    is_mention = np.arange(rows) >= posts
    # Longer campaigns have more posts.
    lengths = np.array([(item.end - item.start).days + 1.0 for item in campaigns])
    campaign = np.where(
        random.random(rows) < 0.75,
        random.choice(len(campaigns), rows, p=lengths / lengths.sum()),
        -1,
    )
    # Every campaign has a post.
    campaign[: len(campaigns)] = np.arange(len(campaigns))
    campaign[is_mention] = -1
    second = _post_seconds(random, spec, campaigns, campaign)
    order = np.argsort(second, kind="stable")
    second, campaign, is_mention = second[order], campaign[order], is_mention[order]

    author, brand = _authors(random, profiles, campaign, is_mention)
    size = np.exp(random.standard_normal(rows) * 1.3)
    size *= np.where(campaign >= 0, 1.5, 0.7)
    # Late posts had less time to spread.
    size *= np.clip((spec.end_second - second) / 86_400, 0.2, 1)
    # The opening is a large event, and a viral one.
    opening = int(np.argmax(campaign == 0))
    size[opening] = max(size[opening], float(np.quantile(size, 0.9)))
    size[is_mention] = 0
    reposts = _share_out(reposts_total, size)
    comments = _share_out(
        spec.interactions - reposts_total, size * random.uniform(0.5, 1.5, rows)
    )
    likes = _share_out(
        int(spec.interactions * spec.likes_share), size * random.uniform(0.5, 1.5, rows)
    )
    shape = random.choice(3, rows, p=[0.55, 0.35, 0.1])
    shape[(shape == 2) & (reposts > 60)] = 1
    shape[opening] = 1
    purchased = random.uniform(0.3, 1.7, len(campaigns) + 1) * spec.phantom_activity
    mood = np.clip(random.normal(0.55, 0.12, len(campaigns) + 1), 0.15, 0.9)
    is_deleted = np.zeros(rows, bool)
    if rows > 8:
        candidates = np.flatnonzero(~is_mention & (author >= len(BRANDS)))
        is_deleted[candidates[: max(1, len(candidates) // 100)]] = True
    hashtag = _hashtags(campaigns, campaign)
    text = _post_texts(random, profiles, campaigns, campaign, brand, is_mention)
    text = text.scatter(np.flatnonzero(is_deleted), DELETED_TEXT)
    half_life = random.uniform(1.5, 9, rows) * 3600
    phantom_share = purchased[campaign]
    warmth = np.clip(mood[campaign] + random.normal(0, 0.08, rows), 0.05, 0.95)
    coordinated = _coordinate(random, profiles, reposts, campaign)
    return Plan(
        spec=spec,
        profiles=profiles,
        campaigns=campaigns,
        post_id=post_ids(second, np.arange(rows), huge=spec.huge_ids),
        author=author,
        second=second,
        campaign=campaign,
        brand=brand,
        is_mention=is_mention,
        is_deleted=is_deleted,
        text=text,
        hashtag=hashtag,
        reposts=reposts,
        comments=comments,
        likes=likes,
        shape=shape,
        half_life=half_life,
        phantom_share=phantom_share,
        warmth=warmth,
        coordinated=coordinated,
        together=_meet(spec, profiles, reposts, half_life, coordinated),
    )


def _default_campaigns(
    spec: WorldSpec, random: np.random.Generator
) -> tuple[CampaignSpec, ...]:
    last = spec.start + timedelta(days=spec.days - 1)
    campaigns = [
        CampaignSpec("spring-launch", "Spring launch", "春日新茶", spec.start, last)
    ]
    for number in range(2, spec.campaigns + 1):
        length = max(1, spec.days // 2)
        offset = int(random.integers(0, spec.days - length + 1))
        start = spec.start + timedelta(days=offset)
        campaigns.append(
            CampaignSpec(
                f"campaign-{number:03d}",
                f"Campaign {number}",
                f"晨曦茶活动{number:03d}",
                start,
                start + timedelta(days=length - 1),
            )
        )
    return tuple(campaigns[: spec.campaigns])


def _post_seconds(
    random: np.random.Generator,
    spec: WorldSpec,
    campaigns: tuple[CampaignSpec, ...],
    campaign: IntArray,
) -> IntArray:
    day = timedelta(days=1)
    first = [local_second(item.start, spec.timezone) for item in campaigns]
    last = [local_second(item.end + day, spec.timezone) for item in campaigns]
    # Posts without a campaign fall anywhere; nothing in the last two hours, so
    # that every post can be answered.
    start = np.array([*first, spec.start_second])[campaign]
    end = np.array([*last, spec.end_second])[campaign]
    end = np.minimum(end, spec.end_second - 7200)
    days = np.maximum((end - start) // 86_400, 1)
    day_number = (random.random(len(campaign)) * days).astype(np.int64)
    hour = random.choice(24, len(campaign), p=_office_hours())
    second = start + day_number * 86_400 + hour * 3600
    second += random.integers(0, 3600, len(campaign))
    # The first campaign opens on its first morning.
    second[0] = first[0] + 9 * 3600
    published: IntArray = np.minimum(second, end)
    return published


def _office_hours() -> FloatArray:
    hours = HOURLY.copy()
    hours[:7] = 0
    hours[23:] = 0
    shares: FloatArray = hours / hours.sum()
    return shares


def _authors(
    random: np.random.Generator,
    profiles: Profiles,
    campaign: IntArray,
    is_mention: np.ndarray,
) -> tuple[IntArray, IntArray]:
    rows = len(campaign)
    leader, genuine = KINDS.index("opinion_leader"), KINDS.index("genuine")
    leaders = profiles.first[leader] + random.integers(0, profiles.count[leader], rows)
    people = profiles.first[genuine] + random.integers(0, profiles.count[genuine], rows)
    chance = random.random(rows)
    in_campaign = np.where(chance < 0.7, 0, leaders)
    elsewhere = np.where(chance < 0.5, 1, np.where(chance < 0.8, 0, leaders))
    author = np.where(campaign >= 0, in_campaign, elsewhere)
    author[is_mention] = people[is_mention]
    # The brand itself opens the first campaign.
    author[np.argmax(campaign == 0)] = 0
    brand = (author == 1).astype(np.int64)
    return author, brand


def _share_out(total: int, weights: FloatArray) -> IntArray:
    """Whole numbers that sum to `total`, in proportion to the weights."""
    exact = weights / weights.sum() * total
    shares: IntArray = exact.astype(np.int64)
    rest = total - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:rest]] += 1
    return shares


def _hashtags(campaigns: tuple[CampaignSpec, ...], campaign: IntArray) -> pl.Series:
    tags = [f"#{item.hashtag}#" for item in campaigns]
    return pl.Series([*tags, "#今天喝什么茶#"]).gather(
        np.where(campaign < 0, len(campaigns), campaign)
    )


def _post_texts(
    random: np.random.Generator,
    profiles: Profiles,
    campaigns: tuple[CampaignSpec, ...],
    campaign: IntArray,
    brand: IntArray,
    is_mention: np.ndarray,
) -> pl.Series:
    products = (("春日白茶", "晨曦龙井", "茉莉冷泡"), ("北境红茶", "雪松普洱"))
    names = profiles.accounts["screen_name"]
    leader = KINDS.index("opinion_leader")
    first, count = int(profiles.first[leader]), int(profiles.count[leader])
    links = short_links(random, len(campaign))
    choice = random.integers(0, 1 << 30, (len(campaign), 3)).tolist()
    texts = []
    pool: tuple[str, ...]
    for row, (pattern, product, other) in enumerate(choice):
        number = int(campaign[row])
        if is_mention[row]:
            pool = MENTION_TEXTS
        elif number >= 0:
            pool = POST_TEXTS
        else:
            pool = PLAIN_TEXTS
        offered = products[int(brand[row])]
        texts.append(
            pool[pattern % len(pool)].format(
                tag=campaigns[number].hashtag if number >= 0 else "",
                product=offered[product % len(offered)],
                link=links[row],
                other=names[first + other % count],
                brand=BRANDS[0].screen_name,
            )
        )
    return pl.Series(texts, dtype=pl.String)


def _coordinate(
    random: np.random.Generator,
    profiles: Profiles,
    reposts: IntArray,
    campaign: IntArray,
) -> IntArray:
    """Rows of (post, account, delay): each group reposts some posts at once."""
    # At most a third of a thread is coordinated.
    room = np.where(campaign >= 0, reposts // 3, 0)
    rows: list[IntArray] = []
    for members in profiles.groups:
        able = np.flatnonzero(room >= len(members))
        if not len(able):
            continue
        weight = room[able] / room[able].sum()
        events = min(GROUP_EVENTS, len(able))
        posts = random.choice(able, events, replace=False, p=weight)
        for post in posts:
            room[post] -= len(members)
            start = int(random.integers(60, 5400))
            delays = start + random.integers(0, 15, len(members))
            rows.append(np.column_stack([np.full(len(members), post), members, delays]))
    if not rows:
        return np.empty((0, 3), np.int64)
    table = np.concatenate(rows)
    return table[np.argsort(table[:, 0], kind="stable")]


def _meet(
    spec: WorldSpec,
    profiles: Profiles,
    reposts: IntArray,
    half_life: FloatArray,
    coordinated: IntArray,
) -> IntArray:
    """Rows of (post, account, delay): one person's accounts enter some threads.

    Minutes lie between, the time to change the account: nothing that a search for
    acts of one moment would see.
    """
    if not spec.together_share:
        return np.empty((0, 3), np.int64)
    random = spec.random(23)
    room = reposts // 3
    np.subtract.at(room, coordinated[:, 0], 1)
    homes = (
        profiles.truth.with_row_index("row")
        .filter(pl.col("household").is_not_null())
        .group_by("household", maintain_order=True)
        .agg("row")["row"]
    )
    hands = [
        (members, int(random.integers(3, 9)))
        for members in profiles.operators
        if random.random() < spec.together_share
    ]
    hands += [
        (home.to_numpy().astype(np.int64), int(random.integers(1, 3)))
        for home in homes
        if random.random() < spec.together_share / 2
    ]
    rows: list[IntArray] = []
    for members, events in hands:
        able = np.flatnonzero(room >= len(members))
        if not len(able):
            break
        weight = room[able] / room[able].sum()
        posts = random.choice(able, min(events, len(able)), replace=False, p=weight)
        for post in posts:
            # Not always all of them.
            size = int(random.integers(2, len(members) + 1))
            entering = random.permutation(members)[:size]
            room[post] -= size
            start = int(random.exponential(half_life[post] / np.log(2))) + 60
            gaps = random.integers(40, 1500, size).cumsum() - 40
            rows.append(np.column_stack([np.full(size, post), entering, start + gaps]))
    if not rows:
        return np.empty((0, 3), np.int64)
    table = np.concatenate(rows)
    return table[np.argsort(table[:, 0], kind="stable")]
