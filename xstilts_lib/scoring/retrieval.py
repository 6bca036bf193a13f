"""Retrieval: mined pairs (BUCC), rankings of candidates (Mewsli-X, LAReQA); Tatoeba is plain accuracy.

>>> average_precision(["b", "a"], ["a"], 20)
0.5
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.errors import UserError
from . import reading
from .reading import lines

if TYPE_CHECKING:
    import numpy as np

DEPTH = 20  # candidates of a ranking that count
Pair = tuple[str, ...]  # ids of sentences that translate each other
Rankings = dict[str, list[str]]


def pair_lines(path: Path, empty: bool = False) -> list[Pair]:
    """One pair a line, a tab between its ids; UserError for any other number of columns, and for a header.

    `empty`, of what was mined: the file may be empty, and a blank line is kept as a pair that matches none,
    because XTREME's bucc_f1 counts it among the finds.
    """
    found = [tuple(line.split("\t")) for line in lines(path, empty)]
    for number, pair in enumerate(found, 1):
        if len(pair) != 2 and not (empty and pair == ("",)):
            raise UserError(f"{path}, line {number}, has {len(pair)} columns; give two ids and a tab.")
    numbered = [any(letter.isdigit() for letter in "".join(pair)) for pair in found]
    if len(found) > 1 and not numbered[0] and all(numbered[1:]):
        raise UserError(f"{path}, line 1, names its columns: leave that line out.")
    return found


def read_pairs(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[set[Pair], set[Pair]]:
    """(gold, predicted); a file of predictions may be empty, and repeated lines count once, as in XTREME.

    UserError for columns in the wrong order, in either file: by the words before the first hyphens of the ids
    ("de-12", "en-7"), and where pairs match the other way round alone.
    """
    gold, predicted = pair_lines(labels), pair_lines(predictions, empty=True)
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
        raise UserError(f"{predictions} has its columns the other way round than {labels}: exchange them.")
    return set(gold), set(predicted)


def _words(pair: Pair) -> Pair:
    return tuple(name.rpartition("-")[0].partition("-")[0] for name in pair)


def pair_metrics(gold: Set[Pair], predicted: Set[Pair], language: str = "") -> dict[str, float]:
    """f1, precision and recall in percent; all 0 where nothing is right (XTREME's bucc_f1).

    >>> pair_metrics({("de-1", "en-7"), ("de-2", "en-9")}, {("de-1", "en-7")})["recall"]
    50.0
    """
    right = len(gold & predicted)
    if not right:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = right / len(predicted), right / len(gold)
    f1 = 200 * precision * recall / (precision + recall)
    return {"f1": f1, "precision": 100 * precision, "recall": 100 * recall}


def read_rankings(predictions: Path, labels: Path, known: tuple[str, ...]) -> tuple[Rankings, Rankings]:
    """(gold, predicted) of JSON files {query id: [ids]}; a query without a prediction scores 0.

    UserError for a query without a right candidate, and where no query has a prediction.
    White space around an id is cut off in the labels alone, as in XTREME-R.
    """
    gold = {query: [name.strip() for name in right] for query, right in _rankings(labels).items()}
    if empty := [query for query, right in gold.items() if not right or not all(right)]:
        raise UserError(f"{labels} names no right answer for {empty[0]!r}.")
    if not gold:
        raise UserError(f"{labels} is empty.")
    predicted = _rankings(predictions)
    reading.matching(gold, predicted, labels, predictions)
    return gold, predicted


def _rankings(path: Path) -> dict[str, list[str]]:
    """{query id: ids of candidates, best first}; for label files, {query id: ids of the right ones}."""
    found = reading.json_object(path)
    for query, ranked in found.items():
        if not isinstance(ranked, list):
            raise UserError(f"{path}: {query!r} has {ranked!r} where a list of ids is expected.")
        if odd := [each for each in ranked if type(each) not in (str, int)]:
            raise UserError(f"{path}: {query!r} has {odd[0]!r} where an id is expected.")
    return {query: [str(candidate) for candidate in ranked] for query, ranked in found.items()}


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
