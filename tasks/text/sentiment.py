"""Sentiment of Chinese comments: negative, neutral or positive, as probabilities.

Two linear scores over character n-grams of one to three: how positive a text is, and
how neutral. Each is a sum of four regressions, weighed on texts that they never saw:
positive against negative, and each label against the others on features that a naive
Bayes scaled (NBSVM; Wang and Manning, ACL 2012). Data, figures and limits stand in
`data/models/sentiment.md`. A text is judged as it is: whoever wants the last author's
own words cuts a chain of reposts off first. Traditional characters count as their
simplified ones.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.text.character_ngrams import (
    Vocabulary,
    code_points,
    make_vocabulary,
    plain_words,
)

FloatArray = npt.NDArray[np.float64]

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "models" / "sentiment.npz"
LABELS = ("negative", "neutral", "positive")
# What a balance (positive less negative, as share) is wrong by, of a kind of product
# that training never saw: root mean square over ten kinds left out (see the card).
BALANCE_ERROR = 0.16
# Texts at once: what they need stays in the processor's cache.
_CHUNK = 4096
# Probabilities never reach 0 or 1: nothing is certain.
_FLOOR = 1e-4


@dataclass(frozen=True)
class SentimentModel:
    """Weights, as they are shipped.

    Attributes:
        vocabulary: the n-grams that count.
        weights: a row a feature and one of zeros: what it adds to positive against
            negative, what to neutral against both, and its squared inverse document
            frequency, whose sum is the length of a text.
        offsets: of the two scores.
        prior: negative, neutral, positive where a text says nothing that is known.
    """

    vocabulary: Vocabulary
    weights: npt.NDArray[np.float32]
    offsets: FloatArray
    prior: FloatArray


def score(texts: pl.Series, model: SentimentModel | None = None) -> pl.DataFrame:
    """The sentiment of each text.

    Args:
        texts: any text; a missing one, an empty one and one without a known character
            get the shares of the training texts.
        model: the shipped one by default.

    Returns:
        negative, neutral, positive: three probabilities that sum to 1, a row a text in
        the order of the texts. Equal texts have equal rows, whatever stands beside
        them. Cost: linear in characters.
    """
    used = model or shipped_model()
    parts = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda part: _score_part(part, used), parts))
    table = np.concatenate(rows) if rows else np.empty((0, 3))
    return pl.DataFrame(
        {name: table[:, place] for place, name in enumerate(LABELS)},
        schema=dict.fromkeys(LABELS, pl.Float64),
    )


def _outermost(ngrams: list[str], most: int) -> list[str]:
    chosen: list[str] = []
    for ngram in ngrams:
        if len(chosen) == most:
            break
        if not any(ngram in other or other in ngram for other in chosen):
            chosen.append(ngram)
    return chosen


def _score_part(texts: pl.Series, model: SentimentModel) -> FloatArray:
    codes, edges = code_points(plain_words(texts))
    return probabilities(_sums(codes, edges, model), model)


def _sums(
    codes: npt.NDArray[np.uint32], edges: npt.NDArray[np.int64], model: SentimentModel
) -> FloatArray:
    """What the n-grams of each text add up to: a row a text, a column a weight."""
    features = model.vocabulary.features(codes)
    total = model.weights[features[0]].astype(np.float64)
    for feature in features[1:]:
        total += model.weights[feature]
    sums: FloatArray = np.add.reduceat(total, edges[:-1], axis=0)
    return sums


def probabilities(sums: FloatArray, model: SentimentModel) -> FloatArray:
    """Three probabilities from the sums over a text's n-grams."""
    length = np.sqrt(sums[:, 2])
    known = length > 0
    scaled = sums[:, :2] / np.where(known, length, 1)[:, None] + model.offsets
    table = np.maximum(three_probabilities(scaled), _FLOOR)
    table[~known] = model.prior
    share: FloatArray = table / table.sum(axis=1, keepdims=True)
    return share


def three_probabilities(scores: FloatArray) -> FloatArray:
    """Negative, neutral, positive from two scores a text.

    A softmax over minus half the polarity, the neutrality, and half the polarity: the
    more a text leans to either side, the less it is neutral.
    """
    half = scores[:, 0] / 2
    logits = np.column_stack([-half, scores[:, 1], half])
    table: FloatArray = np.exp(logits - logits.max(axis=1, keepdims=True))
    table /= table.sum(axis=1, keepdims=True)
    return table


@cache
def shipped_model() -> SentimentModel:
    """The weights in `data/models/sentiment.npz`; plain arrays, no pickle."""
    with np.load(SHIPPED, allow_pickle=False) as arrays:
        return read_model(dict(arrays))


def read_model(arrays: dict[str, npt.NDArray[np.generic]]) -> SentimentModel:
    """A model from its arrays, as `write_model` gives them."""
    character = np.zeros(int(arrays["code_point"].max()) + 2, dtype=np.uint32)
    character[arrays["code_point"]] = arrays["character"]
    vocabulary = make_vocabulary(character, arrays["key"].astype(np.uint64))
    weights = np.zeros((len(vocabulary.keys) + 1, 3), dtype=np.float32)
    weights[:-1] = arrays["weights"]
    return SentimentModel(
        vocabulary,
        weights,
        arrays["offsets"].astype(np.float64),
        arrays["prior"].astype(np.float64),
    )


def write_model(model: SentimentModel) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays that `read_model` reads."""
    code_point = np.flatnonzero(model.vocabulary.character)
    return {
        "code_point": code_point.astype(np.uint32),
        "character": model.vocabulary.character[code_point],
        "key": model.vocabulary.keys,
        "weights": model.weights[:-1],
        "offsets": model.offsets,
        "prior": model.prior,
    }
