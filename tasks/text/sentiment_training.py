"""Train the sentiment model on labelled texts. Deterministic.

Positive against negative is learned by a plain logistic regression over all sources,
in each of which positive and negative texts weigh alike: the words of a kind of product
would carry its label otherwise. It was chosen by leaving kinds of product out whole: a
naive Bayes that scales the n-grams first, which helps where texts are few, made kinds
that were never seen worse. Each label of posts, which are few, is learned so (NBSVM).

Posts with three labels are few (twice as many added .015 to macro-F1), so
what is known of words before counts: lists of words of feelings, and what reviews call
good and bad. Each is one more feature, a sum over a text's n-grams; once learned, its
weight goes into theirs and scoring costs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from zhconv_rs import zhconv

from tasks.text.character_ngrams import (
    LONGEST,
    Vocabulary,
    code_points,
    key_of,
    make_vocabulary,
    plain_words,
)
from tasks.text.feeling_words import FEELING_WORDS
from tasks.text.sentiment import LABELS, SentimentModel, three_probabilities

FloatArray = npt.NDArray[np.float64]

# Of an n-gram: in how many texts it stands at least; fewer could show a person.
FEWEST_TEXTS = 5
EMOTICON = r"\[[^\[\]]{1,8}\]"


@dataclass(frozen=True)
class Settings:
    """What training was told; chosen by cross-validation (see the card).

    Attributes:
        smoothing: added to each n-gram's sum in the naive Bayes of each label.
        strength: inverse regularisation: of polarity, of each label.
        weight: of a text that also has neutral ones of its source, against others.
        stripped: weight of a text's copy without its emoticons.
        listed: how freely the lists of words may count, against single n-grams: for
            polarity, for each label.
        elsewhere: how freely what sources without neutral texts call good and bad.
    """

    smoothing: float = 0.3
    strength: tuple[float, float] = (5.0, 3.0)
    weight: float = 6.0
    stripped: float = 1.0
    listed: tuple[float, float] = (0.2, 1.0)
    elsewhere: float = 0.4


# Few texts of a side don't weigh more than this often, however rare they are.
_MOST_OFTEN = 10.0
# What is added to the neutral score so that the likeliest label is right most evenly.
_SHIFTS = np.arange(-0.5, 1.01, 0.05)


def train(
    labelled: pl.DataFrame, settings: Settings | None = None, folds: int = 5
) -> SentimentModel:
    """Learn and calibrate.

    Four linear scores, each text's over its n-grams: positive against negative, from
    all sources, and each label against the two others, from sources that have neutral
    texts. A regression on scores of texts held out weighs the four, so that the model
    is again one sum over n-grams for polarity and one for neutrality.

    Args:
        labelled: text, label (of `LABELS`), source; a source without neutral texts
            teaches the polarity only. Equal texts stand in one fold.
        settings: how.
        folds: for the calibration.

    Raises:
        ValueError: sources with neutral texts lack a label.
    """
    design = Design(labelled, settings or Settings())
    told, label = design.told, design.label
    every = np.ones(len(label), dtype=np.bool_)
    known = design.known(every)
    fold = design.texts.get_column("fold").to_numpy() // folds % folds
    held = np.zeros((len(told), 1 + len(LABELS)))
    for number in range(folds):
        out = fold[told] == number
        if out.any():
            held[out] = design.matrix[told[out]] @ design.slopes(fold != number, known)
    polarity, neutral, offsets = weigh(held, label[told])
    inverse = design.inverse
    slopes = design.slopes(every, known) * inverse[:, None]
    weights = np.zeros((len(design.vocabulary.keys) + 1, 3), dtype=np.float32)
    weights[:-1] = np.column_stack([slopes @ polarity, slopes @ neutral, inverse**2])
    prior = np.array([(label[told] == name).mean() for name in LABELS])
    return SentimentModel(design.vocabulary, weights, offsets, prior)


class Design:
    """Labelled texts as features, and what some of them teach.

    Attributes:
        texts: as `prepared` gives them.
        label: of each text.
        vocabulary: n-grams that stand in enough of the texts.
        inverse: of each n-gram the inverse document frequency.
        matrix: a row a text of length 1, a column an n-gram.
        told: rows of texts as they were written, of sources with neutral texts.
    """

    def __init__(self, labelled: pl.DataFrame, settings: Settings) -> None:
        """Raises ValueError: sources with neutral texts lack a label."""
        self.settings = settings
        self.texts = texts = prepared(labelled, settings)
        self.label = texts.get_column("label").to_numpy()
        self._source = texts.get_column("source").to_numpy()
        self._weight = texts.get_column("weight").to_numpy()
        self._has_neutral = texts.get_column("has_neutral").to_numpy()
        is_original = texts.get_column("is_original").to_numpy()
        self.told = np.flatnonzero(self._has_neutral & is_original)
        missing = sorted(set(LABELS) - set(self.label[self.told].tolist()))
        if missing:
            raise ValueError(
                "of the sources with neutral texts none has one that is labelled "
                + " or ".join(missing)
            )
        self.vocabulary, counts = _features(texts)
        frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
        self.inverse = np.log((1 + len(texts)) / (1 + frequency)) + 1
        weighed = counts @ sparse.diags(self.inverse)
        length = np.sqrt(np.asarray(weighed @ self.inverse).ravel())
        scale = sparse.diags(1 / np.where(length > 0, length, 1))
        self.matrix = (scale @ weighed).tocsr()
        self._lists = _lists(self.vocabulary)
        self._general = _scaled(self.matrix, self._lists, settings.listed[0])

    def known(self, rows: npt.NDArray[np.bool_]) -> FloatArray:
        """What is known of each n-gram before posts are read, from some rows.

        Returns:
            A row an n-gram; a column for each list of `FEELING_WORDS`, then, where
            sources without neutral texts tell, how good and how bad they say it is.
        """
        posts = self.matrix[self.told]
        found = [_scaled(posts, self._lists, self.settings.listed[1])]
        chosen = np.flatnonzero(rows & ~self._has_neutral)
        if len(set(self.label[chosen].tolist())) > 1:
            slope = self._polarity(chosen)
            sides = np.column_stack([np.maximum(slope, 0), np.maximum(-slope, 0)])
            found.append(_scaled(posts, sides, self.settings.elsewhere))
        return np.column_stack(found)

    def slopes(self, rows: npt.NDArray[np.bool_], known: FloatArray) -> FloatArray:
        """Each n-gram's weight in the four scores, learned from some rows."""
        found = [self._polarity(np.flatnonzero(rows & (self.label != "neutral")))]
        chosen = self.told[rows[self.told]]
        for name in LABELS:
            target = self.label[chosen] == name
            found.append(_label(self.matrix[chosen], target, known, self.settings))
        return np.column_stack(found)

    def _polarity(self, chosen: npt.NDArray[np.int64]) -> FloatArray:
        """The weight of each n-gram for positive against negative."""
        positive = self.label[chosen] == "positive"
        weight = even_weights(self._source[chosen], positive, self._weight[chosen])
        matrix, known = self.matrix[chosen], self._general
        table = sparse.csr_matrix(sparse.hstack([matrix, matrix @ known]))
        # The intercept is a feature of this height: too high to be held back.
        regression = LogisticRegression(
            C=self.settings.strength[0],
            solver="liblinear",
            tol=1e-2,
            intercept_scaling=10,
        )
        slope = regression.fit(table, positive, sample_weight=weight).coef_[0]
        found: FloatArray = slope[: matrix.shape[1]] + known @ slope[matrix.shape[1] :]
        return found


