"""What an experiment asks: recipes by targets, and recipes drawn from a list of tasks.

>>> [recipe.name for recipe in Subsets(("mini_mnli", "mini_squad"), sizes=(1, 2), each=1, seed=1).recipes()]
['mini_mnli', 'mini_mnli+mini_squad']
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

from ..common.errors import UserError
from ..tasks.recipe import Recipe, parse


@dataclass(frozen=True)
class Subsets:
    """Joint recipes of several sizes, drawn at random: which tasks stand together, nobody has chosen."""

    tasks: tuple[str, ...]
    """What is drawn from."""
    sizes: tuple[int, ...]
    """How many tasks a recipe has."""
    each: int
    """Recipes of each size, none of them twice; where there are no more than that, all."""
    seed: int = 0

    def __post_init__(self) -> None:
        if len(set(self.tasks)) < len(self.tasks):
            raise UserError("'tasks' names one of them twice.")
        for name in self.tasks:
            parse(name)
        if self.each < 1 or not all(1 <= size <= len(self.tasks) for size in self.sizes):
            raise UserError(f"'each' must be at least 1, and every size between 1 and {len(self.tasks)}.")

    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes, by size; the same ones for the same settings."""
        found: list[Recipe] = []
        for size in self.sizes:
            every = [parse("+".join(names)) for names in itertools.combinations(sorted(self.tasks), size)]
            draw = random.Random(f"{self.seed} {size}")
            found += sorted(draw.sample(every, min(self.each, len(every))), key=str)
        return tuple(found)


@dataclass(frozen=True)
class Design:
    """A question, and the runs that answer it: recipes by targets, with some encoders or with all."""

    question: str
    recipes: tuple[Recipe, ...]
    targets: tuple[str, ...]
    models: tuple[str, ...] | None = None
    """Names of the encoders; None = all of the experiment's."""
    subsets: Subsets | None = None
    """Further recipes, drawn from a list of tasks."""

    def __post_init__(self) -> None:
        drawn = self.subsets.recipes() if self.subsets else ()
        object.__setattr__(self, "recipes", tuple(dict.fromkeys((*self.recipes, *drawn))))

    def covers(self, model: str) -> bool:
        return self.models is None or model in self.models
