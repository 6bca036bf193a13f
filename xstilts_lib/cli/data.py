"""`xstilts data`: what a source holds, what is amiss, and prefetching."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..common.errors import UserError
from .options import Counts, Format, SourceKind, load

data_app = typer.Typer(help="Real data: what is there, what is amiss, and prefetching.", no_args_is_help=True)

TaskNames = Annotated[
    list[str] | None,
    typer.Argument(help="Tasks; all that the source can hold where none is named.", metavar="[TASK]..."),
]
Kind = Annotated[SourceKind | None, typer.Option("--source", help="Where the examples come from.")]
Folder = Annotated[
    Path | None, typer.Option("--data", help="The folder of the data sets; with `--source hub`, of a mirror.")
]
OfExperiment = Annotated[
    str | None, typer.Option("--experiment", help="Check what this experiment needs, from its own source.")
]
HowCounted = Annotated[
    Counts, typer.Option("--counts", help="`any` takes other numbers of rows than were published.")
]
HowShown = Annotated[Format, typer.Option("--format", help="How to print it.")]


@data_app.command("check")
def data_check(
    tasks: TaskNames = None,
    source: Kind = None,
    data: Folder = None,
    experiment: OfExperiment = None,
    counts: HowCounted = Counts.exact,
    format: HowShown = Format.table,
) -> None:
    """Load data sets and say what was found; exit code 2 if anything is amiss."""
    _survey(tasks or [], source, data, experiment, counts, format)


@data_app.command("fetch")
def data_fetch(
    tasks: TaskNames = None,
    source: Kind = None,
    data: Folder = None,
    experiment: OfExperiment = None,
    counts: HowCounted = Counts.exact,
    format: HowShown = Format.table,
) -> None:
    """The same, for its effect: afterwards all of it loads without a network (HF_HUB_OFFLINE=1)."""
    _survey(tasks or [], source, data, experiment, counts, format)


def _survey(
    tasks: list[str],
    kind: SourceKind | None,
    data: Path | None,
    experiment: str | None,
    counts: Counts,
    form: Format,
) -> None:
    from ..rendering.tables import show_survey
    from ..sources import open_source
    from ..sources.survey import check_table

    if experiment is None:
        opened = open_source(_settings(kind, data, counts))
        found = check_table(opened, tasks or None)
    elif tasks or kind is not None:
        raise UserError("--experiment says which tasks and which source: leave those out beside it.")
    else:
        loaded = load(experiment, data)
        opened = open_source(loaded.source)
        needs = loaded.needs(opened)
        wanted = [*loaded.intermediates, *loaded.training_tasks, *loaded.targets]
        found = check_table(opened, wanted, needs, loaded.evaluation.examples)
    rows = list(found)
    show_survey([row.as_dict() for row in rows], form.value)
    problems = [row.problem for row in rows if row.problem]
    for problem in problems:
        print(f"Error: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(2)


def _settings(kind: SourceKind | None, data: Path | None, counts: Counts) -> dict[str, Any]:
    """The settings of a source that no experiment describes."""
    if data is not None and not data.is_dir():
        raise UserError(f"--data {data} is not a folder.")
    kind = kind or (SourceKind.files if data else None)
    if kind is None:
        raise UserError(
            "Say what to check: `--source hub`, `--source files --data DIR`, or `--experiment NAME`."
        )
    if kind is SourceKind.miniature:
        if data is not None:
            raise UserError("The miniature is generated, so it has no use for a data folder (--data).")
        return {"kind": kind.value}
    folder = {"folder" if kind is SourceKind.files else "mirror": str(data)} if data else {}
    return {"kind": kind.value, "counts": counts.value, **folder}
