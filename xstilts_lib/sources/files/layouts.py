"""Which file of the data folder holds which split of which task, and who reads it: the layouts, most complete first.

A path is relative to the data folder; its first part is the name of the set, a folder or an archive of that name. `{language}` stands
for the language as XTREME writes it, `{iso3}` for its ISO 639-3 code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .readers import Reader, bitext, pair, span, tags


@dataclass(frozen=True)
class Layout:
    """One form in which a publisher gives a split."""

    reader: Reader
    paths: tuple[str, ...]
    """All must be there, but for those that begin with '?'."""
    rows: int | None = None
    """The number of rows, where this form holds another number than the row of the task says."""
    languages: tuple[str, ...] | None = None
    """The languages that this form has; None for every language of the task."""
    note: str = ""

    @property
    def required(self) -> int:
        return sum(not path.startswith("?") for path in self.paths)

    def covers(self, language: str) -> bool:
        """Whether this form can hold `language`: a path without a place for it is English, unless `languages` says otherwise."""
        if self.languages is not None:
            return language in self.languages
        return language == "en" or "{" in self.paths[0]


def _one(reader: Reader, *paths: str, rows: int | None = None, note: str = "") -> tuple[Layout, ...]:
    return (Layout(reader, paths, rows, note=note),)


LAYOUTS: Mapping[str, Mapping[str, tuple[Layout, ...]]] = {
    "squad_v1": {
        "train": _one(span.squad, "squad/train-v1.1.json"),
        "dev": _one(span.squad, "squad/dev-v1.1.json"),
    },
    "xquad": {"test": _one(span.squad, "xquad/xquad.{language}.json")},
    "xnli": {
        "dev": _one(pair.xtreme, "xnli/dev-{language}.tsv"),
        "test": _one(pair.xtreme, "xnli/test-{language}.tsv", "?xnli/xnli_test_labels.txt"),
    },
    "panx": {
        "train": _one(tags.columns, "panx/train-{language}.tsv"),
        "dev": _one(tags.columns, "panx/dev-{language}.tsv"),
        "test": _one(tags.columns, "panx/test-{language}.tsv"),
    },
    "udpos": {
        "train": _one(tags.columns, "udpos/train-{language}.tsv"),
        "dev": _one(tags.columns, "udpos/dev-{language}.tsv"),
        "test": _one(tags.columns, "udpos/test-{language}.tsv"),
    },
    "tatoeba": {
        "test": _one(bitext.tatoeba, "tatoeba/tatoeba.{iso3}-eng.{iso3}", "tatoeba/tatoeba.{iso3}-eng.eng"),
    },
}
