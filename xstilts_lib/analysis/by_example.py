"""What every test example adds to a gain, from the prediction files of finished runs, and resampling of it.

>>> scores = by_example.cube(plan, "mini_squad", "mini_xnli")       # doctest: +SKIP
>>> scores.shape                                                    # seeds, languages, examples
(4, 9, 250)

A table of results holds scores; whether other examples would have given the same, only the predictions can
tell. Targets whose score is an F1 over all tags or pairs are no means over examples, and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import scoring
from ..experiment import Experiment
from ..runs import results
from ..runs.run import Run
from ..sources.selection import ENGLISH
from ..tasks import task
from ..tasks.recipe import NONE

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

BREADTHS = ("seeds", "seeds and languages", "seeds, languages and examples")


def cube(experiment: Experiment, recipe: str, target: str) -> NDArray[np.float64] | None:
    """Percents of a target after a recipe, (seeds, languages, examples), English left out.

    Seeds in the order of the experiment's; NaN for one that is not done, and where a language has fewer
    examples than another. None where no seed is done, and for a target whose score is no mean over examples.
    """
    found = {}
    for place, seed in enumerate(experiment.seeds):
        run = Run(experiment, recipe, seed)
        part = f"targets/{target}" if task(target).train else "retrieval"
        if part not in run.parts or not run.done(part):
            continue
        folder = run.part_directory(part)
        codes = [code for code in results.read_scores(folder)[target]["languages"] if code != ENGLISH]
        sides = folder / "predictions", folder / "labels"
        found[place] = [scoring.example_scores(target, *sides, code) for code in codes]
    if not found or any(scores.ndim > 1 for languages in found.values() for scores in languages):
        return None
    most = max(len(scores) for languages in found.values() for scores in languages)
    values = np.full((len(experiment.seeds), max(map(len, found.values())), most), np.nan)
    for place, languages in found.items():
        for language, scores in enumerate(languages):
            values[place, language, : len(scores)] = scores
    return values


def table(experiment: Experiment, level: float = 0.95) -> pandas.DataFrame:
    """Gains over the baseline with intervals that ask for ever more: a row a recipe and target.

    Columns: recipe, target, estimate, then for each of BREADTHS its (low, high), and p: of the swap of
    examples between recipe and baseline, in all languages and for all seeds at once, the trained encoders
    held fixed. Over the seeds that recipe and baseline share.
    """
    import pandas

    from .crossed import bootstrap_interval
    from .statistics import paired_p, student_interval

    rows = []
    for target in experiment.whole.targets:
        base = cube(experiment, NONE, target)
        if base is None:
            continue
        for recipe in experiment.whole.recipes:
            ours = cube(experiment, recipe.name, target) if recipe.steps else None
            if ours is None or ours.shape != base.shape:
                continue
            shared = np.isfinite(ours - base).any(axis=(1, 2))
            if not shared.any():
                continue
            ours, theirs = ours[shared], base[shared]
            by_language = np.nanmean(ours - theirs, axis=-1)
            intervals = (
                student_interval(by_language.mean(-1), level),
                bootstrap_interval(by_language, level),
                bootstrap_interval(ours - theirs, level, axes=3),
            )
            bounds = {name: (found.low, found.high) for name, found in zip(BREADTHS, intervals, strict=True)}
            row = {"recipe": recipe.name, "target": target, "estimate": intervals[0].estimate}
            rows.append({**row, **bounds, "p": paired_p(ours, theirs)})
    return pandas.DataFrame(rows, columns=["recipe", "target", "estimate", *BREADTHS, "p"])


def told(table: pandas.DataFrame) -> str:
    """How many gains each breadth tells from nothing, in a sentence."""
    if table.empty:
        return "No gain here is a mean over examples"
    counts = [sum(low > 0 or high < 0 for low, high in table[name]) for name in BREADTHS]
    parts = [f"{count} over {name}" for count, name in zip(counts, BREADTHS, strict=True)]
    return f"Of {len(table)} gains, intervals leave out zero for {'; '.join(parts)}"
