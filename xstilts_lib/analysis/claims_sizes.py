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

import pandas as pd

from . import gains as g
from . import kinds, signature, typology
from .designs import cross_fitted
from .scaling import slopes
from .verdicts import SUPPORTED, Verdict, View, differs, exceeds, untestable
from .wording import listed, plural, signed

SIZES = 3  # encoders of different size, before a slope over them means anything
LANGUAGES = 4  # languages of known distance, before a slope over them means anything
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
        return untestable(signature.NO_DISTANCES)
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
    scores = view.scores[view.scores["recipe"] == g.BASELINE]
    scores = g.over_languages(scores[scores["target"].isin([t for t in view.targets if kinds.is_nli(t)])])
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
    baseline = view.scores[view.scores["recipe"] == g.BASELINE]
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


def above_floor(view: View) -> Verdict:
    """Every target stands above random weights: the signature's own check."""
    check = signature.above_floor(signature.over_floor(view.scores), view.terms)
    return check.about(f"{check.statement[0].lower()}{check.statement[1:]}")


def far_languages_score_lower(view: View) -> Verdict:
    """Scores fall with distance from English: the signature's own check."""
    check = signature.distance(_baseline(view), view.languages, view.terms)
    return check.about("score and distance")


def far_languages_gain_less(view: View) -> Verdict:
    """Gains fall with distance from English: the signature's own check, on plain recipes."""
    kept = view.grid(view.kind(kinds.plain))
    gained = view.gained[view.gained["recipe"].isin(list(kept)) & view.gained["seed"].isin(kept.index)]
    if gained.empty:
        return untestable("no plain recipe was scored on every target")
    return signature.distance_of_gains(gained, view.languages, view.terms).about("gain and distance")


def more_text_scores_higher(view: View) -> Verdict:
    """Scores rise with the text to pretrain on: the signature's own check."""
    check = signature.resources(_baseline(view), view.languages, view.terms)
    return check.about(f"{check.statement[0].lower()}{check.statement[1:]}")


def _baseline(view: View) -> pd.DataFrame:
    return view.scores[view.scores["recipe"] == g.BASELINE]


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
