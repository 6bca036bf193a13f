"""Doing one job of an experiment: its notebooks, one after the other; a failure is recorded and the rest goes
on.

    python -m xstilts_lib.jobs EXPERIMENT JOB

What the terminal shows and the last words of `xstilts run` come from the status file that a job keeps. Exit
codes: 0, 2 if every failure is a mistake of the user's, else 1.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from typing import Any, Literal

from . import disk, graph, manifest, places, processes, results
from .errors import UserError
from .experiment import load_experiment
from .graph import Job
from .notebook import JobFailed, execute, make
from .runs import ENCODER


def main(argv: list[str]) -> int:
    """Do the job `argv[1]` of experiment `argv[0]`; returns the exit code."""
    processes.die_with_root()
    try:
        job = graph.find(load_experiment(argv[0]), argv[1])
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return Worker(job).work()


class Worker:
    """One job on its way, and the status file that says how far it is."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.started = time.time()
        self.failures: list[dict[str, Any]] = []
        self.done = 0

    def work(self) -> int:
        pending = self.job.pending
        self.done = max(len(self.job.parts), 1) - len(pending)
        for part in pending:
            self._report("running", part)
            try:
                self._make(part)
                self.done += 1
            except JobFailed as failure:
                self._failed(failure)
            except UserError as error:
                self._failed(JobFailed(self.job.name, None, str(error), self.job.log, "user"))
            except Exception as error:
                traceback.print_exc()
                full = isinstance(error, OSError) and error.errno == errno.ENOSPC
                words = "the disk is full" if full else f"{type(error).__name__}: {error}"
                kind: Literal["user", "internal"] = "user" if full else "internal"
                self._failed(JobFailed(self.job.name, None, words, self.job.log, kind))
            if self.failures and part == ENCODER:
                break  # everything else needs it
        self._report("failed" if self.failures else "done", None)
        if self.failures:
            return 2 if all(failure["kind"] == "user" for failure in self.failures) else 1
        self.job.marker.parent.mkdir(parents=True, exist_ok=True)
        self.job.marker.touch()
        return 0

    def _make(self, part: str) -> None:
        if self.job.run is None:
            write_pages(self.job)
        else:
            make(self.job.run, part)

    def _failed(self, failure: JobFailed) -> None:
        self.failures.append(failure.as_record())
        print(failure, file=sys.stderr, flush=True)

    def _report(self, state: str, part: str | None) -> None:
        run = self.job.run
        progress = (
            run.part_directory(part) / "progress.json" if run and part and part != graph.PAGES else None
        )
        if progress:
            progress.unlink(missing_ok=True)
        disk.write_json(
            self.job.status,
            {
                "state": state,
                "pid": os.getpid(),
                "started": self.started,
                "seconds": round(time.time() - self.started, 1),
                "part": part,
                "done": self.done,
                "parts": max(len(self.job.parts), 1),
                "progress": str(progress) if progress else None,
                "failures": self.failures,
            },
        )


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


if __name__ == "__main__":
    os.chdir(places.home())
    sys.exit(main(sys.argv[1:]))
