"""Chinese texts about tea with a known opinion, drawn in bulk.

A text is a phrase of known product, aspect and polarity, and trimmings:
emoticons, emoji, a hashtag, a mention, a short link.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .spec import BoolArray, IntArray

PRODUCTS = (
    ("晨曦龙井", "春日白茶", "茉莉冷泡", "桂花乌龙", "蜜桃白毫", "节气礼盒"),
    ("北境红茶", "雪松普洱", "极光奶茶"),
)
ASPECTS = ("taste", "aroma", "price", "packaging", "delivery", "service")
POLARITIES = ("positive", "neutral", "negative")

# The opinion is that of the writer: negated praise is negative, negated blame
# positive. `{p}` stands for a product.
PATTERNS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "taste": (
        (
            "{p}真的好喝，回甘很明显",
            "{p}一点都不苦，连我妈都说好喝",
            "{p}入口好顺，没有涩味，爱了",
            "{p}一点也不难喝啊，评论区别黑了",
            "{p}真係好飲，回甘好正",
        ),
        (
            "{p}和去年的味道差不多吧",
            "{p}是偏淡的口感吗？有人喝过吗",
            "请问{p}可以冷泡吗",
        ),
        (
            "{p}没有想象中好喝，有点失望",
            "{p}又苦又涩，喝不下去",
            "不觉得{p}好喝，像白开水",
            "{p}味道變了，不如以前",
        ),
    ),
    "aroma": (
        (
            "{p}一打开就是满屋花香",
            "{p}的香气很干净，不是香精味",
            "{p}香到同事都来问链接",
        ),
        ("{p}是茉莉香还是兰花香？", "{p}闻起来是很普通的茶香"),
        (
            "{p}香精味太重了，头晕",
            "{p}一点都不香，泡了两次就没味了",
            "{p}完全没有宣传的花香",
        ),
    ),
    "price": (
        (
            "{p}这个价格真的不贵，囤了三盒",
            "{p}活动价太香了，性价比很高",
            "{p}学生党也喝得起，好评",
        ),
        ("{p}现在多少钱一盒？", "{p}线上线下一个价吗"),
        (
            "{p}太贵了，不值这个价",
            "{p}先涨价再打折，没意思",
            "{p}一点都不便宜，套路太多",
        ),
    ),
    "packaging": (
        (
            "{p}的包装太好看了，舍不得拆",
            "{p}罐子质感不错，送人有面子",
            "{p}包裝很用心，細節滿分",
        ),
        ("{p}是独立小包装吗", "{p}换新包装了？"),
        (
            "{p}包装过度，拆了半天就几包茶",
            "{p}收到时罐子是瘪的",
            "{p}包装不怎么样，跟图片差太多",
        ),
    ),
    "delivery": (
        (
            "{p}昨天下单今天就到了，物流给力",
            "{p}发货很快，没有破损",
            "{p}快递小哥送货上门，没等多久",
        ),
        ("{p}一般几天能到新疆？", "{p}什么时候发货呀"),
        (
            "{p}等了十天还没发货，无语",
            "{p}物流太慢，催了也没用",
            "{p}寄丢了也没人管",
        ),
    ),
    "service": (
        (
            "{p}客服很耐心，换货没有推脱",
            "{p}售后不错，少发一包立刻补了",
            "买{p}遇到的店员超温柔",
        ),
        ("{p}的客服电话是多少", "{p}可以开发票吗"),
        (
            "{p}客服爱答不理，体验差",
            "{p}售后踢皮球，再也不买了",
            "{p}客服没有解决任何问题",
        ),
    ),
}

# What bought accounts post, over and over, with small edits.
TEMPLATES = (
    "家人们冲！{p}真的绝了，闭眼入不踩雷",
    "{p}太可了吧，已经回购三次，姐妹们快去",
    "被{p}圈粉了，口感细腻，强烈推荐给大家",
    "今日份快乐是{p}给的，好喝不贵，谁懂啊",
    "支持国货！{p}品质在线，值得拥有",
    "{p}yyds，办公室人手一杯，真的香",
)
TEMPLATE_ENDS = ("", "！", "~", "！！", "。", " [赞]", " [心]", "哈")

# What people write without saying anything.
FILLERS = (
    "转发微博",
    "转发微博",
    "",
    "",
    "",
    "支持",
    "马住",
    "蹲一个",
    "哈哈哈哈哈",
    "看看",
    "冲鸭",
    "好耶",
    "路过",
    "mark",
    "[允悲]",
    "[赞][赞][赞]",
    "[doge]",
    "轉發一下",
)
SUFFIXES = (
    *[""] * 30,
    "[泪]",
    "[允悲]",
    "[赞]",
    "[哈哈]",
    "[doge]",
    "[心][心]",
    "[微笑]",
    "😂",
    "🍵",
    "🍵🍵🍵",
    "👨‍👩‍👧",
    "👩🏻‍🍳",
    "🏳️‍🌈",
    "！！！",
    "～",
    "…",
    " \\(^o^)/",
    ' "真香"',
    "\n—— 来自一个茶痴",
)


@dataclass(frozen=True)
class Phrases:
    """Phrases in a table, in runs of one brand and polarity.

    Attributes:
        text: the phrases.
        product: what each is about; null in phrases without opinion.
        aspect: likewise.
        polarity: index into `POLARITIES`.
        first: first row of a (brand, polarity) run.
        count: rows in the run.
        template_first: first row of each brand's templates.
        template_count: rows of them per brand.
        filler_first: first row of the fillers.
    """

    text: pl.Series
    product: pl.Series
    aspect: pl.Series
    polarity: IntArray
    first: IntArray
    count: IntArray
    template_first: IntArray
    template_count: IntArray
    filler_first: int


@dataclass(frozen=True)
class DrawnTexts:
    """Texts with what they truly say; `phrase` indexes `PHRASES`."""

    text: pl.Series
    phrase: IntArray


def _build_phrases() -> Phrases:
    rows: list[tuple[str, str | None, str | None, int]] = []
    first = np.zeros((len(PRODUCTS), len(POLARITIES)), np.int64)
    count = np.zeros_like(first)
    template_first = np.zeros(len(PRODUCTS), np.int64)
    template_count = np.zeros_like(template_first)
    for brand, products in enumerate(PRODUCTS):
        for polarity in range(len(POLARITIES)):
            first[brand, polarity] = len(rows)
            rows += [
                (pattern.format(p=product), product, aspect, polarity)
                for aspect in ASPECTS
                for pattern in PATTERNS[aspect][polarity]
                for product in products
            ]
            count[brand, polarity] = len(rows) - first[brand, polarity]
        template_first[brand] = len(rows)
        rows += [
            (pattern.format(p=product) + end, product, "taste", 0)
            for pattern in TEMPLATES
            for product in products
            for end in TEMPLATE_ENDS
        ]
        template_count[brand] = len(rows) - template_first[brand]
    filler_first = len(rows)
    rows += [(filler, None, None, 1) for filler in FILLERS]
    return Phrases(
        text=pl.Series([row[0] for row in rows], dtype=pl.String),
        product=pl.Series([row[1] for row in rows], dtype=pl.String),
        aspect=pl.Series([row[2] for row in rows], dtype=pl.String),
        polarity=np.array([row[3] for row in rows], np.int64),
        first=first,
        count=count,
        template_first=template_first,
        template_count=template_count,
        filler_first=filler_first,
    )


PHRASES = _build_phrases()

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def short_links(random: np.random.Generator, count: int) -> list[str]:
    """Made-up short links."""
    digits = random.integers(0, 62, (count, 6))
    return [
        "http://t.cn/A6" + "".join(_BASE62[digit] for digit in row) for row in digits
    ]


def base62(number: int) -> str:
    """A number in Weibo's base 62."""
    digits = ""
    while True:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
        if not number:
            return digits


