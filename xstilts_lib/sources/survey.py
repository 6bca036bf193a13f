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
from typing import Any

from ..common.errors import UserError
from ..tasks import TASKS, Task
from . import Need, Source, absent, checks, unlabelled
from .real import RealSource
from .rows import GOLD


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
    source: Source, tasks: Iterable[str] | None = None, needs: Iterable[Need] = (), limit: int | None = None
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
    row = source.row(name) if isinstance(source, RealSource) else TASKS[name]
    places = _places(source, row)
    for split, language in places:
        found = Checked(name, split, language, licence=row.licence)
        try:
            found = replace(found, **_look(source, row, split, language))
        except UserError as error:
            found = replace(found, problem=str(error))
        yield found
    if not places:
        missing = f"{name} is not there."
        try:
            source.check_one(row)  # type: ignore[attr-defined]
        except UserError as error:
            missing = str(error)
        yield Checked(name, "", "", licence=row.licence, **{"problem" if named else "absent": missing})


def _places(source: Source, row: Task) -> list[tuple[str, str]]:
    """(split, language) of all that the source holds of a task; of what is generated, what is scored and the
    English training set; of running text one split, for they are cut from one draw."""
    if not isinstance(source, RealSource):
        evaluated = "train" if row.format == "text" else "test"
        pairs = [(evaluated, language) for language in source.languages(row.name)]
        return [("train", "en"), *pairs] if row.train == row.name and evaluated == "test" else pairs
    if row.format != "text":
        return [(split, code) for split in source.splits(row.name) for code in source.held(row.name, split)]
    try:
        source.check_one(row)
    except UserError:
        return []
    return [("train", language) for language in source.languages(row.name)]


def _look(source: Source, row: Task, split: str, language: str) -> dict[str, Any]:
    """The cells of what is there, which is loaded for them."""
    if not isinstance(source, RealSource):
        loaded = source.load(row.name, split, language)  # type: ignore[arg-type]
        lacking = checks.unlabelled(row, {column: loaded[column] for column in GOLD[row.format]})
        cells = {"source": source.kind, "revision": source.identify(row.name, split, language)}
        cells |= {"rows": loaded.num_rows, "unlabelled": len(lacking)}
    elif row.format == "text":
        number = len(source.lines(language))  # type: ignore[attr-defined]
        return {"source": "wikipedia", "rows": number, "notes": f"{number:,} lines to draw from"}
    else:
        source.rows(row.name, split, language)
        report = source.reports[row.name, split, language]
        same = ("revision", "rows", "expected", "repaired", "dropped", "unlabelled")
        cells = {name: getattr(report, name) for name in same}
        cells |= {"source": report.shown, "notes": "; ".join(report.notes)}
    labels = source.labels(row.name)
    return cells | {"labels": ", ".join(labels) if len(labels) <= 3 else f"{len(labels)} labels"}
