"""Records: results that cost more than a reader may want to spend, kept as small files under book/records/.

A record is a results table and, beside it, what it was made from: NAME.parquet and NAME.json.
`xstilts results NAME --record` writes both once every part is done; `xstilts verify NAME` computes a sample
of them again.

>>> read(load_experiment("questions")).columns.tolist()[:3]      # doctest: +SKIP
['experiment', 'model', 'parameters']
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Set
from pathlib import Path
from statistics import mode
from typing import TYPE_CHECKING, Any

from ..common import arithmetic, disk, manifest, places, strict
from ..common.errors import UserError
from ..common.words import duration, listed, plural
from ..experiment import Design, Experiment
from ..tasks.recipe import tree
from . import results
from .run import ENCODER, TARGETS, Run, all_parts

if TYPE_CHECKING:
    import pandas

SHOWN = 3  # changes of a file that a sentence names
# What may be added to a file without other numbers: more recipes, targets, encoders or seeds.
_GROWING = ("designs", "recipes", "seeds", "targets", "variants")
_PROSE = ("title", "description", "question")  # keys that decide no number


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
    return disk.read_json(path(experiment).with_suffix(".json"))


def origin(experiment: Experiment) -> str:
    """Where the numbers come from that `results.load(experiment, partial=False)` gives, in a sentence."""
    if not results.missing(experiment):
        return f"The results were computed on this machine, by “xstilts run {experiment.name}”."
    told = provenance(experiment)
    if not told:
        return "Where the results were computed is not recorded."
    first, last = (date.partition(" ")[0] for date in told["dates"])
    days = first if first == last else f"{first} to {last}"
    hardware = told["hardware"]
    machine = hardware["processor"] + arithmetic.in_words(hardware.get("arithmetic", {}))
    number, whole = f"{told['parts']:,}", len(all_parts(experiment))
    number += f" of {whole:,}" if told["parts"] < whole else ""
    return (
        f"The results are a record: {number} parts, {duration(told['seconds'])} of one core in all, "
        f"computed on {days} on {machine}; "
        f"“xstilts verify {experiment.name}” computes some of them again and compares." + changed(experiment)
    )


def changed(experiment: Experiment) -> str:
    """A sentence on what the experiment's file says otherwise than when its record was made, or nothing."""
    found = changes(experiment)
    told = "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
    return f" Its file has changed since: {told}." if found else ""


def changes(experiment: Experiment) -> list[str]:
    """What the experiment's file says otherwise now, a phrase a setting, but for what may be added to it;
    empty where there is no record in use."""
    told = provenance(experiment)
    if "settings" not in told or not results.missing(experiment):
        return []
    return _differences(told["settings"], experiment, besides=_GROWING)


def _differences(before: str, experiment: Experiment, besides: Collection[str] = ()) -> list[str]:
    """The same between the text of a file and the experiment's file now; but not of prose, nor of the keys
    `besides`."""
    old, new = (_flat(strict.parse_yaml(text)) for text in (before, experiment.file.read_text("utf-8")))
    return [
        f"{key} was {old.get(key, 'not stated')} and is {new.get(key, 'not stated')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
        and key.split(".")[-1] not in _PROSE
        and key.split(".")[0] not in besides
    ]


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """{path of keys: value} of nested mappings."""
    if not isinstance(value, dict) or not value:
        return {key: value}
    return {
        inner: leaf
        for name, each in value.items()
        for inner, leaf in _flat(each, f"{key}.{name}" if key else str(name)).items()
    }


def made(run: Run, part: str) -> dict[str, Any]:
    """On what a part was computed: {"hardware", "versions"} of its manifest, or else of the record."""
    if run.done(part):
        return _manifest(run, part)
    told = provenance(run.experiment)
    name = _name(run, part)
    for machine in told.get("machines", ()):
        if name in machine["parts"]:
            return {"versions": told["versions"], **machine}
    return {"hardware": told.get("hardware", {}), "versions": told.get("versions", {})}


def held(experiment: Experiment) -> list[tuple[Run, str]]:
    """The parts whose results `results.load(experiment, partial=False)` gives."""
    parts = all_parts(experiment)
    if not results.missing(experiment):
        return parts
    every = [_name(*each) for each in parts]
    names = {name for machine in _machines(provenance(experiment), every) for name in machine["parts"]}
    return [each for each in parts if _name(*each) in names]


