"""What a source holds, checked by loading it: the table of `xstilts data check`; and prefetching.

>>> from xstilts_lib.sources import open_source
>>> from xstilts_lib.sources.survey import check_table
>>> source = open_source({"kind": "files", "folder": "~/data"})               # doctest: +SKIP
>>> [row.problem for row in check_table(source, ["xquad"]) if row.problem]     # doctest: +SKIP
[]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ..common.errors import UserError
from ..tasks import TASKS, Task
from . import Need, Source, absent, checks, unlabelled
from .real import RealSource
from .rows import GOLD

if TYPE_CHECKING:
    from .hub import HubSource


@dataclass(frozen=True)
class Checked:
    """One split of one task in one language, as it was found."""

    task: str
    split: str
    language: str
    source: str = ""
    """The file, or the hub's repository."""
    revision: str = ""
    rows: int | None = None
    expected: int | None = None
    """What the publisher states; None where nobody does."""
    labels: str = ""
    repaired: int = 0
    dropped: int = 0
    unlabelled: int = 0
    licence: str = ""
    notes: str = ""
    absent: str = ""
    """What is missing, for a task that nobody asked for by name and of which nothing is there."""
    problem: str = ""
    """Empty where all is well; otherwise the sentence that a load of it ends with."""

    def as_dict(self) -> dict[str, Any]:
        """The cells by the names of COLUMNS."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Checked))


def check_table(
    source: Source,
    tasks: Iterable[str] | None = None,
    needs: Iterable[Need] = (),
    limit: int | None = None,
) -> Iterator[Checked]:
    """A row for every split and language that `source` holds of `tasks`, loaded in turn.

    A task of which it holds nothing gets one row that says what is missing: a problem where `tasks` names it,
    absent where `tasks` is None (all that the source could hold); so does what it lacks of `needs`. Rows
    without a label are a problem where they are among `needs` (of what is evaluated on, among the `limit`
    rows taken). A problem does not stop the others. Whatever was loaded is then in the caches of this
    machine: archives are unpacked, and the hub's data sets load without a network (HF_HUB_OFFLINE=1).
    """
    every = [row.name for row in TASKS.values() if source.kind in row.sources]
    empty, needs = set(), tuple(needs)
    for name in every if tasks is None else dict.fromkeys(tasks):
        for row in _check_task(source, name, tasks is not None):
            empty |= {name} if not row.split else set()
            need = Need(row.task, row.split, row.language)  # type: ignore[arg-type]
            for _, sentence in unlabelled(source, [need], limit) if row.unlabelled and need in needs else ():
                row = replace(row, problem=sentence)
            yield row
    for need, sentence in absent(source, needs):
        if need.task not in empty:
            yield Checked(*need, licence=TASKS[need.task].licence, problem=sentence)


def _check_task(source: Source, name: str, named: bool) -> Iterator[Checked]:
    if not isinstance(source, RealSource):
        yield from _check_generated(source, name)
        return
    row = source.row(name)
    if row.format == "text":
        yield from _check_text(source, row, named)  # type: ignore[arg-type]
        return
    found = False
    for split in source.splits(name):
        for language in source.held(name, split):
            found = True
            yield _load(source, row, split, language)
    if not found:
        try:
            source.check_one(row)
            missing = f"{name} is not there."
        except UserError as error:
            missing = str(error)
        yield _nothing(row, missing, named)


def _load(source: RealSource, row: Task, split: str, language: str) -> Checked:
    try:
        source.rows(row.name, split, language)
    except UserError as error:
        return Checked(row.name, split, language, licence=row.licence, problem=str(error))
    report = source.reports[row.name, split, language]
    same = ("revision", "rows", "expected", "repaired", "dropped", "unlabelled")
    return Checked(
        row.name,
        split,
        language,
        source=report.shown,
        labels=_shown(source.labels(row.name)),
        licence=row.licence,
        notes="; ".join(report.notes),
        **{name: getattr(report, name) for name in same},
    )


def _nothing(row: Task, missing: str, named: bool) -> Checked:
    return Checked(row.name, "", "", licence=row.licence, **{"problem" if named else "absent": missing})


def _check_text(source: HubSource, row: Task, named: bool) -> Iterator[Checked]:
    try:
        source.check_one(row)
    except UserError as error:
        yield _nothing(row, str(error), named)
        return
    for language in source.languages(row.name):
        found = Checked(row.name, "train", language, licence=row.licence)
        try:
            number = len(source.lines(language))
        except UserError as error:
            yield replace(found, problem=str(error))
            continue
        notes = f"{number:,} lines to draw from"
        yield replace(found, source="wikipedia", rows=number, notes=notes)


def _check_generated(source: Source, name: str) -> Iterator[Checked]:
    row = TASKS[name]
    evaluated = "train" if row.format == "text" else "test"
    pairs = [(evaluated, language) for language in source.languages(name)]
    if row.train == name and evaluated == "test":
        pairs.insert(0, ("train", "en"))
    for split, language in pairs:
        labels, revision = _shown(source.labels(name)), source.revision(name)
        found = Checked(name, split, language, source.kind, revision, labels=labels, licence=row.licence)
        try:
            loaded = source.load(name, split, language)  # type: ignore[arg-type]
        except UserError as error:
            yield replace(found, problem=str(error))
            continue
        lacking = len(checks.unlabelled(row, {column: loaded[column] for column in GOLD[row.format]}))
        yield replace(found, rows=loaded.num_rows, unlabelled=lacking)


def _shown(labels: tuple[str, ...]) -> str:
    """The label names, or their number where they are many."""
    return ", ".join(labels) if len(labels) <= 3 else f"{len(labels)} labels" if labels else ""
