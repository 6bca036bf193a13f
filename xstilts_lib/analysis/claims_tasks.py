"""Tests of claims about which intermediate tasks help which target, and how many: what one grid can answer.

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

from ..common.words import listed, plural
from ..tasks import task
from ..tasks.recipe import parse
from . import gains as g
from . import kinds
from .designs import by_number, cross_fitted
from .statistics import slopes, student_interval
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
from .wording import signed

CLASSIFICATION, QUESTIONS = "classification", "question answering"
MANY = 15  # tasks, from which on many tasks help (Aghajanyan et al. 2021)
FAVOURED = {"SQuAD": kinds.SQUAD, "MNLI": frozenset({"mnli"}), "HellaSwag": frozenset({"hellaswag"})}
CONSISTENT = 2 / 3  # the share of recipes that must gain, each by itself, before gains are consistent


def above_floor(view: View) -> Verdict:
    """The untouched encoder scores above random weights on every target; the estimate is that of the least
    sure one."""
    if view.above.empty:
        return untestable("the floor is no recipe of this experiment")
    what = "without intermediate training, every target stands above the floor (least surely {})"
    found = [view.judge(rises, view.above[name], what.format(name)) for name in view.above]
    return min(found, key=lambda one: (np.nan_to_num(one.interval.low, nan=-math.inf), one.interval.estimate))


def mean_gain(view: View) -> Verdict:
    """The mean over all targets is a gain."""
    return view.judge(rises, view.plain.mean(axis=1), "mean gain over all targets")


def without_retrieval(view: View) -> Verdict:
    """The mean over the targets without retrieval, which can dominate it, is a gain."""
    others = [name for name in view.targets if task(name).group != g.RETRIEVAL]
    if len(others) == len(view.targets):
        return untestable("no retrieval target to leave out")
    values = _on(view.plain, others).mean(axis=1)
    note = f"with retrieval {signed(view.plain.mean(axis=1).mean())}"
    return view.judge(rises, values, "mean gain without retrieval", note)


def retrieval_gains(view: View) -> Verdict:
    """Sentence retrieval gains, in the mean over recipes.

    Where the untouched encoder is not above the floor, there is nothing to lose or to build upon, and the
    verdict does not count.
    """
    inside = [name for name in view.targets if task(name).group == g.RETRIEVAL]
    if not inside:
        return untestable("no retrieval target in this experiment")
    found = view.judge(rises, _on(view.plain, inside).mean(axis=1), "mean gain on retrieval")
    below = [name for name in inside if not view.learnt(name)]
    return found.softened(f"but {g.BASELINE} is not above the floor on {listed(below)}") if below else found


def retrieval_gains_most(view: View) -> Verdict:
    """Retrieval gains, and more than the fine-tuned targets do: who loses less does not gain more."""
    inside = [name for name in view.targets if task(name).group == g.RETRIEVAL]
    others = [name for name in view.targets if name not in inside]
    if not inside or not others:
        return untestable("no retrieval target to compare in this experiment")
    values = _on(view.plain, inside).mean(axis=1) - _on(view.plain, others).mean(axis=1)
    found = view.judge(exceeds, values, "mean gain on retrieval less that on the other targets")
    below = [name for name in inside if not view.learnt(name)]
    if below:
        return found.softened(f"but {g.BASELINE} is not above the floor on {listed(below)}")
    itself = retrieval_gains(view)
    if found.word == SUPPORTED and itself.word != SUPPORTED:
        return found.softened(f"but retrieval itself does not gain: {signed(itself.interval.estimate)}")
    return found


def scarce_from_questions(view: View) -> Verdict:
    """Question answering with a small training set of its own gains from training on question answering."""
    asking = [name for name in view.recipes if all(task(one).group == QUESTIONS for one in parse(name).tasks)]
    cells = _on(view.plain, _scarce(view))
    values = cells.loc[:, cells.columns.get_level_values("recipe").isin(asking)].mean(axis=1)
    if not np.isfinite(values).any():
        return untestable("no such recipe, or no such target, in this experiment")
    return view.judge(rises, values, "mean gain of recipes of question answering alone")


def same_data(view: View) -> Verdict:
    """A target gains nothing from a phase on the data that it is fine-tuned on anyway, as XNLI from MNLI.

    Contradicted where one target does gain, supported where none does. Where the untouched encoder is not
    above the floor, the target has not been learnt at all, and that nothing is gained there says nothing.
    """
    found = []
    for target in view.targets:
        own = task(target).train
        for recipe in view.plain.columns.unique("recipe"):
            if kinds.single(recipe) and parse(recipe).tasks == (own,):
                one = view.judge(gains_nothing, view.plain[recipe, target], target)
                if one.word == SUPPORTED and not view.learnt(target):
                    why = "so nothing was learnt that could gain"
                    one = one.softened(f"but {g.BASELINE} is not above the floor there, {why}")
                found.append(one)
    if not found:
        return untestable("no recipe trains on a target's own data")
    ranked = (CONTRADICTED, INCONCLUSIVE, SUPPORTED)  # from what speaks most against the claim
    worst = min(found, key=lambda one: (ranked.index(one.word), -one.interval.estimate))
    return dataclasses.replace(worst, evidence="; ".join(one.evidence for one in found))


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


def more_tasks(view: View) -> Verdict:
    """The most tasks at once give more on classification than the best single one, chosen on other seeds."""
    targets = [name for name in view.targets if task(name).group == CLASSIFICATION]
    means = view.grid(view.kind(lambda name: kinds.single(name) or kinds.joint(name)), targets)
    found = by_number(means)
    if not targets or len(found.get(1, ())) < 2 or len(found) < 2:
        return untestable("no two single tasks and a joint recipe that were scored on classification")
    most = max(found)
    singles = means[found[1]]
    curve = ", ".join(f"{number}: {signed(means[found[number]].mean().mean())}" for number in sorted(found))
    values = means[found[most]].mean(axis=1) - cross_fitted(singles, singles)
    what = (
        f"mean gain of {plural(most, 'task')} at once less that of the best single one, on {listed(targets)}"
    )
    return view.judge(exceeds, values, what, f"mean gain by number of tasks: {curve}")


def few_tasks_hurt(view: View) -> Verdict:
    """A few tasks at once lose against the untouched encoder, and from about fifteen on they gain."""
    joint = view.kind(kinds.joint)
    means = view.grid(joint, view.shared(joint))
    sizes = by_number(means)
    few = [name for number, names in sizes.items() if number < MANY for name in names]
    many = [name for number, names in sizes.items() if number >= MANY for name in names]
    if not few:
        return untestable(f"no joint recipe of fewer than {MANY} tasks")
    what = f"mean gain of {plural(len(few), 'joint recipe')} of fewer than {MANY} tasks"
    found = view.judge(falls, means[few].mean(axis=1), what)
    if found.word != SUPPORTED:
        return found
    if not many:
        return found.softened(f"but no recipe of {MANY} tasks or more shows the other half")
    second = view.judge(rises, means[many].mean(axis=1), f"with {MANY} or more")
    if second.word == SUPPORTED:
        return found
    return second if second.word == CONTRADICTED else found.softened(second.evidence)


def scarce_gains_throughout(view: View) -> Verdict:
    """Question answering with little training data gains in the mean, and from most recipes by themselves."""
    targets = _scarce(view)
    means = view.grid(view.kind(kinds.plain), targets)
    if not targets:
        return untestable("no such target is in the table")
    if means.shape[1] < 2:
        return untestable("not even two recipes were scored on it")
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
    if found.word == SUPPORTED and not all(map(view.learnt, targets)):
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


def _scarce(view: View) -> list[str]:
    """Targets of question answering with a training set of their own, which is small."""
    return [name for name in view.targets if task(name).train == name and task(name).group == QUESTIONS]


def _on(cells: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """The columns of `cells` that are about some targets."""
    return cells.loc[:, cells.columns.get_level_values("target").isin(targets)]
