"""What an experiment will take, before it starts: time of each part, on a core or a GPU; of GPUs memory, disk
and money; and how long all of it takes by so many.

>>> dry_run(load_experiment("smoke"), cores=2)
>>> show(load_experiment("smoke"), costs.gpu("H100"), price=2.5)
>>> schedule({"encoder": Step(100.0), "one": Step(10.0, needs=("encoder",)), "two": Step(30.0)}, places=2)
110.0

A part that was done before on this machine, with these settings or others, is expected to take what it took
then. Any other takes what its tokens do at an assumed speed (costs.py); what is assumed is printed.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..common import manifest
from ..common.disk import read_json
from ..experiment import Experiment
from ..runs.run import Run, all_parts
from . import costs
from .graph import Job, jobs
from .monitor import clock

TABLES_SECONDS = 20.0  # of a job that reads results
GRIDS = (8, 64)  # GPUs by which a plan says how long it takes


@dataclass(frozen=True)
class Step:
    """Something to be done in one go, as the plan expects it."""

    seconds: float
    gpus: int = 1
    """Or other places; 0 = any machine does it, beside the rest."""
    needs: tuple[str, ...] = ()
    measured: bool = False
    """In an earlier run; else computed from the settings."""


def schedule(steps: Mapping[str, Step], places: float = math.inf) -> float:
    """Seconds until all steps are done, which stand in an order in which each comes after its needs.

    List scheduling: whenever places are free, that ready step starts from which the longest chain leads to
    the end. By infinitely many places this is the critical path; inf where a step needs more than there are.
    """
    if any(step.gpus > places for step in steps.values()):
        return math.inf
    left: dict[str, float] = defaultdict(float)  # from the end of each to the end of all
    followers: dict[str, list[str]] = defaultdict(list)
    for name, step in reversed(steps.items()):
        for need in step.needs:
            left[need] = max(left[need], step.seconds + left[name])
            followers[need].append(name)
    waits = {name: sum(need in steps for need in step.needs) for name, step in steps.items()}
    ready = [(-step.seconds - left[name], name) for name, step in steps.items() if not waits[name]]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and steps[ready[0][1]].gpus <= places:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + steps[name].seconds, name))
            places -= steps[name].gpus
        now, name = heapq.heappop(running)
        places += steps[name].gpus
        for follower in followers[name]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (-steps[follower].seconds - left[follower], follower))
    return now


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
        rate = costs.core_rate(costs.shape_of(experiment))
        print(f"Estimates assume {rate:.1e} operations per second and core, {_assumed(experiment)}.")


def expected(job: Job, known: Mapping[tuple[str, ...], float]) -> Step:
    """The cost of what is left of a job, on one core."""
    if job.run is None:
        return Step(TABLES_SECONDS, needs=job.needs)
    took = {part: known.get(_key(job.run.parameters(part))) for part in job.pending}
    each = (
        costs.seconds(job.run, part, costs.CORE) if before is None else costs.KERNEL_SECONDS + before
        for part, before in took.items()
    )
    return Step(sum(each), needs=job.needs, measured=None not in took.values())


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
        return f"{costs.TOKENS_ELSEWHERE} tokens an example"
    by_format = ", ".join(f"{number} ({name})" for name, number in costs.TOKENS.items())
    return f"{by_format} or {costs.TOKENS_ELSEWHERE} tokens an example"


# On GPUs.


def needs(experiment: Experiment, device: costs.Device) -> dict[tuple[str, str, str], costs.Need]:
    """What each kind of part asks for, by encoder (empty: the main one), recipe and part."""
    found: dict[tuple[str, str, str], costs.Need] = {}
    for run, part in all_parts(experiment):
        known = found.get(key := _kind(run, part))
        found[key] = replace(known, runs=known.runs + 1) if known else costs.need(run, part, device)
    return found


def _kind(run: Run, part: str) -> tuple[str, str, str]:
    return run.experiment.variant, run.recipe.name, part


def grid(experiment: Experiment, found: Mapping[tuple[str, str, str], costs.Need]) -> dict[str, Step]:
    """The engine's jobs on GPUs, each of which does its parts one after another."""
    steps = {}
    for job in jobs(experiment):
        took = [found[_kind(job.run, part)].seconds for part in job.parts] if job.run else []
        steps[job.name] = Step(sum(took) or TABLES_SECONDS, job.gpus, job.needs)
    return steps


def by(steps: Mapping[str, Step], gpus: int) -> tuple[float, float]:
    """Seconds that the steps take by so many GPUs, and the share of the GPUs' time in which they work."""
    end = schedule(steps, gpus)
    return end, sum(step.gpus * step.seconds for step in steps.values()) / (end * gpus)


def show(experiment: Experiment, device: costs.Device, price: float | None = None) -> None:
    """Print the needs as a table for each of the experiment's encoders, and what all of them take; `price` is
    that of an hour of one GPU."""
    found = needs(experiment, device)
    for each in experiment.each_model():
        shape = costs.shape_of(each)
        print(
            f"{each.name} on one {device.name} ({device.memory:g} GB): {each.model.name}, an encoder of "
            f"{shape.parameters / 1e6:,.1f} million parameters, {shape.embeddings / 1e6:,.1f} of them in "
            "embeddings."
        )
        _show({f"{r}: {p.rpartition('/')[2]}": row for (v, r, p), row in found.items() if v == each.variant})
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


def _show(rows: Mapping[str, costs.Need]) -> None:
    width = max(map(len, rows))
    print(f"{'':{width}}  runs     memory       each   disk each")
    for what, row in rows.items():
        note = f"  on {row.gpus} GPUs" if row.gpus > 1 else ""
        note += f"  does not fit: {row.advice}" if row.advice else ""
        print(
            f"{what:{width}}  {row.runs:4}  {row.memory / costs.GIB:7.1f} GiB  {clock(row.seconds):>9}"
            f"  {row.disk / costs.GIB:6.1f} GiB{note}"
        )
    kept = sum(row.runs * row.disk for row in rows.values()) / costs.GIB
    beside = max(row.beside for row in rows.values()) / costs.GIB
    print(
        f"{sum(row.runs for row in rows.values())} parts, {kept:,.1f} GiB of encoders on disk, and "
        f"{beside:,.1f} GiB for the checkpoints of a training while it runs."
    )
