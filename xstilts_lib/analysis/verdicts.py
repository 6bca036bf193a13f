"""Verdicts: what the scores at hand say of a claim, by rules that know none of the numbers.

>>> view = verdicts.View(scores, languages, Terms(), {"tiny": 1000.0})      # doctest: +SKIP
>>> by_recipe = view.grid(["mini_mnli", "mini_squad"])                      # doctest: +SKIP
>>> view.judge(verdicts.rises, by_recipe.mean(axis=1), "mean gain")         # doctest: +SKIP

Every verdict rests on an interval, over seeds where nothing else is said, and on a margin, the smallest
change that is worth a claim. What is compared is compared seed by seed, over the same targets and the same
languages. A claim that its rule neither supports nor contradicts is inconclusive, as is every mean over a
single seed; where something is lacking it is untestable here, and the evidence says what.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..common.words import listed, plural
from . import gains as g
from . import kinds
from .statistics import LEVEL, Interval, equivalence_p, student_interval, student_p
from .wording import between, chance, signed

Word = Literal["supported", "contradicted", "inconclusive", "untestable here"]
SUPPORTED: Word = "supported"
CONTRADICTED: Word = "contradicted"
INCONCLUSIVE: Word = "inconclusive"
UNTESTABLE: Word = "untestable here"
WORDS: tuple[Word, ...] = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTABLE)
POINTS, RHO = "points", "ρ"
Rule = Callable[[Interval, float], Word]  # of an interval and a margin


@dataclass(frozen=True)
class Terms:
    """What the verdicts rest on, beside the results."""

    margin: float = 2.0
    """Points; a smaller change is not worth a claim."""
    level: float = LEVEL
    """Of every interval."""


@dataclass(frozen=True)
class Verdict:
    """What the results at hand say of a claim."""

    word: Word
    interval: Interval
    evidence: str
    """The numbers behind the word, or what is lacking for one; a sentence without its full stop."""
    unit: str = POINTS
    p: float = math.nan
    """Two-sided, of the estimate against the value that the rule asks it to leave behind; NaN where the
    verdict rests on something else."""

    @property
    def sentence(self) -> str:
        """The verdict with its numbers, in one sentence."""
        return f"{self.word.capitalize()}: {self.evidence}."

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return math.isfinite(self.interval.estimate)

    def softened(self, why: str) -> Verdict:
        """Not sure after all, and why; as it is where there is no estimate."""
        if not self.known:
            return self
        return dataclasses.replace(self, word=INCONCLUSIVE, evidence=f"{self.evidence}; {why}")


def rises(interval: Interval, margin: float) -> Word:
    """Of a claim that something goes up: by less than `margin`, it is not worth the claim."""
    if interval.low > 0:
        return SUPPORTED
    return CONTRADICTED if interval.high < margin else INCONCLUSIVE


def exceeds(interval: Interval, margin: float = 0.0) -> Word:
    """Of a claim that one thing is above another, by their difference: only what is below contradicts it."""
    return rises(interval, 0.0)


def falls(interval: Interval, margin: float = 0.0) -> Word:
    """Of a claim that one thing is below another."""
    return exceeds(interval.negative)


def gains_nothing(interval: Interval, margin: float) -> Word:
    """Of a claim that something does not go up by as much as `margin`."""
    if interval.high < margin:
        return SUPPORTED
    return CONTRADICTED if interval.low > 0 else INCONCLUSIVE


def differs(interval: Interval, margin: float) -> Word:
    """Of a claim that there is a difference, of either sign: within the margin there is none."""
    if interval.low > 0 or interval.high < 0:
        return SUPPORTED
    return CONTRADICTED if interval.low > -margin and interval.high < margin else INCONCLUSIVE


def judge(
    rule: Rule, values: ArrayLike, terms: Terms, what: str, note: str = "", unit: str = POINTS
) -> Verdict:
    """The verdict of a rule on one value a seed, which say `what`, in `unit`; `note` is read with them."""
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).any():
        return untestable(f"{what}: no seed has every score that this needs")
    interval, null = student_interval(values, terms.level), 0.0
    if rule is gains_nothing:
        null = terms.margin
        inside = equivalence_p(values, null)
        if inside < 1 - terms.level:
            note = "; ".join(part for part in (note, f"within ±{null:g} points, {chance(inside)}") if part)
    told = estimated(interval, f"{signed(interval.estimate)} {unit}", "seed", note)
    word = rule(interval, terms.margin)
    return Verdict(word, interval, f"{what}: {told}", unit, student_p(values, null=null))


def estimated(interval: Interval, estimate: str, over: str, note: str = "", digits: int = 1) -> str:
    """An estimate in words, with its interval, the number of units that it is `over`, and a note."""
    count = plural(int(interval.n), over)
    known = math.isfinite(interval.low)
    bounds = f"{between(interval, digits)}, {count}" if known else f"{count}, too few for an interval"
    return f"{estimate} ({bounds})" + (f"; {note}" if note else "")


def untestable(why: str) -> Verdict:
    """The verdict where something is lacking."""
    return Verdict(UNTESTABLE, Interval(math.nan, math.nan, math.nan, 0), why)


def counted(found: Iterable[Verdict]) -> str:
    """How many came out which way: "4 supported, 2 contradicted, 3 inconclusive and 19 untestable here"."""
    words = [verdict.word for verdict in found]
    return listed(f"{words.count(word)} {word}" for word in WORDS)


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
    def baseline(self) -> pd.DataFrame:
        """The scores without intermediate training."""
        return self.scores[self.scores["recipe"] == g.BASELINE]

    @functools.cached_property
    def above(self) -> pd.DataFrame:
        """What the untouched encoder scores above random weights: a row a seed, a column a target; none where
        there is no floor."""
        if g.FLOOR not in set(self.scores["recipe"]):
            return pd.DataFrame()
        over = g.over_languages(g.gains(self.scores, g.FLOOR))
        over = over[over["recipe"] == g.BASELINE]
        return over.pivot(index="seed", columns="target", values="gain")

    @functools.cached_property
    def recipes(self) -> list[str]:
        """The recipes with an intermediate task."""
        return g.trained(self.scores["recipe"])

    @functools.cached_property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(self.scores["target"]))

    @functools.cached_property
    def plain(self) -> pd.DataFrame:
        """The `cells` of the plain recipes that were scored on every target."""
        return self.cells(self.kind(kinds.plain))

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
        kept = self.gained
        for key, names in (("recipe", recipes), ("target", targets), ("language", languages)):
            kept = kept if names is None else kept[kept[key].isin(list(names))]
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

    def shared(self, recipes: Iterable[str]) -> list[str]:
        """The targets that every one of the recipes was scored on, by seeds that they share."""
        names = list(dict.fromkeys(recipes))
        return [target for target in self.targets if self.grid(names, [target]).shape[1] == len(names)]

    def learnt(self, target: str) -> bool:
        """Whether the untouched encoder stands above the floor on a target; where there is no floor, it is
        taken to."""
        return target not in self.above or self.judge(rises, self.above[target], target).word == SUPPORTED

    def judge(self, rule: Rule, values: ArrayLike, what: str, note: str = "", unit: str = POINTS) -> Verdict:
        """`judge` on the terms of this view."""
        return judge(rule, values, self.terms, what, note, unit)
