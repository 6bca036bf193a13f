"""Examples that files and the hub give alike, as objects with a publisher's own keys: from there to rows.

A converter turns what is given of one split in one language into (place, row) pairs in the columns of the
format, labels as names. Those in files/ read forms that files alone have, those in hub/ forms of the hub's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from . import rows
from .checks import LoadReport, Place, Raw
from .rows import Row, member, optional

# Language codes: ISO 639-1, as XTREME writes languages, and ISO 639-3, as Tatoeba's files are named.
_PAIRS = (
    "af:afr ar:ara az:aze bg:bul bn:ben de:deu el:ell en:eng es:spa et:est eu:eus fa:pes fi:fin fr:fra "
    "gu:guj he:heb hi:hin ht:hat hu:hun id:ind it:ita ja:jpn jv:jav ka:kat kk:kaz ko:kor lt:lit ml:mal "
    "mr:mar ms:msa my:mya nl:nld pa:pan pl:pol pt:por qu:que ro:ron ru:rus sw:swh ta:tam te:tel th:tha "
    "tl:tgl tr:tur uk:ukr ur:urd vi:vie wo:wol yo:yor zh:cmn"
)
ISO3: Mapping[str, str] = dict(pair.split(":") for pair in _PAIRS.split())
# TyDiQA names the language in the id of an example, `swahili-902381739-0`, and some of its files by it.
_TYDIQA = "ar:arabic bn:bengali en:english fi:finnish id:indonesian ko:korean ru:russian sw:swahili te:telugu"
TYDIQA: Mapping[str, str] = dict(pair.split(":") for pair in _TYDIQA.split())
_TYDIQA_CODES = {name: code for code, name in TYDIQA.items()}
# Braces mark a mention; those of the text itself become parentheses.
_BRACES = re.compile(r"\{(.*?)\}")


def fill(pattern: str, language: str) -> str:
    """`pattern` with the codes of a language for `{language}`, `{iso3}` and `{tydiqa}`."""
    for place, codes in (("{language}", {}), ("{iso3}", ISO3), ("{tydiqa}", TYDIQA)):
        pattern = pattern.replace(place, codes.get(language, language))
    return pattern


@dataclass(frozen=True)
class Given:
    """One split in one language, be it of a file or of a repository."""

    split: str
    language: str
    report: LoadReport
    paths: tuple[Path, ...] = ()
    """The file that names the examples first, then what lies beside it (labels, the other side, ...)."""
    items: Iterable[tuple[Place, Row]] = ()
    """(place, object) of every example, where there is an object for each."""
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The names of numbered class labels, by column."""

    @property
    def path(self) -> Path:
        return self.paths[0]

    def identify(self, number: int) -> str:
        """An id where the publisher gave none: the number in the split, the same in parallel languages."""
        return f"{self.split}-{number}"


Converter = Callable[[Given], Iterator[Raw]]
NO_GOLD = "-"  # SNLI and MNLI: the annotators did not agree


def pair(
    first: str, second: str, label: str, identifier: str = "", gold_only: bool = False, **names: str
) -> Converter:
    """The converter of two sentences with a label. Rows on which annotators did not agree are left out, and
    with `gold_only` those without a label (-1). `names` has ours for a label that is spelt otherwise."""

    def convert(given: Given) -> Iterator[Raw]:
        classes = given.classes.get(label)
        for number, (place, item) in enumerate(given.items):
            where = given.report.where(place)
            name = rows.class_name(where, item.get(label), classes)
            if name == NO_GOLD or (gold_only and name is None):
                given.report.dropped += 1
                continue
            own = given.identify(number)
            if identifier:
                own = f"{given.split}-{member(where, item, identifier, object)}"
            texts = (member(where, item, key, str) for key in (first, second))
            yield place, rows.pair(own, *texts, names.get(str(name), name))

    return convert


def hellaswag(given: Given) -> Iterator[Raw]:
    """HellaSwag; the test set has no labels."""
    for place, item in given.items:
        where = given.report.where(place)
        endings = member(where, item, "endings", list)
        start, unfinished = (member(where, item, key, str) for key in ("ctx_a", "ctx_b"))
        label = rows.index(where, item.get("label"), len(endings))
        identifier = f"{given.split}-{member(where, item, 'ind', int)}"
        yield place, rows.hellaswag(identifier, start, unfinished, endings, label)


