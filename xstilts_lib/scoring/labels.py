"""Accuracy: one label a line (XNLI, PAWS-X, Tatoeba) or one JSON object a line (XCOPA).

>>> accuracy(["0", "1", "1"], ["0", "1", "0"], "de")
{'accuracy': 66.66666666666666}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..common.errors import UserError, nearest
from ..common.reading import read_json_lines
from ..tasks import TASKS
from .reading import lines

if TYPE_CHECKING:
    import numpy as np

POSITIVE = ("1", "duplicate", "paraphrase")
LARGEST = max(TASKS["tatoeba"].sizes.values())  # pairs of a language
_RANGE = "labels are the places of sentences, whole numbers from 0 to {}"


def read(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(gold, predicted), line by line.

    A blank prediction is a wrong one, as in XTREME. Any other word that is none of the task's labels is
    refused, in labels as in predictions: one spelt otherwise ("contradictory") would pass for a wrong answer.
    """
    gold, predicted = lines(labels), lines(predictions)
    # PAWS-X's files spell its labels as numbers.
    spellings = known, tuple(map(str, range(len(known))))
    spelt = max(spellings, key=lambda each: sum(label in each for label in gold))
    _check(labels, gold, spelt)
    _paired(gold, predicted, labels, predictions)
    _check(predictions, predicted, spelt, blank=True)
    return gold, predicted


def read_places(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(gold, predicted) of Tatoeba: on each line the place of a sentence of the other language, from 0.

    A blank prediction is a wrong one, as in XTREME; what can be no place is refused. Labels of a part of the
    set do not say how many places there are: no more than the largest language has.
    """
    gold, predicted = lines(labels), lines(predictions)
    size = max(len(gold), LARGEST)
    _check(labels, gold, _places(size), _RANGE.format(size - 1))
    _paired(gold, predicted, labels, predictions)
    if set(gold) == _places(len(gold)):
        size = len(gold)
    _check(predictions, predicted, _places(size), _RANGE.format(size - 1), blank=True)
    return gold, predicted


def _check(
    path: Path, found: Iterable[str], known: Collection[str], hint: str = "", blank: bool = False
) -> None:
    """UserError for the first line that holds no known label, and is not blank where it may be."""
    for number, label in enumerate(found, 1):
        if label in known or (blank and not label):
            continue
        if "\t" in label:
            raise UserError(f"{path}, line {number}, holds more than a label: keep the first column alone.")
        raise UserError(f"{path}, line {number}: {label!r} is no label; {hint or nearest(label, known)}")


def _places(size: int) -> set[str]:
    return set(map(str, range(size)))


def _paired(gold: Sized, predicted: Sized, labels: Path, predictions: Path) -> None:
    if len(gold) != len(predicted):
        raise UserError(f"{predictions} has {len(predicted)} lines, {labels} has {len(gold)}: one each.")


class Choice(NamedTuple):
    line: int
    name: str | None
    """Its idx."""
    label: str
    as_text: bool
    """Whether the label is written as text; the benchmark counts "1" and 1 as different."""


def read_choices(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(gold, predicted) of files with a line {"idx": 7, "label": 0} an example.

    Lines are paired by idx where both files have it, else by their order, as the benchmark's own code always
    does: run_xcopa.py writes no idx, and an idx says more than an order. Labels that Python counts as equal
    are (1, 1.0, true).
    """
    gold, predicted = _choices(labels, known), _choices(predictions, known)
    _paired(gold, predicted, labels, predictions)
    names, given = [each.name for each in gold], {each.name: each for each in predicted}
    if None not in names and None not in given:
        if missing := [name for name in names if name not in given]:
            raise UserError(f"{predictions} has no example with idx {missing[0]}, which {labels} has.")
        predicted = [given[name] for name in names]
    elif None not in given and list(given) != list(map(str, range(len(gold)))):
        raise UserError(f"{predictions} has idx in an order of its own, {labels} has none to match.")
    for right, answer in zip(gold, predicted, strict=True):
        if right.as_text != answer.as_text:
            path, line = (predictions, answer.line) if answer.as_text else (labels, right.line)
            raise UserError(f"{path}, line {line}: the label is text, and a number in the other file.")
    return [each.label for each in gold], [each.label for each in predicted]


def _choices(path: Path, known: tuple[str, ...]) -> list[Choice]:
    found: list[Choice] = []
    for line, row in read_json_lines(path, finite=True):
        if "label" not in row:
            raise UserError(f"{path}, line {line}, has no 'label'.")
        label, name = _plain(row["label"]), row.get("idx")
        if label not in known:
            shown = f"the label {row['label']!r} is none of the choices"
            raise UserError(f"{path}, line {line}: {shown}, {', '.join(known)}.")
        name = None if name is None else _plain(name)
        found.append(Choice(line, name, label, isinstance(row["label"], str)))
    if not found:
        raise UserError(f"{path} is empty.")
    counts = Counter(each.name for each in found)
    for each in found:
        if each.name is None and len(counts) > 1:
            raise UserError(f"{path}, line {each.line}, has no 'idx', as other lines have: all or none.")
        if each.name is not None and counts[each.name] > 1:
            raise UserError(f"{path}, line {each.line}: idx {each.name} comes twice.")
    return found


def _plain(value: object) -> str:
    """A whole number as it is written, also where it was made a float or a truth."""
    return str(int(value)) if isinstance(value, int | float) and value % 1 == 0 else str(value)


def accuracy(gold: list[str], predicted: list[str], language: str) -> dict[str, float]:
    """Share of equal lines, in percent."""
    return {"accuracy": 100 * (sum(map(str.__eq__, gold, predicted)) / len(gold))}


def accuracy_and_f1(gold: list[str], predicted: list[str], language: str) -> dict[str, float]:
    """Accuracy, and F1 of the positive class (GLUE's two metrics for QQP), in percent."""
    positive = next((label for label in POSITIVE if label in set(gold)), None)
    if positive is None:
        raise UserError(f"F1 needs a positive class: none of {', '.join(POSITIVE)} in {sorted(set(gold))}.")
    right = sum(g == p == positive for g, p in zip(gold, predicted, strict=True))
    total = gold.count(positive) + predicted.count(positive)
    return accuracy(gold, predicted, language) | {"f1": 200 * right / total}


def examples(gold: list[str], predicted: list[str], language: str) -> np.ndarray:
    """100 or 0 an example, float64 (n,)."""
    import numpy as np

    return 100.0 * np.array([g == p for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)
