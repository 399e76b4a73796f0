"""What a post drew, against what this account's usual posts draw by the same age.

Each earlier usual post is read at the age at which the post is judged. The logarithm
of what they drew is fitted by ridge regression on link, media, hour of the day and
weekday, where that predicts left-out posts better than their mean alone; newer posts
weigh more where that foretold earlier posts better (prequential choice, Dawid 1984,
*Journal of the Royal Statistical Society A* 147(2)). The interval is the widest of
three: Student's t about the left-out and the foretold errors; quantiles of the errors
that were made before (conformal prediction, Lei et al. 2018, *JASA* 113(523)), from 33
of them; and a gamma-Poisson count, the least that chance does to small numbers.

Nothing that came after a post changes what was expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import nbdtrik, stdtrit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Fewer usual posts before it say too little.
FEWEST_POSTS = 10
# The usual posts that are looked back on.
_WINDOW = 128
_CHUNK = 1024
_OFFSET = 0.5
# Half-lives of a post's weight, in posts.
_HALF_LIVES = (np.inf, 20.0, 5.0)
# Of the regression's coefficients: so many posts must agree before one counts in half.
_RIDGE = 4.0
# More parameters, or a shorter memory, must cut the squared error by a tenth.
_GAIN = 0.9
_FEWEST_ERRORS = 10
# From so many errors their own quantiles are used; below, Student's t is widened.
_MANY_ERRORS = 33
_TAIL = 0.965
_WIDER = 1.2

MEASURES = ("engagements", "genuine_engagements")
SCHEMA = {
    "brand_id": pl.String,
    "action_id": pl.String,
    "measure": pl.String,
    "judged_hours": pl.Float64,
    "is_course_known": pl.Boolean,
    "usual_posts": pl.Int64,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "expected_low": pl.Float64,
    "expected_high": pl.Float64,
}


def judge_posts(
    posts: pl.DataFrame,
    acts: pl.DataFrame,
    known_days: pl.DataFrame,
    timezone: str = "UTC",
) -> pl.DataFrame:
    """What each post drew by the end of its days, and what was to be expected.

    Cost: linear in acts, and per post a look at up to 128 earlier ones and three small
    systems of equations, all posts of an account at once: under 1 ms a post.

    Args:
        posts: `brand_id`, `action_id`; `stream` (posts that are compared: those of an
            account); `platform`, `started_at` (UTC), `first_day`, `effect_until` (its
            last day), `acts` (posts in this row), `has_link`, `has_media`; `is_usual`,
            whether others are compared with it; `collected`, its acts, `known`, those
            of known accounts, `counted`, what the platform counts, `looked_at` (UTC)
            when it was read last, both null where nobody says.
        acts: `brand_id`, `action_id`, `age_seconds`, `is_genuine`; one an engagement.
        known_days: `platform`, `date_day`: days of which all that happened has landed.
        timezone: of days, and of the hour at which a post came.

    Returns:
        `SCHEMA`, a row per post and measure. `observed` is null where none of what the
        platform counts was collected, or fewer than half of who engaged are known;
        `expected`
        and its bounds are null there, too, and where the course of the post or of ten
        earlier usual posts by the same age is not known.
    """
    timed = _timed(posts, known_days, timezone)
    ordered = timed.sort("stream", "started_at", "action_id").with_row_index("row")
    placed = acts.join(
        ordered.select("brand_id", "action_id", "row"), on=["brand_id", "action_id"]
    )
    rows: list[pl.DataFrame] = []
    for measure in MEASURES:
        is_genuine = measure == "genuine_engagements"
        counted = placed.filter(pl.col("is_genuine")) if is_genuine else placed
        ages = _Ages(
            counted.get_column("row").cast(pl.Int64).to_numpy(),
            counted.get_column("age_seconds").cast(pl.Int64).to_numpy(),
            ordered.height,
        )
        for part in ordered.partition_by("stream", maintain_order=True):
            known = part.get_column("is_collected").to_numpy()
            if is_genuine:
                known = known & part.get_column("is_known").to_numpy()
            rows.append(_judge_stream(part, ages, known, measure))
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    typed = [pl.col(name).cast(kind) for name, kind in SCHEMA.items()]
    return pl.concat(rows).select(typed).sort("brand_id", "action_id", "measure")


def _timed(posts: pl.DataFrame, known: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Posts with the age they are judged at, and up to which their course is known."""
    last_known = (
        known.unique()
        .sort("platform", "date_day")
        .with_columns(
            run=pl.col("date_day").dt.epoch("d")
            - pl.int_range(pl.len()).over("platform")
        )
        .with_columns(known_until=pl.col("date_day").max().over("platform", "run"))
        .select("platform", "known_until", first_day="date_day")
    )
    joined = posts.join(
        last_known,
        on=["platform", "first_day"],
        how="left",
        maintain_order="left",
    )
    began = pl.col("started_at").dt.epoch("s")
    looked = pl.col("looked_at").dt.epoch("s")
    local = (
        pl.col("started_at").dt.replace_time_zone("UTC").dt.convert_time_zone(timezone)
    )
    return joined.select(
        "brand_id",
        "action_id",
        "stream",
        "started_at",
        "is_usual",
        "acts",
        "has_link",
        "has_media",
        judged_seconds=_ends(joined.get_column("effect_until"), timezone) - began,
        known_seconds=pl.min_horizontal(
            _ends(joined.get_column("known_until"), timezone), looked
        ).fill_null(0)
        - began,
        is_collected=(pl.col("collected") > 0)
        | ~(pl.col("counted") > 0).fill_null(value=False),
        is_known=pl.col("known") * 2 >= pl.col("collected"),
        hour=local.dt.hour() + local.dt.minute() / 60,
        weekday=local.dt.weekday(),
        is_run=pl.col("known_until").is_not_null(),
    ).with_columns(
        known_seconds=pl.when("is_run").then("known_seconds").otherwise(-1),
    )


