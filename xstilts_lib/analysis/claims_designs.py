"""Tests of claims about designs, encoders and languages: how tasks are trained, size, distance, resources.

>>> from xstilts_lib.analysis import claims_designs
>>> claims_designs.joint_for_low_resources(view).word                # doctest: +SKIP
'inconclusive'

A recipe is compared with its twins: the same tasks one after the other, without the running text that was
mixed in, in English instead of translated. Both stand in the table, or the claim is untestable here.

A slope over sizes is fitted seed by seed, over the logarithm of the number of parameters, so that its
interval is over seeds, as every other one here. It describes the sizes at hand: no law is fitted, and none is
assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from ..common.words import listed, plural
from . import claims_languages, kinds, typology
from . import gains as g
from .designs import LITTLE, MUCH, split_by_text
from .statistics import slopes
from .verdicts import (
    SUPPORTED,
    Verdict,
    View,
    differs,
    exceeds,
    gains_nothing,
    rises,
    untestable,
)
from .wording import language, named, signed
from .wording import size as size_of

CONSISTENT = 3  # pairs, from which on one may ask whether a difference is consistent
NAMED = 2  # pairs that a sentence still names
SIZES = 3  # encoders of different size, before a slope over them means anything
FOR_TEN_TIMES = "points for ten times the size"
TOO_FEW = f"fewer than {SIZES} sizes of encoder, untouched and after the same recipe, on such a target"
Twins = Mapping[str, list[str]]  # a recipe, and what it is compared with


def joint_for_low_resources(view: View) -> Verdict:
    """Joint training beats the same tasks in sequence, in the languages with little text to pretrain on.

    A language has little where it has less than the median of the languages other than English. A joint
    recipe is compared with the mean over the orders that are there.
    """
    pairs = _twins(view, kinds.joint, lambda name: kinds.orders(name, view.recipes))
    if not pairs:
        return untestable("no joint recipe whose tasks were also trained one after the other")
    levels = split_by_text(view.scores, view.languages)
    if LITTLE not in levels:
        return untestable("how much text each language has is not stated, or all have the same")
    values, others = (_less_twins(view, pairs, levels[level]) for level in (LITTLE, MUCH))
    note = f"{signed(_average(others))} in the other languages"
    what = f"joint less sequential in {listed(map(language, levels[LITTLE]))}, {_named(pairs)}"
    return view.pool(exceeds, values, what, note)


def joint_when_target_is_small(view: View) -> Verdict:
    """Training jointly with the target's own data beats training before it, where the target's are fewer.

    Joint is a recipe of two tasks, one of them the target's own; sequential is the recipe of the other alone,
    as every recipe is followed by the target. Sizes are those trained on.
    """
    small, large = {}, {}
    sizes = {name: number for (_, name), number in view.examples.items()}
    for target in view.targets:
        for recipe in view.recipes:
            other = kinds.partner(recipe, target)
            cells = view.cells([recipe, other], [target]) if other in view.recipes else pd.DataFrame()
            if cells.shape[1] == 2 and target in sizes and other in sizes:
                side = small if sizes[target] < sizes[other] else large
                side[f"{recipe} less {other}"] = cells[recipe, target] - cells[other, target]
    if not small:
        return untestable(
            "no recipe trains a smaller target's own data jointly with a task that stands alone too"
        )
    values = pd.DataFrame(small).dropna()
    whole = len(small) + len(large)
    what = f"joint less sequential where the target's set is the smaller ({len(small)} of {whole})"
    if not large:
        return view.pool(exceeds, values, what, "the other half of the claim has no recipe here")
    others = pd.DataFrame(large).dropna().mean(axis=1)
    note = f"{signed(others.mean())} there"
    return view.pool(
        exceeds, values.sub(others, axis=0).dropna(), f"{what}, less where it is the larger", note
    )


def chains_help_inference(view: View) -> Verdict:
    """A chain of tasks that ask for inference gains on natural language inference.

    A chain that holds the target's own training data counts against these alone, for as many tokens where
    that was trained; where it was not, more tokens could be all that the chain has, and nothing is supported.
    """
    targets = list(filter(kinds.is_nli, view.targets))
    means = view.net.grid(view.kind(kinds.chain), targets)
    if not targets or means.empty:
        return untestable(
            "no chain of tasks that ask for inference, all learnt, was scored on natural language inference"
        )
    own = [name for name in means if any(kinds.own_data(name, target) for target in targets)]
    note = f"{len(own)} of them less the target's own training data alone" if own else ""
    what = f"mean gain of {plural(means.shape[1], 'chain')} on {listed(map(named, targets))}"
    found = view.pool(rises, means, what, note)
    longest = {kinds.own_data(name, target)[0] for name in own for target in targets}
    if found.word == SUPPORTED and not longest <= set(view.recipes):
        return found.softened("but these read fewer tokens than the chain, which may be all that it has")
    return found


def text_mixed_in(view: View) -> Verdict:
    """Multilingual masked language modelling mixed in does not consistently beat the recipe without it."""
    return _alternative(
        view, kinds.without_text, "running text is mixed in", "with masked words less without"
    )


def translated_data(view: View) -> Verdict:
    """Intermediate data in machine translation do not consistently beat the same tasks in English.

    The languages translated into are left out, each where it is: there, training is not zero-shot.
    """
    return _alternative(view, kinds.in_english, "a task is translated", "translated less English")


def gain_moves_with_size(view: View) -> Verdict:
    """The gain on natural language inference moves with the size of the encoder, whichever way."""
    found, by_size = _slopes(view, filter(kinds.is_nli, view.targets))
    if not by_size:
        return untestable(TOO_FEW)
    what = f"gain on natural language inference over {plural(len(by_size), 'encoder')}"
    return view.pool(differs, found, what, f"by size: {', '.join(by_size)}", FOR_TEN_TIMES)


def distance_changes_scaling(view: View) -> Verdict:
    """The gain moves with size otherwise in languages far from English than in those near it, and on every
    target in the same direction."""
    near, far = typology.halves(view.languages, view.scores["language"])
    if not near or not far:
        return untestable(claims_languages.NO_DISTANCES)

    def apart(targets: list[str]) -> pd.DataFrame:
        (close, some), (distant, others) = (_slopes(view, targets, codes) for codes in (near, far))
        return (distant - close).dropna() if some and others else pd.DataFrame()

    whole = apart(view.targets)
    if whole.empty:
        return untestable(TOO_FEW.replace("such a target", "targets of near and far languages"))
    each = {target: _average(apart([target])) for target in view.targets}
    each = {target: value for target, value in each.items() if math.isfinite(value)}
    groups = (listed(map(language, codes)) for codes in (far, near))
    what = "slope of the gain in far languages ({}) less that in near ones ({})".format(*groups)
    note = "by target: " + ", ".join(f"{named(target)} {signed(value)}" for target, value in each.items())
    found = view.pool(differs, whole, what, note, FOR_TEN_TIMES)
    if found.word == SUPPORTED and len({value > 0 for value in each.values()}) > 1:
        return found.softened("so the targets do not agree in the direction")
    return found


def scores_rise_with_size(view: View) -> Verdict:
    """Without intermediate training, larger encoders score higher on natural language inference."""
    inference = list(filter(kinds.is_nli, view.targets))
    scores = g.over_languages(view.baseline[view.baseline["target"].isin(inference)])
    frame = scores.pivot_table(index="seed", columns="model", values="score").dropna()
    sizes = {name: size for name, size in view.sizes.items() if name in frame and math.isfinite(size)}
    if len(set(sizes.values())) < SIZES:
        return untestable(f"fewer than {SIZES} sizes of encoder on a target of natural language inference")
    what = f"score of the untouched encoder over {plural(len(sizes), 'encoder')}"
    values = slopes(frame[list(sizes)], [math.log10(size) for size in sizes.values()])
    return view.judge(exceeds, values, what, unit=FOR_TEN_TIMES)


def _alternative(view: View, twin: Callable[[str], str | None], having: str, what: str) -> Verdict:
    """Whether recipes of a kind beat their twins, in the languages that neither of them trains on."""
    pairs = _twins(view, lambda name: twin(name) is not None, lambda name: [twin(name) or ""])
    codes = set(view.scores["language"]) - {g.SOURCE_LANGUAGE}
    zero_shot = {name: codes - kinds.languages(name) for name in pairs}
    found = [_less_twins(view, {name: pairs[name]}, kept) for name, kept in zero_shot.items() if kept]
    if not found:
        return untestable(f"no recipe in which {having} has its twin here")
    each = pd.concat(found, axis=1).dropna()
    better = int((each.mean() > 0).sum())
    told = f"better in {better} of {plural(each.shape[1], 'pair')}"
    if each.shape[1] < CONSISTENT:
        mean = signed(_average(each))
        return untestable(
            f"fewer than {CONSISTENT} pairs cannot contradict what is said of consistency; {what}, "
            f"{_named(pairs)}: {mean} points, {told}"
        )
    return view.pool(gains_nothing, each, f"{what}, {_named(pairs)}", told)


def _twins(view: View, wanted: Callable[[str], bool], twins: Callable[[str], Iterable[str]]) -> Twins:
    """Recipes of a kind with those of their twins that were trained too, scored on the same targets."""
    found = {}
    for recipe in view.kind(wanted):
        there = [name for name in twins(recipe) if name in view.recipes and view.shared([recipe, name])]
        if there and view.shared([recipe, *there]):
            found[recipe] = there
    return found


def _less_twins(view: View, pairs: Twins, languages: Iterable[str] | None = None) -> pd.DataFrame:
    """A recipe less the mean of its twins, in the mean over targets: a row a seed, a column a recipe."""
    found = {}
    for recipe, twins in pairs.items():
        means = view.grid([recipe, *twins], view.shared([recipe, *twins]), languages)
        found[recipe] = means[recipe] - means[twins].mean(axis=1)
    return pd.DataFrame(found).dropna()


def _average(frame: pd.DataFrame) -> float:
    """The mean of all cells; NaN where there is none."""
    return float(frame.to_numpy(dtype=float).mean()) if frame.size else math.nan


def _named(pairs: Twins) -> str:
    if len(pairs) > NAMED:
        return f"{len(pairs)} pairs"
    return listed(f"{named(name)} against {listed(map(named, twins))}" for name, twins in pairs.items())


def _slopes(
    view: View, targets: Iterable[str], languages: Iterable[str] | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """The slope over size of the gain of each recipe that every encoder has, a row a seed and a column a
    recipe; and the mean gain at each size, in words. Both are empty with too few sizes."""
    targets, sizes = list(targets), {name: at for name, at in view.sizes.items() if math.isfinite(at)}
    grids = {name: view.of(name).grid(view.kind(kinds.plain), targets, languages)
             for name in sorted(sizes, key=lambda name: sizes[name])}  # fmt: skip
    grids = {name: found for name, found in grids.items() if found.size}
    shared = sorted(set.intersection(*(set(found) for found in grids.values()))) if grids else []
    if len({sizes[name] for name in grids}) < SIZES or not shared:
        return pd.DataFrame(), []
    at = [math.log10(sizes[name]) for name in grids]
    found = {
        recipe: slopes(pd.DataFrame({name: grid[recipe] for name, grid in grids.items()}), at)
        for recipe in shared
    }
    told = [f"{size_of(sizes[name])} {signed(_average(grid[shared]))}" for name, grid in grids.items()]
    return pd.DataFrame(found).dropna(), told
