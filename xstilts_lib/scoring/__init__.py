"""Prediction files in, numbers out, as the benchmarks' own code gives them.

>>> from xstilts_lib import scoring
>>> scoring.score_benchmark("predictions", "labels", "xtreme")["tasks"]["xnli"]["score"]   # doctest: +SKIP
79.2
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .benchmark import (
    BENCHMARKS,
    combine,
    example_scores,
    file_name,
    headline,
    score_benchmark,
    score_language,
    score_task,
    summary,
)
from .scorers import scorer

__all__ = [
    "BENCHMARKS",
    "combine",
    "example_scores",
    "file_name",
    "headline",
    "score_benchmark",
    "score_command",
    "score_language",
    "score_task",
    "scorer",
    "summary",
]


def score_command(predictions: Path | str, labels: Path | str, benchmark: str = "xtreme") -> dict[str, Any]:
    """What `xstilts score PREDICTIONS LABELS --benchmark BENCHMARK` writes, ready for json.dump."""
    return score_benchmark(predictions, labels, benchmark)
