"""Tests of claims about which intermediate task helps which target: what one grid of recipes can answer.

>>> from xstilts_lib.analysis import claims_tasks
>>> claims_tasks.no_gain_in_inference(view).sentence                    # doctest: +SKIP
'Supported: mean gain of 3 recipes on mini_xnli: −0.2 points (...)'

Every test takes a view (verdicts.View) of one encoder and gives a Verdict. Which recipes it needs, it finds
by their kind, never by their names.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

from ..tasks import task
from . import gains as g
from . import kinds, signature
from .designs import cross_fitted
from .scaling import slopes
from .signature import QUESTIONS
from .statistics import student_interval
from .verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    Verdict,
    View,
    differs,
    exceeds,
    falls,
    gains_nothing,
    rises,
    untestable,
)
from .wording import listed, plural, signed

FAVOURED = {"SQuAD": kinds.SQUAD, "MNLI": frozenset({"mnli"}), "HellaSwag": frozenset({"hellaswag"})}
CONSISTENT = 2 / 3  # the share of recipes that must gain, each by itself, before gains are consistent


def favourites(view: View) -> Verdict:
    """SQuAD, MNLI and HellaSwag give more than the other single tasks, and are the first three of them."""
    means = view.grid(view.kind(kinds.single))
    real = {name: kinds.counterpart(name) for name in means}
    mine = {name for name in means if any(real[name] in group for group in FAVOURED.values())}
    lacking = [title for title, group in FAVOURED.items() if not group & {real[name] for name in mine}]
    others = [name for name in means if name not in mine]
    if lacking or not others:
        what = f"recipe of {listed(lacking)} alone" if lacking else "single task beside those three"
        return untestable(f"no {what} was scored on every target")
    order = list(means.mean().sort_values(ascending=False).index)
    note = "from most to least: " + ", ".join(f"{name} {signed(means[name].mean())}" for name in order)
    values = means[sorted(mine)].mean(axis=1) - means[others].mean(axis=1)
    found = view.judge(exceeds, values, "mean gain of the three less that of the other single tasks", note)
    if found.word == SUPPORTED and set(order[: len(mine)]) != mine:
        return found.softened("but the three are not the first ones")
    return found


def squad_alone(view: View) -> Verdict:
    """SQuAD gives more than any other single task, the best other being chosen on the other seeds."""
    means = view.grid(view.kind(kinds.single))
    mine = [name for name in means if kinds.counterpart(name) in kinds.SQUAD]
    others = [name for name in means if name not in mine]
    if not mine or not others:
        return untestable(f"no {'single task to compare with' if mine else 'recipe of SQuAD alone'}")
    values = cross_fitted(means[mine], means[mine]) - cross_fitted(means[others], means[others])
    what = f"mean gain of {listed(mine)} less that of the best of {plural(len(others), 'other')}"
    return view.judge(exceeds, values, what)


def all_at_once(view: View) -> Verdict:
    """All the single tasks jointly give more than the best of them, which is chosen on the other seeds."""
    means = view.grid(view.kind(lambda name: kinds.single(name) or kinds.joint(name)))
    singles = [name for name in means if kinds.single(name)]
    wanted = set(kinds.tasks_of(singles))
    whole = [name for name in means if kinds.joint(name) and wanted and wanted <= set(kinds.tasks_of([name]))]
    if len(singles) < 2 or not whole:
        return untestable(f"no joint recipe holds all {len(wanted)} tasks of the single recipes")
    values = means[whole[0]] - cross_fitted(means[singles], means[singles])
    what = f"mean gain of {plural(len(kinds.tasks_of(whole[:1])), 'task')} at once less that of the best one"
    return view.judge(exceeds, values, what, f"all at once gains {signed(means[whole[0]].mean())}")


def retrieval_gains_most(view: View) -> Verdict:
    """Retrieval gains, and more than the fine-tuned targets do: the signature's own check."""
    above = signature.over_floor(view.scores)
    check = signature.retrieval(view.whole(), view.terms, None if above.empty else above)[1]
    return check.about("mean gain on retrieval less that on the other targets")


def scarce_gains_throughout(view: View) -> Verdict:
    """Question answering with little training data gains in the mean, and from most recipes by themselves."""
    targets = [name for name in view.targets if task(name).train == name and task(name).group == QUESTIONS]
    means = view.grid(view.kind(kinds.plain), targets)
    if not targets or means.shape[1] < 2:
        lacking = "two recipes were scored on it" if targets else "such target is in the table"
        return untestable(f"no {lacking}" if not targets else f"not even {lacking}")
    interval = student_interval(means.to_numpy().T, view.terms.level)
    sure = int((np.asarray(interval.low) > 0).sum())
    note = f"{sure} of {means.shape[1]} recipes gain by themselves"
    found = view.judge(rises, means.mean(axis=1), f"mean gain on {listed(targets)}", note)
    if found.word == SUPPORTED and sure < CONSISTENT * means.shape[1]:
        return found.softened("so the gain is not consistent")
    return found


def no_gain_in_inference(view: View) -> Verdict:
    """Natural language inference gains nothing; where it was not learnt at all, that says nothing."""
    targets = [name for name in view.targets if kinds.is_nli(name)]
    means = view.grid(view.kind(kinds.plain), targets)
    if not targets or means.empty:
        return untestable("no target of natural language inference with a plain recipe")
    what = f"mean gain of {plural(means.shape[1], 'recipe')} on {listed(targets)}"
    found = view.judge(gains_nothing, means.mean(axis=1), what)
    above = signature.over_floor(view.scores[view.scores["target"].isin(targets)])
    learnt = above.empty or signature.above_floor(above, view.terms).word == SUPPORTED
    if found.word == SUPPORTED and not learnt:
        return found.softened(f"but {g.BASELINE} is not above the floor there")
    return found


