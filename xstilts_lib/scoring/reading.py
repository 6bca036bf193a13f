"""Files of predictions and labels as people hand them in, and a sentence for each way they can be wrong.

Whatever the kind of file, labels are looked at first: a word that no prediction can match would pass for
wrong answers.

>>> from pathlib import Path
>>> json_object(Path("labels/mewslix/test-de.json"))["q-1"]                                # doctest: +SKIP
['Q64']
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from ..common.reading import read_json, read_lines


def lines(path: Path, empty: bool = False) -> list[str]:
    """The stripped lines; a blank one counts, as in XTREME's reader. UserError for an empty file, unless
    `empty`."""
    return [line.strip() for line in read_lines(path, empty)]


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object; of a key that comes twice the last value counts, as in the benchmark."""
    value = read_json(path, finite=True)
    if not isinstance(value, dict):
        raise UserError(f"{path} holds a JSON {type(value).__name__} where an object is expected.")
    return value


def matching(gold: Iterable[str], predicted: Collection[str], labels: Path, predictions: Path) -> None:
    """UserError where predictions are of other items altogether; none at all are so many wrong ones."""
    if predicted and not any(name in predicted for name in gold):
        raise UserError(f"None of the ids of {predictions} is one of {labels}: the ids differ.")
