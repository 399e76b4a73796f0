"""Train the sentiment model on labelled texts. Deterministic.

The n-grams' log-count ratio between two classes (a naive Bayes) scales them before a
logistic regression learns their weights: what few texts show keeps the naive Bayes'
caution, which carries over to other kinds of text better than the regression alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression
from zhconv_rs import zhconv

from tasks.text.character_ngrams import (
    LONGEST,
    Vocabulary,
    code_points,
    make_vocabulary,
    plain_words,
)
from tasks.text.sentiment import LABELS, SentimentModel

FloatArray = npt.NDArray[np.float64]

# Of an n-gram: in how many texts it stands at least; fewer could show a person.
FEWEST_TEXTS = 5
EMOTICON = r"\[[^\[\]]{1,8}\]"


@dataclass(frozen=True)
class Settings:
    """What training was told; chosen by cross-validation (see the card).

    Attributes:
        smoothing: added to each n-gram's sum in the naive Bayes.
        naive_bayes: how much of the score is the naive Bayes alone.
        strength: inverse regularisation of polarity and of neutrality.
        weight: of a text that also has neutral ones of its source, against others.
        stripped: weight of a text's copy without its emoticons.
    """

    smoothing: float = 0.1
    naive_bayes: float = 0.2
    strength: tuple[float, float] = (1.0, 1.0)
    weight: float = 6.0
    stripped: float = 1.0


def train(
    labelled: pl.DataFrame, settings: Settings | None = None, folds: int = 5
) -> SentimentModel:
    """Learn and calibrate.

    Args:
        labelled: text, label (of `LABELS`), source; a source without neutral texts
            teaches the polarity only. Equal texts stand in one fold.
        settings: how.
        folds: for the calibration.

    Raises:
        ValueError: a label has no text.
    """
    used = settings or Settings()
    texts = prepared(labelled, used)
    vocabulary, matrix = _features(texts)
    frequency = np.asarray((matrix > 0).sum(axis=0)).ravel()
    inverse = np.log((1 + len(texts)) / (1 + frequency)) + 1
    matrix = matrix @ sparse.diags(inverse)
    length = np.sqrt(np.asarray(matrix @ inverse).ravel())
    matrix = sparse.diags(1 / np.where(length > 0, length, 1)) @ matrix
    matrix = matrix.tocsr()
    label = texts.get_column("label").to_numpy()
    missing = sorted(set(LABELS) - set(label.tolist()))
    if missing:
        raise ValueError(f"no text is labelled {', '.join(missing)}")
    weight = texts.get_column("weight").to_numpy()
    fold = texts.get_column("fold").to_numpy() % folds
    has_neutral = texts.get_column("has_neutral").to_numpy()
    original = texts.get_column("is_original").to_numpy()
    heads = (
        (label != "neutral", label == "positive", used.strength[0]),
        (has_neutral, label == "neutral", used.strength[1]),
    )
    columns, offsets = [], []
    for rows, target, strength in heads:
        chosen = np.flatnonzero(rows)
        held = np.zeros(len(chosen))
        for number in range(folds):
            out = fold[chosen] == number
            slope = _fit(
                matrix[chosen[~out]], target[chosen[~out]], weight[chosen[~out]],
                strength, used,
            )  # fmt: skip
            held[out] = matrix[chosen[out]] @ slope
        # Platt scaling on texts that were held out, those as they were written, of the
        # kind that is to be judged.
        told = original[chosen] & has_neutral[chosen]
        if not told.any():
            told = original[chosen]
        scale = LogisticRegression(C=1e6).fit(held[told, None], target[chosen][told])
        slope = _fit(matrix[chosen], target[chosen], weight[chosen], strength, used)
        columns.append(slope * inverse * scale.coef_[0, 0])
        offsets.append(scale.intercept_[0])
    weights = np.zeros((len(vocabulary.keys) + 1, 3), dtype=np.float32)
    weights[:-1] = np.column_stack([*columns, inverse**2])
    known = texts.filter("is_original", "has_neutral")
    if not len(known):
        known = texts.filter("is_original")
    prior = np.array([(known["label"] == name).mean() for name in LABELS])
    return SentimentModel(vocabulary, weights, np.array(offsets), prior)


def prepared(labelled: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Texts in one spelling, each once for each label, with a fold and a weight.

    A text with emoticons also stands without them: a model that leans on emoticons is
    lost where there are none.
    """
    texts = (
        labelled.select("text", "label", "source")
        .with_columns(words=plain_words(labelled.get_column("text")))
        .filter(pl.col("words").str.len_chars() > 0)
        .unique(["words", "label"], keep="first", maintain_order=True)
        .sort("words", "label", "source")
        .with_columns(
            # A stable hash of the words: the same fold wherever the text stands.
            fold=pl.col("words").map_batches(_fold, return_dtype=pl.Int64),
            has_neutral=(pl.col("label") == "neutral").any().over("source"),
            is_original=pl.lit(value=True),
        )
        .with_columns(
            weight=pl.when("has_neutral").then(settings.weight).otherwise(1.0)
        )
    )
    stripped = (
        texts.filter(pl.col("words").str.contains(EMOTICON))
        .with_columns(
            words=pl.col("words").str.replace_all(EMOTICON, "").str.strip_chars(),
            weight=pl.col("weight") * settings.stripped,
            is_original=pl.lit(value=False),
        )
        .filter(pl.col("words").str.len_chars() > 2)
    )
    return pl.concat([texts, stripped]) if settings.stripped else texts


