"""Computing a sample of an experiment's results again, from its very start, and comparing to the last digit.

The results are those of the run directories, or, where there are none, the table that book/records/ keeps of
an experiment that cost more than a reader may want to spend.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import places, results
from .experiment import Experiment
from .notebook import make
from .runs import RETRIEVAL, TARGETS, Run
from .workflow import environment

if TYPE_CHECKING:
    import pandas

Cell = tuple[str, str, str, int]  # model, recipe, target, seed
Numbers = dict[tuple[str, str], float]  # (language, metric) -> percent


def verify(experiment: Experiment, sample: int, seed: int) -> bool:
    """Compute `sample` cells again in folders of their own; say of each whether it came out the same."""
    found = recorded(experiment)
    chosen = random.Random(seed).sample(sorted(found), min(sample, len(found)))
    same = True
    for cell in chosen:
        model, recipe, target, number = cell
        again = compute_again(Run(experiment.with_model(model), recipe, number), target)
        wrong = differences(found[cell], again)
        same &= not wrong
        words = f"DIFFERENT: {'; '.join(wrong)}" if wrong else f"the same {len(found[cell])} numbers"
        print(f"{model}, {recipe}, {target}, seed {number}: {words}", flush=True)
    return same


def recorded(experiment: Experiment) -> Mapping[Cell, Numbers]:
    """The numbers of every cell that is done, or else of the recorded table; UserError where there is
    neither.
    """
    return _cells(results.load(experiment))


def _cells(table: pandas.DataFrame) -> dict[Cell, Numbers]:
    found: dict[Cell, Numbers] = {}
    names = ["model", "recipe", "target", "seed", "language", "metric", "value"]
    for model, recipe, target, seed, language, metric, value in table[names].itertuples(index=False):
        found.setdefault((model, recipe, target, int(seed)), {})[language, metric] = float(value)
    return found


def compute_again(run: Run, target: str) -> Numbers:
    """The numbers of one target, made with everything upstream of it in an empty folder of runs."""
    part = RETRIEVAL if target in run.tasks(RETRIEVAL) else f"{TARGETS}/{target}"
    before = os.environ.copy()
    with tempfile.TemporaryDirectory(prefix="xstilts-verify-") as folder:
        os.environ.update(environment(run.experiment), **{places.RUNS: str(Path(folder) / "runs")})
        try:
            make(run, part)  # the template makes what it needs first
            rows: list[dict[str, Any]] = [row for row in results.rows(run, part) if row["target"] == target]
        finally:
            os.environ.clear()
            os.environ.update(before)
    return {(row["language"], row["metric"]): float(row["value"]) for row in rows}


def differences(old: Numbers, new: Numbers) -> list[str]:
    """What differs, a phrase a number."""
    return [
        f"{language} {metric} {old.get(key)!r} then, {new.get(key)!r} now"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
        for language, metric in [key]
    ]
