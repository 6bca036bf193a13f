"""One experiment, frozen: read from its file, and what follows from it for each encoder and recipe.

Everything wrong with the file is refused when it is read, and nothing has run yet.

>>> load_experiment("smoke").seeds
(0, 1)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..common import places, strict
from ..common.errors import UserError, nearest
from ..tasks import task
from ..tasks.recipe import Recipe
from ..tasks.settings import PretrainSettings, TrainSettings, merged
from . import checks
from .parts import Design, Evaluation, Model, Retrieval, Training, Variant, Workflow

if TYPE_CHECKING:
    from ..sources import Need, Source

T = TypeVar("T")
Phase = Literal["intermediate", "target"]
FOLDER = "folder"  # the key under `source` that `--data` sets
DATA = "XSTILTS_DATA"  # the same, for the processes below: notebooks take a name and nothing else
EXPERIMENTS = "XSTILTS_EXPERIMENTS"  # a further folder of experiment files, looked into first
LABELLED = "XSTILTS_LABELLED"  # the experiment file whose data has been found to have labels


@dataclass(frozen=True)
class Experiment:
    """What one YAML file says. `name` is the file's stem."""

    name: str
    file: Path
    title: str
    source: Mapping[str, Any]
    model: Model
    seeds: tuple[int, ...]
    recipes: tuple[Recipe, ...] = ()
    """Every one is evaluated on every target; where there are designs, theirs, and not stated."""
    targets: tuple[str, ...] = ()
    designs: Mapping[str, Design] = field(default_factory=dict)
    """Instead of `recipes` and `targets`: several questions, which share what runs they can."""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    """Further encoders, by name; see `each_model`."""
    variant: str = ""
    """Which of them `model` is; empty for the main one."""
    description: str = ""
    pretraining: PretrainSettings | None = None
    languages: tuple[str, ...] | None = None
    evaluation: Evaluation = field(default_factory=Evaluation)
    training: Training = field(default_factory=Training)
    retrieval: Retrieval = field(default_factory=Retrieval)
    workflow: Workflow = field(default_factory=Workflow)

    def __post_init__(self) -> None:
        if self.model.name in self.variants:
            raise UserError(f"variants: {self.model.name!r} is the name of the main encoder.")
        for name in self.variants:
            checks.folder_name(name, "the encoder's name")
        if self.designs:
            if not self.variant:
                checks.designs(self)
            mine = [design for design in self.designs.values() if design.covers(self.model.name)]
            for key in ("recipes", "targets"):
                values = dict.fromkeys(value for design in mine for value in getattr(design, key))
                object.__setattr__(self, key, tuple(values))
        checks.whole(self)
        if not self.variant:
            checks.stated(self)

    @cached_property
    def _found(self) -> dict[object, Any]:
        return {}

    def once(self, key: object, find: Callable[[], T]) -> T:
        """What `find` finds of its settings, found once, under `key`: thousands of jobs ask for the same."""
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]

    @property
    def root(self) -> Path:
        """Where everything of it stands: runs/{experiment}."""
        return places.runs() / self.name

    @property
    def directory(self) -> Path:
        """Where the runs of its encoder stand: runs/{experiment}/{model}."""
        return self.root / self.model.name

    def each_model(self) -> tuple[Experiment, ...]:
        """The experiment with each of its encoders in turn, the main one first."""
        return (self, *(self.with_model(name) for name in self.variants))

    def with_model(self, name: str) -> Experiment:
        """The experiment with the encoder called `name` as its only one; with "" or the main one's name, the
        experiment itself. UserError where there is none.
        """
        if name in ("", self.model.name):
            return self
        where = f"{places.relative(self.file)}: variants"
        if name not in self.variants:
            known = [self.model.name, *self.variants]
            raise UserError(f"{where}: there is no encoder {name!r}: {nearest(name, known)}")
        row, where = self.variants[name], f"{where}.{name}"
        main = self.model
        if row.path:
            model = {"path": row.path, "revision": row.revision}
        elif main.architecture is None and not row.architecture:
            model = {"path": main.path, "revision": main.revision, "package": main.package}
        else:
            model = {"architecture": {**(main.architecture or {}), **row.architecture}}
        model |= {"name": name, "layers": row.layers}
        pretraining = self.pretraining if "architecture" in model else None
        if row.pretraining:
            stated = (
                {f.name: getattr(pretraining, f.name) for f in fields(pretraining)} if pretraining else {}
            )
            settings = merged(stated, row.pretraining)
            pretraining = strict.build(PretrainSettings, settings, f"{where}.pretraining")
        vocabulary = {"vocabulary": main.vocabulary} if "architecture" in model else {}
        built = strict.build(Model, {**model, **vocabulary}, where)
        with strict.at(where):
            training = self.training.with_layer(row.training).with_tasks(row.tasks)
            return replace(
                self, variant=name, variants={}, model=built, pretraining=pretraining, training=training
            )

    @property
    def whole(self) -> Design:
        """Recipes and targets that form a whole table with the main encoder: the first design's, or all."""
        mine = (self.model.name,)
        if not self.designs:
            return Design(self.title, self.recipes, self.targets, mine)
        return replace(next(iter(self.designs.values())), models=mine)

    def targets_of(self, recipe: Recipe) -> tuple[str, ...]:
        """The targets that a recipe is evaluated on: all, or those of the designs that name it."""
        if not self.designs:
            return self.targets if recipe in self.recipes else ()
        asked = [d for d in self.designs.values() if d.covers(self.model.name) and recipe in d.recipes]
        wanted = {name for design in asked for name in design.targets}
        return tuple(name for name in self.targets if name in wanted)

    @property
    def intermediates(self) -> tuple[str, ...]:
        """Every task that a recipe trains on, in order of first appearance."""
        return tuple(dict.fromkeys(name for recipe in self.recipes for name in recipe.tasks))

    @property
    def targets_trained(self) -> tuple[str, ...]:
        """Targets that are fine-tuned on an English training set."""
        return tuple(name for name in self.targets if task(name).train is not None)

    @property
    def training_tasks(self) -> tuple[str, ...]:
        """The tasks whose English training sets the targets are fine-tuned on."""
        return tuple(dict.fromkeys(task(name).train or "" for name in self.targets_trained))

    def settings_for(self, phase: Phase, tasks: Iterable[str]) -> TrainSettings:
        """The settings of one training: defaults of TrainSettings < phase < task < joint step.

        Where the tasks of a joint step state different values, `training.tasks` needs an entry for it, called
        `a+b`, to say whose counts (UserError). `examples` is the exception: see `settings_of`.
        """
        names = tuple(dict.fromkeys(tasks))
        joint, where = "+".join(sorted(names)), places.relative(self.file)
        stated = [self.training.tasks.get(name, {}) for name in names]
        own = self.training.tasks.get(joint, {}) if len(names) > 1 else {}
        agreed: dict[str, Any] = {}
        for key in dict.fromkeys(key for settings in stated for key in settings):
            values = [repr(settings[key]) for settings in stated if key in settings]
            if len(values) == len(names) and len(set(values)) == 1:
                agreed[key] = stated[0][key]
            elif key not in own and key != "examples":
                raise UserError(
                    f"{where}: training.tasks: {', '.join(names)} do not agree on {key!r}; add an entry "
                    f"'{joint}' that states it for the joint step."
                )
        layers = merged(getattr(self.training, phase), agreed, own)
        return strict.build(TrainSettings, layers, f"{where}: training ({phase}, {joint})")

    def examples_kept(self, name: str) -> int:
        """How many examples of the training set of `name` are some target's own, drawn from the run's seed; 0
        where the targets that train on it, if any, read all of it."""
        users = [target for target in self.targets_trained if task(target).train == name]
        drawn = [self.settings_for("target", [target]).examples for target in users]
        return max((number for number in drawn if number is not None), default=0) if None not in drawn else 0

    def settings_of(self, name: str, tasks: Iterable[str]) -> TrainSettings:
        """How task `name` of an intermediate step is read: as the step trains, but for `examples`, a limit
        for each task, which the task states for itself unless the step's own entry does."""
        names = tuple(dict.fromkeys(tasks))
        step = self.settings_for("intermediate", names)
        if "examples" in self.training.tasks.get("+".join(sorted(names)), {}):
            return step
        return replace(step, examples=self.settings_for("intermediate", [name]).examples)

    def languages_for(self, name: str, source: Source) -> tuple[str, ...]:
        """Where target `name` is evaluated: the languages that `source` holds and the experiment asks for."""
        return tuple(
            code for code in source.languages(name) if self.languages is None or code in self.languages
        )

    def needs(self, source: Source) -> tuple[Need, ...]:
        """Every split that its recipes train on and its targets are evaluated on, in every language, and the
        English dev sets by which recipes may be chosen."""
        from ..sources import Need
        from ..sources.selection import dev_need

        everyone = self.each_model()
        steps = (part for each in everyone for r in each.recipes for step in r.steps for part in step.tasks)
        found = [Need(part.task, "train", part.language) for part in steps]
        found += [Need(name, "train", "en") for each in everyone for name in each.training_tasks]
        chosen_by = (dev_need(source, name) for each in everyone for name in each.targets_trained)
        found += [need for need in chosen_by if need]
        for name in dict.fromkeys(name for each in everyone for name in each.targets):
            row = task(name)
            asked = [code for code in row.languages if self.languages and code in self.languages]
            # The threshold of mining is tuned on dev.
            split = self.evaluation.split_of(name)
            splits = ("dev", split) if row.metric == "bucc" else (split,)
            codes = asked if self.languages else source.languages(name)
            found += [Need(name, split, code) for split in splits for code in codes]
        return tuple(dict.fromkeys(found))

    def open_source(self) -> Source:
        """The source of its examples, opened and checked for all that the experiment needs.

        UserError naming the first that is absent: a language that the experiment asks for is never left out;
        and the first that holds rows without a label. For that everything is loaded, once: whoever works for
        a process that has done so is told by $XSTILTS_LABELLED.
        """
        from ..sources import absent, open_source, unlabelled

        source, everyone = open_source(self.source), self.each_model()
        for each in everyone:
            source.check([*each.intermediates, *each.targets])
        for _, sentence in absent(source, self.needs(source)):
            raise UserError(sentence)
        if os.environ.get(LABELLED) != str(self.file):
            for _, sentence in unlabelled(source, self.needs(source), self.evaluation.examples):
                raise UserError(sentence)
        if self.source["kind"] == "miniature":  # where nothing is absent, but a language may not be spoken
            spoken = {code for each in everyone for name in each.targets for code in source.languages(name)}
            for code in self.languages or ():
                if code not in spoken:
                    where = f"{places.relative(self.file)}: languages"
                    raise UserError(f"{where}: this world does not speak {code!r}: {nearest(code, spoken)}")
        return source


