"""Who is behind a profile: second accounts, vendors' batches, households.

Laid over the accounts of a world when its spec asks for it; else nothing changes.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from .spec import IntArray, WorldSpec, utc_series

DAY = 86_400
_DEFAULT = "https://tvax.example.invalid/default/avatar_180.png"

# The thousand characters a name is made of, the usual ones first; a sound has
# several of them.
_HAN = (
    "小大阿王李张陈林月明天心雨雪风云星海山花叶梦晓晨静雅文华国建伟强军平东红玉"
    "兰英芳丽萍霞敏慧欣然子涵宇轩浩博思远志飞龙虎凤鹏程光辉杰俊峰松柏竹梅菊荷"
    "莲香甜美佳宁安康乐喜福贵春夏秋冬青紫白黑蓝绿金银铜石木水火土田禾谷米茶酒"
    "饼糖果桃李杏梨橙柚枣栗瓜豆菜鱼虾蟹猫狗兔鹿马羊牛猪鸟燕鹤雁蝶蜂蚁蛙龟熊狼"
    "狐象狮豹猴鼠蛇鸡鸭鹅街巷城镇村庄湖江河溪泉潭池岛岸滩沙漠原野林森草苗种根枝"
    "桥路船车灯火窗门墙楼阁亭台院园井炉锅碗盘杯壶伞帽衣裙鞋袜针线布棉丝绸纸笔墨"
    "砚书画琴棋诗词歌舞曲调声音钟鼓笛箫弦号角影戏剧场镜梳扇珠宝玲珑琳琅瑶瑾瑜璇"
    "昕昊旭晖曦暖晴霜露雾霖霏雷电虹霓朗清澈淡浓深浅远近高低长短方圆曲直快慢轻重"
)
_FIRST = [
    "james", "mary", "robert", "linda", "michael", "susan", "david", "karen", "richard",
    "nancy", "joseph", "lisa", "thomas", "betty", "charles", "helen", "daniel",
    "sandra", "matthew", "donna", "anthony", "carol", "mark", "ruth", "steven",
    "sharon", "paul", "michelle", "andrew", "laura", "joshua", "sarah", "kenneth",
    "emily", "kevin", "kimberly", "brian", "deborah", "george", "amanda", "edward",
    "jessica", "ronald", "shirley", "timothy", "cynthia", "jason", "angela",
]  # fmt: skip
_LAST = [
    "smith", "johnson", "williams", "brown", "jones", "garcia", "miller", "davis",
    "rodriguez", "martinez", "wilson", "anderson", "taylor", "moore", "jackson",
    "martin", "lee", "perez", "thompson", "white", "harris", "sanchez", "clark",
    "ramirez", "lewis", "robinson", "walker", "young", "allen", "king", "wright",
    "scott", "torres", "nguyen", "hill", "flores", "green", "adams", "nelson", "baker",
    "hall", "rivera", "campbell", "mitchell", "carter", "roberts",
]  # fmt: skip
_WORDS = [
    "happy", "lucky", "sunny", "blue", "red", "green", "tea", "coffee", "book", "music",
    "dance", "dream", "star", "moon", "travel", "food", "photo", "game", "cat", "dog",
    "fish", "bird", "tree", "river", "stone", "cloud", "storm", "snow", "fire", "light",
    "shadow", "silver", "golden", "magic", "tiny", "giant", "lazy", "crazy", "smart",
    "sweet", "spicy", "fresh",
]  # fmt: skip
_SYLLABLES = [
    "ka", "ri", "mo", "te", "su", "na", "lo", "vi", "be", "ra", "shi", "nu", "po", "le",
    "da", "ki", "ma", "ro", "fe", "ti", "ga", "so", "mi", "ne", "tu", "ve", "lu", "cha",
    "ze", "ni", "ba", "re", "do", "xi", "yu", "wen", "hao", "qin", "fei",
]  # fmt: skip
_PHRASES = (
    "早起的人", "爱看电影", "跑步三年", "养了两只猫", "喜欢老歌", "在读研究生",
    "写点东西", "做饭新手", "偶尔拍照", "住在河边", "想去看海", "不爱说话",
    "程序写到头秃", "两个孩子的妈", "周末爬山", "收集邮票", "听雨", "学吉他",
    "单反穷三代", "口味偏辣", "睡不醒", "爱吃米线", "球迷", "资深书虫", "骑车上班",
    "种了一阳台花", "慢热", "随便写写", "等风来", "手账爱好者",
)  # fmt: skip
_TO_TRADITIONAL = str.maketrans(
    "张陈云星叶梦国红兰丽东军风龙凤飞", "張陳雲星葉夢國紅蘭麗東軍風龍鳳飛"
)
_TO_CYRILLIC = str.maketrans("aeopcx", "аеорсх")
_SAME_SOUND = str.maketrans(
    "小明心风云海静文华国伟平红玉芳丽欣然子宇思志飞晓兰英",
    "晓鸣新枫芸嗨敬闻画帼维萍虹雨方莉馨燃紫雨司智菲小岚瑛",
)

TEMPLATES = (
    "zh_number",
    "first_last_number",
    "random_tail",
    "words_number",
    "serial",
    "stolen",
)


def plant_identities(
    spec: WorldSpec, accounts: pl.DataFrame, truth: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[IntArray, ...]]:
    """Give accounts names of their own, then some of them a common hand.

    Args:
        spec: sockpuppet_share, household_share and remade_batches say what.
        accounts: canonical; its row order stays.
        truth: of the same rows.

    Returns:
        Accounts, truth (operator and shared_identity of second accounts: the signs
        joined by "+", or "none"; batch of the vendors' ones, merged to the batches
        made here; household) and the rows of each operator.
    """
    random = spec.random(21)
    kind = truth["kind"].to_numpy()
    columns = {
        name: np.array(accounts[name].to_list(), object)
        for name in ("screen_name", "description", "avatar_url", "location")
    }
    counts = {
        name: accounts[name].to_numpy().copy()
        for name in ("followers_count", "following_count", "posts_count")
    }
    second = accounts["registered_at"].dt.epoch("s").to_numpy().copy()
    people = np.flatnonzero((kind == "genuine") | (kind == "inactive"))
    people = people[people >= 2]  # the brands keep their names
    columns["screen_name"][people] = _people_names(random, len(people))
    own = people[random.random(len(people)) < 0.5]
    picks = random.integers(0, len(_PHRASES), (len(own), 3))
    columns["description"][own] = [
        "，".join(_PHRASES[one] for one in dict.fromkeys(row)) for row in picks.tolist()
    ]
    for row in own[random.random(len(own)) < 0.85].tolist():
        length = int(random.integers(3, 9))
        word = "".join(_HAN[one] for one in random.integers(0, len(_HAN), length))
        columns["description"][row] += f" {word}"
    # Contacts and pages of their own.
    for row in people[random.random(len(people)) < 0.03].tolist():
        columns["description"][row] += f" 微信：me_{random.integers(16**8):08x}"
    for row in people[random.random(len(people)) < 0.03].tolist():
        columns["description"][row] += (
            f" https://shop.example.invalid/u/{random.integers(10**9)}"
        )
    # A month in which everybody came: chance must not be taken for a vendor.
    rush = people[random.random(len(people)) < 0.06]
    second[rush] = (
        spec.start_second - 900 * DAY + random.integers(0, 30 * DAY, len(rush))
    )

    operator = np.array(truth["operator"].to_list(), object)
    signs = np.array(truth["shared_identity"].to_list(), object)
    household = np.full(len(kind), None, object)
    genuine = random.permutation(people[kind[people] == "genuine"])
    wanted = int(len(genuine) * spec.sockpuppet_share)
    operators = _sockpuppets(random, genuine[:wanted], columns, operator, signs)
    homes = genuine[wanted : wanted + int(len(genuine) * spec.household_share) // 2 * 2]
    for number, pair in enumerate(homes.reshape(-1, 2)):
        phone = f"1{random.integers(3, 10)}{random.integers(10**9):09d}"
        for row in pair:
            columns["description"][row] = f"{columns['description'][row]} 电话{phone}"
        household[pair] = f"home-{number + 1:04d}"
    batch = np.array(truth["batch"].to_list(), object)
    if spec.remade_batches:
        _batches(spec, random, batch, columns, counts, second)
    names = pl.Series(columns["screen_name"].tolist(), dtype=pl.String)
    return (
        accounts.with_columns(
            screen_name=names,
            display_name=names,
            description=pl.Series(columns["description"].tolist(), dtype=pl.String),
            avatar_url=pl.Series(columns["avatar_url"].tolist(), dtype=pl.String),
            location=pl.Series(columns["location"].tolist(), dtype=pl.String),
            registered_at=utc_series("registered_at", second),
            **{name: pl.Series(values) for name, values in counts.items()},
        ),
        truth.with_columns(
            operator=pl.Series(operator.tolist(), dtype=pl.String),
            shared_identity=pl.Series(signs.tolist(), dtype=pl.String),
            batch=pl.Series(batch.tolist(), dtype=pl.String),
            household=pl.Series(household.tolist(), dtype=pl.String),
        ),
        operators,
    )


def _people_names(random: np.random.Generator, rows: int) -> list[str]:
    # Usual characters are drawn more often than rare ones.
    han = (len(_HAN) * random.random((rows, 5)) ** 1.6).astype(int)
    lengths = random.integers(2, 6, rows)
    parts = random.integers(0, 10**6, (rows, 4))
    styles = random.integers(0, 10, rows)
    names = []
    for row in range(rows):
        chinese = "".join(_HAN[one] for one in han[row, : lengths[row]])
        one, two, three, number = parts[row].tolist()
        made = "".join(
            _SYLLABLES[value % len(_SYLLABLES)]
            for value in (one, two, three, one // 64)[: 2 + number % 3]
        )
        person = (_FIRST[one % len(_FIRST)], _LAST[two % len(_LAST)])
        names.append(
            (
                chinese,
                chinese,
                chinese,
                f"{chinese}{number % 1000}",
                f"{chinese}_{made}",
                made,
                f"{made}{number % 100}",
                f"{person[0]}_{person[1]}{number % 100}",
                f"{person[0].title()}{made}",
                f"{_WORDS[three % len(_WORDS)]}{made}",
            )[styles[row]]
        )
    return names


def _variant(random: np.random.Generator, name: str) -> str:
    """Another name of somebody who is called so."""
    number = int(random.integers(1, 999))
    choices = [f"{name}{number}", f"{name}_{number}", f"_{name}_"]
    for table in (_TO_TRADITIONAL, _TO_CYRILLIC, _SAME_SOUND):
        other = name.translate(table)
        if other != name:
            choices += [other, f"{other}{number}"]
    place = int(random.integers(0, len(name)))
    choices.append(name[:place] + name[place : place + 1] * 2 + name[place + 1 :])
    return choices[int(random.integers(0, len(choices)))]


def _sockpuppets(
    random: np.random.Generator,
    pool: IntArray,
    columns: dict[str, np.ndarray],
    operator: np.ndarray,
    signs: np.ndarray,
) -> tuple[IntArray, ...]:
    operators: list[IntArray] = []
    place = 0
    while len(pool) - place >= 2:
        size = min(int(random.integers(2, 6)), len(pool) - place)
        members = pool[place : place + size]
        place += size
        operators.append(np.sort(members))
        shared = [
            sign
            for sign, share in (
                ("name", 0.6),
                ("description", 0.35),
                ("contact", 0.3),
                ("avatar", 0.35),
                ("link", 0.1),
            )
            if random.random() < share
        ]
        first = members[0]
        name = columns["screen_name"][first]
        if "name" in shared and len(name) < 4:
            # Whoever goes by a name has one to go by.
            name = f"{name}{columns['screen_name'][members[1]]}"
            columns["screen_name"][first] = name
        if "description" in shared:
            picks = random.choice(len(_PHRASES), 4, replace=False)
            columns["description"][first] = "，".join(_PHRASES[one] for one in picks)
        contact = (
            f"合作VX: own_{random.integers(16**9):09x}"
            if random.random() < 0.7
            else f"电话1{random.integers(3, 10)}{random.integers(10**9):09d}"
        )
        page = f"https://shop.example.invalid/s/{random.integers(10**9)}"
        picture = columns["avatar_url"][first]
        if "avatar" in shared:
            picture = (
                "https://tvax.example.invalid/crop.0.0.100.100.180/"
                f"{random.integers(1 << 62):016x}.jpg?Expires="
            )
        for step, member in enumerate(members):
            operator[member] = f"person-{len(operators):04d}"
            signs[member] = "+".join(shared) or "none"
            if "name" in shared and step:
                columns["screen_name"][member] = _variant(random, name)
            if "description" in shared and step:
                extra = "" if random.random() < 0.5 else " ✿更新中"
                columns["description"][member] = columns["description"][first] + extra
            if "avatar" in shared:
                columns["avatar_url"][member] = f"{picture}{random.integers(1 << 30)}"
            if random.random() < 0.7:
                columns["location"][member] = columns["location"][first]
        if "link" in shared:
            for member in members:
                columns["description"][member] += f" {page}"
        if "contact" in shared:
            for member in members:
                columns["description"][member] = (
                    f"{columns['description'][member]} {contact}".strip()
                )
    return tuple(operators)


def _batches(
    spec: WorldSpec,
    random: np.random.Generator,
    batch: np.ndarray,
    columns: dict[str, np.ndarray],
    counts: dict[str, np.ndarray],
    second: IntArray,
) -> None:
    """Merge the vendors' batches to ones of ten to some hundred, and remake them."""
    labels = sorted({label for label in batch if label is not None})
    place, number = 0, 0
    while place < len(labels):
        merged = labels[place : place + int(random.integers(1, 12) ** 2) // 12 + 1]
        place += len(merged)
        members = np.flatnonzero(np.isin(batch, merged))
        batch[members] = merged[0]
        size = len(members)
        template = TEMPLATES[number % len(TEMPLATES)]
        stem = "".join(_HAN[one] for one in random.integers(0, len(_HAN), 4))
        word = _WORDS[int(random.integers(0, len(_WORDS)))]
        serial = int(random.integers(10**6, 10**7))
        saying = "，".join(_PHRASES[one] for one in random.integers(0, 30, 3))
        # From one hour to four days.
        length = (3600, 6 * 3600, DAY, 4 * DAY)[int(random.integers(0, 4))]
        start = spec.start_second - int(random.integers(40, 1500)) * DAY
        second[members] = start + random.integers(0, length, size)
        for name, low, high in (
            ("followers_count", 0, 300),
            ("following_count", 50, 2000),
            ("posts_count", 0, 200),
        ):
            centre = np.log1p(random.integers(low, high))
            drawn = np.expm1(centre + 0.3 * random.standard_normal(size))
            counts[name][members] = np.maximum(drawn, 0).astype(np.int64)
        stolen = _people_names(random, size)
        cloned = random.random() < 0.4
        for step, member in enumerate(members.tolist()):
            first = _FIRST[int(random.integers(0, len(_FIRST)))]
            last = _LAST[int(random.integers(0, len(_LAST)))]
            digits = int(random.integers(100, 10**5))
            tail = "".join(chr(97 + one) for one in random.integers(0, 26, 4))
            columns["screen_name"][member] = {
                "zh_number": f"{stem}{step:03d}",
                "first_last_number": f"{first.title()}{last.title()}{digits}",
                "random_tail": f"{first}{last}{tail}",
                "words_number": f"{word}_{_WORDS[digits % len(_WORDS)]}{digits}",
                "stolen": stolen[step],
                "serial": f"用户{serial * 1000 + step * 7}",
            }[template]
            columns["avatar_url"][member] = (
                _DEFAULT
                if random.random() < 0.6
                else "https://tvax.example.invalid/crop.0.0.100.100.180/"
                f"{random.integers(1 << 62):016x}.jpg"
            )
            draws = random.integers(0, len(_PHRASES), 3).tolist()
            columns["description"][member] = (
                saying
                if cloned
                else "，".join(_PHRASES[one] for one in draws)
                if random.random() < 0.5
                else ""
            )
        number += 1
