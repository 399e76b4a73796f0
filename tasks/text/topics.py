"""What a campaign's comments are about: topics, how they move, how they sound.

A topic is a set of words that stand together in comments more often than chance puts
them there: words are linked by normalised pointwise mutual information (Bouma, GSCL
2009), and the links are grouped by modularity (Clauset, Newman and Moore, Phys. Rev. E
70, 066111, 2004), the co-word analysis of Callon et al. (Soc. Sci. Inf. 22, 1983). Each
comment belongs to the topic whose words say most in it, or to none.

A rise is a share that the preceding days make unlikely, whatever the volume: the upper
tail of a beta-binomial law with their share. A trend is a share that moves over the
days: the test of Cochran (Biometrics 10, 1954) and Armitage (ibid. 11, 1955). Comments
of one day take after each other, so both laws are widened by the correlation within
days, told from the differences between neighbours: these a slow trend leaves alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat

import igraph
import numpy as np
import numpy.typing as npt
import polars as pl
import rjieba
from scipy.special import betaincc, betaln, gammaln, ndtri

# A word counts from this many comments on, and of this many people: it is then
# nobody's own.
FEWEST_COMMENTS = 5
FEWEST_PEOPLE = 5
# Words of a campaign that are looked at, by number of comments.
MOST_WORDS = 400
MOST_TERMS = 8
# Topics that are told; one that rises is told however small it is, and a single word
# only then.
MOST_TOPICS = 20
MOST_EXAMPLES = 3
# A word in more than this share of comments tells no topics apart.
COMMON = 0.4
# Words are linked from this normalised mutual information on; 0 is chance, 1 always.
CLOSE = 0.2
# Days before a day that say what to expect of it; where fewer have comments, or these
# are fewer, nothing is said.
PRECEDING_DAYS = 14
FEWEST_DAYS = 3
FEWEST_BEFORE = 10
# A rise is at least this many. Its share is rarer by chance than three days in a
# thousand; or both its share and its number are rare, each by a law of its own.
FEWEST_RISEN = 5
RARE = 0.003
RARE_SHARE, RARE_NUMBER = 0.04, 0.003
# A share that is expected to be so large can hardly rise: its number alone is judged.
FULL = 0.8
# A trend is rarer by chance, either way, than one topic in a hundred.
TREND_RARE = 0.01
# Correlation of comments within a day, as on real threads, and how far it differs
# between campaigns; no less than the one and no more than the other.
USUAL_CORRELATION, CORRELATION_DIFFERS = 0.015, 0.012
LEAST_CORRELATION, MOST_CORRELATION = 0.004, 0.5

# Parts of speech that carry a topic (ICTCLAS tags as jieba has them): nouns, verbs,
# adjectives, idioms, English.
_TELLING = frozenset(
    (
        *("n", "ng", "nt", "nz", "ns", "nr", "nrt", "nrfg"),
        *("v", "vn", "vi", "vg", "vd", "a", "an", "ad", "ag"),
        *("i", "l", "j", "eng"),
    )
)
_PERSON = frozenset(("nr", "nrt", "nrfg"))
# Words of these parts of speech that stand in texts about anything.
_EMPTY_WORDS = frozenset(
    (
        *("没有", "觉得", "知道", "看到", "感觉", "可能", "应该", "需要", "能够"),
        *("可以", "不能", "不会", "不要", "就是", "还是", "还有", "开始", "成为"),
        *("进行", "出来", "起来", "下来", "时候", "东西", "事情", "问题", "有人"),
        *("有点", "是不是", "什么样", "不知", "真是", "大家", "来说", "想要", "希望"),
        *("转发", "微博", "网页", "链接", "图片", "评论", "回复"),
        *("哈哈", "哈哈哈", "哈哈哈哈"),
    )
)

_CHAIN = r"(?s)//\s*@.*"
_ADDRESS = r"(?:https?://|www\.)[!-~]+|[A-Za-z0-9_.+-]+@[A-Za-z0-9_-]+\.[A-Za-z0-9.-]+"
_MENTION = r"(?:回复|回覆)?[@＠][^\s@＠:：,，。!！?？\[\]#]*[:：]?"
_EMOTICON = r"\[[^\[\]\s]{1,10}\]"
_DIGITS = r"[\d\uff10-\uff19]+"
_EXAMPLE_LENGTH = 80
# What names a group of words.
_GROUP = ["campaign", "group"]

_COMMENTS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "platform": pl.String,
    "interaction_id": pl.String,
    "campaign_id": pl.String,
    "date_day": pl.Date,
    "text": pl.String,
    "person": pl.String,
    "is_genuine": pl.Boolean,
    "negative": pl.Float64,
    "neutral": pl.Float64,
    "positive": pl.Float64,
}
_DAY: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "date_day": pl.Date,
    "comments": pl.Int64,
    "genuine_comments": pl.Int64,
    "positive": pl.Int64,
    "neutral": pl.Int64,
    "negative": pl.Int64,
    "is_negative_rise": pl.Boolean,
}
TOPICS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "campaign_id": pl.String,
    "topic": pl.Int64,
    "terms": pl.List(pl.String),
    "comments": pl.Int64,
    "genuine_comments": pl.Int64,
    "sentiment_net": pl.Float64,
    "trend": pl.String,
    "examples": pl.List(pl.String),
    "days": pl.List(pl.Struct(dict(_DAY))),
}


def redact(texts: pl.Series, names: Sequence[str] = ()) -> pl.Series:
    """Texts without what shows a person: chain, links, @names, names, digits.

    Args:
        texts: strings.
        names: further names to take out, such as screen names of the workspace;
            those of one character stay, they are words.

    Returns:
        A string or null each; what was taken out leaves "…". Names that neither
        `names` nor the library's dictionary and name model know are not found:
        whoever shows the texts must have a reason to.
    """
    plain = (
        texts.cast(pl.String)
        .str.replace(_CHAIN, "")
        .str.replace_all(_ADDRESS, "…")
        .str.replace_all(_MENTION, "…")
        .str.replace_all(_DIGITS, "…")
    )
    known = sorted(
        {name for name in names if len(name) > 1}, key=lambda n: (-len(n), n)
    )
    if known:
        frame = plain.rename("text").to_frame()
        plain = frame.select(
            pl.col("text").str.replace_many(known, ["…"] * len(known), leftmost=True)
        )["text"]
    distinct = plain.drop_nulls().unique().sort()
    shown = [
        "".join("…" if tag in _PERSON else word for word, tag in rjieba.tag(text))
        for text in distinct
    ]
    cleaned = plain.replace_strict(
        distinct, shown, default=None, return_dtype=pl.String
    )
    return (
        cleaned.str.replace_all(r"\s+", " ")
        .str.replace_all(r"…(?:\s?…)+", "…")
        .str.strip_chars()
        .rename(texts.name)
    )


def rising(
    daily: pl.DataFrame,
    keys: Sequence[str],
    count: str,
    among: str,
    asked: pl.Expr | None = None,
) -> pl.DataFrame:
    """Days on which something is a larger share than the days before let expect.

    Each day is judged by what came before it only, so a rise is told the same day, and
    by its share of what was said at all: a burst of comments is no rise, nor is a day
    without any a fall. The share to expect is that of the 14 days before; the day's
    count then follows a beta-binomial law whose correlation is that within days and the
    share's own uncertainty. Where the number is rare as well, by a negative binomial
    law of the numbers before, the share needs to be less so; where nearly all is what
    is counted, the number is judged alone. Cost: a row per key and day, and of those
    that are judged a number per comment.

    Args:
        daily: a row per keys and day: the keys, `date_day`, both counts.
        keys: columns that name what is counted.
        count: the column of whole numbers to judge.
        among: the column of those that it is a part of; days without any say nothing.
        asked: the rows of `daily` to judge; all without.

    Returns:
        The keys, `date_day`, both counts, `expected` (of so many; null where fewer than
        three days with ten in all precede), `chance` (of so many or more, rounded to
        six digits), `is_rising` and `is_falling` (null where `expected` is).

    Raises:
        ValueError: keys and day occur twice.
    """
    by = [*keys, "date_day"]
    if daily.select(by).is_duplicated().any():
        raise ValueError(f"{', '.join(by)} occur twice: sum the counts first")
    said = daily.select(
        *by,
        pl.col(count).cast(pl.Int64),
        pl.col(among).cast(pl.Int64),
        _is_asked=pl.lit(True) if asked is None else asked,
    ).filter(pl.col(among) > 0)
    share = pl.col(count) / pl.col(among)
    size_before = pl.col(among).shift(1).over(keys)
    weight = pl.col(among) * size_before / (pl.col(among) + size_before)
    # whole numbers, so that the order of a sum does not matter
    active = said.sort(by).with_columns(
        _square=pl.col(among) ** 2,
        _days=pl.lit(1, pl.Int64),
        _number=pl.col(count).cast(pl.Int64) ** 2,
        _difference=(weight * (share - share.shift(1).over(keys)) ** 2 * 10**9)
        .round()
        .cast(pl.Int64),
        _weight=((2 * weight - 1) * 10**9).round().cast(pl.Int64),
    )
    window = [count, among, "_square", "_days", "_difference", "_weight", "_number"]
    judged = _with_before(active, by, window).filter("_is_asked")
    parts = [judged[f"{name}_before"].to_numpy().astype(float) for name in window]
    counted, total, squares, days, difference, weights, numbers = parts
    observed, size = judged[count].to_numpy(), judged[among].to_numpy()
    known = (days >= FEWEST_DAYS) & (total >= FEWEST_BEFORE)
    # A half more on either side: never seen before is no proof that it can't be.
    total = np.where(known, total, 1)
    mean = (counted + 0.5) / (total + 1)
    within = _correlation(
        difference / 10**9, weights / 10**9, mean * (1 - mean), days - 1
    )
    own = (1 - within) / total + within * squares / total**2
    spread = np.minimum(within + own, MOST_CORRELATION)
    lower, upper = np.ones(len(judged)), np.ones(len(judged))
    lower[known], upper[known] = _tails(
        observed[known], size[known], mean[known], spread[known]
    )
    number = _chance_of_number(observed, counted, numbers, np.where(known, days, 2))
    rare = (upper < RARE) | (
        ((upper < RARE_SHARE) | (mean >= FULL)) & (number < RARE_NUMBER)
    )
    is_known = pl.Series(known)
    return judged.select(
        *by,
        count,
        among,
        expected=pl.when(is_known).then(pl.Series(mean * size).round(4)),
        chance=pl.when(is_known).then(pl.Series(upper).round(6)),
        is_rising=pl.when(is_known).then(pl.Series(rare & (observed >= FEWEST_RISEN))),
        is_falling=pl.when(is_known).then(pl.Series(lower < RARE)),
    )


def _with_before(
    active: pl.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> pl.DataFrame:
    """Rows in the order of keys and day, with sums over the 14 days before each.

    Each window is a run of rows, so its sum is the difference of two running totals.
    """
    *keys, day = by
    if active.is_empty():
        return active.with_columns(
            pl.lit(0, pl.Int64).alias(f"{name}_before") for name in columns
        )
    number = active.select(pl.struct(keys).rle_id().cast(pl.Int64)).to_series()
    days = active[day].to_physical().cast(pl.Int64)
    # A row without a day is in no window and has none.
    place = (number * 10**8 + days.fill_null(-(10**7))).to_numpy()
    row = np.arange(len(active))
    start = np.searchsorted(
        place, (number * 10**8 + days).fill_null(0).to_numpy() - PRECEDING_DAYS
    )
    start = np.where(days.is_null().to_numpy(), row, start)
    sums = []
    for name in columns:
        total = np.concatenate([[0], active[name].fill_null(0).to_numpy().cumsum()])
        # A difference belongs to the window when both its days do.
        pairs = name in ("_difference", "_weight")
        first = np.minimum(start + 1, row) if pairs else start
        sums.append(pl.Series(f"{name}_before", total[row] - total[first]))
    return active.with_columns(sums)


_Floats = npt.NDArray[np.float64]


def _correlation(
    difference: _Floats, weights: _Floats, variance: _Floats, pairs: _Floats
) -> _Floats:
    """How much comments of one day take after each other, from pairs of days.

    The weighted square of the difference between two days' shares is their variance
    for independent comments, and as much more as `weights` times the correlation. What
    this says is mixed with what is usual, each by how well it is known.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = (difference / variance - pairs) / weights
        # of neighbouring differences, which share a day
        error = 3 / pairs * (pairs / weights + USUAL_CORRELATION) ** 2
        trust = CORRELATION_DIFFERS**2 / (CORRELATION_DIFFERS**2 + error)
        mixed = trust * seen + (1 - trust) * USUAL_CORRELATION
    is_told = np.isfinite(mixed) & (weights > 0)
    found: _Floats = np.clip(
        np.where(is_told, mixed, USUAL_CORRELATION), LEAST_CORRELATION, MOST_CORRELATION
    )
    return found


