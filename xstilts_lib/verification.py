"""Computing a sample of an experiment's results again, from its very start, and comparing to the last
digit.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from . import results
from .errors import UserError
from .experiment import Experiment
from .notebook import make
from .runs import ENCODER, Run, all_runs
from .workflow import environment

_RUNS = "XSTILTS_RUNS"


def cells(experiment: Experiment) -> list[tuple[Run, str]]:
    """The parts that gave scores and are done."""
    return [
        (run, part)
        for run in all_runs(experiment)
        if run.evaluated
        for part in run.parts
        if part != ENCODER and run.done(part, verify=True)
    ]


def verify(experiment: Experiment, sample: int, seed: int) -> bool:
    """Compute `sample` cells again in a folder of its own; say of each whether it came out the same, to the
    bit.
    """
    done = cells(experiment)
    if not done:
        raise UserError(f"Nothing of {experiment.name!r} is done: run `xstilts run {experiment.name}` first.")
    chosen = random.Random(seed).sample(done, min(sample, len(done)))
    expected = [results.read_scores(run.part_directory(part)) for run, part in chosen]
    same = True
    for (run, part), scores in zip(chosen, expected, strict=True):
        again = again_in_a_fresh_folder(run, part)
        same &= again == scores
        words = "the same" if again == scores else "DIFFERENT: " + "; ".join(differences(scores, again))
        print(f"{run.recipe.name}, seed {run.seed}, {part}: {words}", flush=True)
    return same


def again_in_a_fresh_folder(run: Run, part: str) -> dict[str, object]:
    """The scores of `part`, made with everything upstream of it in an empty folder of runs."""
    before = os.environ.copy()
    with tempfile.TemporaryDirectory(prefix="xstilts-verify-") as folder:
        os.environ.update(environment(run.experiment))
        os.environ[_RUNS] = str(Path(folder) / "runs")
        try:
            make(run, part)  # the template makes what it needs first
            return results.read_scores(run.part_directory(part))
        finally:
            os.environ.clear()
            os.environ.update(before)


def differences(old: dict[str, object], new: dict[str, object]) -> list[str]:
    """What differs between two files of scores, a phrase a number."""
    found = []
    for name, scored in old.items():
        for code, metrics in scored["languages"].items():  # type: ignore[index]
            for metric, value in metrics.items():
                now = new.get(name, {}).get("languages", {}).get(code, {}).get(metric)  # type: ignore[attr-defined]
                if now != value:
                    found.append(f"{name} {code} {metric} {value!r} then, {now!r} now")
    return found
