"""Universal Dependencies' CoNLL-U, turned into words and tags as XTREME's preprocessing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ....common.errors import UserError
from ... import rows
from ...checks import Raw
from ..reading import at, read_lines
from . import Request

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


def treebanks(request: Request) -> Iterator[Raw]:
    """The sentences of every file, multiword tokens fused: one form, the tag of its word nearest the root.

    Sentences whose words are hidden are left out, as XTREME leaves them out; empty nodes are no words.
    """
    number = 0
    for path in request.paths:
        for sentence in _sentences(path):
            words, tags = _fuse(sentence)
            hidden = sum(word == _HIDDEN for word in words)
            if hidden and hidden >= len(words) - 1:
                request.report.dropped += 1
                continue
            place = f"{path.name}, line {sentence.first_line}"
            known = ["" if tag == _HIDDEN else tag for tag in tags]
            yield place, rows.tags(at(path, sentence.first_line), request.identify(number), words, known)
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
