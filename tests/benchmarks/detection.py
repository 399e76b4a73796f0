"""How well the phantom score works, beside its peers, in one run.

`python -m tests.benchmarks.detection --data DIR [--seed 1] [--out FILE]`
judges first by the command that users run (`audit`, on files; with `--only-command`
nothing else), then by the functions below it. It prints a table with 95 % intervals
(1,000 resamples of the accounts) and writes JSON. `--card FILE` writes what the command
told into a model's card.
The data are labelled real accounts that are not part of the project.

`--prepare DIR` writes instead what the shipped weights were trained on, for
`python -m flows train --labels DIR/labels.csv --accounts DIR/weibo
--accounts DIR/instagram --out data/models/phantom.json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from flows.commands.audit import audit, find_sources
from flows.train import show_accounts
from tasks.accounts import training
from tasks.accounts.evaluation import (
    auc,
    bootstrap,
    brier,
    precision_at,
    recall_at,
)
from tasks.accounts.features import build_features, of_block
from tasks.accounts.phantom_model import BLOCKS, read_curves, shipped_model
from tasks.accounts.phantom_score import (
    evidence_log_odds,
    model_version,
    phantom_probability,
    score,
)
from tasks.accounts.training import Settings, cross_validate
from tasks.verdicts.labels import read_labels
from tests.benchmarks.peers import (
    bigrams,
    forest,
    numpy_features,
    pandas_features,
    rules_1,
    sgbot_features,
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# No genuine account of the labelled set has fewer posts: see its notes.
FEWEST_POSTS = 214
TWITTER = ("cresci2015_e13_int", "kaggle_twitter_bots2017")
# How much each account of a set weighs in training.
WEIGHTS = {"weibo": 1.0, "instafake": 0.5, **dict.fromkeys(TWITTER, 0.5)}
PROFILES = 1_000_000
BY_COMMAND = "weibo, by command"
LIKELY = "likely phantoms (with more than a ratio)"
# By the day in the middle of an account's posts: labels are of about 2014.
_day = pl.col("median_day")
FRESHNESS: dict[str, pl.Expr] = {
    "all": pl.lit(value=True),
    "before July 2015": _day < pl.date(2015, 7, 1),
    "before 2015": _day < pl.date(2015, 1, 1),
    "2015 to June 2016": _day.is_between(pl.date(2015, 1, 1), pl.date(2016, 6, 30)),
    "July 2016 to January 2017": _day.is_between(
        pl.date(2016, 7, 1), pl.date(2017, 1, 31)
    ),
    "since February 2017": _day >= pl.date(2017, 2, 1),
    "no posts": _day.is_null(),
}
_SECTION, _AFTER = "## Through the command", "## Not for"


def prepare(data: Path, folder: Path) -> None:
    """Write labels and exports of the shipped model's training."""
    weibo, instagram = folder / "weibo", folder / "instagram"
    for made in (weibo, instagram):
        made.mkdir(parents=True, exist_ok=True)
    for name in ("users.jsonl", "statuses.jsonl"):
        (weibo / name).write_bytes((data / "weibo_accounts" / name).read_bytes())
    posts = pl.read_ndjson(data / "weibo_accounts" / "users.jsonl").select(
        account_id=pl.col("idstr"), posts=pl.col("statuses_count")
    )
    labelled = pl.read_csv(
        data / "weibo_accounts" / "labels.csv",
        schema_overrides={"account_id": pl.String},
    ).join(posts, on="account_id")
    fakes = pl.read_parquet(data / "bot_profiles" / "instafake.parquet")
    pl.concat(
        [
            labelled.filter(pl.col("posts") >= FEWEST_POSTS).select(
                pl.lit("weibo").alias("platform"),
                "account_id",
                pl.col("is_phantom").cast(pl.Int64),
                pl.lit(WEIGHTS["weibo"]).alias("weight"),
            ),
            fakes.select(
                pl.lit("instagram").alias("platform"),
                "account_id",
                (pl.col("label") == "bot").cast(pl.Int64).alias("is_phantom"),
                pl.lit(WEIGHTS["instafake"]).alias("weight"),
            ),
        ]
    ).sort("platform", "account_id").write_csv(folder / "labels.csv")
    as_accounts(fakes).select(
        pl.lit("instagram").alias("platform"),
        "account_id",
        "followers_count",
        "following_count",
        "posts_count",
        pl.lit("2019-01-01T00:00:00Z").alias("observed_at"),
    ).write_parquet(instagram / "accounts.parquet")


