"""JSON files of predictions and labels, as XTREME reads them, and what can be no such file refused.

Whatever the kind of file, labels are looked at first: a word that no prediction can match would pass for
wrong answers.

>>> from pathlib import Path
>>> json_object(Path("labels/mewslix/test-de.json"))["q-1"]                                # doctest: +SKIP
['Q64']
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

from ..common.errors import UserError
from ..common.textfiles import lines, text


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object; of a key that comes twice the last value counts, as in the benchmark."""
    content = text(path)
    try:
        value = _parsed(content, str(path))
    except json.JSONDecodeError as error:
        cut = error.pos >= len(content.rstrip()) or error.msg.startswith("Unterminated")
        where = "is cut short" if cut else "is no valid JSON"
        raise UserError(f"{path} {where} (line {error.lineno}, column {error.colno}: {error.msg}).") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} holds a JSON {type(value).__name__} where an object is expected.")
    return value


def _parsed(content: str, where: str) -> Any:
    """The JSON value; UserError for NaN and infinities, which Python's reader takes for numbers."""

    def refused(number: str) -> NoReturn:
        raise UserError(f"{where} holds {number}, which is no number: predict again what came out so.")

    def finite(number: str) -> float:
        value = float(number)
        return value if abs(value) < float("inf") else refused(number)

    return json.loads(content, parse_constant=refused, parse_float=finite)


def json_lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """(line number, JSON object) of each line, blank lines passed over."""
    rows = []
    for number, line in enumerate(lines(path), 1):
        if not line:
            continue
        try:
            row = _parsed(line, f"{path}, line {number},")
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number}, is no valid JSON ({error.msg}).") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}, is not a JSON object.")
        rows.append((number, row))
    return rows


def matching(gold: Iterable[str], predicted: Collection[str], labels: Path, predictions: Path) -> None:
    """UserError where predictions are of other items altogether; none at all are so many wrong ones."""
    if predicted and not any(name in predicted for name in gold):
        raise UserError(f"None of the ids of {predictions} is one of {labels}: the ids differ.")
