"""Pairs of sentence ids that translate each other: read from files, and scored as sets.

>>> precision_recall_f1({("de-1", "en-7"), ("de-2", "en-9")}, {("de-1", "en-7")})["recall"]
50.0
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from ..common.errors import UserError
from ..common.textfiles import lines

Pair = tuple[str, ...]


def read(path: Path, empty: bool = False) -> list[Pair]:
    """One pair a line, a tab between its ids; UserError for any other number of columns, and for a header.

    `empty`, of what was mined: the file may be empty, and a blank line is kept as a pair that matches none,
    because XTREME's bucc_f1 counts it among the finds.
    """
    found = [tuple(line.split("\t")) for line in lines(path, empty)]
    for number, pair in enumerate(found, 1):
        if len(pair) != 2 and not (empty and pair == ("",)):
            raise UserError(
                f"{path}, line {number}, has {len(pair)} columns; expected are two ids and a tab between."
            )
    numbered = [any(letter.isdigit() for letter in "".join(pair)) for pair in found]
    if len(found) > 1 and not numbered[0] and all(numbered[1:]):
        raise UserError(f"{path}, line 1, names its columns: leave that line out.")
    return found


def precision_recall_f1(gold: Set[Pair], found: Set[Pair]) -> dict[str, float]:
    """f1, precision and recall in percent; all 0 where nothing is right (XTREME's bucc_f1)."""
    right = len(gold & found)
    if not right:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = right / len(found), right / len(gold)
    return {
        "f1": 200 * precision * recall / (precision + recall),
        "precision": 100 * precision,
        "recall": 100 * recall,
    }
