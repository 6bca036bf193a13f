"""Run directories, manifests, results, records; what a run reads and when it is done.

>>> from xstilts_lib.runs import Run, results                                               # doctest: +SKIP
"""

from .run import ENCODER, RETRIEVAL, TARGETS, Run, all_parts, all_runs, runs_of_model

__all__ = ["ENCODER", "RETRIEVAL", "TARGETS", "Run", "all_parts", "all_runs", "runs_of_model"]
