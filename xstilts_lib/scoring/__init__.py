"""Prediction files in, numbers out, as the benchmarks' own code gives them.

>>> from xstilts_lib import scoring
>>> scoring.score_benchmark("predictions", "labels", "xtreme")["tasks"]["xnli"]["score"]   # doctest: +SKIP
79.2
"""

from .benchmark import BENCHMARKS, example_scores, file_name, headline, score_benchmark, score_task, scorer

__all__ = [
    "BENCHMARKS", "example_scores", "file_name", "headline", "score_benchmark", "score_task", "scorer",
]  # fmt: skip
