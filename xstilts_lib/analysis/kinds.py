"""Kinds of recipes and tasks, told from their names alone, so that a claim finds what can test it.

>>> from xstilts_lib.analysis import kinds
>>> kinds.joint("mini_mnli+mini_squad"), kinds.joint("mini_mnli"), kinds.chain("hellaswag-then-mnli")
(True, False, True)
>>> kinds.orders("mini_mnli+mini_squad", ["mini_squad-then-mini_mnli", "mini_mnli-then-mini_ccg"])
['mini_squad-then-mini_mnli']

A recipe is plain where it trains on labelled English intermediate tasks and on nothing else. What is said of
a real task holds for its twin in the miniature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..tasks import NLI, task
from ..tasks.recipe import THEN, Ingredient, Recipe, Step, parse
from .gains import trained

# Tasks whose answers follow from what is said and what everybody knows (Pruksachatkun et al. 2020).
REASONING = frozenset(
    ("hellaswag", "cosmosqa", "commonsenseqa", "socialiqa", "copa", "mnli", "snli", "snli_revised", "anli",
     "anli_plus")
)  # fmt: skip
# What a chain may hold besides: whether two questions ask the same is an inference too, if a smaller one.
CHAINED = REASONING | {"qqp"}
SQUAD = frozenset({"squad", "squad_v1", "squad_v2"})


def plain(recipe: str) -> bool:
    """Whether it trains on labelled English intermediate tasks alone, and on one at least."""
    found = _ingredients(recipe)
    return bool(found) and all(
        task(one.task).role == "intermediate" and one.language == "en" for one in found
    )


def single(recipe: str) -> bool:
    """One plain task."""
    return plain(recipe) and len(_ingredients(recipe)) == 1


def joint(recipe: str) -> bool:
    """Several plain tasks in one phase."""
    return plain(recipe) and len(parse(recipe).steps) == 1 and not single(recipe)


def sequence(recipe: str) -> bool:
    """Several phases, a plain task in each."""
    steps = parse(recipe).steps
    return plain(recipe) and len(steps) > 1 and all(len(step.tasks) == 1 for step in steps)


def repeated(recipe: str) -> bool:
    """The same task in every phase: one task in as many tokens as a chain."""
    return sequence(recipe) and len(parse(recipe).tasks) == 1


def chain(recipe: str) -> bool:
    """A sequence of tasks that ask for inference."""
    reasoning = all(task(name).counterpart in CHAINED for name in parse(recipe).tasks)
    return sequence(recipe) and reasoning and not repeated(recipe)


def own_data(recipe: str, target: str) -> list[str]:
    """What a recipe of several tasks counts against where it holds the target's own training data: these
    data alone, in as many phases, or else once. Empty where it does not hold them."""
    own, found = task(target).train, parse(recipe)
    if own is None or own not in found.tasks or len(found.tasks) < 2:
        return []
    return list(dict.fromkeys((THEN.join([own] * len(found.steps)), own)))


def orders(recipe: str, among: Iterable[str]) -> list[str]:
    """The sequences among recipes that take the tasks of a joint one one after the other, in any order."""
    wanted = set(parse(recipe).tasks)
    return [name for name in among if sequence(name) and set(parse(name).tasks) == wanted]


def without_text(recipe: str) -> str | None:
    """The recipe less the running text that is mixed in; None where none is, or nothing would be left."""
    return _reduced(recipe, lambda one: None if task(one.task).role == "text" else one)


def in_english(recipe: str) -> str | None:
    """The recipe with its translated tasks in English; None where none is translated."""
    return _reduced(recipe, lambda one: Ingredient(one.task))


def languages(recipe: str) -> set[str]:
    """The languages of a recipe's labelled examples; running text is in all of them, and counts for none."""
    return {one.language for one in _ingredients(recipe) if task(one.task).role != "text"}


def partner(recipe: str, target: str) -> str | None:
    """The plain task that is trained jointly with the target's own training set; None if there is none."""
    own, steps = task(target).train, parse(recipe).steps
    if own is None or len(steps) != 1 or len(steps[0].tasks) != 2:
        return None
    others = [one.name for one in steps[0].tasks if one.task != own]
    return others[0] if len(others) == 1 and others[0] != own and plain(others[0]) else None


def chance(target: str) -> float:
    """What guessing scores, percent: of pairs and choices a label's share, of all else nothing."""
    row = task(target)
    ways = len(row.labels) if row.format == "pair" else row.choices
    return 100 / ways if ways else 0.0


def is_nli(target: str) -> bool:
    """Whether a target asks what follows from a sentence."""
    return task(target).labels == NLI and task(target).role == "target"


def tasks_of(recipes: Iterable[str]) -> list[str]:
    """The intermediate tasks of recipes, each once."""
    return list(dict.fromkeys(name for recipe in trained(recipes) for name in parse(recipe).tasks))


def _ingredients(recipe: str) -> list[Ingredient]:
    return [one for step in parse(recipe).steps for one in step.tasks]


def _reduced(recipe: str, change: Callable[[Ingredient], Ingredient | None]) -> str | None:
    """The recipe with every ingredient changed or left out; None where that is the same, or nothing."""
    steps = []
    for step in parse(recipe).steps:
        kept = {change(one) for one in step.tasks} - {None}
        if kept:
            steps.append(Step(tuple(sorted(kept))))  # type: ignore[type-var]
    name = Recipe(tuple(steps)).name
    return name if steps and name != parse(recipe).name else None
