"""What an experiment must not be: each mistake is a UserError with the key and the nearest valid name."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ..errors import UserError, nearest
from ..recipe import NONE, UNTRAINED
from ..tasks import TASKS, task

if TYPE_CHECKING:
    from .experiment import Experiment

SOURCES = ("miniature", "files", "hub")
TAKEN = ("jobs", "pages", "chapters", "results.parquet")  # what else stands beside the folders of encoders
LONGEST = 200  # bytes: a file's name has at most 255, and seed and suffix join it


def whole(experiment: Experiment) -> None:
    """UserError for the first mistake in the experiment with one of its encoders."""
    folder_name(experiment.name, "its file's name")
    _source(experiment)
    _lists(experiment)
    _pretraining(experiment)
    _training(experiment)


def folder_name(name: str, what: str) -> None:
    """UserError where `name` cannot be a folder on every system, and a word of every command and address."""
    letters = all(c.isalnum() or c in "_.+@-" or unicodedata.category(c).startswith("M") for c in name)
    if not letters or not (name[:1].isalnum() or name[:1] == "_"):
        raise UserError(
            f"{what}, {name!r}, also names a folder: take letters, digits and any of _ . + @ -, and begin "
            "with a letter or a digit."
        )


def designs(experiment: Experiment) -> None:
    """UserError for a design without recipes, targets or a known encoder, and for an encoder without one."""
    known = [experiment.model.name, *experiment.variants]
    for name, design in experiment.designs.items():
        for model in design.models or ():
            if model not in known:
                raise UserError(
                    f"designs.{name}.models: there is no encoder {model!r}: {nearest(model, known)}"
                )
        if not design.recipes or not design.targets:
            raise UserError(f"designs.{name}: recipes and targets must each name at least one.")
    for name in known:
        if not any(design.covers(name) for design in experiment.designs.values()):
            raise UserError(f"designs: none of them uses the encoder {name!r}.")


def _source(experiment: Experiment) -> None:
    kind = experiment.source.get("kind")
    if kind not in SOURCES:
        raise UserError(f"source.kind: {kind!r} is not valid: {nearest(str(kind), SOURCES)}")


def _lists(experiment: Experiment) -> None:
    kind = experiment.source["kind"]
    for key in ("seeds", "recipes", "targets"):
        values = getattr(experiment, key)
        if not values:
            raise UserError(f"{key}: the list is empty or missing.")
        twice = [str(value) for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise UserError(f"{key}: {twice[0]!r} stands twice.")
    longest = max((f"{experiment.model.name}.{recipe}" for recipe in experiment.recipes), key=_bytes)
    if _bytes(longest) > LONGEST:
        raise UserError(f"recipes: {longest[:40] + '...'!r} is too long for the name of a file.")
    if min(experiment.seeds) < 0:
        raise UserError("seeds: a seed is zero or a positive whole number.")
    for key, names in (("recipes", experiment.intermediates), ("targets", experiment.targets)):
        for name in names:
            if name not in TASKS:
                raise UserError(f"{key}: there is no task {name!r}: {nearest(name, _targets(kind))}")
            if kind not in task(name).sources:
                raise UserError(
                    f"{key}: the source {kind!r} does not hold {name!r}: {nearest(name, _held(kind))}"
                )
    for name in experiment.targets:
        if task(name).role != "target":
            raise UserError(
                f"targets: {name!r} is an {task(name).role} task: {nearest(name, _targets(kind))}"
            )
    known = {code for name in experiment.targets for code in task(name).languages}
    for code in experiment.languages or ():
        if code not in known:
            raise UserError(f"languages: no target has the language {code!r}: {nearest(code, known)}")


def _bytes(text: str) -> int:
    return len(text.encode())


def _pretraining(experiment: Experiment) -> None:
    built = experiment.model.architecture is not None
    if built and experiment.pretraining is None and any(r.root == NONE for r in experiment.recipes):
        raise UserError("pretraining: the model is built here, so its pretraining must be stated.")
    if not built and any(recipe.root == UNTRAINED for recipe in experiment.recipes):
        raise UserError(
            "recipes: 'untrained' needs a model with an 'architecture', and this one is published."
        )
    if not built and experiment.pretraining is not None:
        raise UserError("pretraining: the model is published, so nothing is pretrained; leave the key out.")


def _training(experiment: Experiment) -> None:
    for name in experiment.training.tasks:
        for part in name.split("+"):
            if part not in TASKS:
                raise UserError(f"training.tasks: there is no task {part!r}: {nearest(part, TASKS)}")
    for recipe in experiment.recipes:
        for step in recipe.steps:
            experiment.settings_for("intermediate", step.names)
    for name in experiment.targets_trained:
        experiment.settings_for("target", [name])


def _held(kind: str) -> list[str]:
    return [row.name for row in TASKS.values() if kind in row.sources]


def _targets(kind: str) -> list[str]:
    return [row.name for row in TASKS.values() if kind in row.sources and row.role == "target"]
