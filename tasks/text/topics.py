"""What a campaign's comments are about: topics, how they move, how they sound.

A topic is a set of words that stand together in comments more often than chance puts
them there: words are linked by normalised pointwise mutual information (Bouma, GSCL
2009), and the links are grouped by modularity (Clauset, Newman and Moore, Phys. Rev. E
70, 066111, 2004), the co-word analysis of Callon et al. (Soc. Sci. Inf. 22, 1983). Each
comment belongs to the topic whose words say most in it, or to none.

A rise is a count that the preceding days make unlikely: the upper tail of a negative
binomial with their mean and variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

import igraph
import numpy as np
import polars as pl
import rjieba
from scipy.stats import nbinom

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
# Days before a day that say what to expect of it; with fewer, nothing is said.
PRECEDING_DAYS = 14
FEWEST_DAYS = 3
# A rise is at least this many, and rarer by chance than one day in a thousand.
FEWEST_RISEN = 5
RARE = 0.001

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
TOPICS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "campaign_id": pl.String,
    "topic": pl.Int64,
    "terms": pl.List(pl.String),
    "comments": pl.Int64,
    "genuine_comments": pl.Int64,
    "sentiment_net": pl.Float64,
    "trend": pl.String,
    "examples": pl.List(pl.String),
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
    daily: pl.DataFrame, keys: Sequence[str], count: str = "comments"
) -> pl.DataFrame:
    """Days on which something is said more often than the days before let expect.

    Each day is judged by what came before it only, so a rise is told the same day. A
    day without a row counts as none, from the first to the last day of the frame.
    The expectation is the mean of the last 14 days; the variance is theirs, at least
    the mean's (Poisson), and the mean's own uncertainty is added. Cost: a row per key
    and day.

    Args:
        daily: a row per keys and day: the keys, `date_day`, the count.
        keys: columns that name what is counted.
        count: the column of whole numbers to judge.

    Returns:
        The keys, `date_day`, the count, `expected` (null where fewer than three days
        precede), `chance` (of so many or more, rounded to six digits), `is_rising`
        and `is_falling` (null where `expected` is).

    Raises:
        ValueError: keys and day occur twice.
    """
    by = [*keys, "date_day"]
    if daily.select(by).is_duplicated().any():
        raise ValueError(f"{', '.join(by)} occur twice: sum the counts first")
    if daily.is_empty():
        full = daily.select(*by, count)
    else:
        days = daily.select(
            pl.date_range(pl.col("date_day").min(), pl.col("date_day").max())
        )
        full = (
            daily.select(keys)
            .unique()
            .join(days, how="cross")
            .join(daily.select(*by, count), on=by, how="left")
            .with_columns(pl.col(count).fill_null(0))
            .sort(by)
        )
    before = pl.col(count).cast(pl.Float64).shift(1)
    judged = full.with_columns(
        expected=before.rolling_mean(PRECEDING_DAYS, min_samples=FEWEST_DAYS).over(
            keys
        ),
        _spread=before.rolling_var(PRECEDING_DAYS, min_samples=FEWEST_DAYS).over(keys),
        _days=(pl.int_range(pl.len()).over(keys)).clip(1, PRECEDING_DAYS),
    )
    # nothing on all days before is no proof that nothing is to be expected
    mean = (
        (judged["expected"] * judged["_days"] + 0.5) / (judged["_days"] + 0.5)
    ).to_numpy()
    variance = np.maximum(judged["_spread"].to_numpy(), mean) * (
        1 + 1 / judged["_days"].to_numpy()
    )
    shape = mean**2 / (variance - mean)
    observed = judged[count].to_numpy()
    upper = nbinom.sf(observed - 1, shape, mean / variance)
    lower = nbinom.cdf(observed, shape, mean / variance)
    known = pl.col("expected").is_not_null()
    return judged.with_columns(
        pl.col("expected").round(4),
        chance=pl.Series(upper, dtype=pl.Float64).fill_nan(None).round(6),
        is_rising=pl.when(known).then(
            pl.Series(upper < RARE) & (pl.col(count) >= FEWEST_RISEN)
        ),
        is_falling=pl.when(known).then(pl.Series(lower < RARE)),
    ).drop("_spread", "_days")


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
        1, four digits; null where no comment has a sentiment), `trend` (rising,
        falling or steady on the last day of the
        campaign's comments, against the days before; null where fewer than three
        precede), `examples` (up to three, redacted, genuine ones first).
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
        .sort("campaign_id", "platform", "interaction_id", "date_day", "text")
        .with_row_index("comment")
    )
    words = _words(rows)
    found = [
        _topics_of(
            rows.filter(pl.col("campaign_id") == campaign), mine, names, fewest_people
        )
        for (campaign,), mine in words.group_by("campaign_id", maintain_order=True)
    ]
    if not found:
        return pl.DataFrame(schema=dict(TOPICS))
    return pl.concat(found)


def _words(rows: pl.DataFrame) -> pl.DataFrame:
    """A row per comment and telling word: campaign_id, comment, person, word."""
    plain = rows.select(
        "campaign_id",
        "comment",
        "person",
        text=pl.col("text")
        .str.replace(_CHAIN, "")
        .str.replace_all(_ADDRESS, " ")
        .str.replace_all(_MENTION, " ")
        .str.replace_all(_EMOTICON, " ")
        .str.to_lowercase(),
    ).drop_nulls("text")
    distinct = plain["text"].unique().sort()
    cut = pl.DataFrame(
        {
            "text": distinct,
            "word": pl.Series(
                [_telling(t) for t in distinct], dtype=pl.List(pl.String)
            ),
        }
    ).explode("word")
    return (
        plain.join(cut.drop_nulls(), on="text")
        .select("campaign_id", "comment", "person", "word")
        .sort("campaign_id", "comment", "word")
    )


def _telling(text: str) -> list[str]:
    return sorted(
        {
            word
            for word, tag in rjieba.tag(text)
            if tag in _TELLING
            and len(word) > 1
            and word not in _EMPTY_WORDS
            and word.isalpha()
        }
    )


def _topics_of(
    rows: pl.DataFrame, words: pl.DataFrame, names: Sequence[str], fewest_people: int
) -> pl.DataFrame:
    people = pl.col("person").drop_nulls().n_unique()
    total = words["comment"].n_unique()
    spoken = (
        words.group_by("word")
        .agg(comments=pl.len(), people=people)
        .filter(
            (pl.col("comments") >= FEWEST_COMMENTS)
            & (pl.col("people") >= fewest_people)
            & (pl.col("comments") <= max(FEWEST_COMMENTS, COMMON * total))
        )
        .sort(["comments", "word"], descending=[True, False])
        .head(MOST_WORDS)
        .with_row_index("place")
        .with_columns(weight=(total / pl.col("comments")).log().round(9))
    )
    mine = words.join(spoken, on="word").select("comment", "word", "place", "weight")
    groups = _group(spoken, mine, total)
    if groups.is_empty():
        return pl.DataFrame(schema=dict(TOPICS))
    placed = (
        mine.join(groups, on="place")
        .group_by("comment", "group")
        # whole numbers, so that the order of a sum does not matter
        .agg(strength=(pl.col("weight") * 10**6).round().cast(pl.Int64).sum())
        .sort(["comment", "strength", "group"], descending=[False, True, False])
        .unique("comment", keep="first", maintain_order=True)
        .join(rows, on="comment")
    )
    sizes = (
        placed.group_by("group")
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
        groups.join(spoken, on="place")
        .sort("place")
        .group_by("group", maintain_order=True)
        .agg(terms=pl.col("word").head(MOST_TERMS))
    )
    return (
        sizes.join(terms, on="group")
        .join(_trends(placed, rows), on="group", how="left")
        .join(_examples(placed, names), on="group", how="left")
        .sort(["comments", "group"], descending=[True, False])
        .with_columns(
            told=(pl.col("terms").list.len() > 1),
            rises=(pl.col("trend") == "rising").fill_null(False),
        )
        .filter(
            (pl.col("told") & (pl.col("told").cum_sum() <= MOST_TOPICS))
            | pl.col("rises")
        )
        .with_row_index("topic", offset=1)
        .select(
            pl.lit(rows["campaign_id"][0]).alias("campaign_id"),
            *(pl.col(name).cast(kind) for name, kind in list(TOPICS.items())[1:]),
        )
    )


def _group(spoken: pl.DataFrame, mine: pl.DataFrame, total: int) -> pl.DataFrame:
    """Words to groups: place, group (the place of its most said word)."""
    counts = spoken["comments"].to_numpy()
    pairs = (
        mine.select("comment", "place")
        .join(mine.select("comment", other="place"), on="comment")
        .filter(pl.col("place") < pl.col("other"))
        .group_by("place", "other")
        .agg(both=pl.len())
        .filter(pl.col("both") >= FEWEST_COMMENTS)
        .sort("place", "other")
    )
    left, right = pairs["place"].to_numpy(), pairs["other"].to_numpy()
    both = pairs["both"].to_numpy() / total
    with np.errstate(divide="ignore", invalid="ignore"):
        closeness = np.log(both * total**2 / (counts[left] * counts[right])) / -np.log(
            both
        )
    # in every comment: as close as can be
    closeness = np.where(both == 1, 1.0, closeness).round(9)
    near = closeness >= CLOSE
    graph = igraph.Graph(
        n=len(spoken), edges=np.column_stack([left, right])[near].tolist()
    )
    if len(spoken) == 0:
        return pl.DataFrame(schema={"place": pl.UInt32, "group": pl.UInt32})
    if graph.ecount():
        graph.es["weight"] = closeness[near].tolist()
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
    """How each group moves on the last day of all the campaign's comments."""
    first, last = rows["date_day"].min(), rows["date_day"].max()
    ends = placed.select("group").unique().sort("group")
    # both ends of the campaign count, also for a topic that is silent there
    edges = pl.concat(
        [
            ends.with_columns(
                date_day=pl.lit(day, pl.Date), comments=pl.lit(0, pl.Int64)
            )
            for day in (first, last)
        ]
    )
    daily = (
        pl.concat(
            [placed.select("group", "date_day", comments=pl.lit(1, pl.Int64)), edges]
        )
        .drop_nulls("date_day")
        .group_by("group", "date_day")
        .agg(pl.col("comments").sum())
    )
    judged = rising(daily, ["group"])
    return judged.filter(pl.col("date_day") == last).select(
        "group",
        trend=pl.when("is_rising")
        .then(pl.lit("rising"))
        .when("is_falling")
        .then(pl.lit("falling"))
        .when(pl.col("expected").is_not_null())
        .then(pl.lit("steady")),
    )


def _examples(placed: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Redacted texts that say most about their group."""
    # more than are shown: several texts may become one when redacted
    best = (
        placed.with_columns(pl.col("is_genuine").fill_null(False))
        .sort(
            ["group", "is_genuine", "strength", "text", "comment"],
            descending=[False, True, True, False, False],
        )
        .unique(["group", "text"], keep="first", maintain_order=True)
        .group_by("group", maintain_order=True)
        .head(4 * MOST_EXAMPLES)
    )
    shown = redact(best["text"], names).str.slice(0, _EXAMPLE_LENGTH)
    return (
        best.with_columns(shown.alias("shown"))
        .filter(pl.col("shown").str.contains(r"\p{L}"))
        .unique(["group", "shown"], keep="first", maintain_order=True)
        .group_by("group", maintain_order=True)
        .agg(examples=pl.col("shown").head(MOST_EXAMPLES))
    )
