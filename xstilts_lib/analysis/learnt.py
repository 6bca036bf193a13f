"""Which targets were learnt, so that something may rest on them.

The untouched encoder learns a target where its English dev set lies above chance, and its mean over the other
languages above that of random weights trained on the same examples, each by an interval over seeds. English
alone is no test of the second: where a word tells its tag, random weights learn English as well, and nothing
beyond it.

>>> found = learnt.table(gains.scores(results), gains.dev_scores(results))                  # doctest: +SKIP
>>> learnt.told(found)                                                                      # doctest: +SKIP
'The untouched encoder learns XNLI and TyDiQA-GoldP.'
"""

from __future__ import annotations

import math

import pandas as pd

from ..common.words import listed
from . import gains as g
from . import kinds
from .statistics import LEVEL, Interval, student_interval
from .wording import named

COLUMNS = ["model", "target", "english", "chance", "others", "floor", "estimate", "low", "high", "seeds",
           "learnt"]  # fmt: skip


def table(scores: pd.DataFrame, dev: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Of each model and target, from gains.scores and gains.dev_scores, in percent and as means over seeds:

    english, the untouched encoder on the English dev set (where there is none, on English, or else on all
    languages), and chance; others, its mean over the other languages, and floor, that of random weights (NaN
    without them); estimate, low and high of the difference of those two, and its seeds; and learnt. A single
    seed, which gives no interval, has to lie above.
    """
    rows = []
    for (model, target), part in scores.groupby(["model", "target"], sort=False):
        mine = dev[(dev["model"] == model) & (dev["target"] == target)]
        english = part[part["language"] == g.SOURCE_LANGUAGE]
        first = _by_recipe(next(one for one in (mine, english, part) if len(one)))
        foreign = part[part["language"] != g.SOURCE_LANGUAGE]
        wide = _by_recipe(foreign if len(foreign) else part)
        if g.BASELINE not in wide or g.BASELINE not in first:
            continue
        chance, untouched = kinds.chance(str(target)), wide[g.BASELINE]
        sure = _above(student_interval((first[g.BASELINE] - chance).dropna(), level))
        floor = wide.get(g.FLOOR, pd.Series(math.nan, wide.index))
        over = student_interval((untouched - floor).dropna(), level)
        rows.append(
            [model, target, first[g.BASELINE].mean(), chance, untouched.mean(), floor.mean(), over.estimate,
             over.low, over.high, int(over.n), sure and (_above(over) or g.FLOOR not in wide)]
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS).astype({"learnt": bool})


def targets(found: pd.DataFrame) -> list[str]:
    """The targets of a table that every one of its models learns, in its order."""
    every = found.groupby("target", sort=False)["learnt"].all()
    return [str(name) for name in every.index[every]]


def told(found: pd.DataFrame) -> str:
    """In one sentence, which targets were not learnt."""
    lost = [name for name in dict.fromkeys(found["target"]) if name not in targets(found)]
    if lost:
        return f"Not learnt, so that no claim rests on them: {listed(map(named, lost))}."
    return f"The untouched encoder learns {listed(map(named, targets(found)))}."


def _by_recipe(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean scores: a row a seed, a column a recipe."""
    return frame.pivot_table(index="seed", columns="recipe", values="score")


def _above(interval: Interval) -> bool:
    return bool((interval.low if interval.n > 1 else interval.estimate) > 0)
