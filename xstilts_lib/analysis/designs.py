"""Comparisons of recipes that answer a question: which there are, and their differences seed by seed.

>>> from xstilts_lib.analysis import designs
>>> designs.differences(gained, designs.joint_pairs(gained["recipe"]))           # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ..tasks import task
from ..tasks.recipe import THEN, parse
from . import gains as g
from . import kinds, typology

LITTLE, MUCH = "little text", "more text"
ALL = "all languages"


def split_by_text(frame: pd.DataFrame, languages: pd.DataFrame) -> dict[str, list[str]]:
    """The languages of a frame, English aside: all, those with less text than the median, and the others.

    One of unknown resources is in neither group; where none are known, or all alike, there is one level only.
    """
    codes = [code for code in dict.fromkeys(frame["language"]) if code != g.SOURCE_LANGUAGE]
    text = languages.set_index("code")[typology.RESOURCES].reindex(codes).dropna()
    little = list(text.index[text < text.median()])
    if not little:
        return {ALL: codes}
    return {ALL: codes, LITTLE: little, MUCH: [code for code in text.index if code not in little]}


def joint_pairs(recipes: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
    """Comparisons of joint with sequential training: a joint recipe against each order that is there.

    A target's own data trained along (`mini_squad+mini_tydiqa`) are compared with the recipe without them.
    """
    names = g.trained(recipes)
    found = {}
    for name in names:
        for order in kinds.orders(name, names) if kinds.joint(name) else []:
            found[f"{name} less {order}"] = (name, [order])
        for other in (kinds.partner(name, target) for target in _own_targets(name)):
            if other in names:
                found[f"{name} less {other}"] = (name, [other])
    return found


def joint_differences(gained: pd.DataFrame) -> pd.DataFrame:
    """The `differences` of `joint_pairs`; a target's own data trained along count on that target alone, for
    on another one the two recipes do not train the same tasks."""
    pairs = joint_pairs(gained["recipe"])
    found = differences(gained, pairs)
    own = {name: _own_targets(ours) for name, (ours, _) in pairs.items()}
    kept = [not own[row.recipe] or row.target in own[row.recipe] for row in found.itertuples()]
    return found[kept].reset_index(drop=True)


def _own_targets(recipe: str) -> list[str]:
    return [one for one in parse(recipe).tasks if task(one).role == "target"]


def chain_pairs(recipes: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
    """Comparisons of a chain of tasks: with its last task alone, once and in as many tokens, in another
    order, and jointly."""
    names = g.trained(recipes)
    found = {}
    for name in (one for one in names if kinds.sequence(one) and not kinds.repeated(one)):
        tasks = kinds.tasks_of([name])
        same = [other for other in names if other != name and set(kinds.tasks_of([other])) == set(tasks)]
        before = [other for other in same if kinds.sequence(other) and names.index(other) > names.index(name)]
        longer = THEN.join(tasks[-1:] * len(tasks))
        twins = [tasks[-1], longer, *before, *(other for other in same if kinds.joint(other))]
        found |= {f"{name} less {twin}": (name, [twin]) for twin in twins if twin in names}
    return found


def differences(
    gained: pd.DataFrame, pairs: Mapping[str, tuple[str, Sequence[str]]], value: str = "gain"
) -> pd.DataFrame:
    """One recipe less the mean of others, seed by seed: the columns of `gained`, with the comparison's name
    as the recipe and the difference as `value`. Only cells that every one of the recipes has count.
    """
    keys = [key for key in gained.columns if key in (*g.KEYS, "level") and key != "recipe"]
    wide = gained.set_index([*keys, "recipe"])[value].unstack("recipe")
    found = []
    for name, (ours, theirs) in pairs.items():
        if not {ours, *theirs} <= set(wide.columns):
            continue
        difference = wide[ours] - wide[list(theirs)].mean(axis=1, skipna=False)
        found.append(difference.dropna().rename(value).reset_index().assign(recipe=name))
    if not found:
        return pd.DataFrame(columns=[*keys, value, "recipe"])
    return pd.concat(found, ignore_index=True)


def number(recipe: str) -> int:
    """How many intermediate tasks a recipe trains, in whatever order.

    >>> number("mini_mnli+mini_squad-then-mini_ccg"), number("none")
    (3, 0)
    """
    return len(parse(recipe).tasks)


def by_number(recipes: Iterable[str]) -> dict[int, list[str]]:
    """Recipes by the `number` of their tasks."""
    found: dict[int, list[str]] = {}
    for name in recipes:
        found.setdefault(number(name), []).append(name)
    return found


def against_best_single(gained: pd.DataFrame) -> pd.DataFrame:
    """Joint recipes by their number of tasks, less the best single task of the same target.

    Which single task is best is decided on the other seeds, so that the choice does not profit from the noise
    that it is compared with. Over the subsets of a size the mean is taken: model, target, seed, number, gain.
    """
    wide = gained.pivot_table(index=["model", "target", "seed"], columns="recipe", values="gain")
    singles = wide[[name for name in wide if kinds.single(name)]]
    parts = singles.groupby(level=["model", "target"], sort=False)
    best = pd.concat([cross_fitted(part) for _, part in parts])
    joint = by_number(name for name in wide if kinds.joint(name))
    parts = [(wide[names].mean(axis=1) - best).rename("gain").reset_index().assign(number=count)
             for count, names in sorted(joint.items())]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def cross_fitted(values: pd.DataFrame, by: pd.DataFrame | None = None) -> pd.Series:
    """For each row, a seed, the value of the column that is best over the *other* seeds, in `by` or itself.

    A column chosen on the numbers that it is judged by would look better than it is. With a single seed there
    are no others, so it is chosen on its own.
    """
    by = values if by is None else by
    kept = values.loc[values.index.isin(by.index)]
    chosen = [by.drop(index=seed) if len(by) > 1 else by for seed in kept.index]
    best = [kept.loc[seed, others.mean().idxmax()] for seed, others in zip(kept.index, chosen, strict=True)]
    return pd.Series(best, index=kept.index, dtype=float)