def even_weights(
    source: npt.NDArray[np.str_], positive: npt.NDArray[np.bool_], weight: FloatArray
) -> FloatArray:
    """Weights by which half of each source is positive; a source weighs as before.

    Args:
        source: of each text.
        positive: of each text; false is negative.
        weight: of each text.

    Returns:
        A weight a text. Of a side that is rarer than one in twenty each text counts
        ten times at most; a source of one side only stays as it is.
    """
    table = pl.DataFrame({"source": source, "positive": positive, "weight": weight})
    whole = pl.col("weight").sum().over("source")
    side = pl.col("weight").sum().over("source", "positive")
    factor = pl.when(side < whole).then(whole / (2 * side)).otherwise(1.0)
    even: FloatArray = (
        table.select(pl.col("weight") * factor.clip(upper_bound=_MOST_OFTEN))
        .to_series()
        .to_numpy()
    )
    return even


def _lists(vocabulary: Vocabulary) -> FloatArray:
    """A row an n-gram, a column a list of `FEELING_WORDS`: 1 where it is listed."""
    place_of = {key: place for place, key in enumerate(vocabulary.keys.tolist())}
    limit = len(vocabulary.character)
    table = np.zeros((len(place_of), len(FEELING_WORDS)))
    for column, words in enumerate(FEELING_WORDS.values()):
        for word in words.split():
            if all(ord(c) < limit and vocabulary.character[ord(c)] for c in word):
                place = place_of.get(key_of(word, vocabulary.character))
                if place is not None:
                    table[place, column] = 1
    return table


