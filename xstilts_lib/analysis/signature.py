"""The study's signature as computed checks: each a statement, an estimate with its interval, and a verdict.

>>> from xstilts_lib.analysis import signature
>>> for check in signature.checks(gains.scores(results)):           # doctest: +SKIP
...     print(check.statement, check.verdict, check.sentence)

No verdict is typed anywhere. Four rules give them, from an interval and a margin, the smallest change that
is worth a claim:

- that something gains appears where its interval lies above zero, and not where it lies below the margin;
- that one thing is above another, whatever by, appears likewise, and not where its interval lies below zero;
- that nothing is gained appears where the interval lies below the margin, and not where it lies above zero;
- everything else is inconclusive, as is every mean over a single seed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..recipe import parse
from ..tasks import task
from . import gains as g
from . import typology
from .statistics import LEVEL, Interval, equivalence_p, student_interval
from .wording import between, chance, listed, plural, signed

Verdict = Literal["appears", "does not appear", "inconclusive"]
APPEARS: Verdict = "appears"
ABSENT: Verdict = "does not appear"
OPEN: Verdict = "inconclusive"
QUESTIONS = "question answering"
NO_DISTANCES = "no distances are known for these languages"


@dataclass(frozen=True)
class Terms:
    """What the verdicts rest on, beside the results."""

    margin: float = 2.0
    """Points; a smaller change is not worth a claim."""
    level: float = LEVEL
    """Of every interval."""


@dataclass(frozen=True)
class Check:
    """One claim, put to the results at hand."""

    name: str
    """A short key, the same in every experiment."""
    statement: str
    interval: Interval
    verdict: Verdict
    unit: Literal["points", "rho"] = "points"
    units: Literal["seed", "language"] = "seed"
    """What the interval is over."""
    note: str = ""
    """What to read with the estimate, or why there is none."""

    @property
    def evidence(self) -> str:
        """The numbers behind the verdict."""
        if not math.isfinite(self.interval.estimate):
            return self.note
        digits = 2 if self.unit == "rho" else 1
        estimate = signed(self.interval.estimate, digits)
        what = f"ρ = {estimate}" if self.unit == "rho" else f"{estimate} points"
        counted = plural(int(self.interval.n), self.units)
        known = math.isfinite(self.interval.low)
        bounds = (
            f"{between(self.interval, digits)}, {counted}" if known else f"{counted}, too few for an interval"
        )
        return f"{what} ({bounds})" + (f"; {self.note}" if self.note else "")

    @property
    def sentence(self) -> str:
        """The verdict with its numbers, in one sentence."""
        return f"{self.verdict.capitalize()}: {self.evidence}."


def rises(interval: Interval, margin: float) -> Verdict:
    """The verdict on a claim that something goes up, by as much as `margin` or it is not worth the claim."""
    if interval.low > 0:
        return APPEARS
    return ABSENT if interval.high < margin else OPEN


def exceeds(interval: Interval, margin: float = 0.0) -> Verdict:
    """The verdict on a claim that one thing is above another: only what is below contradicts it."""
    return rises(interval, 0.0)


def gains_nothing(interval: Interval, margin: float) -> Verdict:
    """The verdict on a claim that something does not go up by as much as `margin`."""
    if interval.high < margin:
        return APPEARS
    return ABSENT if interval.low > 0 else OPEN


def checks(
    scores: pd.DataFrame, languages: pd.DataFrame | None = None, margin: float = 2.0, level: float = LEVEL
) -> list[Check]:
    """Every check of the signature on the `scores` (see gains.scores) of one experiment with one model.

    `languages` is a table of typology.languages; without it, nothing is said about distance and resources.
    Gains are over `none`, paired by seed, in the mean over the languages other than English.
    """
    terms = Terms(margin, level)
    above = over_floor(scores)
    gained = g.over_languages(g.gains(scores))
    if languages is None:
        languages = typology.languages(scores["language"])
    baseline = scores[scores["recipe"] == g.BASELINE]
    return [
        above_floor(above, terms),
        scarce_questions(gained, terms),
        *same_data(gained, terms, above),
        *retrieval(gained, terms, above),
        mean_gain(gained, terms),
        mean_gain(gained, terms, with_retrieval=False),
        distance(baseline, languages, terms),
        resources(baseline, languages, terms),
        distance_of_gains(g.gains(scores), languages, terms),
    ]


def table(found: Iterable[Check]) -> pd.DataFrame:
    """The checks as a table for a reader: statement, verdict, evidence."""
    rows = [(check.statement, check.verdict, check.evidence) for check in found]
    return pd.DataFrame(rows, columns=["statement", "verdict", "evidence"])


def counted(found: Iterable[Check]) -> str:
    """How many checks came out which way: "4 of 9 statements appear, 2 do not, 3 are inconclusive"."""
    verdicts = [check.verdict for check in found]
    appear, absent, left = (verdicts.count(verdict) for verdict in (APPEARS, ABSENT, OPEN))
    return (
        f"{appear} of {plural(len(verdicts), 'statement')} {'appears' if appear == 1 else 'appear'}, "
        f"{absent} {'does' if absent == 1 else 'do'} not, {left} {'is' if left == 1 else 'are'} inconclusive"
    )


def over_floor(scores: pd.DataFrame) -> pd.DataFrame:
    """What the untouched encoder scores above random weights, in the form of gains; empty without a floor."""
    if g.FLOOR not in set(scores["recipe"]):
        return g.over_languages(g.gains(scores)).head(0)
    above = g.over_languages(g.gains(scores, g.FLOOR))
    return above[above["recipe"] == g.BASELINE]


def above_floor(above: pd.DataFrame, terms: Terms) -> Check:
    """The untouched encoder scores above random weights on every target; the estimate is that of the least
    sure one.
    """
    statement = "Without intermediate training, every target stands above the floor"
    if above.empty:
        return _unknown("above-floor", statement, terms, "the floor is no recipe of this experiment")
    table = g.summary(above, by=["target"], level=terms.level).fillna({"low": -math.inf})
    row = table.sort_values(["low", "estimate"]).iloc[0]
    statement = f"{statement} (least surely {row['target']})"
    values = _per_seed(above, [g.BASELINE], [row["target"]])
    return _check("above-floor", statement, values, rises, terms, "not measured")


def scarce_questions(gained: pd.DataFrame, terms: Terms) -> Check:
    """Question answering with a small training set of its own gains from training on question answering."""
    recipes = [
        name for name in _recipes(gained) if all(_group(one) == QUESTIONS for one in parse(name).tasks)
    ]
    targets = [name for name in _targets(gained) if task(name).train == name and _group(name) == QUESTIONS]
    return _check(
        "scarce-questions",
        "Question answering with few training examples gains from question-answering training",
        _per_seed(gained, recipes, targets),
        rises,
        terms,
        "no such recipe, or no such target, in this experiment",
    )


def same_data(gained: pd.DataFrame, terms: Terms, above: pd.DataFrame | None = None) -> list[Check]:
    """A target gains nothing from a phase on the data that it is fine-tuned on anyway, as XNLI from MNLI.

    Where the untouched encoder is not `above` the floor (see over_floor), the target has not been learnt at
    all, and that nothing is gained there says nothing: inconclusive.
    """
    found = []
    for target in _targets(gained):
        for recipe in _recipes(gained):
            steps = parse(recipe).steps
            if len(steps) != 1 or [one.name for one in steps[0].tasks] != [task(target).train]:
                continue
            statement = f"{target} gains nothing from {recipe}, on whose examples it is fine-tuned anyway"
            values = _per_seed(gained, [recipe], [target])
            check = _check(f"same-data-{target}", statement, values, gains_nothing, terms, "not measured")
            inside = equivalence_p(values, terms.margin) if len(values) > 1 else math.nan
            if above is not None and check.verdict == APPEARS and not _learnt(above, target, terms):
                note = f"but {g.BASELINE} is not above the floor there, so nothing was learnt that could gain"
                check = _open(check, note)
            elif inside < 1 - terms.level:
                check = dataclasses.replace(check, note=f"within ±{terms.margin:g} points, {chance(inside)}")
            found.append(check)
    statement = "A target gains nothing from the data that it is fine-tuned on anyway"
    return found or [_unknown("same-data", statement, terms, "no recipe trains on a target's own data")]


def retrieval(gained: pd.DataFrame, terms: Terms, above: pd.DataFrame | None = None) -> list[Check]:
    """Sentence retrieval gains, and more so than the fine-tuned targets; means over all recipes.

    Where the untouched encoder is not `above` the floor (see over_floor), there is nothing to lose or to
    build upon, and neither verdict counts; and who loses less does not gain more.
    """
    recipes, targets = _recipes(gained), _targets(gained)
    inside = [name for name in targets if _group(name) == g.RETRIEVAL]
    mine = _per_seed(gained, recipes, inside)
    others = _per_seed(gained, recipes, [name for name in targets if name not in inside])
    more = mine - others if len(mine) == len(others) else np.array([])
    gain = "Sentence retrieval gains from intermediate training, in the mean over recipes"
    most = "Sentence retrieval gains more than the fine-tuned targets do"
    without = "no retrieval target to compare in this experiment"
    found = [
        _check("retrieval", gain, mine, rises, terms, without),
        _check("retrieval-most", most, more, exceeds, terms, without),
    ]
    below = [name for name in inside if above is not None and not _learnt(above, name, terms)]
    if below:
        found = [
            _open(check, f"but {g.BASELINE} is not above the floor on {listed(below)}") for check in found
        ]
    elif found[1].verdict == APPEARS and found[0].verdict != APPEARS:
        found[1] = _open(
            found[1], f"but retrieval itself does not gain: {signed(found[0].interval.estimate)}"
        )
    return found


def mean_gain(gained: pd.DataFrame, terms: Terms, with_retrieval: bool = True) -> Check:
    """The mean over all recipes and targets is a gain; also without retrieval, which can dominate it."""
    targets = [name for name in _targets(gained) if with_retrieval or _group(name) != g.RETRIEVAL]
    which = "all targets" if with_retrieval else "the targets without retrieval"
    return _check(
        "mean-gain" if with_retrieval else "mean-gain-without-retrieval",
        f"The mean over {which} gains from intermediate training",
        _per_seed(gained, _recipes(gained), targets),
        rises,
        terms,
        "no such target in this experiment",
    )


def distance(baseline: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Check:
    """The farther a language from English, the lower it scores without intermediate training: Spearman."""
    statement = "Languages farther from English score lower"
    if not typology.has(languages, typology.DISTANCE):
        return _unknown("distance", statement, terms, NO_DISTANCES)
    return _correlated("distance", statement, baseline, languages, typology.DISTANCE, -1, terms)


def distance_of_gains(gained: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Check:
    """The farther a language from English, the less it gains, in the mean over recipes and targets."""
    statement = "Languages farther from English gain less from intermediate training"
    if not typology.has(languages, typology.DISTANCE):
        return _unknown("distance-of-gains", statement, terms, NO_DISTANCES)
    means = gained.groupby(["model", "target", "language", "seed"], as_index=False)["gain"].mean()
    return _correlated("distance-of-gains", statement, means, languages, typology.DISTANCE, -1, terms, "gain")


def resources(baseline: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Check:
    """More pretraining text, all else equal, scores higher: over pairs of languages that differ in it alone.

    Where there is no such pair, the correlation over all languages stands in, in which other differences play
    too.
    """
    pairs = typology.pairs(languages)
    pairs = pairs[pairs["property"] == typology.RESOURCES]
    if len(pairs):
        lost = [typology.difference(pair, baseline) for pair in pairs.to_dict("records")]
        names = listed(f"{pair.more} against {pair.less}" for pair in pairs.itertuples())
        statement = f"More pretraining text, all else equal, scores higher ({names})"
        values = -np.mean(lost, axis=0) if len({len(one) for one in lost}) == 1 else np.array([])
        return _check(
            "resources", statement, values, exceeds, terms, "not measured in both languages of each pair"
        )
    statement = "Languages with more pretraining text score higher"
    if not typology.has(languages, typology.RESOURCES):
        return _unknown("resources", statement, terms, "how much text each language has is not stated")
    return _correlated("resources", statement, baseline, languages, typology.RESOURCES, 1, terms)


def _check(
    name: str,
    statement: str,
    values: np.ndarray,
    rule: Callable[[Interval, float], Verdict],
    terms: Terms,
    otherwise: str,
) -> Check:
    """What `rule` says of one value a seed; `otherwise` says why there might be none."""
    if not np.isfinite(values).any():
        return _unknown(name, statement, terms, otherwise)
    interval = student_interval(values, terms.level)
    return Check(name, statement, interval, rule(interval, terms.margin))


def _open(check: Check, why: str) -> Check:
    """A check that is not sure after all, and why; as it is where it has no estimate."""
    return (
        dataclasses.replace(check, verdict=OPEN, note=why)
        if math.isfinite(check.interval.estimate)
        else check
    )


def _unknown(name: str, statement: str, terms: Terms, why: str) -> Check:
    return Check(name, statement, Interval(math.nan, math.nan, math.nan, 0, terms.level), OPEN, note=why)


def _correlated(
    name: str,
    statement: str,
    baseline: pd.DataFrame,
    languages: pd.DataFrame,
    prop: str,
    sign: int,
    terms: Terms,
    value: str = "score",
) -> Check:
    """The check that a value goes up (`sign` 1) or down (-1) with a property of languages, over languages."""
    means = typology.by_language(baseline, value, terms.level)
    rho, p = typology.correlation(means, languages, prop, terms.level)
    if not math.isfinite(rho.estimate):
        return _unknown(name, statement, terms, "too few languages, or no differences between them")
    expected = rho if sign > 0 else Interval(-rho.estimate, -rho.high, -rho.low, rho.n, rho.level)
    verdict = exceeds(expected)
    return Check(name, statement, rho, verdict, "rho", "language", f"{chance(p)} by permutation")


def _per_seed(gained: pd.DataFrame, recipes: Sequence[str], targets: Sequence[str]) -> np.ndarray:
    """The mean gain over `recipes` and `targets`, one number for each seed that has all of them, in order."""
    part = gained[gained["recipe"].isin(recipes) & gained["target"].isin(targets)]
    if part.empty:
        return np.array([])
    _, values = g.matrix(part, "gain", ["recipe", "target"])
    complete = np.isfinite(values).all(0) & (len(values) == len(recipes) * len(targets))
    return np.asarray(values.mean(0)[complete])


def _learnt(above: pd.DataFrame, target: str, terms: Terms) -> bool:
    """Whether the untouched encoder stands above the floor on a target; True where there is no floor to
    compare.
    """
    values = _per_seed(above, [g.BASELINE], [target])
    return not len(values) or rises(student_interval(values, terms.level), terms.margin) == APPEARS


def _recipes(gained: pd.DataFrame) -> list[str]:
    return g.trained(gained["recipe"])


def _targets(gained: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(gained["target"]))


def _group(name: str) -> str:
    return task(name).group
