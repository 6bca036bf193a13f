"""The study's signature as computed checks: each a statement, an estimate with its interval, and a verdict.

>>> from xstilts_lib.analysis import signature
>>> for verdict in signature.checks(gains.scores(results)):         # doctest: +SKIP
...     print(verdict.statement, verdict.sentence)

No verdict is typed anywhere: the rules of `verdicts` give them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ..tasks import task
from ..tasks.recipe import parse
from . import gains as g
from . import typology
from .statistics import LEVEL
from .verdicts import (
    RHO,
    SUPPORTED,
    Rule,
    Terms,
    Verdict,
    estimated,
    exceeds,
    falls,
    gains_nothing,
    judge,
    rises,
    untestable,
)
from .wording import chance, listed, signed

QUESTIONS = "question answering"
NO_DISTANCES = "no distances are known for these languages"


def checks(
    scores: pd.DataFrame, languages: pd.DataFrame | None = None, margin: float = 2.0, level: float = LEVEL
) -> list[Verdict]:
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


def table(found: Iterable[Verdict]) -> pd.DataFrame:
    """The checks as a table for a reader: statement, verdict, evidence."""
    rows = [(one.statement, one.word, one.evidence) for one in found]
    return pd.DataFrame(rows, columns=["statement", "verdict", "evidence"])


def over_floor(scores: pd.DataFrame) -> pd.DataFrame:
    """What the untouched encoder scores above random weights, in the form of gains; empty without a floor."""
    if g.FLOOR not in set(scores["recipe"]):
        return g.over_languages(g.gains(scores)).head(0)
    above = g.over_languages(g.gains(scores, g.FLOOR))
    return above[above["recipe"] == g.BASELINE]


def above_floor(above: pd.DataFrame, terms: Terms) -> Verdict:
    """The untouched encoder scores above random weights on every target; the estimate is that of the least
    sure one.
    """
    name, statement = "above-floor", "Without intermediate training, every target stands above the floor"
    if above.empty:
        return untestable("the floor is no recipe of this experiment", terms.level).named(name, statement)
    table = g.summary(above, by=["target"], level=terms.level).fillna({"low": -math.inf})
    row = table.sort_values(["low", "estimate"]).iloc[0]
    values = _per_seed(above, [g.BASELINE], [row["target"]])
    statement = f"{statement} (least surely {row['target']})"
    return _judged(rises, values, terms, "not measured").named(name, statement)


def scarce_questions(gained: pd.DataFrame, terms: Terms) -> Verdict:
    """Question answering with a small training set of its own gains from training on question answering."""
    recipes = [
        name for name in _recipes(gained) if all(_group(one) == QUESTIONS for one in parse(name).tasks)
    ]
    targets = [name for name in _targets(gained) if task(name).train == name and _group(name) == QUESTIONS]
    lacking = "no such recipe, or no such target, in this experiment"
    return _judged(rises, _per_seed(gained, recipes, targets), terms, lacking).named(
        "scarce-questions",
        "Question answering with few training examples gains from question-answering training",
    )


def same_data(gained: pd.DataFrame, terms: Terms, above: pd.DataFrame | None = None) -> list[Verdict]:
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
            verdict = _judged(gains_nothing, _per_seed(gained, [recipe], [target]), terms, "not measured")
            if above is not None and verdict.word == SUPPORTED and not _learnt(above, target, terms):
                verdict = verdict.softened(
                    f"but {g.BASELINE} is not above the floor there, so nothing was learnt that could gain"
                )
            statement = f"{target} gains nothing from {recipe}, on whose examples it is fine-tuned anyway"
            found.append(verdict.named(f"same-data-{target}", statement))
    none = untestable("no recipe trains on a target's own data", terms.level)
    statement = "A target gains nothing from the data that it is fine-tuned on anyway"
    return found or [none.named("same-data", statement)]


def retrieval(gained: pd.DataFrame, terms: Terms, above: pd.DataFrame | None = None) -> list[Verdict]:
    """Sentence retrieval gains, and more so than the fine-tuned targets; means over all recipes.

    Where the untouched encoder is not `above` the floor (see over_floor), there is nothing to lose or to
    build upon, and neither verdict counts; and who loses less does not gain more.
    """
    recipes, targets = _recipes(gained), _targets(gained)
    inside = [name for name in targets if _group(name) == g.RETRIEVAL]
    mine = _per_seed(gained, recipes, inside)
    others = _per_seed(gained, recipes, [name for name in targets if name not in inside])
    lacking = "no retrieval target to compare in this experiment"
    gain = _judged(rises, mine, terms, lacking)
    more = _judged(exceeds, mine - others if len(mine) == len(others) else [], terms, lacking)
    below = [name for name in inside if above is not None and not _learnt(above, name, terms)]
    if below:
        why = f"but {g.BASELINE} is not above the floor on {listed(below)}"
        gain, more = gain.softened(why), more.softened(why)
    elif more.word == SUPPORTED and gain.word != SUPPORTED:
        more = more.softened(f"but retrieval itself does not gain: {signed(gain.interval.estimate)}")
    return [
        gain.named(
            "retrieval", "Sentence retrieval gains from intermediate training, in the mean over recipes"
        ),
        more.named("retrieval-most", "Sentence retrieval gains more than the fine-tuned targets do"),
    ]


def mean_gain(gained: pd.DataFrame, terms: Terms, with_retrieval: bool = True) -> Verdict:
    """The mean over all recipes and targets is a gain; also without retrieval, which can dominate it."""
    targets = [name for name in _targets(gained) if with_retrieval or _group(name) != g.RETRIEVAL]
    which = "all targets" if with_retrieval else "the targets without retrieval"
    values = _per_seed(gained, _recipes(gained), targets)
    return _judged(rises, values, terms, "no such target in this experiment").named(
        "mean-gain" if with_retrieval else "mean-gain-without-retrieval",
        f"The mean over {which} gains from intermediate training",
    )


def distance(baseline: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Verdict:
    """The farther a language from English, the lower it scores without intermediate training: Spearman."""
    means = typology.by_language(baseline, "score", terms.level)
    return _correlated(means, languages, typology.DISTANCE, terms).named(
        "distance", "Languages farther from English score lower"
    )


def distance_of_gains(gained: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Verdict:
    """The farther a language from English, the less it gains, in the mean over recipes and targets."""
    means = gained.groupby(["model", "target", "language", "seed"], as_index=False)["gain"].mean()
    means = typology.by_language(means, "gain", terms.level)
    return _correlated(means, languages, typology.DISTANCE, terms).named(
        "distance-of-gains", "Languages farther from English gain less from intermediate training"
    )


def resources(baseline: pd.DataFrame, languages: pd.DataFrame, terms: Terms) -> Verdict:
    """More pretraining text, all else equal, scores higher: over pairs of languages that differ in it alone.

    Where there is no such pair, the correlation over all languages stands in, in which other differences play
    too.
    """
    pairs = typology.pairs(languages)
    pairs = pairs[pairs["property"] == typology.RESOURCES]
    if len(pairs):
        lost = [typology.difference(pair, baseline) for pair in pairs.to_dict("records")]
        names = listed(f"{pair.more} against {pair.less}" for pair in pairs.itertuples())
        values = -np.mean(lost, axis=0) if len({len(one) for one in lost}) == 1 else []
        found = _judged(exceeds, values, terms, "not measured in both languages of each pair")
        return found.named("resources", f"More pretraining text, all else equal, scores higher ({names})")
    means = typology.by_language(baseline, "score", terms.level)
    return _correlated(means, languages, typology.RESOURCES, terms).named(
        "resources", "Languages with more pretraining text score higher"
    )


def _judged(rule: Rule, values: Sequence[float] | np.ndarray, terms: Terms, otherwise: str) -> Verdict:
    """What `rule` says of one value a seed; `otherwise` says why there might be none."""
    there = np.isfinite(values).any()
    return judge(rule, values, terms) if there else untestable(otherwise, terms.level)


def _correlated(means: pd.DataFrame, languages: pd.DataFrame, prop: str, terms: Terms) -> Verdict:
    """The verdict on a claim that means by language rise with resources, or fall with distance."""
    by_distance = prop == typology.DISTANCE
    if not typology.has(languages, prop):
        lacking = NO_DISTANCES if by_distance else "how much text each language has is not stated"
        return untestable(lacking, terms.level)
    rho, p = typology.correlation(means, languages, prop, terms.level)
    if not math.isfinite(rho.estimate):
        return untestable("too few languages, or no differences between them", terms.level)
    word = (falls if by_distance else exceeds)(rho)
    estimate = f"{RHO} = {signed(rho.estimate, 2)}"
    return Verdict(word, rho, estimated(rho, estimate, "language", f"{chance(p)} by permutation", 2), RHO)


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
    return not len(values) or judge(rises, values, terms).word == SUPPORTED


def _recipes(gained: pd.DataFrame) -> list[str]:
    return g.trained(gained["recipe"])


def _targets(gained: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(gained["target"]))


def _group(name: str) -> str:
    return task(name).group