def _scaled(matrix: sparse.csr_matrix, columns: FloatArray, scale: float) -> FloatArray:
    """Those columns whose sums over a text differ among texts, to one spread."""
    spread = np.std(matrix @ columns, axis=0)
    told = spread > 0
    scaled: FloatArray = columns[:, told] * (scale / spread[told])
    return scaled


def weigh(
    held: FloatArray, label: npt.NDArray[np.str_]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Polarity and neutrality from the scores of texts held out.

    Args:
        held: a row a text: positive against negative, then each label by itself.
        label: of each text.

    Returns:
        How much each score counts for polarity; for neutrality; the two offsets.
    """
    spread = np.maximum(np.std(held, axis=0), 1e-12)
    regression = LogisticRegression(max_iter=1000).fit(held / spread, label)
    order = [list(regression.classes_).index(name) for name in LABELS]
    negative, neutral, positive = regression.coef_[order] / spread
    below, middle, above = regression.intercept_[order]
    polarity = positive - negative
    neutrality = neutral - (positive + negative) / 2
    offsets = np.array([above - below, middle - (above + below) / 2])
    # The rarest label is hardly ever the likeliest; shifted, all three are told alike.
    names = np.array(LABELS)
    right = []
    for shift in _SHIFTS:
        sums = np.column_stack([held @ polarity, held @ neutrality])
        table = three_probabilities(sums + offsets + [0, shift])
        likeliest = names[table.argmax(axis=1)]
        right.append(f1_score(label, likeliest, average="macro"))
    # The mean with the neighbours: a single peak may be chance.
    smooth = np.convolve(np.pad(right, 1, mode="edge"), np.ones(3) / 3, "valid")
    offsets[1] += _SHIFTS[smooth.argmax()]
    return polarity, neutrality, offsets


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


def _ratio(
    matrix: sparse.csr_matrix, target: npt.NDArray[np.bool_], smoothing: float
) -> FloatArray:
    """Of each feature the log-ratio of its shares in texts that are it and others."""
    for_it = np.asarray(matrix[target].sum(axis=0)).ravel() + smoothing
    against = np.asarray(matrix[~target].sum(axis=0)).ravel() + smoothing
    ratio: FloatArray = np.log((for_it / for_it.sum()) / (against / against.sum()))
    return ratio


def _label(
    matrix: sparse.csr_matrix,
    target: npt.NDArray[np.bool_],
    known: FloatArray,
    settings: Settings,
) -> FloatArray:
    """The weight of each feature for one label against the others.

    What is known before counts through as few weights as it has columns, and is not
    scaled by the naive Bayes: a feature that these texts show seldom gets its share.
    """
    ratio = _ratio(matrix, target, settings.smoothing)
    parts = [matrix @ sparse.diags(ratio), sparse.csr_matrix(matrix @ known)]
    table = sparse.csr_matrix(sparse.hstack(parts))
    regression = LogisticRegression(C=settings.strength[1], max_iter=500, tol=1e-4)
    slope = regression.fit(table, target).coef_[0]
    found: FloatArray = slope[: len(ratio)] * ratio + known @ slope[len(ratio) :]
    return found
