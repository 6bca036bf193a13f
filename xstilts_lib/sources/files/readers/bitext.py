"""Sentence retrieval and mining: Tatoeba as LASER publishes it, BUCC 2018."""

from __future__ import annotations

from collections.abc import Iterator

from ....common.errors import UserError
from ... import examples, rows
from ...checks import Raw
from ..reading import at, read_lines, read_tsv
from . import Request


def tatoeba(request: Request) -> Iterator[Raw]:
    """Two files, line i of the one pairs with line i of the other."""
    foreign, english = (read_lines(path) for path in request.paths)
    if len(foreign) != len(english):
        raise UserError(
            f"{request.path} has {len(foreign)} lines and {request.paths[1].name} has {len(english)}: "
            "they must pair line by line."
        )
    for number, row in examples.translations(request.language, foreign, english):
        yield number + 1, row


def bucc(request: Request) -> Iterator[Raw]:
    """BUCC 2018: two corpora, `id TAB sentence`, and the pairs among them, `id TAB id`, where given."""
    foreign, english = request.paths[:2]
    pairs: dict[str, str] = {}
    for path in request.paths[2:]:
        for line, (source, target) in read_tsv(path, 2):
            if source in pairs or target in pairs:
                raise UserError(f"{at(path, line)}: a sentence of {source!r}, {target!r} is paired twice.")
            pairs[source], pairs[target] = target, source
    found = 0
    for side, path in (("source", foreign), ("target", english)):
        for line, (identifier, sentence) in read_tsv(path, 2):
            mate = pairs.get(identifier, "")
            found += bool(mate)
            yield f"{path.name}, line {line}", rows.bitext(identifier, side, sentence, mate)
    if found != len(pairs):
        missing = len(pairs) - found
        raise UserError(
            f"{request.paths[2]} pairs {missing} sentences that {foreign.name} or {english.name} lacks."
        )
    if not pairs:
        request.report.notes.append("no pairs: the file .gold is not there")