def _chance_of_number(
    observed: npt.NDArray[np.int64], counted: _Floats, squares: _Floats, days: _Floats
) -> _Floats:
    """Chance of so many or more, by the numbers of the days before alone.

    The upper tail of a negative binomial law with their mean and variance, at least the
    mean's (Poisson), and the mean's own uncertainty.
    """
    mean = (counted + 0.5) / (days + 0.5)
    spread = (squares - counted**2 / days) / (days - 1)
    variance = np.maximum(spread, mean) * (1 + 1 / days)
    shape = mean**2 / (variance - mean)
    # That tail as an incomplete beta function: all of scipy's laws take half a second
    # to load.
    return np.asarray(betaincc(shape, observed, mean / variance), dtype=float)


def _tails(
    observed: npt.NDArray[np.int64],
    size: npt.NDArray[np.int64],
    mean: _Floats,
    correlation: _Floats,
) -> tuple[_Floats, _Floats]:
    """Chances of at most and of at least so many of a beta-binomial law."""
    scale = (1 - correlation) / correlation
    first, second = mean * scale, (1 - mean) * scale
    # the shorter side is summed, term by term
    is_upper = observed >= mean * size
    begin = np.where(is_upper, observed, 0)
    end = np.where(is_upper, size, observed)
    lengths = end - begin + 1
    row = np.repeat(np.arange(len(size)), lengths)
    starts = np.cumsum(lengths) - lengths
    k = np.arange(len(row)) - starts[row] + begin[row]

    # What does not change with k, and what only whole numbers have, once.
    whole = gammaln(np.arange(int(size.max(initial=0)) + 1) + 1)
    of_all, even = whole[size], betaln(first, second)

    def chance(k: npt.NDArray[np.int64], row: npt.NDArray[np.int64]) -> _Floats:
        left = size[row] - k
        found: _Floats = np.exp(
            np.minimum(
                of_all[row]
                - whole[k]
                - whole[left]
                + betaln(k + first[row], left + second[row])
                - even[row],
                0,
            )
        )
        return found

    if not len(size):
        return np.zeros(0), np.zeros(0)
    side = np.minimum(np.add.reduceat(chance(k, row), starts), 1)
    here = chance(observed, np.arange(len(size)))
    other = np.clip(1 - side + here, 0, 1)
    return np.where(is_upper, other, side), np.where(is_upper, side, other)


