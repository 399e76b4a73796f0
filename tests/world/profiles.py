"""Accounts: brands, opinion leaders, people, and the kinds of phantom.

Accounts of one kind stand in one run of rows, the most active first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .identities import plant_identities
from .spec import BRANDS, PLATFORM, FloatArray, IntArray, WorldSpec, utc_series

KINDS = (
    "brand",
    "opinion_leader",
    "genuine",
    "inactive",
    "fresh",
    "cultivated",
    "vendor_batch",
    "camouflaged",
)
PHANTOM_KINDS = ("fresh", "cultivated", "vendor_batch", "camouflaged")

DEFAULT_AVATAR = "https://tvax.example.invalid/default/avatar_180.png"
DAY = 86_400
# Posts that a coordinated group reposts.
GROUP_EVENTS = 6

HEADS = (
    "爱喝茶的", "安静的", "南城", "晚风", "小镇", "一只", "今天也是", "不吃香菜的",
    "早睡的", "山里的", "海边的", "认真生活的", "不会泡茶的", "早八人", "北方",
    "半糖", "三分甜", "追光的", "迷路的", "旧城", "雨后", "云上", "橘色", "深夜",
    "普通", "快乐的", "发呆的", "繁華的", "慢半拍的", "爱吃的",
)  # fmt: skip
TAILS = (
    "小鹿", "阿茶", "老王", "团子", "青年", "猫", "小满", "栗子", "柚子", "桃桃",
    "木木", "阿宁", "土豆", "同学", "旅人", "书生", "大叔", "姑娘", "饼干", "月亮",
    "星河", "豆包", "汤圆", "芝麻", "可乐", "阿泽", "小北", "Momo", "Luna", "Kiki",
)  # fmt: skip
LATIN = (
    "tea", "mint", "leaf", "ocean", "river", "luck", "moon", "panda", "cloud",
    "fox", "summer", "jade", "maple", "coco", "lily", "sean", "amber", "echo",
)  # fmt: skip
# Names that break careless quoting, markup, chains and layouts.
NASTY_NAMES = (
    "'; DROP TABLE accounts; --",
    '"引号"小姐',
    "<script>alert(1)</script>",
    "全角：冒号君",
    "超长" + "啊" * 58,
    "斜杠\\君",
    "逗号,分号;君",
)
VENDOR_STEMS = (
    "优选生活馆",
    "好物推荐官",
    "幸福小店",
    "每日福利",
    "tea_daily_",
    "爱分享的小助手",
)
PLACES = (
    "北京 朝阳区", "上海 浦东新区", "广东 深圳", "浙江 杭州", "四川 成都", "湖北 武汉",
    "陕西 西安", "福建 厦门", "江苏 南京", "山东 青岛", "新疆 乌鲁木齐", "香港", "海外",
    "其他", "",
)  # fmt: skip
DESCRIPTIONS = (
    *[""] * 8,
    "慢慢来，比较快",
    "喝茶看书撸猫",
    "一个普通的打工人",
    "Stay hungry, stay foolish.",
    "摄影 | 旅行 | 美食",
    "不定期更新，佛系",
    "生活明朗，萬物可愛",
    "热爱可抵岁月漫长",
    "95后，坐标江南\n爱茶",
    "人间烟火气，最抚凡人心",
    'say "hi" :)',
    "考研ing，勿扰",
)
VENDOR_DESCRIPTIONS = (
    "热爱生活，分享好物，每天开心一点点",
    "专注好物分享，互粉必回",
    "自用分享党，真实不做作",
)


@dataclass(frozen=True)
class Profiles:
    """Accounts with what only their maker knows.

    Attributes:
        accounts: in canonical shape.
        truth: the truth about each.
        ids: account ids as numbers.
        first: first row of each kind, by index into `KINDS`.
        count: rows of each kind.
        kind: index into `KINDS` of each account.
        family: accounts that write from the same templates share a number; -1
            for those that write freely.
        groups: rows of the members of each coordinated group.
        operators: rows of the accounts of each operator.
    """

    accounts: pl.DataFrame
    truth: pl.DataFrame
    ids: IntArray
    first: IntArray
    count: IntArray
    kind: IntArray
    family: IntArray
    groups: tuple[IntArray, ...]
    operators: tuple[IntArray, ...]


def make_profiles(spec: WorldSpec, coordinated_reposts: int) -> Profiles:
    """Make all accounts.

    Args:
        spec: what is asked for.
        coordinated_reposts: how many the coordinated groups are to make.
    """
    random = spec.random(1)
    count = _kind_counts(spec)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    kind = np.repeat(np.arange(len(KINDS)), count)
    batch = _vendor_batches(random, kind, first)
    registered = _registration(random, spec, kind, batch)
    ids = _account_ids(random, registered)
    names = _names(random, kind, batch, first)
    ids[: len(BRANDS)] = [brand.account_id for brand in BRANDS]

    operators, evidence = _operators(random, first, count)
    if spec.has_identities:
        operators, evidence = (), []
    description, avatar = _descriptions_and_avatars(random, kind, batch)
    for number, (members, shared) in enumerate(zip(operators, evidence, strict=True)):
        if shared == "contact":
            contact = f"合作VX: tea_{random.integers(16**6):06x}{number}"
            for member in members:
                description[member] = f"{description[member]} {contact}".strip()
        elif shared == "avatar":
            avatar[members] = f"{random.integers(1 << 62):016x}"
    groups = _coordinated_groups(random, first, count, coordinated_reposts)

    accounts = _frame(random, spec, kind, registered, ids, names, description, avatar)
    family = np.full(len(kind), -1)
    cultivated = kind == KINDS.index("cultivated")
    family[cultivated] = np.arange(cultivated.sum()) // 12
    vendor = batch >= 0
    family[vendor] = 1000 + batch[vendor]
    camouflaged = kind == KINDS.index("camouflaged")
    family[camouflaged] = 2000 + np.arange(camouflaged.sum()) // 20
    truth = _truth(accounts, kind, batch, operators, evidence, groups)
    if spec.has_identities:
        accounts, truth, operators = plant_identities(spec, accounts, truth)
    return Profiles(accounts, truth, ids, first, count, kind, family, groups, operators)


def _kind_counts(spec: WorldSpec) -> IntArray:
    total = spec.account_total
    leaders = max(3, total // 250)
    inactive = int(total * spec.inactive_share)
    phantoms = int(total * spec.phantom_share)
    camouflaged = int(phantoms * spec.camouflaged_share)
    plain = phantoms - camouflaged
    fresh, cultivated = int(plain * 0.4), int(plain * 0.3)
    vendor = plain - fresh - cultivated
    genuine = total - len(BRANDS) - leaders - inactive - phantoms
    if genuine < 10:
        raise ValueError(f"{total} accounts leave no room for people")
    return np.array(
        [
            len(BRANDS),
            leaders,
            genuine,
            inactive,
            fresh,
            cultivated,
            vendor,
            camouflaged,
        ]
    )


def _vendor_batches(
    random: np.random.Generator, kind: IntArray, first: IntArray
) -> IntArray:
    batch = np.full(len(kind), -1)
    place, number = int(first[KINDS.index("vendor_batch")]), 0
    end = int(first[KINDS.index("camouflaged")])
    while place < end:
        size = int(random.integers(8, 40))
        batch[place : min(place + size, end)] = number
        place, number = place + size, number + 1
    return batch


def _registration(
    random: np.random.Generator, spec: WorldSpec, kind: IntArray, batch: IntArray
) -> IntArray:
    rows = len(kind)
    start = spec.start_second
    years = random.random(rows)
    # Days before the first day, by kind: oldest and youngest.
    oldest = np.array([5000, 5500, 5600, 5600, 12, 2200, 400, 4500])[kind]
    youngest = np.array([4000, 2500, 150, 1800, 1, 700, 60, 1200])[kind]
    registered: IntArray = start - (
        (youngest + years * (oldest - youngest)) * DAY
    ).astype(np.int64)
    # Fresh accounts come in bursts of an evening each.
    fresh = np.flatnonzero(kind == KINDS.index("fresh"))
    burst_days = random.integers(2, 12, len(fresh) // 40 + 1)
    registered[fresh] = (
        start
        - burst_days[np.arange(len(fresh)) // 40] * DAY
        + random.integers(18 * 3600, 30 * 3600, len(fresh))
    )
    vendor = np.flatnonzero(batch >= 0)
    burst_days = random.integers(60, 400, int(batch.max()) + 1)
    registered[vendor] = (
        start
        - burst_days[batch[vendor]] * DAY
        + random.integers(0, 3 * 3600, len(vendor))
    )
    return registered


def _account_ids(random: np.random.Generator, registered: IntArray) -> IntArray:
    # Ids grow with registration, as the platform's do.
    order = np.argsort(registered, kind="stable")
    ids = 1_100_000_000 + (registered[order] - 1_262_304_000) * 13
    ids += random.integers(0, 13, len(ids))
    steps = np.arange(len(ids))
    unique = np.maximum.accumulate(ids - steps) + steps
    placed = np.empty_like(unique)
    placed[order] = unique
    return placed


def _names(
    random: np.random.Generator, kind: IntArray, batch: IntArray, first: IntArray
) -> pl.Series:
    rows = len(kind)
    head = pl.Series(HEADS).gather(random.integers(0, len(HEADS), rows))
    tail = pl.Series(TAILS).gather(random.integers(0, len(TAILS), rows))
    latin = pl.Series(LATIN).gather(random.integers(0, len(LATIN), rows))
    other = pl.Series(LATIN).gather(random.integers(0, len(LATIN), rows))
    number = pl.Series(random.integers(1, 9999, rows)).cast(pl.String)
    # The factor is prime to the modulus: numbers look arbitrary and differ.
    scattered = np.arange(rows) * 7_368_787 % 100_000_000
    long_number = pl.Series(scattered + 5_370_000_000).cast(pl.String)
    style = random.integers(0, 5, rows)
    # Styles of people; then those of fresh and of batch accounts.
    style[kind == KINDS.index("fresh")] = 5 + (style[kind == KINDS.index("fresh")] > 2)
    style[batch >= 0] = 7
    within = np.arange(rows) - first[kind]
    stem = pl.Series(
        [VENDOR_STEMS[number % len(VENDOR_STEMS)] for number in np.maximum(batch, 0)]
    )
    frame = pl.DataFrame(
        {
            "style": style,
            "0": head + tail,
            "1": head + tail + number,
            "2": latin + "_" + other + number,
            "3": tail + latin,
            "4": tail + "-" + number,
            "5": "用户" + long_number,
            "6": latin + long_number,
            "7": stem + pl.Series(within).cast(pl.String).str.zfill(3),
        }
    )
    name = pl.coalesce(
        *[pl.when(pl.col("style") == number).then(str(number)) for number in range(8)]
    )
    names = frame.select(name.alias("name")).to_series()
    fixed = {row: brand.screen_name for row, brand in enumerate(BRANDS)}
    genuine = int(first[KINDS.index("genuine")])
    fixed |= {genuine + 1 + 2 * row: name for row, name in enumerate(NASTY_NAMES)}
    names = names.scatter(list(fixed), list(fixed.values()))
    while names.is_duplicated().any():
        frame = pl.DataFrame({"name": names}).with_columns(
            again=pl.int_range(pl.len()).over("name")
        )
        names = frame.select(
            pl.when(pl.col("again") == 0)
            .then("name")
            .otherwise(pl.concat_str("name", pl.lit("_"), "again"))
        ).to_series()
    return names


def _operators(
    random: np.random.Generator, first: IntArray, count: IntArray
) -> tuple[tuple[IntArray, ...], list[str | None]]:
    operators: list[IntArray] = []
    evidence: list[str | None] = []
    for kind, share in (("genuine", 0.05), ("cultivated", 0.15), ("vendor_batch", 0.1)):
        index = KINDS.index(kind)
        wanted = min(max(6, int(count[index] * share)), int(count[index]) // 2)
        pool = random.permutation(count[index])[:wanted] + first[index]
        place = 0
        while len(pool) - place >= 2:
            size = min(int(random.integers(2, 6)), len(pool) - place)
            operators.append(np.sort(pool[place : place + size]))
            evidence.append(("contact", "avatar", None)[(len(operators) - 1) % 3])
            place += size
    return tuple(operators), evidence


def _coordinated_groups(
    random: np.random.Generator,
    first: IntArray,
    count: IntArray,
    coordinated_reposts: int,
) -> tuple[IntArray, ...]:
    groups: list[IntArray] = []
    for kind in ("vendor_batch", "cultivated"):
        index = KINDS.index(kind)
        # The least active ones: what they do is mostly the group's.
        place = int(count[index])
        planned = 0
        while planned < coordinated_reposts / 2 and place >= 4:
            size = min(int(random.integers(4, 12)), place)
            groups.append(np.arange(place - size, place) + first[index])
            place -= size
            planned += size * GROUP_EVENTS
    return tuple(groups)


def _descriptions_and_avatars(
    random: np.random.Generator, kind: IntArray, batch: IntArray
) -> tuple[np.ndarray, np.ndarray]:
    rows = len(kind)
    description = np.array(DESCRIPTIONS, object)[
        random.integers(0, len(DESCRIPTIONS), rows)
    ]
    description[kind == KINDS.index("brand")] = "好茶，从清晨开始。官方微博"
    empty = random.random(rows) < np.array([0, 0, 0, 0.5, 0.9, 0, 0, 0])[kind]
    description[empty] = ""
    vendor = batch >= 0
    description[vendor] = np.array(VENDOR_DESCRIPTIONS, object)[
        batch[vendor] % len(VENDOR_DESCRIPTIONS)
    ]
    keys = random.integers(0, 1 << 62, rows)
    avatar = np.array([f"{key:016x}" for key in keys.tolist()], object)
    default = (
        random.random(rows) < np.array([0, 0, 0.04, 0.35, 0.85, 0.02, 0.5, 0.03])[kind]
    )
    avatar[default] = ""
    return description, avatar


def _lognormal(
    random: np.random.Generator, kind: IntArray, median: list[int], spread: list[float]
) -> IntArray:
    draws: FloatArray = random.standard_normal(len(kind))
    values = np.array(median)[kind] * np.exp(np.array(spread)[kind] * draws)
    return values.astype(np.int64)


def _frame(
    random: np.random.Generator,
    spec: WorldSpec,
    kind: IntArray,
    registered: IntArray,
    ids: IntArray,
    names: pl.Series,
    description: np.ndarray,
    avatar: np.ndarray,
) -> pl.DataFrame:
    rows = len(kind)
    followers = _lognormal(
        random,
        kind,
        [900_000, 200_000, 180, 25, 4, 320, 15, 240],
        [0.3, 1.0, 1.3, 1.0, 0.9, 0.6, 0.8, 1.0],
    )
    following = _lognormal(
        random,
        kind,
        [120, 400, 250, 90, 900, 520, 450, 330],
        [0.2, 0.6, 0.8, 0.9, 0.5, 0.5, 0.4, 0.7],
    )
    mutual = (np.minimum(followers, following) * random.random(rows) * 0.6).astype(
        np.int64
    )
    posted = _lognormal(
        random,
        kind,
        [9000, 6000, 400, 10, 4, 2600, 60, 900],
        [0.2, 0.8, 1.4, 1.2, 0.9, 0.5, 0.6, 1.1],
    )
    liked = _lognormal(
        random,
        kind,
        [300, 900, 150, 4, 1, 200, 10, 120],
        [0.3, 0.8, 1.3, 1.0, 0.8, 0.6, 0.7, 1.1],
    )
    age_years = (spec.start_second - registered) / (365 * DAY)
    level = np.clip(age_years * 2.5 + np.log1p(posted) * 1.5, 0, 48).astype(np.int64)
    level[kind == KINDS.index("fresh")] = random.integers(
        0, 3, int((kind == KINDS.index("fresh")).sum())
    )
    gender = np.array(["m", "f", "n"])[random.integers(0, 20, rows) // 9]
    verified = kind <= KINDS.index("opinion_leader")
    verified_type = np.where(verified, 0, -1)
    verified_type[: len(BRANDS)] = 2
    bought = np.flatnonzero(kind == KINDS.index("camouflaged"))[::8]
    verified[bought], verified_type[bought] = True, 0
    plain = ~verified & (kind == KINDS.index("genuine"))
    verified_type[plain & (random.random(rows) < 0.05)] = 220
    frame = pl.DataFrame(
        {
            "account_id": ids,
            "screen_name": names,
            "display_name": names,
            "description": description.tolist(),
            "location": pl.Series(PLACES).gather(random.integers(0, len(PLACES), rows)),
            "gender": gender,
            "avatar": avatar.tolist(),
            "is_verified": verified,
            "verified_type": verified_type,
            "followers_count": followers,
            "following_count": following,
            "mutual_count": mutual,
            "posts_count": posted,
            "likes_count": liked,
            "level": level,
            "registered_at": utc_series("registered_at", registered),
            "observed_at": utc_series(
                "observed_at", np.full(rows, spec.observed_second)
            ),
        }
    )
    signature = random.integers(1 << 40, 1 << 44, rows)
    url = (
        pl.when(pl.col("avatar") == "")
        .then(pl.lit(DEFAULT_AVATAR))
        .otherwise(
            pl.format(
                "https://tvax.example.invalid/crop.0.0.100.100.180/{}.jpg"
                "?Expires={}&ssig={}",
                "avatar",
                pl.lit(spec.observed_second + 3 * 3600),
                pl.Series("signature", signature).cast(pl.String),
            )
        )
    )
    return frame.select(
        pl.lit(PLATFORM).alias("platform"),
        pl.col("account_id").cast(pl.String),
        "screen_name",
        "display_name",
        "description",
        "location",
        "gender",
        url.alias("avatar_url"),
        "is_verified",
        "verified_type",
        "followers_count",
        "following_count",
        "mutual_count",
        "posts_count",
        "likes_count",
        "level",
        "registered_at",
        "observed_at",
    )


def _truth(
    accounts: pl.DataFrame,
    kind: IntArray,
    batch: IntArray,
    operators: tuple[IntArray, ...],
    evidence: list[str | None],
    groups: tuple[IntArray, ...],
) -> pl.DataFrame:
    rows = len(kind)
    operator: list[str | None] = [None] * rows
    shared: list[str | None] = [None] * rows
    group: list[str | None] = [None] * rows
    for number, members in enumerate(operators):
        for member in members:
            operator[member] = f"person-{number + 1:04d}"
            shared[member] = evidence[number]
    for number, members in enumerate(groups):
        for member in members:
            group[member] = f"group-{number + 1:04d}"
    # Brands and opinion leaders are real people and organisations.
    names = ["genuine", "genuine", *KINDS[2:]]
    return pl.DataFrame(
        {
            "account_id": accounts["account_id"],
            "kind": pl.Series(names).gather(kind),
            "operator": pl.Series(operator, dtype=pl.String),
            "group": pl.Series(group, dtype=pl.String),
            "batch": pl.Series(
                [
                    f"batch-{number + 1:04d}" if number >= 0 else None
                    for number in batch
                ],
                dtype=pl.String,
            ),
            "shared_identity": pl.Series(shared, dtype=pl.String),
        }
    )
