"""What an experiment will take, before it starts: time of each part, on a core or a GPU; of GPUs memory, disk
and money; and how long all of it takes by so many.

>>> dry_run(load_experiment("smoke"), cores=2)
>>> show(load_experiment("smoke"), gpu("H100"), price=2.5)

A part that was done before on this machine, with these settings or others, is expected to take what it took
then. Any other takes what its tokens do at an assumed speed; what is assumed is printed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..common import manifest, shapes
from ..common.disk import read_json
from ..common.errors import UserError, nearest
from ..experiment import Experiment
from ..runs.run import ENCODER, RETRIEVAL, Run, all_runs
from ..tasks import TASKS, task
from ..tasks.settings import TrainSettings
from .graph import Job, jobs
from .memory import GIB, OVERHEAD, SHAPING, Device, Shape, advice, longest_update
from .monitor import clock
from .schedule import Step, schedule

# Assumptions where nothing was measured yet. With the miniature's encoders a core does 20 to 60, by width.
CORE = Device("core", math.inf, 0.05, utilisation=1.0)
# Of an example in XLM-R's pieces: means of English training sets, 300 rows of each. Choices: 114 to 478.
TOKENS = {"pair": 45, "tags": 20, "span": 200, "choice": 350}
TOKENS_ELSEWHERE = 40  # in the miniature, and of text
ROWS = 10_000  # of a training set whose size nobody states
EVALUATED = 1000  # rows of a test set, likewise
LINES, LANGUAGES = 14_000, 10  # of text, and that have some, where the experiment does not say
KERNEL_SECONDS = 1.0  # to start a kernel, read the data and write the notebook
TABLES_SECONDS = 20.0  # of a job that reads results
GRIDS = (8, 64)  # GPUs by which a plan says how long it takes


# What a part computes, for each parameter of its encoder.


def trained(run: Run, part: str) -> tuple[TrainSettings, dict[str, int | None]] | None:
    """How a part trains, and the most examples that it takes of each training set (of none: it reads text);
    None for retrieval, which trains nothing. For all seeds the same, and so found once."""
    known, key = run.experiment.remembered, ("trained", run.recipe, part)
    if key not in known:
        known[key] = _trained(run, part)
    found: tuple[TrainSettings, dict[str, int | None]] | None = known[key]
    return found


def _trained(run: Run, part: str) -> tuple[TrainSettings, dict[str, int | None]] | None:
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
    held = {name: rows(run.experiment).get(name, ROWS) for name in limits}
    read = {name: min(number, limits[name] or number) for name, number in held.items()}
    if not read:  # at most: every language counts as if it had as much text as English
        languages = len(run.experiment.languages or ()) or LANGUAGES
        read = {"": int(run.experiment.source.get("text_lines", LINES)) * languages}
    total = sum(number * tokens(name) for name, number in read.items())
    if settings.steps is not None:
        return 6.0 * settings.steps * (size if unit == "tokens" else size * total / sum(read.values()))
    return 6.0 * (settings.epochs or 1) * total


def reading(run: Run, part: str) -> float:
    """Operations of a part's evaluation for each parameter: two a token."""
    experiment, total = run.experiment, 0
    for name in () if part == ENCODER else run.tasks(part):
        row, split = task(name), experiment.evaluation.split_of(name)
        for code in experiment.languages or row.languages:
            total += tokens(name) * (experiment.evaluation.examples or row.size(split, code) or EVALUATED)
    return 2.0 * total


def tokens(name: str) -> int:
    """Of an example of that task, about."""
    row = TASKS.get(name)
    real = row is not None and row.sources != ("miniature",)
    return TOKENS.get(row.format, TOKENS_ELSEWHERE) if row and real else TOKENS_ELSEWHERE


def rows(experiment: Experiment) -> dict[str, int]:
    """The rows of training sets, by task, as far as the generated world or the publishers say."""
    if experiment.source["kind"] == "miniature":
        from ..sources.miniature.settings import TRAIN

        return {**TRAIN, **experiment.source.get("train", {})}
    return {name: row.sizes["train"] for name, row in TASKS.items() if "train" in row.sizes}


def shape_of(experiment: Experiment) -> Shape:
    """Of the experiment's encoder; UserError where it is neither stated, nor in the table, nor to be read."""
    if "shape" not in experiment.remembered:
        experiment.remembered["shape"] = _shape_of(experiment)
    shape: Shape = experiment.remembered["shape"]
    return shape


