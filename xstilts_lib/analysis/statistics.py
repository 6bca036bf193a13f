"""Estimates with intervals, tests and corrections, on plain arrays: one door to the modules that hold them.

>>> from xstilts_lib.analysis import statistics
>>> interval = statistics.student_interval([8.1, 9.4, 7.7])
>>> f"{interval.estimate:.1f} [{interval.low:.1f}, {interval.high:.1f}], n = {interval.n}"
'8.4 [6.2, 10.6], n = 3'

| what is asked | with | in |
|---|---|---|
| would other seeds agree? | student_interval, student_p, sign_flip_p | intervals |
| in other languages, on other examples too? | bootstrap_interval, crossed_interval | crossed |
| do these very models differ on other examples? | paired_interval, paired_p | examples |
| over many tasks, whatever the outliers? | interquartile_interval, improvement_interval | aggregates |
| in distribution, not in the mean alone? | almost_stochastic_order | dominance |
| with a property of languages? | spearman_interval, spearman_p | correlation |
| in a table of many cells? | table, corrected, holm | tables, intervals |

`mixed` fits several causes at once, `scaling` curves over sizes, and `power` says how many seeds would settle
a question; they answer in sentences too, and are imported by name. Every interval says in its docstring
how often it covers; benchmarks/coverage.py measures that.
"""

from .aggregates import (
    improvement_interval,
    interquartile_interval,
    interquartile_mean,
    probability_of_improvement,
)
from .correlation import EXACT_ORDERS, spearman_interval, spearman_p
from .crossed import DRAWS, Method, bootstrap_interval, crossed_draws, crossed_interval
from .dominance import Order, almost_stochastic_order, violation_ratio
from .examples import example_draws, paired_interval, paired_p
from .intervals import (
    EXACT_SIGNS,
    LEVEL,
    Alternative,
    Array,
    Interval,
    equivalence_p,
    holm,
    sign_flip_p,
    smallest_p,
    student_interval,
    student_p,
)
from .tables import corrected, table

__all__ = [
    "DRAWS",
    "EXACT_ORDERS",
    "EXACT_SIGNS",
    "LEVEL",
    "Alternative",
    "Array",
    "Interval",
    "Method",
    "Order",
    "almost_stochastic_order",
    "bootstrap_interval",
    "corrected",
    "crossed_draws",
    "crossed_interval",
    "equivalence_p",
    "example_draws",
    "holm",
    "improvement_interval",
    "interquartile_interval",
    "interquartile_mean",
    "paired_interval",
    "paired_p",
    "probability_of_improvement",
    "sign_flip_p",
    "smallest_p",
    "spearman_interval",
    "spearman_p",
    "student_interval",
    "student_p",
    "table",
    "violation_ratio",
]
