"""What a run is expected to cost, before it starts.

A part that was done before, with these settings or others, is expected to take what it took then; any other
what its tokens take at an assumed speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..common import manifest, shapes
from ..common.disk import read_json
from ..experiment import Experiment
from ..runs.run import ENCODER, RETRIEVAL, Run
from ..tasks import TASKS, task
from ..tasks.settings import TrainSettings
from .graph import Job, jobs
from .monitor import clock

# Assumptions where nothing was measured yet. Training takes six operations a parameter and token.
OPERATIONS_PER_SECOND = 5e10  # of one core, with the encoders of the miniature: 20 to 60 by their width
TOKENS_PER_EXAMPLE = 40  # English pairs of XNLI have 41 of XLM-R's
ROWS = 10_000  # of a training set whose size nobody states
LINES, LANGUAGES = 14_000, 10  # of text, and that have some, where the experiment does not say
KERNEL_SECONDS = 1.0  # to start a kernel, read the data and write the notebook


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, and whether they were measured in an earlier run or computed from the settings."""

    seconds: float
    measured: bool


def show(experiment: Experiment, cores: int) -> None:
    """Print the jobs that are not done and what each is expected to cost."""
    pending = [job for job in jobs(experiment) if not job.done]
    if not pending:
        print("Nothing to do.")
        return
    known = measured(experiment)
    costs = {job.name: expected(job, known) for job in pending}
    for job in pending:
        cost = costs[job.name]
        basis = "measured before" if cost.measured else "estimated"
        print(f"{job.name}: {len(job.pending)} notebooks, {clock(cost.seconds)} ({basis})")
    total = sum(cost.seconds for cost in costs.values())
    wall = max(total / max(1, cores // experiment.workflow.threads), longest(pending, costs))
    print(f"{len(pending)} jobs, {clock(total)} of computing, about {clock(wall)} with {cores} cores.")
    if not all(cost.measured for cost in costs.values()):
        print(
            f"Estimates assume {OPERATIONS_PER_SECOND:.0e} operations per second and core, "
            f"{TOKENS_PER_EXAMPLE} tokens an example."
        )


def expected(job: Job, known: Mapping[tuple[str, ...], float]) -> Cost:
    """The cost of what is left of a job."""
    if job.run is None:
        return Cost(20.0, False)
    keys = {part: _key(job.run.parameters(part)) for part in job.pending}
    seconds = 0.0
    for part, key in keys.items():
        operations = weights(job.run.experiment) * (training(job.run, part) + reading(job.run, part))
        seconds += known.get(key, operations / OPERATIONS_PER_SECOND) + KERNEL_SECONDS
    return Cost(seconds, all(key in known for key in keys.values()))


def longest(pending: list[Job], costs: Mapping[str, Cost]) -> float:
    """Seconds of the longest chain of jobs that wait for one another."""
    ends: dict[str, float] = {}
    for job in pending:
        ends[job.name] = costs[job.name].seconds + max(
            (ends.get(name, 0.0) for name in job.needs), default=0.0
        )
    return max(ends.values())


def measured(experiment: Experiment) -> dict[tuple[str, ...], float]:
    """Seconds of the parts of earlier runs of this experiment and model, by template, recipe and task."""
    found: dict[tuple[str, ...], float] = {}
    for path in experiment.root.rglob(manifest.NAME):
        record = read_json(path)
        parameters = record.get("parameters", {})
        if "seconds" in record and "seed" in parameters:
            found[_key(parameters)] = float(record["seconds"])
    return found


def _key(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(parameters.get(name, "")) for name in ("variant", "recipe", "task"))


def weights(experiment: Experiment) -> float:
    """Parameters of the encoder without its embeddings. UserError where the settings do not say."""
    model = experiment.model
    shape = shapes.known(model.architecture, model.path or model.package)
    try:
        width, layers = int(shape["hidden_size"]), model.layers or int(shape["num_hidden_layers"])
        inner = int(shape.get("intermediate_size", 4 * width))
    except (KeyError, ValueError, TypeError):
        return 85e6  # as many as XLM-R base has, where nothing is known
    return float(layers * (4 * width * width + 2 * width * inner))


def trained(run: Run, part: str) -> tuple[TrainSettings, dict[str, int | None]] | None:
    """How a part trains, and the most examples that it takes of each training set (of none: it reads text);
    None for retrieval, which trains nothing."""
    experiment, names = run.experiment, run.tasks(part)
    if part == RETRIEVAL:
        return None
    if part != ENCODER:
        settings = experiment.settings_for("target", names)
        return settings, {task(name).train or "": settings.examples for name in names}
    if names:
        limits = {name: experiment.settings_of(name, names).examples for name in names}
        return experiment.settings_for("intermediate", names), limits
    assert experiment.pretraining is not None, "an experiment that pretrains states how"
    return experiment.pretraining, {}


def training(run: Run, part: str) -> float:
    """Operations of a part's training for each parameter: six a token."""
    found = trained(run, part)
    if found is None:
        return 0.0
    settings, limits = found
    size, unit = settings.batch
    if settings.steps is not None:
        return 6.0 * settings.steps * (size if unit == "tokens" else size * TOKENS_PER_EXAMPLE)
    if limits:
        held = {name: rows(run.experiment).get(name, ROWS) for name in limits}
        read = sum(min(number, limits[name] or number) for name, number in held.items())
    else:  # at most: every language counts as if it had as much text as English
        languages = len(run.experiment.languages or ()) or LANGUAGES
        read = int(run.experiment.source.get("text_lines", LINES)) * languages
    return 6.0 * (settings.epochs or 1) * read * TOKENS_PER_EXAMPLE


def reading(run: Run, part: str) -> float:
    """Operations of a part's evaluation for each parameter: two a token."""
    if part == ENCODER:
        return 0.0
    experiment = run.experiment
    examples = experiment.evaluation.examples or 1000
    languages = [len(experiment.languages or task(name).languages) for name in run.tasks(part)]
    return 2.0 * sum(languages) * examples * TOKENS_PER_EXAMPLE


def rows(experiment: Experiment) -> dict[str, int]:
    """The rows of training sets, by task, as far as the generated world or the publishers say."""
    if experiment.source["kind"] == "miniature":
        from ..sources.miniature.settings import TRAIN

        return {**TRAIN, **experiment.source.get("train", {})}
    return {name: row.sizes["train"] for name, row in TASKS.items() if "train" in row.sizes}
