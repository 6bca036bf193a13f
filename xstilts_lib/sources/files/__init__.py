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

from ...common.errors import UserError, nearest
from ...tasks import TASKS, Task, task
from ..checks import LoadReport, Raw
from ..examples import Given, fill
from ..real import SPLITS, RealSettings, RealSource
from .archives import SUFFIXES
from .layouts import CCG_LABELS, LAYOUTS, DataFolder, Layout
from .tags import supertags


@dataclass(frozen=True)
class FilesSettings(RealSettings):
    """How to read a data folder."""

    folder: Path | None = None
    """The folder of the data sets; None in an experiment that leaves it to `--data DIR`."""
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Task -> languages that must be there; a task not named is evaluated in the languages that are found."""

    def __post_init__(self) -> None:
        for name, codes in self.languages.items():
            known = task(name).languages
            for code in codes:
                if code not in known:
                    raise UserError(f"languages.{name}: there is no {code!r}: {nearest(code, known)}")


class FilesSource(RealSource):
    """Examples from a folder of official files."""

    kind = "files"

    def __init__(self, settings: FilesSettings) -> None:
        if settings.folder is None:
            raise UserError("This experiment reads files: give the folder that holds them, `--data DIR`.")
        root = settings.folder.expanduser().resolve()
        if not root.is_dir():
            raise UserError(f"The data folder {root} is missing: give another, `--data DIR`.")
        super().__init__(settings)
        self.folder = DataFolder(root, self.cache)
        self._supertags: tuple[str, ...] = ()

    def open(self, row: Task, split: str, language: str) -> tuple[Iterable[Raw], LoadReport]:
        """(place, row) of every example of a split, read by its layout."""
        layout, paths = self.found(row, split, language)
        report = LoadReport(row.name, split, language, str(paths[0]), f"sha256:{self.folder.digest(paths)}")
        report.expect(row, layout.sizes, layout.note)
        return layout.reader(Given(split, language, report, paths)), report

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages declared for `task` in the settings, or else those whose files are there."""
        if task in self.settings.languages:
            return self.settings.languages[task]
        return super().languages(task)

    def splits(self, name: str) -> tuple[str, ...]:
        """The splits that have a layout."""
        names = self.row(name).parts or (name,)
        return tuple(split for split in SPLITS if all(split in LAYOUTS[part] for part in names))

    def find(self, row: Task, split: str, language: str) -> tuple[Layout, tuple[Path, ...]] | None:
        """The first layout that is in the folder, and its files."""
        for layout in self._forms(row, split, language):
            if paths := self.folder.files(layout, language):
                return layout, paths
        return None

    @staticmethod
    def _forms(row: Task, split: str, language: str) -> list[Layout]:
        return [form for form in LAYOUTS.get(row.name, {}).get(split, ()) if form.covers(language)]

    def absence(self, row: Task, split: str, language: str) -> UserError:
        """The files that would do."""
        forms, root = self._forms(row, split, language), self.folder.root
        if not forms:
            splits = ", ".join(LAYOUTS.get(row.name, {})) or "none"
            return UserError(
                f"{row.name} has no split {split!r} in {language!r} among the files (splits: {splits})."
            )
        wanted = " or ".join(fill(form.paths[0], language) for form in forms[:3])
        name = forms[0].paths[0].split("/")[0]
        if self.folder.set(name) is None:
            return UserError(
                f"{root} lacks {name}/ ({name}{SUFFIXES[0]} would do): {row.name} ({split}, {language}) "
                f"needs {wanted}."
            )
        return UserError(f"{root} lacks {wanted}, which {row.name} ({split}, {language}) needs.")

    def labels(self, task: str) -> tuple[str, ...]:
        """Task.labels; for CCG, the supertags of the copy at hand."""
        row = self.row(task)
        if task != "ccg":
            return row.labels
        if not self._supertags:
            training, _ = self.open(row, "train", "en")
            self._supertags = supertags(self.folder.find(CCG_LABELS), training)
        return self._supertags

    def identify_split(self, row: Task, split: str, language: str) -> str:
        """SHA-256 (16 digits) over the names and contents of its files."""
        found = self.find(row, split, language)
        return f"sha256:{self.folder.digest(found[1])}" if found else "absent"

    def check_one(self, row: Task) -> None:
        """UserError naming the first file that a task lacks: English training sets, evaluation sets."""
        if row.train:
            self.require(row.train, "train", "en")
        if row.role == "target":
            splits = [split for split in ("test", "dev") if split in LAYOUTS[row.name]]
            # Any one language will do where none is declared; the error then names the first of the task.
            for language in self.languages(row.name) or row.languages[:1]:
                if not any(self.find(row, split, language) for split in splits):
                    raise self.absence(row, splits[0], language)

    def remedy(self, row: Task, split: str, language: str) -> str:
        """The file of labels that is looked for beside, the other forms that hold labels, another source."""
        ways: list[str] = []
        for name in row.parts or (row.name,):
            taken = self.find(TASKS[name], split, language)
            forms = self._forms(TASKS[name], split, language)
            for form in forms if taken else ():
                if form is taken[0]:
                    beside = [fill(path[1:], language) for path in form.paths if path.startswith("?")]
                    ways += [f"put {path} beside it" for path in beside if not self.folder.find_all(path)]
            others = [fill(form.paths[0], language) for form in forms if taken and form is not taken[0]]
            ways += [f"read {' or '.join(others)} in its place"] if others else []
        if "hub" in row.sources:
            ways.append("take the rows of the hub (`kind: hub`)")
        return ", or ".join(ways) or "fetch the publisher's labelled files"
