"""Are alarms true, and are true rises told?

`python -m tests.benchmarks.alarms [--seeds 1 2] [--campaigns 24] [--data DIR]` plants
worlds of comments, runs the workflow's steps over them, and counts in the marts

- alarms of rising negative voice on 100 campaign days on which nothing was planted, in
  kinds of quiet worlds, bursts and days that differ by themselves among them;
- how many planted rises are told on their day;
- how the trend of planted topics is told.

With `--data` it also counts alarms on real threads (folders of m.weibo.cn files, which
are no part of this repository), each thread a campaign of 60 days. Which of these are
quiet nobody knows: all of their days count.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.text.sentiment import LABELS, score
from tests.workspaces import Lab

_FIRST = date(2026, 3, 1)
_DAYS = 28
# Rises are planted on a day from this one on, so that days precede them.
_EARLIEST = 8
_PEOPLE = 4000

Random = np.random.Generator
Days = npt.NDArray[np.float64]

# How many comments a campaign of so many a day gets on each of its days.
VOLUMES: dict[str, Callable[[Random, float], Days]] = {
    "even": lambda random, size: np.full(_DAYS, size),
    "restless": lambda random, size: size * random.gamma(3, 1 / 3, _DAYS),
    "a burst that fades": lambda random, size: (
        size * (10 * np.exp(-np.arange(_DAYS) / 3) + 0.3)
    ),
    "a post each week": lambda random, size: (
        size * (4 * np.exp(-(np.arange(_DAYS) % 7) / 1.5) + 0.3)
    ),
}
# Correlation of how comments of one day sound, besides chance.
CORRELATIONS = {"alike": 0.0, "days differ": 0.02}
# What a rise does to a day: comments more, and their negative share.
RISES: dict[str, Callable[[float, float], tuple[float, float]]] = {
    # as many negative comments again as all comments of a usual day
    "sharp: twice the comments, the added ones negative": lambda size, share: (1, 1),
    "three in ten more of as many comments are negative": lambda size, share: (
        0,
        share + 0.3,
    ),
    "five times as many negative comments": lambda size, share: (4 * share, 1),
    "three times as many negative comments": lambda size, share: (2 * share, 1),
}

_WORDS = {
    "negative": ("质量太差了", "再也不买了", "太失望了", "难喝死了", "垃圾产品"),
    "neutral": ("今天发布会在北京举行", "什么时候发货", "有没有大瓶的", "在哪里买"),
    "positive": ("太好喝了", "很满意，推荐", "非常喜欢", "味道很棒", "支持一下"),
}
_ENDS = ("", "！", "。", "啊", "呢", "吧", "～", "！！", "…")
_TOPICS = {
    "delivery": ("物流", "快递", "包裹", "配送"),
    "package": ("包装", "盒子", "礼盒", "颜色"),
    "taste": ("味道", "口感", "茶叶", "香气"),
}
# Share of comments on the first topic, by day.
TRENDS: dict[str, Callable[[int], float]] = {
    "rising slowly": lambda day: 0.2 + 0.4 * max(0, day - _DAYS + 14) / 14,
    "rising on the last day": lambda day: 0.6 if day == _DAYS - 1 else 0.25,
    "fading": lambda day: 0.6 - 0.4 * max(0, day - _DAYS + 14) / 14,
    "steady": lambda day: 0.33,
}


def pools() -> dict[str, list[str]]:
    """Texts of each sentiment, as the product hears them."""
    texts = [f"{w}{end}" for words in _WORDS.values() for w in words for end in _ENDS]
    heard = score(pl.Series(texts)).select(pl.concat_list(LABELS).list.arg_max())
    found: dict[str, list[str]] = {label: [] for label in LABELS}
    for text, place in zip(texts, heard.to_series(), strict=True):
        found[LABELS[place]].append(text)
    return found


def shares(random: Random, share: float, correlation: float) -> Days:
    """The negative share of each day."""
    if not correlation:
        return np.full(_DAYS, share)
    scale = (1 - correlation) / correlation
    return random.beta(share * scale, (1 - share) * scale, _DAYS)


class Tables:
    """Campaigns and their comments, to be written as tables of a workspace."""

    def __init__(self, random: Random) -> None:
        """Begin without any."""
        self.random = random
        self.texts = pools()
        self.campaigns: list[str] = []
        self.rows: list[tuple[str, str, str, datetime]] = []

    def add(self, name: str, day: int, texts: list[str]) -> None:
        """Comments of a campaign on a day, at any minute of it."""
        begin = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day, hours=-8)
        for text in texts:
            moment = begin + timedelta(minutes=int(self.random.integers(24 * 60)))
            author = str(100 + int(self.random.integers(_PEOPLE)))
            self.rows.append((name, author, text, moment))

    def say(self, name: str, day: int, size: int, negative: int) -> None:
        """Comments of which so many are negative, as the product hears them."""
        chosen = list(self.random.choice(self.texts["negative"], negative))
        others = self.texts["neutral"] + self.texts["positive"]
        self.add(name, day, chosen + list(self.random.choice(others, size - negative)))

    def run(self, folder: Path) -> Lab:
        """Write a workspace and run the steps over all its days."""
        lab = Lab(folder)
        lab.put("workspace.toml", self._configuration())
        export = folder / "export"
        export.mkdir()
        place = {name: str(n + 1) for n, name in enumerate(self.campaigns)}
        pl.DataFrame(
            {
                "platform": "weibo",
                "post_id": list(place.values()),
                "account_id": "1",
                "posted_at": "2026-02-28 16:00:00",
                "text": "新茶上市",
            }
        ).write_csv(export / "posts.csv")
        pl.DataFrame(
            [
                ("weibo", str(10_000 + n), "comment", author, place[name], at, text)
                for n, (name, author, text, at) in enumerate(self.rows)
            ],
            schema=[
                *("platform", "interaction_id", "kind", "account_id"),
                *("root_post_id", "acted_at", "text"),
            ],
            orient="row",
        ).with_columns(pl.col("acted_at").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(
            export / "interactions.csv"
        )
        lab.run(_FIRST, _FIRST + timedelta(days=_DAYS - 1), publish=False)
        return lab

    def _configuration(self) -> str:
        return _workspace(
            "canonical",
            "export",
            [
                (f"c{n}", str(n + 1), _FIRST, _FIRST + timedelta(days=_DAYS - 1))
                for n in range(len(self.campaigns))
            ],
        )


def _workspace(
    format: str, path: str, campaigns: list[tuple[str, str, date, date]]
) -> str:
    """A workspace of one source; campaigns by id, post, first and last day."""
    head = f"""timezone = "Asia/Shanghai"
