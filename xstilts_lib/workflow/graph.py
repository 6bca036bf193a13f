"""The graph of an experiment: which jobs there are, what each needs, and whether it is done.

Jobs are coarse, because starting one costs more than a notebook of the miniature: one for everything that a
recipe does with one seed. An encoder that other jobs wait for is a job of its own, so that they wait for
nothing else.

>>> [job.name for job in jobs(load_experiment("smoke"))]
['recipe/untrained.seed0', 'encoder/none.seed0', 'recipe/none.seed0', ..., 'results/tables']
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..common.disk import read_json
from ..common.errors import UserError
from ..experiment import Experiment
from ..runs.run import ENCODER, Run, all_runs
from ..tasks.recipe import NONE
from . import analyses
from .analyses import Group
from .costs import processes

Kind = Literal["encoder", "recipe", "results"]
PAGES = "pages"  # the one part of a job that runs no model


@dataclass(frozen=True, eq=False)
class Job:
    """A group of notebooks that one process executes, one after the other."""

    experiment: Experiment
    kind: Kind
    label: str
    run: Run | None = None
    parts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """The names of the jobs that come first."""

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.label}"

    @property
    def folder(self) -> Path:
        return self.experiment.root / "jobs"

    @property
    def marker(self) -> Path:
        """The file that tells the workflow engine that the job is done."""
        return self.folder / f"{self.name}.done"

    @property
    def status(self) -> Path:
        """How it stands, as JSON, for the terminal."""
        return self.folder / f"{self.name}.json"

    @property
    def told(self) -> dict[str, Any]:
        """What its status says; empty where it has none."""
        return read_json(self.status)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @cached_property
    def pending(self) -> tuple[str, ...]:
        """The parts, or pages, that are not done. UserError where one was done and is damaged."""
        if self.run is None:
            return () if self.group.done() else (PAGES,)
        return tuple(
            part for part in self.parts if not (self.run.done(part) and self.run.notebook(part).is_file())
        )

    @property
    def done(self) -> bool:
        return not self.pending

    @cached_property
    def gpus(self) -> int:
        """How many GPUs it is given, where there are any: as many as its training has processes."""
        return max((processes(self.run, part) for part in self.parts), default=0) if self.run else 0

    @cached_property
    def group(self) -> Group:
        """The notebooks of a job that runs no model; ValueError for any other."""
        for group in analyses.groups(self.experiment):
            if self.kind == "results" and group.label == self.label:
                return group
        raise ValueError(f"{self.name} makes no notebooks that read results")

    @property
    def notebooks(self) -> list[tuple[str, Path]]:
        """Template and executed notebook of everything that it makes."""
        if self.run is None:
            return list(self.group.notebooks)
        return [(self.run.template(part), self.run.notebook(part)) for part in self.parts]


def jobs(experiment: Experiment) -> list[Job]:
    """All jobs of an experiment, what is needed before what needs it."""
    runs = all_runs(experiment)
    parents = {run.parent.directory for run in runs if run.recipe.steps}
    found: dict[Path, str] = {}
    graph: list[Job] = []
    for run in runs:
        label = f"{run.recipe.name}.seed{run.seed}"
        label = f"{run.experiment.variant}.{label}" if run.experiment.variant else label
        needs = (found[run.parent.directory],) if run.recipe.steps and run.parent.has_encoder_part else ()
        parts = run.parts
        shared = run.directory in parents or run.recipe.name == NONE
        # So is one whose training takes several GPUs, which would lie idle while targets are trained.
        if run.has_encoder_part and (shared or processes(run, ENCODER) > 1):
            graph.append(Job(experiment, "encoder", label, run, (ENCODER,), needs))
            needs, parts = (graph[-1].name,), parts[1:]
            found[run.directory] = graph[-1].name
        if parts:
            graph.append(Job(experiment, "recipe", label, run, parts, needs))
    everything = tuple(job.name for job in graph)
    for group in analyses.groups(experiment):
        graph.append(Job(experiment, "results", group.label, needs=everything if group.own else ()))
    return graph


def find(experiment: Experiment, name: str) -> Job:
    """The job called `name`; UserError where there is none."""
    for job in jobs(experiment):
        if job.name == name:
            return job
    raise UserError(f"Experiment {experiment.name!r} has no job {name!r}.")
