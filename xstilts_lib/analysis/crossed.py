"""Means over seeds, languages and examples that cross, with intervals over all of them at once.

>>> from xstilts_lib.analysis import crossed
>>> interval = crossed.crossed_interval([[1.0, 2.0, 3.0], [2.0, 3.0, 4.5], [0.0, 2.0, 3.0]])
>>> f"{interval.estimate:.2f} [{interval.low:.2f}, {interval.high:.2f}]"      # seeds by languages
'2.28 [-0.30, 4.85]'
>>> crossed.cube(plan, "mini_squad", "mini_xnli").shape             # doctest: +SKIP
(4, 9, 250)

Every seed meets every language, and every language of a parallel test set every example: an interval over
seeds alone says what other seeds would have given in these languages on these examples, one over all of them
what other languages and other examples would have given too. Axes are the last ones, in the order seeds,
languages, examples. NaN is left out. An axis with one level is held fixed: nothing is known about others.

A table of results holds scores; whether other examples would have given the same, only the prediction files
of finished runs can tell, and not where the score is an F1 over all tags or pairs, which is no mean over
examples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from .. import scoring
from ..common.words import plural
from ..experiment import Experiment
from ..runs import results
from ..runs.run import Run
from ..sources.selection import ENGLISH
from ..tasks import task
from ..tasks.recipe import NONE
from .statistics import LEVEL, Array, Interval, paired_p, plain, student_interval

BREADTHS = ("seeds", "seeds and languages", "seeds, languages and examples")


def crossed_interval(values: ArrayLike, level: float = LEVEL, axes: int = 2) -> Interval:
    """Mean of `values` (..., seeds, languages[, examples]), with Student's t interval over the last `axes`.

    It rests on the `standard_error` of the mean and its degrees of freedom. The mean over examples comes
    first, so that each language counts once. In simulation it covers 93 to 97 % from 3 seeds and 8 languages
    on, wherever seeds or languages differ, and is too wide (98 %) where neither does. `n` is the
    number of seeds; bounds are NaN below two.
    """
    values = np.asarray(values, dtype=float)
    seeds = _levels(values, axes)[0]
    by_language = values if axes == 2 else _mean(values, [-1])[..., 0]
    estimate = _mean(by_language, [-2, -1])[..., 0, 0]
    error, freedom = standard_error(values, axes)
    half = np.where(seeds < 2, np.nan, stats.t.ppf((1 + level) / 2, freedom) * error)
    return Interval(*plain(estimate, estimate - half, estimate + half, seeds), level)


def cube(experiment: Experiment, recipe: str, target: str) -> Array | None:
    """Percents of a target after a recipe, (seeds, languages, examples), English left out.

    Seeds in the order of the experiment's; NaN for one that is not done, and where a language has fewer
    examples than another. None where no seed is done, and for a target whose score is no mean over examples.
    """
    found = {}
    for place, seed in enumerate(experiment.seeds):
        run = Run(experiment, recipe, seed)
        part = f"targets/{target}" if task(target).train else "retrieval"
        if part not in run.parts or not run.done(part):
            continue
        folder = run.part_directory(part)
        codes = [code for code in results.read_scores(folder)[target]["languages"] if code != ENGLISH]
        sides = folder / "predictions", folder / "labels"
        found[place] = [scoring.example_scores(target, *sides, code) for code in codes]
    if not found or any(scores is None for languages in found.values() for scores in languages):
        return None
    most = max(len(scores) for languages in found.values() for scores in languages)
    values = np.full((len(experiment.seeds), max(map(len, found.values())), most), np.nan)
    for place, languages in found.items():
        for language, scores in enumerate(languages):
            values[place, language, : len(scores)] = scores
    return values


def table(experiment: Experiment, gained: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Gains over the baseline with intervals that ask for ever more: a row a recipe and target.

    `gained` are gains by language of the main encoder. Columns: recipe, target, estimate, then for each of
    BREADTHS its (low, high), and p: of the swap of examples between recipe and baseline, in all languages and
    for all seeds at once, the trained encoders held fixed. The last of BREADTHS and p are NaN where the
    experiment's runs left no scores of single examples: a record keeps none.
    """
    rows = []
    foreign = gained[gained["language"] != ENGLISH]
    for (recipe, target), part in foreign.groupby(["recipe", "target"], sort=False):
        by_language = part.pivot(index="seed", columns="language", values="gain")
        intervals = [
            student_interval(by_language.mean(axis=1), level),
            crossed_interval(by_language, level),
            Interval(math.nan, math.nan, math.nan, 0, level),
        ]
        ours, theirs, p = cube(experiment, recipe, target), cube(experiment, NONE, target), math.nan
        if ours is not None and theirs is not None and ours.shape == theirs.shape:
            shared = np.isfinite(ours - theirs).any(axis=(1, 2))
            if shared.any():
                intervals[-1] = crossed_interval((ours - theirs)[shared], level, axes=3)
                p = paired_p(ours[shared], theirs[shared])
        bounds = {name: (found.low, found.high) for name, found in zip(BREADTHS, intervals, strict=True)}
        rows.append({"recipe": recipe, "target": target, "estimate": intervals[0].estimate, **bounds, "p": p})
    return pd.DataFrame(rows, columns=["recipe", "target", "estimate", *BREADTHS, "p"])