def cosmosqa(given: Given) -> Iterator[Raw]:
    """Cosmos QA: the prompt is the context and the question; labels from 0."""
    for place, item in given.items:
        label = rows.index(given.report.where(place), item["label"], 4)
        choices = [str(item[f"answer{number}"]) for number in range(4)]
        yield place, rows.choice(str(item["id"]), [item["context"], item["question"]], choices, label)


def copa(given: Given) -> Iterator[Raw]:
    """COPA and XCOPA: what is asked for is put as XTREME-R puts it, in English whatever the language.

    A label is 0, 1, or None or -1 where the publisher keeps it. A row names the word under "asked" too.
    """
    for place, item in given.items:
        where = given.report.where(place)
        keys = ("premise", "question", "choice1", "choice2")
        premise, asked, *choices = (member(where, item, key, str) for key in keys)
        identifier = f"{given.split}-{member(where, item, 'idx', int)}"
        if asked not in ("cause", "effect"):
            raise UserError(f"{where}: a question asks for 'cause' or 'effect', not for {asked!r}.")
        row = rows.choice(identifier, [premise], choices, rows.index(where, item.get("label"), 2))
        yield place, {**row, "prompt": rows.asking(premise, asked), "asked": asked}


# XCOPA's questions: whether a row asks for the cause or for the effect, held against its translations. Rows
# with one `idx` are one item in every language, but the publisher's files do not always ask the same of it:
# in Thai every row asks for the effect, and in Turkish and Swahili many ask for the wrong one. Most of the
# languages are right, so the word that most of the others have is the right one.

Asked = Mapping[str, str]  # the id of a row -> "cause" or "effect"
_WITNESSES = 2  # languages that must agree before a row is mended


def xcopa_asked(raw: Iterable[Raw]) -> Asked:
    """What each row asks for."""
    return {row["id"]: row["asked"] for _, row in raw}


def xcopa_compared(
    raw: Iterable[Raw], report: LoadReport, others: Sequence[Asked], repair: bool
) -> Iterator[Raw]:
    """The rows of one language, those counted that ask for another word than most of `others` do.

    With `repair` they ask for that word, where at least two other languages have it.
    """
    differing = 0
    for place, row in raw:
        votes = Counter(words[row["id"]] for words in others if row["id"] in words)
        word, number = max(votes.items(), key=lambda vote: vote[1], default=(row["asked"], 0))
        if word != row["asked"] and 2 * number > votes.total():
            if repair and number >= _WITNESSES:
                row |= {"prompt": rows.asking(*row["about"], word)}
                report.repaired += 1
            else:
                differing += 1
        yield place, row
    most = f"most of the {len(others)} other languages"
    if report.repaired:
        report.notes.append(f"{report.repaired} questions put as in {most}")
    if differing:
        most = most if len(others) > 1 else "the one other language"
        report.notes.append(f"{differing} rows ask for another of cause and effect than in {most}")


def lareqa(given: Given) -> Iterator[Raw]:
    """XQuAD-R, an article an object: every sentence of every paragraph as a candidate, then the questions."""
    queries: list[Raw] = []
    number = 0
    for _, article in given.items:
        for paragraph in member(given.report.source, article, "paragraphs", list):
            place = f"paragraph {number + 1}"
            candidates, asked = _paragraph(given.report.where(place), given.language, number, paragraph)
            yield from ((place, row) for row in candidates)
            queries += [(place, row) for row in asked]
            number += 1
    yield from queries