[[sources]]
name = "export"
platform = "weibo"
kind = "files"
format = "{format}"
path = "{path}"
[[brands]]
id = "aurora"
name = "Aurora Tea"
"""
    return head + "".join(
        f"""[[campaigns]]
id = "{name}"
brand = "aurora"
start = {first}
end = {last}
post_ids = [{{ platform = "weibo", post_id = "{post}" }}]
"""
        for name, post, first, last in campaigns
    )


def judge_alarms(seed: int, campaigns: int, folder: Path) -> list[tuple[str, int, int]]:
    """What was planted, of how many days (rises), and how many alarms they drew."""
    random = np.random.default_rng(seed)
    made = Tables(random)
    planted: dict[int, tuple[str, int | None]] = {}

    def plant(kind: str, volume: str, correlation: float, rise: str | None) -> None:
        name = f"{kind} {len(made.campaigns)}"
        day = int(random.integers(_EARLIEST, _DAYS)) if rise else None
        planted[len(made.campaigns)] = (kind, day)
        made.campaigns.append(name)
        size = float(np.exp(random.uniform(np.log(8), np.log(80))))
        share = float(random.uniform(0.05, 0.5))
        if rise:
            size = float(random.uniform(40, 120))
            share = float(random.uniform(0.1, 0.4))
        sizes = random.poisson(VOLUMES[volume](random, size))
        negative = random.binomial(sizes, shares(random, share, correlation))
        if rise and day is not None:
            more, part = RISES[rise](size, share)
            if more:
                added = int(random.poisson(more * size))
                sizes[day] += added
                negative[day] += random.binomial(added, part)
            else:
                negative[day] = random.binomial(sizes[day], min(part, 1.0))
        for each in range(_DAYS):
            made.say(name, each, int(sizes[each]), int(negative[each]))

    for volume in VOLUMES:
        for name, correlation in CORRELATIONS.items():
            for _ in range(campaigns):
                plant(f"quiet: {volume}, {name}", volume, correlation, None)
    for rise in RISES:
        for _ in range(campaigns):
            plant(f"rise: {rise}", "even", 0.01, rise)
    rows = made.run(folder).rows(
        "select cast(substr(campaign_id, 2) as integer),"
        " cast(activity_day - date '2026-03-01' as integer),"
        " coalesce(is_negative_rise, false) from marts.feedback_daily"
    )
    found: dict[str, list[int]] = {}
    for campaign, day, is_rise in rows:
        kind, planted_day = planted[campaign]
        if planted_day is not None and day != planted_day:
            continue
        count = found.setdefault(kind, [0, 0])
        count[0] += 1
        count[1] += is_rise
    return [(kind, days, alarms) for kind, (days, alarms) in found.items()]


def judge_topics(seed: int, campaigns: int, folder: Path) -> list[tuple[str, str, int]]:
    """What was planted, what was told, and how often."""
    random = np.random.default_rng(seed)
    made = Tables(random)
    kinds = []
    for kind, share in TRENDS.items():
        for _ in range(campaigns):
            name = f"{kind} {len(made.campaigns)}"
            made.campaigns.append(name)
            kinds.append(kind)
            size = float(random.uniform(15, 60))
            for day in range(_DAYS):
                texts = []
                for _ in range(int(random.poisson(size))):
                    about = (
                        "delivery"
                        if random.random() < share(day)
                        else str(random.choice(["package", "taste"]))
                    )
                    words = random.choice(_TOPICS[about], 3, replace=False)
                    texts.append("，".join(words) + str(random.choice(_ENDS)))
                made.add(name, day, texts)
    rows = made.run(folder).rows(
        "select cast(substr(campaign_id, 2) as integer), coalesce(trend, 'not told')"
        " from marts.feedback_topics"
        " where list_has_any(terms, ['物流', '快递', '配送'])"
    )
    found: dict[tuple[str, str], int] = {}
    for campaign, trend in rows:
        key = kinds[campaign], trend
        found[key] = found.get(key, 0) + 1
    return [(kind, trend, number) for (kind, trend), number in sorted(found.items())]


def judge_threads(data: Path, folder: Path) -> tuple[int, int, int, int]:
    """Threads, their days with comments, those that could be judged, and alarms."""
    lab = Lab(folder)
    days = duckdb.sql(
        "select regexp_extract(filename, '([0-9]+)/detail', 1) as post,"
        " cast(strptime(created_at, '%a %b %d %H:%M:%S %z %Y') as date) as day"
        f" from read_json('{data}/*/detail.json', filename = true,"
        " columns = {created_at: 'varchar'}) order by post"
    ).fetchall()
    campaigns = [
        (f"t{post}", post, day - timedelta(days=1), day + timedelta(days=60))
        for post, day in days
    ]
    lab.put("workspace.toml", _workspace("mweibo", str(data.resolve()), campaigns))
    first = min(begin for _, _, begin, _ in campaigns)
    last = max(end for *_, end in campaigns)
    lab.run(first, last, publish=False)
    (row,) = lab.rows(
        "select count(distinct campaign_id), count(*), count(is_negative_rise),"
        " count(*) filter (where is_negative_rise) from marts.feedback_daily"
    )
    return row  # type: ignore[no-any-return]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--campaigns", type=int, default=24, help="of each kind")
    parser.add_argument("--data", type=Path, help="a folder of threads")
    options = parser.parse_args()
    # The rules themselves are not measured here.
    started = time.perf_counter()
    alarms: dict[str, list[int]] = {}
    trends: dict[tuple[str, str], int] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for seed in options.seeds:
            folder = Path(temporary) / f"alarms-{seed}"
            for kind, days, told in judge_alarms(seed, options.campaigns, folder):
                count = alarms.setdefault(kind, [0, 0])
                count[0] += days
                count[1] += told
            folder = Path(temporary) / f"topics-{seed}"
            for kind, trend, number in judge_topics(seed, options.campaigns, folder):
                trends[kind, trend] = trends.get((kind, trend), 0) + number
        print("\nAlarms")
        for name in ("quiet", "rise"):
            chosen = {k: v for k, v in alarms.items() if k.startswith(name)}
            days = sum(one[0] for one in chosen.values())
            told = sum(one[1] for one in chosen.values())
            for kind, count in chosen.items():
                print(f"  {kind}: {count[1]} of {count[0]}")
            print(f"  {name}, all: {told} of {days} ({100 * told / days:.2f} %)")
        print("Topics")
        for (kind, trend), number in sorted(trends.items()):
            print(f"  {kind}: {trend} {number}")
        if options.data:
            threads, days, judged, told = judge_threads(
                options.data, Path(temporary) / "threads"
            )
            print(
                f"Real threads: {threads}, {days} days with comments, {judged} that"
                f" could be judged, {told} alarms ({100 * told / days:.2f} in 100)"
            )
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
