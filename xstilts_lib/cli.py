"""The command line: `xstilts run`, `plan`, `results`, `claims`, `book`, `verify`, `score`, `mine`, `data`.

A mistake of the user's is one sentence on stderr and exit code 2, whatever it was and wherever it was met.
Everything heavy is imported inside the commands, so that `xstilts --help` answers at once.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from . import experiment as experiments
from .common import places
from .common.errors import UserError, nearest
from .common.processes import cores as usable_cores

PLACES = (places.HOME, places.RUNS, places.FEATURES, places.CACHE, experiments.DATA, experiments.EXPERIMENTS)
Margin = Literal["ratio", "distance", "absolute"]  # as xstilts_lib.mining has them, which would import numpy
Strategy = Literal["max", "intersection", "forward", "backward"]

ExperimentName = Annotated[
    str, typer.Argument(help="A name from experiments/, or a YAML file.", metavar="EXPERIMENT")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="The folder of the data sets, for `source: {kind: files}`.")
]
Format = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print it.")]
Output = Annotated[Path | None, typer.Option(help="JSON file; stdout where it is left out.")]

app = typer.Typer(
    help="Intermediate-task training for zero-shot cross-lingual transfer: experiments, results, the book.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Real data: what is there, what is amiss, and prefetching.", no_args_is_help=True)
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line; every error that is the user's ends in one sentence and exit code 2."""
    for name in PLACES:  # as seen from here: notebooks run in a folder of their own
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).resolve())
    try:
        app()
    except UserError as error:
        _stop(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        place = error.filename or "no space left"
        _stop(f"The disk is full ({place}): make room and run the same command again.")


def _stop(sentence: str) -> None:
    print(f"Error: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(2)


@app.command()
def run(
    experiment: ExperimentName,
    cores: Annotated[
        int | None,
        typer.Option(help="How many jobs at once, a thread each; by default the cores to use.", min=1),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the jobs and what they are expected to cost.")
    ] = False,
    data: DataFolder = None,
    profile: Annotated[
        str, typer.Option(help="Where jobs run: laptop, slurm, or a folder with a config.yaml.")
    ] = "laptop",
    jobs_per_gpu: Annotated[
        int,
        typer.Option(help="How many jobs share a GPU of this machine; each has its own otherwise.", min=1),
    ] = 1,
) -> None:
    """Run an experiment, or what is left of it."""
    loaded = load(experiment, data)
    cores = cores or usable_cores()
    if dry_run:
        from .workflow.plan import dry_run as show

        show(loaded, cores)
        return
    from .workflow.engine import run as run_jobs

    code = run_jobs(loaded, cores, profile, jobs_per_gpu)
    if code:
        raise typer.Exit(code)
    again = shlex.quote(experiment)
    print(f"`xstilts results {again}` shows the table, `xstilts book {again}` renders the pages.")


@app.command()
def plan(
    experiment: ExperimentName,
    gpu: Annotated[str, typer.Option(help="Its name, such as H200.")],
    price: Annotated[
        float | None, typer.Option(help="Of an hour of one GPU, in whatever currency.", min=0)
    ] = None,
) -> None:
    """Predict memory, time, disk and money of an experiment on GPUs, before anything starts."""
    from .workflow import costs
    from .workflow import plan as module

    module.show(load(experiment), costs.gpu(gpu), price)


@app.command()
def results(
    experiment: ExperimentName,
    format: Format = "table",
    record: Annotated[
        bool, typer.Option("--record", help="Keep the table of a finished experiment under book/records/.")
    ] = False,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="With --record: what is done, though parts are missing.")
    ] = False,
) -> None:
    """The table of recipes by targets: means over the non-English languages, intervals over seeds."""
    from .rendering.tables import show, summarise
    from .runs import records
    from .runs import results as module

    loaded = load(experiment)
    rows = summarise(module.as_recorded(loaded), module.load(loaded))
    left = len(module.missing(loaded))
    if record:
        print(f"Recorded in {places.relative(records.write(loaded, unfinished))}.", file=sys.stderr)
    elif left and module.collect(loaded).empty:
        said = f"{loaded.name!r} has not been run here; this is the record.{records.changed(loaded)}"
        print(said, file=sys.stderr)
    elif left:
        print(f"{left} parts of {loaded.name!r} are not done; this is what there is.", file=sys.stderr)
    show(loaded, rows, format)


@app.command()
def claims(
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Whose results; `questions` where it is finished or recorded, else `miniature`.",
            metavar="NAME",
        ),
    ] = None,
    format: Format = "table",
    features: Annotated[
        Path | None, typer.Option(help="A folder with lang2vec's features.npz, for real distances.")
    ] = None,
) -> None:
    """Claims, each with its verdict, computed from the results of an experiment."""
    from .rendering.tables import claimant, show_claims

    show_claims(load(experiment or claimant()), features, format)


@app.command()
def book(
    experiment: ExperimentName,
    output: Annotated[Path | None, typer.Option(help="Instead of book/.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A folder of data sets: examples of them are shown on the pages.")
    ] = None,
) -> None:
    """Render the book with the results of an experiment."""
    from .rendering import build

    load(experiment)
    _check_folder(data)
    print(build(experiment, output, data))


