"""Text to learn languages from: sentences that no evaluation set holds, drawn evenly by a seed.

Sentences are compared by their letters and digits, case folded.
"""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..tasks import Task, task

if TYPE_CHECKING:
    from .real import RealSource

# (key, text, English translation or ""); the key is the same in every language where the lines are parallel.
Line = tuple[str, str, str]

# Written without spaces between words.
UNSPACED = frozenset({"zh", "ja", "th", "my"})
_NOT_LETTERS = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟।॥。！？])\s*")
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


def select(
    families: Mapping[str, list[Line]], language: str, excluded: frozenset[str], lines: int, seed: int
) -> list[dict[str, str]]:
    """At most `lines` rows of the text format, unlike one another, none with an excluded sentence.

    They are drawn from the families in turn, so that a Bible of thirty thousand verses does not crowd out
    the rest.
    """
    shuffle = random.Random(f"{seed}-{language}")
    queues = []
    for name in sorted(families):
        queue = list(families[name])
        shuffle.shuffle(queue)
        queues.append((name, iter(queue)))
    rows: list[dict[str, str]] = []
    seen: set[str] = set()
    while queues and len(rows) < lines:
        for entry in list(queues):
            name, queue_of_lines = entry
            line = next(queue_of_lines, None)
            if line is None:
                queues.remove(entry)
                continue
            key, text, pair = line
            text = " ".join(text.split())
            letters = normalised(text)
            if len(letters) < _SHORTEST or letters in seen:
                continue
            if any(part in excluded for whole in (text, pair) if whole for part in sentences(whole)):
                continue
            seen.add(letters)
            rows.append({"id": f"{name}-{language}-{key}", "language": language, "text": text, "pair": pair})
            if len(rows) == lines:
                break
    return rows


def of_split(rows: Sequence[dict[str, str]], split: str) -> list[dict[str, str]]:
    """The rows of one split; translations of one another are in the same one."""

    def is_dev(row: Mapping[str, str]) -> bool:
        key = row["id"].replace(f"-{row['language']}-", "-", 1)
        return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _DEV_SHARE == 0

    return [row for row in rows if is_dev(row) == (split == "dev")]
