"""Training: the same bytes each time, sound figures, honest folds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from tasks.accounts.evaluation import (
    auc,
    bootstrap,
    brier,
    calibration_bins,
    precision_at,
    recall_at,
)
from tasks.accounts.features import FEATURES, build_features, of_block
from tasks.accounts.model_card import describe_model
from tasks.accounts.phantom_model import (
    BLOCKS,
    LONG_ACTS,
    SHIPPED,
    Calibration,
    case_of,
    read_curves,
    read_model,
    shipped_model,
)
from tasks.accounts.training import Settings, cross_validate, train_model
from tests.benchmarks import detection

QUICK = Settings(rounds=25, folds=3)


def examples(accounts: int = 240, seed: int = 2) -> pl.DataFrame:
    """Accounts whose phantoms follow more; a third of them has no timeline."""
    random = np.random.default_rng(seed)
    phantom = random.random(accounts) < 0.4
    acts = np.where(np.arange(accounts) % 3 == 0, 0, random.integers(5, 50, accounts))
    frame = pl.DataFrame(
        {
            "platform": ["weibo"] * accounts,
            "account_id": [str(1000 + number) for number in range(accounts)],
            "screen_name": ["茶友"] * accounts,
            "followers_count": random.lognormal(4, 1, accounts).astype(int),
            "following_count": random.lognormal(4 + phantom, 1).astype(int),
            "posts_count": random.integers(214, 4000, accounts),
            "is_phantom": phantom,
            "weight": [1.0] * accounts,
            "timeline_acts": acts,
            "timeline_posts": acts,
            "timeline_texts": acts,
            "timeline_sales_texts": random.binomial(acts, 0.2 + 0.3 * phantom),
        }
    ).with_columns(
        pl.when(pl.col("timeline_acts") > 0).then(pl.col(name))
        for name in ("timeline_acts", "timeline_posts", "timeline_texts")
    )
    return pl.concat(
        frame.with_columns(view=pl.lit(view)) for view in ("full", "last-5")
    )


@pytest.fixture(scope="module")
def trained() -> str:
    return train_model(examples(), QUICK)


def test_two_trainings_give_the_same_bytes(trained: str) -> None:
    """Whatever order the accounts came in."""
    shuffled = examples().sample(fraction=1.0, shuffle=True, seed=9)
    assert train_model(shuffled, QUICK) == trained
    assert train_model(examples(), Settings(rounds=25, folds=3, seed=2)) != trained


def test_curves_are_the_booster(trained: str) -> None:
    """Sum and parts: LightGBM's own prediction and its SHAP values."""
    for block in BLOCKS:
        text = "\n".join(json.loads(trained)["boosters"][block]) + "\n"
        booster = lgb.Booster(model_str=text)
        inputs = build_features(examples(), block)
        curves = read_curves(booster)
        # Written beside the booster, to the last digit.
        written = read_model(trained).curves[block]
        np.testing.assert_array_equal(written.log_odds(inputs), curves.log_odds(inputs))
        raw = booster.predict(inputs.to_numpy(), raw_score=True)
        np.testing.assert_allclose(curves.log_odds(inputs), raw, atol=1e-12)
        shap = booster.predict(inputs.to_numpy(), pred_contrib=True)
        assert curves.average == pytest.approx(shap[0, -1])
        for place, feature in enumerate(of_block(block)):
            curve = curves.by_feature.get(feature.name)
            added = curve(inputs[feature.name].to_numpy()) if curve else 0.0
            np.testing.assert_allclose(added, shap[:, place], atol=1e-12)


def test_trees_of_several_splits_are_refused() -> None:
    inputs = np.random.default_rng(0).random((200, 2))
    deep = lgb.train(
        {"num_leaves": 4, "verbose": -1, "min_data_in_leaf": 5},
        lgb.Dataset(inputs, inputs.sum(axis=1)),
        2,
    )
    with pytest.raises(ValueError, match="more than one split"):
        read_curves(deep)


def test_no_account_judges_itself() -> None:
    """All views of an account stand in one fold, and every account in one."""
    seen: list[str] = []
    for model, apart in cross_validate(examples(), QUICK):
        assert model.prior == pytest.approx(0.4, abs=0.1)
        seen += apart["account_id"].unique().to_list()
        assert apart.group_by("account_id").len()["len"].unique().to_list() == [2]
    assert sorted(seen) == sorted(examples()["account_id"].unique())


