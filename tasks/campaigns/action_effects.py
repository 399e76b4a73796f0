"""What changed after a brand's action, against the course expected without it.

A structural time series model (local level, from 28 known days on a fixed weekday
pattern besides; Harvey 1989, *Forecasting, Structural Time Series Models and the
Kalman Filter*; statsmodels' UnobservedComponents) learns a brand's course from the
days before an action, those of other judged actions left out, and forecasts its days,
as Brodersen et al. do (2015, *Annals of Applied Statistics* 9(1), causal impact). The
change is what was seen less what was forecast; what comes later changes nothing.

Other brands' days, written-down actions of theirs left out, join the model as one
regressor where they foretell the brand's quiet days better (synthetic control: Abadie,
Diamond, Hainmueller 2010, *JASA* 105(490)): what moves all of a market is no effect.

Plug-in intervals of such models are too narrow on short courses. Two things widen
them, never narrow: quantiles of Student's t with a quarter as many degrees of freedom
as days (neighbouring days say much the same), and a trial: the same forecast for quiet
stretches of the same length, whose worst miss the interval must hold.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Series = NDArray[np.float64]

# Two weeks, so that each weekday stands twice; fewer known days say too little. From
# three weeks on the intervals are of use.
FEWEST_DAYS = 14
# What a forecast of quiet days, or a comparison with another brand's, is made from.
_FEWEST_TRIED = 10
# Three weeks make a weekday's mean; one more leaves something to judge it by.
_LONG = 28
# A count of acts has a variance that grows with it; its square root (Anscombe) has not.
_ANSCOMBE = 3 / 8
# Days that spread wider than their mean are ruled by single posts: even their roots
# have long tails, logarithms less. Tails of uneven days are longer than normal ones.
_BURSTING = 1.0
_UNEVEN = 0.6
_WIDER = 1.25
_PATHS = 1000
_TRIAL_PATHS = 100
_TRIALS = 12
_SEED = 20150101
# Chance that a brand is used whose days have nothing in common, of all there are.
_BY_CHANCE = 0.025
# Other brands' days must make the days before so much more likely (logarithm), besides
# what choosing among many brands gains, and quiet stretches be foretold so much better.
_LEAST_GAIN = 2.0
_LESS_ERROR = 0.9

SCHEMA = {
    "brand_id": pl.String,
    "episode": pl.String,
    "measure": pl.String,
    "days_before": pl.Int64,
    "days_seen": pl.Int64,
    "controls": pl.Int64,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "expected_low": pl.Float64,
    "expected_high": pl.Float64,
    "told_from": pl.String,
}


# What a row holds besides whose it is.
_TOLD = tuple(name for name in SCHEMA if name not in ("brand_id", "episode", "measure"))


@dataclass(frozen=True)
class Measure:
    """A column of a brand's days and what is said of it over several days.

    Attributes:
        name: the column.
        kind: `count` is summed; `level` is a stock, told by its last day and modelled
            by its gains between days in a row; `rate` is averaged.
        digits: decimals that are told.
    """

    name: str
    kind: Literal["count", "level", "rate"]
    digits: int


MEASURES = (
    Measure("engagements", "count", 1),
    Measure("genuine_engagements", "count", 1),
    Measure("mentions", "count", 1),
    Measure("genuine_mentions", "count", 1),
    Measure("followers", "level", 1),
    Measure("sentiment_net", "rate", 4),
)


def judge_episodes(
    days: pl.DataFrame,
    episodes: pl.DataFrame,
    controls: pl.DataFrame | None = None,
    earlier: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The course of each measure in each episode, and the one expected without it.

    An episode is one action, or several whose days overlap and whose effects can't be
    told apart. What a brand's usual course is learned from leaves out the days of its
    written-down episodes, and those of the episode's own class.

    Cost: per episode and measure up to four maximum likelihood fits and two dozen
    trials, about 0.3 s on a year of days, half of it without controls; of `earlier`
    ones hashing the days before.

    Args:
        days: a row per `brand_id` and `date_day` that is covered, with columns named
            as in `MEASURES`, those that are to be judged; null where unknown.
        episodes: `brand_id`, `episode`, `first_day`, `last_day`; days inclusive; and
            `class`: `written`, `reply` or `post`, all `written` without it. Of a `post`
            only followers and tone are judged.
        controls: `brand_id`, `control_id`: whose days a brand's may be compared with.
            Used for counts, on days when the control has no written episode, and only
            where that foretells quiet days of the brand better.
        earlier: rows that the same code and libraries gave. One that follows from the
            very same numbers is given again.

    Returns:
        `SCHEMA`, a row per episode and measure; `told_from` is a digest of all numbers
        that it follows from. `expected` and its 95 % bounds are null
        where fewer than `FEWEST_DAYS` days before are known or the course never moves;
        `observed` is null where no day of the episode is known.
    """
    if "class" not in episodes.columns:
        episodes = episodes.with_columns(pl.lit("written").alias("class"))
    told: dict[str, dict[str, object]] = {}
    if earlier is not None:
        told = {row["told_from"]: row for row in earlier.select(*_TOLD).to_dicts()}
    rows: list[dict[str, object]] = []
    by_brand = days.sort("brand_id", "date_day").partition_by("brand_id", as_dict=True)
    windows_of = {
        brand: own.sort("first_day", "episode").select(
            "episode", "first_day", "last_day", "class"
        )
        for (brand,), own in episodes.partition_by("brand_id", as_dict=True).items()
    }
    rivals_of = _rivals(controls)
    for brand, own in sorted(windows_of.items()):
        known = by_brand.get((brand,))
        if known is None:
            continue
        calendar = _every_day(known)
        first = calendar.get_column("date_day")[0]
        windows = _windows(own, first)
        others = [
            (
                calendar.select("date_day").join(
                    by_brand[(rival,)],
                    on="date_day",
                    how="left",
                    maintain_order="left",
                ),
                [
                    window
                    for window in _windows(windows_of.get(rival), first)
                    if window.kind == "written"
                ],
            )
            for rival in rivals_of.get(brand, [])
            if (rival,) in by_brand
        ]
        for measure in MEASURES:
            if measure.name not in calendar.columns:
                continue
            values = _column(calendar, measure)
            compared = (
                [_without(_column(days, measure), busy) for days, busy in others]
                if measure.kind == "count"
                else []
            )
            asked = [
                window
                for window in windows
                if window.kind != "post" or measure.kind != "count"
            ]
            rows += [
                {"brand_id": brand, "measure": measure.name, **row}
                for row in _judge(values, windows, asked, measure, compared, told)
            ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("brand_id", "episode", "measure")


def _rivals(controls: pl.DataFrame | None) -> dict[str, list[str]]:
    """Whom a brand may be compared with."""
    found: dict[str, list[str]] = {}
    if controls is not None:
        pairs = controls.select("brand_id", "control_id").unique().sort(pl.all())
        for brand, rival in pairs.iter_rows():
            if brand != rival:
                found.setdefault(brand, []).append(rival)
    return found


@dataclass(frozen=True)
class _Window:
    """Days of an episode, as places in a brand's days; the end is exclusive."""

    episode: str
    start: int
    end: int
    kind: str = "written"


def _windows(own: pl.DataFrame | None, first: date) -> list[_Window]:
    """A brand's episodes, in places counted from a day."""
    if own is None:
        return []
    return [
        _Window(episode, (start - first).days, (end - first).days + 1, kind)
        for episode, start, end, kind in own.iter_rows()
    ]


def _column(days: pl.DataFrame, measure: Measure) -> Series:
    values: Series = days.get_column(measure.name).cast(pl.Float64).to_numpy()
    return values


def _without(values: Series, windows: list[_Window]) -> Series:
    """Values of the days of no window."""
    left = values.copy()
    for window in windows:
        left[max(window.start, 0) : max(window.end, 0)] = np.nan
    return left


def _every_day(known: pl.DataFrame) -> pl.DataFrame:
    """A row per day from the first to the last; unknown ones are null."""
    column = known.get_column("date_day")
    first, last = column.min(), column.max()
    assert isinstance(first, date) and isinstance(last, date)
    calendar = pl.DataFrame(
        {
            "date_day": [
                first + timedelta(days=n) for n in range((last - first).days + 1)
            ]
        }
    )
    return calendar.join(known, on="date_day", how="left", maintain_order="left")


def _judge(
    values: Series,
    windows: list[_Window],
    asked: list[_Window],
    measure: Measure,
    controls: list[Series],
    told: Mapping[str, Mapping[str, object]],
) -> Iterator[dict[str, object]]:
    """One measure of one brand in the episodes that are asked for.

    `told` are rows by what they follow from, which are given again.
    """
    # Of each class once: of each episode it would take the square of their number.
    quiet_of = {
        kind: _quiet(
            values, [one for one in windows if one.kind in ("written", kind)], measure
        )
        for kind in {window.kind for window in asked}
    }
    for window in asked:
        quiet = quiet_of[window.kind]
        start = max(window.start, 0)
        seen = values[start : max(window.end, 0)]
        inside = np.flatnonzero(~np.isnan(seen))
        before = quiet[:start]
        until = start + int(inside[-1]) + 1 if len(inside) else start
        rivals = [rival[:until] for rival in controls]
        told_from = _digest(measure, values[:start], before, seen, *rivals)
        if told_from in told:
            yield {"episode": window.episode, **told[told_from]}
            continue
        row: dict[str, object] = {
            "episode": window.episode,
            "told_from": told_from,
            "days_before": int(np.isfinite(before).sum()),
            "days_seen": len(inside),
            "controls": None,
            "observed": None,
            "expected": None,
            "expected_low": None,
            "expected_high": None,
        }
        if len(inside):
            observed = (
                seen[inside[-1]]
                if measure.kind == "level"
                else _over_days(seen, inside, measure)
            )
            row["observed"] = round(float(observed), measure.digits)
            expected = _expect(values[:start], before, inside, measure, rivals)
            if expected is not None:
                low, middle, high = (
                    round(end, measure.digits) for end in expected.bounds
                )
                row |= {
                    "controls": expected.controls if measure.kind == "count" else None,
                    "expected": middle,
                    "expected_low": low,
                    "expected_high": high,
                }
        yield row


def _digest(measure: Measure, *series: Series) -> str:
    """Of all that a row follows from."""
    digest = hashlib.sha256(repr(measure).encode())
    for values in series:
        digest.update(len(values).to_bytes(8) + values.tobytes())
    return digest.hexdigest()[:32]


def _quiet(values: Series, windows: list[_Window], measure: Measure) -> Series:
    """What is modelled, without the days of windows."""
    quiet = _without(_steps(values, measure), windows)
    if measure.kind == "level":
        # The step to the day after begins within the episode.
        for window in windows:
            quiet[max(window.end, 0) : max(window.end + 1, 0)] = np.nan
    return quiet


def _even(values: Series, *, is_log: bool) -> Series:
    """Counts on a scale on which they vary alike at any size."""
    scaled: Series = np.log(values + 1) if is_log else np.sqrt(values + _ANSCOMBE)
    return scaled


def _counts(scaled: Series, *, is_log: bool) -> Series:
    """Counts of what stands on that scale."""
    if is_log:
        # e**40 is beyond all counts.
        counts: Series = np.exp(np.minimum(scaled, 40)) - 1
    else:
        counts = np.maximum(scaled, 0) ** 2 - _ANSCOMBE
    return np.maximum(counts, 0)


def _spread(values: Series) -> float:
    """The deviation of known counts in units of their mean; 0 where all are 0."""
    known = values[np.isfinite(values)]
    mean = float(known.mean()) if len(known) else 0.0
    return float(known.std()) / mean if mean else 0.0


def _steps(values: Series, measure: Measure) -> Series:
    """What is modelled: a stock's gains; counts and rates as they are."""
    if measure.kind == "level":
        return np.concatenate([[np.nan], np.diff(values)])
    return values.copy()


def _over_days(values: Series, inside: NDArray[np.intp], measure: Measure) -> float:
    """What the known days come to; values of shape (days,)."""
    return float(_summed(values[:, None], inside, measure)[0])


def _summed(paths: Series, inside: NDArray[np.intp], measure: Measure) -> Series:
    """What the known days of each path come to; (days, paths) to (paths,)."""
    if measure.kind == "rate":
        mean: Series = paths[inside].mean(axis=0)
        return mean
    total: Series = paths[inside].sum(axis=0)
    return total


@dataclass(frozen=True)
class _Expected:
    """Low, middle and high of what days come to, and how many brands helped to tell."""

    bounds: tuple[float, float, float]
    controls: int


def _expect(
    values: Series,
    before: Series,
    inside: NDArray[np.intp],
    measure: Measure,
    controls: list[Series],
) -> _Expected | None:
    """What an episode's days come to without it.

    Args:
        values: the days before, as they were.
        before: the same without days of other episodes; of a stock its gains.
        inside: places of the episode's known days, counted from its first one.
        measure: what is told.
        controls: of other brands, days before and inside, as they were.

    Returns:
        None where too little is known.
    """
    is_count = measure.kind == "count"
    spread = _spread(before) if is_count else 0.0
    is_log = spread > _BURSTING
    if is_count:
        before = _even(before, is_log=is_log)
    course = _learn(before, measure, is_log=is_log)
    if course is None:
        return None
    base = 0.0
    start = len(before)
    length = int(inside[-1]) + 1
    if measure.kind == "level":
        # From the last day that was looked at, all steps to the episode's last.
        last_known = int(np.flatnonzero(np.isfinite(values))[-1])
        base = float(values[last_known])
        start, inside = last_known + 1, np.arange(start - last_known + inside[-1])
        length = int(inside[-1]) + 1
    trials = _try(course, length)
    used = 0
    scaled = [_even(rival, is_log=is_log) for rival in controls]
    common = _common_course(before, inside, scaled)
    if common is not None:
        with_controls = _learn(before, measure, common.days, is_log=is_log)
        if (
            with_controls is not None
            and with_controls.likelihood - course.likelihood
            > _LEAST_GAIN + np.log(len(controls))
        ):
            tried = _try(with_controls, length)
            if tried.error < _LESS_ERROR * trials.error:
                course, trials, used = with_controls, tried, common.brands
    low, middle, high = course.forecast(start, inside, _PATHS)
    known = int(np.isfinite(before).sum())
    wide = max(1.0, trials.worst) * float(
        stdtrit(max(known // 4, 3), 0.975) / stdtrit(np.inf, 0.975)
    )
    if spread > _UNEVEN:
        wide *= _WIDER
    low, high = middle - wide * (middle - low), middle + wide * (high - middle)
    if is_count:
        low = max(low, 0.0)
    return _Expected((base + low, base + middle, base + high), used)


@dataclass(frozen=True)
class _Common:
    """What other brands' days share with a brand's, without unit; 0 where unknown."""

    days: Series
    brands: int


def _common_course(
    before: Series,
    inside: NDArray[np.intp],
    controls: list[Series],
) -> _Common | None:
    """Other brands' days, weighted by how much their steps go with the brand's.

    A brand counts that is known on each known day of the episode and on ten of the
    days before, and whose steps from day to day go with the brand's beyond chance.
    """
    start = len(before)
    steps = np.diff(before)
    # Correlations of so many steps that chance alone makes, times their number's root.
    by_chance = -ndtri(_BY_CHANCE / max(len(controls), 1))
    total, weights = np.zeros(0), np.zeros(0)
    brands = 0
    for days in controls:
        known = days[:start][np.isfinite(before)]
        known = known[np.isfinite(known)]
        if len(known) < _FEWEST_TRIED or np.ptp(known) == 0:
            continue
        if not np.isfinite(days[start + inside]).all():
            continue
        own, other = steps, np.diff(days[:start])
        both = np.isfinite(own) & np.isfinite(other)
        if both.sum() < _FEWEST_TRIED or np.ptp(own[both]) * np.ptp(other[both]) == 0:
            continue
        alike = float(np.corrcoef(own[both], other[both])[0, 1])
        if alike <= by_chance / np.sqrt(both.sum()):
            continue
        scaled = (days - known.mean()) / known.std()
        if not brands:
            total, weights = np.zeros(len(days)), np.zeros(len(days))
        total += np.where(np.isfinite(scaled), alike * scaled, 0)
        weights += np.where(np.isfinite(scaled), alike, 0)
        brands += 1
    if not brands:
        return None
    return _Common(total / np.where(weights > 0, weights, 1), brands)


@dataclass(frozen=True)
class _Course:
    """A brand's usual course of one measure up to an episode.

    Attributes:
        quiet: what is modelled, days before the episode, on an even scale.
        params: of the model, by maximum likelihood.
        measure: what is told.
        is_long: whether weekdays are part of it.
        is_log: whether counts are modelled by their logarithms, not their roots.
        common: what other brands' days say, up to the episode's end; None without.
        likelihood: the logarithm of it.
    """

    quiet: Series
    params: Series
    measure: Measure
    is_long: bool
    is_log: bool
    common: Series | None
    likelihood: float

    def forecast(
        self, start: int, inside: NDArray[np.intp], paths: int
    ) -> tuple[float, float, float]:
        """2.5 %, 50 % and 97.5 % of what days come to, known those before `start`."""
        length = int(inside[-1]) + 1
        common, coming = None, None
        if self.common is not None:
            common = self.common[:start]
            coming = self.common[start : start + length, None]
        model = _model(self.quiet[:start], common, is_long=self.is_long)
        drawn = model.smooth(self.params).simulate(
            length,
            repetitions=paths,
            anchor="end",
            exog=coming,
            rng=np.random.default_rng(_SEED),
        )
        steps = np.asarray(drawn, dtype=np.float64).reshape(length, -1)
        if self.measure.kind == "count":
            steps = _counts(steps, is_log=self.is_log)
        low, middle, high = np.quantile(
            _summed(steps, inside, self.measure), [0.025, 0.5, 0.975]
        )
        return float(low), float(middle), float(high)

    def seen(self, start: int, inside: NDArray[np.intp]) -> float:
        """What days came to, counted from `start`."""
        steps = self.quiet[start : start + int(inside[-1]) + 1]
        if self.measure.kind == "count":
            steps = _counts(steps, is_log=self.is_log)
        return _over_days(steps, inside, self.measure)


def _learn(
    quiet: Series,
    measure: Measure,
    common: Series | None = None,
    *,
    is_log: bool = False,
) -> _Course | None:
    """The usual course from the days that are known; None where it can't be told."""
    known = quiet[np.isfinite(quiet)]
    if len(known) < FEWEST_DAYS or np.ptp(known) == 0:
        return None
    is_long = len(known) >= _LONG
    own = None if common is None else common[: len(quiet)]
    model = _model(quiet, own, is_long=is_long)
    with warnings.catch_warnings():
        # A flat likelihood (a level that hardly moves) is told as no convergence.
        warnings.simplefilter("ignore")
        fitted = model.fit(disp=0, maxiter=200)
    return _Course(
        quiet,
        np.asarray(fitted.params),
        measure,
        is_long,
        is_log,
        common,
        float(fitted.llf),
    )


def _model(values: Series, common: Series | None, *, is_long: bool) -> Any:
    """The structural model of a course."""
    # Half a second to import, and most runs have no action to judge.
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(
        values,
        level="local level",
        seasonal=7 if is_long else None,
        stochastic_seasonal=False,
        exog=None if common is None else common[:, None],
        # A state with a variance, not a known number.
        mle_regression=False,
    )


@dataclass(frozen=True)
class _Trials:
    """How a course foretold quiet stretches of a length.

    Attributes:
        worst: the worst miss, in half-widths of its interval.
        error: the mean squared miss; 0 where none was tried.
    """

    worst: float
    error: float


def _try(course: _Course, length: int) -> _Trials:
    """Foretell up to twelve quiet stretches, spread over all there are."""
    known = np.isfinite(course.quiet)
    counted = np.concatenate([[0], np.cumsum(known)])
    starts = [
        start
        for start in range(len(known) - length + 1)
        if counted[start] >= _FEWEST_TRIED and known[start : start + length].all()
    ]
    if not starts:
        return _Trials(1.0, 0.0)
    chosen = np.unique(np.linspace(0, len(starts) - 1, _TRIALS).round().astype(int))
    inside = np.arange(length)
    worst = squares = 0.0
    for start in (starts[place] for place in chosen):
        low, middle, high = course.forecast(start, inside, _TRIAL_PATHS)
        missed = course.seen(start, inside) - middle
        room = high - middle if missed > 0 else middle - low
        worst = max(worst, abs(missed) / max(room, 1e-9))
        squares += missed**2
    return _Trials(worst, squares / len(chosen))
