"""Published numbers, each with its citation: to be read beside ours, never to be averaged with them.

>>> from xstilts_lib.analysis import published
>>> numbers = published.table()
>>> numbers.loc[(numbers["system"] == "X-STILTs") & (numbers["target"] == "xnli"), "value"].tolist()
[80.0]

They stand in published.csv, beside this file. They are another encoder's, of another size, on other data; in
the miniature, on other languages. So nothing computes with them but the difference of two published systems.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

NUMBERS = Path(__file__).with_name("published.csv")
SUBMITTED = "as submitted to XTREME"
UNTOUCHED = "no fine-tuning"


def table() -> pd.DataFrame:
    """Every number, a row each: system, setting, target, metric, language, value, citation, place."""
    return pd.read_csv(NUMBERS, comment="#")


def by_target() -> pd.DataFrame:
    """XTREME's test sets, a row a target: X-STILTs, XLM-R Large, and the first less the second.

    Scores are in percent; question answering counts the mean of exact match and F1, as XTREME does.
    """
    frame = table()
    frame = frame[frame["setting"] == SUBMITTED]
    wide = frame.pivot_table(index="target", columns="system", values="value", sort=False)
    wide = wide[["X-STILTs", "XLM-R Large"]].reset_index()
    return wide.assign(gain=wide["X-STILTs"] - wide["XLM-R Large"]).rename_axis(columns=None)
