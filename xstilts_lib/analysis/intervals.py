"""Means with intervals, tests of means, and Holm's correction, on plain arrays, for a whole table at once.

>>> from xstilts_lib.analysis.intervals import student_interval
>>> interval = student_interval([8.1, 9.4, 7.7])
>>> f"{interval.estimate:.1f} [{interval.low:.1f}, {interval.high:.1f}], n = {interval.n}"
'8.4 [6.2, 10.6], n = 3'

Axes: the last is what an interval is over (seeds). NaN stands for a score that does not exist, such as a
target without a language, and is left out. Points are percentage points.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
LEVEL = 0.95
EXACT_SIGNS = 14  # up to this many pairs, all sign flips are counted: 2**14 of them
CHUNK = 4_000_000  # numbers held at once while resampling


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
    return Interval(*plain(mean, mean - half, mean + half, n), level)


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
    return plain(np.where(n < 2, np.nan, p))[0]


def equivalence_p(values: ArrayLike, margin: float, axis: int = -1) -> Any:
    """P-value of the claim that the mean is within `margin` of zero: two one-sided t tests (Schuirmann 1987).

    Below 0.05 exactly where the 90 % interval lies inside (-margin, margin). ValueError unless `margin` is
    positive.
    """
    if margin <= 0:
        raise ValueError(f"the margin of an equivalence test is positive, not {margin}")
    above = student_p(values, axis, -margin, "greater")
    below = student_p(values, axis, margin, "less")
    return plain(np.maximum(above, below))[0]


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
    count, total = np.zeros(values.shape[:-1], dtype=int), 0
    slack = 1e-9 * np.abs(filled).sum(-1)[..., None]  # sums in another order differ in their last bits
    observed = _tail(filled.sum(-1)[..., None], alternative)
    for signs in _signs(n, exact, draws, seed):
        count += (_tail(filled @ signs.T, alternative) >= observed - slack).sum(-1)
        total += len(signs)
    p = count / total if exact else (count + 1) / (total + 1)
    return plain(np.where(known.any(-1), p, np.nan))[0]


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


def _signs(n: int, exact: bool, draws: int, seed: int) -> Iterator[Array]:
    """Signs of `n` pairs, a row a flip, in parts that fit into memory: all flips, or random ones."""
    if exact:
        yield np.array(list(itertools.product((1.0, -1.0), repeat=n))).reshape(2**n, n)
        return
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // n)
    for start in range(0, draws, step):
        yield rng.choice((1.0, -1.0), size=(min(step, draws - start), n))


def _tail(sums: Array, alternative: Alternative) -> Array:
    """What is large where the sums speak for the alternative."""
    if alternative == "two-sided":
        return np.abs(sums)
    return -sums if alternative == "less" else sums


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


def plain(*values: Any) -> tuple[Any, ...]:
    """Arrays as they are, scalars as Python's own numbers."""
    return tuple(
        value.item() if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 else value
        for value in values
    )
