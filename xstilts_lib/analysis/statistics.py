"""Estimates with intervals, tests and corrections, on plain arrays, for a whole table at once.

>>> from xstilts_lib.analysis.statistics import student_interval
>>> interval = student_interval([8.1, 9.4, 7.7])
>>> f"{interval.estimate:.1f} [{interval.low:.1f}, {interval.high:.1f}], n = {interval.n}"
'8.4 [6.2, 10.6], n = 3'

Axes: the last is what an interval is over (seeds); the bootstrap takes seeds and languages as the last two.
NaN stands for a score that does not exist, such as a target without a language, and is left out. Points are
percentage points.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
Method = Literal["percentile", "expanded", "bca"]
LEVEL = 0.95
DRAWS = 2000
EXACT_SIGNS = 14  # up to this many pairs, all sign flips are counted: 2**14 of them
EXACT_ORDERS = 8  # up to this many units, all orders are counted: 8! of them
_CHUNK = 4_000_000  # numbers held at once while resampling


class Interval(NamedTuple):
    """An estimate, the bounds of its interval, and the number of units behind it: floats, or equal arrays."""

    estimate: Any
    low: Any
    high: Any
    n: Any
    level: float = LEVEL


def student_interval(values: ArrayLike, level: float = LEVEL, axis: int = -1) -> Interval:
    """Mean along `axis`, with Student's t interval around it.

    Exact for independent normal values, whatever their number; bounds are NaN for fewer than two (Student
    1908).
    """
    values, n, mean, error = _mean_and_error(values, axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = stats.t.ppf((1 + level) / 2, np.maximum(n - 1, 1)) * error
    return Interval(*_plain(mean, mean - half, mean + half, n), level)


def student_p(
    values: ArrayLike, axis: int = -1, null: float = 0.0, alternative: Alternative = "two-sided"
) -> Any:
    """P-value of the t test that the mean along `axis` is `null`: for paired scores, on their differences.

    NaN for fewer than two values. Values that do not vary at all give 0, or 1 where their mean is `null`
    itself.
    """
    values, n, mean, error = _mean_and_error(values, axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where((error == 0) & (mean == null), 0.0, (mean - null) / error)
    freedom = np.maximum(n - 1, 1)
    if alternative == "two-sided":
        p = 2 * stats.t.sf(np.abs(t), freedom)
    else:
        p = stats.t.sf(t if alternative == "greater" else -t, freedom)
    return _plain(np.where(n < 2, np.nan, p))[0]


def equivalence_p(values: ArrayLike, margin: float, axis: int = -1) -> Any:
    """P-value of the claim that the mean is within `margin` of zero: two one-sided t tests (Schuirmann 1987).

    Below 0.05 exactly where the 90 % interval lies inside (-margin, margin). ValueError unless `margin` is
    positive.
    """
    if margin <= 0:
        raise ValueError(f"the margin of an equivalence test is positive, not {margin}")
    above = student_p(values, axis, -margin, "greater")
    below = student_p(values, axis, margin, "less")
    return _plain(np.maximum(above, below))[0]


def sign_flip_p(
    differences: ArrayLike, alternative: Alternative = "two-sided", draws: int = 10_000, seed: int = 0
) -> Any:
    """P-value of the mean along the last axis when each difference may keep or flip its sign (paired).

    Exact up to 14 pairs, over all 2**n flips; beyond, over `draws` random ones, the observed one counted in
    (Fisher 1935; Phipson & Smyth 2010). It assumes only that a difference is as likely one way round as the
    other, and pays for that with few pairs: see `smallest_p`.
    """
    values = np.asarray(differences, dtype=float)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)  # a zero changes no sum, whatever its sign
    n = values.shape[-1]
    exact = n <= EXACT_SIGNS
    if exact:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=n))).reshape(2**n, n)
    else:
        signs = np.random.default_rng(seed).choice((1.0, -1.0), size=(draws, n))
    flipped, observed = filled @ signs.T, filled.sum(-1)[..., None]
    if alternative == "two-sided":
        flipped, observed = np.abs(flipped), np.abs(observed)
    elif alternative == "less":
        flipped, observed = -flipped, -observed
    slack = 1e-9 * np.abs(filled).sum(-1)[..., None]  # sums in another order differ in their last bits
    count = (flipped >= observed - slack).sum(-1)
    p = count / len(signs) if exact else (count + 1) / (draws + 1)
    return _plain(np.where(known.any(-1), p, np.nan))[0]


def smallest_p(pairs: int, alternative: Alternative = "two-sided") -> float:
    """The smallest p-value of a sign-flip test of `pairs` differences: 0.25 with 3 of them, 0.03 with 6."""
    return min(1.0, (2 if alternative == "two-sided" else 1) / 2**pairs)


def holm(p: ArrayLike) -> Array:
    """Holm's step-down correction over all of `p`, any shape: a single false finding stays as rare as alpha.

    NaN stays NaN and does not count (Holm 1979).
    """
    p = np.asarray(p, dtype=float)
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")[: int(np.isfinite(flat).sum())]
    adjusted = np.full(flat.shape, np.nan)
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(flat[order] * factors))
    return adjusted.reshape(p.shape)


def interquartile_mean(values: ArrayLike, axis: int | None = None) -> Any:
    """Mean of the middle half: the lowest and the highest quarter are left out (Agarwal et al. 2021)."""
    return _plain(stats.trim_mean(np.asarray(values, dtype=float), 0.25, axis=axis))[0]


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Chance that a run of ours beats one of theirs on a random task; ties count half (Agarwal et al. 2021).

    `ours` (..., n) and `theirs` (..., m): runs last, tasks before them; the mean over tasks is returned.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    difference = ours[..., :, None] - theirs[..., None, :]
    return float(np.mean((np.sign(difference) + 1) / 2))


def crossed_draws(values: ArrayLike, draws: int = DRAWS, seed: int = 0) -> Array:
    """Bootstrap means of `values` (..., seeds, languages), as (draws, ...): both axes are resampled.

    Every seed meets every language, so a draw takes seeds with replacement and languages with replacement,
    and keeps the cells where they cross (Owen 2007). Cells of a table (the leading axes) share their draws,
    so draws of several targets may be averaged, or subtracted, and stay draws.
    """
    values = np.asarray(values, dtype=float)
    lead, (seeds, units) = values.shape[:-2], values.shape[-2:]
    rng = np.random.default_rng(seed)
    by_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws).astype(float)
    by_unit = rng.multinomial(units, np.full(units, 1 / units), size=draws).astype(float)
    table = np.moveaxis(values.reshape(-1, seeds, units), 1, 0)  # (seeds, cells, units)
    known = np.isfinite(table)
    whole = bool(known.all())
    filled = np.where(known, table, 0.0)
    result = np.empty((draws, table.shape[1]))
    step = max(1, _CHUNK // max(1, table.shape[1] * units))
    for start in range(0, draws, step):
        rows = slice(start, start + step)
        total = _weighted(filled, by_seed[rows], by_unit[rows])
        weight = seeds * units if whole else _weighted(known.astype(float), by_seed[rows], by_unit[rows])
        with np.errstate(invalid="ignore", divide="ignore"):
            result[rows] = total / weight
    return result.reshape(draws, *lead)


def bootstrap_interval(
    values: ArrayLike, level: float = LEVEL, method: Method = "expanded", draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Mean over seeds and languages of `values` (..., seeds, languages), with a bootstrap interval over both.

    percentile: quantiles of the draws (Efron 1979), too narrow for few seeds. expanded: quantiles further
    out, so that for normal data the width is that of Student's t over the seeds (Hesterberg 2015). bca:
    corrected for bias and skewness (Efron 1987). With fewer than about five seeds, none of them replaces
    `student_interval`: there is too little to resample.
    """
    values = np.asarray(values, dtype=float)
    estimate = np.asarray(_mean(values))
    sample = crossed_draws(values, draws, seed)
    seeds = values.shape[-2]
    if seeds < 2:
        bounds = np.full((2, *estimate.shape), np.nan)
        return Interval(*_plain(estimate, *bounds, seeds), level)
    tail = np.full(estimate.shape, (1 - level) / 2)
    if method == "percentile":
        low, high = tail, 1 - tail
    elif method == "expanded":
        t = stats.t.ppf(1 - tail, seeds - 1)
        low = stats.norm.cdf(-t * math.sqrt(seeds / (seeds - 1)))
        high = 1 - low
    else:
        low, high = _bca_tails(values, estimate, sample, tail)
    return Interval(*_plain(estimate, _quantile(sample, low), _quantile(sample, high), seeds), level)


