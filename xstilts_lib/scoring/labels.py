"""Accuracy: one label a line (XNLI, PAWS-X, Tatoeba) or one JSON object a line (XCOPA).

>>> accuracy(["0", "1", "1"], ["0", "1", "0"], "de")
{'accuracy': 66.66666666666666}
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError, nearest
from . import reading

if TYPE_CHECKING:
    import numpy as np

POSITIVE = ("1", "duplicate", "paraphrase")


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(gold, predicted), line by line.

    A blank prediction is a wrong one, as in XTREME. Any other word that is none of the task's labels is
    refused: a label spelt otherwise ("contradictory") would pass for a wrong answer.
    """
    gold, predicted = reading.lines(labels), reading.lines(predictions)
    if len(gold) != len(predicted):
        raise UserError(
            f"{predictions} has {len(predicted)} lines, {labels} has {len(gold)}: one line an example."
        )
    # PAWS-X's files spell its labels as numbers.
    spellings = known, tuple(map(str, range(len(known))))
    if spelt := next((each for each in spellings if set(gold) <= set(each)), ()):
        for number, label in enumerate(predicted, 1):
            if label and label not in spelt:
                raise UserError(
                    f"{predictions}, line {number}: {label!r} is no label; {nearest(label, spelt)}"
                )
    return gold, predicted


def read_choices(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(gold, predicted) of files with a line {"idx": 7, "label": 0} an example, matched by idx."""
    gold, predicted = _choices(labels), _choices(predictions)
    if len(gold) != len(predicted):
        raise UserError(
            f"{predictions} has {len(predicted)} lines, {labels} has {len(gold)}: one line an example."
        )
    if set(gold) != set(predicted):
        missing = next(iter(set(gold) - set(predicted)))
        raise UserError(f"{predictions} has no example with idx {missing}, which {labels} has.")
    return list(gold.values()), [predicted[key] for key in gold]


def _choices(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, row in enumerate(reading.json_lines(path)):
        if "label" not in row:
            raise UserError(f"{path}: example {number + 1} has no 'label'.")
        key = str(row.get("idx", number))
        if key in found:
            raise UserError(f"{path}: idx {key} comes twice.")
        found[key] = str(row["label"])
    if not found:
        raise UserError(f"{path} is empty.")
    return found


def accuracy(gold: list[str], predicted: list[str], language: str) -> dict[str, float]:
    """Share of equal lines, in percent."""
    return {"accuracy": 100 * (sum(map(str.__eq__, gold, predicted)) / len(gold))}


def accuracy_and_f1(gold: list[str], predicted: list[str], language: str) -> dict[str, float]:
    """Accuracy, and F1 of the positive class (GLUE's two metrics for QQP), in percent."""
    positive = next((label for label in POSITIVE if label in set(gold)), None)
    if positive is None:
        raise UserError(
            f"F1 needs a positive class among the labels {sorted(set(gold))}: one of {', '.join(POSITIVE)}."
        )
    right = sum(g == p == positive for g, p in zip(gold, predicted, strict=True))
    total = gold.count(positive) + predicted.count(positive)
    return accuracy(gold, predicted, language) | {"f1": 200 * right / total}


def examples(gold: list[str], predicted: list[str], language: str) -> np.ndarray:
    """100 or 0 an example, float64 (n,)."""
    import numpy as np

    return 100.0 * np.array([g == p for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)