def test_noise_is_not_learned() -> None:
    """Labels drawn by lot: out of fold nothing is found. Leaks would show here."""
    random = np.random.default_rng(4)
    lots = examples().select("account_id").unique().sort("account_id")
    lots = lots.with_columns(is_phantom=pl.Series(random.random(len(lots)) < 0.5))
    rows = examples().drop("is_phantom").join(lots, on="account_id")
    truth, found = [], []
    for model, apart in cross_validate(rows, QUICK):
        truth.append(apart["is_phantom"].to_numpy())
        found.append(model.log_odds(apart))
    assert 0.38 < auc(np.concatenate(found), np.concatenate(truth)) < 0.62


def test_signal_of_either_block_is_found(trained: str) -> None:
    """Each alone ranks; what the other adds makes it better."""
    other = examples(seed=5).filter(pl.col("view") == "full")
    truth = other["is_phantom"].to_numpy()
    model = read_model(trained)
    counts = ["followers_count", "following_count", "posts_count"]
    timeline = [name for name in other.columns if name.startswith("timeline")]
    both = auc(model.log_odds(other), truth)
    assert both > auc(model.log_odds(other.drop(timeline)), truth) > 0.6
    assert both > auc(model.log_odds(other.drop(counts)), truth) > 0.6


def test_cases_of_what_is_known() -> None:
    rows = pl.DataFrame(
        {
            "followers_count": [1, 1, 1, None, None, None],
            "timeline_acts": [None, 3, 15, 14, 50, 2],
        }
    )
    assert rows.select(case=case_of(rows))["case"].to_list() == [
        "profile",
        "profile+short",
        "profile+long",
        "short",
        "long",
        None,  # two acts are no timeline
    ]


def test_a_case_that_was_not_labelled_is_scored_by_the_nearest(trained: str) -> None:
    """A platform without labelled timelines takes another's; else the profile's."""
    model = read_model(trained)
    profile = Calibration(-2.0, 1.0, 0.0)
    rows = examples().filter(pl.col("timeline_acts") >= LONG_ACTS)
    elsewhere = rows.with_columns(platform=pl.lit("x"))
    own = replace(
        model,
        calibrations={**model.calibrations, "x": {"profile": profile}},
        platforms=("weibo", "x"),
    )
    assert (own.log_odds(elsewhere) == model.log_odds(rows)).all()
    bare = replace(model, calibrations={"*": {"profile": profile}})
    alone = rows.drop([name for name in rows.columns if name.startswith("timeline")])
    assert (bare.log_odds(rows) == bare.log_odds(alone)).all()


def test_what_is_a_networks_own_counts_where_it_was_learned(trained: str) -> None:
    """How many an account follows is unknown elsewhere; the ratio is not."""
    model = read_model(trained)
    assert model.platforms == ("weibo",)
    few, many = (
        pl.DataFrame(
            {
                "platform": ["weibo", "x"],
                "followers_count": [9, 9],
                "following_count": [following] * 2,
                "posts_count": [500, 500],
            }
        )
        for following in (30, 3000)
    )
    of_few, of_many = model.contributions(few), model.contributions(many)
    assert of_few["following_count"][0] < of_many["following_count"][0]
    assert of_few["following_count"][1] == of_many["following_count"][1]
    curve = model.curves["profile"].by_feature["following_count"]
    weight = model.calibrations["*"]["profile"].profile
    assert of_few["following_count"][1] == pytest.approx(weight * curve.unknown)
    assert np.isnan(model.shares_of_genuine(few).get("following_count", [0, np.nan])[1])


def test_too_few_labels_are_refused() -> None:
    one_class = examples().with_columns(is_phantom=pl.lit(value=True))
    with pytest.raises(ValueError, match="at least 3 phantom and 3 genuine"):
        train_model(one_class, QUICK)


def test_weights_changed_by_hand_are_refused(trained: str) -> None:
    changed = json.loads(trained)
    changed["prior"] = 0.5
    with pytest.raises(ValueError, match="train them again"):
        read_model(json.dumps(changed))
    changed = json.loads(trained)
    changed["curves"]["profile"]["average"] += 1
    with pytest.raises(ValueError, match="the curves are not those of"):
        read_model(json.dumps(changed))


