"""How good probabilities are: figures with intervals, and calibration by bins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Measure = Callable[[FloatArray, BoolArray], float]

RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % percentile interval over resampled accounts."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def auc(probability: FloatArray, truth: BoolArray) -> float:
    """The chance that a phantom stands above a genuine account; ties count half.

    Returns:
        0 to 1; nan where one of the classes is missing.
    """
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(probability)
    above = float(ranks[truth].sum()) - positives * (positives + 1) / 2
    return above / (positives * negatives)


def brier(probability: FloatArray, truth: BoolArray) -> float:
    """Mean squared distance of probability and truth."""
    return float(np.mean((probability - truth) ** 2))


def precision_at(threshold: float) -> Measure:
    """Share of phantoms among accounts from a probability on."""

    def measure(probability: FloatArray, truth: BoolArray) -> float:
        chosen = probability >= threshold
        return float(truth[chosen].mean()) if chosen.any() else float("nan")

    return measure


def recall_at(threshold: float) -> Measure:
    """Share of the phantoms that have a probability from a threshold on."""

    def measure(probability: FloatArray, truth: BoolArray) -> float:
        return float((probability[truth] >= threshold).mean())

    return measure


def bootstrap(
    measure: Measure, probability: FloatArray, truth: BoolArray, seed: int
) -> Figure:
    """A figure and its interval: accounts drawn with replacement, 1,000 times.

    Args:
        measure: of probabilities and truth.
        probability: one an account.
        truth: whether it is a phantom.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    draws = []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(truth), len(truth))
        draws.append(measure(probability[rows], truth[rows]))
    value = measure(probability, truth)
    if np.isnan(value):
        return Figure(value, value, value)
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return Figure(value, float(low), float(high))


def calibration_bins(
    probability: FloatArray, truth: BoolArray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean probability, share of phantoms and accounts of bins of equal width."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        (
            float(probability[place == number].mean()),
            float(truth[place == number].mean()),
            int((place == number).sum()),
        )
        for number in range(bins)
        if (place == number).any()
    ]
