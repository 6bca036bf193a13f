"""Official files on disk: a folder of data sets, each a folder or an archive, published or in XTREME's form.

>>> from xstilts_lib.sources import open_source
>>> source = open_source({"kind": "files", "folder": "~/data"})    # doctest: +SKIP
>>> source.load("tatoeba", "test", "sw").num_rows                 # doctest: +SKIP
780
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...errors import UserError, nearest
from ...tasks import TASKS, Task, task
from ...tasks.row import size
from .. import Split
from ..checks import LoadReport, checked, counted, joined_report, limited
from ..columns import dataset
from . import text
from .archives import cache_folder
from .codes import ISO3
from .folder import DataFolder
from .layouts import CCG_LABELS, LAYOUTS
from .readers import Request
from .readers.ccg import supertags

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast

_SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class FilesSettings:
    """How to read a data folder."""

    folder: Path | None = None
    """The folder of the data sets; None in an experiment that leaves it to `--data DIR`."""
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Task -> languages that must be there; a task not named is evaluated in the languages that are found."""
    targets: tuple[str, ...] = ("xquad", "udpos", "tatoeba")
    """The targets of the experiment: the text to learn from holds no sentence of their evaluation sets."""
    text_from: tuple[str, ...] = ("ntrex", "bible", "xnli", "panx", "udpos", "squad_v1")
    """What the text is drawn from: tasks, 'ntrex', 'bible'. Of a target, its training set alone."""
    text_lines: int = 20_000
    """At most this many lines of text a language."""
    seed: int = 0
    """Draws those lines."""
    counts: Literal["exact", "any"] = "exact"
    """'exact' refuses a split without its published number of rows; 'any' takes a version of your own."""
    cache: Path | None = None
    """Where archives are unpacked; None is $XSTILTS_CACHE, or else ~/.cache/xstilts."""

    def __post_init__(self) -> None:
        for name in (
            *self.targets,
            *self.languages,
            *(name for name in self.text_from if name not in text.PARALLEL),
        ):
            task(name)
        for name, codes in self.languages.items():
            for code in codes:
                if code not in TASKS[name].languages:
                    raise UserError(
                        f"languages.{name}: there is no {code!r}: {nearest(code, TASKS[name].languages)}"
                    )
        if self.text_lines < 1:
            raise UserError(f"text_lines must be at least 1, not {self.text_lines}.")


