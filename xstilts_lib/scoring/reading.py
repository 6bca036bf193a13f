"""Prediction and label files, as XTREME's evaluate.py reads them, and what can be no such file refused.

Labels are looked at first: a word that no prediction can match would pass for wrong answers.

>>> from pathlib import Path
>>> sentences(Path("labels/panx/test-de.tsv"))[0]                                          # doctest: +SKIP
['B-PER', 'I-PER', 'O']
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

from ..common.errors import UserError, nearest
from ..common.textfiles import lines, text


def check(
    path: Path, found: Iterable[str], known: Collection[str], hint: str = "", blank: bool = False
) -> None:
    """UserError for the first line that holds no known label, and is not blank where it may be."""
    for number, label in enumerate(found, 1):
        if label in known or (blank and not label):
            continue
        if "\t" in label:
            raise UserError(f"{path}, line {number}, holds more than a label: keep the first column alone.")
        raise UserError(f"{path}, line {number}: {label!r} is no label; {hint or nearest(label, known)}")


def sentences(path: Path, known: Collection[str] = ()) -> list[list[str]]:
    """One tag a line, a blank line after each sentence; the last may go without (XTREME's read_tag).

    UserError for a tag that is not known, where any are.
    """
    found: list[list[str]] = []
    tags: list[str] = []
    for number, line in enumerate(lines(path), 1):
        if "\t" in line:
            raise UserError(
                f"{path}, line {number}, holds more than a tag: one tag a line, without its token."
            )
        if known and line and line not in known:
            raise UserError(f"{path}, line {number}: {line!r} is none of the tags, {', '.join(known)}.")
        if line:
            tags.append(line)
        else:
            found.append(tags)
            tags = []
    return [*found, tags] if tags else found


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


def questions(path: Path) -> list[tuple[str, list[str]]]:
    """(id, gold answers) of every question of a file in SQuAD's layout, in its order; ids may repeat.

    UserError where there is no question, for an id that is no text, and for gold answers that are all blank,
    which is how XTREME takes the answers out of what it publishes.
    """
    try:
        found = [
            (question["id"], [answer["text"] for answer in question["answers"]])
            for article in json_object(path)["data"]
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
        blank = [name for name, texts in found if texts and not any(text.strip() for text in texts)]
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is not in SQuAD's layout (data, paragraphs, qas, answers).") from None
    if not found:
        raise UserError(f"{path} holds no question.")
    if odd := [name for name, _ in found if not isinstance(name, str)]:
        raise UserError(f"{path}: the id {odd[0]!r} is no text, and no key of predictions can match it.")
    if blank:
        raise UserError(f"{path}: the gold answers of {blank[0]!r} are blank; take a file that has them.")
    return found


def matching(gold: Iterable[str], predicted: Collection[str], labels: Path, predictions: Path) -> None:
    """UserError where predictions are of other items altogether; none at all are so many wrong ones."""
    if predicted and not any(name in predicted for name in gold):
        raise UserError(f"None of the ids of {predictions} is one of {labels}: the ids differ.")


def rankings(path: Path) -> dict[str, list[str]]:
    """{query id: ids of candidates, best first}; for label files, {query id: ids of the right ones}."""
    found = json_object(path)
    for query, ranked in found.items():
        if not isinstance(ranked, list):
            raise UserError(f"{path}: {query!r} has {ranked!r} where a list of ids is expected.")
        if odd := [each for each in ranked if type(each) not in (str, int)]:
            raise UserError(f"{path}: {query!r} has {odd[0]!r} where an id is expected.")
    return {query: [str(candidate) for candidate in ranked] for query, ranked in found.items()}
