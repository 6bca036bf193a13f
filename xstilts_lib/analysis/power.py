"""How many seeds would settle a question, from the spread of the gains at hand.

>>> from xstilts_lib.analysis.power import power, seeds_for
>>> f"{power(effect=1.0, sd=1.0, seeds=10):.2f}"
'0.80'
>>> seeds_for(effect=1.0, sd=1.0)
10

The gains are paired by seed, the test is the two-sided t test over seeds (statistics.student_p), and the
effect is one that would matter, chosen beforehand: the power for the observed effect only restates its
p-value (Hoenig & Heisey 2001).
"""

from __future__ import annotations

import bisect
import math

from statsmodels.stats.power import TTestPower

POWER = 0.8
ALPHA = 0.05
MOST = 1000  # seeds; nobody trains more


def power(effect: float, sd: float, seeds: int, alpha: float = ALPHA) -> float:
    """Chance that the two-sided t test over `seeds` paired gains finds an `effect`, given their `sd`.

    NaN for fewer than two seeds.
    """
    if seeds < 2:
        return math.nan
    if sd == 0:
        return alpha if effect == 0 else 1.0
    size = abs(effect) / sd
    found = float(TTestPower().power(size, seeds, alpha, alternative="two-sided"))
    if math.isnan(found):  # of a large effect the tail on the far side cannot be computed, and is nothing
        found = float(TTestPower().power(size, seeds, alpha / 2, alternative="larger"))
    return 1.0 if math.isnan(found) else found


def seeds_for(
    effect: float, sd: float, alpha: float = ALPHA, wanted: float = POWER, most: int = MOST
) -> int | None:
    """The fewest seeds, at least two, whose `power` reaches `wanted`; None where that is more than `most`.

    ValueError for an effect of zero, which no number of seeds can find.
    """
    if effect == 0:
        raise ValueError("no number of seeds finds an effect of zero; name the smallest that matters")
    counts = range(2, most + 1)  # power grows with seeds
    place = bisect.bisect_left(counts, wanted, key=lambda seeds: power(effect, sd, seeds, alpha))
    return counts[place] if place < len(counts) else None
