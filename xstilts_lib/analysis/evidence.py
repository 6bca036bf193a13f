"""From the scores at hand to a verdict on a claim: what can be compared, the rules, the sentence.

>>> view = evidence.View(scores, languages, Terms(), {"tiny": 1000.0})      # doctest: +SKIP
>>> by_recipe = view.grid(["mini_mnli", "mini_squad"])                      # doctest: +SKIP
>>> evidence.rise(view, by_recipe.mean(axis=1), "mean gain")                # doctest: +SKIP

The rules are those of `signature`: an interval over seeds, and the smallest change that is worth a claim.
What is compared is compared seed by seed, over the same targets and the same languages.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from scipy import stats

from . import gains as g
from . import kinds, signature
from .signature import Check, Terms
from .statistics import Interval, equivalence_p, student_interval
from .wording import between, chance, plural, signed

Verdict = Literal["supported", "contradicted", "inconclusive", "untestable here"]
SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
INCONCLUSIVE: Verdict = "inconclusive"
UNTESTABLE: Verdict = "untestable here"
VERDICTS: tuple[Verdict, ...] = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTABLE)
_OF_SIGNATURE: Mapping[signature.Verdict, Verdict] = {
    signature.APPEARS: SUPPORTED,
    signature.ABSENT: CONTRADICTED,
    signature.OPEN: INCONCLUSIVE,
}
POINTS = "points"


@dataclass(frozen=True)
class Finding:
    """What the results at hand say about a claim."""

    interval: Interval
    verdict: Verdict
    evidence: str
    """The numbers behind the verdict, or what is lacking for one; a sentence without its full stop."""
    unit: str = POINTS
    p: float = math.nan
    """Two-sided, of the estimate against the value that the rule asks it to leave behind; NaN where the
    verdict rests on something else."""

    @property
    def sentence(self) -> str:
        return f"{self.verdict.capitalize()}: {self.evidence}."


@dataclass(frozen=True)
class View:
    """The scores of an experiment as a claim looks at them: those of one encoder, or of several."""

    scores: pd.DataFrame
    """Of gains.scores."""
    languages: pd.DataFrame
    """Of typology.languages."""
    terms: Terms
    sizes: Mapping[str, float]
    """Parameters of the encoders; NaN where the table does not say."""
    dev: pd.DataFrame
    """Of gains.dev_scores."""

    @functools.cached_property
    def gained(self) -> pd.DataFrame:
        """Gains by language, English and all."""
        return g.gains(self.scores)

    @functools.cached_property
    def recipes(self) -> list[str]:
        """The recipes with an intermediate task."""
        return g.trained(self.scores["recipe"])

    @functools.cached_property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(self.scores["target"]))

    def kind(self, wanted: Callable[[str], bool]) -> list[str]:
        """The recipes of one kind."""
        return [name for name in self.recipes if wanted(name)]

    def of(self, model: str) -> View:
        """The same for one encoder."""
        scores, dev = (
            frame[frame["model"] == model].reset_index(drop=True) for frame in (self.scores, self.dev)
        )
        return View(scores, self.languages, self.terms, {model: self.sizes.get(model, math.nan)}, dev)

    def cells(
        self,
        recipes: Iterable[str],
        targets: Iterable[str] | None = None,
        languages: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """Mean gains over the languages other than English: a row a seed, a column a (recipe, target).

        Only recipes that were scored on every one of the targets, and seeds that have every cell, so that all
        columns are over the same ones.
        """
        kept = self.gained[self.gained["recipe"].isin(list(recipes))]
        if targets is not None:
            kept = kept[kept["target"].isin(list(targets))]
        if languages is not None:
            kept = kept[kept["language"].isin(list(languages))]
        means = g.over_languages(kept)
        if means.empty:
            return pd.DataFrame(columns=pd.MultiIndex.from_tuples([], names=["recipe", "target"]))
        number = means["target"].nunique()
        means = means[means.groupby("recipe")["target"].transform("nunique") == number]
        return means.pivot(index="seed", columns=["recipe", "target"], values="gain").dropna()

    def grid(
        self,
        recipes: Iterable[str],
        targets: Iterable[str] | None = None,
        languages: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """The mean of `cells` over targets, each counting once: a row a seed, a column a recipe."""
        found = self.cells(recipes, targets, languages)
        return found.T.groupby(level="recipe", sort=False).mean().T

    def whole(self) -> pd.DataFrame:
        """Mean gains over languages of the plain recipes that were scored on every target, for signature."""
        found = self.cells(self.kind(kinds.plain))
        means = g.over_languages(self.gained)
        kept = means["recipe"].isin(found.columns.get_level_values("recipe"))
        return means[kept & means["seed"].isin(found.index)]


def rise(view: View, values: pd.Series, what: str, note: str = "", unit: str = POINTS) -> Finding:
    """The finding on a claim that something gains, from one value a seed: by less than the margin is no
    gain."""
    return _judged(view, values, signature.rises, what, note, unit)


def exceed(view: View, values: pd.Series, what: str, note: str = "", unit: str = POINTS) -> Finding:
    """The finding on a claim that one thing is above another, from their difference: only what is below
    contradicts it."""
    return _judged(view, values, signature.exceeds, what, note, unit)


def fall(view: View, values: pd.Series, what: str, note: str = "", unit: str = POINTS) -> Finding:
    """The same for something that is below; the estimate keeps its sign."""

    def falls(interval: Interval, margin: float) -> signature.Verdict:
        return signature.exceeds(
            Interval(-interval.estimate, -interval.high, -interval.low, interval.n, interval.level)
        )

    return _judged(view, values, falls, what, note, unit)


def no_gain(view: View, values: pd.Series, what: str, note: str = "") -> Finding:
    """The finding on a claim that something does not go up by as much as the margin."""
    margin = view.terms.margin
    inside = equivalence_p(values.to_numpy(dtype=float), margin) if len(values) > 1 else math.nan
    if inside < 1 - view.terms.level:
        note = "; ".join(part for part in (note, f"within ±{margin:g} points, {chance(inside)}") if part)
    return _judged(view, values, signature.gains_nothing, what, note, POINTS, null=margin)


def differ(view: View, values: pd.Series, what: str, note: str = "", unit: str = POINTS) -> Finding:
    """The finding on a claim that there is a difference, of either sign; within the margin there is none."""

    def differs(interval: Interval, margin: float) -> signature.Verdict:
        if interval.low > 0 or interval.high < 0:
            return signature.APPEARS
        return signature.ABSENT if interval.low > -margin and interval.high < margin else signature.OPEN

    return _judged(view, values, differs, what, note, unit)


def untestable(why: str, level: float = signature.LEVEL) -> Finding:
    """The finding where something is lacking."""
    return Finding(Interval(math.nan, math.nan, math.nan, 0, level), UNTESTABLE, why)


def of_check(check: Check, what: str = "", null: float = 0.0) -> Finding:
    """A check of the signature as a finding about `what`; without an estimate it is untestable here."""
    if not math.isfinite(check.interval.estimate):
        return untestable(check.note, check.interval.level)
    unit = POINTS if check.unit == "points" else "ρ"
    p = _p(check.interval, null) if check.units == "seed" else math.nan
    text = f"{what}: {check.evidence}" if what else check.evidence
    return Finding(check.interval, _OF_SIGNATURE[check.verdict], text, unit, p)


def softened(finding: Finding, why: str) -> Finding:
    """A finding that is not sure after all, and why."""
    return Finding(finding.interval, INCONCLUSIVE, f"{finding.evidence}; {why}", finding.unit, finding.p)


def cross_fitted(choose_by: pd.DataFrame, values: pd.DataFrame) -> pd.Series:
    """For each seed, the value of the column that is best by `choose_by` over the *other* seeds.

    A column chosen on the numbers that it is judged by would look better than it is. With a single seed there
    are no others, so it is chosen on its own.
    """
    seeds = [seed for seed in values.index if seed in choose_by.index]
    chosen = {}
    for seed in seeds:
        others = choose_by.drop(index=seed) if len(choose_by) > 1 else choose_by
        chosen[seed] = values.loc[seed, others.mean().idxmax()]
    return pd.Series(chosen, dtype=float)


def _judged(
    view: View,
    values: pd.Series,
    rule: Callable[[Interval, float], signature.Verdict],
    what: str,
    note: str,
    unit: str,
    null: float = 0.0,
) -> Finding:
    if not len(values):
        return untestable(f"{what}: no seed has every score that this needs", view.terms.level)
    interval = student_interval(values.to_numpy(dtype=float), view.terms.level)
    counted = plural(int(interval.n), "seed")
    sure = math.isfinite(interval.low)
    bounds = f"{between(interval)}, {counted}" if sure else f"{counted}, too few for an interval"
    text = f"{what}: {signed(interval.estimate)} {unit} ({bounds})" + (f"; {note}" if note else "")
    verdict = _OF_SIGNATURE[rule(interval, view.terms.margin)]
    return Finding(interval, verdict, text, unit, _p(interval, null))


def _p(interval: Interval, null: float = 0.0) -> float:
    """The p-value that belongs to an interval of Student's, of its estimate against `null`."""
    if not math.isfinite(interval.low) or interval.n < 2:
        return math.nan
    freedom = interval.n - 1
    error = (interval.high - interval.low) / 2 / float(stats.t.ppf((1 + interval.level) / 2, freedom))
    if not error:
        return float(interval.estimate == null)
    return float(2 * stats.t.sf(abs(interval.estimate - null) / error, freedom))