def spearman_interval(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Interval:
    """Spearman's rank correlation, with an interval by Fisher's z (error of Bonett & Wright 2000).

    `n` is the number of units that have both; bounds are NaN below four. At a correlation of 1 or -1, where z
    has no end, the inner bound is that of the next possible order: one swap of two neighbours.
    """
    x, y = _both(x, y)
    n = len(x)
    if n < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Interval(math.nan, math.nan, math.nan, n, level)
    rho = float(stats.spearmanr(x, y).statistic)
    if n < 4:
        return Interval(rho, math.nan, math.nan, n, level)
    limit = 1 - 12 / (n * (n * n - 1))
    inner = min(max(rho, -limit), limit)
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt((1 + inner**2 / 2) / (n - 3))
    low, high = math.tanh(math.atanh(inner) - half), math.tanh(math.atanh(inner) + half)
    return Interval(rho, -1.0 if rho < -limit else low, 1.0 if rho > limit else high, n, level)


def spearman_p(
    x: ArrayLike, y: ArrayLike, alternative: Alternative = "two-sided", draws: int = 10_000, seed: int = 0
) -> float:
    """P-value of Spearman's correlation by permutation: all orders up to 8 units, random ones beyond."""
    x, y = (stats.rankdata(values) for values in _both(x, y))
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    exact = len(y) <= EXACT_ORDERS
    if exact:
        orders = np.array(list(itertools.permutations(y)))
    else:
        orders = np.random.default_rng(seed).permuted(np.tile(y, (draws, 1)), axis=1)
    found, observed = orders @ x, float(x @ y)
    if alternative == "two-sided":
        found, observed = np.abs(found), abs(observed)
    elif alternative == "less":
        found, observed = -found, -observed
    count = int((found >= observed - 1e-9).sum())
    return count / len(orders) if exact else (count + 1) / (draws + 1)


def _mean_and_error(values: ArrayLike, axis: int) -> tuple[Array, Any, Any, Any]:
    """The values, their number, their mean and its standard error along `axis`; NaN where there is none."""
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values)
    n = known.sum(axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0.0).sum(axis) / n
        centred = np.where(known, values - np.expand_dims(mean, axis), 0.0)
        error = np.sqrt((centred**2).sum(axis) / (n - 1) / n)
    return values, n, mean, np.where(n < 2, np.nan, error)


