"""Files of predictions and labels as people hand them in, and a sentence for each way they can be wrong.

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


def text(path: Path) -> str:
    """The whole file, line ends as \\n; UserError where it is absent, not UTF-8, or a saved web page."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path} is missing.") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder where a file is expected.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start}): write it again in UTF-8.") from None
    if content.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        raise UserError(f"{path} is a web page, not data: the download failed, fetch it again.")
    return content


def raw_lines(path: Path, empty: bool = False) -> list[str]:
    """The lines as they stand; only \\n ends one. UserError for an empty file, unless `empty`."""
    content = text(path)
    if not content.strip() and not empty:
        raise UserError(f"{path} is empty.")
    return content.removesuffix("\n").split("\n") if content else []


def lines(path: Path, empty: bool = False) -> list[str]:
    """The stripped lines; a blank one counts, as in XTREME's reader."""
    return [line.strip() for line in raw_lines(path, empty)]


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
