"""Pairs of sentences with a label: natural language inference and paraphrase, in the forms that their publishers chose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ....errors import UserError
from ...checks import Raw
from ..reading import at, read_csv, read_lines
from . import Request


def xtreme(request: Request) -> Iterator[Raw]:
    """XTREME's form of XNLI and PAWS-X: `first TAB second [TAB label]`, quoted as CSV.

    The labels of its test sets stand in a file beside, in the same order: one a line, or `id TAB label`.
    """
    beside = _labels_beside(request.paths[1]) if len(request.paths) > 1 else None
    number = -1
    for number, (line, fields) in enumerate(read_csv(request.path, delimiter="\t")):
        if len(fields) not in (2, 3):
            raise UserError(
                f"{at(request.path, line)}: 2 or 3 tab-separated columns (first, second, label) were expected, "
                f"{len(fields)} found."
            )
        label: str | None = fields[2] if len(fields) == 3 else None
        if label is None and beside is not None:
            if number >= len(beside):
                raise UserError(
                    f"{request.paths[1]} has {len(beside)} labels, fewer than {request.path.name} has rows."
                )
            label = beside[number]
        yield line, _row(request.identify(number), fields[0], fields[1], label)
    if beside is not None and number + 1 != len(beside):
        raise UserError(
            f"{request.paths[1]} has {len(beside)} labels, {request.path.name} has {number + 1} rows."
        )


def _labels_beside(path: Path) -> list[str]:
    return [line.split("\t")[-1].strip() for line in read_lines(path)]


def _row(identifier: str, first: str, second: str, label: str | None) -> dict[str, object]:
    return {"id": identifier, "first": first, "second": second, "label": label}
