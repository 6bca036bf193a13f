"""Where the hub holds each task: repository, commit, configuration, splits, columns; repositories.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...tasks import Task
from .. import examples
from ..examples import Converter
from . import converters

_DOWNLOAD = "fetch the publisher's files and read them with `kind: files`"


@dataclass(frozen=True)
class Repository:
    """One place that holds splits of a task."""

    name: str
    convert: Converter
    """A function of converters.py or examples.py, which `reader` names."""
    splits: Mapping[str, tuple[str, ...]]
    """Ours to the repository's, which may be several: `train dev=dev_r1+dev_r2`."""
    columns: tuple[str, ...] = ()
    """Columns that must be there."""
    config: str | None = None
    """The configuration; `{language}` and `{iso3}` stand for the language's codes."""
    revision: str = "main"
    """A commit where one is known; a branch is pinned to its commit when it is first read."""
    builder: str | None = None
    """'json' or 'csv' for a repository on GitHub, whose files are then `files`."""
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    """The languages that it has; None for those of the task, or for English if it names no language."""
    sizes: Mapping[str, int] | None = None
    """Rows, where it holds another number than the task's row says."""
    note: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    """Further (configuration, split) pairs that belong to every split but train: Mewsli-X's entities."""
    fallback: str = _DOWNLOAD
    """What to do where the repository cannot be loaded."""

    def covers(self, task: Task, language: str) -> bool:
        """Whether it can hold `task` in `language`."""
        if self.only is not None:
            return language in self.only
        places = (self.config or "", *self.files.values())
        return language in task.languages if any("{" in place for place in places) else language == "en"


def _repository(
    reader: str,
    splits: str,
    columns: str = "",
    only: str | None = None,
    beside: tuple[tuple[str, str], ...] = (),
    fallback: str = "{download}",
    **more: object,
) -> Repository:
    ours = (cell.partition("=") for cell in splits.split())
    return Repository(
        convert=getattr(converters, reader, None) or getattr(examples, reader),
        splits={split: tuple((theirs or split).split("+")) for split, _, theirs in ours},
        columns=tuple(columns.split()),
        only=None if only is None else tuple(only.split()),
        beside=tuple((config, split) for config, split in beside),
        fallback=fallback.replace("{download}", _DOWNLOAD),
        **more,  # type: ignore[arg-type]
    )


REPOSITORIES: Mapping[str, tuple[Repository, ...]] = {
    task: tuple(_repository(**entry) for entry in entries)
    for task, entries in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
}
"""Task -> the repositories that hold it; of several, the first that has the split in the language is read."""