def _shape_of(experiment: Experiment) -> Shape:
    model = experiment.model
    found = dict(shapes.known(model.architecture, model.path or model.package))
    if not found.keys() >= {"hidden_size", "num_hidden_layers", "intermediate_size"}:
        from transformers import AutoConfig  # takes seconds

        try:
            stated = {"pretrained_model_name_or_path": model.path, "revision": model.revision}
            config = AutoConfig.for_model(**found) if found else AutoConfig.from_pretrained(**stated)
        except (OSError, ValueError):
            known = nearest(str(model.path).rpartition("/")[2], shapes.PUBLISHED)
            said = f"The shape of {model.path} is not in the table and could not be read: {known}"
            raise UserError(said) from None
        found = {name: getattr(config, name, None) for name in SHAPING}
    if model.architecture is not None:
        found["vocab_size"] = model.vocabulary or model.architecture.get("vocab_size") or _pieces(experiment)
    return Shape.of({**found, "num_hidden_layers": model.layers or found["num_hidden_layers"]})


def _pieces(experiment: Experiment) -> int:
    """Of its source's tokenizer."""
    if experiment.source["kind"] != "miniature":
        return shapes.PIECES
    from ..sources import open_source

    tokenizer = open_source(experiment.source).tokenizer()
    return shapes.PIECES if tokenizer is None else len(tokenizer)


# On this machine.


