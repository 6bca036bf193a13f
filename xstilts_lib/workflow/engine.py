"""Running an experiment: the workflow engine, and the terminal that follows it.

Killed at any moment, even with SIGKILL, the same command goes on where it was: parts that have a manifest are
done, and no process of the killed run outlives it long enough to race, for the next run waits until they have
let go of their lock.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

import yaml

from .. import experiment as experiments
from ..common import arithmetic, places, processes
from ..common.errors import UserError
from ..experiment import Experiment
from . import cluster
from .graph import Job, jobs
from .jobs import open_lock
from .monitor import Monitor

STOPPED = 130  # the exit code after Ctrl-C


def run(experiment: Experiment, cores: int, profile: str = "laptop", jobs_per_gpu: int = 1) -> int:
    """Do what is left of `experiment`; returns the exit code: 0, 1, 2 (the user's mistakes) or 130.

    On this machine, a GPU has `jobs_per_gpu` jobs at once; on a cluster, the cluster shares its GPUs out.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # to be told to end is like Ctrl-C
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        with lock(experiment):
            return _run(experiment, cores, profile, jobs_per_gpu)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return STOPPED


def _run(experiment: Experiment, cores: int, profile: str, jobs_per_gpu: int) -> int:
    graph = jobs(experiment)
    if all(job.done for job in graph):
        print(f"Nothing to do: all {len(graph)} jobs of {experiment.name!r} are done.")
        return 0
    experiment.open_source()  # refuses what is wrong with the data before anything runs
    _refresh(graph)
    log = experiment.root / "jobs" / "snakemake.log"
    options = snakemake(experiment, cores, profile, jobs_per_gpu)
    arguments = (options, environment(experiment), log)
    engine = multiprocessing.get_context("spawn").Process(target=_engine, args=arguments)
    monitor = Monitor(graph)
    try:
        engine.start()
        while engine.is_alive():
            monitor.update()
            engine.join(0.5)
    finally:
        _end(engine)
        monitor.close()
        cluster.cancel(experiment)
    return _verdict(experiment, log)


def snakemake(experiment: Experiment, cores: int, profile: str, jobs_per_gpu: int = 1) -> list[str]:
    """The arguments with which Snakemake runs an experiment."""
    folder = profile_folder(profile)
    executor = (yaml.safe_load((folder / "config.yaml").read_text()) or {}).get("executor", "local")
    # Elsewhere, cores and GPUs are those of the nodes.
    limits = ["--cores", str(cores)] if executor == "local" else []
    if executor == "slurm":
        limits = cluster.begin(experiment)
    elif executor == "local" and (gpus := processes.gpus()):
        limits += ["--resources", f"gpu={len(gpus) * jobs_per_gpu}"]
    return [
        "--snakefile", str(places.home() / "workflow" / "Snakefile"),
        "--profile", str(folder), "--directory", str(experiment.root),
        "--config", f"experiment={experiment.name}.yaml",  # 010 alone would be a number there
        "--force-use-threads",  # its own process starts all jobs, so that they come from one fork server
        *limits,
    ]  # fmt: skip


def _engine(arguments: list[str], variables: Mapping[str, str], log: Path) -> None:
    """The process of the engine, and of all that it starts."""
    os.setsid()  # Ctrl-C is for `xstilts run`, which ends them all
    processes.die_with_parent()
    os.environ.update(variables)
    with log.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    from snakemake.cli import main

    cluster.ask_evenly()
    main(arguments)


def _end(engine: BaseProcess) -> None:
    """End the engine and all that it has started, and wait until it is gone."""
    if engine.is_alive():
        with suppress(ProcessLookupError):  # where it has had no time yet to lead a group
            os.killpg(engine.pid, signal.SIGKILL)  # type: ignore[arg-type]
        engine.kill()
        engine.join()


def environment(experiment: Experiment) -> dict[str, str]:
    """What every process of an experiment has set, so that all compute the same to the bit."""
    threads = str(experiment.workflow.threads)
    variables = {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "RAYON_NUM_THREADS": threads,
        # Started at import, it would be there before the fork; the sums that matter are torch's.
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "TOKENIZERS_PARALLELISM": "true" if experiment.workflow.threads > 1 else "false",
        "PYTHONHASHSEED": "0",
        # Read at import too: where kernels draw, and that their debugger does not warn of itself.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    variables |= arithmetic.variables(experiment.workflow.arithmetic)
    variables[experiments.LABELLED] = str(experiment.file)  # who starts them has opened its source
    if experiments.FOLDER in experiment.source:
        variables[experiments.DATA] = str(Path(experiment.source[experiments.FOLDER]).resolve())
    # Always: where the variable is set already, it may name a folder with another experiment of this name.
    variables[experiments.EXPERIMENTS] = str(experiment.file.parent)
    return variables


def profile_folder(name: str) -> Path:
    """The folder of a profile of the engine: one of the checkout's, or the user's own."""
    ours = places.home() / "workflow" / "profiles"
    for folder in (ours / name, Path(name)):
        if (folder / "config.yaml").is_file():
            return folder
    known = sorted(path.parent.name for path in ours.glob("*/config.yaml"))
    raise UserError(
        f"There is no profile {name!r}: take one of {', '.join(known)}, or a folder with a config.yaml."
    )


@contextmanager
def lock(experiment: Experiment, patience: float = 30.0) -> Iterator[None]:
    """Hold an experiment's run directories.

    UserError while another `xstilts run` is alive; the remains of a killed one are waited for.
    """
    with open_lock(experiment) as remains, (experiment.root / ".lock").open("a+") as own:
        if not _try_lock(own):
            own.seek(0)
            raise UserError(
                f"{experiment.name!r} is being run already, by process {own.read()}: wait for it, or stop it."
            )
        own.truncate(0)
        own.write(str(os.getpid()))
        own.flush()
        cluster.cancel(experiment)
        limit = time.monotonic() + patience
        while not _try_lock(remains):
            if time.monotonic() > limit:
                name = experiment.name
                raise UserError(f"Jobs of an earlier run of {name!r} are still at work: wait, or stop them.")
            time.sleep(0.1)
        fcntl.flock(remains, fcntl.LOCK_UN)  # for the jobs to come
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refresh(graph: list[Job]) -> None:
    """Bring the markers, by which the engine goes, in line with the manifests, by which we go."""
    for job in graph:
        job.status.unlink(missing_ok=True)
        if not job.done:
            job.marker.unlink(missing_ok=True)
        elif not job.marker.exists():
            job.marker.parent.mkdir(parents=True, exist_ok=True)
            job.marker.touch()


def _verdict(experiment: Experiment, log: Path) -> int:
    """Say what failed and where to look; returns the exit code."""
    graph = jobs(experiment)  # anew: nothing remembered from before the run
    failures = [failure for job in graph for failure in job.told.get("failures", [])]
    waiting = [job for job in graph if not job.done and job.told.get("state") != "failed"]
    for failure in failures:
        print(f"Failed: {failure['said']}", file=sys.stderr)
    killed = [job for job in waiting if job.told.get("state") == "running"]
    for job in killed:
        said = f"{job.name} was killed, by somebody or for want of memory or time"
        print(f"Failed: {said} (log: {places.relative(job.log)})", file=sys.stderr)
    waiting = [job for job in waiting if job not in killed]
    if failures or killed:
        if waiting:
            print(f"{len(waiting)} jobs that need them were not started.", file=sys.stderr)
        return 1 if killed or any(failure["kind"] != "user" for failure in failures) else 2
    if waiting:
        left = f"with {len(waiting)} jobs to do (log: {places.relative(log)})"
        print(f"The workflow engine ended early, {left}.", file=sys.stderr)
        return 1
    return 0
