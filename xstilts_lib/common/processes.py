"""The processes of a run: how many there may be, the GPUs for them, and how each starts the next, which
dies with it.

    python -m xstilts_lib.common.processes                    how many cores there are to use

    xstilts run  ->  snakemake  ->  a process for each job  ->  a kernel for each of its notebooks

Importing torch, transformers and datasets costs some ten seconds of a processor, and an experiment executes
hundreds of notebooks. On Linux the standard library's fork server therefore imports everything heavy once,
and forks a process for each job, which forks its kernels (kernels.py). In each of them nothing has been
computed: no thread pool, no random state beyond what an import leaves, no device. On other systems forking is
not safe, and all are started afresh.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.context import BaseContext
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
FORKING = sys.platform == "linux"
# What notebooks and the jobs around them import; the order is that of their cost. Matplotlib's inline backend
# is not among them: imported before there is a kernel, it never draws into one.
HEAVY = (
    "torch", "transformers.models.xlm_roberta.modeling_xlm_roberta", "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto", "datasets", "accelerate", "pandas", "matplotlib.pyplot",
    "seaborn", "scipy.stats", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger",
    "IPython.core.completerlib", "IPython.core.oinspect", "IPython.extensions.storemagic", "sqlite3",
    "tornado.platform.asyncio", "safetensors.numpy", "papermill", "nbclient", "xstilts_lib.training.loop",
    "xstilts_lib.evaluation.evaluate", "xstilts_lib.scoring", "xstilts_lib.mining",
    "xstilts_lib.analysis.figures", "xstilts_lib.runs.pretraining", "xstilts_lib.evaluation.retrieval",
    "xstilts_lib.runs.results", "xstilts_lib.workflow.notebook", "xstilts_lib.sources.miniature",
    "xstilts_lib.workflow.jobs", "xstilts_lib.workflow.kernels",
)  # fmt: skip


def context() -> BaseContext:
    """How processes of jobs are started."""
    if not FORKING:
        return multiprocessing.get_context("spawn")
    tempfile.tempdir = "/tmp"  # a Unix socket's path may have about a hundred characters, a TMPDIR has more
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(list(HEAVY))
    return forking


def die_with_parent() -> None:
    """End this process, started by `multiprocessing`, once its parent has ended, however that did."""
    if sys.platform == "linux":  # at once, even from within C: where it was forked, the fork server counts
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def surroundings(variables: Mapping[str, str]) -> Iterator[None]:
    """Have these variables set in the environment, inside."""
    before = os.environ.copy()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@cache
def gpus() -> tuple[str, ...]:
    """The names, as CUDA knows them, of the GPUs that this process may use, where they are NVIDIA's."""
    given = os.environ.get(VISIBLE)
    if given is not None:
        return tuple(name.strip() for name in given.split(",") if name.strip() not in ("", "-1"))
    try:
        told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    parts = re.findall(r"UUID: (MIG-[^)]+)", told.stdout)  # what a GPU has been divided into, if it has
    return tuple(parts or re.findall(r"UUID: (GPU-[^)]+)", told.stdout))


def cores(system: Path = Path("/")) -> int:
    """Whole cores by affinity and by the quotas of the control group, whichever is less; at least 1.

    `system` is the root of the file system in which Linux tells of control groups (proc/, sys/fs/cgroup/).
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on a Mac
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([allowed, *map(int, _quotas(system))]))


def _quotas(system: Path) -> Iterator[float]:
    """The cores that the control group of this process, and each one around it, may keep busy."""
    with suppress(OSError, ValueError):  # no Linux, or one that does not tell
        for line in (system / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            # Version 2 has no controllers in the line, and one tree; version 1 has a tree for each.
            top = system / "sys/fs/cgroup" / ("cpu" if controllers else "")
            group = top / path.lstrip("/")  # absent where a container sees its own group as the top
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from _quota(folder)


def _quota(folder: Path) -> Iterator[float]:
    """What one group says: `cpu.max` holds quota and period, in version 1 they are two files."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if float(quota) > 0:  # no limit is "max", which is no number, in version 1 it is -1
            yield float(quota) / float(period)


if __name__ == "__main__":
    print(cores())
