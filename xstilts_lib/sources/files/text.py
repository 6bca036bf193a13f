"""The text of the data folder: sets that the experiment does not evaluate, training sets, and parallel text.

Of a target, and of an intermediate task, its training set alone; of other tasks, everything. Parallel text
(NTREX, Bibles) comes with its English side, for translation language modelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.errors import UserError
from ...tasks import Task, task
from ..checks import whole
from ..text import Line, texts
from .readers.parallel import PARALLEL

if TYPE_CHECKING:
    from . import FilesSource


def gather(source: FilesSource, language: str) -> dict[str, list[Line]]:
    """The lines of one language by the set they come from, unfiltered."""
    families: dict[str, list[Line]] = {}
    for name in source.settings.text_from:
        if name in PARALLEL:
            families[name] = list(PARALLEL[name].lines(source.folder.find, language))
            for key, line, pair in families[name]:
                whole({"text": line, "pair": pair}, f"{source.folder.root / name}, {language}, {key}")
            continue
        for split in splits_to_draw_from(task(name), source.targets):
            if language in source.held(name, split):
                families[f"{name}-{split}"] = [
                    (f"{row['id']}-{column}", text, "")
                    for row in source.rows(name, split, language)
                    for column, text in texts(task(name), row, language)
                ]
    return {name: lines for name, lines in families.items() if lines}


def files(source: FilesSource, language: str, names: Iterable[str] | None = None) -> list[Path]:
    """The files that the text of a language is drawn from (of the sets `names` alone)."""
    found: list[Path] = []
    for name in source.settings.text_from if names is None else names:
        if name in PARALLEL:
            found += PARALLEL[name].files(source.folder.find, language)
            continue
        for split in splits_to_draw_from(task(name), source.targets):
            layout = source.folder.layout(task(name), split, language)
            found += layout[1] if layout else ()
    return found


def check(source: FilesSource, languages: Iterable[str]) -> None:
    """UserError where a set that `text_from` names is not in the folder."""
    for name in source.settings.text_from:
        if name not in PARALLEL and not splits_to_draw_from(task(name), source.targets):
            continue  # evaluated, and without a training set of its own: nothing of it may be drawn
        if not any(files(source, language, [name]) for language in languages):
            raise UserError(
                f"{source.folder.root} lacks {name}, which the text is drawn from: put it there, or leave it "
                "out of `text_from`."
            )


def splits_to_draw_from(row_task: Task, targets: Sequence[str]) -> tuple[str, ...]:
    """Everything of a task that is not evaluated; of one that is, or is intermediate, its training set."""
    own = ("train",) if row_task.train == row_task.name else ()
    if row_task.role == "intermediate" or row_task.name in targets:
        return own
    return (*own, "dev", "test")
