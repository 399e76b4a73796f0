"""People, eager fans, and armies that write from scripts with small edits.

Only what texts tell: everybody acts at moments of their own. A script is a handful of
texts; each member of an army writes some of them, with characters changed, left out or
put in, sentences in another order, traditional characters, other marks, emoticons,
names and numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from zhconv_rs import zhconv

from .texts import ASPECTS, PATTERNS, PRODUCTS, SUFFIXES

START = datetime(2026, 3, 1, tzinfo=UTC)
MARKS = ("，", "。", "！", "~", " ", "！！", "…", ",")
SLOGANS = (
    "一路相随不离不弃永远支持晨曦",
    "期待新品早日上市一定第一时间入手",
    "晨曦出品必属精品大家放心买",
    "每天一杯好茶每天都有好心情",
    "陪你从春天喝到冬天不会变",
    "好茶值得等待我们一直都在",
    "感谢品牌方用心做茶辛苦啦",
    "这个春天的第一杯茶必须是晨曦",
    "老粉报到从第一款喝到现在",
    "希望可以出更多口味期待期待",
)


@dataclass(frozen=True)
class ScriptSpec:
    """What to generate; equal specs give equal tables.

    Attributes:
        seed: of every random choice.
        people: who write three texts each, half of them phrases that many write.
        fans: who write twenty texts each, mostly slogans of their club.
        armies: of `members` accounts each; every other one publishes posts.
        script: texts of an army, of one to three sentences.
        texts: that each member writes, of different texts of the script.
        edits: characters changed in a text.
        reorders: whether sentences stand in another order, marks and spelling change.
    """

    seed: int = 20260801
    people: int = 4_000
    fans: int = 200
    armies: int = 30
    members: int = 6
    script: int = 6
    texts: int = 5
    edits: int = 2
    reorders: bool = True


@dataclass(frozen=True)
class ScriptWorld:
    """Canonical rows, and the army of each planted account."""

    posts: pl.DataFrame
    interactions: pl.DataFrame
    armies: dict[str, int]


def make_scripts(spec: ScriptSpec) -> ScriptWorld:
    """Draw the tables. Cost: linear in texts."""
    random = np.random.Generator(np.random.PCG64([spec.seed, spec.people]))
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 2_500)]
    chance = 1 / np.arange(1, len(letters) + 1)
    chance /= chance.sum()
    # Letters that are their own simplified form, or texts would change when read.
    letters = [zhconv(letter, "zh-hans")[0] for letter in letters]
    words = [
        "".join(random.choice(letters, random.integers(1, 4), p=chance))
        for _ in range(8_000)
    ]
    often = 1 / np.arange(1, len(words) + 1) ** 0.9
    often /= often.sum()

    def sentence() -> str:
        return "".join(random.choice(words, random.integers(6, 11), p=often))

    def phrase() -> str:
        aspect = ASPECTS[random.integers(len(ASPECTS))]
        pool = PATTERNS[aspect][random.integers(3)]
        products = PRODUCTS[random.integers(2)]
        said = pool[random.integers(len(pool))]
        return said.format(p=products[random.integers(len(products))])

    def edited(sentences: list[str]) -> str:
        own = [list(one) for one in sentences]
        for _ in range(spec.edits):
            one = own[random.integers(len(own))]
            place = int(random.integers(len(one)))
            kind = random.integers(3)
            if kind == 0:
                one[place] = str(random.choice(letters, p=chance))
            elif kind == 1:
                one.insert(place, str(random.choice(letters, p=chance)))
            else:
                one.pop(place)
        if not spec.reorders:
            return "，".join("".join(one) for one in own)
        random.shuffle(own)
        text = "".join("".join(one) + MARKS[random.integers(len(MARKS))] for one in own)
        text += SUFFIXES[random.integers(len(SUFFIXES))] + str(random.integers(100))
        if random.random() < 0.3:
            text += f" @友{random.integers(1000)} "
        return zhconv(text, "zh-hant") if random.random() < 0.2 else text

    posts = [
        {
            "post_id": f"p{number}",
            "account_id": "9000",
            "posted_at": START + timedelta(hours=int(number)),
            "text": f"晨曦新茶第{number}天，{sentence()}",
        }
        for number in range(40)
    ]
    interactions: list[dict[str, object]] = []

    def write(account: str, text: str, *, publishes: bool = False) -> None:
        moment = START + timedelta(seconds=int(random.integers(200_000, 1_200_000)))
        if publishes:
            posts.append(
                {
                    "post_id": f"q{len(posts)}",
                    "account_id": account,
                    "posted_at": moment,
                    "text": text,
                }
            )
            return
        root = f"p{random.integers(40)}"
        interactions.append(
            {
                "interaction_id": f"i{len(interactions)}",
                "kind": "comment",
                "account_id": account,
                "root_post_id": root,
                "parent_id": root,
                "acted_at": moment,
                "text": text,
            }
        )

    for person in range(spec.people):
        for _ in range(3):
            own = phrase() if random.random() < 0.5 else sentence()
            write(
                f"person{person}",
                own + SUFFIXES[random.integers(len(SUFFIXES))],
                publishes=random.random() < 0.1,
            )
    for fan in range(spec.fans):
        for _ in range(20):
            said = SLOGANS[random.integers(len(SLOGANS))]
            own = sentence() if random.random() < 0.3 else said
            write(f"fan{fan}", own + SUFFIXES[random.integers(len(SUFFIXES))])
    armies: dict[str, int] = {}
    for army in range(spec.armies):
        script = [
            [sentence() for _ in range(random.integers(1, 4))]
            for _ in range(spec.script)
        ]
        for member in range(spec.members):
            account = f"army{army}-{member}"
            armies[account] = army
            for text in random.permutation(spec.script)[: spec.texts]:
                write(account, edited(script[text]), publishes=army % 2 == 1)
    return ScriptWorld(pl.DataFrame(posts), pl.DataFrame(interactions), armies)
