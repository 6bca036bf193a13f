"""The grammar of training: what an encoder goes through before it meets a target task.

    none                        the pretrained encoder as it is
    untrained                   random weights: the floor under every score
    mini_squad                  one intermediate task
    mini_mnli+mini_squad        two tasks jointly, in one phase
    mini_squad-then-mini_mnli   two phases in sequence
    squad@de                    a task in translated data

A recipe without its last step is a recipe too, so encoders form a tree, and no branch of it is trained twice.

>>> from xstilts_lib.tasks.recipe import parse
>>> parse("mini_squad+mini_mnli-then-mini_ccg").prefix.name
'mini_mnli+mini_squad'
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..common.errors import UserError, nearest
from . import TASKS, task

NONE = "none"
UNTRAINED = "untrained"
THEN = "-then-"
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, order=True)
class Ingredient:
    """One task of a step, in one language."""

    task: str
    language: str = "en"

    @property
    def name(self) -> str:
        return self.task if self.language == "en" else f"{self.task}@{self.language}"


@dataclass(frozen=True)
class Step:
    """One phase of training. Its tasks are trained jointly, so their order says nothing: they are sorted."""

    tasks: tuple[Ingredient, ...]

    @property
    def name(self) -> str:
        return "+".join(ingredient.name for ingredient in self.tasks)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its tasks, each once, whatever the languages."""
        return tuple(dict.fromkeys(ingredient.task for ingredient in self.tasks))


@dataclass(frozen=True)
class Recipe:
    """A sequence of steps on top of an encoder; `root` says which one where there is no step."""

    steps: tuple[Step, ...] = ()
    root: str = NONE

    @property
    def name(self) -> str:
        """The canonical name: parsing it gives this recipe back, and run directories are called by it."""
        return THEN.join(step.name for step in self.steps) if self.steps else self.root

    @property
    def prefix(self) -> Recipe:
        """The recipe whose encoder this one starts from; a recipe without steps has none (ValueError)."""
        if not self.steps:
            raise ValueError(f"{self.name!r} has no step, so there is nothing before it")
        return Recipe(self.steps[:-1])

    @property
    def last(self) -> Step:
        """The step that makes this recipe out of its prefix (ValueError where there is none)."""
        if not self.steps:
            raise ValueError(f"{self.name!r} has no step")
        return self.steps[-1]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task in it, in order of first appearance."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.names))

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def of_text(text: str) -> Recipe:
        """What an experiment's file spells; see `parse`."""
        return parse(text)


def parse(text: str | Recipe) -> Recipe:
    """The recipe that `text` spells; a UserError says which word of it is wrong and names the nearest one."""
    if isinstance(text, Recipe):
        return text
    if not isinstance(text, str) or not text.strip():
        raise UserError(f"A recipe is a name such as 'none' or 'mini_squad+mini_mnli', not {text!r}.")
    text = text.strip()
    if text in (NONE, UNTRAINED):
        return Recipe(root=text)
    return Recipe(tuple(_step(part, text) for part in text.split(THEN)))


def tree(recipes: Iterable[Recipe]) -> list[Recipe]:
    """The recipes and all their prefixes, each once, parents before children."""
    found: dict[str, Recipe] = {}
    for recipe in recipes:
        if recipe.root == UNTRAINED:
            found.setdefault(recipe.name, recipe)
            continue
        for length in range(len(recipe.steps) + 1):
            prefix = Recipe(recipe.steps[:length])
            found.setdefault(prefix.name, prefix)
    return list(found.values())


def _step(text: str, whole: str) -> Step:
    ingredients = [_ingredient(word, whole) for word in text.split("+")]
    twice = [word.name for i, word in enumerate(ingredients) if word in ingredients[:i]]
    if twice:
        raise UserError(f"Recipe {whole!r} names {twice[0]!r} twice in a step, which trains each task once.")
    return Step(tuple(sorted(ingredients)))


def _ingredient(word: str, whole: str) -> Ingredient:
    name, _, language = word.strip().partition("@")
    if name in (NONE, UNTRAINED):
        raise UserError(f"Recipe {whole!r}: {name!r} stands alone, it cannot be combined with a task.")
    if name not in TASKS:
        known = [*trainable(), NONE, UNTRAINED]
        raise UserError(f"Recipe {whole!r}: there is no task {name!r}: {nearest(name, known)}")
    row = task(name)
    if row.train != name:
        instead = f"name {row.train!r} instead" if row.train else "it cannot be an intermediate task"
        raise UserError(f"Recipe {whole!r}: {name!r} has no training set of its own; {instead}.")
    if "@" in word and not _LANGUAGE.fullmatch(language):
        raise UserError(f"Recipe {whole!r}: {language!r} after '@' is not a language code such as 'de'.")
    return Ingredient(name, language or "en")


def trainable() -> list[str]:
    """The names of the tasks that a step may hold: those with a training set of their own."""
    return [row.name for row in TASKS.values() if row.train == row.name]