def draw_texts(
    random: np.random.Generator,
    *,
    brand: IntArray,
    warmth: np.ndarray,
    filler_share: float,
    template_family: IntArray,
    hashtag: pl.Series,
    names: pl.Series,
) -> DrawnTexts:
    """Draw one text per row.

    Args:
        random: where randomness comes from.
        brand: index of the brand a row is about.
        warmth: probability of praise; blame is half of the rest.
        filler_share: how many rows say nothing.
        template_family: a number for accounts that write from templates, equal
            for accounts of one family; -1 for people.
        hashtag: the hashtag, with its marks, that a row may carry.
        names: screen names to mention.
    """
    rows = len(brand)
    chance = random.random(rows)
    polarity = np.where(chance < warmth, 0, np.where(chance < (1 + warmth) / 2, 1, 2))
    place = random.random(rows)
    phrase = PHRASES.first[brand, polarity] + (
        place * PHRASES.count[brand, polarity]
    ).astype(np.int64)
    filler = random.random(rows) < filler_share
    phrase[filler] = PHRASES.filler_first + (place[filler] * len(FILLERS)).astype(
        np.int64
    )
    # A family keeps one template and one product, only the end differs.
    templated = (template_family >= 0) & (random.random(rows) < 0.7)
    ends = len(TEMPLATE_ENDS)
    families = PHRASES.template_count[brand] // ends
    template = (
        PHRASES.template_first[brand]
        + ((template_family * 7) % families) * ends
        + (place * ends).astype(np.int64)
    )
    phrase[templated] = template[templated]

    decorated = ~filler & ~templated
    suffix = random.integers(0, len(SUFFIXES), rows)
    suffix[~decorated] = 0
    parts = [
        PHRASES.text.gather(phrase),
        pl.Series(SUFFIXES).gather(suffix),
        _sometimes(random, decorated, 0.12, " " + hashtag),
        _sometimes(
            random,
            decorated,
            0.05,
            " @" + names.gather(random.integers(0, len(names), rows)) + " ",
        ),
        _sometimes(
            random,
            decorated,
            0.02,
            " "
            + pl.Series(short_links(random, 200)).gather(random.integers(0, 200, rows)),
        ),
    ]
    frame = pl.DataFrame({f"part_{place}": part for place, part in enumerate(parts)})
    return DrawnTexts(
        frame.select(pl.concat_str(pl.all())).to_series().alias("text"), phrase
    )


def _sometimes(
    random: np.random.Generator, where: BoolArray, share: float, text: pl.Series
) -> pl.Series:
    mask = pl.Series(where & (random.random(len(where)) < share))
    return text.zip_with(mask, pl.Series([""]).new_from_index(0, len(where)))