def answered(experiment: Experiment) -> list[str]:
    """The designs of which one seed at least has all of its scores."""
    there = {_name(*each) for each in held(experiment)}
    found = []
    for name, design in experiment.designs.items():
        by_seed: dict[int, list[str]] = {}
        for run, part in _scored(experiment, design):
            by_seed.setdefault(run.seed, []).append(_name(run, part))
        if any(there.issuperset(names) for names in by_seed.values()):
            found.append(name)
    return found


def extent(experiment: Experiment, design: Design) -> str:
    """How much of a design has been computed, as "4 of 45 parts"."""
    there, asked = {_name(*each) for each in held(experiment)}, _scored(experiment, design)
    return f"{sum(_name(*each) in there for each in asked)} of {plural(len(asked), 'part')}"


def _scored(experiment: Experiment, design: Design) -> list[tuple[Run, str]]:
    """The parts that give a design's scores."""
    return [
        (run, part)
        for run, part in all_parts(experiment)
        if design.covers(run.experiment.model.name) and run.recipe in design.recipes
        if part != ENCODER and set(run.tasks(part)) & set(design.targets)
    ]


def badge(experiment: Experiment, seeds: int) -> str:
    """Whose numbers stand somewhere: the experiment, its seeds, and whether they were run here.

    As "real · 3 seeds · record of 2026-11-30".
    """
    told = provenance(experiment) if results.missing(experiment) else {}
    made = f"record of {told['dates'][-1].partition(' ')[0]}" if told else "run here"
    return f"{experiment.name} · {plural(seeds, 'seed')} · {made}"


def lost(experiment: Experiment) -> list[list[Any]]:
    """Model, recipe, part, seed and tasks of every training held that left tasks unlearnt, by its loss."""
    if not results.missing(experiment):
        return _degenerate(all_parts(experiment))
    return list(provenance(experiment).get("degenerate", []))


def unlearnt(experiment: Experiment, design: Design) -> str:
    """Which trainings of a design left a task unlearnt, in a sentence: they stay in every table.

    A task is not learnt if its loss ends no better than a guess that never reads the input; of a joint step,
    it may be one of several. The links of a chain are trainings too.
    """
    encoders = {recipe.name for recipe in tree(design.recipes)}
    recipes = {recipe.name for recipe in design.recipes}
    trainings = {
        (run.experiment.model.name, run.recipe.name, part, run.seed)
        for run, part in held(experiment)
        if design.covers(run.experiment.model.name)
        and run.recipe.name in (encoders if part == ENCODER else recipes)
        and (part == ENCODER or part.removeprefix(f"{TARGETS}/") in design.targets)
    }
    chance: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    count = 0
    for model, recipe, part, seed, tasks in lost(experiment):
        if (model, recipe, part, seed) in trainings:
            count += 1
            for name in tasks:
                chance.setdefault((name, part == ENCODER), []).append((model, recipe))
    if not count:
        return "Every training of this design learnt all of its tasks."
    several = len({model for model, *_ in trainings}) > 1
    told = "; ".join(_lost(name, encoder, where, several) for (name, encoder), where in chance.items())
    return (
        f"Of its {len(trainings)} trainings {count} left a task at chance, and stay in every table: {told}."
    )


def _lost(name: str, encoder: bool, where: list[tuple[str, str]], several: bool) -> str:
    """How often a task was left at chance, and in which recipes, by name where they are few; of several
    encoders, in which."""
    models, recipes = (list(dict.fromkeys(column)) for column in zip(*where, strict=True))
    named = listed(recipes) if len(recipes) <= 3 else f"{len(recipes)} recipes"
    in_models = f", {listed(models)}" if several else ""
    if encoder:
        return f"{name} in {plural(len(where), 'intermediate phase')} ({named}{in_models})"
    often = "once" if len(where) == 1 else f"{len(where)} times"
    return f"{name} {often} as the target (after {named}{in_models})"