class FilesSource:
    """Examples from a folder of official files."""

    kind = "files"

    def __init__(self, settings: FilesSettings) -> None:
        if settings.folder is None:
            raise UserError("This experiment reads files: give the folder that holds them, `--data DIR`.")
        root = settings.folder.expanduser().resolve()
        if not root.is_dir():
            raise UserError(
                f"The data folder {root} is missing: give the folder that holds the data sets, `--data DIR`."
            )
        self.settings = settings
        self.cache = settings.cache.expanduser() if settings.cache else cache_folder()
        self.folder = DataFolder(root, self.cache)
        self.reports: dict[tuple[str, str, str], LoadReport] = {}
        """What the loads so far found, by (task, split, language)."""
        self._supertags: tuple[str, ...] = ()
        self._excluded: frozenset[str] | None = None
        self._text_rows: dict[str, list[dict[str, str]]] = {}

    def load(self, task: str, split: Split, language: str = "en", limit: int | None = None) -> Dataset:
        """The examples of one split in one language; a task that trains on another gives that one's.

        UserError where a file is missing, damaged, or not what was published; `reports` keeps what was found.
        """
        row = _row(task)
        if split not in _SPLITS:
            raise UserError(f"There is no split {split!r}: {nearest(split, _SPLITS)}")
        if split == "train" and row.train and row.train != row.name:
            return self.load(row.train, split, language, limit)
        rows = self._text(split, language) if row.format == "text" else self.rows(task, split, language)
        return dataset(row.format, limited(row, rows, limit))

    def rows(self, name: str, split: str, language: str) -> list[dict[str, Any]]:
        """The checked rows of one split, as plain dictionaries."""
        row = _row(name)
        if row.parts:
            return self._joined(row, split, language)
        found = self.folder.layout(row, split, language)
        if found is None:
            raise self.folder.absence(row, split, language)
        layout, paths = found
        sizes = row.sizes if layout.sizes is None else layout.sizes
        report = LoadReport(name, split, language, str(paths[0]), expected=size(sizes, split, language))
        report.unanswerable = row.metric == "squad_v2"
        if layout.note:
            report.notes.append(layout.note)
        raw = layout.reader(Request(row, split, language, paths, report))
        rows = checked(row, self.labels(name), raw, report, exact=self.settings.counts == "exact")
        report.revision = f"sha256:{self.folder.digest(paths)}"
        self.reports[name, split, language] = report
        return rows

    def _joined(self, row: Task, split: str, language: str) -> list[dict[str, Any]]:
        """The rows of a task that others make up, with the part in the id."""
        rows = [
            {**part_row, "id": f"{part}-{part_row['id']}"}
            for part in row.parts
            for part_row in self.rows(part, split, language)
        ]
        parts = [self.reports[part, split, language] for part in row.parts]
        report = joined_report(row, split, language, parts)
        self.reports[row.name, split, language] = report
        counted(row, report, self.settings.counts == "exact")
        return rows

    def _text(self, split: str, language: str) -> list[dict[str, Any]]:
        if self._excluded is None:
            self._excluded = text.held_out(self, self.settings.targets)
        if language not in self._text_rows:
            families = text.gather(self, language)
            lines, seed = self.settings.text_lines, self.settings.seed
            self._text_rows[language] = text.select(families, language, self._excluded, lines, seed)
        rows = text.of_split(self._text_rows[language], split)
        if not rows:
            names = ", ".join(self.settings.text_from)
            raise UserError(f"{self.folder.root} holds no text in {language!r} among {names}.")
        return list(rows)

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages declared for `task` in the settings, or else those whose files are there."""
        row = _row(task)
        if task in self.settings.languages:
            return self.settings.languages[task]
        if row.format == "text":
            return tuple(code for code in row.languages if text.files(self, code))
        if row.role == "intermediate":
            return ("en",)
        return self.held(task, _evaluation_split(row))

    def held(self, name: str, split: str) -> tuple[str, ...]:
        """The languages in which a split of a task is in the folder, translated training sets included."""
        row = _row(name)
        codes = row.languages if split != "train" else tuple(ISO3)
        return tuple(code for code in codes if self.folder.layout(row, split, code) is not None)

    def labels(self, task: str) -> tuple[str, ...]:
        """Task.labels; for CCG, the supertags of the copy at hand."""
        row = _row(task)
        if task != "ccg":
            return row.labels
        if not self._supertags:
            found = self.folder.layout(row, "train", "en")
            if found is None:
                raise self.folder.absence(row, "train", "en")
            request = Request(row, "train", "en", found[1], LoadReport(task, "train", "en", str(found[1][0])))
            self._supertags = supertags(self.folder.find(CCG_LABELS), found[0].reader(request))
        return self._supertags

    def revision(self, task: str) -> str:
        """SHA-256 (16 digits) over the names and contents of every file that the task uses."""
        row = _row(task)
        if row.format != "text":
            return f"sha256:{self.folder.digest(self._files(row))}"
        paths = [path for language in self.languages(task) for path in text.files(self, language)]
        paths += [path for name in self.settings.targets for path in self._files(_row(name))]
        drawn = f"{self.settings.text_lines} lines a language, seed {self.settings.seed}"
        return f"sha256:{self.folder.digest(paths)}, {drawn}"

    def _files(self, row: Task) -> list[Path]:
        """The files of every split and language of a task that are in the folder."""
        found = [
            self.folder.layout(part, split, language)
            for part in (TASKS[name] for name in {row.name, row.train or row.name})
            for split in LAYOUTS.get(part.name, {})
            for language in self.held(part.name, split)
        ]
        return [path for layout in found if layout is not None for path in layout[1]]

    def check(self, tasks: Iterable[str]) -> None:
        """UserError naming the first file that `tasks` lack: English training sets, evaluation sets."""
        for name in tasks:
            row = _row(name)
            if row.format == "text":
                text.check(self, row.languages)
                continue
            if row.train and self.folder.layout(TASKS[row.train], "train", "en") is None:
                raise self.folder.absence(TASKS[row.train], "train", "en")
            if row.role != "target":
                continue
            split = _evaluation_split(row)
            # Any one language will do where none is declared; the error then names the first of the task.
            for language in self.languages(name) or row.languages[:1]:
                if self.folder.layout(row, split, language) is None:
                    raise self.folder.absence(row, split, language)

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """XLM-R's tokenizer from xlmr_tokenizer/, which holds a SentencePiece model or tokenizer.json."""
        from .tokenizer import load_tokenizer

        folder = self.folder.set("xlmr_tokenizer")
        if folder is None:
            raise UserError(
                f"{self.folder.root} lacks xlmr_tokenizer/, the folder of XLM-R's sentencepiece.bpe.model."
            )
        return load_tokenizer(folder, self.cache)


def _row(name: str) -> Task:
    row = task(name)
    if "files" not in row.sources:
        known = [other.name for other in TASKS.values() if "files" in other.sources]
        raise UserError(
            f"{name!r} is not read from files (but from: {', '.join(row.sources)}): {nearest(name, known)}"
        )
    return row


def _evaluation_split(row: Task) -> str:
    return "test" if "test" in LAYOUTS[row.name] else "dev"