def find_topics(
    comments: pl.DataFrame,
    names: Sequence[str] = (),
    fewest_people: int = FEWEST_PEOPLE,
) -> pl.DataFrame:
    """Topics of each campaign's comments.

    Args:
        comments: a row per campaign and comment: platform, interaction_id,
            campaign_id, date_day, text, person (who wrote it; null is nobody more),
            is_genuine (null is not genuine) and the probabilities negative, neutral,
            positive.
        names: names to take out of examples, see `redact`.
        fewest_people: that must say a word, and something of a topic, for it to be
            told; what few say shows who they are.

    Returns:
        A row per campaign and topic, largest first, up to twenty and those that rise:
        `topic` (1, 2, ...), `terms` (up to eight, most said first), `comments`,
        `genuine_comments`, `sentiment_net` (mean of positive minus negative, −1 to
        1, four digits; null where no comment has a sentiment), `trend` (rising or
        falling where its share of the campaign's comments moves over the last 15 days,
        or jumps on the last one, more than chance explains; else steady; null where
        fewer than three days with ten comments precede), `examples` (up to three,
        redacted, genuine ones first), `days` (each day with one of its comments, in
        order: how many, how many of them are genuine, how many sound likeliest
        positive, neutral and negative, and `is_negative_rise`: whether its negative
        comments are a larger share of all judged ones than the days before explain;
        null where these are too few).
        Cost: one segmentation a distinct text, pairs of words within a comment.
        Row order does not matter.

    Raises:
        ValueError: a column is missing.
    """
    missing = sorted(set(_COMMENTS) - set(comments.columns))
    if missing:
        raise ValueError(f"comments lack the columns {', '.join(missing)}")
    rows = (
        comments.select(pl.col(name).cast(kind) for name, kind in _COMMENTS.items())
        .with_row_index("comment")
        .with_columns(campaign=pl.col("campaign_id").rank("dense"))
    )
    people = pl.col("person").drop_nulls().n_unique()
    words, written = _words(rows)
    totals = words.group_by("campaign").agg(
        total=pl.col("comment").n_unique().cast(pl.Int64)
    )
    spoken = _spoken(words, written, totals, people, fewest_people)
    mine = words.join(spoken, on=["campaign", "word"]).select(
        "campaign", "comment", "place", "weight"
    )
    groups = _group(spoken, mine, totals)
    if groups.is_empty():
        return pl.DataFrame(schema=dict(TOPICS))
    placed = (
        mine.join(groups, on=["campaign", "place"])
        .group_by("comment", "group")
        # whole numbers, so that the order of a sum does not matter
        .agg(strength=(pl.col("weight") * 10**6).round().cast(pl.Int64).sum())
        .sort(["comment", "strength", "group"], descending=[False, True, False])
        .unique("comment", keep="first", maintain_order=True)
        .join(rows, on="comment")
    )
    sizes = (
        placed.group_by(_GROUP)
        .agg(
            comments=pl.len().cast(pl.Int64),
            genuine_comments=pl.col("is_genuine").fill_null(False).sum().cast(pl.Int64),
            sentiment_net=(
                # sums of millionths, again for the order
                ((pl.col("positive") - pl.col("negative")) * 10**6)
                .round()
                .cast(pl.Int64)
                .mean()
                / 10**6
            ).round(4),
            people=people,
        )
        .filter(
            (pl.col("comments") >= FEWEST_COMMENTS)
            & (pl.col("people") >= fewest_people)
        )
    )
    terms = (
        groups.join(spoken, on=["campaign", "place"])
        .sort("campaign", "place")
        .group_by(_GROUP, maintain_order=True)
        .agg(terms=pl.col("written").head(MOST_TERMS))
    )
    return (
        sizes.join(terms, on=_GROUP)
        .join(_trends(placed, rows), on=_GROUP, how="left")
        .join(_days(placed, rows), on=_GROUP, how="left")
        .join(_examples(placed, names), on=_GROUP, how="left")
        .join(rows.select("campaign", "campaign_id").unique(), on="campaign")
        .sort(["campaign", "comments", "group"], descending=[False, True, False])
        .with_columns(
            told=(pl.col("terms").list.len() > 1),
            rises=pl.col("is_burst").fill_null(False),
        )
        .filter(
            (
                pl.col("told")
                & (pl.col("told").cum_sum().over("campaign") <= MOST_TOPICS)
            )
            | pl.col("rises")
        )
        .with_columns(topic=pl.int_range(1, pl.len() + 1).over("campaign"))
        .select(pl.col(name).cast(kind) for name, kind in TOPICS.items())
    )


