"""Computing a sample of an experiment's results again, from its very start, and comparing.

The results are those of the run directories, or, where there are none, the table that book/records/ keeps of
an experiment that cost more than a reader may want to spend.

They must agree to the last digit where machine, libraries, code and settings are those of then; in portable
arithmetic, on any machine. Otherwise the last bits differ and thousands of updates amplify them: a processor
is a seed. Then the numbers are held against the spread between seeds, and what is different is said.
"""

from __future__ import annotations

import math
import random
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import arithmetic, places, processes
from ..experiment import EXPERIMENTS, Experiment
from ..runs import records, results
from ..runs.run import RETRIEVAL, TARGETS, Run
from .engine import environment
from .notebook import make

if TYPE_CHECKING:
    import pandas

Cell = tuple[str, str, str, int]  # model, recipe, target, seed
Numbers = dict[tuple[str, str], float]  # (language, metric) -> percent
CHANGED = "its settings or the library's code have changed since"
LEVEL = 0.05  # how often a cell of another seed would be called too far apart
_DECIDING = ("torch", "transformers", "numpy")  # packages whose versions decide bits


def verify(experiment: Experiment, sample: int, seed: int) -> bool:
    """Compute `sample` cells again in folders of their own; say of each whether it came out the same.

    Those of a record are computed by the settings of then, where the experiment's file says otherwise now.
    """
    today, experiment = experiment, results.as_recorded(experiment)
    settings = None if experiment is today else records.provenance(today)["settings"]
    experiment.open_source()  # refuses what is wrong with the data before anything is computed
    found, marks = cells(results.load(experiment))
    chosen = random.Random(seed).sample(sorted(found), min(sample, len(found)))
    right = True
    for cell in chosen:
        model, recipe, target, number = cell
        run = Run(experiment.with_model(model), recipe, number)
        part = RETRIEVAL if target in run.tasks(RETRIEVAL) else f"{TARGETS}/{target}"
        then = records.made(run, part)
        again, now = compute_again(run, part, target, settings)
        changed = [] if marks[cell] == run.fingerprint(part) else [CHANGED, *_otherwise(experiment, settings)]
        fine, words = judge(cell, again, found, unlike(then, now) + changed)
        right &= fine
        print(f"{model}, {recipe}, {target}, seed {number}: {words}", flush=True)
    return right


def _otherwise(experiment: Experiment, settings: str | None) -> list[str]:
    """What its file says otherwise than then, unless it is computed by the settings of then."""
    return [] if settings else records.changes(experiment)


def cells(table: pandas.DataFrame) -> tuple[dict[Cell, Numbers], dict[Cell, str]]:
    """The numbers of every cell of a table of results, and the hash of all settings and code that decided
    them (see Run.fingerprint)."""
    found: dict[Cell, Numbers] = {}
    marks: dict[Cell, str] = {}
    names = ["model", "recipe", "target", "seed", "language", "metric", "value", "provenance"]
    for *key, seed, language, metric, value, provenance in table[names].itertuples(index=False):
        cell: Cell = (*key, int(seed))  # type: ignore[assignment]
        found.setdefault(cell, {})[language, metric] = float(value)
        marks[cell] = provenance.partition(" at ")[0]
    return found, marks


def compute_again(
    run: Run, part: str, target: str, settings: str | None = None
) -> tuple[Numbers, dict[str, Any]]:
    """The numbers of one target, made with everything upstream of it in an empty folder of runs; and the
    manifest that says on what. With `settings`, by that text in place of the experiment's file."""
    with tempfile.TemporaryDirectory(prefix="xstilts-verify-") as folder:
        elsewhere = environment(run.experiment) | {places.RUNS: str(Path(folder) / "runs")}
        if settings:  # where notebooks look for the experiment first
            (Path(folder) / run.experiment.file.name).write_text(settings, encoding="utf-8")
            elsewhere[EXPERIMENTS] = folder
        with processes.surroundings(elsewhere):
            make(run, part)  # the template makes what it needs first
            rows: list[dict[str, Any]] = [row for row in results.rows(run, part) if row["target"] == target]
            now = records.made(run, part)
    return {(row["language"], row["metric"]): float(row["value"]) for row in rows}, now


