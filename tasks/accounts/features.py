"""The features of the phantom score: what each is, which way it points, how it reads.

One table, in two blocks. `profile` needs only what a network shows of an account;
`timeline` needs its last acts. Each block has a booster of its own, so an account
that shows only one of them is scored by that one.

A missing input is null, never zero. Left out on purpose, because in the labelled
sets they tell how the set was collected and not what the account is: the account's
id, its level, an empty location or description, verification, likes given. Few
followers are left out too: quiet people have few; what counts is how many they
follow for that.
What depends on where an export was taken (how much is reposted, from which client,
what is answered) counts only where the account's own posts are landed: in a
campaign's export everybody only reposts.

Cost: one pass over the frame, all columns in parallel; no regular expression
beyond counts of character classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

Block = Literal["profile", "timeline"]

# Below this many acts a timeline says too little about habits.
FEWEST_ACTS = 3


@dataclass(frozen=True)
class Feature:
    """One input of the model.

    Attributes:
        name: its column in the frame of features.
        block: the booster that it belongs to.
        value: its expression over `intermediate.account_features`.
        direction: +1 if a larger value can only raise the probability, -1 if it
            can only lower it (a monotone constraint, where the meaning demands
            one), 0 if the data decide.
        reason: the sentence that shows the value, over the same columns.
        reason_class: what it says without the value, one of `REASON_CLASSES`.
        is_local: its scale is that of a network: on one that no labelled account is of,
            it is unknown.
    """

    name: str
    block: Block
    value: pl.Expr
    direction: int
    reason: pl.Expr
    reason_class: str
    is_local: bool = False


def number(value: pl.Expr) -> pl.Expr:
    """A whole number as people write it: 1,832."""
    whole = value.round(0).cast(pl.Int64)
    rest = (whole % 1000).cast(pl.String).str.zfill(3)
    thousands = whole // 1000
    millions = thousands // 1000
    middle = (thousands % 1000).cast(pl.String).str.zfill(3)
    return (
        pl.when(whole < 1000)
        .then(whole.cast(pl.String))
        .when(whole < 1_000_000)
        .then(pl.format("{},{}", thousands, rest))
        .otherwise(pl.format("{},{},{}", millions, middle, rest))
    )


def percent(share: pl.Expr) -> pl.Expr:
    """A share of one as whole percent."""
    return pl.format("{} %", (share * 100).round(0).cast(pl.Int64))


def _column(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64)


def _share(part: str, whole: str, fewest: int = FEWEST_ACTS) -> pl.Expr:
    """A part of a whole, null where the whole is too small to have shares."""
    return pl.when(pl.col(whole) >= fewest).then(_column(part) / _column(whole))


def _of_own(value: pl.Expr) -> pl.Expr:
    """A value that only an account's own posts can show."""
    return pl.when(pl.col("timeline_posts") > 0).then(value)


def _profile(
    name: str,
    value: pl.Expr,
    reason: pl.Expr,
    reason_class: str,
    direction: int = 0,
    *,
    is_local: bool = False,
) -> Feature:
    return Feature(name, "profile", value, direction, reason, reason_class, is_local)


def _timeline(
    name: str,
    value: pl.Expr,
    reason: pl.Expr,
    reason_class: str,
    direction: int = 0,
) -> Feature:
    return Feature(name, "timeline", value, direction, reason, reason_class)


_FOLLOWERS, _FOLLOWING = _column("followers_count"), _column("following_count")
_POSTS = _column("posts_count")
_NAME = pl.col("screen_name")
_LENGTH = _NAME.str.len_chars().cast(pl.Float64)
_DESCRIPTION = pl.col("description").str.strip_chars()
# A description that is empty is taken for unknown, see above.
_DESCRIBED = pl.when(_DESCRIPTION.str.len_bytes() > 0)
_GAPS = _column("timeline_gaps")
_GAP_MEAN = _column("timeline_gap_sum") / _GAPS
_GAP_SPREAD = (
    (_column("timeline_gap_square_sum") / _GAPS - _GAP_MEAN**2).clip(0, None).sqrt()
)
_TEXT_MEAN = _column("timeline_text_length") / _column("timeline_texts")
_TEXT_SPREAD = (
    _column("timeline_text_length_square") / _column("timeline_texts") - _TEXT_MEAN**2
)

FOLLOWS = pl.format(
    "follows {} accounts and is followed by {}",
    number(_FOLLOWING),
    number(_FOLLOWERS),
)
WRITTEN = (
    pl.when(_POSTS == 1)
    .then(pl.lit("has written 1 post in all"))
    .otherwise(pl.format("has written {} posts in all", number(_POSTS)))
)
_NAMED = pl.format(
    "has a name of {} characters, {} of them digits",
    _NAME.str.len_chars(),
    _NAME.str.count_matches(r"\d"),
)
_SPAN_DAYS = _column("timeline_span_seconds") / 86400
_RHYTHM = pl.format(
    "its last {} acts lie within {} days",
    pl.col("timeline_acts"),
    number((_SPAN_DAYS).ceil()),
)


