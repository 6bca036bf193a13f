"""Running an experiment: the workflow engine, the warm process beside it, and the terminal that follows both.

Killed at any moment, even with SIGKILL, the same command goes on where it was: parts that have a manifest are
done, and no process of the killed run outlives it long enough to race, for all of them hold the lock that the
next run waits for.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from . import arithmetic, places, warm
from . import experiment as experiments
from .errors import UserError
from .experiment import Experiment
from .graph import Job, jobs
from .monitor import Monitor, read_status
from .processes import LOCK, ROOT, alive, die_with_parent, end

STOPPED = 130  # the exit code after Ctrl-C


def run(experiment: Experiment, cores: int, profile: str = "laptop") -> int:
    """Do what is left of `experiment`; returns the exit code: 0, 1, 2 (the user's mistakes) or 130."""
    try:
        with _interruptible(), lock(experiment) as held:
            return _run(experiment, cores, profile, held)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return STOPPED


def _run(experiment: Experiment, cores: int, profile: str, held: IO[str]) -> int:
    graph = jobs(experiment)
    if all(job.done for job in graph):
        print(f"Nothing to do: all {len(graph)} jobs of {experiment.name!r} are done.")
        return 0
    experiment.open_source()  # refuses what is wrong with the data before anything runs
    _refresh(graph)
    engine = Engine(experiment, cores, profile, held)
    monitor = Monitor(graph)
    try:
        engine.start()
        while engine.running():
            monitor.update()
            time.sleep(0.5)
    finally:
        engine.stop()
        monitor.close()
    return _verdict(experiment, engine)


class Engine:
    """Snakemake and, where possible, the warm process: two children that end with this process, whatever ends
    it.
    """

    def __init__(self, experiment: Experiment, cores: int, profile: str, held: IO[str]) -> None:
        self.experiment, self.cores, self.profile, self.held = experiment, cores, profile, held
        self.warm: subprocess.Popen[bytes] | None = None
        self.snakemake: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="xs-", dir="/tmp" if Path("/tmp").is_dir() else None))
        self.log = experiment.root / "jobs" / "snakemake.log"

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if warm.possible() and self.profile == "laptop":
            socket = str(self.folder / "warm")
            self.warm = self._spawn([sys.executable, "-m", "xstilts_lib.warm", socket], "warm.log", {})
            while not Path(socket).exists() and self.warm.poll() is None:
                time.sleep(0.02)
        self._start_snakemake()

    def _start_snakemake(self) -> None:
        extra = {warm.SOCKET: str(self.folder / "warm")} if self.warm else {}
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(places.home() / "workflow" / "Snakefile"),
            "--profile", str(profile_folder(self.profile)), "--directory", str(self.experiment.root),
            "--config", f"experiment={self.experiment.name}.yaml",  # 010 alone would be a number there
            "--cores", str(self.cores),
        ]  # fmt: skip
        self.snakemake = self._spawn(command, "snakemake.log", extra)

    def _spawn(self, command: list[str], log: str, extra: Mapping[str, str]) -> subprocess.Popen[bytes]:
        descriptor = self.held.fileno()
        settings = {LOCK: str(descriptor), ROOT: str(os.getpid())}
        env = {**os.environ, **environment(self.experiment), **settings, **extra}
        with (self.log.parent / log).open("wb") as stream:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=env,
                pass_fds=(descriptor,), start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip

    def running(self) -> bool:
        """Whether there is more to come. Where the warm process cannot work, ordinary ones take over."""
        assert self.snakemake is not None
        if self.warm is not None and self.warm.poll() is not None and self.snakemake.poll() is None:
            end(self.snakemake)
            self.warm = None
            self._start_snakemake()
        return self.snakemake.poll() is None

    def stop(self) -> None:
        """End every process: snakemake first, so that it starts nothing new."""
        for process in (self.snakemake, self.warm):
            if process is not None:
                end(process)
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)
        if self.folder.is_dir():
            self.folder.rmdir()


def environment(experiment: Experiment) -> dict[str, str]:
    """What every process of an experiment has set, warm or not, so that both compute the same to the bit."""
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
    for folder in (places.home() / "workflow" / "profiles" / name, Path(name)):
        if (folder / "config.yaml").is_file():
            return folder
    known = sorted(
        path.parent.name for path in (places.home() / "workflow" / "profiles").glob("*/config.yaml")
    )
    raise UserError(
        f"There is no profile {name!r}: take one of {', '.join(known)}, or a folder with a config.yaml."
    )


@contextmanager
def lock(experiment: Experiment, patience: float = 30.0) -> Iterator[IO[str]]:
    """Hold an experiment's run directories for this process and its children.

    UserError while another `xstilts run` is alive; the remains of a killed one are waited for.
    """
    path = experiment.root / ".lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        limit = time.monotonic() + patience
        while not _try_lock(file):
            file.seek(0)
            holder = file.read().strip()
            if (holder.isdigit() and alive(int(holder))) or time.monotonic() > limit:
                raise UserError(
                    f"{experiment.name!r} is being run already, by process {holder}: wait for it, or stop it."
                )
            time.sleep(0.1)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield file


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


@contextmanager
def _interruptible() -> Iterator[None]:
    """Within it, being told to end (SIGTERM, SIGHUP) is like Ctrl-C."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _verdict(experiment: Experiment, engine: Engine) -> int:
    """Say what failed and where to look; returns the exit code."""
    graph = jobs(experiment)  # anew: nothing remembered from before the run
    failures = [failure for job in graph for failure in read_status(job).get("failures", [])]
    waiting = [job for job in graph if not job.done and read_status(job).get("state") != "failed"]
    for failure in failures:
        where = failure["notebook"] + (f", cell {failure['cell']}" if failure["cell"] is not None else "")
        print(
            f"Failed: {where}: {failure['error']} (log: {places.relative(failure['log'])})", file=sys.stderr
        )
    if failures:
        if waiting:
            print(f"{len(waiting)} jobs that need them were not started.", file=sys.stderr)
        return 2 if all(failure["kind"] == "user" for failure in failures) else 1
    if waiting:
        log = places.relative(engine.log)
        print(
            f"The workflow engine ended early, with {len(waiting)} jobs to do (log: {log}).", file=sys.stderr
        )
        return 1
    return 0
