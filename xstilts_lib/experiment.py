"""An experiment: one YAML file, read once, checked whole, and frozen.

>>> from xstilts_lib.experiment import load_experiment
>>> experiment = load_experiment("smoke")
>>> experiment.recipes[0].name
'untrained'

Everything wrong with a file is refused here, before anything runs, with a UserError that names the file, the
key and the nearest valid name. Nothing here imports torch.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import places, strict
from .errors import UserError, nearest
from .recipe import NONE, UNTRAINED, Recipe, parse
from .settings import PretrainSettings, TrainSettings, merged
from .tasks import TASKS, task

if TYPE_CHECKING:
    from .sources import Need, Source

Phase = Literal["intermediate", "target"]
SOURCES = ("miniature", "files", "hub")
FOLDER = "folder"  # the key under `source` that `--data` sets
DATA = "XSTILTS_DATA"  # the same, for the processes below: notebooks take a name and nothing else
EXPERIMENTS = "XSTILTS_EXPERIMENTS"  # a further folder of experiment files, looked into first


@dataclass(frozen=True)
class Model:
    """The encoder: an architecture to build and pretrain here, or a published one."""

    name: str
    """Names the run directories."""
    architecture: Mapping[str, Any] | None = None
    """Configuration of a transformers model (`model_type` first of all), built with random weights."""
    path: str | None = None
    """A name on the Hugging Face Hub, or a folder."""
    revision: str | None = None
    """The commit of a published model, required for a name on the Hub: a rerun reads the same weights."""
    vocabulary: int | None = None
    """Of an architecture: embeddings for so many pieces, those that the pretraining text uses most; None: for
    all of the tokenizer's."""

    def __post_init__(self) -> None:
        if (self.architecture is None) == (self.path is None):
            raise UserError("state either 'architecture' (built and pretrained here) or 'path' (published).")
        if self.architecture is not None and "model_type" not in self.architecture:
            raise UserError("the architecture needs a 'model_type', such as xlm-roberta.")
        if self.path and not self.revision and not Path(self.path).is_dir():
            raise UserError(
                f"pin the 'revision' (a commit) of {self.path!r}, so that a rerun reads the same weights."
            )


@dataclass(frozen=True)
class Evaluation:
    """How much is evaluated, and on which split."""

    examples: int | None = None
    """Rows a language and task; None means all."""
    split: Literal["dev", "test"] = "test"
    tokens_per_batch: int = 4096


@dataclass(frozen=True)
class Retrieval:
    """How a sentence becomes a vector."""

    layer: int = 2
    """0 = the embeddings."""
    pooling: Literal["mean", "first", "words"] = "mean"


@dataclass(frozen=True)
class Training:
    """What differs from the defaults of TrainSettings: by phase, then by task, then by step (`a+b`)."""

    intermediate: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        canonical = {"+".join(sorted(name.split("+"))): value for name, value in self.tasks.items()}
        object.__setattr__(self, "tasks", canonical)

    def with_layer(self, settings: Mapping[str, Any]) -> Training:
        """The same with `settings` in place of what any phase, task or step states of them."""
        tasks = {
            name: {key: settings.get(key, value) for key, value in stated.items()}
            for name, stated in self.tasks.items()
        }
        return Training({**self.intermediate, **settings}, {**self.target, **settings}, tasks)


@dataclass(frozen=True)
class Variant:
    """Another encoder of the same experiment, such as another size: what differs from `model`."""

    architecture: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of the main architecture's."""
    path: str | None = None
    revision: str | None = None
    pretraining: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of the main `pretraining`."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of those of every later phase and task, such as a lower learning rate."""

    def __post_init__(self) -> None:
        if self.path and (self.architecture or self.pretraining):
            raise UserError("a published encoder ('path') has no use for 'architecture' and 'pretraining'.")


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