def _of_texts(part: str, words: str) -> pl.Expr:
    return pl.format(
        "{} of its texts {}",
        percent(_column(f"timeline_{part}_texts") / _column("timeline_texts")),
        pl.lit(words),
    )


def _texts_with(part: str, words: str, direction: int = 0) -> Feature:
    """The share of an account's own texts that have something."""
    return _timeline(
        f"{part}_text_share",
        _share(f"timeline_{part}_texts", "timeline_texts"),
        _of_texts(part, words),
        "sales" if part == "sales" else "texts",
        direction,
    )


def _acts_at(part: str, words: str) -> Feature:
    return _timeline(
        f"{part}_share",
        _share(f"timeline_{part}_acts", "timeline_acts"),
        pl.format(
            "{} of its acts fall {}",
            percent(_column(f"timeline_{part}_acts") / _column("timeline_acts")),
            pl.lit(words),
        ),
        "hours",
    )


def _gaps_below(part: str, words: str) -> Feature:
    return _timeline(
        f"gaps_below_{part}_share",
        _share(f"timeline_gaps_below_{part}", "timeline_gaps"),
        pl.format(
            "{} of its acts follow the one before within {}",
            percent(_column(f"timeline_gaps_below_{part}") / _GAPS),
            pl.lit(words),
        ),
        "pace",
    )


