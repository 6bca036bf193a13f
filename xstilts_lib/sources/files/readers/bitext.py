"""Sentence retrieval and mining: Tatoeba as LASER publishes it, BUCC 2018."""

from __future__ import annotations

from collections.abc import Iterator

from ....errors import UserError
from ...checks import Raw
from ..reading import read_lines
from . import Request


def tatoeba(request: Request) -> Iterator[Raw]:
    """Two files, line i of the one pairs with line i of the other."""
    foreign, english = (read_lines(path) for path in request.paths)
    if len(foreign) != len(english):
        raise UserError(
            f"{request.path} has {len(foreign)} lines and {request.paths[1].name} has {len(english)}: they must pair line by line."
        )
    for number, sentence in enumerate(foreign):
        identifier, mate = f"{request.language}-{number}", f"en-{number}"
        yield number + 1, {"id": identifier, "side": "source", "sentence": sentence.strip(), "mate": mate}
    for number, sentence in enumerate(english):
        identifier, mate = f"en-{number}", f"{request.language}-{number}"
        yield number + 1, {"id": identifier, "side": "target", "sentence": sentence.strip(), "mate": mate}