def _ends(days: pl.Series, timezone: str) -> pl.Series:
    """The midnights that days end with, as Unix times."""
    zone = ZoneInfo(timezone)
    ends = {
        day: int(datetime.combine(day + timedelta(days=1), time(), zone).timestamp())
        for day in days.drop_nulls().unique().to_list()
    }
    return pl.Series([ends.get(day) for day in days.to_list()], dtype=pl.Int64)


class _Ages:
    """How many acts each post had by any age."""

    def __init__(self, rows: Ints, ages: Ints, posts: int) -> None:
        # A post's acts stand in a range of numbers of their own.
        self.span = int(max(ages.max(initial=0), 0)) + 2
        self.keys = np.sort(rows * self.span + np.clip(ages, 0, self.span - 2))
        self.begins = np.searchsorted(self.keys, np.arange(posts) * self.span)

    def until(self, rows: Ints, ages: Ints) -> Ints:
        """Acts younger than an age, in seconds; of arrays of one shape."""
        keys = rows * self.span + np.clip(ages, 0, self.span - 1)
        found: Ints = np.searchsorted(self.keys, keys) - self.begins[rows]
        return found


def _judge_stream(
    part: pl.DataFrame, ages: _Ages, known: Flags, measure: str
) -> pl.DataFrame:
    """All posts of a stream, in order of time."""
    own = part.get_column("row").cast(pl.Int64).to_numpy()
    judged = part.get_column("judged_seconds").cast(pl.Int64).to_numpy()
    lasting = part.get_column("known_seconds").cast(pl.Int64).to_numpy()
    is_seen = known & (lasting >= judged)
    usual = np.flatnonzero(part.get_column("is_usual").to_numpy() & known)
    stream = _Stream(
        ages=ages,
        features=_features(part),
        rows=own,
        judged=judged,
        lasting=lasting,
        usual=usual,
        before=np.searchsorted(usual, np.arange(len(own))).astype(np.int64),
    )
    observed = ages.until(own, judged).astype(np.float64)
    course = stream.foretell()
    interval = _interval(stream, course, np.log(observed + _OFFSET), is_seen)
    is_told = is_seen & (course.posts >= FEWEST_POSTS)
    return part.select(
        "brand_id",
        "action_id",
        measure=pl.lit(measure, pl.String),
        judged_hours=(pl.col("judged_seconds") / 3600).round(1),
        is_course_known=pl.Series(lasting >= judged),
        usual_posts=pl.Series(course.posts),
        observed=_unless(~known, observed),
        expected=_unless(~is_told, np.round(interval[1], 1)),
        expected_low=_unless(~is_told, interval[0]),
        expected_high=_unless(~is_told, interval[2]),
    )


def _unless(is_null: Flags, values: Floats) -> pl.Series:
    return pl.Series(np.where(is_null, np.nan, values)).fill_nan(None)


