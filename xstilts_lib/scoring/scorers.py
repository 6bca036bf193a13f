"""Which reader, metrics and headline a task has: the only place where its metric decides anything.

>>> scorer("panx").headline, scorer("mini_tydiqa").suffix
(('f1',), 'json')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.errors import UserError
from ..tasks import task
from . import answers, labels, retrieval, tags, unanswerable

if TYPE_CHECKING:
    import numpy as np

Read = Callable[[Path, Path, tuple[str, ...]], tuple[Any, Any]]
Metrics = Callable[[Any, Any, str], dict[str, float]]
Examples = Callable[[Any, Any, str], "np.ndarray"]


@dataclass(frozen=True)
class Scorer:
    """From the files of one language to its metrics."""

    suffix: str
    """Of the files: tsv, json or jsonl."""
    read: Read
    """(prediction file, label file, known labels) -> (gold, predicted)"""
    metrics: Metrics
    """(gold, predicted, language) -> {name: percent}"""
    examples: Examples
    """(gold, predicted, language) -> percent of each example, or counts, as `example_scores` has them"""
    headline: tuple[str, ...]
    """The metrics whose mean is the task's score."""


_LINES = Scorer("tsv", labels.read, labels.accuracy, labels.examples, ("accuracy",))
_PLACES = Scorer("tsv", labels.read_places, labels.accuracy, labels.examples, ("accuracy",))
_CHOICES = Scorer("jsonl", labels.read_choices, labels.accuracy, labels.examples, ("accuracy",))
_TOKENS = Scorer("tsv", tags.read, tags.token_accuracy, tags.token_counts, ("token_accuracy",))
_POS = Scorer("tsv", tags.read, tags.pos, tags.entity_counts, ("f1",))
_DUPLICATES = Scorer("tsv", labels.read, labels.accuracy_and_f1, labels.examples, ("accuracy",))
_ANSWERS = ("f1", "exact_match")

# By metric, and where one metric serves several formats, by metric and format.
SCORERS: Mapping[str, Scorer] = {
    "accuracy": _LINES,
    "accuracy choice": _CHOICES,
    "accuracy tags": _TOKENS,
    "tag_f1": Scorer("tsv", tags.read, tags.entity_f1, tags.entity_counts, ("f1",)),
    "squad": Scorer("json", answers.read, answers.squad, answers.squad_examples, _ANSWERS),
    "squad_v2": Scorer("json", unanswerable.read, unanswerable.squad_v2, unanswerable.examples, _ANSWERS),
    "mlqa": Scorer("json", answers.read, answers.mlqa, answers.mlqa_examples, _ANSWERS),
    "bucc": Scorer("tsv", retrieval.read_pairs, retrieval.pair_metrics, retrieval.pair_counts, ("f1",)),
    "tatoeba": _PLACES,
    "map@20": Scorer("json", retrieval.read_rankings, retrieval.mean_average_precision,
                     retrieval.average_precisions, ("map@20",)),
}  # fmt: skip


def scorer(name: str) -> Scorer:
    """The scorer of a task of the table; UserError with the nearest name for a task that has none."""
    row = task(name)
    if row.metric == "tag_f1" and "O" not in row.labels:
        return _POS
    if row.counterpart == "qqp":
        return _DUPLICATES
    found = SCORERS.get(f"{row.metric} {row.format}") or SCORERS.get(row.metric)
    if found is None:
        raise UserError(f"{name} has no prediction files to score (its metric is {row.metric}).")
    return found


def known_labels(name: str) -> tuple[str, ...]:
    """The labels that the task's files may hold, of choices their numbers; () where any may stand."""
    row = task(name)
    return row.labels or tuple(map(str, range(row.choices)))