def _words(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Telling words of comments.

    Returns:
        A row per comment and telling word: campaign, comment, person, word, its number;
        and a row per word: word, written.
    """
    plain = rows.select(
        "campaign",
        "comment",
        "person",
        text=pl.col("text")
        .str.replace(_CHAIN, "")
        .str.replace_all(_ADDRESS, " ")
        .str.replace_all(_MENTION, " ")
        .str.replace_all(_EMOTICON, " ")
        .str.to_lowercase(),
    ).drop_nulls("text")
    distinct = plain["text"].unique()
    numbers: dict[str, int] = {}
    told = [
        [numbers.setdefault(word, len(numbers)) for word in _telling(text)]
        for text in distinct
    ]
    lengths = np.fromiter(map(len, told), dtype=np.int64, count=len(told))
    cut = pl.DataFrame(
        {
            "text": distinct.gather(np.repeat(np.arange(len(told)), lengths)),
            "word": pl.Series([*chain.from_iterable(told)], dtype=pl.UInt32),
        }
    )
    written = pl.DataFrame(
        {"word": range(len(numbers)), "written": [*numbers]},
        schema={"word": pl.UInt32, "written": pl.String},
    )
    words = plain.join(cut, on="text").select("campaign", "comment", "person", "word")
    return words, written


def _telling(text: str) -> set[str]:
    return {
        word
        for word, tag in rjieba.tag(text)
        if tag in _TELLING
        and len(word) > 1
        and word not in _EMPTY_WORDS
        and word.isalpha()
    }


def _spoken(
    words: pl.DataFrame,
    written: pl.DataFrame,
    totals: pl.DataFrame,
    people: pl.Expr,
    fewest_people: int,
) -> pl.DataFrame:
    """Words of each campaign that are looked at: campaign, place, word, weight, ..."""
    return (
        words.group_by("campaign", "word")
        .agg(comments=pl.len().cast(pl.Int64), people=people)
        .join(totals, on="campaign")
        .filter(
            (pl.col("comments") >= FEWEST_COMMENTS)
            & (pl.col("people") >= fewest_people)
            & (
                pl.col("comments")
                <= pl.max_horizontal(FEWEST_COMMENTS, COMMON * pl.col("total"))
            )
        )
        .join(written, on="word")
        .sort(["campaign", "comments", "written"], descending=[False, True, False])
        .with_columns(place=pl.int_range(pl.len(), dtype=pl.UInt32).over("campaign"))
        .filter(pl.col("place") < MOST_WORDS)
        .with_columns(weight=(pl.col("total") / pl.col("comments")).log().round(9))
    )


def _group(
    spoken: pl.DataFrame, mine: pl.DataFrame, totals: pl.DataFrame
) -> pl.DataFrame:
    """Words to groups: campaign, place, group (the place of its most said word)."""
    counts = spoken.select("campaign", "place", "comments")
    pairs = (
        mine.select("campaign", "comment", "place")
        .join(mine.select("comment", other="place"), on="comment")
        .filter(pl.col("place") < pl.col("other"))
        .group_by("campaign", "place", "other")
        .agg(both=pl.len())
        .filter(pl.col("both") >= FEWEST_COMMENTS)
        .join(totals, on="campaign")
        .join(counts, on=["campaign", "place"])
        .join(
            counts.rename({"place": "other", "comments": "of_other"}),
            on=["campaign", "other"],
        )
        .sort("campaign", "place", "other")
    )
    total = pairs["total"].to_numpy()
    both = pairs["both"].to_numpy() / total
    said = pairs["comments"].to_numpy() * pairs["of_other"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        closeness = np.log(both * total**2 / said) / -np.log(both)
    # in every comment: as close as can be
    closeness = np.where(both == 1, 1.0, closeness).round(9)
    near = pairs.with_columns(closeness=closeness).filter(pl.col("closeness") >= CLOSE)
    found = [
        _communities(int(words), near.filter(pl.col("campaign") == campaign)).select(
            pl.lit(campaign, spoken.schema["campaign"]).alias("campaign"), pl.all()
        )
        for campaign, words in spoken.group_by("campaign").len().sort("campaign").rows()
    ]
    if not found:
        return pl.DataFrame(
            schema={"campaign": pl.UInt32, "place": pl.UInt32, "group": pl.UInt32}
        )
    return pl.concat(found)


def _communities(words: int, near: pl.DataFrame) -> pl.DataFrame:
    """One campaign's words to groups: place, group."""
    graph = igraph.Graph(n=words, edges=near.select("place", "other").rows())
    if graph.ecount():
        graph.es["weight"] = near["closeness"].to_list()
        members = graph.community_fastgreedy(weights="weight").as_clustering()
    else:
        members = graph.connected_components()
    rows = [
        pair
        for group in members
        for pair in zip(group, repeat(min(group)), strict=False)
    ]
    return pl.DataFrame(
        rows, schema={"place": pl.UInt32, "group": pl.UInt32}, orient="row"
    ).sort("place")


def _trends(placed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """How each group's share of its campaign's comments moves up to the last day.

    Returns:
        campaign, group, trend (null where too few days precede), is_burst (whether the
        last day alone is a rise by the rule of `rising`).
    """
    dated = rows.drop_nulls("date_day")
    groups = placed.select(_GROUP).unique().sort(_GROUP)
    sizes = (
        dated.group_by("campaign", "date_day")
        .agg(among=pl.len())
        .with_columns(last=pl.col("date_day").max().over("campaign"))
        .filter(pl.col("date_day") >= pl.col("last") - pl.duration(days=PRECEDING_DAYS))
    )
    daily = (
        groups.join(sizes, on="campaign")
        .join(
            placed.group_by(*_GROUP, "date_day").agg(comments=pl.len()),
            on=[*_GROUP, "date_day"],
            how="left",
        )
        .with_columns(pl.col("comments").fill_null(0))
        .sort(*_GROUP, "date_day")
    )
    judged = rising(
        daily, _GROUP, "comments", "among", pl.col("date_day") == pl.col("last")
    )
    slope = np.concatenate(
        [
            _slopes_of(of_campaign)
            for _, of_campaign in daily.group_by("campaign", maintain_order=True)
        ]
        or [np.zeros(0)]
    )
    edge = -ndtri(TREND_RARE / 2)
    return judged.select(
        *_GROUP,
        is_burst="is_rising",
        trend=pl.when(pl.col("expected").is_null())
        .then(None)
        .when(pl.col("is_rising") | pl.Series(slope > edge))
        .then(pl.lit("rising"))
        .when(pl.col("is_falling") | pl.Series(slope < -edge))
        .then(pl.lit("falling"))
        .otherwise(pl.lit("steady")),
    )


def _slopes_of(daily: pl.DataFrame) -> _Floats:
    """Slopes of one campaign's groups, which all have the same days; sorted by both."""
    sizes = daily.filter(pl.col("group") == pl.col("group").first())
    size = sizes["among"].to_numpy().astype(float)
    day = (sizes["date_day"] - sizes["last"]).dt.total_days().to_numpy().astype(float)
    counts = daily["comments"].to_numpy().reshape(-1, len(size)).astype(float)
    return _slopes(counts, size, day)


def _days(placed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Each group's days with a comment: campaign, group, days."""
    sides = ("positive", "neutral", "negative")

    def sounds(side: str) -> pl.Expr:
        others = [pl.col(other) for other in sides if other != side]
        return pl.col(side) > pl.max_horizontal(*others)

    judged = (
        rows.drop_nulls("date_day")
        .group_by("campaign", "date_day")
        .agg(judged=pl.any_horizontal(sounds(side) for side in sides).sum())
    )
    days = (
        placed.drop_nulls("date_day")
        .group_by(*_GROUP, "date_day")
        .agg(
            comments=pl.len().cast(pl.Int64),
            genuine_comments=pl.col("is_genuine").fill_null(False).sum().cast(pl.Int64),
            **{side: sounds(side).sum().cast(pl.Int64) for side in sides},
        )
    )
    # A day without a negative comment of a topic is one to compare with, too.
    among = (
        days.select(_GROUP)
        .unique()
        .join(judged, on="campaign")
        .join(
            days.select(*_GROUP, "date_day", "negative"),
            on=[*_GROUP, "date_day"],
            how="left",
        )
        .with_columns(pl.col("negative").fill_null(0))
    )
    rises = rising(among, _GROUP, "negative", "judged").select(
        *_GROUP, "date_day", is_negative_rise="is_rising"
    )
    return (
        days.join(rises, on=[*_GROUP, "date_day"], how="left")
        .sort(*_GROUP, "date_day")
        .group_by(_GROUP, maintain_order=True)
        .agg(days=pl.struct(list(_DAY)))
    )


def _slopes(counts: _Floats, size: _Floats, day: _Floats) -> _Floats:
    """How many standard errors each row's share moves over the days, up or down.

    Args:
        counts: a row per group, a column per day.
        size: comments of each day.
        day: the days' numbers.
    """
    total = size.sum()
    mean = (counts.sum(axis=1) + 0.5) / (total + 1)
    variance = mean * (1 - mean)
    weight = size[1:] * size[:-1] / (size[1:] + size[:-1])
    difference = (weight * np.diff(counts / size, axis=1) ** 2).sum(axis=1)
    within = _correlation(
        difference,
        np.full(len(counts), (2 * weight - 1).sum()),
        variance,
        np.full(len(counts), len(size) - 1.0),
    )
    centred = day - (size * day).sum() / total
    moved = (counts - np.outer(counts.sum(axis=1) / total, size)) @ centred
    spread = variance * (
        (1 - within) * (size * centred**2).sum() + within * (size**2 * centred**2).sum()
    )
    found: _Floats = np.divide(
        moved, np.sqrt(spread), out=np.zeros_like(moved), where=spread > 0
    ).round(9)
    return found


def _examples(placed: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Redacted texts that say most about their group."""
    # more than are shown: several texts may become one when redacted
    best = (
        placed.with_columns(pl.col("is_genuine").fill_null(False))
        .sort(
            [*_GROUP, "is_genuine", "strength", "text"],
            descending=[False, False, True, True, False],
        )
        .unique([*_GROUP, "text"], keep="first", maintain_order=True)
        .group_by(_GROUP, maintain_order=True)
        .head(4 * MOST_EXAMPLES)
    )
    shown = redact(best["text"], names).str.slice(0, _EXAMPLE_LENGTH)
    return (
        best.with_columns(shown.alias("shown"))
        .filter(pl.col("shown").str.contains(r"\p{L}"))
        .unique([*_GROUP, "shown"], keep="first", maintain_order=True)
        .group_by(_GROUP, maintain_order=True)
        .agg(examples=pl.col("shown").head(MOST_EXAMPLES))
    )
