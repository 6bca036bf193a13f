"""Doing one job of an experiment, in a process of its own: its notebooks, one after the other; a failure is
recorded and the rest goes on.

>>> do(graph.find(load_experiment("smoke"), "encoder/none.seed0"))

What the terminal shows and the last words of `xstilts run` come from the status file that a job keeps. The
process ends with 0, with 2 if every failure is a mistake of the user's, else with 1.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..common import disk, manifest, places, processes
from ..common.errors import UserError
from ..experiment import Experiment, load_experiment
from ..runs import identity, results
from ..runs.run import ENCODER
from . import graph, kernels
from .graph import Job
from .notebook import JobFailed, execute, make


def do(job: Job) -> None:
    """Have a process do `job`, and wait for it; RuntimeError where it failed."""
    with _gpus(job.gpus) as gpus:
        arguments = (job.experiment.name, job.name, gpus)
        process = processes.context().Process(target=_process, args=arguments)
        process.start()
        process.join()
    if process.exitcode:
        raise RuntimeError(f"{job.name} ended with exit code {process.exitcode}: its log says why.")


_users = Counter[str]()  # of each GPU, among the jobs of this process
_counting = threading.Lock()


@contextmanager
def _gpus(number: int) -> Iterator[dict[str, str]]:
    """The variable that names as many GPUs to a job, those with the fewest jobs; empty where there is none.

    How many jobs there are at once, Snakemake sees to.
    """
    with _counting:
        taken = sorted(processes.gpus(), key=_users.__getitem__)[:number]
        _users.update(taken)
    try:
        yield {processes.VISIBLE: ",".join(taken)} if processes.gpus() else {}
    finally:
        with _counting:
            _users.subtract(taken)


def open_lock(experiment: Experiment) -> IO[str]:
    """The file of which all that work for an experiment hold a shared lock, for the next run to wait for."""
    file: Path = experiment.root / "jobs" / ".lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("a+")


def _process(experiment: str, name: str, gpus: dict[str, str]) -> None:
    """What the process of a job does. It forks its kernels first, while it runs a single thread."""
    os.environ.update(gpus)
    os.chdir(places.home())
    job = graph.find(load_experiment(experiment), name)
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open("wb") as log, open_lock(job.experiment) as lock:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
        fcntl.flock(lock, fcntl.LOCK_SH)
        for evaluation in (True, False):  # hashed once, for all kernels
            identity.code(job.experiment.source["kind"], evaluation)
        kernels.fork(len(job.notebooks))
        processes.die_with_parent()
        sys.exit(work(job))


def work(job: Job) -> int:
    """Make what is left of `job`, keeping its status file; returns the exit code."""
    began, parts, failures = time.monotonic(), max(len(job.parts), 1), list[JobFailed]()
    done = parts - len(job.pending)

    def report(state: str, part: str | None = None) -> None:
        progress = job.run.part_directory(part) / "progress.json" if job.run and part else None
        if progress:
            progress.unlink(missing_ok=True)
        seconds = round(time.monotonic() - began, 1)
        status = {"state": state, "seconds": seconds, "part": part, "done": done, "parts": parts}
        said = [{"kind": failure.kind, "said": str(failure)} for failure in failures]
        disk.write_json(job.status, status | {"progress": progress and str(progress), "failures": said})

    for part in job.pending:
        report("running", part)
        try:
            if job.run:
                make(job.run, part)
            else:
                write_pages(job)
            done += 1
        except Exception as error:
            failures.append(_failure(job, error))
            print(failures[-1], file=sys.stderr, flush=True)
            if part == ENCODER:
                break  # everything else needs it
    report("failed" if failures else "done")
    if failures:
        return 2 if all(failure.kind == "user" for failure in failures) else 1
    job.marker.parent.mkdir(parents=True, exist_ok=True)
    job.marker.touch()
    return 0


def _failure(job: Job, error: Exception) -> JobFailed:
    """What went wrong in a notebook or, outside of one, in the job."""
    if isinstance(error, JobFailed):
        return error
    if isinstance(error, UserError):
        return JobFailed(job.name, None, str(error), job.log, "user")
    traceback.print_exception(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return JobFailed(job.name, None, "the disk is full", job.log, "user")
    return JobFailed(job.name, None, f"{type(error).__name__}: {error}", job.log, "internal")


def write_pages(job: Job) -> None:
    """Execute the notebooks that read results; those of an experiment's own tables collect them first."""
    experiment, group = job.experiment, job.group
    began = time.monotonic()
    group.folder.mkdir(parents=True, exist_ok=True)
    (group.folder / manifest.NAME).unlink(missing_ok=True)
    outputs = [results.write(experiment)] if group.label == "tables" else []
    for name, output in group.notebooks:
        outputs.append(execute(name, output, {"experiment": group.about.name}))
    manifest.write_manifest(
        group.folder,
        parameters={"experiment": group.about.name},
        outputs=outputs,
        seconds=time.monotonic() - began,
        extra={"fingerprint": group.fingerprint()},
    )