def _features(part: pl.DataFrame) -> Floats:
    """What a post is and when it came; one column each, of shape (posts, features)."""
    angle = part.get_column("hour").to_numpy() * (2 * np.pi / 24)
    weekday = part.get_column("weekday").to_numpy()
    columns: Floats = np.column_stack(
        [
            part.get_column("has_link").to_numpy(),
            part.get_column("has_media").to_numpy(),
            np.log(part.get_column("acts").to_numpy()),
            np.sin(angle),
            np.cos(angle),
            *(weekday == day for day in range(1, 8)),
        ]
    ).astype(np.float64)
    return columns


@dataclass(frozen=True)
class _Course:
    """Of each post: usual posts before it, and what they say of its logarithm.

    Attributes:
        posts: usual posts that are known up to its age.
        middle: of shape (memories, posts), as the fields below.
        spread: mean squared error of left-out posts.
        effective: posts that count, by their weights.
    """

    posts: Ints
    middle: Floats
    spread: Floats
    effective: Floats


@dataclass(frozen=True)
class _Stream:
    """Posts of an account in order of time; `usual` are places among them."""

    ages: _Ages
    features: Floats
    rows: Ints
    judged: Ints
    lasting: Ints
    usual: NDArray[np.intp]
    before: Ints

    def foretell(self) -> _Course:
        """Each post from the usual ones before it."""
        parts = [
            self._foretell(np.arange(start, min(start + _CHUNK, len(self.rows))))
            for start in range(0, len(self.rows), _CHUNK)
        ]
        return _Course(
            posts=np.concatenate([part.posts for part in parts]),
            middle=np.concatenate([part.middle for part in parts], axis=1),
            spread=np.concatenate([part.spread for part in parts], axis=1),
            effective=np.concatenate([part.effective for part in parts], axis=1),
        )

    def _foretell(self, chosen: NDArray[np.intp]) -> _Course:
        places = self.before[chosen, None] - 1 - np.arange(_WINDOW)
        is_there = places >= 0
        count = len(chosen)
        if not len(self.usual):
            empty = np.zeros((len(_HALF_LIVES), count))
            return _Course(np.zeros(count, np.int64), empty, empty, empty)
        earlier = self.usual[np.maximum(places, 0)]
        age = np.broadcast_to(self.judged[chosen, None], earlier.shape)
        is_there &= self.lasting[earlier] >= age
        drawn = np.log(self.ages.until(self.rows[earlier], age) + _OFFSET)
        ones = np.ones((count, _WINDOW, 1))
        known = np.concatenate([ones, self.features[earlier]], axis=2)
        asked = np.concatenate([ones[:, 0], self.features[chosen]], axis=1)
        found = [
            _fit(known, drawn, is_there * 0.5 ** (np.arange(_WINDOW) / life), asked)
            for life in _HALF_LIVES
        ]
        return _Course(
            is_there.sum(axis=1), *(np.stack(each) for each in zip(*found, strict=True))
        )


def _fit(
    known: Floats, drawn: Floats, weights: Floats, asked: Floats
) -> tuple[Floats, Floats, Floats]:
    """Ridge regressions of many posts at once, or weighted means where these do.

    Args:
        known: (posts, window, features) of earlier posts; the first feature is one.
        drawn: (posts, window), the logarithms.
        weights: (posts, window), zero where there is no post.
        asked: (posts, features).

    Returns:
        The middle, the mean squared error of left-out posts, the posts that count.
    """
    total = weights.sum(axis=1)
    some = np.maximum(total, 1e-9)
    mean = (weights * drawn).sum(axis=1) / some
    alone = (drawn - mean[:, None]) / np.maximum(1 - weights / some[:, None], 0.05)
    spread = (weights * alone**2).sum(axis=1) / some
    penalty = np.diag(np.r_[1e-6, np.full(known.shape[2] - 1, _RIDGE)])
    weighted = known * weights[:, :, None]
    inverse = np.linalg.inv(weighted.transpose(0, 2, 1) @ known + penalty)
    factors = np.einsum("npq,nq->np", inverse, np.einsum("nwp,nw->np", weighted, drawn))
    leverage = np.einsum("nwp,nwp->nw", known @ inverse, weighted)
    left_out = (drawn - np.einsum("nwp,np->nw", known, factors)) / np.maximum(
        1 - leverage, 0.05
    )
    fitted = (weights * left_out**2).sum(axis=1) / some
    does_help = fitted < _GAIN * spread
    return (
        np.where(does_help, np.einsum("np,np->n", asked, factors), mean),
        np.where(does_help, fitted, spread),
        total**2 / np.maximum((weights**2).sum(axis=1), 1e-9),
    )


