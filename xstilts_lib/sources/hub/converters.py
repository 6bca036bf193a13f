"""From the rows of a repository to (place, row) pairs in the columns of the format, labels as names.

What the publisher's files give alike is in examples.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...common.errors import UserError
from .. import examples, rows
from ..checks import LoadReport, Raw
from ..examples import Converter, Given

if TYPE_CHECKING:
    from datasets import Dataset

_BATCH = 1000
# Words of English that no other language of Tatoeba spells so, to tell its two sides apart.
_ENGLISH = frozenset({"the", "is", "to", "you", "of", "i", "that", "he", "she", "was", "it"})


def given(data: Dataset, split: str, name: str, language: str, report: LoadReport) -> Given:
    """What a converter takes: one split of a repository, loaded, which the repository calls `name`."""
    inner = {column: getattr(feature, "feature", feature) for column, feature in data.features.items()}
    classes = {column: names for column in inner if (names := getattr(inner[column], "names", None))}
    return Given(split, language, report, items=_items(data, name), classes=classes)


def _items(data: Dataset, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of every row, read in batches."""
    number = 0
    for batch in data.iter(_BATCH):
        columns = list(batch)
        for values in zip(*batch.values(), strict=True):
            yield f"{name}, row {number}", dict(zip(columns, values, strict=True))
            number += 1


nli = examples.pair("premise", "hypothesis", "label")
snli = examples.pair("premise", "hypothesis", "label", gold_only=True)
anli = examples.pair("premise", "hypothesis", "label", "uid")
qqp = examples.pair("question1", "question2", "label")
pawsx = examples.pair("sentence1", "sentence2", "label", "id")


def tags(words: str, labels: str) -> Converter:
    """The converter of tagged words. Tags are taken by name, since repositories number them differently."""

    def convert(given: Given) -> Iterator[Raw]:
        names = given.classes.get(labels)
        for number, (place, row) in enumerate(given.items):
            where = given.report.where(place)
            yield place, rows.tags(where, given.identify(number), row[words], row[labels], names)

    return convert


pos = tags("tokens", "pos_tags")
ner = tags("tokens", "ner_tags")


def span(given: Given) -> Iterator[Raw]:
    """SQuAD's columns."""
    for place, row in given.items:
        answers = row["answers"] or {}
        found = (answers.get("text") or [], answers.get("answer_start") or [])
        where = given.report.where(place)
        yield place, rows.span(where, row["id"], row["context"], row["question"], *found)


def tydiqa(given: Given) -> Iterator[Raw]:
    """SQuAD's columns, nine languages in one."""
    return examples.tydiqa(span(given), given)


def commonsenseqa(given: Given) -> Iterator[Raw]:
    """The answer is a letter, and empty in the test set."""
    for place, row in given.items:
        where = given.report.where(place)
        label = rows.letter(where, row["answerKey"], "ABCDE")
        if list(row["choices"]["label"]) != list("ABCDE"):
            raise UserError(f"{where}: the choices must be A to E, not {', '.join(row['choices']['label'])}.")
        yield place, rows.choice(row["id"], [row["question"]], row["choices"]["text"], label)


def socialiqa(given: Given) -> Iterator[Raw]:
    """The label is text, counting from 1."""
    for number, (place, row) in enumerate(given.items):
        label = rows.index(given.report.where(place), row["label"], 3, first=1)
        choices = [row[f"answer{name}"] for name in "ABC"]
        yield place, rows.choice(given.identify(number), [row["context"], row["question"]], choices, label)


def tatoeba(given: Given) -> Iterator[Raw]:
    """Row i pairs with row i; which column is English is told by its words."""
    both = [(row["sentence1"], row["sentence2"]) for _, row in given.items]
    first, second = [one for one, _ in both], [other for _, other in both]
    if _english_words(first) > _english_words(second):
        first, second = second, first
    if _english_words(second) <= 2 * _english_words(first):
        raise UserError(f"{given.report.source}: neither column is plainly English.")
    for number, row in examples.translations(given.language, first, second):
        yield f"row {number}", row


def _english_words(sentences: list[str]) -> int:
    return sum(word in _ENGLISH for sentence in sentences for word in sentence.lower().split())


def bucc(given: Given) -> Iterator[Raw]:
    """One row: both corpora, and the pairs among them, counted from 1."""
    for place, row in given.items:
        sides = {"source": row["sentence1"], "target": row["sentence2"]}
        prefixes = {"source": given.language, "target": "en"}
        mates: dict[str, str] = {}
        for pair in row["gold"] or ():
            both = zip(prefixes.values(), pair, strict=True)
            source, target = (f"{prefix}-{number - 1}" for prefix, number in both)
            mates[source], mates[target] = target, source
        for side, sentences in sides.items():
            for number, sentence in enumerate(sentences):
                own = f"{prefixes[side]}-{number}"
                yield place, rows.bitext(own, side, sentence, mates.get(own, ""))
