"""The Hugging Face Hub: plain data at pinned revisions, the same columns as the files give.

>>> from xstilts_lib.sources import open_source
>>> source = open_source({"kind": "hub"})
>>> source.load("xnli", "test", "sw").num_rows        # doctest: +SKIP
5010

A repository of which no commit is known is read at its branch's commit of the day; that commit is written to
hub-pins.json in the cache and used from then on: a rerun reads the same rows, offline too (HF_HUB_OFFLINE=1).

Each commit has a cache of its own. Where the hub does not answer, `datasets` takes what it prepared last,
whatever the commit asked for; there it can find nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common import checksums
from ...common.errors import UserError
from ...common.strict import Count
from ...tasks import TASKS, Task, task
from .. import overlap
from ..checks import LoadReport, Raw
from ..examples import fill
from ..real import SPLITS, RealSettings, RealSource
from . import kept
from .converters import given
from .repositories import REPOSITORIES, Repository

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class HubSettings(RealSettings):
    """How to read the hub."""

    mirror: Path | None = None
    """A folder of copies of repositories, `owner/name`, read in place of the hub."""
    revisions: Mapping[str, str] = field(default_factory=dict)
    """Repository -> commit, in place of the one that is known here."""
    targets: tuple[str, ...] | None = None
    """The text to learn from holds no sentence of the evaluation sets of these; None: of the experiment's."""
    text_lines: Count = 20_000
    """At most this many lines of text a language."""
    seed: int = 0
    """Draws those lines."""

    def __post_init__(self) -> None:
        for name in self.targets or ():
            task(name)
        if self.mirror is not None and not self.mirror.expanduser().is_dir():
            raise UserError(f"mirror: the folder {self.mirror} is missing.")


