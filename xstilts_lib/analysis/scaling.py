"""Scores and gains against the number of parameters: a line in its logarithm, and a curve that levels off.

>>> from xstilts_lib.analysis import scaling
>>> sizes = [1e6, 1e7, 1e8]
>>> slope = scaling.slope(sizes, [[50.0, 54.0, 59.0], [51.0, 56.0, 58.0], [49.0, 53.0, 58.0]])  # by seed
>>> f"{slope.estimate:.2f} [{slope.low:.2f}, {slope.high:.2f}] points for ten times the parameters"
'4.17 [2.73, 5.60] points for ten times the parameters'
>>> scaling.power_law(sizes, [[50.0, 54.0, 59.0], [51.0, 56.0, 58.0]]).sentence
'3 sizes cannot identify the three parameters of a curve that levels off; it takes at least 4.'

Arrays are (seeds, sizes), NaN where a run does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from .intervals import LEVEL, Array, Interval, student_interval, student_p
from .wording import between, chance, number, plural, signed

SIZES = 4  # the fewest that could identify three parameters
SMALLEST, LARGEST = 0.01, 10.0  # exponents beyond which the curve is a line in log size, or a single step
MISFIT = 0.01  # p-value below which a curve is said not to fit
_GRID = np.geomspace(SMALLEST, LARGEST, 200)


@dataclass(frozen=True)
class PowerLaw:
    """The curve a - b * size ** -c, where the sizes at hand identify it."""

    asymptote: Interval
    """a, in the unit of the scores; NaN where it is not identified."""
    exponent: Interval
    """c; NaN where it is not identified, with the bounds that there are: 0 and infinity are none."""
    identified: bool
    sentence: str
    curve: Callable[[ArrayLike], Array] | None = None
    """The fitted curve at any size, for a figure; None where it is not identified."""


def slope(sizes: ArrayLike, values: ArrayLike, level: float = LEVEL) -> Interval:
    """Points for ten times the parameters: a line in log10 of `sizes` (k,) to each seed of `values` (..., k).

    The mean of the slopes of the seeds, with Student's t interval over seeds: a seed that lacks a size is
    left out, so that all slopes are over the same sizes. Seeds are the axis before the last. Exact for normal
    scores, whatever the true curve: of a bent one it is the slope of the best line. ValueError for fewer than
    two sizes.
    """
    return student_interval(_slopes(sizes, values), level)


def trend(sizes: ArrayLike, values: ArrayLike, unit: str = "points", level: float = LEVEL) -> str:
    """The `slope` of (seeds, sizes) as a sentence, with what the sizes cannot say."""
    slopes = _slopes(sizes, values)
    found, count = student_interval(slopes, level), np.unique(sizes).size
    if not math.isfinite(found.low):
        return f"{plural(int(found.n), 'seed')} with all {count} sizes cannot say how scores move with size."
    size = f"{signed(found.estimate)} {unit} for ten times the parameters"
    told = f"{size} ({between(found)}, {chance(student_p(slopes))}, {plural(int(found.n), 'seed')})."
    return told + (" Two sizes say nothing about the shape between and beyond them." if count == 2 else "")


def power_law(sizes: ArrayLike, values: ArrayLike, level: float = LEVEL) -> PowerLaw:
    """Fits a - b * size ** -c to `values` (seeds, sizes) by least squares, with profile intervals.

    For each exponent the best a and b are those of a line, so only the exponent is searched (variable
    projection, Golub & Pereyra 1973); an interval holds what raises the sum of squares by less than F allows
    (Bates & Watts 1988, section 6.1). Runs count as independent. What is not identified, for too few sizes or
    because an interval has no end, is NaN, and the sentence says why. In simulation the intervals cover 94 to
    96 % where the sizes identify the curve in most worlds; where they do so in one world of a hundred, that
    one is chosen by chance, and its bounds with it.
    """
    x, y = _points(sizes, values)
    count, freedom = len(np.unique(x)), len(y) - 3
    if count < SIZES:
        return _unknown(
            f"{plural(count, 'size')} cannot identify the three parameters of a curve that levels off; "
            f"it takes at least {SIZES}.", level,
        )  # fmt: skip
    fits = [_line(x, y, c) for c in _GRID]
    squares = np.array([fit.squares for fit in fits])
    exponent, best = _minimum(x, y, squares)
    scale = max(best, 1e-12 * float(((y - y.mean()) ** 2).sum()))
    limit = best + scale * float(stats.f.ppf(level, 1, freedom)) / freedom
    if _misfit(x, y, best) < MISFIT:
        return _unknown("A curve that levels off does not fit the scores at these sizes.", level)
    low, high = (_end(x, y, exponent, limit, bound) for bound in (SMALLEST, LARGEST))
    if low <= SMALLEST or high >= LARGEST:
        bounds = (0.0 if low <= SMALLEST else low, math.inf if high >= LARGEST else high)
        return _unknown(_why(*bounds), level, bounds, len(y))
    fit = _line(x, y, exponent)
    ends = _asymptotes(x, y, np.geomspace(low, high, 200), limit)
    asymptote = Interval(fit.asymptote, *ends, len(y), level)
    told = (
        f"The curve levels off at {number(fit.asymptote)} ({level:.0%} interval {number(ends[0])} to "
        f"{number(ends[1])}), with exponent {number(exponent, 2)} ({number(low, 2)} to {number(high, 2)})."
    )
    return PowerLaw(
        asymptote,
        Interval(exponent, low, high, len(y), level),
        True,
        told,
        _curve(fit, exponent, _middle(sizes)),
    )


@dataclass(frozen=True)
class _Fit:
    asymptote: float
    drop: float
    squares: float
    variance: float
    """Of the asymptote, in units of the residual variance, at this exponent."""


def _line(x: Array, y: Array, exponent: float) -> _Fit:
    """The best a and b at one exponent: y = a - b u, where u = x ** -c, a line."""
    u = x**-exponent
    centred = u - u.mean()
    spread = float(centred @ centred)
    drop = -float(centred @ y) / spread
    asymptote = float(y.mean()) + drop * float(u.mean())
    residual = y - asymptote + drop * u
    return _Fit(asymptote, drop, float(residual @ residual), 1 / len(y) + float(u.mean()) ** 2 / spread)


def _minimum(x: Array, y: Array, squares: Array) -> tuple[float, float]:
    """The exponent with the least sum of squares, and that sum; found on a grid, then refined around it."""
    at = int(np.argmin(squares))
    around = (math.log(_GRID[max(0, at - 1)]), math.log(_GRID[min(len(_GRID) - 1, at + 1)]))
    found = optimize.minimize_scalar(
        lambda log: _line(x, y, math.exp(log)).squares, bounds=around, method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return (
        (math.exp(found.x), float(found.fun)) if found.fun < squares[at] else (_GRID[at], float(squares[at]))
    )


def _end(x: Array, y: Array, exponent: float, limit: float, bound: float) -> float:
    """Where the profile of the exponent leaves `limit` for good on the way to `bound`, if it does."""

    def above(log: float) -> float:
        return _line(x, y, math.exp(log)).squares - limit

    steps = np.linspace(math.log(bound), math.log(exponent), 100)
    inside = next((i for i, log in enumerate(steps) if above(log) <= 0), len(steps) - 1)
    if inside == 0:
        return bound
    if above(steps[inside]) > 0:  # so narrow that only the best exponent itself is inside
        return exponent
    return math.exp(optimize.brentq(above, steps[inside - 1], steps[inside]))


def _asymptotes(x: Array, y: Array, exponents: Array, limit: float) -> tuple[float, float]:
    """The profile interval of the asymptote: at each exponent, those that stay below `limit`."""
    fits = [_line(x, y, c) for c in exponents]
    half = [math.sqrt(max(0.0, limit - fit.squares) * fit.variance) for fit in fits]
    return (
        min(fit.asymptote - by for fit, by in zip(fits, half, strict=True)),
        max(fit.asymptote + by for fit, by in zip(fits, half, strict=True)),
    )


def _misfit(x: Array, y: Array, squares: float) -> float:
    """P-value of lack of fit, against the spread of the runs of a size; 1 where each size has one run."""
    groups = [y[x == size] for size in np.unique(x)]
    pure = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    more, freedom = len(groups) - 3, len(y) - len(groups)
    if freedom < 1 or pure <= 0:
        return 1.0
    return float(stats.f.sf(max(0.0, squares - pure) / more / (pure / freedom), more, freedom))


def _slopes(sizes: ArrayLike, values: ArrayLike) -> Array:
    logs = np.log10(np.asarray(sizes, dtype=float))
    if np.unique(logs).size < 2:
        raise ValueError("a slope takes at least two sizes")
    values = np.atleast_2d(np.asarray(values, dtype=float))
    centred = logs - logs.mean()
    return values @ (centred / (centred @ centred))  # NaN in any size makes the seed's slope NaN


def _points(sizes: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    """Every run as a point; sizes are over their geometric mean, so that powers of them stay of order 1."""
    values = np.atleast_2d(np.asarray(values, dtype=float))
    x = np.broadcast_to(np.asarray(sizes, dtype=float) / _middle(sizes), values.shape)
    known = np.isfinite(values)
    return x[known], values[known]


def _middle(sizes: ArrayLike) -> float:
    return float(np.exp(np.log(np.asarray(sizes, dtype=float)).mean()))


def _curve(fit: _Fit, exponent: float, middle: float) -> Callable[[ArrayLike], Array]:
    return lambda sizes: fit.asymptote - fit.drop * (np.asarray(sizes, dtype=float) / middle) ** -exponent


def _why(low: float, high: float) -> str:
    line = "a straight line in the logarithm of size fits as well, so no ceiling is in sight"
    step = "all of the change may lie between the first two sizes, so the exponent has no upper end"
    reasons = [text for text, lacking in ((line, low == 0), (step, math.isinf(high))) if lacking]
    return f"The sizes at hand do not identify a curve that levels off: {'; and '.join(reasons)}."


def _unknown(
    sentence: str, level: float, bounds: tuple[float, float] = (0.0, math.inf), n: int = 0
) -> PowerLaw:
    nothing = Interval(math.nan, -math.inf, math.inf, n, level)
    return PowerLaw(nothing, Interval(math.nan, *bounds, n, level), False, sentence)
