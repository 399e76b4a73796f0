"""Signs that no labelled set shows, as stated judgements.

The labelled accounts all have 214 posts or more, an unknown registration day and
an unknown verification, so training can't say what a fresh account looks like.
Each sign adds its log-odds to the model's. The numbers are judgements, not
estimates: 0.7 doubles the odds, 1.4 takes them four times, 2.3 ten times.

New and quiet real people meet single signs too: no single one lifts an account
that is otherwise average above 0.8.

The platform's own level, given the number of posts, tells labelled accounts apart a
little (AUC .70; as a sign of -0.7 it lifts that of the score from .766 to .777). In
planted worlds, where well kept phantoms reach levels as people do, it takes recall of
these from .73 to .58. It is left out.

Age and quiet speak for nobody much: of the old and quiet of two labelled Twitter sets
37 % and 30 % are bought or automatic (of all accounts 15 % and 48 %).

Sources: the zombie rule of 2011 (fewer than 5 followers, fewer than 5 posts;
Marbridge 2011-05-20), what sellers of followers leave behind (ClickZ 2011-09-16):
default names and pictures, accounts made for the occasion, repeated texts, inhuman
pace.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tasks.accounts.features import FOLLOWS, WRITTEN, number


@dataclass(frozen=True)
class Evidence:
    """A sign: when it holds, what it adds, how it reads.

    Attributes:
        name: unique.
        holds: over `intermediate.account_features`; unknown counts as no.
        log_odds: natural logarithm of the factor on the odds of a phantom.
        reason: the sentence that shows the value.
        reason_class: what it says without the value, one of `REASON_CLASSES`.
    """

    name: str
    holds: pl.Expr
    log_odds: float
    reason: pl.Expr
    reason_class: str


_FOLLOWERS, _FOLLOWING = pl.col("followers_count"), pl.col("following_count")
_POSTS, _ACTS = pl.col("posts_count"), pl.col("acts")
# Below the range that the labelled accounts span; within it the model knows better.
_UNSEEN = _POSTS < 214

# What people put behind their names: a month or a day of a year, a birthday in six
# digits, one to four digits again and again (666666, 023023), digits in a row.
_DATE = (
    r"(?:^|\D)(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])?"
    r"|\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$"
)
_TAIL = pl.col("screen_name").str.extract(r"(\d{6,})$")
_IS_REPEATED = pl.any_horizontal(
    _TAIL.str.slice(length) == _TAIL.str.head(-length) for length in (1, 2, 3, 4)
)
_IS_IN_A_ROW = pl.any_horizontal(
    pl.lit(digits).str.contains(_TAIL, literal=True)
    for digits in ("01234567890123456789", "98765432109876543210")
)
_HANDED_OUT = pl.col("screen_name").str.contains(r"^用户\d{6,}$") | (
    _TAIL.is_not_null()
    & ~pl.col("screen_name").str.contains(_DATE)
    & ~_IS_REPEATED
    & ~_IS_IN_A_ROW
)

JUDGED: tuple[Evidence, ...] = (
    Evidence(
        "few_followers",
        (_FOLLOWERS < 5) & _UNSEEN,
        0.8,
        pl.when(_FOLLOWERS == 1)
        .then(pl.lit("has 1 follower"))
        .otherwise(pl.format("has {} followers", number(_FOLLOWERS))),
        "few_followers",
    ),
    Evidence(
        "few_posts",
        _POSTS < 5,
        0.4,
        WRITTEN,
        "few_posts",
    ),
    Evidence(
        "follows_far_more",
        (_FOLLOWING >= 300) & (_FOLLOWERS * 10 < _FOLLOWING) & _UNSEEN,
        1.0,
        FOLLOWS,
        "follows_many",
    ),
    Evidence(
        "made_for_the_occasion",
        pl.col("age_days_at_first_act").is_between(0, 29),
        1.0,
        pl.format(
            "was registered {} days before it first appeared",
            number(pl.col("age_days_at_first_act")),
        ),
        "new",
    ),
    Evidence(
        "handed_out_name",
        _HANDED_OUT & _UNSEEN,
        0.8,
        pl.lit("has a name as the platform or a script hands it out"),
        "handed_out_name",
    ),
    Evidence(
        "default_picture",
        pl.col("has_default_avatar") & _UNSEEN,
        0.6,
        pl.lit("has no picture of its own"),
        "default_picture",
    ),
    Evidence(
        "repeats_itself",
        (pl.col("own_texts") >= 5)
        & (pl.col("distinct_own_texts") * 3 <= pl.col("own_texts")),
        1.8,
        pl.format(
            "wrote {} texts of which only {} differ",
            number(pl.col("own_texts")),
            number(pl.col("distinct_own_texts")),
        ),
        "same_texts",
    ),
    Evidence(
        "inhuman_pace",
        60 * pl.col("active_days") <= _ACTS,
        1.8,
        pl.format(
            "acted {} times on {} days", number(_ACTS), number(pl.col("active_days"))
        ),
        "inhuman_pace",
    ),
    Evidence(
        "verified",
        pl.col("is_verified"),
        -1.5,
        pl.lit("is verified by the platform"),
        "verified",
    ),
    Evidence(
        "old_and_quiet",
        (pl.col("age_days") >= 730) & (_FOLLOWING < 300) & (_POSTS < 30),
        -0.5,
        pl.lit("is old and quiet"),
        "old_and_quiet",
    ),
)