def load_experiment(
    name: str | Path, data: str | Path | None = None, variant: str = "", text: str | None = None
) -> Experiment:
    """The experiment called `name`, or in that file; `data` (or $XSTILTS_DATA) is the examples' folder.

    With `variant`, the experiment with that one of its encoders; with `text`, as that says in place of what
    the file says now.
    """
    file = _find(name)
    where = places.relative(file)
    content = strict.read_yaml(file, where) if text is None else strict.parse_yaml(text)
    _place(content, file.parent, where)
    source = content.get("source")
    if isinstance(source, Mapping):
        if data is not None and source.get("kind") == "miniature":
            raise UserError(
                f"{where}: its examples are generated, so it has no use for a data folder (--data)."
            )
        folder = data or (os.environ.get(DATA) if source.get("kind") == "files" else None)
        content["source"] = {**source, **({FOLDER: str(folder)} if folder else {})}
    for key in ("recipes", "targets") if content.get("designs") else ():
        if key in content:
            raise UserError(f"{where}: {key}: the designs state them, so leave the key out.")
    loaded = strict.build(Experiment, content, where, given={"name": file.stem, "file": file, "variant": ""})
    loaded.each_model()  # refuses what is wrong with any of them before anything runs
    return loaded.with_model(variant)


def available() -> list[str]:
    """The names of the experiments that come with the checkout, and of those in $XSTILTS_EXPERIMENTS."""
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.yaml")})


