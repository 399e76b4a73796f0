"""What changed after a brand's action, against the course expected without it.

A structural time series model (local level, from 28 known days on a fixed weekday
pattern besides; Harvey 1989, *Forecasting, Structural Time Series Models and the
Kalman Filter*; statsmodels' UnobservedComponents) learns a brand's course from the
days before an action, those of other judged actions left out, and forecasts its days,
as Brodersen et al. do (2015, *Annals of Applied Statistics* 9(1), causal impact). The
change is what was seen less what was forecast; what comes later changes nothing.

Plug-in intervals of such models are too narrow on short courses. Two things widen
them, never narrow: quantiles of Student's t with a third as many degrees of freedom as
days (neighbouring days say much the same), and a trial: the same forecast for quiet
stretches of the same length, whose worst miss the interval must hold.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

Series = NDArray[np.float64]

# Fewer known days before an action say nothing about its course.
FEWEST_DAYS = 10
# Three weeks make a weekday's mean; one more leaves something to judge it by.
_LONG = 28
# A count of acts has a variance that grows with it; its square root (Anscombe) has not.
_ANSCOMBE = 3 / 8
_PATHS = 1000
_TRIAL_PATHS = 100
_TRIALS = 12
_SEED = 20150101

SCHEMA = {
    "brand_id": pl.String,
    "episode": pl.String,
    "measure": pl.String,
    "days_before": pl.Int64,
    "days_seen": pl.Int64,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "expected_low": pl.Float64,
    "expected_high": pl.Float64,
}


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
    Measure("followers", "level", 1),
    Measure("sentiment_net", "rate", 4),
)


def judge_episodes(days: pl.DataFrame, episodes: pl.DataFrame) -> pl.DataFrame:
    """The course of each measure in each episode, and the one expected without it.

    An episode is one action, or several whose days overlap and whose effects can't be
    told apart. Days of all episodes of a brand are kept out of what its usual course is
    learned from.

    Cost: per episode and measure one maximum likelihood fit and up to twelve trials,
    about 0.15 s on a year of days.

    Args:
        days: a row per `brand_id` and `date_day` that is covered, with the columns of
            `MEASURES`; null where unknown.
        episodes: `brand_id`, `episode`, `first_day`, `last_day`; days inclusive.

    Returns:
        `SCHEMA`, a row per episode and measure. `expected` and its 95 % bounds are null
        where fewer than ten days before are known or the course never moves;
        `observed` is null where no day of the episode is known.
    """
    rows: list[dict[str, object]] = []
    by_brand = days.sort("brand_id", "date_day").partition_by("brand_id", as_dict=True)
    for (brand,), own in sorted(
        episodes.partition_by("brand_id", as_dict=True).items()
    ):
        known = by_brand.get((brand,))
        if known is None:
            continue
        calendar = _every_day(known)
        first = calendar.get_column("date_day")[0]
        windows = [
            _Window(episode, (start - first).days, (end - first).days + 1)
            for episode, start, end in own.select("episode", "first_day", "last_day")
            .sort("first_day", "episode")
            .iter_rows()
        ]
        for measure in MEASURES:
            values = calendar.get_column(measure.name).cast(pl.Float64).to_numpy()
            rows += [
                {"brand_id": brand, "measure": measure.name, **row}
                for row in _judge(values, windows, measure)
            ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("brand_id", "episode", "measure")


@dataclass(frozen=True)
class _Window:
    """Days of an episode, as places in a brand's days; the end is exclusive."""

    episode: str
    start: int
    end: int


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
    values: Series, windows: list[_Window], measure: Measure
) -> Iterator[dict[str, object]]:
    """One measure of one brand in all its episodes."""
    quiet = _steps(values, measure)
    for window in windows:
        quiet[max(window.start, 0) : max(window.end, 0)] = np.nan
        if measure.kind == "level":
            # The step to the day after begins within the episode.
            quiet[max(window.end, 0) : max(window.end + 1, 0)] = np.nan
    for window in windows:
        start = max(window.start, 0)
        seen = values[start : max(window.end, 0)]
        inside = np.flatnonzero(~np.isnan(seen))
        before = quiet[:start]
        row: dict[str, object] = {
            "episode": window.episode,
            "days_before": int(np.isfinite(before).sum()),
            "days_seen": len(inside),
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
            expected = _expect(values[:start], before, inside, measure)
            if expected is not None:
                low, middle, high = (round(end, measure.digits) for end in expected)
                row |= {
                    "expected": middle,
                    "expected_low": low,
                    "expected_high": high,
                }
        yield row


def _steps(values: Series, measure: Measure) -> Series:
    """What is modelled: roots of counts, a stock's gains, rates as they are."""
    if measure.kind == "count":
        roots: Series = np.sqrt(values + _ANSCOMBE)
        return roots
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


def _expect(
    values: Series, before: Series, inside: NDArray[np.intp], measure: Measure
) -> tuple[float, float, float] | None:
    """Low, middle and high of what an episode's days come to without it.

    Args:
        values: the days before, as they were.
        before: the same as it is modelled; days of other episodes are unknown.
        inside: places of the episode's known days, counted from its first one.
        measure: what is told.

    Returns:
        None where too little is known.
    """
    course = _learn(before, measure)
    if course is None:
        return None
    base = 0.0
    start = len(before)
    if measure.kind == "level":
        # From the last day that was looked at, all steps to the episode's last.
        last_known = int(np.flatnonzero(np.isfinite(values))[-1])
        base = float(values[last_known])
        start, inside = last_known + 1, np.arange(start - last_known + inside[-1])
    low, middle, high = course.forecast(start, inside, _PATHS)
    known = int(np.isfinite(before).sum())
    wide = max(1.0, _worst_miss(course, int(inside[-1]) + 1)) * float(
        student.ppf(0.975, max(known // 3, 3)) / student.ppf(0.975, np.inf)
    )
    low, high = middle - wide * (middle - low), middle + wide * (high - middle)
    if measure.kind == "count":
        low = max(low, 0.0)
    return base + low, base + middle, base + high


@dataclass(frozen=True)
class _Course:
    """A brand's usual course of one measure up to an episode."""

    quiet: Series
    params: Series
    measure: Measure
    is_long: bool

    def forecast(
        self, start: int, inside: NDArray[np.intp], paths: int
    ) -> tuple[float, float, float]:
        """2.5 %, 50 % and 97.5 % of what days come to, known those before `start`."""
        length = int(inside[-1]) + 1
        model = _model(self.quiet[:start], is_long=self.is_long)
        drawn = model.smooth(self.params).simulate(
            length,
            repetitions=paths,
            anchor="end",
            rng=np.random.default_rng(_SEED),
        )
        steps = np.asarray(drawn, dtype=np.float64).reshape(length, -1)
        if self.measure.kind == "count":
            steps = np.maximum(np.maximum(steps, 0) ** 2 - _ANSCOMBE, 0)
        low, middle, high = np.quantile(
            _summed(steps, inside, self.measure), [0.025, 0.5, 0.975]
        )
        return float(low), float(middle), float(high)

    def seen(self, start: int, inside: NDArray[np.intp]) -> float:
        """What days came to, counted from `start`."""
        steps = self.quiet[start : start + int(inside[-1]) + 1]
        if self.measure.kind == "count":
            steps = steps**2 - _ANSCOMBE
        return _over_days(steps, inside, self.measure)


def _learn(quiet: Series, measure: Measure) -> _Course | None:
    """The usual course from the days that are known; None where it can't be told."""
    known = quiet[np.isfinite(quiet)]
    if len(known) < FEWEST_DAYS or np.ptp(known) == 0:
        return None
    is_long = len(known) >= _LONG
    model = _model(quiet, is_long=is_long)
    with warnings.catch_warnings():
        # A flat likelihood (a level that hardly moves) is told as no convergence.
        warnings.simplefilter("ignore")
        fitted = model.fit(disp=0, maxiter=200)
    return _Course(quiet, np.asarray(fitted.params), measure, is_long)


def _model(values: Series, *, is_long: bool) -> Any:
    """The structural model of a course."""
    # Half a second to import, and most runs have no action to judge.
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(
        values,
        level="local level",
        seasonal=7 if is_long else None,
        stochastic_seasonal=False,
    )


def _worst_miss(course: _Course, length: int) -> float:
    """The worst miss in quiet stretches, in half-widths of the interval."""
    known = np.isfinite(course.quiet)
    counted = np.concatenate([[0], np.cumsum(known)])
    starts = [
        start
        for start in range(len(known) - length + 1)
        if counted[start] >= FEWEST_DAYS and known[start : start + length].all()
    ]
    if not starts:
        return 1.0
    chosen = np.unique(np.linspace(0, len(starts) - 1, _TRIALS).round().astype(int))
    inside = np.arange(length)
    worst = 0.0
    for start in (starts[place] for place in chosen):
        low, middle, high = course.forecast(start, inside, _TRIAL_PATHS)
        missed = course.seen(start, inside) - middle
        room = high - middle if missed > 0 else middle - low
        worst = max(worst, abs(missed) / max(room, 1e-9))
    return worst
