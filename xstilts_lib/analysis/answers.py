"""The tables and sentences with which the chapters answer: verdicts, slopes over sizes, seeds that lack.

>>> from xstilts_lib.analysis import answers, gains
>>> answers.verdicts(gains.summary(differences), margin=2.0)             # doctest: +SKIP
'of 2 differences 1 is supported (1 above zero, none below), 1 is contradicted (within ±2 points) and ...'

Every difference is put to the claim that there is one, of either sign (verdicts.differs); a prediction of an
explanation to what it expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..common.words import NOTHING, listed, number, plural
from .gains import BASELINE
from .statistics import (
    LEVEL,
    MOST_SEEDS,
    Interval,
    holm,
    seeds_for,
    slopes,
    student_interval,
    student_p,
)
from .study import ENGLISH, NAMES, OPEN, OTHERS, Change, Study, retrained, sizes, trained_on
from .typology import DISTANCE, difference
from .verdicts import CONTRADICTED, INCONCLUSIVE, RULES, SUPPORTED, Word, differs
from .wording import between, cells, chance, judging, language, named, signed
from .wording import size as size_of

PREDICTIONS = Path(__file__).with_name("predictions.csv")


def verdicts(summary: pd.DataFrame, margin: float) -> str:
    """How many differences of a summary came out which way, in a clause."""
    found = _judged(summary, margin)
    count = {word: found.count(word) for word in (SUPPORTED, CONTRADICTED, INCONCLUSIVE)}
    below = int((summary["high"] < 0).sum())
    above = count[SUPPORTED] - below
    which = f" ({above or 'none'} above zero, {below or 'none'} below)" if count[SUPPORTED] else ""
    supported, contradicted, inconclusive = (
        f"{number or 'none'} {'is' if number < 2 else 'are'}" for number in count.values()
    )
    return (
        f"of {plural(len(found), 'difference')} {supported} supported{which}, {contradicted} contradicted "
        f"(within ±{margin:g} points) and {inconclusive} inconclusive"
    )


def _judged(summary: pd.DataFrame, margin: float) -> list[Word]:
    rows = summary[["estimate", "low", "high", "seeds"]].itertuples(index=False)
    return [differs(Interval(*row), margin) for row in rows]


def outstanding(table: pd.DataFrame, by: Sequence[str] = ("recipe", "target"), level: float = LEVEL) -> str:
    """The differences that are more than chance after Holm's correction over the table, in a sentence."""
    sure = table[table["p_holm"] < 1 - level]
    if sure.empty:
        alone = int((table["p"] < 1 - level).sum())
        if_alone = f", though {alone} would if looked at alone" if alone else ""
        return f"None of {plural(len(table), 'difference')} stands out after Holm's correction{if_alone}"
    order = sure.reindex(sure["estimate"].abs().sort_values(ascending=False).index)
    rows = [
        f"{', '.join(named(row[key]) for key in by)} {signed(row['estimate'])}"
        for row in order.to_dict("records")
    ]
    more = f", and {len(rows) - 4} more" if len(rows) > 4 else ""
    verb = "stands" if len(rows) == 1 else "stand"
    return f"After Holm's correction {len(rows)} of {len(table)} {verb} out: {'; '.join(rows[:4])}{more}"


def shown(
    summary: pd.DataFrame,
    by: Sequence[str],
    margin: float | None = None,
    what: str = "gain",
    sign: bool = True,
) -> pd.DataFrame:
    """A summary as a reader's table: the columns `by`, the estimate with half its interval, p, corrected p,
    seeds, and with a margin the verdict, under a heading that `wording.shown` explains.
    """
    table = summary[list(by)].assign(**{what: cells(summary, sign)})
    for name, column in (("p alone", "p"), ("p corrected", "p_holm")):
        table[name] = [chance(p, name=False) for p in summary[column]]
    table["seeds"] = summary["seeds"]
    if margin is None:
        return table
    return table.assign(**{judging(margin): _judged(summary, margin)})


