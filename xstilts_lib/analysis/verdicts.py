"""Verdicts: what the scores at hand say of a claim, by rules that know none of the numbers.

>>> view = verdicts.View(scores, languages, Terms(), {"tiny": 1000.0})      # doctest: +SKIP
>>> by_recipe = view.grid(["mini_mnli", "mini_squad"])                      # doctest: +SKIP
>>> view.judge(verdicts.rises, by_recipe.mean(axis=1), "mean gain")         # doctest: +SKIP

Every verdict rests on an interval, over seeds where nothing else is said, and on a margin, the smallest
change that is worth a claim. What is compared is compared seed by seed, over the same targets and the same
languages. A claim that its rule neither supports nor contradicts is inconclusive. Where something is lacking,
such as a second seed, so that nothing could contradict it, it is untestable here, and the evidence says what.

No mean is taken over recipes that differ by more than chance, and none holds what was not learnt: a target
whose English dev set does not lie above chance by an interval, a recipe with a task whose loss stayed there.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..common.words import listed, plural
from . import gains as g
from . import kinds, learnt
from .statistics import LEVEL, Interval, alike_p, equivalence_p, student_interval, student_p
from .wording import between, chance, named, signed

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
    """Of the side that is claimed: below 1 - level exactly where the interval supports the claim, 1 where the
    estimate lies on the other side; NaN where the verdict rests on something else."""

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


def same(interval: Interval, margin: float) -> Word:
    """Of a claim that there is no difference: what `differs` says, turned round."""
    turned = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED}
    return turned.get(word := differs(interval, margin), word)


# What an explanation may expect, by the words of predictions.csv.
RULES: dict[str, Rule] = {"rise": rises, "fall": falls, "no gain": gains_nothing, "same": same}


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
    told = f"{what}: {estimated(interval, f'{signed(interval.estimate)} {unit}', 'seed', note)}"
    if not math.isfinite(interval.low):
        return Verdict(UNTESTABLE, interval, told, unit)
    above = interval.estimate >= null
    claimed = rule is differs or above == (rule in (rises, exceeds))
    p = student_p(values, null=null) if claimed else 1.0
    return Verdict(rule(interval, terms.margin), interval, told, unit, p)


def estimated(interval: Interval, estimate: str, over: str, note: str = "", digits: int = 1) -> str:
    """An estimate in words, with its interval, the number of units that it is `over`, and a note."""
    count = plural(int(interval.n), over)
    known = math.isfinite(interval.low)
    bounds = f"{between(interval, digits)}, {count}" if known else f"{count}, which gives no interval"
    return f"{estimate} ({bounds})" + (f"; {note}" if note else "")


def untestable(why: str) -> Verdict:
    """The verdict where something is lacking."""
    return Verdict(UNTESTABLE, Interval(math.nan, math.nan, math.nan, 0), why)


def counted(found: Iterable[Verdict]) -> str:
    """How many came out which way: "4 supported, 2 contradicted, 3 inconclusive and 19 untestable here"."""
    words = [verdict.word for verdict in found]
    return listed(f"{words.count(word)} {word}" for word in WORDS)


def mean_by(level: str, cells: pd.DataFrame) -> pd.DataFrame:
    """The mean of View.cells with a column for each recipe, or each target."""
    return cells.T.groupby(level=level, sort=False).mean().T


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
    lost: frozenset[tuple[str, str]] = frozenset()
    """(model, recipe) of which an intermediate task was not learnt."""
    examples: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(model, target) -> how many English examples the target is trained on there, where that is known."""
    apart: frozenset[str] = frozenset()
    """Training sets of which a target's own rows are left out of every intermediate phase."""
    against_own: bool = False
    """Whether a recipe of several tasks that holds a target's own training data counts against these data
    alone there, and not against the untouched encoder; see `net`."""

    @functools.cached_property
    def gained(self) -> pd.DataFrame:
        """Gains by language, English and all, of what was learnt."""
        found = g.gains(self.scores)
        runs = zip(found["model"], found["recipe"], strict=True)
        kept = found["target"].isin(self.targets) & np.array([run not in self.lost for run in runs])
        found = found[kept].reset_index(drop=True)
        return self._less_own(found) if self.against_own else found

    @functools.cached_property
    def net(self) -> View:
        """The same, with `against_own`: for claims that a recipe is worth something by itself."""
        return dataclasses.replace(self, against_own=True)

    def _less_own(self, found: pd.DataFrame) -> pd.DataFrame:
        by = ["model", "target", "language", "seed"]
        apart = found[["recipe", "target"]].drop_duplicates()
        for recipe, target in apart.itertuples(index=False):
            if controls := kinds.own_data(recipe, target):
                mine = (found["recipe"] == recipe) & (found["target"] == target)
                there = [name for name in controls if name in set(found["recipe"])]
                own = found[found["recipe"].isin(there[:1]) & (found["target"] == target)]
                own = found.loc[mine, by].merge(own[[*by, "gain"]], how="left")["gain"]
                found.loc[mine, "gain"] -= own.to_numpy()
        return found[found["gain"].notna()].reset_index(drop=True)

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
        """The recipes with an intermediate task, all of them learnt."""
        return g.trained(self.gained["recipe"])

    @functools.cached_property
    def targets(self) -> list[str]:
        """The targets that every untouched encoder learns (learnt.py).

        What a recipe does to a target is no reason to leave it out, for it is what is asked.
        """
        return learnt.targets(learnt.table(self.scores, self.dev, self.terms.level))

    def plain(self, targets: Iterable[str]) -> pd.DataFrame:
        """The `grid` over some targets, of the plain recipes that were scored on every one."""
        cells = self.cells(self.kind(kinds.plain))
        mine = cells.columns.get_level_values("target").isin(list(targets))
        return mean_by("recipe", cells.loc[:, mine])

    def kind(self, wanted: Callable[[str], bool]) -> list[str]:
        """The recipes of one kind."""
        return [name for name in self.recipes if wanted(name)]

    def of(self, model: str) -> View:
        """The same for one encoder; always the same view, which finds its gains once."""
        return self._each[model]

    @functools.cached_property
    def _each(self) -> dict[str, View]:
        found = {}
        for model, scores in self.scores.groupby("model"):
            dev, sizes = self.dev[self.dev["model"] == model], {model: self.sizes.get(model, math.nan)}
            found[model] = dataclasses.replace(self, scores=scores, dev=dev, sizes=sizes)
        return found

    @functools.cached_property
    def _means(self) -> pd.DataFrame:
        return g.over_languages(self.gained)

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
        means = self._means
        if languages is not None:
            means = g.over_languages(self.gained[self.gained["language"].isin(list(languages))])
        for key, names in (("recipe", recipes), ("target", targets)):
            means = means if names is None else means[means[key].isin(list(names))]
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
        return mean_by("recipe", self.cells(recipes, targets, languages))

    def shared(self, recipes: Iterable[str]) -> list[str]:
        """The targets that every one of the recipes was scored on, by seeds that they share."""
        names = list(dict.fromkeys(recipes))
        return [target for target in self.targets if self.grid(names, [target]).shape[1] == len(names)]

    def judge(self, rule: Rule, values: ArrayLike, what: str, note: str = "", unit: str = POINTS) -> Verdict:
        """`judge` on the terms of this view."""
        return judge(rule, values, self.terms, what, note, unit)

    def pool(
        self,
        rule: Rule,
        means: pd.DataFrame,
        what: str,
        note: str = "",
        unit: str = POINTS,
        share: float = 1.0,
    ) -> Verdict:
        """The verdict on the mean over the columns, recipes or pairs of them, a row a seed; where they differ
        by more than chance on each, and then on the word that a `share` of them has."""
        p = alike_p(means)
        if not p < 1 - self.terms.level:
            return self.judge(rule, means.mean(axis=1), what, note, unit)
        each = {str(name): self.judge(rule, means[name], str(name)) for name in means}
        by_word = {word: [name for name, one in each.items() if one.word == word] for word in WORDS}
        word = next((w for w in WORDS if len(by_word[w]) >= share * len(each)), INCONCLUSIVE)
        order = sorted(each, key=lambda name: -each[name].interval.estimate)
        ends = (f"{named(name)} {signed(each[name].interval.estimate)}" for name in (order[0], order[-1]))
        told = listed(f"{len(names)} {which}" for which, names in by_word.items() if names)
        evidence = (
            f"{what}: no mean is taken, for they differ by more than chance ({chance(p)}): by themselves "
            f"{told}, from {' to '.join(ends)}{f'; {note}' if note else ''}"
        )
        least = max(each.values(), key=lambda one: one.p)
        return Verdict(word, least.interval, evidence, unit, least.p)
