"""One function a file layout: from files to (place, row) in the columns of the format, labels as names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ....tasks import Task
from ...checks import LoadReport, Place, Raw
from ...rows import Row
from ..reading import read_json_lines, read_table


@dataclass(frozen=True)
class Request:
    """What a reader is asked for, and the files that hold it."""

    task: Task
    split: str
    language: str
    paths: tuple[Path, ...]
    """The file that names the examples first, then what lies beside it (labels, the other side, ...)."""
    report: LoadReport
    given: Iterable[tuple[Place, Row]] = ()
    """The objects of the file, where the publisher gives one for each example; see examples.py."""

    def rows(self) -> Iterable[tuple[Place, Row]]:
        return self.given

    @property
    def path(self) -> Path:
        return self.paths[0]

    def identify(self, number: int) -> str:
        """An id where the publisher gave none: the number in the split, the same in parallel languages."""
        return f"{self.split}-{number}"


Reader = Callable[[Request], Iterator[Raw]]


def objects(convert: Reader) -> Reader:
    """A file of JSON lines, an object an example."""
    return lambda request: convert(replace(request, given=read_json_lines(request.path)))


def table(convert: Reader, *columns: str) -> Reader:
    """A quoted CSV file whose header names `columns`."""
    return lambda request: convert(replace(request, given=read_table(request.path, columns)))
