"""SQuAD v2.0: questions without an answer, and the threshold from which a system should say so.

A system may give, beside its answers, the probability that there is none; "exact_match" and "f1" score the
answers as they stand (those of a probability above 1, a score then, as no answer), "best_exact_match" and
"best_f1" at the threshold that serves each best (the official script's "best").

>>> best([1.0, 0.0], [True, False], ["x", "y"], [0.1, 0.9], 1)
(100.0, 0.1)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..common.errors import UserError
from . import reading
from .answers import Gold, overlap_v2, squad_normalised

if TYPE_CHECKING:
    import numpy as np

CERTAIN = 1.0  # what a probability must exceed for the official script to take the answer back


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
    """(gold, predicted); beside `test-en.json` may stand `test-en.no_answer.json`, the probabilities.

    UserError where no question has a gold answer, and where no prediction answers any.
    """
    gold = reading.questions(labels)
    if not any(texts for _, texts in gold):
        raise UserError(f"{labels} holds no question that has an answer.")
    answers = reading.answers(predictions)
    reading.matching((question for question, _ in gold), answers, labels, predictions)
    beside = predictions.with_suffix(".no_answer.json")
    return gold, Prediction(answers, _probabilities(beside) if beside.exists() else None)


def _probabilities(path: Path) -> dict[str, float]:
    found = reading.json_object(path)
    for question, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{path}: {question!r} has {value!r} where a number is expected.")
    return found


def squad_v2(gold: Gold, predicted: Prediction, language: str) -> dict[str, float]:
    """Exact match and F1 in percent, over the questions that have a prediction, as the official script."""
    rows = _rows(gold, predicted)
    metrics = _metrics([_taken_back(row, predicted) for row in rows])
    if predicted.no_answer is None:
        return metrics
    # Questions of one probability are weighed in the order of the file that holds the probabilities.
    place = {question: number for number, question in enumerate(predicted.no_answer)}
    rows = sorted(rows, key=lambda row: place[row.question])
    answerable = [row.answerable for row in rows]
    texts = [predicted.answers[row.question] for row in rows]
    doubts = [predicted.no_answer[row.question] for row in rows]
    # Of all questions, as there, those without a prediction too.
    unanswerable = sum(not answers for answers in dict(gold).values())
    best_exact, exact_threshold = best([row.exact for row in rows], answerable, texts, doubts, unanswerable)
    best_f1, f1_threshold = best([row.f1 for row in rows], answerable, texts, doubts, unanswerable)
    return metrics | {
        "best_exact_match": best_exact,
        "best_exact_match_threshold": exact_threshold,
        "best_f1": best_f1,
        "best_f1_threshold": f1_threshold,
    }


def _metrics(rows: Sequence[Row]) -> dict[str, float]:
    return {
        "exact_match": 100.0 * sum(row.exact for row in rows) / len(rows),
        "f1": 100.0 * sum(row.f1 for row in rows) / len(rows),
    }


def _taken_back(row: Row, predicted: Prediction) -> Row:
    """The row, scored as no answer where the system is more than certain that there is none."""
    if predicted.no_answer is None or predicted.no_answer[row.question] <= CERTAIN:
        return row
    right = float(not row.answerable)
    return row._replace(exact=right, f1=right)


def best(
    scores: Sequence[float],
    answerable: Sequence[bool],
    texts: Sequence[str],
    doubts: Sequence[float],
    unanswerable: int,
) -> tuple[float, float]:
    """(percent, threshold): the best that saying "no answer" above one threshold of doubt can reach.

    Starts where every question is left unanswered, which is right for those `unanswerable`, and takes the
    answers in order of growing doubt: each adds its score where there is an answer, and costs one point where
    there is none and the text is not empty.
    """
    total = best_total = float(unanswerable)
    threshold = 0.0
    for row in sorted(range(len(scores)), key=lambda each: doubts[each]):
        total += scores[row] if answerable[row] else -float(bool(texts[row]))
        if total > best_total:
            best_total, threshold = total, doubts[row]
    return 100.0 * best_total / len(scores), threshold


def examples(gold: Gold, predicted: Prediction, language: str) -> np.ndarray:
    """(exact match + F1) / 2 of each question that has a prediction, percent, float64 (n,)."""
    import numpy as np

    rows = [_taken_back(row, predicted) for row in _rows(gold, predicted)]
    return 50.0 * np.array([row.exact + row.f1 for row in rows])


def _rows(gold: Gold, predicted: Prediction) -> list[Row]:
    """Of each question with a prediction; of those with the same id the last, as the official script."""
    rows: dict[str, Row] = {}
    for question, texts in gold:
        if question not in predicted.answers:
            continue
        # An answer that normalises to nothing is none: the question counts as one without an answer.
        normal = [text for text in map(squad_normalised, texts) if text] or [""]
        answer = squad_normalised(predicted.answers[question])
        f1 = max(overlap_v2(answer, each) for each in normal)
        rows[question] = Row(question, float(answer in normal), f1, bool(texts))
    if not rows:
        raise UserError("None of the predictions answers a question of the labels: the ids differ.")
    if predicted.no_answer is not None:
        missing = [question for question in rows if question not in predicted.no_answer]
        if missing:
            raise UserError(
                f"{len(missing)} questions have no probability of having no answer, "
                f"the first is {missing[0]!r}."
            )
    return list(rows.values())
