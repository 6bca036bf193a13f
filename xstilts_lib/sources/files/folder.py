"""The data folder: which files are there, as they are or packed, and what identifies them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...common.checksums import of_listing
from ...common.errors import UserError
from ...tasks import Task
from ..codes import fill
from .archives import SUFFIXES, find_archive, unpack
from .layouts import LAYOUTS, Layout


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
        return [
            path
            for path in (sorted(folder.glob(inner)) if "*" in inner else [folder / inner])
            if path.is_file()
        ]

    def layout(self, task: Task, split: str, language: str) -> tuple[Layout, tuple[Path, ...]] | None:
        """The first layout of a split that is in the folder, and its files; None where there is none."""
        for layout in LAYOUTS.get(task.name, {}).get(split, ()):
            if not layout.covers(language):
                continue
            paths = self._paths(layout, language)
            if paths:
                return layout, paths
        return None

    def _paths(self, layout: Layout, language: str) -> tuple[Path, ...]:
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

    def absence(self, task: Task, split: str, language: str) -> UserError:
        """What is missing, for the person who can put it there."""
        layouts = [layout for layout in LAYOUTS.get(task.name, {}).get(split, ()) if layout.covers(language)]
        if not layouts:
            splits = ", ".join(name for name in LAYOUTS.get(task.name, {})) or "none"
            return UserError(
                f"{task.name} has no split {split!r} in {language!r} among the files (splits: {splits})."
            )
        wanted = " or ".join(fill(layout.paths[0], language) for layout in layouts[:3])
        name = layouts[0].paths[0].split("/")[0]
        if self.set(name) is None:
            return UserError(
                f"{self.root} lacks {name}/ ({name}{SUFFIXES[0]} would do): {task.name} ({split}, "
                f"{language}) needs {wanted}."
            )
        return UserError(f"{self.root} lacks {wanted}, which {task.name} ({split}, {language}) needs.")