class HubSource(RealSource):
    """Examples from the Hugging Face Hub, or from a mirror of it on disk."""

    kind = "hub"

    def __init__(self, settings: HubSettings) -> None:
        super().__init__(settings)
        self.settings = settings
        self.mirror = settings.mirror.expanduser().resolve() if settings.mirror else None
        self.pins = kept.Pins(self.cache / "hub-pins.json", settings.revisions)
        # By the targets of the experiment: the sentences that the text must not hold; and the rows, which are
        # drawn once and cut into splits.
        self._excluded = cache(lambda targets: overlap.held_out(self, targets))
        self._drawn = cache(self._draw)

    def open(self, row: Task, split: str, language: str) -> tuple[Iterable[Raw], LoadReport]:
        """(place, row) of every example of a split, downloaded if need be, its columns checked."""
        repository: Repository = self.found(row, split, language)
        report = LoadReport(row.name, split, language, repository.name, self._revision(repository))
        report.expect(row, repository.sizes, repository.note)
        config = fill(repository.config, language) if repository.config else None
        wanted = [(config, name) for name in repository.splits[split]]
        parts = (*repository.beside, *wanted)
        loaded = [(name, self._load(repository, config, name, language)) for config, name in parts]
        for _, data in loaded:
            self._check_columns(repository, data)
        convert = repository.convert
        raw = (item for name, data in loaded for item in convert(given(data, split, name, language, report)))
        return raw, report

    def _load(
        self, repository: Repository, config: str | None, split: str, language: str, streaming: bool = False
    ) -> Any:
        """One split of a repository; every failure becomes a UserError that says what to do instead."""
        from datasets import load_dataset

        place, options = self._place(repository, config, split, language)
        try:
            return load_dataset(place, split=split, streaming=streaming, **options)
        except Exception as error:  # the hub, the network and the parsers each raise their own
            reason = str(error).strip().split("\n")[0][:200]
            raise UserError(
                f"{repository.name} ({config or 'default'}, {split}) cannot be loaded from the hub "
                f"({type(error).__name__}: {reason}); {repository.fallback}."
            ) from None

    def _place(
        self, repository: Repository, config: str | None, split: str, language: str
    ) -> tuple[str, dict[str, Any]]:
        """(first argument, further arguments) of load_dataset."""
        from datasets import config as datasets_config

        revision = self._revision(repository)
        # `datasets` tells files on disk apart by name, and takes what it prepared of others of that name.
        folder = f"pinned-{revision[:12]}" if not self.mirror else revision.replace(":", "-")
        own = {"cache_dir": str(Path(datasets_config.HF_DATASETS_CACHE) / folder)}
        if repository.builder is not None:
            file = fill(repository.files[split], language)
            at = self.mirror and self.mirror / repository.name / file
            at = at or kept.github_file(self.cache, repository.name, revision, file)
            return repository.builder, {"data_files": {split: str(at)}, **repository.options, **own}
        if self.mirror:
            return str(self.mirror / repository.name), {"name": config, **own}
        return repository.name, {"name": config, "revision": revision, **own}

    def _check_columns(self, repository: Repository, data: Dataset) -> None:
        missing = [column for column in repository.columns if column not in data.column_names]
        if missing:
            raise UserError(
                f"{repository.name} lacks the column {missing[0]!r} (it has {', '.join(data.column_names)}): "
                f"it has changed; {repository.fallback}."
            )

    def _revision(self, repository: Repository) -> str:
        """The commit that is read; of a mirror, a hash of its files' names and contents. UserError where that
        is not known, and for a pointer in place of data."""
        if self.mirror:
            return f"mirror:{checksums.of_files(self.mirror / repository.name)}"
        if repository.builder is not None:
            return self.settings.revisions.get(repository.name, repository.revision)
        return self.pins.commit(repository.name, repository.revision)

    def identify(self, name: str, split: str, language: str) -> str:
        """As for every source; of running text the repository, whatever the language."""
        if self.row(name).format == "text":
            return self._identify(REPOSITORIES[name][0])
        return super().identify(name, split, language)

    def identify_split(self, row: Task, split: str, language: str) -> str:
        """repository@commit, or @ the content of a mirror; the hub is not asked, so it may be a branch."""
        repository = self.find(row, split, language)
        return self._identify(repository) if repository else "absent"

    def _identify(self, repository: Repository) -> str:
        if self.mirror or repository.builder is not None:
            return f"{repository.name}@{self._revision(repository)}"
        return f"{repository.name}@{self.pins.commit(repository.name, repository.revision, ask=False)}"

    def find(self, row: Task, split: str, language: str) -> Repository | None:
        """The first repository that has the split in the language."""
        known = REPOSITORIES.get(row.name, ())
        return next((one for one in known if split in one.splits and one.covers(row, language)), None)

    def absence(self, row: Task, split: str, language: str) -> UserError:
        """What to read in its place."""
        known = REPOSITORIES.get(row.name, ())
        hint = f": {known[-1].fallback}" if known else ""
        return UserError(f"The hub does not hold {row.name} ({split}, {language}){hint}.")

    def splits(self, name: str) -> tuple[str, ...]:
        """The splits that some repository has."""
        names = self.row(name).parts or (name,)
        held = [{split for one in REPOSITORIES[part] for split in one.splits} for part in names]
        return tuple(split for split in SPLITS if all(split in each for each in held))

    def languages(self, task: str) -> tuple[str, ...]:
        """Those of the task; of text, those of Wikipedia."""
        row = self.row(task)
        return row.languages if row.format == "text" else super().languages(task)

    def rows(self, name: str, split: str, language: str) -> list[dict[str, Any]]:
        """The checked rows of one split; of text, lines that hold no sentence of the evaluation sets."""
        if self.row(name).format != "text":
            return super().rows(name, split, language)
        unknown = sorted(self.evaluated - set(self.targets))
        if unknown:
            raise UserError(
                f"source: the experiment evaluates {unknown[0]!r}, so the text to learn from must hold none "
                "of its sentences: add it to `targets` under `source:`, or leave `targets` out."
            )
        rows = [row for row in self._drawn(self.targets, language) if kept.is_dev(row) == (split == "dev")]
        if not rows:
            raise UserError(f"There is no text in {language!r} to learn from ({split}).")
        return rows

    def _draw(self, targets: tuple[str, ...], language: str) -> list[dict[str, str]]:
        most, seed = self.settings.text_lines, self.settings.seed
        return kept.select(self.lines(language), language, self._excluded(targets), most, seed)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets of whose evaluation sets the text to learn from holds no sentence: those stated in the
        settings, or those of the experiment, or, where nobody said what will be evaluated, all."""
        if self.settings.targets is not None:
            return self.settings.targets
        every = (row.name for row in TASKS.values() if row.role == "target" and self.kind in row.sources)
        return tuple(sorted(self.evaluated)) or tuple(every)

    def lines(self, language: str) -> list[kept.Line]:
        """Paragraphs of Wikipedia, streamed: somewhat more than are wanted, since some will be left out."""
        repository = REPOSITORIES["text"][0]
        config = fill(repository.config or "", language)
        number = self.settings.text_lines + self.settings.text_lines // 4

        def draw() -> Iterator[kept.Line]:
            articles = self._load(repository, config, "train", language, streaming=True)
            return itertools.islice(kept.paragraphs(articles), number)

        if self.mirror:
            return list(draw())
        folder = self.cache / "wikipedia" / self._revision(repository)
        return kept.lines(folder / f"{config}-{number}.jsonl", draw)

    def check_one(self, row: Task) -> None:
        """UserError where a repository that a task needs cannot be found."""
        for part in row.parts or (row.name,):
            for repository in REPOSITORIES[part]:
                if self.mirror and not (self.mirror / repository.name).is_dir():
                    raise UserError(f"{self.mirror} lacks {repository.name}, which {row.name} needs.")
                self._revision(repository)

    def remedy(self, row: Task, split: str, language: str) -> str:
        """What the repository's entry advises in its place."""
        first: Repository = self.found(self.row((row.parts or (row.name,))[0]), split, language)
        return first.fallback
