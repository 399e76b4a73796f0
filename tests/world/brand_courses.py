"""Brands that post daily, with what posts and promotions add planted.

Several brands of a market post one to three times a day at their hours. What a post
draws depends on brand, link, media, hour and weekday, on a day's mood that all brands
of the market share, on a level that drifts, and on chance with a long tail. Some posts
draw more than that; some promotions that stand in seeds/brand_actions.csv make people
act on the brand's newest posts on their days, some do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from .generator import generate
from .spec import PLATFORM, World, WorldSpec, post_ids, utc_moment, utc_series
from .writing import Format, write

_PROMOTION_HOURS = (9, 23)


@dataclass(frozen=True)
class CourseSpec:
    """What to plant; equal specs give equal worlds.

    Attributes:
        seed: of every choice.
        start: first day.
        days: so many.
        brands: so many, each with one account.
        promotions: written down, of each brand; half of them do nothing.
        quiet_days: before the first promotion may begin.
        planted_share: of posts that draw more than usual.
        planted_factor: how many times what they would have drawn comes on top.
        promotion_factor: what a promotion adds each day, in mean days of the brand.
    """

    seed: int
    start: date = date(2026, 3, 1)
    days: int = 60
    brands: int = 4
    promotions: int = 2
    quiet_days: int = 21
    planted_share: float = 0.04
    planted_factor: float = 4.0
    promotion_factor: float = 1.5


@dataclass(frozen=True)
class CourseWorld:
    """A world of daily posts and its truth.

    Attributes:
        world: in canonical shape.
        brands: account ids by brand id.
        actions: `brand_id`, `action_id`, `first_day`, `last_day`, as written down.
        added: `interaction_id`, `cause`: acts that would not have been without a
            promotion (its `action_id`) or without what made a post special (`post`).
    """

    world: World
    brands: dict[str, str]
    actions: pl.DataFrame
    added: pl.DataFrame


def plant_courses(spec: CourseSpec) -> CourseWorld:
    """Draw a world."""
    random = np.random.default_rng([spec.seed, 4])
    base = generate(
        WorldSpec(
            seed=spec.seed, start=spec.start, days=spec.days, interactions=600,
            accounts=600, posts=12, mentions_share=0.002,
            phantom_share=float(random.uniform(0.02, 0.3)),
        )
    )  # fmt: skip
    accounts = base.accounts["account_id"].to_list()
    brands = {f"brand-{number}": accounts[number] for number in range(spec.brands)}
    crowd = accounts[spec.brands :]
    shared = _mood(random, spec.days, float(random.uniform(0, 0.7)))
    posts: list[dict[str, object]] = []
    acts: list[tuple[int, int, str | None]] = []
    actions: list[dict[str, object]] = []
    for brand, account in brands.items():
        first = len(posts)
        drawn = _post_course(random, spec, base.spec.start_second, shared)
        for second, is_link, media, ages, extra in drawn:
            row = len(posts)
            posts.append(
                {"account_id": account, "second": second, "link": is_link,
                 "media_count": media}
            )  # fmt: skip
            acts += [(row, second + int(age), None) for age in ages]
            acts += [(row, second + int(age), "post") for age in extra]
        mean = sum(len(ages) for *_, ages, _ in drawn) / spec.days
        seconds = np.array([item[0] for item in drawn])
        for action in _promotions(random, spec, brand):
            actions.append(action)
            acts += [
                (first + int(np.searchsorted(seconds, second)) - 1, second,
                 str(action["action_id"]))
                for second in _promoted(random, spec, action, mean, base.spec)
                if second > seconds[0]
            ]  # fmt: skip
    end = base.spec.end_second
    acts = [act for act in acts if act[1] < end]
    return _assemble(
        base, brands, pl.DataFrame(posts), acts, pl.DataFrame(actions), crowd, random
    )


def _mood(random: np.random.Generator, days: int, deviation: float) -> np.ndarray:
    """Days in a row are alike: logarithms, of shape (days,)."""
    noise = random.normal(0, deviation, days)
    for day in range(1, days):
        noise[day] = 0.5 * noise[day - 1] + noise[day] * 0.87
    return noise


def _post_course(
    random: np.random.Generator, spec: CourseSpec, start: int, shared: np.ndarray
) -> list[tuple[int, bool, int, np.ndarray, np.ndarray]]:
    """Second, link, media, ages of acts and of planted acts of each post of a brand."""
    level = random.uniform(np.log(4), np.log(40))
    drift = np.cumsum(random.normal(0, random.uniform(0, 0.06), spec.days))
    weekdays = random.normal(0, 0.25, 7)
    tail = random.uniform(0.3, 1.1)
    link_gain, media_gain = random.normal(0, 0.4, 2)
    hours = random.choice([8, 10, 12, 15, 18, 20, 21, 22], 3, replace=False)
    gains = random.normal(0, 0.3, 3)
    rate = random.uniform(1, 2.2)
    life = random.uniform(3, 14) * 3600
    found = []
    for day in range(spec.days):
        times = min(3, max(1, int(random.poisson(rate))))
        for slot in sorted(random.choice(3, times, replace=False)):
            second = start + day * 86_400 + int(hours[slot]) * 3600
            second += int(random.integers(0, 1800))
            is_link = bool(random.random() < 0.35)
            media = int(random.integers(0, 4))
            mean = np.exp(
                level + drift[day] + weekdays[day % 7] + shared[day] + gains[slot]
                + link_gain * is_link + media_gain * (media > 0)
                + random.normal(0, tail)
            )  # fmt: skip
            count = int(random.poisson(min(mean, 1500)))
            ages = random.exponential(life, count)
            extra = np.zeros(0)
            if random.random() < spec.planted_share:
                planted = random.poisson(max(count, 3) * spec.planted_factor)
                extra = random.exponential(life, int(planted))
            found.append((second, is_link, media, ages, extra))
    return sorted(found, key=lambda item: item[0])


def _promotions(
    random: np.random.Generator, spec: CourseSpec, brand: str
) -> list[dict[str, object]]:
    """Promotions of one to three days, far enough apart that none overlap."""
    room = (spec.days - spec.quiet_days - 5) // max(spec.promotions, 1)
    found = []
    for number in range(spec.promotions):
        length = int(random.integers(1, 4))
        begin = spec.quiet_days + number * room
        begin += int(random.integers(0, max(room - length - 2, 1)))
        first = spec.start + timedelta(days=begin)
        kind = "real" if random.random() < 0.5 else "empty"
        found.append(
            {
                "brand_id": brand,
                "action_id": f"{kind}-{number}-of-{brand}",
                "first_day": first,
                "last_day": first + timedelta(days=length - 1),
            }
        )
    return found


def _promoted(
    random: np.random.Generator,
    spec: CourseSpec,
    action: dict[str, object],
    mean: float,
    times: WorldSpec,
) -> list[int]:
    """Moments of the acts that a promotion adds."""
    if str(action["action_id"]).startswith("empty"):
        return []
    first, last = action["first_day"], action["last_day"]
    assert isinstance(first, date) and isinstance(last, date)
    found: list[int] = []
    for day in range((first - spec.start).days, (last - spec.start).days + 1):
        count = random.poisson(max(mean * spec.promotion_factor, 5))
        begin, end = (times.start_second + day * 86_400 + h * 3600
                      for h in _PROMOTION_HOURS)  # fmt: skip
        found += random.integers(begin, end, int(count)).tolist()
    return found


def _assemble(
    base: World,
    brands: dict[str, str],
    posts: pl.DataFrame,
    acts: list[tuple[int, int, str | None]],
    actions: pl.DataFrame,
    crowd: list[str],
    random: np.random.Generator,
) -> CourseWorld:
    seconds = posts["second"].to_numpy()
    ids = pl.Series(post_ids(seconds, np.arange(posts.height), huge=False)).cast(
        pl.String
    )
    observed = utc_moment(base.spec.observed_second)
    words = base.interactions.filter(pl.col("kind") == "comment")["text"]
    texts = random.integers(0, 1 << 30, posts.height)
    table = pl.DataFrame(
        {
            "platform": pl.repeat(PLATFORM, posts.height, eager=True),
            "post_id": ids,
            "account_id": posts["account_id"],
            "posted_at": utc_series("posted_at", seconds),
            "text": [
                f"今天喝什么茶 {number}" + (" http://t.cn/A6P8fFfP" if link else "")
                for number, link in zip(texts, posts["link"], strict=True)
            ],
            "client": pl.repeat("", posts.height, eager=True),
            "region": pl.repeat("上海", posts.height, eager=True),
            "links": [["http://t.cn/A6P8fFfP"] * link for link in posts["link"]],
            "hashtags": [[] for _ in range(posts.height)],
            "mentions": [[] for _ in range(posts.height)],
            "media_count": posts["media_count"],
            "is_deleted": pl.repeat(False, posts.height, eager=True),  # noqa: FBT003
        },
        schema_overrides={
            "hashtags": pl.List(pl.String), "mentions": pl.List(pl.String),
            "links": pl.List(pl.String),
        },
    ).with_columns(observed_at=pl.lit(observed))  # fmt: skip
    roots = np.array([act[0] for act in acts])
    moments = np.array([act[1] for act in acts])
    who = random.integers(0, len(crowd), len(acts))
    keys = pl.Series(
        post_ids(moments, posts.height + np.arange(len(acts)), huge=False)
    ).cast(pl.String)
    interactions = pl.DataFrame(
        {
            "platform": pl.repeat(PLATFORM, len(acts), eager=True),
            "interaction_id": keys,
            "kind": np.where(random.random(len(acts)) < 0.35, "repost", "comment"),
            "account_id": [crowd[place] for place in who],
            "root_post_id": ids.gather(roots),
            "parent_id": ids.gather(roots),
            "parent_method": pl.repeat("root", len(acts), eager=True),
            "acted_at": utc_series("acted_at", moments),
            "text": words.gather(random.integers(0, len(words), len(acts))),
            "likes_count": pl.repeat(0, len(acts), eager=True).cast(pl.Int64),
        }
    ).with_columns(observed_at=pl.lit(observed))
    counters = table.select("platform", "post_id").join(
        interactions.group_by("root_post_id").agg(
            reposts_count=(pl.col("kind") == "repost").sum().cast(pl.Int64),
            comments_count=(pl.col("kind") == "comment").sum().cast(pl.Int64),
        ),
        left_on="post_id",
        right_on="root_post_id",
        how="left",
        maintain_order="left",
    )
    world = replace(
        base,
        posts=table.select(base.posts.columns).cast(dict(base.posts.schema)),
        post_counters=counters.select(
            "platform",
            "post_id",
            pl.lit(observed).alias("observed_at"),
            pl.col("reposts_count").fill_null(0),
            pl.col("comments_count").fill_null(0),
            likes_count=pl.lit(0, pl.Int64),
            reads_count=pl.lit(None, pl.Int64),
        ).cast(dict(base.post_counters.schema)),
        interactions=interactions.select(base.interactions.columns).cast(
            dict(base.interactions.schema)
        ),
        follows=base.follows.head(0),
        campaigns=base.campaigns.head(0),
    )
    causes = pl.Series([act[2] for act in acts], dtype=pl.String)
    added = pl.DataFrame({"interaction_id": keys, "cause": causes}).drop_nulls()
    return CourseWorld(world, brands, actions, added)


def write_courses(made: CourseWorld, root: Path, format: Format = "canonical") -> None:
    """Write a workspace: the export, `workspace.toml` and `seeds/brand_actions.csv`."""
    write(made.world, root / "export", format)
    spec = made.world.spec
    observed = utc_moment(spec.observed_second)
    lines = [f'timezone = "{spec.timezone}"', "[[sources]]", 'name = "export"',
             f'platform = "{PLATFORM}"', 'kind = "files"', f'format = "{format}"',
             'path = "export"']  # fmt: skip
    if format != "canonical":
        lines.append(f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}")
    names = list(made.brands)
    for brand, account in made.brands.items():
        rivals = ", ".join(f'"{name}"' for name in names if name != brand)
        lines += [
            "[[brands]]",
            f'id = "{brand}"',
            f'name = "{brand}"',
            f'accounts = [{{ platform = "{PLATFORM}", account_id = "{account}" }}]',
            f"competitors = [{rivals}]",
        ]
    (root / "workspace.toml").write_text("\n".join(lines) + "\n")
    (root / "seeds").mkdir(parents=True)
    rows = [
        f"{row['action_id']},{row['brand_id']},promotion,{row['first_day']},"
        f"{row['last_day']},"
        for row in made.actions.iter_rows(named=True)
    ]
    (root / "seeds/brand_actions.csv").write_text(
        "\n".join(["action_id,brand_id,kind,started_at,ended_at,note", *rows]) + "\n"
    )
