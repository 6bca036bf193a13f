"""Tests of claims about languages: what their distance from English and their text to learn from do.

>>> from xstilts_lib.analysis import claims_languages
>>> claims_languages.far_languages_score_lower(view).word            # doctest: +SKIP
'supported'

The unit of a correlation is the language: its interval says what others, drawn alike, might have shown.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ..common.words import listed
from . import gains as g
from . import kinds, typology
from .designs import cross_fitted
from .statistics import alike_p, slopes
from .verdicts import (
    INCONCLUSIVE,
    RHO,
    UNTESTABLE,
    Terms,
    Verdict,
    View,
    estimated,
    exceeds,
    falls,
    judge,
    untestable,
)
from .wording import chance, language, named, signed

LANGUAGES = 4  # languages of known distance, before a slope over them means anything
NO_DISTANCES = "no distances are known for these languages"


def distance_depends_on_target(view: View) -> Verdict:
    """How much a language loses by its distance from English depends on the target.

    A slope for each target and seed; the steepest and the flattest target are chosen on the other seeds.
    """
    table = view.languages.set_index("code")[typology.DISTANCE].dropna()
    baseline = view.baseline[view.baseline["target"].isin(view.targets)]
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
    values = cross_fitted(frame) - cross_fitted(frame, -frame)
    order = frame.mean().sort_values()
    ends = (f"{named(order.index[at])} {signed(order.iloc[at])}" for at in (0, -1))
    note = f"from {' to '.join(ends)}"
    what = "slope of the score over distance, of the flattest target less that of the steepest"
    return view.judge(exceeds, values, what, note, "points for a unit of distance")


def far_languages_score_lower(view: View) -> Verdict:
    """The farther a language from English, the lower it scores without intermediate training."""
    return distance(view.baseline, view.languages, view.terms, "score")


def far_languages_gain_less(view: View) -> Verdict:
    """The farther a language from English, the less it gains, in the mean over targets: of the mean over the
    plain recipes, or where they differ by more than chance of each of them."""
    means = view.grid(view.kind(kinds.plain))
    gained = view.gained[view.gained["recipe"].isin(list(means)) & view.gained["seed"].isin(means.index)]
    if gained.empty:
        return untestable("no plain recipe was scored on every target")
    if not alike_p(means) < 1 - view.terms.level:
        return distance(gained, view.languages, view.terms, "gain")
    each = {
        str(name): distance(part, view.languages, view.terms, "gain")
        for name, part in gained.groupby("recipe", sort=False)
    }
    least = min(each.values(), key=lambda one: np.nan_to_num(-one.interval.high, nan=-math.inf))
    rhos = ", ".join(f"{named(name)} {signed(one.interval.estimate, 2)}" for name, one in each.items())
    word = least.word if len({one.word for one in each.values()}) == 1 else INCONCLUSIVE
    if not least.known:
        return least
    return Verdict(
        word, least.interval, f"gain and distance, recipe by recipe for they differ: {RHO} = {rhos}", RHO
    )


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
    names = listed(f"{language(pair.more)} against {language(pair.less)}" for pair in pairs.itertuples())
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
    rule = falls if by_distance else exceeds
    word = rule(rho) if math.isfinite(rho.low) else UNTESTABLE
    return Verdict(word, rho, f"{what}: {told}", RHO)
