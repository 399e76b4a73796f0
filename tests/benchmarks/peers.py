"""What the phantom score is measured against: published approaches, and old rules.

- SGBot / BotometerLite (Yang et al., AAAI 2020): counts, ratios and name shape of a
  profile in a random forest; growth rates need a registration day, which none of
  the labelled Weibo accounts has.
- rules-1: the transparent noisy-or of judged weights that came before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

FloatArray = NDArray[np.float64]

SGBOT = (
    "followers_count",
    "following_count",
    "posts_count",
    "followers_per_following",
    "name_length",
    "name_digits",
    "description_length",
    "name_likelihood",
)


def sgbot_features(frame: pl.DataFrame, likelihood: dict[str, float]) -> FloatArray:
    """The profile's features; -1 where unknown, as the forest wants it."""
    name = pl.col("screen_name")
    table = frame.select(
        pl.col("followers_count", "following_count", "posts_count").cast(pl.Float64),
        followers_per_following=pl.col("followers_count")
        / pl.col("following_count").clip(1, None),
        name_length=name.str.len_chars().cast(pl.Float64),
        name_digits=name.str.count_matches(r"\d").cast(pl.Float64),
        description_length=pl.col("description").str.len_chars().cast(pl.Float64),
        name_likelihood=name.map_elements(
            lambda text: _likelihood(text, likelihood), return_dtype=pl.Float64
        ),
    )
    return table.select(SGBOT).fill_null(-1).fill_nan(-1).to_numpy()


def bigrams(names: list[str]) -> dict[str, float]:
    """Shares of the characters' bigrams in a reference population."""
    counts: dict[str, int] = {}
    for name in names:
        for place in range(len(name) - 1):
            pair = name[place : place + 2]
            counts[pair] = counts.get(pair, 0) + 1
    total = sum(counts.values())
    return {pair: number / total for pair, number in counts.items()}


def _likelihood(name: str, shares: dict[str, float]) -> float:
    pairs = [shares.get(name[i : i + 2], 1e-7) for i in range(len(name) - 1)]
    return float(np.exp(np.mean(np.log(pairs)))) if pairs else 0.0


def forest(
    inputs: FloatArray, truth: NDArray[np.bool_], weight: FloatArray | None = None
) -> RandomForestClassifier:
    """The peers' random forest."""
    return RandomForestClassifier(
        300, min_samples_leaf=3, random_state=0, n_jobs=2
    ).fit(inputs, truth, sample_weight=weight)


def rules_1(frame: pl.DataFrame) -> FloatArray:
    """Probabilities of the rule score that the learned one took the place of."""
    col = pl.col
    rules = [
        (col("followers_count") < 5, 0.40),
        (col("posts_count") < 5, 0.40),
        (
            (col("following_count") >= 300)
            & (col("followers_count") * 10 < col("following_count")),
            0.45,
        ),
        (col("age_days_at_first_act").is_between(0, 29), 0.35),
        (col("screen_name").str.contains(r"^用户\d{6,}$|\d{6,}$"), 0.30),
        (col("has_default_avatar"), 0.25),
        (col("has_empty_description") & (col("posts_count") < 30), 0.10),
        (
            (col("own_texts") >= 5)
            & (col("distinct_own_texts") * 3 <= col("own_texts")),
            0.55,
        ),
        (col("acts") >= 60 * col("active_days"), 0.55),
        ((col("acts") >= 20) & (col("reposts") == col("acts")), 0.25),
    ]
    genuine = pl.lit(1.0)
    for holds, weight in rules:
        genuine = genuine * pl.when(holds.fill_null(value=False)).then(
            1 - weight
        ).otherwise(1.0)
    trust = pl.when(col("is_verified").fill_null(value=False)).then(0.5).otherwise(1.0)
    return frame.select(p=(1 - genuine) * trust)["p"].to_numpy()


def pandas_features(frame: pd.DataFrame) -> pd.DataFrame:
    """BotometerLite's features the usual way, for the race."""
    name = frame["screen_name"]
    description = frame["description"].fillna("")
    return pd.DataFrame(
        {
            "followers": frame["followers_count"],
            "following": frame["following_count"],
            "posts": frame["posts_count"],
            "ratio": frame["followers_count"] / frame["following_count"].clip(lower=1),
            "followers_per_post": frame["followers_count"] / (frame["posts_count"] + 1),
            "following_per_post": frame["following_count"] / (frame["posts_count"] + 1),
            "name_length": name.str.len(),
            "digits": name.str.count(r"\d"),
            "latin": name.str.count("[A-Za-z]"),
            "description": description.str.len(),
        }
    )


def numpy_features(frame: pl.DataFrame) -> FloatArray:
    """The same by polars for the texts and numpy for the numbers."""
    name = frame["screen_name"]
    counts = [
        frame[column].to_numpy().astype(np.float64)
        for column in ("followers_count", "following_count", "posts_count")
    ]
    followers, following, posts = counts
    return np.column_stack(
        [
            *counts,
            followers / np.maximum(following, 1),
            followers / (posts + 1),
            following / (posts + 1),
            name.str.len_chars().to_numpy(),
            name.str.count_matches(r"\d").to_numpy(),
            name.str.count_matches("[A-Za-z]").to_numpy(),
            frame["description"].str.len_chars().to_numpy(),
        ]
    )
