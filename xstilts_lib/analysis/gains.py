"""From the tidy results table to gains: paired by seed, averaged over languages, summarised over seeds.

>>> from xstilts_lib.analysis import gains
>>> table = gains.scores(results)                                   # doctest: +SKIP
>>> gains.summary(gains.over_languages(gains.gains(table)))         # doctest: +SKIP

Every frame here is tidy: model, recipe, target, language, seed, and one column of numbers. Points are
percentage points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ..common.errors import UserError
from ..tasks import task
from .statistics import (
    LEVEL,
    holm,
    probability_of_improvement,
    sign_flip_p,
    student_interval,
    student_p,
)

BASELINE = "none"
FLOOR = "untrained"
SOURCE_LANGUAGE = "en"
SCORE = "score"  # the metric that stands for a target: F1, accuracy, or (F1 + exact match) / 2
DEV = "dev_score"  # the same on its English dev set, by which recipes are chosen
RETRIEVAL = "retrieval"  # the group of targets without training data
KEYS = ["model", "recipe", "target", "language", "seed"]


def scores(results: pd.DataFrame) -> pd.DataFrame:
    """The headline scores of a results table, a row a run, target and language: KEYS and score (percent).

    UserError where a column is absent, where there is no headline, or where a score stands twice.
    """
    lacking = [name for name in (*KEYS, "metric", "value") if name not in results.columns]
    if lacking:
        raise UserError(
            f"The results table has no column {lacking[0]!r}; it needs {', '.join(KEYS)}, metric and value."
        )
    kept = results.loc[results["metric"] == SCORE]
    if kept.empty:
        raise UserError(f"The results table has no row whose metric is {SCORE!r}.")
    kept = kept.rename(columns={"value": "score"})
    extra = ["examples"] if "examples" in kept else []
    kept = kept[[*KEYS, "score", *extra]].reset_index(drop=True)
    twice = kept[kept.duplicated(KEYS)]
    if len(twice):
        row = twice.iloc[0]
        raise UserError(
            f"The results table holds {row.recipe}, {row.target}, {row.language}, seed {row.seed} twice."
        )
    return kept


def dev_scores(results: pd.DataFrame) -> pd.DataFrame:
    """The headline scores on English dev sets, percent: model, recipe, target, seed, score.

    Empty where the table has none. By these recipes are chosen; no result is reported on them.
    """
    kept = results.loc[results["metric"] == DEV].rename(columns={"value": "score"})
    return kept[["model", "recipe", "target", "seed", "score"]].reset_index(drop=True)


def gains(table: pd.DataFrame, baseline: str = BASELINE) -> pd.DataFrame:
    """Each score minus the baseline's with the same seed, in the same language: score, baseline and gain.

    The baseline itself and the floor are left out, being no treatment; so is a score whose seed the baseline
    lacks: `unpaired` lists those.
    UserError where there is no baseline at all.
    """
    base = table.loc[table["recipe"] == baseline, [*_without("recipe"), "score"]]
    if base.empty:
        raise UserError(
            f"A gain is measured against the recipe {baseline!r}, which is absent; add it to the experiment."
        )
    paired = table[~table["recipe"].isin([baseline, FLOOR])].merge(
        base.rename(columns={"score": "baseline"}), on=_without("recipe"), how="inner"
    )
    return paired.assign(gain=paired["score"] - paired["baseline"])


def unpaired(table: pd.DataFrame) -> pd.DataFrame:
    """The (model, recipe, target, seed) that are in some recipe of the table and absent from another.

    Empty for an experiment that was run to its end.
    """
    have = table[["model", "recipe", "target", "seed"]].drop_duplicates()
    recipes = have[["model", "recipe"]].drop_duplicates()
    wanted = recipes.merge(have[["model", "target", "seed"]].drop_duplicates(), on="model")
    marked = wanted.merge(have, how="left", indicator=True)
    return marked.loc[marked["_merge"] == "left_only"].drop(columns="_merge").reset_index(drop=True)


def over_languages(frame: pd.DataFrame, exclude: Iterable[str] = (SOURCE_LANGUAGE,)) -> pd.DataFrame:
    """Means over the languages other than English: a row a (model, recipe, target, seed)."""
    kept = frame[~frame["language"].isin(list(exclude))]
    return _mean_by(kept, _without("language"))


def over_targets(frame: pd.DataFrame, targets: Iterable[str] | None = None) -> pd.DataFrame:
    """Means over targets, each counting once whatever its number of languages: a row a (model, recipe, seed).

    Only seeds that have every one of the targets count, so that all means are over the same ones.
    """
    if targets is not None:
        frame = frame[frame["target"].isin(list(targets))]
    wanted = frame["target"].nunique()
    by = [name for name in _without("target", "language") if name in frame]
    if "language" in frame:
        frame = over_languages(frame)
    complete = frame.groupby(by)["target"].transform("nunique") == wanted
    return _mean_by(frame[complete], by)


def summary(
    frame: pd.DataFrame, value: str = "gain", by: Sequence[str] = ("recipe", "target"), level: float = LEVEL
) -> pd.DataFrame:
    """One row for each combination of `by`: estimate, low, high (Student's t), seeds, p, p_holm.

    p is the paired t test of the mean against zero, p_holm the same after Holm's correction over this table.
    UserError where several numbers of a seed fall into one row, such as those of two models.
    """
    by = list(by)
    if frame.duplicated([*by, "seed"]).any():
        others = [name for name in KEYS if name in frame and name not in (*by, "seed")]
        several = [name for name in others if frame[name].nunique() > 1]
        raise UserError(f"Several numbers share a cell; they differ in {' and '.join(several) or 'nothing'}.")
    labels = frame[by].drop_duplicates().reset_index(drop=True)
    order = pd.MultiIndex.from_frame(labels) if len(by) > 1 else pd.Index(labels[by[0]])
    values = frame.set_index([*by, "seed"])[value].unstack("seed").reindex(order).to_numpy(dtype=float)
    found, p = student_interval(values, level)._asdict(), np.atleast_1d(student_p(values))
    bounds = {name: found[name] for name in ("estimate", "low", "high")}
    return labels.assign(**bounds, seeds=found["n"], p=p, p_holm=holm(p))


def by_recipe(gained: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """What each recipe is worth over all targets: a row a recipe, from gains already averaged over languages.

    estimate, low, high, seeds: mean gain over the targets, Student's t over seeds. without: the same mean
    without the retrieval targets, which can dominate it, with without_low and without_high. improvement: the
    chance that a run of the recipe beats a run of the baseline on a target drawn at random. flip: p of the
    sign-flip test.
    """
    means = over_targets(gained)
    table = summary(means, by=["recipe"], level=level).drop(columns=["p", "p_holm"])
    rest = gained[[task(name).group != RETRIEVAL for name in gained["target"]]]
    if rest.empty:
        table = table.assign(without=np.nan, without_low=np.nan, without_high=np.nan)
    else:
        other = summary(over_targets(rest), by=["recipe"], level=level)
        names = {"estimate": "without", "low": "without_low", "high": "without_high"}
        table = table.merge(other.rename(columns=names)[["recipe", *names.values()]], on="recipe", how="left")
    flips = {recipe: sign_flip_p(part) for recipe, part in means.groupby("recipe")["gain"]}
    chances = {}
    for recipe, part in gained.groupby("recipe"):
        runs = part.pivot(index="target", columns="seed", values=["score", "baseline"]).dropna(axis=1)
        chances[recipe] = probability_of_improvement(runs["score"], runs["baseline"]) if runs.size else np.nan
    return table.assign(improvement=table["recipe"].map(chances), flip=table["recipe"].map(flips))


def best(by_recipe: pd.DataFrame) -> str:
    """The recipe with the largest mean gain over all targets, of by_recipe; the baseline if there is none."""
    known = by_recipe[by_recipe["estimate"].notna()]
    return BASELINE if known.empty else str(known.loc[known["estimate"].idxmax(), "recipe"])


def ordered(recipes: Iterable[str]) -> list[str]:
    """Recipes in the order in which a table lists them: the floor, the baseline, then as they come."""
    names = list(dict.fromkeys(recipes))
    return [name for name in (FLOOR, BASELINE) if name in names] + [
        name for name in names if name not in (FLOOR, BASELINE)
    ]


def trained(recipes: Iterable[str]) -> list[str]:
    """The recipes that train on an intermediate task: all but the floor and the baseline."""
    return [name for name in dict.fromkeys(recipes) if name not in (FLOOR, BASELINE)]


def _without(*names: str) -> list[str]:
    return [key for key in KEYS if key not in names]


def _mean_by(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    numbers = [name for name in ("score", "baseline", "gain") if name in frame]
    return frame.groupby(by, sort=False, as_index=False)[numbers].mean()
