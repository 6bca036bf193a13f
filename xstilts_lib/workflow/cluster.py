"""What a run has handed to Slurm outlives it, so it is looked for by a name, and ended.

The name is kept beside the jobs' lock from before the first submission until none of them is left, also by a
run that was killed: the next one finds it there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

from ..common import disk
from ..common.errors import UserError
from ..experiment import Experiment

PATIENCE = 120.0  # seconds; Slurm itself gives a job 30 to end before it is killed


def begin(experiment: Experiment) -> list[str]:
    """The arguments with which Snakemake submits jobs that `cancel` will find.

    UserError where there is no Slurm, or no plugin for it.
    """
    if not shutil.which("sbatch"):
        raise UserError(
            "There is no Slurm on this machine (no sbatch): run on a login node, or --profile laptop."
        )
    if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        raise UserError("Slurm needs a package more: pip install snakemake-executor-plugin-slurm")
    name = f"xstilts-{uuid.uuid4().hex[:12]}"
    disk.write(_file(experiment), name)
    return ["--slurm-jobname-prefix", name]


def cancel(experiment: Experiment) -> None:
    """End all that was submitted for `experiment`, by this run or an earlier one, and wait until it is gone.

    UserError where Slurm does not answer, or does not end them.
    """
    if not _file(experiment).exists():
        return
    name, ended, limit = _file(experiment).read_text(), set[str](), time.monotonic() + PATIENCE
    quiet = 0  # a submission may be on its way when who made it is killed
    while quiet < 2:
        listed = _slurm("squeue", "--noheader", f"--user={os.getuid()}", "--format=%A %j").splitlines()
        left = {line.split()[0] for line in listed if f" {name}" in line}
        if left - ended:
            print(f"Ending {len(left - ended)} jobs on the cluster.", file=sys.stderr, flush=True)
            _slurm("scancel", *sorted(left - ended))
        ended |= left
        quiet = 0 if left else quiet + 1
        if time.monotonic() > limit:
            raise UserError(
                f"Slurm does not end jobs {', '.join(sorted(left))}: see `squeue`, then run again."
            )
        time.sleep(1)
    _file(experiment).unlink()


def ask_evenly() -> None:
    """Have Snakemake ask Slurm how jobs stand at one interval, `slurm-init-seconds-before-status-checks`.

    Left to itself the plugin waits ten seconds longer each time that nothing has ended, up to three minutes,
    and no setting changes that; a cluster that forgets ended jobs sooner would never tell it of them.
    """
    if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        return
    from snakemake_executor_plugin_slurm import Executor

    def seconds(executor: Executor) -> int:
        stated: int = executor.workflow.executor_settings.init_seconds_before_status_checks
        return stated

    # What the plugin would set instead is dropped.
    Executor.next_seconds_between_status_checks = property(seconds, lambda executor, longer: None)


def _file(experiment: Experiment) -> Path:
    place: Path = experiment.root / "jobs" / ".slurm"
    return place


def _slurm(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"Slurm's {command[0]} does not answer: {error}") from None
    if done.returncode:
        raise UserError(f"Slurm's {command[0]} says: {done.stderr.strip() or done.returncode}")
    return done.stdout
