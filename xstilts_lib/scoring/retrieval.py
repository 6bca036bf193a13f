"""Retrieval: mined pairs (BUCC), rankings of candidates (Mewsli-X, LAReQA); Tatoeba is plain accuracy.

>>> average_precision(["b", "a"], ["a"], 20)
0.5
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.errors import UserError
from . import pairs, reading
from .pairs import Pair

if TYPE_CHECKING:
    import numpy as np

DEPTH = 20  # candidates of a ranking that count
Rankings = dict[str, list[str]]


def read_pairs(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[set[Pair], set[Pair]]:
    """(gold, predicted); a file of predictions may be empty, and repeated lines count once, as in XTREME.

    UserError for columns in the wrong order, in either file: by the words before the first hyphens of the ids
    ("de-12", "en-7"), and where pairs match the other way round alone.
    """
    gold, predicted = pairs.read(labels), pairs.read(predictions, empty=True)
    ((usual, count),) = Counter(map(_words, gold)).most_common(1)
    if all(usual) and usual[0] != usual[1]:
        if usual[0] == "en":
            raise UserError(f"{labels} has English first: exchange its columns.")
        for path, side in ((labels, gold), (predictions, predicted)):
            for number, words in enumerate(map(_words, side), 1):
                # Where labels have ids of other kinds too, no more is sure than that an order is reversed.
                if words == usual[::-1] or (count == len(gold) and len(words) == 2 and words != usual):
                    raise UserError(
                        f"{path}, line {number}, holds ids of {words[0]!r} and {words[1]!r}, where those of "
                        f"{usual[0]!r} and {usual[1]!r} belong, in this order."
                    )
    if not set(gold) & set(predicted) and set(gold) & {pair[::-1] for pair in predicted}:
        raise UserError(
            f"{predictions} has its columns the other way round than {labels} has: exchange them."
        )
    return set(gold), set(predicted)


def _words(pair: Pair) -> Pair:
    return tuple(name.rpartition("-")[0].partition("-")[0] for name in pair)


def pair_metrics(gold: set[Pair], predicted: set[Pair], language: str) -> dict[str, float]:
    """BUCC's precision, recall and F1, in percent."""
    return pairs.precision_recall_f1(gold, predicted)


def pair_counts(gold: set[Pair], predicted: set[Pair], language: str) -> np.ndarray:
    """(right, predicted, gold) for each pair that either side holds, in their order, float64 (n, 3)."""
    import numpy as np

    rows = [
        (pair in gold and pair in predicted, pair in predicted, pair in gold)
        for pair in sorted(gold | predicted)
    ]
    return np.array(rows, dtype=np.float64)


def read_rankings(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Rankings, Rankings]:
    """(gold, predicted) of JSON files {query id: [ids]}; a query without a prediction scores 0.

    UserError for a query without a right candidate, and where no query has a prediction.
    White space around an id is cut off in the labels alone, as in XTREME-R.
    """
    gold = {query: [name.strip() for name in right] for query, right in reading.rankings(labels).items()}
    if empty := [query for query, right in gold.items() if not right or not all(right)]:
        raise UserError(f"{labels} names no right answer for {empty[0]!r}.")
    if not gold:
        raise UserError(f"{labels} is empty.")
    predicted = reading.rankings(predictions)
    reading.matching(gold, predicted, labels, predictions)
    return gold, predicted


def average_precisions(gold: Rankings, predicted: Rankings, language: str) -> np.ndarray:
    """100 x average precision among the first 20, float64 (n,); any number of right candidates a query."""
    import numpy as np

    return np.array([100 * average_precision(predicted.get(query, []), gold[query], DEPTH) for query in gold])


def average_precision(ranked: Sequence[object], right: Sequence[object], depth: int) -> float:
    """AP@depth: the mean precision at the ranks of the right candidates, 0 for those not among `depth`."""
    targets = set(right)
    found: set[object] = set()
    total = 0.0
    for rank, candidate in enumerate(ranked[:depth], 1):
        if candidate in targets and candidate not in found:
            found.add(candidate)
            total += len(found) / rank
    return total / min(len(targets), depth)


def mean_average_precision(gold: Rankings, predicted: Rankings, language: str) -> dict[str, float]:
    """mAP@20 in percent. Where a query has one right candidate it is the mean reciprocal rank (Mewsli-X)."""
    return {"map@20": float(average_precisions(gold, predicted, language).mean())}