FEATURES: tuple[Feature, ...] = (
    # Networks differ in how many people follow, and in how many one may: on two
    # labelled Twitter sets it tells the wrong way (AUC .44 and .41 by itself).
    _profile("following_count", _FOLLOWING, FOLLOWS, "follows_many", +1, is_local=True),
    _profile(
        "followers_per_following",
        (_FOLLOWERS + 1) / (_FOLLOWING + 1),
        FOLLOWS,
        "follows_many",
        -1,
    ),
    _profile(
        "posts_count",
        _POSTS,
        WRITTEN,
        "posts",
    ),
    _profile(
        "followers_per_post",
        (_FOLLOWERS + 1) / (_POSTS + 1),
        pl.format(
            "has {} followers after {} posts", number(_FOLLOWERS), number(_POSTS)
        ),
        "followers_for_posts",
    ),
    _profile(
        "following_per_post",
        (_FOLLOWING + 1) / (_POSTS + 1),
        pl.format(
            "follows {} accounts after {} posts", number(_FOLLOWING), number(_POSTS)
        ),
        "follows_for_posts",
    ),
    _profile("name_length", _LENGTH, _NAMED, "name"),
    _profile(
        "name_digit_share", _NAME.str.count_matches("[0-9]") / _LENGTH, _NAMED, "name"
    ),
    _profile(
        "name_latin_share",
        _NAME.str.count_matches("[A-Za-z]") / _LENGTH,
        _NAMED,
        "name",
    ),
    _profile(
        "description_length",
        _DESCRIBED.then(_DESCRIPTION.str.len_chars().cast(pl.Float64)),
        pl.format("describes itself in {} characters", _DESCRIPTION.str.len_chars()),
        "description",
    ),
    _timeline(
        "repost_share",
        _of_own(_share("timeline_reposts", "timeline_acts")),
        # Of a thread's author every act may be an answer: no reason.
        pl.when(pl.col("timeline_reposts") > 0).then(
            pl.format(
                "{} of its acts are reposts",
                percent(_column("timeline_reposts") / _column("timeline_acts")),
            )
        ),
        "reposts",
    ),
    _timeline(
        "acts_per_active_day",
        pl.when(pl.col("timeline_acts") >= FEWEST_ACTS).then(
            _column("timeline_acts") / _column("timeline_days")
        ),
        pl.format(
            "acted {} times on {} days",
            number(_column("timeline_acts")),
            number(_column("timeline_days")),
        ),
        "pace",
    ),
    _timeline(
        "mean_gap_hours",
        pl.when(pl.col("timeline_gaps") >= FEWEST_ACTS).then(_GAP_MEAN / 3600),
        _RHYTHM,
        "pace",
    ),
    _timeline(
        "burstiness",
        pl.when(pl.col("timeline_gaps") >= FEWEST_ACTS).then(
            (_GAP_SPREAD - _GAP_MEAN) / (_GAP_SPREAD + _GAP_MEAN + 1)
        ),
        _RHYTHM,
        "pace",
    ),
    _timeline(
        "regular_gap_share",
        pl.when(pl.col("timeline_gaps") >= 5).then(
            pl.col("timeline_regular_gaps").fill_null(0) / _GAPS
        ),
        pl.format(
            "{} of its acts come {} minutes after the one before",
            percent(_column("timeline_regular_gaps").fill_null(0) / _GAPS),
            pl.col("timeline_regular_gap_minutes").fill_null(0),
        ),
        "regular_times",
        +1,
    ),
    _timeline(
        "half_hour_share",
        _share("timeline_half_hour_acts", "timeline_acts", 5),
        pl.format(
            "{} of its acts fall on a full or half hour",
            percent(_column("timeline_half_hour_acts") / _column("timeline_acts")),
        ),
        "regular_times",
        +1,
    ),
    _gaps_below("minute", "a minute"),
    _gaps_below("ten_minutes", "ten minutes"),
    _gaps_below("hour", "an hour"),
    _gaps_below("day", "a day"),
    _gaps_below("week", "a week"),
    _acts_at("night", "between midnight and six"),
    _acts_at("morning", "between six and noon"),
    _acts_at("evening", "between six and midnight"),
    _acts_at("weekend", "on a weekend"),
    _timeline(
        "hours_per_act",
        _share("timeline_hours", "timeline_acts"),
        pl.format(
            "acted in {} of the day's 24 hours", number(_column("timeline_hours"))
        ),
        "hours",
    ),
    _timeline(
        "distinct_text_share",
        _share("timeline_distinct_texts", "timeline_texts"),
        pl.format(
            "wrote {} texts of which only {} differ",
            number(_column("timeline_texts")),
            number(_column("timeline_distinct_texts")),
        ),
        "same_texts",
        -1,
    ),
    _timeline(
        "mean_text_length",
        pl.when(pl.col("timeline_texts") >= FEWEST_ACTS).then(_TEXT_MEAN),
        pl.format("writes {} characters a text on average", number(_TEXT_MEAN)),
        "text_length",
    ),
    _timeline(
        "text_length_spread",
        pl.when(pl.col("timeline_texts") >= FEWEST_ACTS).then(
            _TEXT_SPREAD.clip(0, None).sqrt() / _TEXT_MEAN
        ),
        pl.format("writes {} characters a text on average", number(_TEXT_MEAN)),
        "text_length",
    ),
    _texts_with("sales", "have words of sellers", +1),
    _texts_with("lottery", "have words of lotteries"),
    _texts_with("link", "have a link"),
    _texts_with("topic", "have a #topic#"),
    _texts_with("mention", "call somebody with @"),
    _texts_with("digit", "have a number"),
    _texts_with("emoticon", "have an emoticon"),
    _texts_with("exclamation", "have an exclamation mark"),
    _texts_with("trailing", "trail off with dots or tildes"),
    _texts_with("first_person", "speak of the author"),
    _texts_with("headline", "have a headline in brackets"),
    _timeline(
        "clients_per_post",
        _share("timeline_clients", "timeline_clients_known"),
        pl.format(
            "posts from {} different clients", number(_column("timeline_clients"))
        ),
        "clients",
    ),
    _timeline(
        "phone_share",
        _share("timeline_phone_acts", "timeline_clients_known"),
        pl.format(
            "{} of its posts come from a phone",
            percent(_column("timeline_phone_acts") / _column("timeline_clients_known")),
        ),
        "clients",
    ),
    _timeline(
        "web_share",
        _share("timeline_web_acts", "timeline_clients_known"),
        pl.format(
            "{} of its posts come from a browser",
            percent(_column("timeline_web_acts") / _column("timeline_clients_known")),
        ),
        "clients",
    ),
    _timeline(
        "comments_per_post",
        _share("timeline_received_comments", "timeline_counted_posts"),
        pl.format(
            "its last {} posts got {} comments",
            number(_column("timeline_counted_posts")),
            number(_column("timeline_received_comments")),
        ),
        "few_comments",
        -1,
    ),
    _timeline(
        "likes_per_post",
        _share("timeline_received_likes", "timeline_counted_posts"),
        pl.format(
            "its last {} posts got {} likes",
            number(_column("timeline_counted_posts")),
            number(_column("timeline_received_likes")),
        ),
        "likes",
    ),
)


# Of these the number of posts is a part.
OF_POSTS = frozenset({"posts_count", "followers_per_post", "following_per_post"})


def of_block(block: Block) -> tuple[Feature, ...]:
    """The features of one booster, in the order of its columns."""
    return tuple(feature for feature in FEATURES if feature.block == block)


def build_features(frame: pl.DataFrame, block: Block) -> pl.DataFrame:
    """The inputs of one booster.

    Args:
        frame: one row an account, as `intermediate.account_features` has it.
            Columns that are missing count as unknown.
        block: the booster.

    Returns:
        One float column a feature of the block, rows as they came.
    """
    chosen = of_block(block)
    return with_inputs(frame, chosen).select(
        feature.value.cast(pl.Float64).alias(feature.name) for feature in chosen
    )


def with_inputs(frame: pl.DataFrame, features: Iterable[Feature]) -> pl.DataFrame:
    """The frame with a null column for each input that it lacks."""
    wanted = {
        name
        for feature in features
        for expression in (feature.value, feature.reason)
        for name in expression.meta.root_names()
    }
    texts = {"screen_name", "description"}
    return frame.with_columns(
        pl.lit(None, pl.String if name in texts else pl.Int64).alias(name)
        for name in sorted(wanted - set(frame.columns))
    )
