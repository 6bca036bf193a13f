"""Tests of claims about encoders and languages: size, distance, resources, and how they act together.

>>> from xstilts_lib.analysis import claims_sizes
>>> claims_sizes.gain_moves_with_size(view).evidence                    # doctest: +SKIP
'gain on mini_xnli over 3 encoders of 0.3 to 5.1 million parameters: −1.2 points for ten times the size (...)'

A slope over sizes is fitted seed by seed, over the logarithm of the number of parameters, so that its
interval is over seeds, as every other one here. It describes the sizes at hand: no law is fitted, and none is
assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..common.words import listed, plural
from . import gains as g
from . import kinds, typology
from .designs import cross_fitted
from .statistics import slopes
from .verdicts import (
    RHO,
    SUPPORTED,
    Terms,
    Verdict,
    View,
    differs,
    estimated,
    exceeds,
    falls,
    judge,
    untestable,
)
from .wording import chance, signed

SIZES = 3  # encoders of different size, before a slope over them means anything
LANGUAGES = 4  # languages of known distance, before a slope over them means anything
NO_DISTANCES = "no distances are known for these languages"
FOR_TEN_TIMES = "points for ten times the size"
TOO_FEW = f"fewer than {SIZES} sizes of encoder with the recipe none, and a plain one, on such a target"


def gain_moves_with_size(view: View) -> Verdict:
    """The gain on natural language inference moves with the size of the encoder, whichever way."""
    frame, sizes = _over_sizes(view, [name for name in view.targets if kinds.is_nli(name)])
    if not sizes:
        return untestable(TOO_FEW)
    by_size = ", ".join(f"{_million(size)} {signed(frame[name].mean())}" for name, size in sizes.items())
    what = f"gain on natural language inference over {plural(len(sizes), 'encoder')}"
    return view.judge(differs, slopes(frame, _decades(sizes)), what, f"by size: {by_size}", FOR_TEN_TIMES)


def distance_changes_scaling(view: View) -> Verdict:
    """The gain moves with size otherwise in languages far from English than in those near it, and on every
    target in the same direction."""
    near, far = typology.halves(view.languages, view.scores["language"])
    if not near or not far:
        return untestable(NO_DISTANCES)
    whole = _far_less_near(view, view.targets, near, far)
    if whole.empty:
        return untestable(TOO_FEW.replace("such a target", "targets of near and far languages"))
    each = {target: _far_less_near(view, [target], near, far).mean() for target in view.targets}
    each = {target: value for target, value in each.items() if math.isfinite(value)}
    what = f"slope of the gain in far languages ({listed(far)}) less that in near ones ({listed(near)})"
    note = "by target: " + ", ".join(f"{target} {signed(value)}" for target, value in each.items())
    found = view.judge(differs, whole, what, note, FOR_TEN_TIMES)
    if found.word == SUPPORTED and len({value > 0 for value in each.values()}) > 1:
        return found.softened("so the targets do not agree in the direction")
    return found


def _far_less_near(view: View, targets: Iterable[str], near: list[str], far: list[str]) -> pd.Series:
    """Slope over size in far languages less that in near ones, a value a seed; empty with too few sizes."""
    found = {}
    for name, codes in (("near", near), ("far", far)):
        frame, sizes = _over_sizes(view, targets, codes)
        if not sizes:
            return pd.Series(dtype=float)
        found[name] = slopes(frame, _decades(sizes))
    return (found["far"] - found["near"]).dropna()


def scores_rise_with_size(view: View) -> Verdict:
    """Without intermediate training, larger encoders score higher on natural language inference."""
    inference = [name for name in view.targets if kinds.is_nli(name)]
    scores = g.over_languages(view.baseline[view.baseline["target"].isin(inference)])
    frame = scores.pivot_table(index="seed", columns="model", values="score").dropna()
    sizes = {name: view.sizes[name] for name in frame if math.isfinite(view.sizes.get(name, math.nan))}
    if len(set(sizes.values())) < SIZES:
        return untestable(f"fewer than {SIZES} sizes of encoder on a target of natural language inference")
    what = f"score of {g.BASELINE} over {plural(len(sizes), 'encoder')}"
    return view.judge(exceeds, slopes(frame[list(sizes)], _decades(sizes)), what, unit=FOR_TEN_TIMES)


def distance_depends_on_target(view: View) -> Verdict:
    """How much a language loses by its distance from English depends on the target.

    A slope for each target and seed; the steepest and the flattest target are chosen on the other seeds.
    """
    table = view.languages.set_index("code")[typology.DISTANCE].dropna()
    baseline = view.baseline
    baseline = baseline[(baseline["language"] != g.SOURCE_LANGUAGE) & baseline["language"].isin(table.index)]
    found = {}
    for target, part in baseline.groupby("target", sort=False):
        wide = part.pivot(index="seed", columns="language", values="score").dropna(axis=1)
        at = table[wide.columns]
        if len(at) >= LANGUAGES and at.nunique() > 1:
            found[target] = slopes(wide, list(at))
    frame = pd.DataFrame(found).dropna()
    if frame.shape[1] < 2:
        return untestable(f"no two targets with {LANGUAGES} languages of known, different distance")
    values = cross_fitted(frame, frame) - cross_fitted(-frame, frame)
    order = frame.mean().sort_values()
    note = f"from {order.index[0]} {signed(order.iloc[0])} to {order.index[-1]} {signed(order.iloc[-1])}"
    what = "slope of the score over distance, of the flattest target less that of the steepest"
    return view.judge(exceeds, values, what, note, "points for a unit of distance")


def far_languages_score_lower(view: View) -> Verdict:
    """The farther a language from English, the lower it scores without intermediate training."""
    return distance(view.baseline, view.languages, view.terms, "score")


def far_languages_gain_less(view: View) -> Verdict:
    """The farther a language from English, the less it gains, in the mean over plain recipes and targets."""
    kept = view.grid(view.kind(kinds.plain))
    gained = view.gained[view.gained["recipe"].isin(list(kept)) & view.gained["seed"].isin(kept.index)]
    if gained.empty:
        return untestable("no plain recipe was scored on every target")
    return distance(gained, view.languages, view.terms, "gain")


def more_text_scores_higher(view: View) -> Verdict:
    """More text to pretrain on scores higher."""
    return resources(view.baseline, view.languages, view.terms)


def distance(frame: pd.DataFrame, languages: pd.DataFrame, terms: Terms, value: str) -> Verdict:
    """Whether `value` (score or gain) falls with distance from English, in the mean over recipes and targets:
    Spearman's correlation over languages."""
    means = frame.groupby(["model", "target", "language", "seed"], as_index=False)[value].mean()
    return _correlated(means, value, languages, typology.DISTANCE, terms, f"{value} and distance")


