"""Tagged words: XTREME's form and PAN-X as published, CoNLL-U, and CCG supertags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...common.errors import UserError
from .. import rows
from ..checks import Raw
from ..examples import Given
from .reading import at, read_json, read_lines

_WIDTH = "2 columns were expected (word, tab, tag), {} found"


def columns(given: Given) -> Iterator[Raw]:
    """`token TAB tag`, a blank line between sentences; of test sets as XTREME's download leaves them, the
    tokens alone."""
    yield from _tagged(given, strip_language=False)


def panx_published(given: Given) -> Iterator[Raw]:
    """PAN-X as published, `sw:Msimbo TAB B-LOC`: the prefix ends at the FIRST colon of a token."""
    yield from _tagged(given, strip_language=True)


def _tagged(given: Given, strip_language: bool) -> Iterator[Raw]:
    words: list[str] = []
    tags: list[str | None] = []
    first = 1
    number = 0
    for line_number, line in enumerate([*read_lines(given.path), ""], start=1):
        if line.strip():
            if not words:
                first = line_number
            word, tag = _word(given, line_number, line, strip_language)
            words.append(word)
            tags.append(tag)
        elif words:
            if any(tags) and not all(tags):
                lacking = next(place for place, tag in enumerate(tags) if not tag)
                found = "the tag is empty" if tags[lacking] == "" else _WIDTH.format(1)
                raise UserError(f"{at(given.path, first + lacking)}: {found}; other words here have a tag.")
            yield first, rows.tags(at(given.path, first), given.identify(number), words, tags)
            words, tags = [], []
            number += 1


def _word(given: Given, number: int, line: str, strip_language: bool) -> tuple[str, str | None]:
    fields = line.split("\t")
    if len(fields) > 2:
        raise UserError(f"{at(given.path, number)}: {_WIDTH.format(len(fields))}.")
    word, tag = fields[0].strip(), fields[1].strip() if len(fields) == 2 else None
    if strip_language:
        prefix, colon, word = word.partition(":")
        if not colon or prefix != given.language:
            raise UserError(
                f"{at(given.path, number)}: the word {fields[0]!r} does not begin with {given.language}:"
            )
    if not word:
        raise UserError(f"{at(given.path, number)}: the word is empty.")
    return word, tag


# Universal Dependencies' CoNLL-U, turned into words and tags as XTREME's preprocessing does.

# Which word of a multiword token gives it its tag, where two are equally near the root.
_PRECEDENCE = (
    "VERB", "NOUN", "PROPN", "PRON", "ADJ", "NUM", "ADV", "INTJ", "AUX", "ADP", "DET", "PART", "CCONJ",
    "SCONJ", "X", "PUNCT", "SYM",
)  # fmt: skip
_HIDDEN = "_"  # the form of a word whose treebank may not show it, and the tag of one without


@dataclass
class _Sentence:
    first_line: int
    forms: dict[int, str] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    heads: dict[int, set[int]] = field(default_factory=dict)
    fused: list[tuple[int, int, str]] = field(default_factory=list)
    """(first word, last word, form) of the multiword tokens."""


def treebanks(given: Given) -> Iterator[Raw]:
    """The sentences of every file, multiword tokens fused: one form, the tag of its word nearest the root.

    Sentences whose words are hidden are left out, as XTREME leaves them out; empty nodes are no words.
    """
    number = 0
    for path in given.paths:
        for sentence in _sentences(path):
            words, tags = _fuse(sentence)
            hidden = sum(word == _HIDDEN for word in words)
            if hidden and hidden >= len(words) - 1:
                given.report.dropped += 1
                continue
            place = f"{path.name}, line {sentence.first_line}"
            known = ["" if tag == _HIDDEN else tag for tag in tags]
            yield place, rows.tags(at(path, sentence.first_line), given.identify(number), words, known)
            number += 1


def _sentences(path: Path) -> Iterator[_Sentence]:
    sentence: _Sentence | None = None
    for line, text in enumerate([*read_lines(path), ""], start=1):
        if not text.strip():
            if sentence is not None:
                yield sentence
            sentence = None
        elif not text.startswith("#"):
            sentence = sentence or _Sentence(line)
            _add_word(path, line, text, sentence)


def _add_word(path: Path, line: int, text: str, sentence: _Sentence) -> None:
    fields = text.split("\t")
    if len(fields) != 10:
        raise UserError(
            f"{at(path, line)}: 10 tab-separated columns were expected (CoNLL-U), {len(fields)} found."
        )
    identifier, form, tag, head, dependencies = fields[0], fields[1], fields[3], fields[6], fields[8]
    if "." in identifier:  # an empty node
        return
    try:
        if "-" in identifier:
            first, last = (int(part) for part in identifier.split("-"))
            sentence.fused.append((first, last, form))
            return
        index = int(identifier)
        governors = {int(head)} if head != _HIDDEN else set()
    except ValueError:
        raise UserError(
            f"{at(path, line)}: the word's number {identifier!r} or its head {head!r} is no number."
        ) from None
    for dependency in dependencies.split("|"):
        governor = dependency.split(":")[0]
        if governor.isdigit():
            governors.add(int(governor))
    sentence.forms[index] = form
    sentence.tags[index] = tag
    sentence.heads[index] = governors


def _fuse(sentence: _Sentence) -> tuple[list[str], list[str]]:
    forms, tags = dict(sentence.forms), dict(sentence.tags)
    for first, last, form in sentence.fused:
        span = [index for index in range(first, last + 1) if index in forms]
        head = min(span, key=lambda index: (_depth(sentence, index), _rank(sentence.tags[index]), index))
        forms[head] = form
        for index in span:
            if index != head:
                del forms[index], tags[index]
    order = sorted(forms)
    # XTREME drops the zero-width non-joiner and any space inside a form.
    return [forms[index].replace("\u200c", "").replace(" ", "") for index in order], [
        tags[index] for index in order
    ]


def _rank(tag: str) -> int:
    return _PRECEDENCE.index(tag) if tag in _PRECEDENCE else len(_PRECEDENCE)


def _depth(sentence: _Sentence, index: int) -> int:
    """How many words stand above this one, in the basic tree and the enhanced graph together."""
    above: set[int] = set()
    waiting = [index]
    while waiting:
        for governor in sentence.heads.get(waiting.pop(), ()):
            if governor not in above:
                above.add(governor)
                waiting.append(governor)
    return len(above)


# CCG supertags from the user's licensed copy of CCGbank: its AUTO files, or a table of words and tags.

# A leaf of a derivation: (<L supertag tag tag word predicate-argument category>)
_LEAF = re.compile(r"<L (?P<supertag>\S+) \S+ \S+ (?P<word>\S+) \S+>")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}


def ccg_auto(given: Given) -> Iterator[Raw]:
    """AUTO files: a line `ID=wsj_0001.1 ...`, then the derivation on one line."""
    for path in given.paths:
        identifier = ""
        for line, text in enumerate(read_lines(path), start=1):
            if text.startswith("ID="):
                identifier = text.split()[0].removeprefix("ID=")
                continue
            leaves = _LEAF.findall(text)
            if not leaves:
                raise UserError(
                    f"{at(path, line)}: a derivation of CCGbank was expected (<L ...>), not {text[:40]!r}."
                )
            yield (
                f"{path.name}, line {line}",
                {
                    "id": identifier or f"{path.stem}-{line}",
                    "words": [_BRACKETS.get(word, word) for _, word in leaves],
                    "tags": [supertag for supertag, _ in leaves],
                },
            )


def ccg_table(given: Given) -> Iterator[Raw]:
    """A sentence a line: words between spaces, a tab, as many supertags between spaces."""
    for number, text in enumerate(read_lines(given.path)):
        fields = text.split("\t")
        if len(fields) != 2:
            raise UserError(
                f"{at(given.path, number + 1)}: 2 tab-separated columns were expected, {len(fields)} found."
            )
        words, supertags = fields[0].split(), fields[1].split()
        yield number + 1, {"id": given.identify(number), "words": words, "tags": supertags}


def supertags(index: Path | None, training: Iterator[Raw]) -> tuple[str, ...]:
    """The label names: those of tags_to_id.json in their order, or all those of the training set, sorted."""
    if index is None:
        return tuple(sorted({tag for _, row in training for tag in row["tags"]}))
    numbers = read_json(index)
    if not isinstance(numbers, dict) or not numbers:
        raise UserError(f"{index} must map supertags to numbers, as {json.dumps({'N': 0, 'NP': 1})}.")
    return tuple(sorted(numbers, key=lambda tag: int(numbers[tag])))