def _fold(words: pl.Series) -> pl.Series:
    codes, edges = code_points(words)
    # A polynomial of the code points, summed by text: no library's hash, which may
    # change with its version.
    place = np.arange(len(codes)) - np.repeat(edges, np.diff([*edges, len(codes)]))
    mixed = codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * (place.astype(np.uint64) * 2 + 1)
    sums = np.add.reduceat(mixed, edges[:-1])
    return pl.Series(((sums >> np.uint64(20)) % np.uint64(1000)).astype(np.int64))


def _features(texts: pl.DataFrame) -> tuple[Vocabulary, sparse.csr_matrix]:
    """The vocabulary of texts, and how often each of its n-grams stands in each."""
    codes, edges = code_points(texts.get_column("words"))
    text = np.repeat(np.arange(len(texts)), np.diff(edges))
    # A text without its emoticons, or with a second label, is no other author's.
    is_first = (
        texts.get_column("is_original") & texts.get_column("words").is_first_distinct()
    ).to_numpy()
    is_first = np.append(is_first, False)
    character = _characters(codes, np.append(text, len(texts)), is_first)
    numbers = character[np.minimum(codes, len(character) - 1)].astype(np.uint64)
    is_edge = np.zeros(len(codes), dtype=np.bool_)
    is_edge[edges] = True
    kept = []
    key = numbers
    whole = numbers > 0
    for length in range(1, LONGEST + 1):
        size = len(codes) - length + 1
        if length > 1:
            key = (key[:size] << np.uint64(20)) | numbers[length - 1 :]
            whole = whole[:size] & (numbers[length - 1 :] > 0)
        over = np.zeros(size, dtype=np.bool_)
        for place in range(1, length - 1):
            over |= is_edge[place : place + size]
        over |= is_edge[:size] & (is_edge[length - 1 :] if length > 1 else True)
        inside = np.arange(size) < len(text)
        counted = is_first[np.append(text, len(texts))[:size]]
        good = np.flatnonzero(whole & ~over & inside & counted)
        # In how many texts: each text once.
        pairs = np.unique(
            np.column_stack([key[good], text[good].astype(np.uint64)]), axis=0
        )
        keys, texts_with = np.unique(pairs[:, 0], return_counts=True)
        kept.append(keys[texts_with >= FEWEST_TEXTS])
    vocabulary = make_vocabulary(character, np.concatenate(kept))
    features = vocabulary.features(codes)
    places = [np.flatnonzero(feature[: len(text)] >= 0) for feature in features]
    rows = np.concatenate([text[place] for place in places])
    columns = np.concatenate(
        [feature[place] for feature, place in zip(features, places, strict=True)]
    )
    matrix = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)),
        shape=(len(texts), len(vocabulary.keys)),
    )
    return vocabulary, matrix


def _characters(
    codes: npt.NDArray[np.uint32],
    text: npt.NDArray[np.int64],
    is_first: npt.NDArray[np.bool_],
) -> npt.NDArray[np.uint32]:
    """Numbers of characters of enough texts, traditional ones as simplified ones."""
    rows = np.flatnonzero(is_first[text])
    pairs = np.unique(np.column_stack([codes[rows], text[rows]]), axis=0)
    found, counts = np.unique(pairs[:, 0], return_counts=True)
    simple = {int(code): zhconv(chr(code), "zh-hans") for code in found.tolist()}
    target = np.array(
        [ord(form) if len(form) == 1 else code for code, form in simple.items()]
    )
    total: dict[int, int] = {}
    for code, number in zip(target.tolist(), counts.tolist(), strict=True):
        total[code] = total.get(code, 0) + number
    known = sorted(code for code, number in total.items() if number >= FEWEST_TEXTS)
    # Emoji and the rarer characters lie above 0x10000.
    character = np.zeros(0x30000, dtype=np.uint32)
    for number, code in enumerate(known, start=1):
        if code < len(character):
            character[code] = number
    # Whatever the training texts did not show in its traditional form.
    for code in range(0x3400, 0xA000):
        simplified = zhconv(chr(code), "zh-hans")
        if len(simplified) == 1 and not character[code]:
            character[code] = character[ord(simplified)]
    return character


def _fit(
    matrix: sparse.csr_matrix,
    target: npt.NDArray[np.bool_],
    weight: FloatArray,
    strength: float,
    settings: Settings,
) -> FloatArray:
    """The weight of each feature."""
    weighted = sparse.diags(weight) @ matrix
    for_it = np.asarray(weighted[target].sum(axis=0)).ravel() + settings.smoothing
    against = np.asarray(weighted[~target].sum(axis=0)).ravel() + settings.smoothing
    ratio: FloatArray = np.log((for_it / for_it.sum()) / (against / against.sum()))
    regression = LogisticRegression(C=strength, max_iter=200, tol=1e-5)
    regression.fit(matrix @ sparse.diags(ratio), target, sample_weight=weight)
    slope: FloatArray = regression.coef_[0] * ratio
    if not settings.naive_bayes:
        return slope
    spread = np.std(matrix @ slope) / np.std(matrix @ ratio)
    mixed: FloatArray = (
        1 - settings.naive_bayes
    ) * slope + settings.naive_bayes * spread * ratio
    return mixed
