"""What the two sources of real data, files and the hub, share: from raw rows to checked data sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..common import places
from ..common.errors import UserError, nearest
from ..tasks import TASKS, Task, task
from . import Split, overlap
from .checks import LoadReport, Raw, checked, counted, gold, joined_report, limited, unlabelled
from .examples import ISO3, Asked, xcopa_asked, xcopa_compared
from .rows import dataset

if TYPE_CHECKING:
    from datasets import Dataset

SPLITS = ("train", "dev", "test")
_RIGHT = {"span": "answer", "tags": "tags", "bitext": "mate", "ranking": "mate"}  # what others call a label


@dataclass(frozen=True)
class RealSettings:
    """What can be set of either."""

    counts: Literal["exact", "any"] = "exact"
    """'exact' refuses a split without its published number of rows; 'any' takes a version of your own."""
    overlaps: Literal["keep", "drop"] = "keep"
    """'drop' leaves out of a training set the rows with a text that the English dev or test set of a target
    trained on it holds too; 'keep' reads it as it was published."""
    repair: tuple[Literal["xcopa"], ...] = ()
    """Published faults to mend, by task. `xcopa`: its Thai, Turkish and Swahili files ask for the cause where
    the other languages ask for the effect, or the other way; each row then asks what most languages ask."""
    cache: Path | None = None
    """Where archives are unpacked, hub-pins.json stands, and what GitHub and Wikipedia gave; None is
    $XSTILTS_CACHE, or else ~/.cache/xstilts."""


class RealSource(ABC):
    """Examples that were published, held against what their publishers say of them."""

    kind: str

    def __init__(self, settings: RealSettings) -> None:
        self.settings = settings
        self.exact = settings.counts == "exact"
        self.repair = settings.repair
        """The tasks whose known faults are mended: `xcopa`."""
        self.cache = settings.cache.expanduser() if settings.cache else places.cache()
        self.reports: dict[tuple[str, str, str], LoadReport] = {}
        """What the loads so far found, by (task, split, language)."""
        self.evaluated: set[str] = set()
        """The targets that a check was asked for: those of the experiment."""
        self._asked: dict[str, dict[str, Asked]] = {}

    def load(self, task: str, split: Split, language: str = "en", limit: int | None = None) -> Dataset:
        """The examples of one split in one language; a task that trains on another gives that one's.

        With `limit`, so many of them, spread over the split, the same ones in parallel languages. UserError
        where something is missing, damaged, or not what was published, and for a training set with rows that
        have no label; `reports` keeps what was found.
        """
        row = self.row(task)
        if split not in SPLITS:
            raise UserError(f"There is no split {split!r}: {nearest(split, SPLITS)}")
        if split == "train" and row.train and row.train != row.name:
            return self.load(row.train, split, language, limit)
        rows = self.rows(task, split, language)
        if split == "train":
            self._labelled(row, split, language, rows)
            if self.settings.overlaps == "drop":
                rows = self._apart(row, rows, language)
        return dataset(row.format, limited(row, rows, limit))

    def _apart(self, row: Task, rows: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
        """The training rows that share no text with the English evaluation sets that they lead to."""
        kept = overlap.apart(row, rows, overlap.held_out(self, self._users(row), ["en"]))
        self.reports[row.name, "train", language].overlapping = len(rows) - len(kept)
        return kept

    def _users(self, row: Task) -> list[str]:
        """The experiment's targets that train on this set; all such where nobody said what will be
        evaluated."""
        targets = self.evaluated or {name for name, each in TASKS.items() if each.role == "target"}
        mine = (name for name in sorted(targets) if row.name in (name, task(name).train))
        return [name for name in mine if self.kind in task(name).sources]

    def require_labels(self, name: str, split: str, language: str, limit: int | None = None) -> None:
        """UserError where rows that `load` would give have no label, naming what would mend it."""
        row = self.row(name)
        report = self.reports.get((name, split, language))
        if row.format == "text" or (report is not None and not report.unlabelled):
            return
        rows = self.rows(name, split, language)
        self._labelled(row, split, language, rows if split == "train" else limited(row, rows, limit))

    def _labelled(self, row: Task, split: str, language: str, rows: list[dict[str, Any]]) -> None:
        lacking = len(unlabelled(row, gold(row, rows)))
        if lacking:
            shown = self.reports[row.name, split, language].source
            have = f"{'has' if lacking == 1 else 'have'} no {_RIGHT.get(row.format, 'label')}"
            use = "learn from" if split == "train" else "score by"
            raise UserError(
                f"{shown}: {lacking:,} of {len(rows):,} rows of {row.name} ({split}, {language}) {have} "
                f"to {use}: {self.remedy(row, split, language)}."
            )

    def rows(self, name: str, split: str, language: str) -> list[dict[str, Any]]:
        """The checked rows of one split, as plain dictionaries."""
        row = self.row(name)
        if row.parts:
            return self._joined(row, split, language)
        raw, report = self.open(row, split, language)
        if name == "xcopa":
            raw = xcopa_compared(raw, report, self.questions(row, split, language), name in self.repair)
        rows = checked(row, self.labels(name), raw, report, self.exact)
        self.reports[name, split, language] = report
        return rows

    def questions(self, row: Task, split: str, language: str) -> list[Asked]:
        """What each other language that is there asks of each item of XCOPA.

        One that cannot be read is left out: the hub does not say beforehand what a copy of it lacks. But a
        file by which questions would be mended must be readable.
        """
        found = self._asked.setdefault(split, {})
        for other in self.held(row.name, split):
            if other not in found and other != language:
                try:
                    found[other] = xcopa_asked(self.open(row, split, other)[0])
                except UserError:
                    if row.name in self.repair and self.kind == "files":
                        raise
                    found[other] = {}
        return [words for other, words in found.items() if other != language and words]

    def _joined(self, row: Task, split: str, language: str) -> list[dict[str, Any]]:
        """The rows of a task that others make up, with the part in the id."""
        own = ((part, one) for part in row.parts for one in self.rows(part, split, language))
        rows = [{**one, "id": f"{part}-{one['id']}"} for part, one in own]
        parts = [self.reports[part, split, language] for part in row.parts]
        report = joined_report(row, split, language, parts)
        counted(row, report, self.exact)
        self.reports[row.name, split, language] = report
        return rows

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages in which this source can evaluate `task`."""
        row = self.row(task)
        if row.role == "intermediate":
            return ("en",)
        splits = self.splits(task)
        return ("test" in splits and self.held(task, "test")) or self.held(task, "dev")

    def labels(self, task: str) -> tuple[str, ...]:
        """Label names in the order of the head's outputs."""
        return self.row(task).labels

    def row(self, name: str) -> Task:
        """The task's row; UserError for a task that does not come from this source."""
        row = task(name)
        if self.kind not in row.sources:
            known = [other.name for other in TASKS.values() if self.kind in other.sources]
            come_from = ", ".join(row.sources)
            raise UserError(
                f"{name!r} does not come from the source {self.kind!r} (but from: {come_from}): "
                f"{nearest(name, known)}"
            )
        return row

    @abstractmethod
    def open(self, row: Task, split: str, language: str) -> tuple[Iterable[Raw], LoadReport]:
        """(place, row) of every example of a split, labels as names, and the report to fill."""

    @abstractmethod
    def splits(self, name: str) -> tuple[str, ...]:
        """The splits that this source can have of a task."""

    @abstractmethod
    def find(self, row: Task, split: str, language: str) -> Any:
        """What holds a split of a task that is not made up of others; None where nothing does."""

    @abstractmethod
    def absence(self, row: Task, split: str, language: str) -> UserError:
        """What is missing where `find` finds nothing, for the person who can put it there."""

    def found(self, row: Task, split: str, language: str) -> Any:
        """As `find`; UserError where nothing does."""
        if found := self.find(row, split, language):
            return found
        raise self.absence(row, split, language)

    def require(self, name: str, split: str, language: str) -> None:
        """UserError where one split of a task in one language is absent; nothing is read."""
        for part in self.row(name).parts or (name,):
            self.found(self.row(part), split, language)

    def held(self, name: str, split: str) -> tuple[str, ...]:
        """The languages in which it has a split of a task, translated training sets included."""
        row = self.row(name)
        codes = dict.fromkeys((*row.languages, *ISO3)) if split == "train" else row.languages
        parts = [self.row(part) for part in row.parts or (name,)]
        return tuple(code for code in codes if all(self.find(part, split, code) for part in parts))

    def identify(self, name: str, split: str, language: str) -> str:
        """What identifies the rows that `load` gives: checksums of files, a commit; "absent" where there are
        none. Where rows are mended by those of other languages, or dropped for those that are evaluated on,
        of those too."""
        row = self.row(name)
        others = [code for code in self.held(name, split) if code != language] if name in self.repair else []
        read = [(part, split, code) for part in row.parts or (name,) for code in (language, *others)]
        if split == "train" and self.settings.overlaps == "drop":
            users = ((user, each) for user in self._users(row) for each in ("dev", "test"))
            read += [(*user, "en") for user in users if "en" in self.held(*user)]
        return " + ".join(self.identify_split(self.row(part), each, code) for part, each, code in read)

    @abstractmethod
    def identify_split(self, row: Task, split: str, language: str) -> str:
        """The same of a task that is not made up of others."""

    def check(self, tasks: Iterable[str]) -> None:
        """UserError where something that `tasks` need is absent."""
        for name in tasks:
            row = self.row(name)
            if row.role == "target":
                self.evaluated.add(name)
            self.check_one(row)

    @abstractmethod
    def check_one(self, row: Task) -> None:
        """UserError where something that one task needs is absent."""

    @abstractmethod
    def remedy(self, row: Task, split: str, language: str) -> str:
        """What would give labels to a split whose rows have none."""

    def tokenizer(self) -> None:
        """None: the encoder brings its own."""
        return None
