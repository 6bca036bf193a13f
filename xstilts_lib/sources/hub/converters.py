"""From the rows of a repository to (place, row) pairs in the columns of the format, labels as names.

A converter is made from the names of the columns that a repository has; two repositories of the same shape
share one. What the publisher's files give alike is in examples.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...common.errors import UserError
from .. import examples, rows
from ..checks import LoadReport, Raw

if TYPE_CHECKING:
    from datasets import Dataset

_BATCH = 1000
# Words of English that no other language of Tatoeba spells so, to tell its two sides apart.
_ENGLISH = frozenset({"the", "is", "to", "you", "of", "i", "that", "he", "she", "was", "it"})


@dataclass(frozen=True)
class Part:
    """One split of a repository, loaded."""

    data: Dataset
    split: str
    """Ours: train, dev or test."""
    name: str
    """The repository's name for it."""
    language: str
    report: LoadReport

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(place, row) of every row, read in batches."""
        number = 0
        for batch in self.data.iter(_BATCH):
            columns = list(batch)
            for values in zip(*batch.values(), strict=True):
                yield f"{self.name}, row {number}", dict(zip(columns, values, strict=True))
                number += 1

    def names(self, column: str) -> list[str] | None:
        """The names of a column of class labels (or of lists of them); None where labels are not numbered."""
        feature = self.data.features[column]
        return getattr(getattr(feature, "feature", feature), "names", None)

    def identify(self, number: int) -> str:
        """An id where the publisher gave none."""
        return f"{self.split}-{number}"


Converter = Callable[[Part], Iterator[Raw]]


def pair(
    first: str, second: str, label: str = "label", identifier: str | None = None, gold_only: bool = False
) -> Converter:
    """Pairs; a label of -1 is unknown, and with `gold_only` its row is left out (SNLI)."""

    def convert(part: Part) -> Iterator[Raw]:
        names = part.names(label)
        for number, (place, row) in enumerate(part.rows()):
            name = rows.class_name(part.report.where(place), row[label], names)
            if name is None and gold_only:
                part.report.dropped += 1
                continue
            own = part.identify(number) if identifier is None else f"{part.split}-{row[identifier]}"
            yield place, rows.pair(own, row[first], row[second], name)

    return convert


def tags(words: str, labels: str) -> Converter:
    """Tagged words; the order of class labels differs between repositories, so tags are taken by name."""

    def convert(part: Part) -> Iterator[Raw]:
        names = part.names(labels)
        for number, (place, row) in enumerate(part.rows()):
            where = part.report.where(place)
            yield place, rows.tags(where, part.identify(number), row[words], row[labels], names)

    return convert


def span(part: Part) -> Iterator[Raw]:
    """SQuAD's columns."""
    for place, row in part.rows():
        answers = row["answers"] or {}
        found = (answers.get("text") or [], answers.get("answer_start") or [])
        where = part.report.where(place)
        yield place, rows.span(where, row["id"], row["context"], row["question"], *found)


def tydiqa(part: Part) -> Iterator[Raw]:
    """SQuAD's columns, nine languages in one."""
    return examples.tydiqa(span(part), part)


def commonsenseqa(part: Part) -> Iterator[Raw]:
    """The answer is a letter, and empty in the test set."""
    for place, row in part.rows():
        where = part.report.where(place)
        label = rows.letter(where, row["answerKey"], "ABCDE")
        if list(row["choices"]["label"]) != list("ABCDE"):
            raise UserError(f"{where}: the choices must be A to E, not {', '.join(row['choices']['label'])}.")
        yield place, rows.choice(row["id"], [row["question"]], row["choices"]["text"], label)


def socialiqa(part: Part) -> Iterator[Raw]:
    """The label is text, counting from 1."""
    for number, (place, row) in enumerate(part.rows()):
        label = rows.index(part.report.where(place), row["label"], 3, first=1)
        choices = [row[f"answer{name}"] for name in "ABC"]
        yield place, rows.choice(part.identify(number), [row["context"], row["question"]], choices, label)


def tatoeba(part: Part) -> Iterator[Raw]:
    """Row i pairs with row i; which column is English is told by its words."""
    first, second = list(part.data["sentence1"]), list(part.data["sentence2"])
    if _english_words(first) > _english_words(second):
        first, second = second, first
    if _english_words(second) <= 2 * _english_words(first):
        raise UserError(f"{part.report.source}: neither column is plainly English.")
    for number, row in examples.translations(part.language, first, second):
        yield f"row {number}", row


def _english_words(sentences: list[str]) -> int:
    return sum(word in _ENGLISH for sentence in sentences for word in sentence.lower().split())


def bucc(part: Part) -> Iterator[Raw]:
    """One row: both corpora, and the pairs among them, counted from 1."""
    for place, row in part.rows():
        sides = {"source": row["sentence1"], "target": row["sentence2"]}
        prefixes = {"source": part.language, "target": "en"}
        mates: dict[str, str] = {}
        for pair in row["gold"] or ():
            source, target = (
                f"{prefix}-{number - 1}" for prefix, number in zip(prefixes.values(), pair, strict=True)
            )
            mates[source], mates[target] = target, source
        for side, sentences in sides.items():
            for number, sentence in enumerate(sentences):
                own = f"{prefixes[side]}-{number}"
                yield place, rows.bitext(own, side, sentence, mates.get(own, ""))