def resources(scores: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Verdict:
    """Whether more pretraining text, all else equal, scores higher: over pairs of languages that differ in it
    alone.

    Where there is no such pair, the correlation over all languages stands in, in which other differences play
    too.
    """
    pairs = typology.pairs(languages)
    pairs = pairs[pairs["property"] == typology.RESOURCES]
    if pairs.empty:
        what = "languages with more pretraining text score higher"
        return _correlated(scores, "score", languages, typology.RESOURCES, terms, what)
    lost = [typology.difference(pair, scores) for pair in pairs.to_dict("records")]
    names = listed(f"{pair.more} against {pair.less}" for pair in pairs.itertuples())
    if len({len(one) for one in lost}) > 1 or not len(lost[0]):
        return untestable("not measured in both languages of each pair")
    what = f"more pretraining text, all else equal, scores higher ({names})"
    return judge(exceeds, -np.mean(lost, axis=0), terms, what)


def _correlated(
    frame: pd.DataFrame, value: str, languages: pd.DataFrame, prop: str, terms: Terms, what: str
) -> Verdict:
    """The verdict on a claim that means by language rise with resources, or fall with distance."""
    by_distance = prop == typology.DISTANCE
    if not typology.has(languages, prop):
        return untestable(NO_DISTANCES if by_distance else "how much text each language has is not stated")
    means = typology.by_language(frame, value, terms.level)
    rho, p = typology.correlation(means, languages, prop, terms.level)
    if not math.isfinite(rho.estimate):
        return untestable("too few languages, or no differences between them")
    told = estimated(rho, f"{RHO} = {signed(rho.estimate, 2)}", "language", f"{chance(p)} by permutation", 2)
    return Verdict((falls if by_distance else exceeds)(rho), rho, f"{what}: {told}", RHO)


def _over_sizes(
    view: View, targets: Iterable[str], languages: Iterable[str] | None = None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Mean gains of the recipes that every encoder has, a column an encoder; their sizes, none if too few."""
    targets = list(targets)
    sizes = {name: size for name, size in view.sizes.items() if math.isfinite(size)}
    cells = {name: view.of(name).cells(view.kind(kinds.plain), targets, languages) for name in sizes}
    cells = {name: found for name, found in cells.items() if found.size}
    sizes = {name: sizes[name] for name in sorted(cells, key=lambda name: sizes[name])}
    if len(set(sizes.values())) < SIZES:
        return pd.DataFrame(), {}
    shared = set.intersection(*(set(found.columns) for found in cells.values()))
    if not shared:
        return pd.DataFrame(), {}
    means = {name: cells[name][sorted(shared)].mean(axis=1) for name in sizes}
    return pd.DataFrame(means).dropna(), sizes


def _decades(sizes: dict[str, float]) -> list[float]:
    return [math.log10(size) for size in sizes.values()]


def _million(size: float) -> str:
    return f"{size / 1e6:.3g} million"