def over_sizes(
    frame: pd.DataFrame,
    sizes: Mapping[str, float],
    by: Sequence[str] = ("recipe",),
    value: str = "gain",
    level: float = LEVEL,
) -> pd.DataFrame:
    """How `value` moves with the size of the encoder, or of one alone `value` itself: a row for each of `by`.

    Columns: estimate, low, high (points for ten times the parameters, over seeds), p, p_holm, seeds; trend,
    the same in a sentence. A line in the logarithm of the size is fitted seed by seed, so the interval is
    exact for normal scores, whatever the true curve; of a bent one it is about the slope of the best line.
    """
    columns = [*by, "estimate", "low", "high", "p", "seeds", "trend"]
    names = [name for name in sizes if name in set(frame["model"]) and np.isfinite(sizes[name])]
    at = [np.log10(sizes[name]) for name in names]
    rows = []
    for key, part in frame.groupby(list(by), sort=False):
        wide = part.pivot(index="seed", columns="model", values=value).reindex(columns=names).dropna()
        alone = len(names) < 2
        found = wide.mean(axis=1) if alone else slopes(wide, at)
        told, p = student_interval(found, level), student_p(found)
        trend = "One size has no slope." if alone else _trend(told, p, len(set(at)))
        rows.append([*key, told.estimate, told.low, told.high, p, len(wide), trend])
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p"]))


def _trend(slope: Interval, p: float, sizes: int) -> str:
    """A slope over the logarithm (base 10) of so many sizes as a sentence, with what it cannot say."""
    seeds = plural(int(slope.n), "seed")
    if not np.isfinite(slope.low):
        return f"{seeds} with all {sizes} sizes cannot say how scores move with size."
    told = f"{signed(slope.estimate)} points for ten times the size"
    two = " Two sizes say nothing about the shape between and beyond them." if sizes == 2 else ""
    return f"{told} ({between(slope)}, {chance(p)}, {seeds}).{two}"


def lacking(
    frame: pd.DataFrame, effect: float, by: Sequence[str] = ("recipe", "target"), value: str = "gain"
) -> pd.DataFrame:
    """How many seeds would settle a difference of `effect` points, from the spread at hand: a row for each of
    `by`.

    Columns: seeds (at hand), spread (standard deviation over seeds, points), needed (for the paired t test at
    5 % to find it four times in five). One seed has no spread, and nothing follows from it.
    """
    rows = []
    for key, part in frame.groupby(list(by), sort=False):
        values = part[value].dropna()
        if len(values) < 2:
            rows.append([*key, len(values), NOTHING, NOTHING])
            continue
        needed = seeds_for(effect, float(values.std()))
        told = f"more than {MOST_SEEDS}" if needed is None else str(needed)
        rows.append([*key, len(values), number(values.std()), told])
    return pd.DataFrame(rows, columns=[*by, "seeds", "spread", "needed"])


def predictions(studies: Iterable[Study], margin: float) -> pd.DataFrame:
    """What each explanation predicts (predictions.csv), and what each study found: a row for each of both.

    explanation, says, study, expects, estimate, low, high, seeds, found (in words), verdict. A study that
    never meant to train so has no row.
    """
    rows = []
    for row in pd.read_csv(PREDICTIONS, comment="#", keep_default_na=False).to_dict("records"):
        for study in studies:
            recipe, target, less = (row[key] and study.own(row[key]) for key in ("recipe", "target", "less"))
            if recipe not in {one.name for one in study.plan.recipes}:
                continue
            change = study.change(recipe, target, row["where"], less or BASELINE)
            estimate, low, high, seeds, _ = change.interval
            verdict = RULES[row["expects"]](change.interval, margin) if change.measured else OPEN
            rows.append(
                {"explanation": row["explanation"], "says": row["says"], "study": NAMES[study.plan.name],
                 "expects": row["expects"], "estimate": estimate, "low": low, "high": high,
                 "seeds": int(seeds), "found": str(change), "verdict": verdict}
            )  # fmt: skip
    return pd.DataFrame(rows)