def test_shipped_curves_are_the_boosters() -> None:
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    with_curves = read_model(json.dumps(shipped))
    del shipped["curves"]
    boosters_alone = read_model(json.dumps(shipped))
    assert with_curves.version == boosters_alone.version
    for block in BLOCKS:
        inputs = build_features(examples(), block)
        np.testing.assert_array_equal(
            with_curves.curves[block].log_odds(inputs),
            boosters_alone.curves[block].log_odds(inputs),
        )


def test_scoring_loads_no_training_library() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from tasks.accounts.phantom_model import shipped_model\n"
            "import tasks.deduplicate\n"
            "shipped_model()\n"
            "print({'lightgbm', 'sklearn', 'pandas'} & sys.modules.keys())",
        ],
        cwd=SHIPPED.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


def test_card_tells_figures_and_limits(trained: str) -> None:
    card = describe_model(trained, examples(), QUICK)
    text = card.text("plot.svg")
    assert "Not for" in text
    assert "![Share of phantoms by probability](plot.svg)" in text
    assert re.search(r"\| weibo, 240 \| everything known \| 0\.\d+ \(", text)
    assert sum(accounts for _, _, accounts in card.calibration) == 240


def test_shipped_card_tells_the_command_and_freshness() -> None:
    """A card is written by `train`; the benchmark adds what `audit` gave."""
    card = SHIPPED.with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith(f"# Phantom model {shipped_model().version}\n")
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| \d+ \| 0\.\d+ \(", card, re.MULTILINE)
    accounts = {what: int(number) for what, number in rows}
    assert set(accounts) == set(detection.FRESHNESS)
    parts = set(accounts) - {"all", "before July 2015"}
    assert sum(accounts[part] for part in parts) == accounts["all"]


def test_section_of_the_command_replaces_itself() -> None:
    table = detection.Table([])
    figures = {"AUC": 0.5, "Brier": 0.2, "precision_at_.8": 1, "recall_at_.8": 0.1}
    table.add(detection.BY_COMMAND, "all", accounts=9, phantoms=4, **figures)
    table.add(detection.BY_COMMAND, detection.LIKELY, precision="1.000", recall="0.1")
    once = detection.with_command("# A\n\n## Not for\n\n- Proof.\n", table, QUICK)
    assert "| all | 9 | 4 | 0.5 | 0.2 | 1 / 0.1 |" in once
    assert once.endswith("\n\n## Not for\n\n- Proof.\n")
    assert detection.with_command(once, table, QUICK) == once


def test_shipped_weights_hold_no_texts() -> None:
    """Nothing of the labelled people: names of features and numbers only."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert "@" not in shipped
    assert shipped.isascii()
    words = set(
        re.findall(
            r"[a-z_]{4,}",
            " ".join(
                line
                for block in BLOCKS
                for line in json.loads(shipped)["boosters"][block]
                if line.startswith(("feature_names=", "feature_infos="))
            ),
        )
    )
    assert (
        words
        == {feature.name for feature in FEATURES}
        | {
            "feature_names",
            "feature_infos",
            "none",
        }
        & words
    )


def test_figures_equal_their_definitions() -> None:
    probability = np.array([0.1, 0.4, 0.4, 0.8, 0.9])
    truth = np.array([False, False, True, False, True])
    # Pairs of a phantom and a genuine account, won, drawn (half) or lost.
    assert auc(probability, truth) == pytest.approx((1 + 0.5 + 0 + 3) / 6)
    assert brier(probability, truth) == pytest.approx(
        (0.01 + 0.16 + 0.36 + 0.64 + 0.01) / 5
    )
    assert precision_at(0.8)(probability, truth) == 0.5
    assert recall_at(0.8)(probability, truth) == 0.5
    assert np.isnan(auc(probability, np.ones(5, bool)))
    assert calibration_bins(probability, truth, bins=2) == [
        (pytest.approx(0.3), pytest.approx(1 / 3), 3),
        (pytest.approx(0.85), 0.5, 2),
    ]
    interval = bootstrap(auc, np.tile(probability, 20), np.tile(truth, 20), seed=1)
    assert interval.low < interval.value < interval.high