def told(table: pd.DataFrame) -> str:
    """How many gains each breadth tells from nothing, and of what breadth nothing is known, in sentences."""
    parts = []
    for name in BREADTHS:
        known = [bounds for bounds in table[name] if math.isfinite(bounds[0])]
        sure = sum(low > 0 or high < 0 for low, high in known)
        parts += [f"{sure} of {plural(len(known), 'gain')} over {name}"] if known else []
    found = f"Intervals leave out zero for {'; '.join(parts)}" if parts else "No gain here has an interval"
    if table["p"].isna().all():
        found += (
            ". What is kept of these runs is a score a language and seed, so no interval is over examples"
        )
    return found


def standard_error(values: Array, axes: int) -> tuple[Array, Array]:
    """The standard error of a mean over crossed random effects, and its degrees of freedom, a number a cell.

    With mean squares a and b of two axes and ab of their crossing, over n numbers, the variance is
    (a + b - ab) / n, since the crossing is in both of the others, and so on for three axes by inclusion and
    exclusion (Searle, Casella & McCulloch 1992, chapter 4). Its degrees of freedom are Satterthwaite's
    (1946). No mean is surer than over one axis alone, so the variance is at least the largest share of an
    axis, and it has no fewer degrees of freedom than an axis that varies; where none varies, there is one.
    """
    effects = _effects(values, axes)
    signs = [-((-1) ** len(of)) for of in effects]  # an axis adds, a crossing of two is taken off again
    shares, freedoms, levels = (np.stack(parts) for parts in zip(*effects.values(), strict=True))
    variance = np.tensordot(signs, shares, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        satterthwaite = variance**2 / (shares**2 / freedoms).sum(0)
    shares, freedoms, varied = shares[:axes], freedoms[:axes], levels[:axes] > 1
    largest = shares.max(0)
    its_freedom = np.take_along_axis(freedoms, shares.argmax(0)[None], 0)[0]
    freedom = np.where(variance > largest, satterthwaite, np.where(largest > 0, its_freedom, 1.0))
    least = np.where(varied.any(0), np.where(varied, freedoms, np.inf).min(0), 1.0)
    return np.sqrt(np.maximum(variance, largest)), np.maximum(freedom, least)


class _Effect(NamedTuple):
    """An axis or a crossing of several: a number a cell."""

    share: Array
    """Its mean square over the number of values: what it adds to the variance of the mean."""
    freedom: Array
    levels: Array
    """The fewest levels of its axes; an effect with an axis of one level is held fixed, and adds nothing."""


def _effects(values: Array, axes: int) -> dict[tuple[int, ...], _Effect]:
    """The axes, one by one, then their crossings, each by the places of its axes among the last `axes`."""
    subsets = [kept for size in range(axes + 1) for kept in itertools.combinations(range(axes), size)]
    levels = np.stack(_levels(values, axes))
    means = {kept: _mean(values, [i - axes for i in range(axes) if i not in kept]) for kept in subsets}
    found = {}
    for kept in subsets[1:]:
        # What a crossing does beyond its axes, and they beyond the mean of all.
        parts = [part for part in subsets if set(part) <= set(kept)]
        deviation = sum((-1) ** (len(kept) - len(part)) * means[part] for part in parts)
        n = levels[list(kept)].astype(float)
        freedom = np.maximum(n - 1, 1).prod(0)
        squares = np.nansum(deviation**2, axis=tuple(range(-axes, 0)))
        share = squares / np.maximum(n, 1).prod(0) / freedom
        found[kept] = _Effect(np.where((n > 1).all(0), share, 0.0), freedom, n.min(0))
    return found


def _mean(values: Array, over: Sequence[int]) -> Array:
    """Means of what is known, axes kept; NaN, without a warning, where nothing is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(known, values, 0.0).sum(tuple(over), keepdims=True)
        return np.asarray(total / known.sum(tuple(over), keepdims=True))


def _levels(values: Array, axes: int) -> list[Array]:
    """How many levels of each axis hold anything, a number a cell."""
    known = np.isfinite(values)
    return [
        known.any(tuple(other for other in range(-axes, 0) if other != axis)).sum(-1)
        for axis in range(-axes, 0)
    ]
