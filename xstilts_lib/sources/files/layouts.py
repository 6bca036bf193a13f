"""The data folder: which file holds which split of which task, and who reads it: the table layouts.csv.

A row is one form in which a publisher gives some splits; of several forms of one split, the first that is in
the folder is read. Its cells:

- `splits`: ours, with the publisher's name where it is another (`dev=val`); `{split}` stands for that.
- `reader`: a function of converters.py or tags.py.
- `paths`: relative to the data folder; the first part is the name of the set, a folder or an archive. For
  `{language}`, `{iso3}` and `{tydiqa}` see examples.fill; `*` stands for anything. All must be there, but for
  those that begin with "?". A first path without a place for the language is English.
- `languages`: those that the form has, where it is not every one that the path can name.
- `rows`: how many, where it is not the published number: by split or split/language, or "unknown".
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...common.checksums import of_listing
from ..examples import Converter, fill
from . import converters, tags
from .archives import find_archive, unpack

CCG_LABELS = "ccg/tags_to_id.json"


@dataclass(frozen=True)
class Layout:
    """One form in which a publisher gives a split."""

    reader: Converter
    paths: tuple[str, ...]
    sizes: Mapping[str, int] | None
    """Rows, by "split" or "split/language"; None: those that the task's row states."""
    note: str
    only: tuple[str, ...]
    """The languages that this form has; none named: every language of the task."""

    def covers(self, language: str) -> bool:
        """Whether this form can hold `language`."""
        if self.only:
            return language in self.only
        return language == "en" or "{" in self.paths[0]


def _read() -> Mapping[str, Mapping[str, tuple[Layout, ...]]]:
    found: dict[str, dict[str, tuple[Layout, ...]]] = defaultdict(dict)
    with open(Path(__file__).with_suffix(".csv"), encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            sizes = [cell.split(":") for cell in row["rows"].replace("unknown", "").split()]
            for cell in row["splits"].split():
                split, _, theirs = cell.partition("=")
                layout = Layout(
                    getattr(converters, row["reader"], None) or getattr(tags, row["reader"]),
                    tuple(row["paths"].replace("{split}", theirs or split).split()),
                    {key: int(number) for key, number in sizes} if row["rows"] else None,
                    row["note"],
                    tuple(row["languages"].split()),
                )
                splits = found[row["task"]]
                splits[split] = (*splits.get(split, ()), layout)
    return dict(found)


LAYOUTS = _read()
"""Task -> split -> its forms, the best first."""


class DataFolder:
    """A folder of data sets, each a folder or an archive of its name, unpacked when needed."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.cache = cache
        self._sets: dict[str, Path | None] = {}

    def set(self, name: str) -> Path | None:
        """The folder of a data set, unpacked if need be; None where it is absent."""
        if name not in self._sets:
            folder, archive = self.root / name, find_archive(self.root, name)
            if folder.is_dir():
                self._sets[name] = folder
            else:
                self._sets[name] = unpack(archive, name, self.cache) if archive else None
        return self._sets[name]

    def find(self, relative: str) -> Path | None:
        """The file at `relative`, whose first part names the set; None where it is absent."""
        return next(iter(self.find_all(relative)), None)

    def find_all(self, pattern: str) -> list[Path]:
        """The files at `pattern`, in order; `*` stands for anything, the first part names the set."""
        name, _, inner = pattern.partition("/")
        folder = self.set(name)
        if folder is None:
            return []
        paths = sorted(folder.glob(inner)) if "*" in inner else [folder / inner]
        return [path for path in paths if path.is_file()]

    def files(self, layout: Layout, language: str) -> tuple[Path, ...]:
        """The files of a layout, or none where one that it needs is absent."""
        found: list[Path] = []
        for pattern in layout.paths:
            paths = self.find_all(fill(pattern.lstrip("?"), language))
            if not paths and not pattern.startswith("?"):
                return ()
            found += paths
        return tuple(found)

    def digest(self, paths: Iterable[Path]) -> str:
        """16 hexadecimal digits that change when a name or a byte of `paths` does."""
        return of_listing((f"{path.parent.name}/{path.name}", path) for path in sorted(set(paths)))
