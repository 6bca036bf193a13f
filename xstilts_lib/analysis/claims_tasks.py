"""Tests of claims about which intermediate tasks help which target, and how many: what one grid can answer.

>>> from xstilts_lib.analysis import claims_tasks
>>> claims_tasks.no_gain_in_inference(view).sentence                    # doctest: +SKIP
'Supported: mean gain of 3 recipes on XNLI: −0.2 points (...)'

Every test takes a view (verdicts.View) of one encoder and gives a Verdict. Which recipes it needs, it finds
by their kind, never by their names. Where a recipe is said to be worth something by itself, what it is worth
beyond the target's own training data counts (View.net).
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
from .statistics import slopes
from .verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    UNTESTABLE,
    Verdict,
    View,
    differs,
    exceeds,
    falls,
    gains_nothing,
    mean_by,
    rises,
    untestable,
)
from .wording import named, signed

CLASSIFICATION, QUESTIONS = "classification", "question answering"
MANY = 15  # tasks, from which on many tasks help (Aghajanyan et al. 2021)
FAVOURED = {"SQuAD": kinds.SQUAD, "MNLI": frozenset({"mnli"}), "HellaSwag": frozenset({"hellaswag"})}
CONSISTENT = 2 / 3  # the share of recipes that must gain, each by itself, before gains are consistent


def above_floor(view: View) -> Verdict:
    """The untouched encoder scores above random weights on every target; the estimate is that of the least
    sure one."""
    if view.above.empty:
        return untestable("the floor is no recipe of this experiment")
    what = "without intermediate training, every target stands above random weights (least surely {})"
    found = [view.judge(rises, view.above[name], what.format(named(name))) for name in view.above]
    return min(found, key=lambda one: (np.nan_to_num(one.interval.low, nan=-math.inf), one.interval.estimate))


def mean_gain(view: View) -> Verdict:
    """The mean over all targets is a gain."""
    return _on_average(view, view.targets, "mean gain over all targets")


def without_retrieval(view: View) -> Verdict:
    """The mean over the targets without retrieval, which can dominate it, is a gain."""
    others = [name for name in view.targets if name not in _retrieval(view)]
    if len(others) == len(view.targets):
        return untestable("no retrieval target to leave out")
    return _on_average(view, others, "mean gain without retrieval")


def retrieval_gains(view: View) -> Verdict:
    """Sentence retrieval gains."""
    return _on_average(view, _retrieval(view), "mean gain on retrieval")


def _on_average(view: View, targets: list[str], what: str) -> Verdict:
    """That the mean over targets is a gain, of the plain recipes that were scored on all targets."""
    means = view.net.plain(targets)
    if means.empty:
        return untestable(f"{what}: no plain recipe was scored on every target, or none of them was learnt")
    return view.pool(rises, means, what)


def retrieval_gains_most(view: View) -> Verdict:
    """Retrieval gains, and more than the fine-tuned targets do: who loses less does not gain more."""
    inside = _retrieval(view)
    others = [name for name in view.targets if name not in inside]
    apart = view.plain(inside) - view.plain(others)
    if not inside or not others or apart.empty:
        return untestable("no retrieval target to compare in this experiment")
    found = view.pool(exceeds, apart, "mean gain on retrieval less that on the other targets")
    itself = retrieval_gains(view)
    if found.word == SUPPORTED and itself.word != SUPPORTED:
        return found.softened(f"but retrieval itself does not gain: {signed(itself.interval.estimate)}")
    return found


def scarce_from_questions(view: View) -> Verdict:
    """Question answering with a small training set of its own gains from training on question answering."""
    asking = [name for name in view.recipes if all(task(one).group == QUESTIONS for one in parse(name).tasks)]
    means = view.plain(_scarce(view)).filter(asking)
    if means.empty:
        return untestable("no such recipe, or no such target, in this experiment")
    return view.pool(rises, means, "mean gain of recipes of question answering alone")


def same_data(view: View) -> Verdict:
    """A target gains nothing from a phase on the data that it is fine-tuned on anyway, as XNLI from MNLI.

    Contradicted where one target does gain, supported where none does.
    """
    found = []
    for target in view.targets:
        own = task(target).train
        if own and own != target and own in view.recipes and own not in view.apart:
            values = view.grid([own], [target])
            found += [view.judge(gains_nothing, values[own], named(target))] if own in values else []
    if not found:
        why = (
            "every phase leaves a target's rows out" if view.apart else "no recipe trains on a target's data"
        )
        return untestable(why)
    ranked = (CONTRADICTED, UNTESTABLE, INCONCLUSIVE, SUPPORTED)  # from what speaks most against the claim
    worst = min(found, key=lambda one: (ranked.index(one.word), -one.interval.estimate))
    return dataclasses.replace(worst, evidence="; ".join(one.evidence for one in found))


def favourites(view: View) -> Verdict:
    """SQuAD, MNLI and HellaSwag give more than any other single task: the least of them than the best other,
    both chosen on the other seeds."""
    means = view.grid(view.kind(kinds.single))
    real = {name: task(name).counterpart for name in means}
    mine = [name for name in means if any(real[name] in group for group in FAVOURED.values())]
    lacking = [title for title, group in FAVOURED.items() if not group & {real[name] for name in mine}]
    others = [name for name in means if name not in mine]
    if lacking or not others:
        what = f"recipe of {listed(lacking)} alone" if lacking else "single task beside those three"
        return untestable(f"no {what} was scored on every target")
    values = -cross_fitted(-means[mine]) - cross_fitted(means[others])
    what = "mean gain of the least of the three less that of the best other single task"
    return view.judge(exceeds, values, what, f"from most to least: {_ranked(means)}")


def squad_alone(view: View) -> Verdict:
    """SQuAD gives more than any other single task."""
    means = view.grid(view.kind(kinds.single))
    mine = [name for name in means if task(name).counterpart in kinds.SQUAD]
    return _best_of(view, means, mine, "recipe of SQuAD alone")


def reasoning_is_best(view: View) -> Verdict:
    """The best task that asks for inference gives more than the best other single task."""
    means = view.grid(view.kind(kinds.single))
    mine = [name for name in means if task(name).counterpart in kinds.REASONING]
    return _best_of(view, means, mine, "single task that asks for inference")


def _best_of(view: View, means: pd.DataFrame, mine: list[str], kind: str) -> Verdict:
    """That the best of some single tasks gives more than the best other, both chosen on the other seeds."""
    others = [name for name in means if name not in mine]
    if not mine or not others:
        return untestable(f"no {'single task to compare with' if mine else kind}")
    values = cross_fitted(means[mine]) - cross_fitted(means[others])
    first = "" if len(mine) == 1 else "the best of "
    other = f"the best of {plural(len(others), 'other')}"
    what = f"mean gain of {first}{listed(map(named, mine))} less that of {other}"
    return view.judge(exceeds, values, what, f"from most to least: {_ranked(means)}")


def all_at_once(view: View) -> Verdict:
    """All the single tasks jointly give more than the best of them, which is chosen on the other seeds."""
    means = view.grid(view.kind(lambda name: kinds.single(name) or kinds.joint(name)))
    singles = [name for name in means if kinds.single(name)]
    wanted = set(kinds.tasks_of(singles))
    whole = [name for name in means if kinds.joint(name) and wanted and wanted <= set(kinds.tasks_of([name]))]
    if len(singles) < 2 or not whole:
        return untestable(f"no joint recipe holds all {len(wanted)} tasks of the single recipes")
    values = means[whole[0]] - cross_fitted(means[singles])
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
    values = means[found[most]].sub(cross_fitted(singles), axis=0)
    on = listed(map(named, targets))
    what = f"mean gain of {plural(most, 'task')} at once less that of the best single one, on {on}"
    return view.pool(exceeds, values, what, f"mean gain by number of tasks: {curve}")


def few_tasks_hurt(view: View) -> Verdict:
    """A few tasks at once lose against the untouched encoder, and from about fifteen on they gain."""
    joint = view.kind(kinds.joint)
    means = view.net.grid(joint, view.net.shared(joint))
    sizes = by_number(means)
    few = [name for number, names in sizes.items() if number < MANY for name in names]
    many = [name for number, names in sizes.items() if number >= MANY for name in names]
    if not few:
        return untestable(f"no joint recipe of fewer than {MANY} tasks")
    what = f"mean gain of {plural(len(few), 'joint recipe')} of fewer than {MANY} tasks"
    found = view.pool(falls, means[few], what)
    if found.word != SUPPORTED:
        return found
    if not many:
        return found.softened(f"but no recipe of {MANY} tasks or more shows the other half")
    second = view.pool(rises, means[many], f"with {MANY} or more")
    if second.word == SUPPORTED:
        return found
    return second if second.word == CONTRADICTED else found.softened(second.evidence)


def scarce_gains_throughout(view: View) -> Verdict:
    """Question answering with little training data gains: from all recipes alike, or from most of them."""
    targets = _scarce(view)
    means = view.net.grid(view.kind(kinds.plain), targets)
    if not targets:
        return untestable("no such target is in the table, or it was not learnt")
    if means.shape[1] < 2:
        return untestable("not even two recipes were scored on it")
    return view.pool(rises, means, f"mean gain on {listed(map(named, targets))}", share=CONSISTENT)


def no_gain_in_inference(view: View) -> Verdict:
    """Natural language inference gains nothing."""
    targets = list(filter(kinds.is_nli, view.targets))
    means = view.net.grid(view.kind(kinds.plain), targets)
    if not targets or means.empty:
        return untestable("no target of natural language inference that was learnt, with a plain recipe")
    what = f"mean gain of {plural(means.shape[1], 'recipe')} on {listed(map(named, targets))}"
    return view.pool(gains_nothing, means, what)


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
            gained[target] = cross_fitted(mine.loc[dev.index], dev)
            chosen.append(f"{named(dev.mean().idxmax())} for {named(target)}")
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


def scarce_targets_gain_most(view: View) -> Verdict:
    """Gains fall as the target's training set grows: of one target that is trained on sets of several sizes
    where there is one, or else over the targets that are fine-tuned."""
    by_size: dict[str, dict[float, pd.DataFrame]] = {}
    there = set(zip(view.scores["model"], view.scores["target"], strict=True)) & set(view.examples)
    for model, target in (one for one in view.examples if one in there and one[1] in view.targets):
        means = view.of(model).grid(view.kind(kinds.plain), [target])
        if len(means):
            sizes_of = by_size.setdefault(target, {})
            sizes_of.setdefault(math.log10(view.examples[model, target]), means)
    target = max(by_size, key=lambda name: len(by_size[name]), default="")
    unit = "points for ten times the target's training set"
    if len(by_size.get(target, ())) > 1:
        sizes = by_size[target]
        shared = sorted(set.intersection(*(set(means) for means in sizes.values())))
        per_recipe = {
            name: slopes(pd.DataFrame({at: sizes[at][name] for at in sizes}), list(sizes)) for name in shared
        }
        note = f"{named(target)} trained on {listed(f'{10**at:,.0f}' for at in sorted(sizes))} examples"
        return view.pool(falls, pd.DataFrame(per_recipe).dropna(), "gain", note, unit)
    known = {name: at for name, found in by_size.items() for at in found}
    main = view.of(next((model for model, _ in view.examples), next(iter(view.sizes))))
    means = mean_by("target", main.cells(view.kind(kinds.plain), known))
    if means.shape[1] < 3 or len(set(known.values())) < 3:
        return untestable("fewer than three sizes of the targets' training sets are known")
    note = f"{plural(means.shape[1], 'target')}, by what each is trained on; they differ in more than size"
    return view.judge(falls, slopes(means, [known[name] for name in means]), "gain", note, unit)


def _ranked(means: pd.DataFrame) -> str:
    order = means.mean().sort_values(ascending=False)
    return ", ".join(f"{named(name)} {signed(value)}" for name, value in order.items())


def _retrieval(view: View) -> list[str]:
    return [name for name in view.targets if task(name).group == g.RETRIEVAL]


def _scarce(view: View) -> list[str]:
    """Targets of question answering with a training set of their own, which is small."""
    return [name for name in view.targets if task(name).train == name and task(name).group == QUESTIONS]