def dry_run(experiment: Experiment, cores: int) -> None:
    """Print the jobs that are not done and what each is expected to cost."""
    pending = [job for job in jobs(experiment) if not job.done]
    if not pending:
        print("Nothing to do.")
        return
    known = measured(experiment)
    steps = {job.name: expected(job, known) for job in pending}
    for job in pending:
        basis = "measured before" if steps[job.name].measured else "estimated"
        print(f"{job.name}: {len(job.pending)} notebooks, {clock(steps[job.name].seconds)} ({basis})")
    total = sum(step.seconds for step in steps.values())
    wall = schedule(steps, max(1, cores // experiment.workflow.threads))
    print(f"{len(pending)} jobs, {clock(total)} of computing, about {clock(wall)} with {cores} cores.")
    if not all(step.measured for step in steps.values()):
        print(f"Estimates assume {CORE.rate:.0e} operations per second and core, {_assumed(experiment)}.")


def expected(job: Job, known: Mapping[tuple[str, ...], float]) -> Step:
    """The cost of what is left of a job, on one core."""
    if job.run is None:
        return Step(TABLES_SECONDS, needs=job.needs)
    seconds, every = 0.0, True
    for part in job.pending:
        before = known.get(_key(job.run.parameters(part)))
        every &= before is not None
        operations = shape_of(job.run.experiment).matrices * (
            training(job.run, part) + reading(job.run, part)
        )
        seconds += KERNEL_SECONDS + (operations / CORE.rate if before is None else before)
    return Step(seconds, needs=job.needs, measured=every)


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


def _assumed(experiment: Experiment) -> str:
    if experiment.source["kind"] == "miniature":
        return f"{TOKENS_ELSEWHERE} tokens an example"
    by_format = ", ".join(f"{number} ({name})" for name, number in TOKENS.items())
    return f"{by_format} or {TOKENS_ELSEWHERE} tokens an example"


# On GPUs.


@dataclass(frozen=True)
class Need:
    """What one part asks for: pretraining or an intermediate phase, a target, retrieval."""

    memory: float
    """Bytes of each GPU."""
    seconds: float
    advice: str = ""
    """What would make it fit; empty where it does."""
    gpus: int = 1
    """That it takes at a time."""
    disk: float = 0.0
    """Bytes that stay."""
    beside: float = 0.0
    """Bytes of its checkpoints while it runs."""
    runs: int = 1
    """How often it is done: once a seed."""


def needs(experiment: Experiment, device: Device) -> dict[tuple[str, str, str], Need]:
    """What each kind of part asks for, by encoder (empty: the main one), recipe and part."""
    found: dict[tuple[str, str, str], Need] = {}
    for run in all_runs(experiment):
        for part in run.parts:
            known = found.get(key := _kind(run, part))
            found[key] = replace(known, runs=known.runs + 1) if known else _need(run, part, device)
    return found


def _kind(run: Run, part: str) -> tuple[str, str, str]:
    return run.experiment.variant, run.recipe.name, part


def _need(run: Run, part: str, device: Device) -> Need:
    from ..training.checkpoint import KEPT  # with torch, which a graph of jobs has no use for

    shape = shape_of(run.experiment)
    rate, room = device.rate / shape.matrices, device.memory * 1e9
    memory, words, seconds = 0.0, "", reading(run, part) / rate + KERNEL_SECONDS
    if part != ENCODER:
        # What is evaluated stands whole on one GPU, whatever it was spread over before.
        kept = shape.activations(run.experiment.evaluation.tokens_per_batch, True)
        memory = 4.0 * shape.parameters + 2.0 * shape.matrices + kept + OVERHEAD
        words = "" if memory <= room else "too large to be evaluated"
    found = trained(run, part)
    if found is None:
        return Need(memory, seconds, words)
    settings, names = found[0], tuple(found[1])
    longest, masked = longest_update(settings, names), not names or "text" in {task(n).format for n in names}
    trains = shape.memory(settings, longest, masked)
    if trains >= memory:
        memory, words = trains, "" if trains <= room else advice(shape, settings, longest, masked, room)
    seconds += training(run, part) / rate / settings.processes
    # The oldest checkpoint goes when the newest is whole; weights go to several processes, and come back.
    beside = 12.0 * shape.moving(settings) * (KEPT + 1)
    beside += 8.0 * shape.parameters if settings.processes > 1 else 0.0
    kept = 4.0 * shape.parameters if part == ENCODER else 0.0
    return Need(memory, seconds, words, settings.processes, kept, beside)


def grid(experiment: Experiment, found: Mapping[tuple[str, str, str], Need]) -> dict[str, Step]:
    """The engine's jobs on GPUs, each of which does its parts one after another."""
    steps = {}
    for job in jobs(experiment):
        took = [found[_kind(job.run, part)] for part in job.parts] if job.run else []
        steps[job.name] = Step(sum(need.seconds for need in took) or TABLES_SECONDS, job.gpus, job.needs)
    return steps


def by(steps: Mapping[str, Step], gpus: int) -> tuple[float, float]:
    """Seconds that the steps take by so many GPUs, and the share of the GPUs' time in which they work."""
    end = schedule(steps, gpus)
    return end, sum(step.gpus * step.seconds for step in steps.values()) / (end * gpus)


def show(experiment: Experiment, device: Device, price: float | None = None) -> None:
    """Print the needs as a table for each of the experiment's encoders, and what all of them take; `price` is
    that of an hour of one GPU."""
    found = needs(experiment, device)
    for each in experiment.each_model():
        shape = shape_of(each)
        print(
            f"{each.name} on one {device.name} ({device.memory:g} GB): {each.model.name}, an encoder of "
            f"{shape.parameters / 1e6:,.1f} million parameters, {shape.embeddings / 1e6:,.1f} of them in "
            "embeddings."
        )
        _show(
            {f"{r}: {p.rpartition('/')[2]}": need for (v, r, p), need in found.items() if v == each.variant}
        )
    steps = grid(experiment, found)
    hours = sum(step.gpus * step.seconds for step in steps.values()) / 3600
    print(f"In all {hours:,.1f} hours of one {device.name}{_money(hours, price)}.")
    for gpus in GRIDS:
        end, busy = by(steps, gpus)
        paid = "" if price is None else f"{_money(end / 3600 * gpus, price)}, idle or not"
        words = f"{clock(end)}, working {busy:.0%} of it{paid}." if busy else "a training asks for more."
        print(f"By {gpus} GPUs: {words}")
    print(
        f"However many there are: {clock(schedule(steps))}, the longest chain of jobs.\n"
        f"Predicted from shapes, not measured: bfloat16 at {device.utilisation:.0%} of the GPU's peak, the "
        f"longest update of each training for the memory, {_assumed(experiment)} for the time."
    )


def _money(hours: float, price: float | None) -> str:
    return "" if price is None else f", {hours * price:,.2f} at {price:.2f} an hour"


def _show(rows: Mapping[str, Need]) -> None:
    width = max(map(len, rows))
    print(f"{'':{width}}  runs     memory       each   disk each")
    for what, row in rows.items():
        note = f"  on {row.gpus} GPUs" if row.gpus > 1 else ""
        note += f"  does not fit: {row.advice}" if row.advice else ""
        print(
            f"{what:{width}}  {row.runs:4}  {row.memory / GIB:7.1f} GiB  {clock(row.seconds):>9}"
            f"  {row.disk / GIB:6.1f} GiB{note}"
        )
    kept = sum(row.runs * row.disk for row in rows.values()) / GIB
    beside = max(row.beside for row in rows.values()) / GIB
    print(
        f"{sum(row.runs for row in rows.values())} parts, {kept:,.1f} GiB of encoders on disk, and "
        f"{beside:,.1f} GiB for the checkpoints of a training while it runs."
    )
