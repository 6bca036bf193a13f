"""Tagged words, a word a line: XTREME's form, PAN-X as published, CoNLL-U."""

from __future__ import annotations

from collections.abc import Iterator

from ....errors import UserError
from ...checks import Raw
from ..reading import at, read_lines
from . import Request


def columns(request: Request) -> Iterator[Raw]:
    """`token TAB tag`, a blank line between sentences."""
    yield from _sentences(request, strip_language=False)


def panx_published(request: Request) -> Iterator[Raw]:
    """PAN-X as published, `sw:Msimbo TAB B-LOC`: the prefix ends at the FIRST colon of a token."""
    yield from _sentences(request, strip_language=True)


def _sentences(request: Request, strip_language: bool) -> Iterator[Raw]:
    words: list[str] = []
    tags: list[str] = []
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
            yield first, {"id": request.identify(number), "words": words, "tags": tags}
            words, tags = [], []
            number += 1


def _word(request: Request, number: int, line: str, strip_language: bool) -> tuple[str, str]:
    fields = line.split("\t")
    if len(fields) != 2:
        raise UserError(
            f"{at(request.path, number)}: 2 columns were expected (word, tab, tag), {len(fields)} found."
        )
    word, tag = fields[0].strip(), fields[1].strip()
    if strip_language:
        prefix, colon, word = word.partition(":")
        if not colon or prefix != request.language:
            raise UserError(
                f"{at(request.path, number)}: the word {fields[0]!r} does not begin with {request.language}:"
            )
    if not word or not tag:
        raise UserError(f"{at(request.path, number)}: the {'tag' if word else 'word'} is empty.")
    return word, tag
