"""One form in which a publisher gives a split of a task: which files it takes, and who reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..checks import TRANSLATED
from .readers import Reader

Sizes = Mapping[str, int]
Splits = Mapping[str, tuple["Layout", ...]]


@dataclass(frozen=True)
class Layout:
    """One form in which a publisher gives a split."""

    reader: Reader
    paths: tuple[str, ...]
    sizes: Sizes | None = None
    """Rows, by "split" or "split/language", where this form holds another number than the task's row says."""
    note: str = ""
    only: tuple[str, ...] | None = None
    """The languages that this form has; None for every language of the task."""

    def covers(self, language: str) -> bool:
        """Whether this form can hold `language`; a path without a place for it is English."""
        if self.only is not None:
            return language in self.only
        return language == "en" or "{" in self.paths[0]


def layout(reader: Reader, *paths: str, sizes: Sizes | None = None, note: str = "") -> Layout:
    """A form that holds a language a file, or English alone."""
    return Layout(reader, paths, sizes, note)


def mixed(reader: Reader, path: str, languages: tuple[str, ...], *others: str) -> Layout:
    """A form that holds several languages in one file."""
    return Layout(reader, (path, *others), only=languages)


def translated(reader: Reader, path: str, languages: tuple[str, ...], sizes: Sizes | None = None) -> Layout:
    """A machine translation of an English training set, a language a file."""
    return Layout(reader, (path,), sizes, TRANSLATED, tuple(code for code in languages if code != "en"))


def by_split(reader: Reader, *patterns: str, **splits: str) -> Splits:
    """The same patterns for each split: `{split}` stands for the name that the publisher gives it; for ours
    where none is stated."""
    names = splits or {split: split for split in ("train", "dev", "test")}
    return {
        split: (layout(reader, *(pattern.replace("{split}", name) for pattern in patterns)),)
        for split, name in names.items()
    }


def joined(*forms: Splits) -> Splits:
    """Several forms of the same splits, the first preferred."""
    splits = dict.fromkeys(split for form in forms for split in form)
    return {split: tuple(layout for form in forms for layout in form.get(split, ())) for split in splits}