def _folders() -> list[Path]:
    extra = os.environ.get(EXPERIMENTS)
    return [*([Path(extra)] if extra else []), places.experiments()]


def _find(name: str | Path) -> Path:
    text = str(name)
    if text.removesuffix(".yaml").endswith((".yml", ".yaml")):  # jobs would look for another file
        raise UserError(f"The file of an experiment ends in .yaml, once: rename {text}.")
    if text.endswith(".yaml"):
        path = Path(name).resolve()
        if not path.is_file():
            raise UserError(f"There is no experiment file {text}.")
        return path
    for folder in _folders():
        if (folder / f"{text}.yaml").is_file():
            return (folder / f"{text}.yaml").resolve()
    raise UserError(f"There is no experiment {text!r}: {nearest(text, available())}")


def _place(content: Mapping[str, Any], beside: Path, where: str) -> None:
    """Make folders that the file names from its own place absolute: notebooks run in another one.

    UserError for one that is there from the caller's folder alone.
    """
    variants = content.get("variants")
    sections = {"source": content.get("source"), "model": content.get("model")}
    sections |= {f"variants.{n}": v for n, v in (variants if isinstance(variants, dict) else {}).items()}
    for section, stated in sections.items():
        for key in ("path", "mirror", FOLDER, "cache") if isinstance(stated, dict) else ():
            value = stated.get(key)
            if not isinstance(value, str) or Path(value).expanduser().is_absolute():
                continue
            if (beside / value).is_dir():
                stated[key] = str((beside / value).resolve())
            elif key != FOLDER and Path(value).is_dir():
                raise UserError(
                    f"{where}: {section}.{key}: {value!r} is no folder beside this file: name it from "
                    "there, or by its whole path."
                )
