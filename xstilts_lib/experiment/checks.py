"""What an experiment must not be: each mistake is a UserError with the key and the nearest valid name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..common import strict
from ..common.errors import UserError, nearest
from ..common.shapes import known, longest
from ..sources import KINDS
from ..tasks import TASKS, task
from ..tasks.recipe import NONE, UNTRAINED
from ..tasks.settings import TrainSettings

if TYPE_CHECKING:
    from .experiment import Experiment

# What else stands beside the folders of encoders.
TAKEN = ("jobs", "pages", "real", "chapters", "results.parquet")
LONGEST = 200  # bytes: a file's name has at most 255, and seed and suffix join it
_READ_BY = {"pooling": ("pair", "choice", "ranking"), "mask_rate": ("text",), "masking": ("text",)}
_MIXTURE = ("sampling", "temperature", "cap")


def whole(experiment: Experiment) -> None:
    """UserError for the first mistake in the experiment with one of its encoders."""
    folder_name(experiment.name, "its file's name")
    kind = experiment.source.get("kind")
    if kind not in KINDS:
        raise UserError(f"source.kind: {kind!r} is not valid: {nearest(str(kind), KINDS)}")
    _lists(experiment)
    _tasks(experiment, str(kind))
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


def _lists(experiment: Experiment) -> None:
    for key in ("seeds", "recipes", "targets"):
        values = getattr(experiment, key)
        if not values:
            raise UserError(f"{key}: the list is empty or missing.")
        twice = [str(value) for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise UserError(f"{key}: {twice[0]!r} stands twice.")
    if min(experiment.seeds) < 0:
        raise UserError("seeds: a seed is zero or a positive whole number.")
    for recipe in experiment.recipes:
        name = f"{experiment.model.name}.{recipe}"
        if len(name.encode()) > LONGEST:
            raise UserError(f"recipes: {name[:40] + '...'!r} is too long for the name of a file.")


def _tasks(experiment: Experiment, kind: str) -> None:
    held = [row.name for row in TASKS.values() if row.held_by(kind)]
    targets = [name for name in held if task(name).role == "target"]
    for key, names in (("recipes", experiment.intermediates), ("targets", experiment.targets)):
        for name in names:
            if name not in TASKS:
                raise UserError(f"{key}: there is no task {name!r}: {nearest(name, targets)}")
            if name not in held:
                raise UserError(f"{key}: the source {kind!r} does not hold {name!r}: {nearest(name, held)}")
    for name in experiment.targets:
        if name not in targets:
            raise UserError(f"targets: {name!r} is an {task(name).role} task: {nearest(name, targets)}")
    known = {code for name in experiment.targets for code in task(name).languages}
    for code in experiment.languages or ():
        if code not in known:
            raise UserError(f"languages: no target has the language {code!r}: {nearest(code, known)}")


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
    trainings = {
        f"training (intermediate, {step.name})": experiment.settings_for("intermediate", step.names)
        for recipe in experiment.recipes
        for step in recipe.steps
    }
    for name in experiment.targets_trained:
        trainings[f"training (target, {name})"] = experiment.settings_for("target", [name])
    for phase in ("intermediate", "target"):  # also where nothing trains by it
        strict.build(TrainSettings, getattr(experiment.training, phase), f"training.{phase}")
    if experiment.pretraining is not None:
        trainings["pretraining"] = experiment.pretraining
    model = experiment.model
    limit = longest(known(model.architecture, model.path or model.package))
    for where, settings in trainings.items():
        if limit is not None and settings.max_length > limit:
            raise UserError(
                f"{where}: max_length is {settings.max_length}, but the encoder {experiment.model.name!r} "
                f"has positions for {limit} tokens: give {limit} at most."
            )
        for key, kind in (("temperature", "temperature"), ("cap", "capped")):
            if settings.sampling != kind and getattr(settings, key) != getattr(TrainSettings, key):
                raise UserError(
                    f"{where}: {key} is stated, but sampling: {settings.sampling} does not read it: leave it "
                    f"out, or set sampling: {kind}."
                )


def stated(experiment: Experiment) -> None:
    """UserError for a setting under `training` or `pretraining` that nothing would read."""
    designs = experiment.designs.values()
    recipes = {*experiment.recipes, *(recipe for design in designs for recipe in design.recipes)}
    targets = {*experiment.targets, *(name for design in designs for name in design.targets)}
    steps = [step for recipe in recipes for step in recipe.steps]
    names = {"+".join(sorted(step.names)) for step in steps} | {name for step in steps for name in step.names}
    names |= {name for name in targets if task(name).train is not None}
    mixed = {name for step in steps if len(step.tasks) > 1 for name in step.names}
    for name in experiment.evaluation.splits:
        if name not in targets:
            raise UserError(f"evaluation.splits: {name!r} is no target here: {nearest(name, targets)}")
    tables = {"training.tasks": experiment.training.tasks}
    tables |= {f"variants.{each}.tasks": row.tasks for each, row in experiment.variants.items()}
    for where, name, settings in [(f"{t}.{n}", n, s) for t, rows in tables.items() for n, s in rows.items()]:
        parts = sorted(name.split("+"))
        if "+".join(parts) not in names:
            users = sorted(target for target in targets if task(target).train == name)
            instead = f"state it for {users[0]!r}, which trains on it" if users else nearest(name, names)
            raise UserError(f"{where}: no recipe and no target here trains this: {instead}")
        for key, formats in _READ_BY.items():
            if key in settings and not any(task(part).format in formats for part in parts):
                raise UserError(
                    f"{where}.{key}: a task of the format {task(parts[0]).format} reads none: leave it out."
                )
        if len(parts) == 1 and name not in mixed:
            _no_mixture(settings, where)
    _no_mixture(experiment.training.target, "training.target")
    pretraining = experiment.pretraining
    if pretraining is not None and pretraining.examples is not None:
        raise UserError("pretraining.examples: how much is read is said by `languages`, or by `steps`.")


def _no_mixture(settings: Mapping[str, Any], where: str) -> None:
    for key in _MIXTURE:
        if key in settings:
            raise UserError(f"{where}.{key}: one task alone is trained, and nothing mixed: leave it out.")
