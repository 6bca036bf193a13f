"""How often verdicts on claims err, in worlds where no intermediate task does anything.

    python benchmarks/verdicts.py --quick      20 worlds, about a minute on one core
    python benchmarks/verdicts.py              200 worlds, some ten minutes

A world is the table of the experiment `questions`, with its encoders, recipes, targets and languages, in
which scores differ by language, target, seed and chance alone: every gain is nothing. There a claim that
something rises, falls or differs is wrong, so `supported` is an error; a claim that nothing is gained is
right, so `contradicted` is one. With an interval of 95 % and one wrong side, an error is due in 2.5 % of
worlds, with two sides in 5 %. Claims about scores without an intermediate task are left out, and so is what
cannot be tested. The last line is `ratio: X`, the mean share of errors over 5 %.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import Counter
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from xstilts_lib.analysis import claims, typology, verdicts
from xstilts_lib.experiment import load_experiment

NOTHING = ("C5", "C7", "C8", "B3")  # claims that nothing is gained: right in these worlds
ABOUT_SCORES = ("R5", "R6", "B1", "B4", "B6")  # about scores, not gains: nothing is known to be wrong
SPREADS = {"seed": 3.0, "recipe and seed": 2.0, "language": 2.0}  # standard deviations, in points


def cells(languages: list[str]) -> pd.DataFrame:
    """Every score that the experiment has: model, parameters, recipe, target, language, seed, metric."""
    plan = load_experiment("questions")
    # Any sizes will do that differ: the encoders are medium, small and large.
    sizes = dict(zip((each.model.name for each in plan.each_model()), (9e5, 2e5, 2e6), strict=True))
    rows = [
        {"experiment": plan.name, "model": each.model.name, "parameters": sizes[each.model.name],
         "recipe": recipe.name, "target": target, "language": code, "seed": seed, "metric": metric}
        for each in plan.each_model()
        for recipe in each.recipes
        for target in each.targets_of(recipe)
        for code in languages
        if code != "en" or target in each.targets_trained
        for seed in each.seeds
        for metric in (("score", "dev_score") if code == "en" else ("score",))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def worlds(frame: pd.DataFrame, number: int, seed: int) -> Iterator[pd.DataFrame]:
    """The frame with a column `value`, drawn anew each time: no recipe differs from another but by chance."""
    rng = np.random.default_rng(seed)
    groups = {
        "seed": frame.groupby(["model", "target", "seed"]).ngroup(),
        "recipe and seed": frame.groupby(["model", "target", "recipe", "seed"]).ngroup(),
        "language": pd.Series(np.arange(len(frame))),
    }
    level = frame.groupby(["target", "language"]).ngroup()
    for _ in range(number):
        value = rng.uniform(50, 80, size=level.max() + 1)[level]
        for name, codes in groups.items():
            value = value + SPREADS[name] * rng.normal(size=codes.max() + 1)[codes]
        yield frame.assign(value=value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 worlds")
    parser.add_argument("--worlds", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    number = args.worlds or (20 if args.quick else 200)
    declared = load_experiment("questions").open_source().language_table()
    frame = cells([row["code"] for row in declared])
    languages = typology.languages(frame["language"], declared)
    counts: dict[str, Counter[str]] = {}
    for table in worlds(frame, number, args.seed):
        for one in claims.judged(claims.overview(table, languages)):
            if one.claim.id not in ABOUT_SCORES:
                counts.setdefault(one.claim.id, Counter())[one.verdict.word] += 1
    print(
        f"{'claim':7}{'supported':>11}{'contradicted':>14}{'inconclusive':>14}{'error':>8}{'± one s.e.':>12}"
    )
    errors = []
    for name, words in counts.items():
        if words[verdicts.UNTESTABLE] == number:
            continue
        wrong = verdicts.CONTRADICTED if name in NOTHING else verdicts.SUPPORTED
        share = words[wrong] / number
        errors.append(share)
        told = "".join(f"{words[word] / number:>{width}.3f}" for word, width in zip(
            (verdicts.SUPPORTED, verdicts.CONTRADICTED, verdicts.INCONCLUSIVE), (11, 14, 14), strict=True
        ))  # fmt: skip
        print(f"{name:7}{told}{share:8.3f}{math.sqrt(share * (1 - share) / number):12.4f}")
    print(f"{number} worlds, {len(errors)} claims; most errors: {max(errors):.3f}")
    print(f"ratio: {float(np.mean(errors)) / 0.05:.2f}")


if __name__ == "__main__":
    main()
