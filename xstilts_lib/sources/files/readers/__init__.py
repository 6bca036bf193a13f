"""One function a file layout: from files to (place, row) in the columns of the format, labels as names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ....tasks import Task
from ...checks import LoadReport, Raw


@dataclass(frozen=True)
class Request:
    """What a reader is asked for, and the files that hold it."""

    task: Task
    split: str
    language: str
    paths: tuple[Path, ...]
    """The file that names the examples first, then what lies beside it (labels, the other side, ...)."""
    report: LoadReport

    @property
    def path(self) -> Path:
        return self.paths[0]

    def identify(self, number: int) -> str:
        """An id where the publisher gave none: the number in the split, the same in parallel languages."""
        return f"{self.split}-{number}"


Reader = Callable[[Request], Iterator[Raw]]