@dataclass(frozen=True)
class Workflow:
    """How the jobs run; the number of threads decides the last bits of every sum."""

    threads: int = 1

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise UserError("'threads' must be at least 1.")


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
        if self.designs:
            if not self.variant:
                _check_designs(self)
            mine = [design for design in self.designs.values() if design.covers(self.model.name)]
            for key in ("recipes", "targets"):
                values = dict.fromkeys(value for design in mine for value in getattr(design, key))
                object.__setattr__(self, key, tuple(values))
        _check_source(self)
        _check_lists(self)
        _check_pretraining(self)
        _check_training(self)

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
        architecture = None if row.path else {**(self.model.architecture or {}), **row.architecture}
        model = {"name": name, "architecture": architecture, "path": row.path, "revision": row.revision}
        pretraining = None if row.path else self.pretraining
        if row.pretraining:
            main = {f.name: getattr(pretraining, f.name) for f in fields(pretraining)} if pretraining else {}
            settings = merged(main, row.pretraining)
            pretraining = strict.build(PretrainSettings, settings, f"{where}.pretraining")
        vocabulary = {} if row.path else {"vocabulary": self.model.vocabulary}
        built = strict.build(Model, {**model, **vocabulary}, where)
        training = self.training.with_layer(row.training)
        try:
            return replace(
                self, variant=name, variants={}, model=built, pretraining=pretraining, training=training
            )
        except UserError as error:
            said = str(error)
            named = said.startswith(places.relative(self.file))
            raise UserError(said if named else f"{where}: {said}") from None

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

    @property
    def targets_retrieval(self) -> tuple[str, ...]:
        """Targets without training data, for which the encoder is used as it is."""
        return tuple(name for name in self.targets if task(name).train is None)

    def settings_for(self, phase: Phase, tasks: Iterable[str]) -> TrainSettings:
        """The settings of one training: defaults of TrainSettings < phase < task < joint step.

        Where the tasks of a joint step state different values, `training.tasks` needs an entry for it, called
        `a+b`, to say whose counts (UserError). `examples` is the exception: it is a limit for each task,
        and a joint step asks for it task by task.
        """
        names = tuple(dict.fromkeys(tasks))
        joint = "+".join(sorted(names))
        agreed: dict[str, Any] = {}
        stated: dict[str, dict[str, Any]] = {}
        for name in names:
            for key, value in self.training.tasks.get(name, {}).items():
                stated.setdefault(key, {})[name] = value
        own = self.training.tasks.get(joint, {}) if len(names) > 1 else {}
        for key, values in stated.items():
            if len(values) == len(names) and len({repr(value) for value in values.values()}) == 1:
                agreed[key] = next(iter(values.values()))
            elif key not in own and key != "examples":
                raise UserError(
                    f"{places.relative(self.file)}: training.tasks: {', '.join(names)} do not agree on "
                    f"{key!r}; add an entry '{joint}' that states it for the joint step."
                )
        layers = merged(getattr(self.training, phase), agreed, own)
        return strict.build(
            TrainSettings, layers, f"{places.relative(self.file)}: training ({phase}, {joint})"
        )

    def languages_for(self, name: str, source: Source) -> tuple[str, ...]:
        """Where target `name` is evaluated: the languages that `source` holds and the experiment asks for."""
        return tuple(
            code for code in source.languages(name) if self.languages is None or code in self.languages
        )

    def needs(self, source: Source) -> tuple[Need, ...]:
        """Every split that its recipes train on and its targets are evaluated on, in every language, and the
        English dev sets by which recipes may be chosen."""
        from .selection import dev_need
        from .sources import Need

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
            splits = ("dev", self.evaluation.split) if row.metric == "bucc" else (self.evaluation.split,)
            codes = asked if self.languages else source.languages(name)
            found += [Need(name, split, code) for split in splits for code in codes]
        return tuple(dict.fromkeys(found))

    def open_source(self) -> Source:
        """The source of its examples, opened and checked for all that the experiment needs.

        UserError naming the first that is absent: a language that the experiment asks for is never left out.
        """
        from .sources import absent, open_source

        source, everyone = open_source(self.source), self.each_model()
        for each in everyone:
            source.check([*each.intermediates, *each.targets])
        for _, sentence in absent(source, self.needs(source)):
            raise UserError(sentence)
        if self.source["kind"] == "miniature":  # where nothing is absent, but a language may not be spoken
            spoken = {code for each in everyone for name in each.targets for code in source.languages(name)}
            for code in self.languages or ():
                if code not in spoken:
                    where = f"{places.relative(self.file)}: languages"
                    raise UserError(f"{where}: this world does not speak {code!r}: {nearest(code, spoken)}")
        return source


