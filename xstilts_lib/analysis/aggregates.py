"""Aggregates over tasks that outliers do not move, with intervals from a stratified bootstrap.

>>> from xstilts_lib.analysis.aggregates import probability_of_improvement
>>> probability_of_improvement([[3, 4], [1, 2]], [[1, 2], [1.5, 2]])  # tasks by runs
0.6875

Arrays are (tasks, runs), or (runs,) for one task. Tasks are held fixed; what an interval is over are the
runs, resampled within each task (Agarwal et al. 2021), or as wholes, `joint`, where run i of every task
shares a seed and with it an encoder: then the tasks of a run err together, and runs drawn task by task would
give an interval that is too narrow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .crossed import DRAWS, calibrated
from .intervals import LEVEL, Array, Interval, plain


def interquartile_mean(values: ArrayLike, axis: int | None = None) -> Any:
    """Mean of the middle half: the lowest and the highest quarter are left out (Agarwal et al. 2021)."""
    return plain(stats.trim_mean(np.asarray(values, dtype=float), 0.25, axis=axis))[0]


def interquartile_interval(
    values: ArrayLike, level: float = LEVEL, joint: bool = True, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Interquartile mean of all scores of `values` (tasks, runs), with a stratified bootstrap interval.

    Bounds have the width of Student's t (crossed.calibrated). In simulation they cover 94 to 95 % from 3
    seeds on, over 1, 9 or 40 tasks. `n` is the number of runs; bounds are NaN below two. ValueError where a
    score is not a number.
    """
    values = _whole(values)
    tasks, runs = values.shape
    estimate = float(interquartile_mean(values))
    if runs < 2:
        return Interval(estimate, np.nan, np.nan, runs, level)
    rng = np.random.default_rng(seed)
    sample = np.take_along_axis(values[None], _indices(rng, draws, tasks, runs, joint), -1)
    means = interquartile_mean(sample.reshape(draws, -1), axis=1)
    return Interval(estimate, *_bounds(means, estimate, level, tasks, runs, joint), runs, level)


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Chance that a run of ours beats one of theirs on a random task; ties count half (Agarwal et al. 2021).

    `ours` (..., n) and `theirs` (..., m): runs last, tasks before them; the mean over tasks is returned.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    return float(_wins(ours, theirs).mean())


def improvement_interval(
    ours: ArrayLike,
    theirs: ArrayLike,
    level: float = LEVEL,
    joint: bool = True,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """`probability_of_improvement` of (tasks, n) over (tasks, m), with a stratified bootstrap interval.

    `joint` draws the runs of a side as wholes over its tasks, and where n is m the same ones on both sides,
    paired by seed. In simulation it covers 93 to 96 % from 3 seeds on, over 1, 9 or 40 tasks. `n` is the
    smaller number of runs; bounds are NaN below two. ValueError where a score is not a number.
    """
    ours, theirs = _whole(ours), _whole(theirs)
    (tasks, n), m = ours.shape, theirs.shape[1]
    estimate, runs = probability_of_improvement(ours, theirs), min(n, m)
    if runs < 2:
        return Interval(estimate, np.nan, np.nan, runs, level)
    rng = np.random.default_rng(seed)
    first = _indices(rng, draws, tasks, n, joint)
    second = first if joint and n == m else _indices(rng, draws, tasks, m, joint)
    wins = _wins(ours, theirs)  # (tasks, n, m)
    which = np.arange(tasks)[:, None, None]
    sample = wins[which, first[..., :, None], second[..., None, :]].mean((1, 2, 3))
    low, high = _bounds(sample, estimate, level, tasks, runs, joint)
    # Where every run wins, draws do not vary; so many independent pairs, all won, have Clopper and Pearson's.
    certain = ((1 - level) / 2) ** (1 / (runs if joint else tasks * runs))
    low = min(certain, low) if estimate == 1 else max(0.0, low)
    high = max(1 - certain, high) if estimate == 0 else min(1.0, high)
    return Interval(estimate, low, high, runs, level)


def _wins(ours: Array, theirs: Array) -> Array:
    """1 where a run of ours beats one of theirs, 0 where it loses, a half where they tie: (..., n, m)."""
    return (np.sign(ours[..., :, None] - theirs[..., None, :]) + 1) / 2


def _indices(rng: np.random.Generator, draws: int, tasks: int, runs: int, joint: bool) -> Array:
    """Runs of each draw and task, (draws, tasks, runs): the same ones in every task where they are joint."""
    drawn = rng.integers(runs, size=(draws, 1 if joint else tasks, runs))
    return np.broadcast_to(drawn, (draws, tasks, runs))


def _bounds(
    sample: Array, estimate: float, level: float, tasks: int, runs: int, joint: bool
) -> tuple[float, float]:
    freedom = runs - 1 if joint else tasks * (runs - 1)
    error = np.std(sample) * np.sqrt(runs / (runs - 1))
    low, high = calibrated(sample, estimate, error, freedom, level)
    return float(low), float(high)


def _whole(values: ArrayLike) -> Array:
    values = np.atleast_2d(np.asarray(values, dtype=float))
    if not np.isfinite(values).all():
        raise ValueError("a score is not a number; leave out the runs that lack a task before this")
    return values