def as_accounts(profiles: pl.DataFrame) -> pl.DataFrame:
    """Another network's profiles under our names; age and likes stay unknown."""
    return profiles.rename(
        {"friends_count": "following_count", "statuses_count": "posts_count"}
    ).with_columns(
        platform=pl.col("dataset"),
        is_verified=pl.col("verified"),
        has_default_avatar=pl.col("default_profile_image"),
        is_phantom=pl.col("label") == "bot",
        view=pl.lit("full"),
    )


@dataclass
class Table:
    """Lines for people and for JSON."""

    lines: list[dict[str, str]]

    def add(self, part: str, what: str, **figures: object) -> None:
        """Print a line at once and keep it."""
        line = {"part": part, "what": what}
        line |= {name: str(value) for name, value in figures.items()}
        self.lines.append(line)
        told = "  ".join(f"{name} {value}" for name, value in figures.items())
        print(f"{part:<22} {what:<44} {told}", flush=True)


def judge_clean_part(table: Table, examples: pl.DataFrame, settings: Settings) -> None:
    """Ours and the peers by the same folds; then other approaches, then less data."""
    part = "weibo, clean part"
    weibo = examples.filter(
        (pl.col("platform") == "weibo") & (pl.col("view") == "full")
    ).sort("platform", "account_id")
    truth = weibo["is_phantom"].to_numpy()
    folds = training._folds(weibo, settings)

    def tell(what: str, probability: FloatArray) -> None:
        figures = {
            name: bootstrap(measure, probability, truth, settings.seed)
            for name, measure in (
                ("AUC", auc),
                ("Brier", brier),
                ("precision_at_.8", precision_at(0.8)),
                ("recall_at_.8", recall_at(0.8)),
            )
        }
        table.add(part, what, **figures)

    def by_fold(fit: Callable[[BoolArray], FloatArray]) -> FloatArray:
        found = np.zeros(len(truth))
        for number in range(settings.folds):
            apart = folds == number
            found[apart] = fit(apart)[apart]
        return found

    tell("this model, signs added", our_folds(examples, weibo, settings))
    tell("rules-1", rules_1(weibo))
    likelihood = bigrams(weibo["screen_name"].drop_nulls().to_list())
    profile = sgbot_features(weibo, likelihood)
    both = np.hstack([build_features(weibo, block).to_numpy() for block in BLOCKS])
    filled = np.nan_to_num(both, nan=-1)

    def by_forest(inputs: FloatArray) -> FloatArray:
        return by_fold(
            lambda apart: forest(inputs[~apart], truth[~apart]).predict_proba(inputs)[
                :, 1
            ]
        )

    tell("RF, SGBot's profile features", by_forest(profile))
    tell("approach 2: RF, our features", by_forest(filled))
    directions = [feature.direction for b in BLOCKS for feature in of_block(b)]
    joint = by_fold(lambda apart: boost(both, truth, ~apart, directions))
    tell("approach 3: one LightGBM, four leaves", joint)
    texts = by_fold(lambda apart: read_texts(weibo["texts"].to_list(), truth, ~apart))
    log_odds = np.log(joint / (1 - joint))
    stacked = 1 / (1 + np.exp(-(log_odds + 0.5 * (texts - texts.mean()) / texts.std())))
    tell("approach 4: that and a model of the texts", stacked)
    for share in (0.25, 0.5, 0.75):
        tell(
            f"this model, {share:.0%} of the training accounts",
            our_folds(examples, weibo, settings, share),
        )