@app.command()
def verify(
    experiment: ExperimentName,
    sample: Annotated[int, typer.Option(help="How many cells of the results to compute again.", min=1)] = 2,
    seed: Annotated[int, typer.Option(help="Which cells the sample holds.")] = 0,
    data: DataFolder = None,
) -> None:
    """Compute a sample of an experiment's results again, from the start, and compare: digits, or seeds."""
    from .workflow.verification import verify as compute_again

    if not compute_again(load(experiment, data), sample, seed):
        raise typer.Exit(1)


@app.command()
def score(
    predictions: Annotated[
        Path, typer.Argument(help="Folder of predictions, laid out as for XTREME's evaluate.py.")
    ],
    labels: Annotated[Path, typer.Argument(help="Folder of labels, laid out alike.")],
    benchmark: Annotated[
        Literal["xtreme", "xtreme-r"], typer.Option(help="Whose tasks and rules.")
    ] = "xtreme",
    output: Output = None,
) -> None:
    """Score prediction files as XTREME's own code does."""
    from .scoring import BENCHMARKS, score_benchmark
    from .tasks import TASKS

    for folder in sorted(predictions.glob("[!.]*/")):
        if folder.name not in TASKS:
            known = BENCHMARKS[benchmark].languages
            raise UserError(f"{folder}: there is no task of this name: {nearest(folder.name, known)}")
    _write(score_benchmark(predictions, labels, benchmark), output)


@app.command()
def mine(
    case: Annotated[
        Path, typer.Argument(help="Folder with {dev,test}.embeddings.npz, .<code>.txt, .<code>.id, .gold.")
    ],
    source: Annotated[str, typer.Option(help="Code of the foreign language.")],
    target: Annotated[str, typer.Option(help="Code of the other side.")] = "en",
    output: Output = None,
    margin: Annotated[Margin, typer.Option(help="How a pair is scored.")] = "ratio",
    strategy: Annotated[Strategy, typer.Option(help="Which pairs are kept.")] = "max",
    neighbours: Annotated[int, typer.Option(help="Neighbours of the margin.", min=1)] = 4,
) -> None:
    """Mine translations from embeddings: threshold on dev, applied to test."""
    from .mining import MiningSettings, mine_case

    settings = MiningSettings(margin=margin, strategy=strategy, neighbours=neighbours)
    _write(mine_case(case, source, target, settings), output)


def _write(content: Any, output: Path | None) -> None:
    if output is None:
        print(json.dumps(content, indent=1, ensure_ascii=False))
        return
    from .common.disk import write_json

    write_json(output, content)


@data_app.command("fetch", help="The same, for its effect: afterwards all of it loads without a network "
                  "(HF_HUB_OFFLINE=1).")  # fmt: skip
@data_app.command("check")
def survey(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(help="Tasks; all that the source can hold where none is named.", metavar="[TASK]..."),
    ] = None,
    source: Annotated[
        Literal["files", "hub", "miniature"] | None, typer.Option(help="Where the examples come from.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The folder of the data sets; with `--source hub`, of a mirror.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option(help="Check what this experiment needs, from its own source.")
    ] = None,
    counts: Annotated[
        Literal["exact", "any"], typer.Option(help="`any` takes other numbers of rows than were published.")
    ] = "exact",
    format: Format = "table",
) -> None:
    """Load data sets and say what was found; exit code 2 if anything is amiss."""
    from .rendering.tables import show_survey
    from .sources import open_source
    from .sources.survey import check_table

    if experiment is None:
        opened = open_source(_source(source, data, counts))
        rows = list(check_table(opened, tasks or None))
    elif tasks or source is not None:
        raise UserError("--experiment says which tasks and which source: leave those out beside it.")
    else:
        loaded = load(experiment, data)
        opened = open_source(loaded.source)
        wanted = [*loaded.intermediates, *loaded.training_tasks, *loaded.targets]
        rows = list(check_table(opened, wanted, loaded.needs(opened), loaded.evaluation.examples))
    show_survey([row.as_dict() for row in rows], format)
    problems = [row.problem for row in rows if row.problem]
    for problem in problems:
        print(f"Error: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(2)


def _source(kind: str | None, data: Path | None, counts: str) -> dict[str, Any]:
    """The settings of a source that no experiment describes."""
    _check_folder(data)
    kind = kind or ("files" if data else None)
    if kind is None:
        raise UserError(
            "Say what to check: `--source hub`, `--source files --data DIR`, or `--experiment NAME`."
        )
    if kind == "miniature":
        if data is not None:
            raise UserError("The miniature is generated, so it has no use for a data folder (--data).")
        return {"kind": kind}
    folder = {"folder" if kind == "files" else "mirror": str(data)} if data else {}
    return {"kind": kind, "counts": counts, **folder}


def load(name: str, data: Path | None = None) -> experiments.Experiment:
    """The experiment, and the folders that the processes below are to find it and its data in."""
    _check_folder(data)
    loaded = experiments.load_experiment(name, data)
    if os.environ.get(experiments.EXPERIMENTS) or loaded.file.parent != places.experiments().resolve():
        os.environ[experiments.EXPERIMENTS] = str(loaded.file.parent)
    return loaded


def _check_folder(data: Path | None) -> None:
    if data is not None and not data.is_dir():
        raise UserError(f"--data {data} is not a folder.")


if __name__ == "__main__":
    main()
