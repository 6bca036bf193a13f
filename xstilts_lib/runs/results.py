"""The results of an experiment: the scores of its runs, gathered into one tidy table.

>>> write_scores(run.target("mini_xnli"), {"mini_xnli": {"en": {"accuracy": 71.2}}}, {"mini_xnli": {"en":
250}})
>>> table = collect(load_experiment("smoke"))
>>> table.columns.tolist()
['experiment', 'model', 'parameters', 'recipe', 'target', 'language', 'seed', 'metric', 'value', 'examples',
'provenance']
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import disk, manifest
from ..common.errors import UserError
from ..experiment import Experiment, load_experiment
from ..sources.selection import ENGLISH
from .run import ENCODER, Run, all_parts

if TYPE_CHECKING:
    import pandas

SCORES = "scores.json"
TABLE = "results.parquet"
HEADLINE = "score"  # the metric that a table of several tasks shows: F1, accuracy, or (F1 + exact match) / 2
DEV = "dev_score"  # the same on the English dev set: what a recipe is chosen by, and never reported
COLUMNS = ("experiment", "model", "parameters", "recipe", "target", "language", "seed", "metric", "value",
           "examples", "provenance")  # fmt: skip
Scores = Mapping[str, Mapping[str, Mapping[str, float]]]


def write_scores(
    directory: Path,
    scores: Scores,
    examples: Mapping[str, Mapping[str, int]],
    dev: Mapping[str, tuple[Mapping[str, float], int]] | None = None,
) -> Path:
    """Leave a part's scores in `directory`: task -> language -> metric -> percent; the rows each rests on.

    `dev`: task -> (metric -> percent, rows) of its English dev set, by which recipes may be chosen.
    """
    content: dict[str, Any] = {
        name: {"languages": {code: dict(metrics) for code, metrics in languages.items()}, "examples":
        dict(examples[name])} for name, languages in scores.items()
    }  # fmt: skip
    for name, (metrics, rows) in (dev or {}).items():
        content[name]["dev"] = {"metrics": dict(metrics), "examples": rows}
    return disk.write_json(directory / SCORES, content)


def read_scores(directory: Path) -> dict[str, Any]:
    """What `write_scores` left: task -> {"languages": {code: {metric: percent}}, "examples": {code: n}}, and
    where there is an English dev set "dev": {"metrics": {metric: percent}, "examples": n}."""
    content: dict[str, Any] = json.loads((directory / SCORES).read_text(encoding="utf-8"))
    return content


def path(experiment: Experiment) -> Path:
    """Where the table of an experiment stands."""
    return experiment.root / TABLE


def collect(experiment: Experiment) -> pandas.DataFrame:
    """All scores of the parts that are done, a row a number, from the run directories."""
    import pandas

    parts = ((run, part) for run, part in all_parts(experiment) if part != ENCODER and run.done(part))
    table = [row for run, part in parts for row in rows(run, part)]
    return pandas.DataFrame(table, columns=list(COLUMNS))


def write(experiment: Experiment) -> Path:
    """Collect and write results.parquet, in one step; the same scores give the same bytes."""
    file = path(experiment)
    with disk.replacing(file) as beside:
        collect(experiment).to_parquet(beside, index=False)
    return file


def rows(run: Run, part: str) -> Iterator[dict[str, Any]]:
    """The rows of the table that one part of a run gives."""
    from ..scoring import headline

    directory = run.part_directory(part)
    record = manifest.read_manifest(directory, verify=False)
    for name, scored in read_scores(directory).items():
        found = [
            (code, metric, value, scored["examples"].get(code))
            for code, metrics in scored["languages"].items()
            for metric, value in {**metrics, HEADLINE: headline(metrics, name)}.items()
        ]
        if "dev" in scored:
            found.append((ENGLISH, DEV, headline(scored["dev"]["metrics"], name), scored["dev"]["examples"]))
        for code, metric, value, examples in found:
            yield {
                "experiment": run.experiment.name,
                "model": run.experiment.model.name,
                "parameters": record.get("model_parameters"),
                "recipe": run.recipe.name,
                "target": name,
                "language": code,
                "seed": run.seed,
                "metric": metric,
                "value": value,
                "examples": examples,
                "provenance": f"{record['fingerprint']} at {record['code']}",
            }


def missing(experiment: Experiment) -> list[tuple[Run, str]]:
    """The parts that are not done."""
    return [(run, part) for run, part in all_parts(experiment) if not run.done(part)]


def load(experiment: Experiment, partial: bool = True) -> pandas.DataFrame:
    """The table of what is done, or else the one that is kept under book/records/; UserError where there is
    neither.

    Without `partial`, the runs count once all of them are done, and until then the record does.
    """
    from . import records

    kept = records.path(experiment)
    if kept.is_file() and not partial and missing(experiment):
        return records.read(experiment)
    table = collect(experiment)
    if table.empty and kept.is_file():
        return records.read(experiment)
    if table.empty:
        raise UserError(f"Nothing of {experiment.name!r} is done: run `xstilts run {experiment.name}` first.")
    return table


def as_recorded(experiment: Experiment) -> Experiment:
    """The experiment that `load(experiment, partial=False)` is about: as its file was when the record in use
    was made, with the languages and designs of then.

    Itself where the file says the same, where no record is in use, and where today's code cannot read the
    settings of then.
    """
    from . import records

    if not records.changes(experiment):
        return experiment
    try:
        return load_experiment(experiment.file, text=records.provenance(experiment)["settings"])
    except UserError:
        return experiment
