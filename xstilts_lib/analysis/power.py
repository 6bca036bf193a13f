"""How many seeds would settle a question, from the spread of the gains at hand.

>>> from xstilts_lib.analysis.power import power, seeds_needed
>>> f"{power(effect=1.0, sd=1.0, seeds=10):.2f}"
'0.80'
>>> seeds_needed([1.2, -0.4, 0.9, 2.1, 0.3], effect=1.0)
Needed(seeds=10, low=5, high=60, effect=1.0, power=0.8, most=1000)

The gains are paired by seed, the test is the two-sided t test over seeds (intervals.student_p), and the
effect is one that would matter, chosen beforehand: the power for the observed effect only restates its
p-value (Hoenig & Heisey 2001).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .wording import number, plural

POWER = 0.8
ALPHA = 0.05
MOST = 1000  # seeds; nobody trains more


class Needed(NamedTuple):
    """The number of seeds that would settle an effect; None stands for more than `most`."""

    seeds: int | None
    """At the standard deviation observed."""
    low: int | None
    """At the lower end of the 95 % interval of the standard deviation."""
    high: int | None
    """At its upper end: a spread known from a few seeds may be far off."""
    effect: float
    power: float
    most: int

    @property
    def sentence(self) -> str:
        """What a page says of it."""
        size = f"{number(abs(self.effect))} points"
        if self.seeds is None:
            return f"More than {plural(self.most, 'seed')} would be needed to settle an effect of {size}."
        most = f"more than {self.most}" if self.high is None else f"{self.high}"
        return (
            f"About {plural(self.seeds, 'seed')} would settle an effect of {size} with power "
            f"{self.power:.0%} ({self.low} to {most}, as the spread is itself an estimate)."
        )


def power(effect: float, sd: float, seeds: int, alpha: float = ALPHA) -> float:
    """Chance that the two-sided t test over `seeds` paired gains finds an `effect`, given their `sd`.

    The noncentral t distribution, both tails (Cohen 1988). NaN for fewer than two seeds.
    """
    if seeds < 2:
        return math.nan
    if sd == 0:
        return alpha if effect == 0 else 1.0
    noncentral = abs(effect) / sd * math.sqrt(seeds)
    bound = stats.t.ppf(1 - alpha / 2, seeds - 1)
    if noncentral > 30 + bound:  # beyond what scipy computes, and 1 to sixteen digits
        return 1.0
    upper = stats.nct.sf(bound, seeds - 1, noncentral)
    lower = stats.nct.cdf(-bound, seeds - 1, noncentral)
    return float(upper + (lower if math.isfinite(lower) else 0.0))


def seeds_for(
    effect: float, sd: float, alpha: float = ALPHA, wanted: float = POWER, most: int = MOST
) -> int | None:
    """The fewest seeds, at least two, whose `power` reaches `wanted`; None where that is more than `most`.

    ValueError for an effect of zero, which no number of seeds can find.
    """
    if effect == 0:
        raise ValueError("no number of seeds finds an effect of zero; name the smallest that matters")
    if power(effect, sd, most, alpha) < wanted:
        return None
    low, high = 1, most  # power grows with seeds, so the answer is in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        if middle >= 2 and power(effect, sd, middle, alpha) >= wanted:
            high = middle
        else:
            low = middle
    return max(2, high)


def seeds_needed(
    gains: ArrayLike, effect: float, alpha: float = ALPHA, wanted: float = POWER, most: int = MOST
) -> Needed:
    """How many seeds would settle `effect`, given paired gains, one a seed; NaN is left out.

    The range is that of the 95 % interval of the standard deviation (chi-squared, for normal gains).
    ValueError for fewer than two gains, whose spread is unknown, and for an effect of zero.
    """
    values = np.asarray(gains, dtype=float)
    values = values[np.isfinite(values)]
    n = len(values)
    if n < 2:
        raise ValueError(f"the spread of gains is known from two seeds on, not from {n}")
    sd = float(np.std(values, ddof=1))
    ends = [sd * math.sqrt((n - 1) / stats.chi2.ppf(p, n - 1)) for p in (0.975, 0.025)]
    seeds, low, high = (seeds_for(effect, spread, alpha, wanted, most) for spread in (sd, *ends))
    return Needed(seeds, low, high, effect, wanted, most)
