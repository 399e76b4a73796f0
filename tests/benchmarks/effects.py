"""Does `brand_actions` tell what actions changed?

`python -m tests.benchmarks.effects [--worlds 20] [--seed 1000] [--courses 100]
[--formats canonical weibo-api] [--only worlds|courses] [--out FILE]` prints

- of worlds written as files, in which four brands of a market post daily, some posts
  draw more than usual and half of the promotions do nothing, all steps run: the share
  of posts with ten posts of their account before, and of written-down promotions with
  21 days before, that get an estimate; how often its interval holds what was added, and
  how often none is claimed where nothing was;
- of so many simulated courses of five kinds with an effect, and as many without, the
  same of the function below the mart.

The intervals' factors were chosen on other worlds: seeds 1 to 7, 77, 78, 3000 to 3019
and 7000.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tasks.campaigns.action_effects import judge_episodes
from tests.workspaces import Lab
from tests.world.brand_courses import (
    CourseSpec,
    CourseWorld,
    plant_courses,
    write_courses,
)

COURSES = ("poisson", "overdispersed", "autoregressive", "drifting", "posts")
SPANS = ((14, 3), (30, 3), (60, 7))
FEWEST_POSTS, FEWEST_DAYS = 10, 21
_START = date(2026, 1, 5)
_MEASURES = ("engagements", "genuine_engagements")


def judge_course_world(seed: int, format: str, folder: Path) -> pl.DataFrame:
    """One world's `brand_actions`, each row beside what was added in truth.

    Returns:
        A row per post or promotion and measure: `kind`, `measure`, `before` (posts of
        the account, or days, before it), `is_complete`, `is_told`, `added`, `low`,
        `high`, `usual_posts`, `controls`.
    """
    quiet = (14, 21, 30)[seed % 3]
    made = plant_courses(CourseSpec(seed=seed, quiet_days=quiet))
    write_courses(made, folder, format)  # type: ignore[arg-type]
    lab = Lab(folder)
    spec = made.world.spec
    lab.run(spec.start, spec.start + timedelta(days=spec.days - 1), publish=False)
    rows = lab.dicts(
        "select * from marts.brand_actions where method = 'usual posts'"
        " or origin = 'written down'"
    )
    genuine = {
        account
        for (account,) in lab.rows(
            "select account_id from intermediate.accounts where is_genuine"
        )
    }
    return pl.DataFrame(_beside_truth(made, rows, genuine), infer_schema_length=None)


def _beside_truth(
    made: CourseWorld, rows: list[dict[str, Any]], genuine: set[str]
) -> Iterable[dict[str, Any]]:
    zone = ZoneInfo(made.world.spec.timezone)
    acts = made.world.interactions.join(made.added, on="interaction_id")
    acts = acts.with_columns(is_genuine=pl.col("account_id").is_in(sorted(genuine)))
    on_post = {
        post: part
        for (post,), part in acts.partition_by("root_post_id", as_dict=True).items()
    }
    of_cause = {
        cause: part
        for (cause,), part in acts.partition_by("cause", as_dict=True).items()
    }
    none = acts.head(0)
    posted: dict[str, list[datetime]] = {}
    for row in rows:
        if row["kind"] == "post":
            posted.setdefault(row["brand_id"], []).append(row["started_at"])
    for row in rows:
        is_post = row["kind"] == "post"
        until = datetime.combine(
            row["effect_until"] + timedelta(days=1), clock(), zone
        ).astimezone(UTC)
        part = (
            on_post.get(row["post_id"], none)
            if is_post
            else of_cause.get(row["action_id"], none)
        ).filter(pl.col("acted_at") < until)
        before = (
            sum(moment < row["started_at"] for moment in posted[row["brand_id"]])
            if is_post
            else (row["first_day"] - made.world.spec.start).days
        )
        for measure in _MEASURES:
            is_genuine = measure == "genuine_engagements"
            yield {
                "kind": "post" if is_post else "promotion",
                "measure": measure,
                "before": before,
                "is_complete": row["is_complete"],
                "is_separable": row["is_separable"],
                "is_told": row[f"expected_{measure}"] is not None,
                "added": (part.filter("is_genuine") if is_genuine else part).height,
                "seen": row[measure],
                "low": row[f"{measure}_change_low"],
                "high": row[f"{measure}_change_high"],
                "usual_posts": row["usual_posts"],
                "controls": row["controls"],
            }


def sum_up(rows: pl.DataFrame, kind: str, fewest: int, most: int = 10_000) -> dict:
    """Shares and coverage of posts or promotions with so much before them."""
    own = rows.filter(
        (pl.col("kind") == kind)
        & pl.col("before").is_between(fewest, most)
        & pl.col("is_complete")
    )
    result: dict[str, Any] = {"rows": own.height // 2}
    for measure in _MEASURES:
        part = own.filter(pl.col("measure") == measure)
        told = part.filter("is_told")
        planted, null = (
            told.filter(pl.col("added") > 0),
            told.filter(pl.col("added") == 0),
        )
        claims = (pl.col("low") > 0) | (pl.col("high") < 0)
        result[measure] = {
            "told": part["is_told"].mean(),
            "planted": planted.height,
            "held": planted.select(
                pl.col("added").is_between(pl.col("low"), pl.col("high")).mean()
            ).item(),
            "found": planted.select((pl.col("low") > 0).mean()).item(),
            "null": null.height,
            "no_claim": null.select((~claims).mean()).item(),
            "separable": told["is_separable"].mean(),
            "with_controls": told["controls"].gt(0).mean(),
        }
    return result


def course(kind: str, days: int, random: np.random.Generator) -> np.ndarray:
    """A brand's daily engagements: level, weekdays, and one kind of noise."""
    when = np.arange(days)
    weekdays = random.normal(0, 0.25, 7)[when % 7] * (random.random() < 0.7)
    mean = np.exp(random.uniform(np.log(5), np.log(500)) + weekdays)
    if kind == "overdispersed":
        shape = random.uniform(2, 20)
        mean *= random.gamma(shape, 1 / shape, days)
    elif kind == "autoregressive":
        noise = np.zeros(days)
        for day in range(1, days):
            noise[day] = 0.6 * noise[day - 1] + random.normal(0, 0.25)
        mean *= np.exp(noise)
    elif kind == "drifting":
        mean *= np.exp(np.cumsum(random.normal(0, 0.08, days)))
    elif kind == "posts":
        drawn = np.zeros(days)
        for day in np.flatnonzero(random.random(days) < 0.6):
            drawn[day:] += np.exp(random.normal(0, 0.8) - np.arange(days - day))
        mean *= drawn
    return random.poisson(mean).astype(float)