def write(experiment: Experiment, unfinished: bool = False) -> Path:
    """Keep the table of what is done here, beside what the record holds of other parts, and its provenance.

    So an experiment that takes days is recorded as it goes, on whatever machine. UserError while parts are
    done nowhere, unless `unfinished`, and where the record was made with other settings.
    """
    import pandas

    parts = {_name(*each): each for each in all_parts(experiment)}
    done = {name for name, (run, part) in parts.items() if run.done(part)}
    told = provenance(experiment)
    kept = {name for machine in _machines(told, parts) for name in machine["parts"]} & parts.keys() - done
    left = [parts[name] for name in parts if name not in done | kept]
    if not done or (left and not unfinished):
        run, part = left[0] if left else next(iter(parts.values()))
        raise UserError(
            f"{experiment.name!r} is not done, so there is nothing to record: {len(left)} parts are missing, "
            f"the first {part} of {run.recipe.name}, seed {run.seed}."
        )
    if kept and (changed := _differences(told["settings"], experiment, besides=_GROWING)):
        few = "; ".join(changed[:3]) + (f"; and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise UserError(
            f"{places.relative(path(experiment))} was made with other settings ({few}): remove it, or take "
            "the settings back."
        )
    table = results.collect(experiment)
    if kept:
        columns = ["model", "recipe", "seed", "target"]
        cells = [
            (run.experiment.model.name, run.recipe.name, run.seed, name)
            for run, part in map(parts.__getitem__, kept)
            for name in run.tasks(part)
        ]
        before = read(experiment)
        table = pandas.concat([before[before[columns].apply(tuple, axis=1).isin(cells)], table])
        table = table.sort_values([*columns, "language", "metric"], ignore_index=True)
    file = path(experiment)
    with disk.replacing(file) as beside:
        table.to_parquet(beside, index=False, compression="zstd")
    new = {name: parts[name] for name in parts if name in done}
    disk.write_json(file.with_suffix(".json"), _provenance(experiment, len(table), new, told, kept))
    return file


def _machines(told: Mapping[str, Any], parts: Iterable[str]) -> list[dict[str, Any]]:
    """The machines that a record names, each with its parts and their seconds; a record that names none has
    all parts from one."""
    if not told:
        return []
    each = told["seconds"] / max(1, told["parts"])
    return told.get("machines") or [{"hardware": told["hardware"], "parts": dict.fromkeys(parts, each)}]


def _provenance(
    experiment: Experiment,
    rows: int,
    new: Mapping[str, tuple[Run, str]],
    told: Mapping[str, Any],
    kept: Set[str],
) -> dict[str, Any]:
    """What a record of `rows` is made from: the parts that are `new`, and those `kept` of an earlier one."""
    records = {name: _manifest(run, part) for name, (run, part) in new.items()}
    on: dict[str, dict[str, float]] = {}  # which parts took how long on which kind of machine
    for machine in _machines(told, kept):
        mine = {name: seconds for name, seconds in machine["parts"].items() if name in kept}
        if mine:
            on.setdefault(json.dumps(machine["hardware"], sort_keys=True), {}).update(mine)
    for name, record in records.items():
        on.setdefault(json.dumps(record["hardware"], sort_keys=True), {})[name] = round(record["seconds"], 1)
    machines = [{"hardware": json.loads(hardware), "parts": parts} for hardware, parts in on.items()]
    lost = [row for row in told.get("degenerate", []) if f"{row[0]}/{row[1]}/seed{row[3]}/{row[2]}" in kept]
    every, dates = list(records.values()), list(told.get("dates", [])) if kept else []
    dates += [record["date"] for record in every]
    return {
        "experiment": experiment.name,
        "rows": rows,
        "parts": len(new) + len(kept),
        "seconds": round(sum(seconds for machine in machines for seconds in machine["parts"].values()), 1),
        "degenerate": lost + _degenerate(new.values()),
        "dates": [min(dates), max(dates)],
        "code": sorted({record["code"] for record in every} | set(told.get("code", []) if kept else ())),
        "versions": json.loads(mode(json.dumps(record["versions"], sort_keys=True) for record in every)),
        "hardware": max(machines, key=lambda machine: len(machine["parts"]))["hardware"],
        "machines": machines,
        "data": {what: of for record in [*([told] if kept else []), *every] for what, of in
                 (record.get("data") or {}).items()},
        "settings": experiment.file.read_text(encoding="utf-8"),
    }  # fmt: skip


def _name(run: Run, part: str) -> str:
    return f"{run.experiment.model.name}/{run.recipe.name}/seed{run.seed}/{part}"


def _degenerate(parts: Iterable[tuple[Run, str]]) -> list[list[Any]]:
    """Model, recipe, part and seed of every training that left tasks unlearnt, and those tasks."""
    return [
        [run.experiment.model.name, run.recipe.name, part, run.seed, _tasks_lost(run, part)]
        for run, part in parts
        if _manifest(run, part).get("degenerate")
    ]


def _tasks_lost(run: Run, part: str) -> list[str]:
    """The tasks that the history of a training gives as the reason that it is marked."""
    told = json.loads((run.part_directory(part) / "history.json").read_text(encoding="utf-8"))
    tasks = dict.fromkeys(row["task"] for row in told["rows"])
    return [name for name in tasks if f"the loss of {name} " in told["reason"]]


def _manifest(run: Run, part: str) -> dict[str, Any]:
    return manifest.read_manifest(run.part_directory(part), verify=False)
