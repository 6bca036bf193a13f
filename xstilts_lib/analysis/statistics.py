"""Means with intervals, tests and corrections, on plain arrays, for a whole table at once.

>>> from xstilts_lib.analysis import statistics
>>> interval = statistics.student_interval([8.1, 9.4, 7.7])
>>> f"{interval.estimate:.1f} [{interval.low:.1f}, {interval.high:.1f}], n = {interval.n}"
'8.4 [6.2, 10.6], n = 3'

| what is asked | with |
|---|---|
| would other seeds agree? | student_interval, student_p, sign_flip_p |
| may a mean be taken over several recipes? | alike_p |
| in other languages, on other examples too? | crossed.crossed_interval |
| do these very models differ on other examples? | paired_p |
| does it go with a property of languages? | spearman_interval, spearman_p |
| how often does one run beat another? | probability_of_improvement |
| how does it move with size? | slopes |
| how many seeds would settle it? | seeds_for |
| in a table of many cells? | holm |

Axes: the last is what an interval is over (seeds). NaN stands for a score that does not exist, such as a
target without a language, and is left out. Points are percentage points. How often every interval covers,
and every test errs, benchmarks/coverage.py measures.
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
LEVEL = 0.95
FLIPS = 2**14  # sign flips: all of them up to 14 pairs, so many random ones beyond
ALPHA, POWER = 0.05, 0.8  # of the test that seeds_for plans
MOST_SEEDS = 1000  # nobody trains more
EXACT_ORDERS = 8  # up to this many units, all orders are counted: 8! of them


class Interval(NamedTuple):
    """An estimate, the bounds of its interval, and the number of units behind it: floats, or equal arrays."""

    estimate: Any
    low: Any
    high: Any
    n: Any
    level: float = LEVEL

    @property
    def negative(self) -> Interval:
        """The interval of what is estimated, with the other sign."""
        return self._replace(estimate=-self.estimate, low=-self.high, high=-self.low)


def student_interval(values: ArrayLike, level: float = LEVEL) -> Interval:
    """Mean along the last axis, with Student's t interval around it.

    Exact for independent normal values, whatever their number; bounds are NaN for fewer than two (Student
    1908).
    """
    values = np.asarray(values, dtype=float)
    with _quietly():
        bounds = stats.ttest_1samp(values, 0.0, axis=-1, nan_policy="omit").confidence_interval(level)
        mean = np.nanmean(values, axis=-1)
    return Interval(*plain(mean, bounds.low, bounds.high, np.isfinite(values).sum(-1)), level)


def student_p(values: ArrayLike, null: float = 0.0, alternative: Alternative = "two-sided") -> Any:
    """P-value of the t test that the mean along the last axis is `null`.

    For paired scores, on their differences. NaN for fewer than two values. Values that do not vary at all
    give 0, or 1 where all are `null` itself.
    """
    values = np.asarray(values, dtype=float)
    with _quietly():
        p = stats.ttest_1samp(values, null, axis=-1, nan_policy="omit", alternative=alternative).pvalue
    known = np.isfinite(values)
    exactly = ((values == null) | ~known).all(-1) & (known.sum(-1) > 1)
    return plain(np.where(exactly, 1.0, p))[0]


def equivalence_p(values: ArrayLike, margin: float) -> Any:
    """P-value of the claim that the mean is within `margin` of zero: two one-sided t tests (Schuirmann 1987).

    Below 0.05 exactly where the 90 % interval lies inside (-margin, margin). ValueError unless `margin` is
    positive.
    """
    if margin <= 0:
        raise ValueError(f"the margin of an equivalence test is positive, not {margin}")
    above = student_p(values, -margin, "greater")
    below = student_p(values, margin, "less")
    return plain(np.maximum(above, below))[0]


def alike_p(values: ArrayLike) -> float:
    """P-value of the F test that columns do not differ, rows (seeds) being blocks: NaN where either is one.

    The analysis of variance with repeated measures; of what differs by more than chance no mean is taken.
    """
    values = np.asarray(values, dtype=float)
    rows, columns = values.shape
    if min(rows, columns) < 2:
        return math.nan
    apart = values - values.mean(1, keepdims=True)
    between = rows * float((apart.mean(0) ** 2).sum()) / (columns - 1)
    within = float(((apart - apart.mean(0)) ** 2).sum()) / ((rows - 1) * (columns - 1))
    if within < 1e-18:
        return float(between < 1e-18)
    return float(stats.f.sf(between / within, columns - 1, (rows - 1) * (columns - 1)))


def sign_flip_p(differences: ArrayLike, draws: int = FLIPS, seed: int = 0) -> Any:
    """P-value of the mean along the last axis when each difference may keep or flip its sign (paired).

    Exact where all flips are at most `draws`, which holds up to 14 pairs; beyond, over random ones, the
    observed one counted in (Fisher 1935; Phipson & Smyth 2010). It assumes only that a difference is as
    likely one way round as the other, and pays for that with few pairs: see `smallest_p`.
    """

    def p(known: Array) -> float:
        if len(known) < 2:  # a single difference is as far from zero either way round
            return 1.0 if len(known) else math.nan
        # With a single sample, scipy's "samples" are the flips of its signs.
        found = stats.permutation_test(
            (known,), lambda x, axis: np.abs(x.mean(axis)), permutation_type="samples", vectorized=True,
            alternative="greater", n_resamples=draws, batch=1000, rng=np.random.default_rng(seed),
        )  # fmt: skip
        return float(found.pvalue)

    values = np.asarray(differences, dtype=float)
    rows = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
    return plain(np.array([p(row[np.isfinite(row)]) for row in rows]).reshape(values.shape[:-1]))[0]


def smallest_p(pairs: int) -> float:
    """The smallest p-value of a sign-flip test of `pairs` differences: 0.25 with 3 of them, 0.03 with 6."""
    return min(1.0, 2 / 2**pairs)


def paired_p(ours: ArrayLike, theirs: ArrayLike, draws: int = FLIPS, seed: int = 0) -> Any:
    """P-value of ours - theirs when an example may swap sides, in all languages and for all seeds at once.

    Both (..., seeds, languages, examples), a score an example, or broadcasting to it. Example i is the same
    sentence in every language, so a swap in one language alone would break what parallel sentences share, and
    make p-values too small (Noreen 1989). The trained models are held fixed: it says whether they differ on
    other examples, not whether training again would. ValueError where the examples are not the same ones.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if min(ours.ndim, theirs.ndim) < 3 or ours.shape[-3:] != theirs.shape[-3:]:
        raise ValueError(
            f"paired scores are (..., seeds, languages, examples), equal on both sides in these three, "
            f"not {ours.shape} and {theirs.shape}"
        )
    return sign_flip_p(by_example(ours - theirs), draws, seed)