def by_encoder(studies: Iterable[Study], recipe: str, target: str) -> pd.DataFrame:
    """What a recipe adds on a target to each encoder of each study, as a table, in English and in the
    other languages. An encoder that only trains a task in another way is none of its own."""
    rows = []
    for asked in studies:
        again = retrained(asked.plan)
        for model, size in sizes(asked.table).items():
            if model in again:
                continue
            one, other = asked.own(recipe), asked.own(target)
            english, others = (
                str(asked.change(one, other, where, model=model)) for where in (ENGLISH, OTHERS)
            )
            rows.append((NAMES[asked.plan.name], model, size_of(size), english, others))
    return pd.DataFrame(rows, columns=["Experiment", "Encoder", "Parameters", "English", "Other languages"])


def by_questions(asked: Study, recipe: str, target: str) -> pd.DataFrame:
    """What a recipe adds on a target that trains on ever more of its own examples: questions, where (English
    or others), change, estimate, low, high, in their order; as far as it was measured."""
    held, rows = trained_on(asked.plan), []
    for model in (asked.plan.model.name, *retrained(asked.plan)):
        for where in (ENGLISH, OTHERS):
            change = asked.change(recipe, target, where, model=model)
            if change.measured:
                told = change.interval
                rows.append((held[model, target], where, change, told.estimate, told.low, told.high))
    columns = ["questions", "where", "change", "estimate", "low", "high"]
    return pd.DataFrame(rows, columns=columns).sort_values("questions", kind="stable", ignore_index=True)


def centred(layers: pd.DataFrame, bare: str) -> str:
    """What taking the means of languages out of the vectors does to retrieval (Study.layers), in sentences:
    at the layer where it does most to the recipe `bare`, and at the top after each recipe."""
    if layers.empty:
        return "How centring changes retrieval is not measured yet."
    wide = layers.pivot(index=["recipe", "layer"], columns="kind", values="estimate")
    own = wide.loc[bare]
    at = (own["centred"] - own["raw"]).idxmax()
    top = wide.xs(layers["layer"].max(), level="layer").itertuples()
    each = "; ".join(f"{row.Index}, {row.raw:.0f} raw and {row.centred:.0f} centred" for row in top)
    return (
        f"Centring lifts the {bare} encoder most at layer {at}: from {own.loc[at, 'raw']:.0f} to "
        f"{own.loc[at, 'centred']:.0f} percent. At the top layer, in percent: {each}."
    )


def scored(found: pd.DataFrame) -> str:
    """How many predictions of each explanation came out which way, a line an explanation (Markdown)."""
    lines = []
    for name, part in found.groupby("explanation", sort=False):
        told = "; ".join(
            f"{study}: " + listed(f"{count} {word}" for word, count in rows["verdict"].value_counts().items())
            for study, rows in part.groupby("study", sort=False)
        )
        lines.append(f"- *{name}.* {told[:1].upper()}{told[1:]}.")
    return "\n".join(lines)


def halves(languages: pd.DataFrame, near: Sequence[str], far: Sequence[str]) -> dict[str, str]:
    """How the sentences of a page name `near` and `far` languages, and the distance up to which one is near
    (`bound`); `languages` are rows of typology.languages."""
    distances = languages.set_index("code")[DISTANCE]
    groups = {"near": near, "far": far}
    told = {name: listed(map(language, codes)) or "not known" for name, codes in groups.items()}
    return {**told, "bound": number(distances.reindex(near).max(), 2)}


def properties(pairs: pd.DataFrame, base: pd.DataFrame, level: float = LEVEL) -> str:
    """Which property of a language alone costs most, and which least, in a sentence: rows of typology.pairs,
    over `base`, the scores of one recipe on targets that were learnt; in the mean of those that hold both
    languages of a pair."""
    changes = [
        (pair, Change(student_interval(difference(pair, base), level))) for pair in pairs.to_dict("records")
    ]
    known = sorted(
        ((pair, change) for pair, change in changes if change.measured),
        key=lambda one: one[1].interval.estimate,
    )
    if len(known) < 2:
        return "No two properties can be told apart here."
    told = (
        f"{pair['property']} ({language(pair['less'])} less {language(pair['more'])}) {change}"
        for pair, change in (known[0], known[-1])
    )
    return f"In the mean of what was learnt, one property alone changes the score from {' to '.join(told)}."