def judge(cell: Cell, again: Numbers, found: Mapping[Cell, Numbers], reasons: list[str]) -> tuple[bool, str]:
    """Whether `again` is what `found` holds of `cell`, as far as can be asked, and that in words.

    Without a reason to differ it must be equal. With one, no number may be further from the one of then than
    another seed would be, but for one cell in 20: differences of two draws, Student's t over the seeds of
    the same recipe, shared over the numbers of the cell.
    """
    old = found[cell]
    wrong = differences(old, again)
    if not wrong:
        return True, f"the same {len(old)} numbers"
    if not reasons:
        return False, f"DIFFERENT, on the same kind of machine: {'; '.join(wrong)}"
    because = f"; not to the digit, because {'; '.join(reasons)}"
    if old.keys() != again.keys():
        return False, f"OTHER LANGUAGES OR METRICS: {'; '.join(wrong)}{because}"
    others = [numbers for each, numbers in found.items() if each[:3] == cell[:3]]
    if len(others) < 2:
        return False, f"NOT COMPARABLE, for there is one seed and so no spread: {'; '.join(wrong)}{because}"
    apart = {key: abs(again[key] - old[key]) for key in old}
    far = [key for key, limit in allowed(old, others).items() if apart[key] > limit + 1e-9]
    words = f"up to {max(apart.values()):.1f} points apart, {len(others)} seeds"
    if far:
        named = ", ".join(f"{language} {metric}" for language, metric in far)
        return False, f"FURTHER APART THAN SEEDS ARE in {named} ({words}){because}"
    return True, f"within the spread between seeds ({words}){because}"


def allowed(old: Numbers, others: list[Numbers]) -> Numbers:
    """How far two draws may lie apart, number by number, in points."""
    from scipy.stats import t

    quantile = float(t.ppf(1 - LEVEL / len(old) / 2, len(others) - 1))
    values = {key: [numbers[key] for numbers in others if key in numbers] for key in old}
    return {
        key: quantile * math.sqrt(2) * (statistics.stdev(drawn) if len(drawn) > 1 else 0.0)
        for key, drawn in values.items()
    }


def unlike(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What decides the last bits and is not as it was, a phrase each; empty where bits must agree."""
    found = [
        f"{name} was {then['versions'][name]} and is {now['versions'].get(name)}"
        for name in _DECIDING
        if name in then.get("versions", {}) and then["versions"][name] != now["versions"].get(name)
    ]
    old, new = then["hardware"], now["hardware"]
    before, after = old.get("arithmetic"), new.get("arithmetic")
    on_gpu = "accelerator" in old or "accelerator" in new
    if before and after and before["kind"] == after["kind"] == arithmetic.PORTABLE and not on_gpu:
        return found
    if before and before["kind"] == arithmetic.NATIVE and on_gpu:
        found.append("a GPU in native arithmetic adds up in another order each time")
    for key in ("processor", "accelerator", "threads"):
        if old.get(key) != new.get(key):
            found.append(f"the {key} was {old.get(key)} and is {new.get(key)}")
    if before is None:
        return [*found, "the record does not say in which arithmetic it was computed"]
    keys = sorted(before.keys() | (after or {}).keys())
    return found + [
        f"the {key} of its arithmetic was {before.get(key)} and is {(after or {}).get(key)}"
        for key in keys
        if before.get(key) != (after or {}).get(key)
    ]


def differences(old: Numbers, new: Numbers) -> list[str]:
    """What differs, a phrase a number."""
    return [
        f"{language} {metric} {old.get(key)!r} then, {new.get(key)!r} now"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
        for language, metric in [key]
    ]
