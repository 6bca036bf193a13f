"""Examples that files and the hub give alike, as objects with a publisher's own keys: from there to rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ..common.errors import UserError
from . import rows
from .checks import LoadReport, Place, Raw
from .rows import Row, member, optional

# TyDiQA names the language in the id of an example: `swahili-902381739-0`.
_TYDIQA = "arabic:ar bengali:bn english:en finnish:fi indonesian:id korean:ko russian:ru swahili:sw telugu:te"
TYDIQA_LANGUAGES = dict(pair.split(":") for pair in _TYDIQA.split())


class Examples(Protocol):
    """One split in one language, be it a file's or a repository's."""

    split: str
    language: str
    report: LoadReport

    def rows(self) -> Iterable[tuple[Place, Row]]:
        """(place, object) of every example."""


def hellaswag(given: Examples) -> Iterator[Raw]:
    """HellaSwag; the test set has no labels."""
    for place, item in given.rows():
        where = given.report.where(place)
        endings = member(where, item, "endings", list)
        start, unfinished = (member(where, item, key, str) for key in ("ctx_a", "ctx_b"))
        label = rows.index(where, item.get("label"), len(endings))
        identifier = f"{given.split}-{member(where, item, 'ind', int)}"
        yield place, rows.hellaswag(identifier, start, unfinished, endings, label)


def cosmosqa(given: Examples) -> Iterator[Raw]:
    """Cosmos QA: the prompt is the context and the question; labels from 0."""
    for place, item in given.rows():
        label = rows.index(given.report.where(place), item["label"], 4)
        choices = [str(item[f"answer{number}"]) for number in range(4)]
        yield place, rows.choice(str(item["id"]), [item["context"], item["question"]], choices, label)


def copa(given: Examples) -> Iterator[Raw]:
    """COPA and XCOPA; -1, or no label, where the publisher keeps it."""
    for place, item in given.rows():
        where = given.report.where(place)
        premise, asked, *choices = (
            member(where, item, key, str) for key in ("premise", "question", "choice1", "choice2")
        )
        identifier = f"{given.split}-{member(where, item, 'idx', int)}"
        yield place, rows.copa(where, identifier, premise, asked, choices, item.get("label"))


def lareqa(given: Examples) -> Iterator[Raw]:
    """XQuAD-R, an article an object: every sentence of every paragraph as a candidate, then the questions."""
    queries: list[Raw] = []
    number = 0
    for _, article in given.rows():
        for paragraph in member(given.report.source, article, "paragraphs", list):
            place = f"paragraph {number + 1}"
            where = given.report.where(place)
            candidates, asked = rows.lareqa_paragraph(where, given.language, number, paragraph)
            yield from ((place, row) for row in candidates)
            queries += [(place, row) for row in asked]
            number += 1
    yield from queries


def mewslix(given: Examples) -> Iterator[Raw]:
    """Mewsli-X: entities by their descriptions, and mentions of one language in WikiNews."""
    for place, item in given.rows():
        where = given.report.where(place)
        if "description" in item:
            yield place, rows.entity(where, item)
            continue
        context = member(where, item, "context", dict)
        if member(where, context, "language", str) != given.language:
            given.report.dropped += 1
            continue
        for found in optional(where, item, "mentions", list, []) or [member(where, item, "mention", dict)]:
            yield place, rows.mention(where, context, found)


def mewslix_pairs(given: Examples) -> Iterator[Raw]:
    """Mewsli-X's training pairs of English Wikipedia: a mention in its context, and its entity."""
    seen: set[str] = set()
    for place, item in given.rows():
        where = given.report.where(place)
        candidate = rows.entity(where, member(where, item, "entity", dict))
        if candidate["id"] not in seen:
            seen.add(candidate["id"])
            yield place, candidate
        both = member(where, item, "contextual_mention", dict)
        context, mention = (member(where, both, key, dict) for key in ("context", "mention"))
        yield place, rows.mention(where, context, mention)


def tydiqa(raw: Iterable[Raw], given: Examples) -> Iterator[Raw]:
    """Of rows in the nine languages of TyDiQA, those in one, by the prefix of the id.

    To train on the undivided file is to train on nine languages and call it English.
    """
    for place, row in raw:
        prefix = row["id"].split("-")[0]
        if prefix not in TYDIQA_LANGUAGES:
            raise UserError(
                f"{given.report.where(place)}: the id {row['id']!r} does not begin with a language of TyDiQA."
            )
        if TYDIQA_LANGUAGES[prefix] == given.language:
            yield place, row
        else:
            given.report.dropped += 1


def translations(language: str, foreign: Sequence[str], english: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(number, row) of two lists of sentences that pair by number."""
    for number, sentence in enumerate(foreign):
        yield number, rows.bitext(f"{language}-{number}", "source", sentence, f"en-{number}")
    for number, sentence in enumerate(english):
        yield number, rows.bitext(f"en-{number}", "target", sentence, f"{language}-{number}")
