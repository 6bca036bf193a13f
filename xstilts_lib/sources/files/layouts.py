"""Which file of the data folder holds which split of which task, and who reads it: the table layouts.csv.

A row is one form in which a publisher gives some splits; of several forms of one split, the first that is in
the folder is read. Its cells:

- `splits`: ours, with the publisher's name where it is another (`dev=val`); `{split}` stands for that.
- `reader`: a function of a module beside this one.
- `paths`: relative to the data folder; the first part is the name of the set, a folder or an archive. For
  `{language}`, `{iso3}` and `{tydiqa}` see codes.py; `*` stands for anything. All must be there, but for
  those that begin with "?". A first path without a place for the language is English.
- `languages`: those that the form has, where it is not every one that the path can name.
- `rows`: how many, where it is not the published number: by split or split/language, or "unknown".
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..examples import Converter
from . import choice, pair, retrieval, span, tags

_MODULES = {"choice": choice, "pair": pair, "retrieval": retrieval, "span": span, "tags": tags}
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
            module, _, name = row["reader"].partition(".")
            sizes = [cell.split(":") for cell in row["rows"].replace("unknown", "").split()]
            for cell in row["splits"].split():
                split, _, theirs = cell.partition("=")
                layout = Layout(
                    getattr(_MODULES[module], name),
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
