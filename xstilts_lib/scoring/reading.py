"""Prediction and label files, as XTREME's evaluate.py reads them.

>>> from pathlib import Path
>>> sentences(Path("labels/panx/test-de.tsv"))[0]                                          # doctest: +SKIP
['B-PER', 'I-PER', 'O']
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..textfiles import lines, text


def sentences(path: Path) -> list[list[str]]:
    """One tag a line, a blank line after each sentence; the last may go without (XTREME's read_tag)."""
    found: list[list[str]] = []
    tags: list[str] = []
    for number, line in enumerate(lines(path), 1):
        if "\t" in line:
            raise UserError(
                f"{path}, line {number}, holds more than a tag: one tag a line, without its token."
            )
        if line:
            tags.append(line)
        else:
            found.append(tags)
            tags = []
    return [*found, tags] if tags else found


def json_object(path: Path) -> dict[str, Any]:
    """A JSON object."""
    content = text(path)
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(content.rstrip()) or error.msg.startswith("Unterminated")
        where = "is cut short" if cut else "is no valid JSON"
        raise UserError(f"{path} {where} (line {error.lineno}, column {error.colno}: {error.msg}).") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} holds a JSON {type(value).__name__} where an object is expected.")
    return value


def json_lines(path: Path) -> list[dict[str, Any]]:
    """One JSON object a line, blank lines passed over."""
    rows = []
    for number, line in enumerate(lines(path), 1):
        if not line:
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number}, is no valid JSON ({error.msg}).") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}, is not a JSON object.")
        rows.append(row)
    return rows


def answers(path: Path) -> dict[str, str]:
    """Predicted answers, {question id: text}, under a key "data" or at the top, as in XTREME's read_squad."""
    found = json_object(path)
    if isinstance(found.get("data"), dict):
        found = found["data"]
    for question, answer in found.items():
        if not isinstance(answer, str):
            raise UserError(
                f"{path}: the answer to {question!r} is {answer!r}; write text, and '' for no answer."
            )
    return found


def questions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(id, gold answers) of every question of a file in SQuAD's layout, in its order; ids may repeat."""
    articles = json_object(path).get("data")
    try:
        for article in articles:  # type: ignore[union-attr]
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    yield question["id"], [answer["text"] for answer in question["answers"]]
    except (KeyError, TypeError):
        raise UserError(f"{path} is not in SQuAD's layout (data, paragraphs, qas, answers).") from None


def rankings(path: Path) -> dict[str, list[str]]:
    """{query id: ids of candidates, best first}; for label files, {query id: ids of the right ones}."""
    found = json_object(path)
    for query, ranked in found.items():
        if not isinstance(ranked, list):
            raise UserError(f"{path}: {query!r} has {ranked!r} where a list of ids is expected.")
    return {query: [str(candidate) for candidate in ranked] for query, ranked in found.items()}
