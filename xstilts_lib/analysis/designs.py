"""The part of a results table that one question is about, and the comparisons that answer it.

>>> from xstilts_lib.analysis import designs, gains
>>> scores = designs.select(gains.scores(table), plan.designs["joint"])          # doctest: +SKIP
>>> designs.differences(gained, designs.joint_pairs(gained["recipe"]))           # doctest: +SKIP
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..common import shapes
from ..common.words import listed, plural
from ..experiment import Design, Experiment
from ..sources.miniature.settings import TRAIN
from ..tasks import task
from ..tasks.recipe import THEN, parse
from . import gains as g
from . import kinds, typology

LITTLE, MUCH = "little text", "more text"
ALL = "all languages"


def scores(plan: Experiment, results: pd.DataFrame) -> pd.DataFrame:
    """Of gains.scores; a task that an encoder trained for k times as many updates stands with the main
    encoder, as the task k times in sequence: a chain is held against it."""
    found = g.scores(results)
    for name in retrained(plan):
        other = plan.with_model(name)
        for recipe in filter(kinds.single, dict.fromkeys(found.loc[found["model"] == name, "recipe"])):
            ours, theirs = (one.settings_for("intermediate", [recipe]).steps for one in (other, plan))
            if ours and theirs and ours > theirs and ours % theirs == 0:
                mine = (found["model"] == name) & (found["recipe"] == recipe)
                found.loc[mine, "recipe"] = THEN.join([recipe] * (ours // theirs))
                found.loc[mine, "model"] = plan.model.name
    return found


def retrained(plan: Experiment) -> list[str]:
    """The variants that are no other encoder, but train a task of the same one in another way."""
    rows = plan.variants.items()
    return [name for name, row in rows if row.tasks and not (row.architecture or row.path or row.layers)]


def trained_on(plan: Experiment) -> dict[tuple[str, str], int]:
    """(encoder, task) -> how many English examples it is trained on there, the main encoder's first: of the
    targets, and of the intermediate tasks that are read by the pass and not for a number of updates."""
    made_up = plan.source["kind"] == "miniature"
    found = {}
    for one in plan.each_model():
        settings = {name: one.settings_for("target", [name]) for name in one.targets_trained}
        for name in one.intermediates:
            read = one.settings_of(name, [name])
            settings |= {name: read} if not read.steps else {}
        for name, stated in settings.items():
            lender = task(name).train or name
            rows = (
                {**TRAIN, **plan.source.get("train", {})}.get(lender)
                if made_up
                else task(lender).size("train", "en")
            )
            if known := [number for number in (rows, stated.examples) if number]:
                found[one.model.name, name] = min(known)
    return found


def select(frame: pd.DataFrame, design: Design, besides: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of results, or of gains.scores, that a design asks for, in the order that it names them; and
    those of the recipes `besides`."""
    asked = {"recipe": [*map(str, design.recipes), *besides], "target": list(design.targets)}
    kept = frame[frame["recipe"].isin(asked["recipe"]) & frame["target"].isin(asked["target"])]
    if design.models is not None:
        kept = kept[kept["model"].isin(list(design.models))]

    def place(column: pd.Series) -> pd.Series:
        names = asked.get(str(column.name))
        return column.map({name: at for at, name in enumerate(names)}) if names else column

    by = ["recipe", "target", "model", "seed"]
    return kept.sort_values(by, key=place, kind="stable", ignore_index=True)


def sizes(results: pd.DataFrame, plan: Experiment | None = None) -> dict[str, float]:
    """The encoders of a results table with their parameters, smallest first; NaN where it does not say.

    Where an experiment's encoders are the lowest layers of one, it is their number that counts: most of the
    parameters are embeddings, which all of them share.
    """
    if plan and any(row.layers for row in plan.variants.values()):
        each = {one.model.name: one.model for one in plan.each_model()}
        whole = shapes.known(None, plan.model.package or plan.model.path)["num_hidden_layers"]
        found = {name: float(each[name].layers or whole) for name in results["model"].unique()}
        return dict(sorted(found.items(), key=lambda one: one[1]))
    stated = results["parameters"] if "parameters" in results else pd.Series(np.nan, results.index)
    found = pd.to_numeric(stated, errors="coerce").groupby(results["model"]).max().sort_values()
    return {str(name): float(value) for name, value in found.items()}


def told(scores: pd.DataFrame) -> str:
    """The extent of a design in words: recipes, targets, encoders, languages, seeds."""
    counts = (
        ("recipe", scores["recipe"].nunique()),
        ("target", scores["target"].nunique()),
        ("encoder", scores["model"].nunique()),
        ("language", scores["language"].nunique()),
        ("seed", scores["seed"].nunique()),
    )
    return listed(plural(int(count), noun) for noun, count in counts)


def drawn(design: Design) -> str:
    """How the joint recipes of a design came about, in a sentence."""
    draw = design.subsets
    if draw is None:
        return "The joint recipes were listed by hand."
    tasks, sizes = len(draw.tasks), listed(str(size) for size in draw.sizes)
    if all(math.comb(tasks, size) <= draw.each for size in draw.sizes):
        return f"The joint recipes are all the subsets of {sizes} out of {tasks} tasks."
    return (
        f"The joint recipes were drawn at random from {tasks} tasks: of {sizes} tasks at once, "
        f"{draw.each} each, or as many as there are."
    )


def by_level(gained: pd.DataFrame, languages: pd.DataFrame) -> pd.DataFrame:
    """Gains by language averaged over all languages other than English, over those with little text, and over
    the others: a row a (model, recipe, target, seed, level). The levels are those of `split_by_text`.
    """
    parts = [
        g.over_languages(gained[gained["language"].isin(codes)]).assign(level=level)
        for level, codes in split_by_text(gained, languages).items()
    ]
    return pd.concat(parts, ignore_index=True)


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


def alternative_pairs(recipes: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
    """Comparisons of an alternative with plain English training: masked words mixed in, translated data."""
    names = g.trained(recipes)
    pairs = {name: kinds.without_text(name) or kinds.in_english(name) for name in names}
    return {f"{name} less {twin}": (name, [twin]) for name, twin in pairs.items() if twin in names}


def zero_shot(found: pd.DataFrame, pairs: Mapping[str, tuple[str, Sequence[str]]]) -> pd.DataFrame:
    """The differences, a row a language, in the languages that no recipe of the comparison trains on."""
    trained = {
        name: set().union(*map(kinds.languages, (ours, *theirs))) for name, (ours, theirs) in pairs.items()
    }
    kept = [row.language not in trained[row.recipe] for row in found.itertuples()]
    return found[kept].reset_index(drop=True)


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
    best = pd.concat([cross_fitted(part, part) for _, part in parts])
    joint = by_number(name for name in wide if kinds.joint(name))
    parts = [(wide[names].mean(axis=1) - best).rename("gain").reset_index().assign(number=count)
             for count, names in sorted(joint.items())]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def cross_fitted(choose_by: pd.DataFrame, values: pd.DataFrame) -> pd.Series:
    """For each row, a seed, the value of the column that is best by `choose_by` over the *other* seeds.

    A column chosen on the numbers that it is judged by would look better than it is. With a single seed there
    are no others, so it is chosen on its own.
    """
    kept = values.loc[values.index.isin(choose_by.index)]
    chosen = []
    for seed in kept.index:
        others = choose_by.drop(index=seed) if len(choose_by) > 1 else choose_by
        chosen.append(kept.loc[seed, others.mean().idxmax()])
    return pd.Series(chosen, index=kept.index, dtype=float)
