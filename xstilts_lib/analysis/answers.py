"""The tables and sentences with which the chapters answer: verdicts, slopes over sizes, seeds that lack.

>>> from xstilts_lib.analysis import answers, gains
>>> table = answers.judged(gains.summary(differences), margin=2.0)       # doctest: +SKIP
>>> answers.verdicts(table, 2.0)                                         # doctest: +SKIP
'of 2 differences 1 is supported (1 above zero, none below), 1 is contradicted (within ±2 points) and ...'

Every difference is put to the claim that there is one, of either sign (verdicts.differs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..common.words import NOTHING, number, plural
from . import gains, kinds
from .statistics import (
    LEVEL,
    MOST_SEEDS,
    Interval,
    holm,
    seeds_for,
    slopes,
    student_interval,
    student_p,
)
from .verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED, View, differs
from .wording import between, cell, cells, chance, named, signed


def judged(summary: pd.DataFrame, margin: float) -> pd.DataFrame:
    """The summary (estimate, low, high) with a column `verdict`, on the claim that there is a difference."""
    rows = summary[["estimate", "low", "high", "seeds"]].itertuples(index=False)
    return summary.assign(verdict=[differs(Interval(*row), margin) for row in rows])


def verdicts(table: pd.DataFrame, margin: float) -> str:
    """How many differences came out which way, in a clause."""
    count = {word: int((table["verdict"] == word).sum()) for word in (SUPPORTED, CONTRADICTED, INCONCLUSIVE)}
    above = int(((table["verdict"] == SUPPORTED) & (table["estimate"] > 0)).sum())
    below = count[SUPPORTED] - above
    which = f" ({above or 'none'} above zero, {below or 'none'} below)" if count[SUPPORTED] else ""
    supported, contradicted, inconclusive = (
        f"{number or 'none'} {'is' if number < 2 else 'are'}" for number in count.values()
    )
    return (
        f"of {plural(len(table), 'difference')} {supported} supported{which}, {contradicted} contradicted "
        f"(within ±{margin:g} points) and {inconclusive} inconclusive"
    )


def outstanding(table: pd.DataFrame, by: Sequence[str] = ("recipe", "target"), level: float = LEVEL) -> str:
    """The differences that are more than chance after Holm's correction over the table, in a sentence."""
    sure = table[table["p_holm"] < 1 - level]
    if sure.empty:
        return f"None of {plural(len(table), 'difference')} stands out after Holm's correction"
    order = sure.reindex(sure["estimate"].abs().sort_values(ascending=False).index)
    rows = [
        f"{', '.join(named(row[key]) for key in by)} {signed(row['estimate'])}"
        for row in order.to_dict("records")
    ]
    more = f", and {len(rows) - 4} more" if len(rows) > 4 else ""
    verb = "stands" if len(rows) == 1 else "stand"
    return f"After Holm's correction {len(rows)} of {len(table)} {verb} out: {'; '.join(rows[:4])}{more}"


def shown(
    summary: pd.DataFrame,
    by: Sequence[str],
    margin: float | None = None,
    what: str = "gain",
    sign: bool = True,
) -> pd.DataFrame:
    """A summary as a reader's table: the columns `by`, the estimate with half its interval, p, corrected p,
    seeds, and with a margin the verdict.
    """
    table = summary[list(by)].assign(**{what: cells(summary, sign)})
    for name, column in (("p alone", "p"), ("p corrected", "p_holm")):
        table[name] = [chance(p, name=False) for p in summary[column]]
    table["seeds"] = summary["seeds"]
    return table if margin is None else table.assign(verdict=judged(summary, margin)["verdict"])


def over_sizes(
    frame: pd.DataFrame,
    sizes: Mapping[str, float],
    by: Sequence[str] = ("recipe",),
    value: str = "gain",
    level: float = LEVEL,
) -> pd.DataFrame:
    """How `value` moves with the size of the encoder, or of one alone `value` itself: a row for each of `by`.

    Columns: estimate, low, high (points for ten times the parameters, over seeds), p, p_holm, seeds; trend,
    the same in a sentence. A line in the logarithm of the size is fitted seed by seed, so the interval is
    exact for normal scores, whatever the true curve; of a bent one it is about the slope of the best line.
    """
    columns = [*by, "estimate", "low", "high", "p", "seeds", "trend"]
    names = [name for name in sizes if name in set(frame["model"]) and np.isfinite(sizes[name])]
    at = [np.log10(sizes[name]) for name in names]
    rows = []
    for key, part in frame.groupby(list(by), sort=False):
        wide = part.pivot(index="seed", columns="model", values=value).reindex(columns=names).dropna()
        alone = len(names) < 2
        found = wide.mean(axis=1) if alone else slopes(wide, at)
        told, p = student_interval(found, level), student_p(found)
        trend = "One size has no slope." if alone else _trend(told, p, len(set(at)))
        rows.append([*key, told.estimate, told.low, told.high, p, len(wide), trend])
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p"]))


def _trend(slope: Interval, p: float, sizes: int) -> str:
    """A slope over the logarithm (base 10) of so many sizes as a sentence, with what it cannot say."""
    seeds = plural(int(slope.n), "seed")
    if not np.isfinite(slope.low):
        return f"{seeds} with all {sizes} sizes cannot say how scores move with size."
    told = f"{signed(slope.estimate)} points for ten times the size"
    two = " Two sizes say nothing about the shape between and beyond them." if sizes == 2 else ""
    return f"{told} ({between(slope)}, {chance(p)}, {seeds}).{two}"


def lacking(
    frame: pd.DataFrame, effect: float, by: Sequence[str] = ("recipe", "target"), value: str = "gain"
) -> pd.DataFrame:
    """How many seeds would settle a difference of `effect` points, from the spread at hand: a row for each of
    `by`.

    Columns: seeds (at hand), spread (standard deviation over seeds, points), needed (for the paired t test at
    5 % to find it four times in five). One seed has no spread, and nothing follows from it.
    """
    rows = []
    for key, part in frame.groupby(list(by), sort=False):
        values = part[value].dropna()
        if len(values) < 2:
            rows.append([*key, len(values), NOTHING, NOTHING])
            continue
        needed = seeds_for(effect, float(values.std()))
        told = f"more than {MOST_SEEDS}" if needed is None else str(needed)
        rows.append([*key, len(values), number(values.std()), told])
    return pd.DataFrame(rows, columns=[*by, "seeds", "spread", "needed"])


def beside_published(view: View) -> pd.DataFrame:
    """Published gains, and beside each what one encoder does here, on the target that stands for that one.

    Further columns: here (the target), untouched (its score without intermediate training), gain here (the
    mean over the plain recipes with half its interval, and how many recipes).
    """
    rows = []
    table = gains.published_gains()
    for target in table["target"]:
        here = next((name for name in (target, f"mini_{target}") if name in view.targets), None)
        if here is None:
            rows.append(("", "", ""))
            continue
        scores = gains.over_languages(view.baseline[view.baseline["target"] == here])["score"]
        means = view.grid(view.kind(kinds.plain), [here])
        found = student_interval(means.mean(axis=1))
        gain = f"{cell(found.estimate, found.low, found.high, sign=True)} ({means.shape[1]})"
        rows.append((named(here), number(scores.mean()), NOTHING if means.empty else gain))
    table = table.assign(gain=table["gain"].map(signed))
    table = table.join(pd.DataFrame(rows, columns=["here", "untouched", "gain here"]))
    return table[table["here"] != ""]
