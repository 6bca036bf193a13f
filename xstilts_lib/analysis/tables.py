"""A whole table of gains at once: an interval in every cell, and p-values corrected for all of them.

>>> import numpy as np
>>> from xstilts_lib.analysis.tables import table
>>> values = np.array([[[8.1, 9.4, 7.7], [0.2, -0.4, 0.1]]])  # one recipe, two targets, three seeds
>>> table(values, ["mini_squad"], ["mini_tydiqa", "mini_xnli"])[["column", "estimate", "p_holm"]].round(3)
        column  estimate  p_holm
0  mini_tydiqa     8.400   0.007
1    mini_xnli    -0.033   0.874

A table of many cells shows a large gain by chance: with 3240 of them, 162 would be below 0.05 if nothing had
any effect. Holm's correction holds the chance of a single false finding in the table at the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .crossed import bootstrap_interval
from .intervals import LEVEL, holm, student_interval, student_p

COLUMNS = ["row", "column", "estimate", "low", "high", "n", "p", "p_holm"]


def table(
    values: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    level: float = LEVEL,
    over: Literal["seeds", "seeds and languages"] = "seeds",
) -> pd.DataFrame:
    """Every cell of `values` (rows, columns, seeds[, languages]), a row a cell, with the columns COLUMNS.

    Intervals are over seeds (Student's t), or over both (crossed.bootstrap_interval). p is always the paired
    t test over seeds of the mean over languages, against zero; p_holm corrects it over the table. NaN is a
    cell that was not run. ValueError where the labels do not fit the array.
    """
    values = np.asarray(values, dtype=float)
    crossed = over == "seeds and languages"
    if values.shape[:2] != (len(rows), len(columns)) or values.ndim != 3 + crossed:
        raise ValueError(f"{len(rows)} rows and {len(columns)} columns do not label an array {values.shape}")
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(values)
        means = np.where(known, values, 0.0).sum(-1) / known.sum(-1) if crossed else values
    interval = bootstrap_interval(values, level) if crossed else student_interval(values, level)
    cells = pd.MultiIndex.from_product([list(rows), list(columns)], names=["row", "column"]).to_frame(
        index=False
    )
    found = cells.assign(
        estimate=np.ravel(interval.estimate), low=np.ravel(interval.low), high=np.ravel(interval.high),
        n=np.ravel(interval.n), p=np.ravel(student_p(means)),
    )  # fmt: skip
    return corrected(found)[COLUMNS]


def corrected(frame: pd.DataFrame, p: str = "p", by: Sequence[str] = ()) -> pd.DataFrame:
    """The frame with `{p}_holm`: the column `p` after Holm's correction, over the whole frame or within `by`.

    Correct over all that a reader may look through for a finding: `by` is for tables which stand alone.
    """
    if not by:
        return frame.assign(**{f"{p}_holm": holm(frame[p])})
    parts = frame.groupby(list(by), sort=False, dropna=False)[p]
    return frame.assign(**{f"{p}_holm": parts.transform(lambda part: holm(part.to_numpy(dtype=float)))})