def best_by_english(view: View) -> Verdict:
    """Choosing a recipe for each target by its English dev scores gains in the other languages.

    The choice for a seed is made on the other seeds: who chooses among the runs of one seed chooses the
    luckiest of them, and gains even where no recipe does anything. The untouched encoder may be chosen too,
    and gains nothing then.
    """
    cells = view.cells(view.kind(kinds.plain))
    gained, chosen = {}, []
    for target in cells.columns.unique("target"):
        mine = cells.xs(target, axis=1, level="target").assign(**{g.BASELINE: 0.0})
        dev = view.dev[view.dev["target"] == target].pivot(index="seed", columns="recipe", values="score")
        dev = dev.reindex(index=mine.index, columns=mine.columns).dropna()
        if len(dev) and mine.shape[1] > 1:
            gained[target] = cross_fitted(dev, mine.loc[dev.index])
            chosen.append(f"{dev.mean().idxmax()} for {target}")
    if not gained:
        return untestable("no target has English dev scores of some recipe and of the baseline")
    left = len(view.targets) - len(gained)
    note = f"chosen on all seeds: {', '.join(chosen)}" + (
        f"; {plural(left, 'target')} without English dev scores left out" if left else ""
    )
    values = pd.DataFrame(gained).dropna().mean(axis=1)
    return view.judge(rises, values, f"mean gain of the chosen over {plural(len(gained), 'target')}", note)


def formats_matter(view: View) -> Verdict:
    """Gains depend on format: they differ where task and target share one, the mean of each taken out."""
    cells = view.cells(view.kind(kinds.single))
    recipes, targets = (list(cells.columns.unique(level)) for level in ("recipe", "target"))
    same = np.array([[task(one).format == task(two).format for two in targets] for one in recipes])
    if len(recipes) < 2 or not same.size or same.all() or not same.any():
        return untestable("no single tasks of which some share a target's format and some do not")
    kinds_of = sorted({task(name).format for name in recipes})
    cube = np.array([row.unstack("target").loc[recipes, targets].to_numpy() for _, row in cells.iterrows()])
    cube = cube - cube.mean(1, keepdims=True) - cube.mean(2, keepdims=True)
    values = pd.Series(cube[:, same].mean(1) - cube[:, ~same].mean(1), index=cells.index)
    what = "gain of a target from a task of its own format, less that from others"
    return view.judge(
        differs, values, what, f"formats {listed(kinds_of)}; the mean of each task and target taken out"
    )


def without_retrieval(view: View) -> Verdict:
    """The mean over the targets without retrieval is a gain: the signature's own check."""
    whole = view.whole()
    if not any(task(name).group == g.RETRIEVAL for name in set(whole["target"])):
        return untestable("no retrieval target to leave out")
    check = signature.mean_gain(whole, view.terms, with_retrieval=False)
    found = check.about("mean gain without retrieval")
    with_it = signature.mean_gain(whole, view.terms).interval.estimate
    return dataclasses.replace(found, evidence=f"{found.evidence}; with retrieval {signed(with_it)}")


def reasoning_is_best(view: View) -> Verdict:
    """Tasks that ask for inference give more than the other single tasks."""
    means = view.grid(view.kind(kinds.single))
    mine = [name for name in means if kinds.counterpart(name) in kinds.REASONING]
    others = [name for name in means if name not in mine]
    if not mine or not others:
        return untestable(f"no single task that asks for {'anything else' if mine else 'inference'}")
    values = means[mine].mean(axis=1) - means[others].mean(axis=1)
    return view.judge(exceeds, values, f"mean gain of {listed(mine)} less that of {listed(others)}")


def scarce_targets_gain_most(view: View) -> Verdict:
    """Gains fall as the target's training set grows, over the targets that are fine-tuned."""
    cells = view.cells(view.kind(kinds.plain))
    sizes = {name: kinds.training_size(name) for name in cells.columns.unique("target")}
    known = {name: math.log10(size) for name, size in sizes.items() if size}
    if len(set(known.values())) < 3:
        return untestable("fewer than three sizes of the targets' training sets are known")
    means = cells.T.groupby(level="target", sort=False).mean().T[list(known)]
    note = f"{plural(len(known), 'target')}, by the published sizes; they differ in more than size"
    values = slopes(means, list(known.values()))
    return view.judge(falls, values, "gain", note, "points for ten times the target's training set")


def scarce_from_questions(view: View) -> Verdict:
    """Scarce question answering gains from question-answering training: the signature's own check."""
    check = signature.scarce_questions(view.whole(), view.terms)
    return check.about("mean gain of recipes of question answering alone")


def same_data(view: View) -> Verdict:
    """A target gains nothing from the data that it is fine-tuned on anyway: the signature's own checks.

    Contradicted where one of them is, supported where all are.
    """
    above = signature.over_floor(view.scores)
    found = signature.same_data(view.whole(), view.terms, above)
    known = [one for one in found if one.known]
    if not known:
        return found[0]
    ranked = (CONTRADICTED, INCONCLUSIVE, SUPPORTED)  # from what speaks most against the claim
    worst = min(known, key=lambda one: (ranked.index(one.word), -one.interval.estimate))
    each = "; ".join(f"{one.name.removeprefix('same-data-')} {one.evidence}" for one in found)
    return dataclasses.replace(worst, evidence=each)
