"""Text to learn languages from: lines of Wikipedia that no evaluation set holds, drawn by a seed.

Sentences are compared by their letters and digits, case folded.
"""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...tasks import Task, task

if TYPE_CHECKING:
    from ..real import RealSource

Line = tuple[str, str]  # its key in the stream, and its text

# Written without spaces between words.
UNSPACED = frozenset({"zh", "ja", "th", "my"})
_NOT_LETTERS = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟।॥。！？])\s*")
_LONG_ENOUGH = 40  # characters of a paragraph of Wikipedia
_SHORTEST = 12  # letters and digits, below which a line teaches little
_DEV_SHARE = 50  # one line in fifty is held back as the dev split


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
    match row_task.format:
        case "pair":
            yield from ((column, row[column]) for column in ("first", "second"))
        case "span":
            yield from ((column, row[column]) for column in ("context", "question"))
        case "choice":
            yield "prompt", row["prompt"]
            yield from ((f"choice{number}", choice) for number, choice in enumerate(row["choices"]))
        case "tags":
            yield "words", ("" if language in UNSPACED else " ").join(row["words"])
        case "bitext":
            yield "sentence", row["sentence"]
        case "ranking":
            yield from ((column, row[column]) for column in ("text", "context") if row[column])


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


def paragraphs(articles: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """The lines that articles offer."""
    for article in articles:
        for number, paragraph in enumerate(article["text"].split("\n")):
            if len(paragraph) >= _LONG_ENOUGH:
                yield f"{article['id']}-{number}", paragraph


def select(
    offered: Sequence[Line], language: str, excluded: frozenset[str], lines: int, seed: int
) -> list[dict[str, str]]:
    """At most `lines` rows of the text format, unlike one another, none with an excluded sentence."""
    drawn = list(offered)
    random.Random(f"{seed}-{language}").shuffle(drawn)
    rows: list[dict[str, str]] = []
    seen: set[str] = set()
    for key, text in drawn:
        if len(rows) == lines:
            break
        text = " ".join(text.split())
        letters = normalised(text)
        if len(letters) < _SHORTEST or letters in seen or not excluded.isdisjoint(sentences(text)):
            continue
        seen.add(letters)
        rows.append({"id": f"wikipedia-{language}-{key}", "language": language, "text": text, "pair": ""})
    return rows


def is_dev(row: Mapping[str, str]) -> bool:
    """Whether a row is held back as the dev split, by its key alone."""
    key = row["id"].replace(f"-{row['language']}-", "-", 1)
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _DEV_SHARE == 0
