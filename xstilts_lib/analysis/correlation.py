"""Rank correlation with its interval and its test, for the few languages that there are.

>>> from xstilts_lib.analysis.correlation import spearman_interval
>>> interval = spearman_interval([0.0, 0.1, 0.3, 0.4, 0.7], [60, 58, 59, 51, 44])
>>> f"{interval.estimate:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
'-0.90 [-1.00, 0.17]'

The units are languages: the interval says what others, drawn alike, might have shown.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .intervals import LEVEL, Alternative, Array, Interval

EXACT_ORDERS = 8  # up to this many units, all orders are counted: 8! of them


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


def _both(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]
