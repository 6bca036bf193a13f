"""CCG supertags from the user's licensed copy of CCGbank: its AUTO files, or a table of words and tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ....common.errors import UserError
from ...checks import Raw
from ..reading import at, read_json, read_lines
from . import Request

# A leaf of a derivation: (<L supertag tag tag word predicate-argument category>)
_LEAF = re.compile(r"<L (?P<supertag>\S+) \S+ \S+ (?P<word>\S+) \S+>")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}


def auto(request: Request) -> Iterator[Raw]:
    """AUTO files: a line `ID=wsj_0001.1 ...`, then the derivation on one line."""
    for path in request.paths:
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


def table(request: Request) -> Iterator[Raw]:
    """A sentence a line: words between spaces, a tab, as many supertags between spaces."""
    for number, text in enumerate(read_lines(request.path)):
        fields = text.split("\t")
        if len(fields) != 2:
            raise UserError(
                f"{at(request.path, number + 1)}: 2 tab-separated columns were expected, {len(fields)} found."
            )
        words, supertags = fields[0].split(), fields[1].split()
        yield number + 1, {"id": request.identify(number), "words": words, "tags": supertags}


def supertags(index: Path | None, training: Iterator[Raw]) -> tuple[str, ...]:
    """The label names: those of tags_to_id.json in their order, or all those of the training set, sorted."""
    if index is None:
        return tuple(sorted({tag for _, row in training for tag in row["tags"]}))
    numbers = read_json(index)
    if not isinstance(numbers, dict) or not numbers:
        raise UserError(f"{index} must map supertags to numbers, as {json.dumps({'N': 0, 'NP': 1})}.")
    return tuple(sorted(numbers, key=lambda tag: int(numbers[tag])))