def _plain(*values: Any) -> tuple[Any, ...]:
    """Arrays as they are, scalars as Python's own numbers."""
    return tuple(
        value.item() if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 else value
        for value in values
    )


def _both(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]


def _mean(values: Array) -> Any:
    """Mean over the last two axes, NaN left out."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, values, 0.0).sum((-2, -1)) / known.sum((-2, -1))


def _weighted(table: Array, by_seed: Array, by_unit: Array) -> Array:
    """Sums of `table` (seeds, cells, units) under draws of both weights: (draws, cells)."""
    over_seeds = np.tensordot(by_seed, table, axes=1)  # (draws, cells, units)
    return np.einsum("dcu,du->dc", over_seeds, by_unit)


def _quantile(sample: Array, probability: Array) -> Any:
    """The quantile of `sample` (draws, ...) at its own probability in every cell; NaN draws are left out."""
    cells = sample.reshape(len(sample), -1)
    wanted = np.broadcast_to(probability, sample.shape[1:]).ravel()
    found = np.full(wanted.shape, np.nan)
    for index, (column, p) in enumerate(zip(cells.T, wanted, strict=True)):
        column = column[np.isfinite(column)]
        if len(column) and np.isfinite(p):
            found[index] = np.quantile(column, p)
    return found.reshape(sample.shape[1:])


def _bca_tails(values: Array, estimate: Array, sample: Array, tail: Array) -> tuple[Array, Array]:
    """Where the two bounds stand among the draws, after Efron's correction for bias and skewness.

    The skewness is that of the jackknife, over seeds and over languages, each leaving one out.
    """
    below = (sample < estimate).mean(0) + (sample == estimate).mean(0) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / (len(sample) + 1), len(sample) / (len(sample) + 1)))
    third, second = np.zeros(estimate.shape), np.zeros(estimate.shape)
    for axis in (-2, -1):
        n = values.shape[axis]
        if n < 2:
            continue
        left_out = np.stack([np.asarray(_mean(np.delete(values, index, axis))) for index in range(n)])
        influence = (n - 1) * (np.nanmean(left_out, axis=0) - left_out)
        third = third + np.nansum(influence**3, axis=0) / n**3
        second = second + np.nansum(influence**2, axis=0) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.where(second > 0, third / (6 * second**1.5), 0.0)
    tails = []
    for z in (stats.norm.ppf(tail), stats.norm.ppf(1 - tail)):
        tails.append(stats.norm.cdf(bias + (bias + z) / (1 - skewness * (bias + z))))
    return tails[0], tails[1]
