"""Records: results that cost more than a reader may want to spend, kept as small files under book/records/.

A record is a results table and, beside it, what it was made from: NAME.parquet and NAME.json.
`xstilts results NAME --record` writes both once every part is done; `xstilts verify NAME` computes a sample
of them again.

>>> read(load_experiment("questions")).columns.tolist()[:3]      # doctest: +SKIP
['experiment', 'model', 'parameters']
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import manifest, places, results
from .errors import UserError
from .experiment import Design, Experiment
from .runs import ENCODER, TARGETS, Run, all_runs

if TYPE_CHECKING:
    import pandas


def path(experiment: Experiment) -> Path:
    """Where the record of an experiment stands, or would."""
    return places.book() / "records" / f"{experiment.name}.parquet"


def read(experiment: Experiment) -> pandas.DataFrame:
    """The recorded table; UserError where there is none."""
    import pandas

    file = path(experiment)
    if not file.is_file():
        raise UserError(f"No record of {experiment.name!r} is kept: {places.relative(file)} does not exist.")
    return pandas.read_parquet(file)


def provenance(experiment: Experiment) -> dict[str, Any]:
    """What a record was made from, as `write` left it; empty where there is none."""
    file = path(experiment).with_suffix(".json")
    if not file.is_file():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def origin(experiment: Experiment) -> str:
    """Where the numbers come from that `results.load(experiment, partial=False)` gives, in a sentence."""
    if not results.missing(experiment):
        return f"The results were computed on this machine, by “xstilts run {experiment.name}”."
    from .analysis.wording import duration

    told = provenance(experiment)
    if not told:
        return "Where the results were computed is not recorded."
    first, last = (date.partition(" ")[0] for date in told["dates"])
    days = first if first == last else f"{first} to {last}"
    return (
        f"The results are a record: {told['parts']:,} parts, {duration(told['seconds'])} of one core in all, "
        f"computed on {days} on {told['hardware']['processor']}; "
        f"“xstilts verify {experiment.name}” computes some of them again and compares."
    )


def unlearnt(experiment: Experiment, design: Design) -> str:
    """Which trainings of a design left a task unlearnt, in a sentence: they stay in every table.

    A task is not learnt if its loss ends no better than a guess that never reads the input; of a joint step,
    it may be one of several.
    """
    if not results.missing(experiment):
        found = _degenerate(experiment)
    else:
        found = provenance(experiment).get("degenerate", [])
    trainings = {
        (run.experiment.model.name, run.recipe.name, part, run.seed)
        for run in all_runs(experiment)
        for part in run.parts
        if run.recipe in design.recipes
        and design.covers(run.experiment.model.name)
        and (part == ENCODER or part.removeprefix(f"{TARGETS}/") in design.targets)
    }
    lost: dict[str, list[str]] = {}
    for model, recipe, part, seed in found:
        if (model, recipe, part, seed) in trainings:
            lost.setdefault(part.rpartition("/")[2], []).append(recipe)
    if not lost:
        return "Every training of this design learnt all of its tasks."
    told = "; ".join(
        f"{len(names)} {'of the encoder' if part == ENCODER else f'on {part}'}, {_after(names, part)}"
        for part, names in lost.items()
    )
    count = sum(map(len, lost.values()))
    return (
        f"Of its {len(trainings)} trainings {count} left a task at chance, and stay in every table: {told}."
    )


def _after(names: list[str], part: str) -> str:
    """Which recipes the trainings belong to, by name where they are few."""
    from .analysis.wording import listed

    recipes = list(dict.fromkeys(names))
    word = "in" if part == ENCODER else "after"
    return f"{word} {listed(recipes) if len(recipes) <= 3 else f'{len(recipes)} recipes'}"


def write(experiment: Experiment) -> Path:
    """Keep the table of a finished experiment, and its provenance; UserError while parts are missing."""
    left = results.missing(experiment)
    if left:
        run, part = left[0]
        raise UserError(
            f"{experiment.name!r} is not done, so there is nothing to record: {len(left)} parts are missing, "
            f"the first {part} of {run.recipe.name}, seed {run.seed}."
        )
    table = results.collect(experiment)
    file = path(experiment)
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.part")
    table.to_parquet(scratch, index=False, compression="zstd")
    scratch.replace(file)
    manifest.write_json(file.with_suffix(".json"), _provenance(experiment, len(table)))
    return file


def _provenance(experiment: Experiment, rows: int) -> dict[str, Any]:
    records = [_manifest(run, part) for run in all_runs(experiment) for part in run.parts]
    return {
        "experiment": experiment.name,
        "rows": rows,
        "parts": len(records),
        "seconds": round(sum(record["seconds"] for record in records), 1),
        "degenerate": _degenerate(experiment),
        "dates": [min(record["date"] for record in records), max(record["date"] for record in records)],
        "code": sorted({record["code"] for record in records}),
        "versions": _most(record["versions"] for record in records),
        "hardware": _most(record["hardware"] for record in records),
        "settings": experiment.file.read_text(encoding="utf-8"),
    }


def _degenerate(experiment: Experiment) -> list[list[Any]]:
    """Model, recipe, part and seed of every training that learnt nothing."""
    return [
        [run.experiment.model.name, run.recipe.name, part, run.seed]
        for run in all_runs(experiment)
        for part in run.parts
        if _manifest(run, part).get("degenerate")
    ]


def _manifest(run: Run, part: str) -> dict[str, Any]:
    return manifest.read_manifest(run.part_directory(part), verify=False)


def _most(values: Any) -> dict[str, Any]:
    """The commonest of several mappings."""
    counted = Counter(json.dumps(value, sort_keys=True) for value in values)
    found: dict[str, Any] = json.loads(counted.most_common(1)[0][0])
    return found
