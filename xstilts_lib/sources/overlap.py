"""What a person could read in examples, compared: sentences that are evaluated on must not be learnt from.

Sentences are compared by their letters and digits, case folded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..tasks import Task, task
from .rows import ABOUT

if TYPE_CHECKING:
    from .real import RealSource

# Written without spaces between words.
UNSPACED = frozenset({"zh", "ja", "th", "my"})
_NOT_LETTERS = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟।॥。！？])\s*")


def normalised(sentence: str) -> str:
    """Letters and digits alone, compatibility forms and case folded."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", sentence).casefold())


def sentences(text: str) -> Iterator[str]:
    """The normalised whole of `text`, then its sentences where it has several."""
    yield normalised(text)
    parts = _SENTENCE_END.split(text)
    if len(parts) > 2:
        yield from (normalised(part) for part in parts if part)


def texts(row_task: Task, row: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    """(column, text) of everything that a person could read in a row."""
    columns = ("text", "context") if row_task.format == "ranking" else ABOUT[row_task.format]
    for column in columns:
        value = row[column]
        if column == "words":
            value = ("" if language in UNSPACED else " ").join(value)
        yield from ((column, text) for text in ([value] if isinstance(value, str) else value) if text)


def held_out(
    source: RealSource, targets: Iterable[str], languages: Sequence[str] | None = None
) -> frozenset[str]:
    """Every normalised sentence of the evaluation splits of `targets`, in `languages`, or where they are None
    in every one that is there."""
    found: set[str] = set()
    for name in targets:
        row_task = task(name)
        for split in ("dev", "test"):
            for language in source.held(name, split):
                if languages is not None and language not in languages:
                    continue
                for row in source.rows(name, split, language):
                    for _, text in texts(row_task, row, language):
                        found.update(sentences(text))
    return frozenset(found - {""})


def apart(
    row_task: Task, rows: Sequence[Mapping[str, Any]], excluded: frozenset[str]
) -> list[Mapping[str, Any]]:
    """The English training rows that hold none of the `excluded` sentences.

    Choices do not count: many questions offer the same, a bank or a river.
    """
    return [
        row
        for row in rows
        if not any(
            normalised(words) in excluded
            for column, words in texts(row_task, row, "en")
            if column != "choices"
        )
    ]
