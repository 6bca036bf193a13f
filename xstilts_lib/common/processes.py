"""The processes of a run: each is started by the one before it, and dies with it.

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
import signal
import sys
import tempfile
import threading
from multiprocessing.context import BaseContext

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