def judge_by_command(table: Table, data: Path, settings: Settings) -> None:
    """The clean part as `audit` judges it, on files, by weights without these accounts.

    Each fold's weights are written as `train` writes them and given to `audit`.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(data, root)
        paths = [root / "weibo", root / "instagram"]
        labels = read_labels(root / "labels.csv")
        examples = show_accounts(find_sources(paths, None, []), labels)
        examples = examples.sort("platform", "account_id", "view")
        folds = training._folds(examples, settings)
        found = []
        for number in range(settings.folds):
            weights = root / f"without-{number}.json"
            rest = examples.filter(folds != number)
            weights.write_text(training.train_model(rest, settings), encoding="utf-8")
            table_file = root / "accounts.parquet"
            audit(paths, None, table_file, weights)
            apart = examples.filter(folds == number).select("platform", "account_id")
            found.append(
                pl.read_parquet(table_file).join(
                    apart.unique(), on=["platform", "account_id"]
                )
            )
        dates = (
            pl.read_ndjson(root / "weibo" / "statuses.jsonl", infer_schema_length=None)
            .select(
                account_id=pl.col("user").struct.field("idstr"),
                at=pl.col("created_at").str.to_datetime("%a %b %d %H:%M:%S %z %Y"),
            )
            .group_by("account_id")
            .agg(median_day=pl.col("at").median().dt.date())
        )
    judged = (
        pl.concat(found)
        .filter(pl.col("platform") == "weibo")
        .join(labels, on=["platform", "account_id"])
        .join(dates, on="account_id", how="left")
        .sort("account_id")
    )
    for what, chosen in FRESHNESS.items():
        rows = judged.filter(chosen)
        probability = rows["phantom_probability"].to_numpy()
        truth = rows["is_phantom"].to_numpy()
        figures = {
            name: bootstrap(measure, probability, truth, settings.seed)
            for name, measure in (
                ("AUC", auc),
                ("Brier", brier),
                ("precision_at_.8", precision_at(0.8)),
                ("recall_at_.8", recall_at(0.8)),
            )
        }
        table.add(
            BY_COMMAND,
            what,
            accounts=len(rows),
            phantoms=int(truth.sum()),
            **figures,
        )
    likely = judged.filter(pl.col("phantom_level") == "phantom")
    table.add(
        BY_COMMAND,
        LIKELY,
        precision=f"{likely['is_phantom'].mean() or 0:.3f}",
        recall=f"{likely['is_phantom'].sum() / judged['is_phantom'].sum():.3f}",
    )


def with_command(card: str, table: Table, settings: Settings) -> str:
    """A card with a section of what the command told, in place of an earlier one."""
    head, after = card.split(_AFTER)
    told = {line["what"]: line for line in table.lines if line["part"] == BY_COMMAND}
    likely = told.pop(LIKELY)
    rows = [
        f"| {what} | {line['accounts']} | {line['phantoms']} | {line['AUC']} |"
        f" {line['Brier']} | {line['precision_at_.8']} / {line['recall_at_.8']} |"
        for what, line in told.items()
    ]
    section = [
        _SECTION,
        "",
        "Weibo's labelled accounts, each judged by `audit` on files, by weights trained"
        " as these are on the other folds"
        f" (`python -m tests.benchmarks.detection --data DIR --only-command --seed"
        f" {settings.seed} --card data/models/phantom.md`). Labels are of about 2014,"
        " the newest posts of May 2017: rows go by the day in the middle of an"
        " account's posts (all are the last five together). What was written long after"
        " its label tells less of it.",
        "",
        "| posts | accounts | phantoms | AUC | Brier | precision / recall from 0.8 |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "Likely phantoms by level, which a ratio alone makes nobody: precision"
        f" {likely['precision']}, recall {likely['recall']}.",
        "",
    ]
    text = "\n".join(section).replace("nan (nan to nan)", "none")
    return head.split(_SECTION)[0] + text + "\n" + _AFTER + after


def our_folds(
    examples: pl.DataFrame, weibo: pl.DataFrame, settings: Settings, share: float = 1.0
) -> FloatArray:
    """Out-of-fold probabilities of the product's own training, in weibo's order."""
    keys = ["platform", "account_id"]
    random = np.random.default_rng(settings.seed)
    draw = examples.select(keys).unique().sort(keys)
    draw = draw.with_columns(draw=pl.Series(random.random(len(draw))))
    rows = examples.join(draw, on=keys)
    found = []
    for model, apart in cross_validate(rows, settings):
        if share < 1:
            known = apart.select(keys).unique()
            rest = rows.join(known, on=keys, how="anti").filter(pl.col("draw") < share)
            model = training.read_model(training.train_model(rest, settings))
        judged = apart.filter(pl.col("view") == "full")
        found.append(
            judged.select(keys).with_columns(
                probability=phantom_probability(judged, model)
            )
        )
    return weibo.join(pl.concat(found), on=keys, how="left", maintain_order="left")[
        "probability"
    ].to_numpy()


def boost(
    inputs: FloatArray, truth: BoolArray, known: BoolArray, directions: list[int]
) -> FloatArray:
    """One booster over both blocks, settings fixed beforehand."""
    booster = lgb.train(
        {
            "objective": "binary",
            "learning_rate": 0.03,
            "num_leaves": 4,
            "min_data_in_leaf": 20,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "monotone_constraints": directions,
            "seed": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        },
        lgb.Dataset(inputs[known], truth[known].astype(int)),
        250,
    )
    return np.asarray(booster.predict(inputs))


def read_texts(texts: list[str], truth: BoolArray, known: BoolArray) -> FloatArray:
    """Logistic regression over n-grams of one to three characters."""
    vectors = TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 3),
        min_df=5,
        max_features=40_000,
        sublinear_tf=True,
    )
    inside = [text for text, keep in zip(texts, known, strict=True) if keep]
    model = LogisticRegression(C=3, max_iter=500).fit(
        vectors.fit_transform(inside), truth[known]
    )
    return np.asarray(model.decision_function(vectors.transform(texts)))


def judge_other_sets(table: Table, examples: pl.DataFrame, data: Path) -> None:
    """Whole sets left out: profiles only, the features that Weibo has."""
    settings = Settings()
    sets = {
        name: as_accounts(pl.read_parquet(data / "bot_profiles" / f"{name}.parquet"))
        for name in (*TWITTER, "instafake")
    }
    weibo = examples.filter(
        (pl.col("platform") == "weibo") & (pl.col("view") == "full")
    )
    # Bagging depends on the order of rows, a database's is its own.
    weibo = weibo.sort("account_id")
    known = {"weibo": weibo, **sets}
    trials = [(("weibo", "instafake"), name) for name in TWITTER]
    trials += [
        (("weibo", "instafake", other), name)
        for name, other in (TWITTER, TWITTER[::-1])
    ]
    trials.append((("weibo", *TWITTER), "instafake"))
    trials.append((("weibo",), "instafake"))
    for used, left_out in trials:
        rows = pl.concat(
            [
                known[name].with_columns(weight=WEIGHTS[name], platform=pl.lit(name))
                for name in used
            ],
            how="diagonal_relaxed",
        )
        target = known[left_out]
        truth = target["is_phantom"].to_numpy()
        curves = read_curves(training._fit(rows, "profile", settings))
        # Local features are unknown on a network that no labelled account is of.
        is_seen = any(name in TWITTER for name in used) and left_out in TWITTER
        local = [one.name for one in of_block("profile") if one.is_local]
        inputs = build_features(target, "profile").with_columns(
            pl.lit(None, pl.Float64).alias(name) for name in local if not is_seen
        )
        learned = curves.log_odds(inputs)
        likelihood = bigrams(rows["screen_name"].drop_nulls().to_list())
        weight = rows["weight"].to_numpy()
        peer = forest(
            sgbot_features(rows, likelihood), rows["is_phantom"].to_numpy(), weight
        ).predict_proba(sgbot_features(target, likelihood))[:, 1]
        table.add(
            "whole set left out",
            f"{' + '.join(used)} -> {left_out}",
            AUC_model=bootstrap(auc, learned, truth, 1),
            AUC_with_signs=bootstrap(
                auc, learned + evidence_log_odds(target), truth, 1
            ),
            AUC_RF=bootstrap(auc, peer, truth, 1),
        )


def race(table: Table) -> None:
    """Profiles a second on this machine, best of three, at what load it has."""
    random = np.random.default_rng(1)
    names = pl.Series(["王小明", "tea_lover", "用户53700", "阿茶", "Anna_"])
    texts = pl.Series(["喜欢喝茶，热爱生活", "", "coffee and tea", "做自己"])
    frame = pl.DataFrame(
        {
            "account_id": pl.Series(np.arange(PROFILES)).cast(pl.String),
            "screen_name": names.gather(random.integers(0, 5, PROFILES))
            + pl.Series(random.integers(0, 9999, PROFILES)).cast(pl.String),
            "description": texts.gather(random.integers(0, 4, PROFILES)),
            "followers_count": random.lognormal(4, 2, PROFILES).astype(int),
            "following_count": random.lognormal(5, 1, PROFILES).astype(int),
            "posts_count": random.lognormal(5, 2, PROFILES).astype(int),
        }
    ).with_columns(
        platform=pl.lit("weibo"), observed_at=pl.lit(None, pl.Datetime("us"))
    )
    shown = frame.to_pandas()
    runs: list[tuple[str, Callable[[], object]]] = [
        ("features, pandas", lambda: pandas_features(shown)),
        ("features, polars and numpy", lambda: numpy_features(frame)),
        ("features, this", lambda: build_features(frame, "profile")),
        (
            "features and probability, this",
            lambda: phantom_probability(frame, shipped_model()),
        ),
        ("features, levels and reasons, this", lambda: score(frame, 0.5, 0.8)),
    ]
    for what, run in runs:
        best = min(_seconds(run) for _ in range(3))
        table.add("speed", what, profiles_per_second=f"{PROFILES / best / 1e6:.2f} M")


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def load(data: Path) -> pl.DataFrame:
    """Labelled accounts by the product's own path, with their texts for one peer."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(data, root)
        sources = find_sources([root / "weibo", root / "instagram"], None, [])
        examples = show_accounts(sources, read_labels(root / "labels.csv"))
        texts = (
            pl.read_ndjson(root / "weibo" / "statuses.jsonl", infer_schema_length=None)
            .select(
                account_id=pl.col("user").struct.field("idstr"), text=pl.col("text")
            )
            .group_by("account_id")
            .agg(texts=pl.col("text").sort().str.join(" "))
        )
    return examples.join(texts, on="account_id", how="left").with_columns(
        pl.col("texts").fill_null("")
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only-command", action="store_true")
    parser.add_argument("--card", type=Path, metavar="FILE")
    parser.add_argument("--prepare", type=Path, metavar="DIR")
    chosen = parser.parse_args()
    if not (chosen.data / "weibo_accounts").exists():
        raise SystemExit(f"{chosen.data}/weibo_accounts does not exist: give --data")
    if chosen.prepare:
        prepare(chosen.data, chosen.prepare)
        return
    table = Table([])
    print(f"shipped model {model_version()}, seed {chosen.seed}")
    settings = Settings(seed=chosen.seed)
    judge_by_command(table, chosen.data, settings)
    if chosen.card:
        card = chosen.card.read_text(encoding="utf-8")
        told = with_command(card, table, settings)
        chosen.card.write_text(told, encoding="utf-8")
    if chosen.only_command:
        return
    race(table)
    examples = load(chosen.data)
    judge_other_sets(table, examples, chosen.data)
    judge_clean_part(table, examples, settings)
    if chosen.out:
        found: dict[str, Any] = {
            "model": model_version(),
            "seed": chosen.seed,
            "lines": table.lines,
        }
        chosen.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
