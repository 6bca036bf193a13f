"""SQuAD v2.0: questions without an answer, and the threshold from which a system should say so.

A system may give, beside its answers, the probability that there is none; "exact_match" and "f1" score the
answers as they stand, "best_exact_match" and "best_f1" at the threshold that serves each best (the official
script's "best").

>>> best([1.0, 0.0], [True, False], ["x", "y"], [0.1, 0.9])
(100.0, 0.1)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UserError
from . import reading
from .answers import Gold, overlap_v2, squad_normalised

if TYPE_CHECKING:
    import numpy as np


class Prediction(NamedTuple):
    answers: dict[str, str]
    """{question id: text, '' for no answer}"""
    no_answer: dict[str, float] | None
    """{question id: probability or score of there being none}; None where the system gives none."""


class Row(NamedTuple):
    question: str
    exact: float
    f1: float
    answerable: bool


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Gold, Prediction]:
    """(gold, predicted); beside `test-en.json` may stand `test-en.no_answer.json`, the probabilities."""
    gold = list(reading.questions(labels))
    if not gold:
        raise UserError(f"{labels} holds no question.")
    beside = predictions.with_suffix(".no_answer.json")
    return gold, Prediction(reading.answers(predictions), _probabilities(beside) if beside.exists() else None)


def _probabilities(path: Path) -> dict[str, float]:
    found = reading.json_object(path)
    for question, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{path}: {question!r} has {value!r} where a number is expected.")
    return found


def squad_v2(gold: Gold, predicted: Prediction, language: str) -> dict[str, float]:
    """Exact match and F1 in percent, over the questions that have a prediction, as the official script."""
    rows = _rows(gold, predicted)
    exact, f1 = [row.exact for row in rows], [row.f1 for row in rows]
    metrics = {"exact_match": 100.0 * sum(exact) / len(rows), "f1": 100.0 * sum(f1) / len(rows)}
    if predicted.no_answer is None:
        return metrics
    if missing := [row.question for row in rows if row.question not in predicted.no_answer]:
        raise UserError(
            f"{len(missing)} questions have no probability of having no answer, the first is {missing[0]!r}."
        )
    answerable = [row.answerable for row in rows]
    texts = [predicted.answers[row.question] for row in rows]
    doubts = [predicted.no_answer[row.question] for row in rows]
    best_exact, exact_threshold = best(exact, answerable, texts, doubts)
    best_f1, f1_threshold = best(f1, answerable, texts, doubts)
    return metrics | {
        "best_exact_match": best_exact,
        "best_exact_match_threshold": exact_threshold,
        "best_f1": best_f1,
        "best_f1_threshold": f1_threshold,
    }


def best(
    scores: Sequence[float], answerable: Sequence[bool], texts: Sequence[str], doubts: Sequence[float]
) -> tuple[float, float]:
    """(percent, threshold): the best that saying "no answer" above one threshold of doubt can reach.

    Starts where every question is left unanswered, and takes the answers in order of growing doubt: each adds
    its score where there is an answer, and costs one point where there is none and the text is not empty.
    """
    total = best_total = float(sum(not each for each in answerable))
    threshold = 0.0
    for row in sorted(range(len(scores)), key=lambda each: doubts[each]):
        total += scores[row] if answerable[row] else -float(bool(texts[row]))
        if total > best_total:
            best_total, threshold = total, doubts[row]
    return 100.0 * best_total / len(scores), threshold


def examples(gold: Gold, predicted: Prediction, language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question that has a prediction, percent, float64 (n,)."""
    import numpy as np

    return 50.0 * np.array([row.exact + row.f1 for row in _rows(gold, predicted)])


def _rows(gold: Gold, predicted: Prediction) -> list[Row]:
    rows = []
    for question, texts in gold:
        if question not in predicted.answers:
            continue
        # An answer that normalises to nothing is none: the question counts as one without an answer.
        normal = [text for text in map(squad_normalised, texts) if text] or [""]
        answer = squad_normalised(predicted.answers[question])
        f1 = max(overlap_v2(answer, each) for each in normal)
        rows.append(Row(question, float(answer in normal), f1, bool(texts)))
    if not rows:
        raise UserError("None of the predictions answers a question of the labels: the ids differ.")
    return rows