def _paragraph(where: str, language: str, number: int, paragraph: Row) -> tuple[list[Row], list[Row]]:
    """(candidates, queries) of a paragraph of XQuAD-R; a sentence that holds an answer is the mate.

    Candidates are named `language-paragraph-sentence`, questions by their ids, which all languages share.
    """
    context = member(where, paragraph, "context", str)
    sentences = member(where, paragraph, "sentences", list)
    breaks = member(where, paragraph, "sentence_breaks", list)
    if len(breaks) != len(sentences):
        raise UserError(f"{where}: {len(sentences)} sentences have {len(breaks)} sentence_breaks.")
    for place in breaks:
        if not isinstance(place, list) or [type(number) for number in place] != [int, int]:
            raise UserError(f"{where}: a sentence_break is two whole numbers, not {rows.shown(place)}.")
    names = [f"{language}-{number}-{index}" for index in range(len(sentences))]
    named = zip(names, sentences, strict=True)
    candidates = [rows.ranking(name, "candidate", text, context, "") for name, text in named]
    queries = []
    for question in member(where, paragraph, "qas", list):
        answers = [
            (member(where, answer, "text", str), member(where, answer, "answer_start", int))
            for answer in optional(where, question, "answers", list, [])
        ]
        mate = ""  # where the publisher took the answers out
        for start in [start for answer, start in answers if answer.strip()][:1]:
            held = (name for name, (first, last) in zip(names, breaks, strict=True) if first <= start < last)
            mate = next(held, "")
            if not mate:
                raise UserError(f"{where}: no sentence holds the answer at {start}.")
        text, identifier = member(where, question, "question", str), member(where, question, "id", str)
        queries.append(rows.ranking(identifier, "query", text, "", mate))
    return candidates, queries


def mewslix(given: Given) -> Iterator[Raw]:
    """Mewsli-X: entities by their descriptions, and mentions of one language in WikiNews."""
    for place, item in given.items:
        where = given.report.where(place)
        if "description" in item:
            yield place, _entity(where, item)
            continue
        context = member(where, item, "context", dict)
        if member(where, context, "language", str) != given.language:
            given.report.dropped += 1
            continue
        for found in optional(where, item, "mentions", list, []) or [member(where, item, "mention", dict)]:
            yield place, _mention(where, context, found)


def mewslix_pairs(given: Given) -> Iterator[Raw]:
    """Mewsli-X's training pairs of English Wikipedia: a mention in its context, and its entity."""
    seen: set[str] = set()
    for place, item in given.items:
        where = given.report.where(place)
        candidate = _entity(where, member(where, item, "entity", dict))
        if candidate["id"] not in seen:
            seen.add(candidate["id"])
            yield place, candidate
        both = member(where, item, "contextual_mention", dict)
        context, mention = (member(where, both, key, dict) for key in ("context", "mention"))
        yield place, _mention(where, context, mention)


def _entity(where: str, item: Row) -> Row:
    """A candidate: an entity's description, which is all that XTREME-R reads of it."""
    description, name = (member(where, item, key, str) for key in ("description", "entity_id"))
    return rows.ranking(name, "candidate", " ".join(description.split()), "", "")


def _mention(where: str, context: Row, item: Any) -> Row:
    """A query: a mention, and as context the sentence that it stands in, braces around it."""
    place = member(where, item, "mention_span", dict)
    start, end = (member(where, place, key, int) for key in ("start", "end"))
    passage, text = member(where, context, "text", str), member(where, place, "text", str)
    if passage[start:end] != text:
        raise UserError(f"{where}: the mention {text[:60]!r} is not where its offsets say.")
    first, last = 0, len(passage)
    for sentence in optional(where, context, "sentence_spans", list, []):
        begins, ends = (member(where, sentence, key, int) for key in ("start", "end"))
        if begins <= start and end <= ends:
            first, last = begins, ends
    left, right = (_BRACES.sub(r"(\1)", part) for part in (passage[first:start], passage[end:last]))
    marked = " ".join(f"{left} {{ {text} }} {right}".split())
    identifier = member(where, item, "example_id", str)
    return rows.ranking(identifier, "query", text, marked, optional(where, item, "entity_id", str, ""))


def tydiqa(raw: Iterable[Raw], given: Given) -> Iterator[Raw]:
    """Of rows in the nine languages of TyDiQA, those in one, by the prefix of the id.

    To train on the undivided file is to train on nine languages and call it English.
    """
    for place, row in raw:
        prefix = row["id"].split("-")[0]
        if prefix not in _TYDIQA_CODES:
            where = given.report.where(place)
            raise UserError(f"{where}: the id {row['id']!r} does not begin with a language of TyDiQA.")
        if _TYDIQA_CODES[prefix] == given.language:
            yield place, row
        else:
            given.report.dropped += 1


def translations(language: str, foreign: Sequence[str], english: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(number, row) of two lists of sentences that pair by number."""
    for number, sentence in enumerate(foreign):
        yield number, rows.bitext(f"{language}-{number}", "source", sentence, f"en-{number}")
    for number, sentence in enumerate(english):
        yield number, rows.bitext(f"en-{number}", "target", sentence, f"{language}-{number}")
