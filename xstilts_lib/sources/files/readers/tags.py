"""Tagged words, a word a line: XTREME's form, PAN-X as published, CoNLL-U."""

from __future__ import annotations

from collections.abc import Iterator

from ....common.errors import UserError
from ... import rows
from ...checks import Raw
from ..reading import at, read_lines
from . import Request

_WIDTH = "2 columns were expected (word, tab, tag), {} found"


def columns(request: Request) -> Iterator[Raw]:
    """`token TAB tag`, a blank line between sentences; of test sets as XTREME's download leaves them, the
    tokens alone."""
    yield from _sentences(request, strip_language=False)


def panx_published(request: Request) -> Iterator[Raw]:
    """PAN-X as published, `sw:Msimbo TAB B-LOC`: the prefix ends at the FIRST colon of a token."""
    yield from _sentences(request, strip_language=True)


def _sentences(request: Request, strip_language: bool) -> Iterator[Raw]:
    words: list[str] = []
    tags: list[str | None] = []
    first = 1
    number = 0
    for line_number, line in enumerate([*read_lines(request.path), ""], start=1):
        if line.strip():
            if not words:
                first = line_number
            word, tag = _word(request, line_number, line, strip_language)
            words.append(word)
            tags.append(tag)
        elif words:
            if any(tags) and not all(tags):
                lacking = next(place for place, tag in enumerate(tags) if not tag)
                found = "the tag is empty" if tags[lacking] == "" else _WIDTH.format(1)
                raise UserError(f"{at(request.path, first + lacking)}: {found}; other words here have a tag.")
            yield first, rows.tags(at(request.path, first), request.identify(number), words, tags)
            words, tags = [], []
            number += 1


def _word(request: Request, number: int, line: str, strip_language: bool) -> tuple[str, str | None]:
    fields = line.split("\t")
    if len(fields) > 2:
        raise UserError(f"{at(request.path, number)}: {_WIDTH.format(len(fields))}.")
    word, tag = fields[0].strip(), fields[1].strip() if len(fields) == 2 else None
    if strip_language:
        prefix, colon, word = word.partition(":")
        if not colon or prefix != request.language:
            raise UserError(
                f"{at(request.path, number)}: the word {fields[0]!r} does not begin with {request.language}:"
            )
    if not word:
        raise UserError(f"{at(request.path, number)}: the word is empty.")
    return word, tag