def load_experiment(name: str | Path, data: str | Path | None = None, variant: str = "") -> Experiment:
    """The experiment called `name`, or in that file; `data` (or $XSTILTS_DATA) is the examples' folder.

    With `variant`, the experiment with that one of its encoders.
    """
    file = _find(name)
    where = places.relative(file)
    content = strict.read_yaml(file, where)
    if data is not None:
        if isinstance(content.get("source"), Mapping) and content["source"].get("kind") == "miniature":
            raise UserError(
                f"{where}: its examples are generated, so it has no use for a data folder (--data)."
            )
        content["source"] = {**content.get("source", {}), FOLDER: str(data)}
    elif os.environ.get(DATA) and (content.get("source") or {}).get("kind") == "files":
        content["source"] = {**content["source"], FOLDER: os.environ[DATA]}
    if "recipes" in content:
        content["recipes"] = _recipes(content["recipes"], f"{where}: recipes")
    for key in ("recipes", "targets") if content.get("designs") else ():
        if key in content:
            raise UserError(f"{where}: {key}: the designs state them, so leave the key out.")
    if isinstance(content.get("designs"), Mapping):
        for key, design in content["designs"].items():
            if isinstance(design, dict) and "recipes" in design:
                design["recipes"] = _recipes(design["recipes"], f"{where}: designs.{key}.recipes")
    loaded = strict.build(Experiment, content, where, given={"name": file.stem, "file": file, "variant": ""})
    loaded.each_model()  # refuses what is wrong with any of them before anything runs
    return loaded.with_model(variant)


def available() -> list[str]:
    """The names of the experiments that come with the checkout, and of those in $XSTILTS_EXPERIMENTS."""
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.yaml")})


def with_seeds(experiment: Experiment, seeds: Iterable[int]) -> Experiment:
    """The same experiment over other seeds."""
    return replace(experiment, seeds=tuple(seeds))


def _folders() -> list[Path]:
    extra = os.environ.get(EXPERIMENTS)
    return [*([Path(extra)] if extra else []), places.experiments()]


def _find(name: str | Path) -> Path:
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        path = Path(name).resolve()
        if not path.is_file():
            raise UserError(f"There is no experiment file {text}.")
        return path
    for folder in _folders():
        if (folder / f"{text}.yaml").is_file():
            return (folder / f"{text}.yaml").resolve()
    raise UserError(f"There is no experiment {text!r}: {nearest(text, available())}")


def _recipes(value: Any, where: str) -> tuple[Recipe, ...]:
    if not isinstance(value, list):
        raise UserError(f"{where}: expected a list of recipes.")
    try:
        return tuple(parse(text) for text in value)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _check_source(experiment: Experiment) -> None:
    kind = experiment.source.get("kind")
    if kind not in SOURCES:
        raise UserError(f"source.kind: {kind!r} is not valid: {nearest(str(kind), SOURCES)}")


def _check_designs(experiment: Experiment) -> None:
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


def _check_lists(experiment: Experiment) -> None:
    kind = experiment.source["kind"]
    for key in ("seeds", "recipes", "targets"):
        values = getattr(experiment, key)
        if not values:
            raise UserError(f"{key}: the list is empty or missing.")
        twice = [str(value) for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise UserError(f"{key}: {twice[0]!r} stands twice.")
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


def _check_pretraining(experiment: Experiment) -> None:
    built = experiment.model.architecture is not None
    if built and experiment.pretraining is None and any(r.root == NONE for r in experiment.recipes):
        raise UserError("pretraining: the model is built here, so its pretraining must be stated.")
    if not built and any(recipe.root == UNTRAINED for recipe in experiment.recipes):
        raise UserError(
            "recipes: 'untrained' needs a model with an 'architecture', and this one is published."
        )
    if not built and experiment.pretraining is not None:
        raise UserError("pretraining: the model is published, so nothing is pretrained; leave the key out.")


def _check_training(experiment: Experiment) -> None:
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
