"""Scores and gains against the number of parameters: a line in its logarithm, fitted seed by seed.

>>> import pandas as pd
>>> from xstilts_lib.analysis import scaling
>>> by_seed = pd.DataFrame([[50.0, 54.0, 59.0], [51.0, 56.0, 58.0], [49.0, 53.0, 58.0]])
>>> scaling.trend(scaling.slopes(by_seed, [6, 7, 8]), sizes=3)  # a million, ten, a hundred
'+4.2 points for ten times the parameters (95% interval +2.7 to +5.6, p = 0.006, 3 seeds).'

A line describes the sizes at hand. No curve that levels off is fitted: it has three parameters, which three
sizes cannot identify.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .statistics import LEVEL, student_interval, student_p
from .wording import between, chance, plural, signed


def slopes(frame: pd.DataFrame, x: Sequence[float]) -> pd.Series:
    """The least-squares slope over the columns, which stand at `x`, of each row (a seed) without a gap.

    So all slopes are over the same columns. ValueError for fewer than two different places.
    """
    if len(set(x)) < 2:
        raise ValueError("a slope takes at least two sizes")
    whole = frame.dropna()
    at = np.asarray(x, dtype=float) - np.mean(x)
    return pd.Series(whole.to_numpy(dtype=float) @ at / (at @ at), index=whole.index)


def trend(slopes: pd.Series, sizes: int, level: float = LEVEL) -> str:
    """`slopes` over the logarithm (base 10) of so many sizes as a sentence, with what they cannot say.

    The interval is Student's over seeds: exact for normal scores, whatever the true curve; of a bent one it
    is about the slope of the best line.
    """
    found = student_interval(slopes, level)
    if not math.isfinite(found.low):
        return f"{plural(int(found.n), 'seed')} with all {sizes} sizes cannot say how scores move with size."
    told = (
        f"{signed(found.estimate)} points for ten times the parameters ({between(found)}, "
        f"{chance(student_p(slopes))}, {plural(int(found.n), 'seed')})."
    )
    return told + (" Two sizes say nothing about the shape between and beyond them." if sizes == 2 else "")