def by_example(difference: Array) -> Array:
    """What each example adds to the mean over seeds, languages and examples: (..., examples), NaN as zero.

    Each language counts once, whatever its number of examples.
    """
    known = np.isfinite(difference)
    count = known.sum(-1, keepdims=True)
    cells = (count > 0).sum((-3, -2), keepdims=True)
    with np.errstate(invalid="ignore"):
        share = np.where(known, difference, 0.0) / np.maximum(count, 1) / cells
    return np.asarray(share.sum((-3, -2)))


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Chance that a run of ours beats one of theirs on a random task; ties count half (Agarwal et al. 2021).

    `ours` (..., n) and `theirs` (..., m): runs last, tasks before them; the mean over tasks is returned.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    return float(((np.sign(ours[..., :, None] - theirs[..., None, :]) + 1) / 2).mean())


def spearman_interval(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Interval:
    """Spearman's rank correlation, with an interval by Fisher's z (error of Bonett & Wright 2000).

    `n` is the number of units that have both; bounds are NaN below four. At a correlation of 1 or -1, where z
    has no end, the inner bound is that of the next possible order: one swap of two neighbours. The units are
    languages: the interval says what others, drawn alike, might have shown.
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


def spearman_p(x: ArrayLike, y: ArrayLike, draws: int = 10_000, seed: int = 0) -> float:
    """P-value of Spearman's correlation by permutation: all orders up to 8 units, random ones beyond.

    Not scipy's permutation_test, which draws other orders: the p-values of recorded results would change.
    """
    x, y = (stats.rankdata(values) for values in _both(x, y))
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    exact = len(y) <= EXACT_ORDERS
    if exact:
        orders = np.array(list(itertools.permutations(y)))
    else:
        orders = np.random.default_rng(seed).permuted(np.tile(y, (draws, 1)), axis=1)
    count = int((np.abs(orders @ x) >= abs(float(x @ y)) - 1e-9).sum())
    return count / len(orders) if exact else (count + 1) / (draws + 1)


def holm(p: ArrayLike) -> Array:
    """Holm's step-down correction over all of `p`, any shape: a single false finding stays as rare as alpha.

    NaN stays NaN and does not count (Holm 1979). Correct over all that a reader may look through for a
    finding. Not statsmodels' multipletests, which collects the garbage of the whole process at every call.
    """
    p = np.asarray(p, dtype=float)
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")[: int(np.isfinite(flat).sum())]
    adjusted = np.full(flat.shape, np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(flat[order] * np.arange(len(order), 0, -1)))
    return adjusted.reshape(p.shape)


def slopes(frame: pd.DataFrame, x: Sequence[float]) -> pd.Series:
    """The least-squares slope over the columns, which stand at `x`, of each row (a seed) without a gap.

    So all slopes are over the same columns. It describes the sizes at hand: no curve that levels off is
    fitted, whose three parameters three sizes cannot identify. ValueError for fewer than two places.
    """
    if len(set(x)) < 2:
        raise ValueError("a slope takes at least two sizes")
    whole = frame.dropna()
    at = np.asarray(x, dtype=float) - np.mean(x)
    return pd.Series(whole.to_numpy(dtype=float) @ at / (at @ at), index=whole.index)


def power(effect: float, sd: float, seeds: int) -> float:
    """Chance that the two-sided t test at 5 % over `seeds` paired gains finds an `effect`, given their `sd`.

    The effect is one that would matter, chosen beforehand: the power for the observed one only restates its
    p-value (Hoenig & Heisey 2001). NaN for fewer than two seeds.
    """
    # Imported here: it takes a second, which nobody pays who only wants an interval.
    from statsmodels.stats.power import TTestPower

    if seeds < 2:
        return math.nan
    if sd == 0:
        return ALPHA if effect == 0 else 1.0
    size = abs(effect) / sd
    found = float(TTestPower().power(size, seeds, ALPHA, alternative="two-sided"))
    if math.isnan(found):  # of a large effect the tail on the far side cannot be computed, and is nothing
        found = float(TTestPower().power(size, seeds, ALPHA / 2, alternative="larger"))
    return 1.0 if math.isnan(found) else found


def seeds_for(effect: float, sd: float) -> int | None:
    """The fewest seeds, at least two, whose `power` reaches four in five; None where that is more than
    MOST_SEEDS.

    ValueError for an effect of zero, which no number of seeds can find.
    """
    if effect == 0:
        raise ValueError("no number of seeds finds an effect of zero; name the smallest that matters")
    counts = range(2, MOST_SEEDS + 1)  # power grows with seeds
    place = bisect.bisect_left(counts, POWER, key=lambda seeds: power(effect, sd, seeds))
    return counts[place] if place < len(counts) else None


def plain(*values: Any) -> tuple[Any, ...]:
    """Arrays as they are, scalars as Python's own numbers."""
    return tuple(
        value.item() if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 else value
        for value in values
    )


def _both(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """The units that have both."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]


def _quietly() -> warnings.catch_warnings[None]:
    """Without numpy's and scipy's warnings of what is left out, too few, or does not vary: NaN says so."""
    return warnings.catch_warnings(action="ignore")
