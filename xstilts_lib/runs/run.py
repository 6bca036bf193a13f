"""A run: one recipe with one seed, its directory, and whether each part of it is done.

    in runs/{experiment}/{model}/{recipe}/:
    seed{n}/                 part "encoder": manifest, history, notebook
    seed{n}/encoder/         the encoder, as AutoModel.from_pretrained opens it
    seed{n}/targets/{task}/  part "targets/{task}": predictions, scores
    seed{n}/retrieval/       part "retrieval": the targets without training data

What a notebook does with it:

>>> run = Run(load_experiment("smoke"), "mini_squad", seed=0)
>>> directory = run.begin("encoder")       # keeps what an earlier start with the same settings left
>>> model, tokenizer = run.parent.open_encoder(source)
>>> run.finish("encoder", outputs=[run.encoder], seconds=12.5)

A part is done when its manifest is there and records two things as they are now: the part's fingerprint, a
hash of all settings and code that decide its numbers, and the checksums of the data that it and all before it
read. So whoever edits a setting, a cell, the library or a file of data reruns what depends on it, and nothing
else.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import arithmetic, checksums, disk, manifest
from ..common.errors import UserError
from ..common.places import CHECKPOINTS
from ..experiment import Experiment
from ..tasks import task
from ..tasks.recipe import NONE, UNTRAINED, Recipe, parse, tree
from . import identity
from .identity import ENCODER, RETRIEVAL, TARGETS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from ..sources import Source

_BEGUN = "begun.json"
_KEPT = (".lock",)  # what clearing a directory leaves in place


@dataclass(frozen=True)
class Run:
    """One recipe of an experiment with one seed."""

    experiment: Experiment
    recipe: Recipe
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipe", parse(self.recipe))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise UserError(f"A seed is zero or a positive whole number, not {self.seed!r}.")

    @property
    def directory(self) -> Path:
        return self.experiment.directory / self.recipe.name / f"seed{self.seed}"

    @property
    def encoder(self) -> Path:
        """The folder of its encoder."""
        return self.directory / "encoder"

    @property
    def retrieval(self) -> Path:
        return self.directory / RETRIEVAL

    def target(self, task: str) -> Path:
        return self.directory / TARGETS / task

    @property
    def parent(self) -> Run:
        """The run whose encoder this one starts from; ValueError for a recipe without steps."""
        return Run(self.experiment, self.recipe.prefix, self.seed)

    @property
    def has_encoder_part(self) -> bool:
        """Whether an encoder is made here: an untrained one is drawn anew each time."""
        if self.recipe.root == UNTRAINED:
            return False
        return bool(self.recipe.steps) or self.experiment.model.architecture is not None

    @property
    def targets(self) -> tuple[str, ...]:
        """What it is evaluated on. A mere prefix of another recipe is on nothing: it hands on its encoder."""
        return self.experiment.targets_of(self.recipe)

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything to be done in it, in order."""
        parts = [ENCODER] if self.has_encoder_part else []
        parts += [f"{TARGETS}/{name}" for name in self.targets if task(name).train is not None]
        parts += [RETRIEVAL] if self.tasks(RETRIEVAL) else []
        return tuple(parts)

    def part_directory(self, part: str) -> Path:
        return self.directory if part == ENCODER else self.directory / part

    def tasks(self, part: str) -> tuple[str, ...]:
        """The tasks that a part trains on or is scored on."""
        if part == ENCODER:
            return self.recipe.last.names if self.recipe.steps else ()
        if part == RETRIEVAL:  # the targets without training data, for which the encoder is used as it is
            return tuple(name for name in self.targets if task(name).train is None)
        folder, _, name = part.partition("/")
        if folder != TARGETS or not name:
            raise ValueError(f"a part is {ENCODER!r}, {RETRIEVAL!r} or '{TARGETS}/<task>', not {part!r}")
        return (name,)

    def template(self, part: str) -> str:
        """The name of the notebook template that makes `part`."""
        if part == ENCODER:
            return "10_intermediate" if self.recipe.steps else "00_pretrain"
        return "30_retrieval" if part == RETRIEVAL else "20_target"

    def parameters(self, part: str) -> dict[str, Any]:
        """The parameters with which that template makes `part`."""
        experiment = self.experiment
        parameters: dict[str, Any] = {
            "experiment": experiment.name,
            "variant": experiment.variant,
            "seed": self.seed,
        }
        if self.template(part) != "00_pretrain":
            parameters["recipe"] = self.recipe.name
        if part.startswith(TARGETS):
            (parameters["task"],) = self.tasks(part)
        return parameters

    def notebook(self, part: str) -> Path:
        """Where the executed notebook of `part` stands."""
        return self.part_directory(part) / f"{self.template(part)}.ipynb"

    def fingerprint(self, part: str) -> str:
        """A hash of all settings and code that decide the numbers of `part`, upstream parts included."""
        upstream = None
        if part != ENCODER:
            upstream = self.fingerprint(ENCODER)
        elif self.recipe.steps:
            upstream = self.parent.fingerprint(ENCODER)
        template = identity.template_digest(self.template(part))
        library = identity.code(self.experiment.source["kind"], evaluation=part != ENCODER)
        return checksums.digest([upstream, identity.settings(self, part), self.seed, template, library])

    def data(self, part: str) -> dict[str, str] | None:
        """What identifies the rows and weights that `part` and all upstream of it read, split by split.

        Of generated examples, their settings. None where the folder of the files is not there or not named
        (`--data`): what is done can be shown all the same.
        """
        return identity.data(self, part)

    def done(self, part: str) -> bool:
        """Whether `part` is finished as the experiment and its data stand now.

        UserError naming the file where the manifest is there but an output is absent or cut short.
        """
        directory = self.part_directory(part)
        if not (directory / manifest.NAME).is_file():
            return False
        record = manifest.read_manifest(directory, verify=False)
        if record.get("fingerprint") != self.fingerprint(part):
            return False
        return (now := self.data(part)) is None or record.get("data", {}) == now

    def begin(self, part: str, computing: bool = True) -> Path:
        """The directory to make `part` in, cleared of what a start with other settings left.

        This process is made to compute as the experiment says, unless another one will (`computing`).
        """
        directory = self.part_directory(part)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / manifest.NAME).unlink(missing_ok=True)  # not done any more, until it is again
        if computing:
            arithmetic.use(self.experiment.workflow.arithmetic)
            if torch := sys.modules.get("torch"):  # the number of its threads decides the last bits of sums
                torch.set_num_threads(self.experiment.workflow.threads)
        begun = directory / _BEGUN
        now = {"fingerprint": self.fingerprint(part), "data": self.data(part)}
        if disk.read_json(begun) != now:
            for path in directory.iterdir():
                if path.name not in _KEPT:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            disk.write_json(begun, now)
        return directory

    def finish(
        self,
        part: str,
        outputs: Iterable[Path],
        seconds: float,
        extra: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the manifest of `part`, after which it is done and its checkpoints are removed."""
        begun = disk.read_json(self.part_directory(part) / _BEGUN)
        written = manifest.write_manifest(
            self.part_directory(part),
            parameters=self.parameters(part),
            outputs=outputs,
            seconds=seconds,
            # The data as they were when the part was begun: files that change meanwhile make it stale.
            extra={"fingerprint": self.fingerprint(part), "data": begun.get("data"), **(extra or {})},
        )
        shutil.rmtree(self.part_directory(part) / CHECKPOINTS, ignore_errors=True)
        return written

    def open_encoder(self, source: Source) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
        """The encoder that this run ends with, and its tokenizer.

        Made here, it is read from disk and checked (UserError where it is damaged); published, it is loaded
        from its revision; `untrained`, its weights are drawn from the seed: those that pretraining starts
        from.
        """
        from ..models import encoder, packaged
        from . import pretraining

        model = self.experiment.model
        if self.has_encoder_part:
            manifest.read_manifest(self.directory, verify=True)
            return encoder.load(self.encoder)
        if self.recipe.root == NONE:
            place = packaged.unpacked(model.package) if model.package else model.path
            return encoder.load(place, model.revision, model.layers)
        return pretraining.new_encoder(self.experiment, source, self.seed)

    @contextmanager
    def lock(self, part: str) -> Iterator[None]:
        """Hold `part` for this process; whoever else wants to make it waits."""
        directory = self.part_directory(part)
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def all_runs(experiment: Experiment) -> list[Run]:
    """Every run of an experiment, encoder by encoder: recipes and their prefixes with every seed, parents
    before children."""
    return [run for each in experiment.each_model() for run in runs_of_model(each)]


def all_parts(experiment: Experiment) -> list[tuple[Run, str]]:
    """Every part of every run, in that order."""
    return [(run, part) for run in all_runs(experiment) for part in run.parts]


def runs_of_model(experiment: Experiment) -> list[Run]:
    """The runs with its own encoder alone, whatever others the experiment has."""
    return [Run(experiment, recipe, seed) for recipe in tree(experiment.recipes) for seed in experiment.seeds]
