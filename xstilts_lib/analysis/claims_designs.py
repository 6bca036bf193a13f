"""Tests of claims about designs: joint or in sequence, how many tasks, chains, and the two alternatives.

>>> from xstilts_lib.analysis import claims_designs
>>> claims_designs.joint_for_low_resources(view).word                # doctest: +SKIP
'inconclusive'

A recipe is compared with its twins: the same tasks one after the other, without the running text that was
mixed in, in English instead of translated. Both stand in the table, or the claim is untestable here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from ..common.words import listed, plural
from ..tasks import task
from . import kinds, typology
from .designs import cross_fitted
from .gains import SOURCE_LANGUAGE
from .verdicts import CONTRADICTED, SUPPORTED, Verdict, View, exceeds, falls, gains_nothing, rises, untestable
from .wording import signed

CLASSIFICATION = "classification"
CONSISTENT = 3  # pairs, from which on one may ask whether a difference is consistent
MANY = 15  # tasks, from which on many tasks help (Aghajanyan et al. 2021)
NAMED = 2  # pairs that a sentence still names
Twins = Mapping[str, list[str]]  # a recipe, and what it is compared with


def joint_for_low_resources(view: View) -> Verdict:
    """Joint training beats the same tasks in sequence, in the languages with little text to pretrain on.

    A language has little where it has less than the median of the languages other than English. A joint
    recipe is compared with the mean over the orders that are there.
    """
    pairs = _twins(view, kinds.joint, lambda name: kinds.orders(name, view.recipes))
    if not pairs:
        return untestable("no joint recipe whose tasks were also trained one after the other")
    poor, rich = resource_levels(view)
    if not poor:
        return untestable("how much text each language has is not stated, or all have the same")
    values = _less_twins(view, pairs, poor)
    others = _less_twins(view, pairs, rich)
    note = f"{signed(others.mean())} in the other languages"
    what = f"joint less sequential in {listed(poor)}, {_named(pairs)}"
    return view.judge(exceeds, values, what, note)


def joint_when_target_is_small(view: View) -> Verdict:
    """Training jointly with the target's own data beats training before it, where the target's are fewer.

    Joint is a recipe of two tasks, one of them the target's own; sequential is the recipe of the other alone,
    as every recipe is followed by the target. Sizes are the published ones.
    """
    small, large = [], []
    for target in view.targets:
        for recipe in view.recipes:
            other = kinds.partner(recipe, target)
            cells = view.cells([recipe, other], [target]) if other in view.recipes else pd.DataFrame()
            sizes = (kinds.training_size(target), kinds.training_size(other)) if other else (None, None)
            if cells.shape[1] == 2 and None not in sizes:
                difference = cells[recipe, target] - cells[other, target]
                (small if sizes[0] < sizes[1] else large).append(difference)  # type: ignore[operator]
    if not small:
        return untestable(
            "no recipe trains a smaller target's own data jointly with a task that stands alone too"
        )
    values = _mean(small)
    what = (
        f"joint less sequential where the target's set is the smaller ({len(small)} of {len(small + large)})"
    )
    if not large:
        return view.judge(exceeds, values, what, "the other half of the claim has no recipe here")
    others = _mean(large)
    return view.judge(
        exceeds, values - others, f"{what}, less where it is the larger", f"{signed(others.mean())} there"
    )


def more_tasks(view: View) -> Verdict:
    """The most tasks at once give more on classification than the best single one, chosen on other seeds."""
    targets = [name for name in view.targets if task(name).group == CLASSIFICATION]
    means = view.grid(view.kind(lambda name: kinds.single(name) or kinds.joint(name)), targets)
    by_number = _by_number(means)
    if not targets or len(by_number.get(1, ())) < 2 or len(by_number) < 2:
        return untestable("no two single tasks and a joint recipe that were scored on classification")
    most = max(by_number)
    singles = means[by_number[1]]
    curve = ", ".join(
        f"{number}: {signed(means[by_number[number]].mean().mean())}" for number in sorted(by_number)
    )
    values = means[by_number[most]].mean(axis=1) - cross_fitted(singles, singles)
    what = (
        f"mean gain of {plural(most, 'task')} at once less that of the best single one, on {listed(targets)}"
    )
    return view.judge(exceeds, values, what, f"mean gain by number of tasks: {curve}")


def few_tasks_hurt(view: View) -> Verdict:
    """A few tasks at once lose against the untouched encoder, and from about fifteen on they gain."""
    joint = view.kind(kinds.joint)
    means = view.grid(joint, _shared(view, joint))
    by_number = _by_number(means)
    few = [name for number, names in by_number.items() if number < MANY for name in names]
    many = [name for number, names in by_number.items() if number >= MANY for name in names]
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


def chains_help_inference(view: View) -> Verdict:
    """A chain of tasks that ask for inference gains on natural language inference: the mean over chains."""
    targets = [name for name in view.targets if kinds.is_nli(name)]
    means = view.grid(view.kind(kinds.chain), targets)
    if not targets or means.empty:
        return untestable("no chain of tasks that ask for inference was scored on natural language inference")
    order = means.mean().sort_values(ascending=False)
    ends = f"from {order.index[0]} {signed(order.iloc[0])} to {order.index[-1]} {signed(order.iloc[-1])}"
    note = ends if len(order) > 1 else f"{order.index[0]}"
    others = view.grid(view.kind(kinds.sequence), targets).drop(columns=means.columns)
    if len(others.columns):
        left = plural(len(others.columns), "sequence")
        note += f"; {left} with other tasks left out, of {signed(others.mean().mean())}"
    what = f"mean gain of {plural(len(order), 'chain')} on {listed(targets)}"
    return view.judge(rises, means.mean(axis=1), what, note)


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


def resource_levels(view: View) -> tuple[list[str], list[str]]:
    """The languages with less text than the median, and the others; English is neither."""
    table = view.languages
    table = table[(table["code"] != SOURCE_LANGUAGE) & table[typology.RESOURCES].notna()]
    table = table[table["code"].isin(view.scores["language"])]
    poor = table[typology.RESOURCES] < table[typology.RESOURCES].median()
    return list(table.loc[poor, "code"]), list(table.loc[~poor, "code"])


def _alternative(view: View, twin: Callable[[str], str | None], having: str, what: str) -> Verdict:
    """Whether recipes of a kind beat their twins, in the languages that neither of them trains on."""
    pairs = _twins(view, lambda name: twin(name) is not None, lambda name: [twin(name) or ""])
    codes = set(view.scores["language"]) - {SOURCE_LANGUAGE}
    zero_shot = {name: codes - kinds.languages(name) for name in pairs}
    each = [_less_twins(view, {name: pairs[name]}, kept) for name, kept in zero_shot.items() if kept]
    if not each:
        return untestable(f"no recipe in which {having} has its twin here")
    better = sum(values.mean() > 0 for values in each)
    note = f"better in {better} of {plural(len(each), 'pair')}"
    found = view.judge(gains_nothing, _mean(each), f"{what}, {_named(pairs)}", note)
    if found.word == CONTRADICTED and len(each) < CONSISTENT:
        return found.softened(f"but fewer than {CONSISTENT} pairs do not show what is consistent")
    return found


def _twins(view: View, wanted: Callable[[str], bool], twins: Callable[[str], Iterable[str]]) -> Twins:
    """Recipes of a kind with those of their twins that were trained too, scored on the same targets."""
    found = {}
    for recipe in view.kind(wanted):
        there = [name for name in twins(recipe) if name in view.recipes and _shared(view, [recipe, name])]
        if there and _shared(view, [recipe, *there]):
            found[recipe] = there
    return found


def _shared(view: View, recipes: Iterable[str]) -> list[str]:
    """The targets that every one of the recipes was scored on, by seeds that they share."""
    names = list(dict.fromkeys(recipes))
    return [target for target in view.targets if view.grid(names, [target]).shape[1] == len(names)]


def _less_twins(view: View, pairs: Twins, languages: Iterable[str] | None = None) -> pd.Series:
    """A recipe less the mean of its twins, in the mean over pairs and targets: one value a seed."""
    found = []
    for recipe, twins in pairs.items():
        means = view.grid([recipe, *twins], _shared(view, [recipe, *twins]), languages)
        found.append(means[recipe] - means[twins].mean(axis=1))
    return _mean(found)


def _by_number(means: pd.DataFrame) -> dict[int, list[str]]:
    """Recipes by how many tasks they train at once."""
    found: dict[int, list[str]] = {}
    for name in means:
        found.setdefault(len(kinds.tasks_of([name])), []).append(name)
    return found


def _mean(values: Iterable[pd.Series]) -> pd.Series:
    """The mean of several, over the seeds that all of them have."""
    return pd.concat(list(values), axis=1).dropna().mean(axis=1)


def _named(pairs: Twins) -> str:
    if len(pairs) > NAMED:
        return f"{len(pairs)} pairs"
    return listed(f"{name} against {listed(twins)}" for name, twins in pairs.items())