def judge_courses(kind: str, before: int, length: int, worlds: int, seed: int) -> dict:
    """Coverage of effects, half of the worlds without any."""
    random = np.random.default_rng([seed, COURSES.index(kind), before])
    days, truth = [], []
    for number in range(2 * worlds):
        counts = course(kind, before + length, random)
        added = np.zeros(length)
        if number % 2:
            added = random.poisson(max(counts[:before].mean(), 1), length)
        counts[before:] += added
        truth.append(added.sum())
        days.append(
            pl.DataFrame(
                {
                    "brand_id": f"{number:04}",
                    "date_day": [
                        _START + timedelta(days=day) for day in range(len(counts))
                    ],
                    "engagements": counts,
                    "genuine_engagements": None,
                    "followers": None,
                    "sentiment_net": None,
                },
                schema_overrides={
                    "genuine_engagements": pl.Float64,
                    "followers": pl.Float64,
                    "sentiment_net": pl.Float64,
                },
            )
        )
    episodes = pl.DataFrame(
        {
            "brand_id": [f"{number:04}" for number in range(2 * worlds)],
            "episode": "action",
            "first_day": _START + timedelta(days=before),
            "last_day": _START + timedelta(days=before + length - 1),
        }
    )
    found = judge_episodes(pl.concat(days), episodes).sort("brand_id")
    rows = found.filter(pl.col("measure") == "engagements")
    effect = np.array(truth)
    low = (rows["observed"] - rows["expected_high"]).to_numpy()
    high = (rows["observed"] - rows["expected_low"]).to_numpy()
    null = effect == 0
    held = (low <= effect) & (effect <= high)
    claimed = (low > 0) | (high < 0)
    return {
        "held": float(held[~null].mean()),
        "no_claim": float((~claimed[null]).mean()),
        "found": float(claimed[~null].mean()),
        "width": float(np.median((high - low)[~null] / effect[~null])),
    }


def measure_worlds(seeds: range, formats: list[str]) -> dict[str, Any]:
    """All worlds, and a line for each kind of action."""
    began = time.perf_counter()
    parts = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            format = formats[seed % len(formats)]
            part = judge_course_world(seed, format, Path(folder))
            parts.append(part.with_columns(seed=pl.lit(seed), format=pl.lit(format)))
    rows = pl.concat(parts, how="vertical_relaxed")
    print(
        f"{len(seeds)} worlds as {' and '.join(formats)},"
        f" {time.perf_counter() - began:.0f} s: told / planted held / none claimed"
        " where none is / planted found"
    )
    result = {}
    for name, kind, fewest, most in (
        ("posts, 10 and more before", "post", FEWEST_POSTS, 10_000),
        ("posts, 10 to 20 before", "post", FEWEST_POSTS, 20),
        ("posts, 21 to 50 before", "post", 21, 50),
        ("posts, over 50 before", "post", 51, 10_000),
        ("promotions, 14 to 20 days before", "promotion", 14, FEWEST_DAYS - 1),
        ("promotions, 21 days and more before", "promotion", FEWEST_DAYS, 10_000),
    ):
        result[name] = sum_up(rows, kind, fewest, most)
        for measure in _MEASURES:
            row = result[name][measure]
            print(
                f"  {name} ({result[name]['rows']}), {measure}:"
                + " /".join(
                    f" {row[key]:.3f}" if row[key] is not None else " -"
                    for key in ("told", "held", "no_claim", "found")
                )
                + f" ({row['planted']} planted, {row['null']} not)"
                + (
                    f"; controls in {row['with_controls']:.2f}"
                    if row["with_controls"] is not None
                    else ""
                ),
                flush=True,
            )
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--courses", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--formats", nargs="+", default=["canonical", "weibo-api"])
    parser.add_argument("--only", choices=("worlds", "courses"))
    parser.add_argument("--kinds", nargs="+", choices=COURSES, default=list(COURSES))
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    result: dict[str, Any] = {"seed": chosen.seed}
    if chosen.only != "courses":
        seeds = range(chosen.seed, chosen.seed + chosen.worlds)
        result["worlds"] = measure_worlds(seeds, chosen.formats)
    if chosen.only != "worlds":
        print("courses: planted effect held / none claimed / effect found / width")
        for kind in chosen.kinds:
            for before, length in SPANS:
                row = judge_courses(kind, before, length, chosen.courses, chosen.seed)
                result[f"{kind}_{before}_{length}"] = row
                print(
                    f"  {kind}, {before} days before, {length} days:"
                    f" {row['held']:.2f} / {row['no_claim']:.2f} / {row['found']:.2f}"
                    f" / {row['width']:.2f}",
                    flush=True,
                )
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
