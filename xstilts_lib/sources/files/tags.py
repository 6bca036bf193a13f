"""Tagged words: XTREME's form and PAN-X as published, CoNLL-U, and CCG supertags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from ...common.errors import UserError
from ...common.reading import at, read_json, read_lines
from .. import rows
from ..checks import Raw
from ..examples import Given

_WIDTH = "2 columns were expected (word, tab, tag), {} found"


def _sentences(path: Path) -> Iterator[list[tuple[int, str]]]:
    """(number, text) of the lines of each sentence, which blank lines part."""
    numbered = enumerate(read_lines(path), start=1)
    for blank, lines in groupby(numbered, key=lambda line: not line[1].strip()):
        if not blank:
            yield list(lines)


def columns(given: Given, strip_language: bool = False) -> Iterator[Raw]:
    """`token TAB tag`, a blank line between sentences; of test sets as XTREME's download leaves them, the
    tokens alone."""
    for number, lines in enumerate(_sentences(given.path)):
        words, tags = zip(*(_word(given, *line, strip_language) for line in lines), strict=True)
        first = lines[0][0]
        if any(tags) and not all(tags):
            lacking = next(place for place, tag in enumerate(tags) if not tag)
            found = "the tag is empty" if tags[lacking] == "" else _WIDTH.format(1)
            raise UserError(f"{at(given.path, first + lacking)}: {found}; other words here have a tag.")
        yield first, rows.tags(at(given.path, first), given.identify(number), words, tags)


def panx_published(given: Given) -> Iterator[Raw]:
    """PAN-X as published, `sw:Msimbo TAB B-LOC`: the prefix ends at the FIRST colon of a token."""
    return columns(given, strip_language=True)


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


class _Word(NamedTuple):
    form: str
    tag: str
    heads: frozenset[int]
    """The words that govern it, in the basic tree and the enhanced graph together."""


def treebanks(given: Given) -> Iterator[Raw]:
    """The sentences of every file, multiword tokens fused: one form, the tag of its word nearest the root.

    Sentences whose words are hidden are left out, as XTREME leaves them out; empty nodes are no words.
    """
    number = 0
    for path in given.paths:
        for lines in _sentences(path):
            lines = [line for line in lines if not line[1].startswith("#")]
            if not lines:
                continue
            words, tags = _fused(path, lines)
            hidden = words.count(_HIDDEN)
            if hidden and hidden >= len(words) - 1:
                given.report.dropped += 1
                continue
            line = lines[0][0]
            known = ["" if tag == _HIDDEN else tag for tag in tags]
            row = rows.tags(at(path, line), given.identify(number), words, known)
            yield f"{path.name}, line {line}", row
            number += 1


def _fused(path: Path, lines: list[tuple[int, str]]) -> tuple[list[str], list[str]]:
    """The forms and the tags of a sentence."""
    words: dict[int, _Word] = {}
    fused: list[tuple[int, int, str]] = []  # first word, last word, form of the multiword tokens
    for line, text in lines:
        fields = text.split("\t")
        if len(fields) != 10:
            raise UserError(f"{at(path, line)}: 10 tab-separated columns were expected, {len(fields)} found.")
        identifier, form, tag, head, dependencies = (fields[place] for place in (0, 1, 3, 6, 8))
        if "." in identifier:  # an empty node
            continue
        try:
            if "-" in identifier:
                first, last = map(int, identifier.split("-"))
                fused.append((first, last, form))
                continue
            index, governors = int(identifier), {int(head)} if head != _HIDDEN else set()
        except ValueError:
            raise UserError(
                f"{at(path, line)}: the word's number {identifier!r} or its head {head!r} is no number."
            ) from None
        enhanced = (dependency.split(":")[0] for dependency in dependencies.split("|"))
        governors |= {int(governor) for governor in enhanced if governor.isdigit()}
        words[index] = _Word(form, tag, frozenset(governors))
    kept = dict(words)
    for first, last, form in fused:
        span = [index for index in range(first, last + 1) if index in kept]
        head = min(span, key=lambda index: (_depth(words, index), _rank(words[index].tag), index))
        kept[head] = kept[head]._replace(form=form)
        for index in span:
            if index != head:
                del kept[index]
    found = [kept[index] for index in sorted(kept)]
    # XTREME drops the zero-width non-joiner and any space inside a form.
    return [word.form.replace("\u200c", "").replace(" ", "") for word in found], [word.tag for word in found]


def _rank(tag: str) -> int:
    return _PRECEDENCE.index(tag) if tag in _PRECEDENCE else len(_PRECEDENCE)


def _depth(words: dict[int, _Word], index: int) -> int:
    """How many words stand above this one, the root among them."""
    above: set[int] = set()
    waiting = [index]
    while waiting:
        word = words.get(waiting.pop())
        fresh = word.heads - above if word else set()
        above |= fresh
        waiting += fresh
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
                raise UserError(f"{at(path, line)}: a derivation was expected (<L ...>), not {text[:40]!r}.")
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
            raise UserError(f"{at(given.path, number + 1)}: 2 columns were expected, {len(fields)} found.")
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