def _interval(
    stream: _Stream, course: _Course, drawn: Floats, is_seen: Flags
) -> tuple[Floats, Floats, Floats]:
    """Low, middle and high of what each post was to draw; `drawn` are logarithms."""
    usual = stream.usual
    is_told = (course.posts >= FEWEST_POSTS) & is_seen
    errors = np.where(is_told, drawn - course.middle, np.nan)[:, usual]
    tried = _last(np.isfinite(errors[0]).astype(np.float64), stream.before)
    squares = [_last(np.nan_to_num(each**2), stream.before) for each in errors]
    foretold = np.array(squares) / np.maximum(tried, 1)
    # The longest memory, unless a shorter one foretold what came better.
    memory = np.zeros(len(drawn), np.int64)
    posts = np.arange(len(drawn))
    for shorter in range(1, len(_HALF_LIVES)):
        is_better = foretold[shorter] < _GAIN * foretold[memory, posts]
        memory = np.where((tried >= _FEWEST_ERRORS) & is_better, shorter, memory)
    middle = course.middle[memory, posts]
    effective = course.effective[memory, posts]
    has_tried = tried >= _FEWEST_ERRORS
    spread = course.spread[memory, posts]
    made = foretold[memory, posts]
    spread = np.where(has_tried, np.maximum(spread, made), spread)
    spread = np.where(tried >= _MANY_ERRORS, made, spread)
    deviation = np.sqrt(np.maximum(spread, 1e-12))
    freedom = np.maximum(np.maximum(effective - 1, has_tried * tried), 1)
    above = stdtrit(freedom, 0.975) * np.where(tried < _MANY_ERRORS, _WIDER, 1)
    below = above.copy()
    scaled = np.where(is_told, (drawn - middle) / deviation, np.nan)[usual]
    highest, lowest = _tails(scaled, stream.before)
    above, below = np.maximum(above, highest), np.maximum(below, -lowest)
    low = np.exp(middle - below * deviation) - _OFFSET
    # A bound beyond all numbers is none; e**40 is.
    high = np.exp(np.minimum(middle + above * deviation, 40)) - _OFFSET
    expected = np.maximum(np.exp(middle) - _OFFSET, 0)
    # A gamma of what was seen: half an act more than all posts that count had.
    posts_counted = np.maximum(effective, 1)
    shape = expected * posts_counted + 0.5
    share = posts_counted / (posts_counted + 1)
    low = np.minimum(low, np.ceil(nbdtrik(0.025, shape, share)))
    high = np.maximum(high, np.ceil(nbdtrik(0.975, shape, share)))
    # Outwards to whole acts; what is whole but for the last bit stays.
    return (
        np.maximum(np.floor(np.round(np.nan_to_num(low), 6)), 0),
        expected,
        np.ceil(np.round(high, 6)),
    )


def _last(values: Floats, before: Ints) -> Floats:
    """Sums of the values of the usual posts in the window before each post."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = sums[before] - sums[np.maximum(before - _WINDOW, 0)]
    return found


def _tails(scaled: Floats, before: Ints) -> tuple[Floats, Floats]:
    """High and low quantiles of the errors before each post; 0 where there are few."""
    high, low = np.zeros(len(before)), np.zeros(len(before))
    if not len(scaled):
        return high, low
    for start in range(0, len(before), _CHUNK):
        part = slice(start, start + _CHUNK)
        places = before[part, None] - 1 - np.arange(_WINDOW)
        ordered = np.sort(
            np.where(places >= 0, scaled[np.maximum(places, 0)], np.nan), axis=1
        )
        known = np.isfinite(ordered).sum(axis=1)
        rank = np.ceil(_TAIL * (known + 1)).astype(np.int64)
        is_many = (known >= _MANY_ERRORS) & (rank <= known)
        rows = np.arange(len(known))
        high[part] = np.where(is_many, ordered[rows, np.maximum(rank - 1, 0)], 0)
        low[part] = np.where(is_many, ordered[rows, np.maximum(known - rank, 0)], 0)
    return high, low
