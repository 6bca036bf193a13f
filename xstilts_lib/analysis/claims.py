"""The claims: what others found and what this book asks, each with what would test it, put to results.

>>> from xstilts_lib.analysis import claims
>>> [claim.id for claim in claims.CLAIMS][:3]
['C1', 'C2', 'C3']
>>> for one in claims.judged(claims.overview(results.load(experiment))):         # doctest: +SKIP
...     print(one.claim.id, one.verdict.sentence)

Claims stand in claims.csv, in our words. Each names its source, the statistic that would support or
contradict it, what a table of results must hold to test it, and the function that does. C and R are claims
of others, Q the questions of this book, B what one should know before reading the rest. A verdict follows
the rules of `verdicts`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..common.words import NOTHING, number
from ..experiment import Experiment
from ..runs import records
from ..runs.run import ENCODER
from . import claims_designs, claims_languages, claims_tasks, kinds, study, typology
from . import gains as g
from .statistics import holm, student_interval
from .verdicts import UNTESTABLE, Terms, Verdict, View, untestable
from .wording import cell, named, signed

LEDGER, NUMBERS = (Path(__file__).with_name(name) for name in ("claims.csv", "published.csv"))
OURS = "asked by this book"


@dataclass(frozen=True)
class Claim:
    """A statement that a table of results can support or contradict."""

    id: str
    claim: str
    source: str
    """A key of book/references.bib, or `asked by this book`."""
    kind: str
    statistic: str
    """What supports it where it lies above its bound, and contradicts it where it lies below."""
    needs: str
    """What the table must hold to test it."""
    test: Callable[[View], Verdict]
    several: bool = False
    """Whether encoders are compared with each other."""
    published: str = ""
    """What the source reports, in its own setting."""


def _ledger() -> dict[str, Claim]:
    tests = vars(claims_tasks) | vars(claims_designs) | vars(claims_languages)
    rows = pd.read_csv(LEDGER, comment="#", keep_default_na=False).to_dict("records")
    for row in rows:
        row |= {"test": tests[row["test"]], "several": bool(row["several"])}
    return {row["id"]: Claim(**row) for row in rows}


_LEDGER = _ledger()
CLAIMS = tuple(claim for name, claim in _LEDGER.items() if not name.startswith("S"))
# The study's pattern, as one would look for it in any experiment: two plainer claims among them.
SIGNATURE = {
    name: _LEDGER[id]
    for name, id in {
        "above-floor": "B1", "scarce-questions": "B2", "same-data": "B3", "retrieval": "S1",
        "retrieval-most": "C3", "mean-gain": "S2", "mean-gain-without-retrieval": "C10", "distance": "B4",
        "resources": "B6", "distance-of-gains": "B5",
    }.items()
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A claim with what the results at hand say of it, and of which encoder they are."""

    claim: Claim
    verdict: Verdict
    model: str = ""


def judged(view: View, claims: Iterable[Claim] = CLAIMS) -> list[Judged]:
    """Every claim with its verdict on the scores of one encoder or several (`overview`).

    Of several encoders, a claim about one is put to the one with the most scores, the larger among equals,
    and to the next where it cannot be tested there.
    """
    if view.scores.empty:
        lacking = untestable("the untouched encoder is no recipe of this experiment")
        return [Judged(claim, lacking) for claim in claims]
    views = {model: view.of(model) for model in in_order(view)}
    together = f"{len(views)} encoders" if len(views) > 1 else next(iter(views))
    found = []
    for claim in claims:
        if claim.several:
            found.append(Judged(claim, claim.test(view), together))
            continue
        each = [Judged(claim, claim.test(one), model) for model, one in views.items()]
        found.append(next((one for one in each if one.verdict.word != UNTESTABLE), each[0]))
    return found


def overview(
    results: pd.DataFrame,
    languages: pd.DataFrame | None = None,
    terms: Terms = Terms(),  # noqa: B008
    plan: Experiment | None = None,
) -> View:
    """A view of all encoders of a results table that have the baseline; empty where none has.

    `languages` is a table of typology.languages; without it nothing is known of distance and resources, and
    without the experiment (`plan`) nothing of what was trained on how much and not learnt. An encoder that
    only trains a task in another way is among the scores, and none of its own. UserError where the table is
    not one of results.
    """
    scores = study.scores(plan, results) if plan else g.scores(results)
    if languages is None:
        languages = typology.languages(scores["language"])
    bases = set(scores.loc[scores["recipe"] == g.BASELINE, "model"])
    kept = scores[scores["model"].isin(bases)].reset_index(drop=True)
    again = study.retrained(plan) if plan else []
    sizes = study.sizes(results[results["model"].isin(bases.difference(again))], plan)
    lost = {(row[0], row[1]) for row in records.lost(plan) if row[2] == ENCODER} if plan else set()
    examples = study.trained_on(plan) if plan else {}
    apart = filter(plan.examples_kept, plan.intermediates) if plan else ()
    return View(
        kept, languages, terms, sizes, g.dev_scores(results), frozenset(lost), examples, frozenset(apart)
    )


def table(found: Iterable[Judged]) -> pd.DataFrame:
    """Claims and verdicts as a table: what each claim says, its verdict, the interval, p and the evidence.

    p_holm is p after Holm's correction over the claims that have one.
    """
    rows = []
    for one in found:
        said = {field.name: getattr(one.claim, field.name) for field in dataclasses.fields(Claim)}
        published, verdict = said.pop("published"), one.verdict
        del said["test"], said["several"]
        rows.append(
            {**said, "verdict": verdict.word, **verdict.interval._asdict(), "unit": verdict.unit,
             "p": verdict.p, "p_holm": math.nan, "model": one.model, "evidence": verdict.evidence,
             "published": published}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(p_holm=holm(frame["p"])) if len(frame) else frame


def in_order(view: View) -> list[str]:
    """The encoders, those with the most recipes and targets first, the larger among equals."""
    cells = view.scores.drop_duplicates(["model", "recipe", "target"]).groupby("model").size()
    return sorted(view.sizes, key=lambda name: (-cells[name], -np.nan_to_num(view.sizes[name]), name))


def published() -> pd.DataFrame:
    """What others report, a row a number: system, setting, target, metric, language, value, citation, place.

    Of another encoder, on other data: read beside ours, never averaged with them.
    """
    return pd.read_csv(NUMBERS, comment="#")


def published_gains() -> pd.DataFrame:
    """XTREME's test sets, a row a target: X-STILTs, XLM-R Large, and the first less the second as `gain`.

    Scores are in percent; question answering counts the mean of exact match and F1, as XTREME does.
    """
    frame = published()
    frame = frame[frame["setting"] == "as submitted to XTREME"]
    wide = frame.pivot_table(index="target", columns="system", values="value", sort=False)
    wide = wide[["X-STILTs", "XLM-R Large"]].reset_index().rename_axis(columns=None)
    return wide.assign(gain=wide["X-STILTs"] - wide["XLM-R Large"])


def beside_published(view: View) -> pd.DataFrame:
    """Published gains, and beside each what one encoder does here, on the target that stands for that one.

    Further columns: here (the target), untouched (its score without intermediate training), gain here (the
    mean over the plain recipes with half its interval, and how many recipes).
    """
    rows = []
    table = published_gains()
    for target in table["target"]:
        here = next((name for name in (target, f"mini_{target}") if name in view.targets), None)
        if here is None:
            rows.append(("", "", ""))
            continue
        scores = g.over_languages(view.baseline[view.baseline["target"] == here])["score"]
        means = view.grid(view.kind(kinds.plain), [here])
        found = student_interval(means.mean(axis=1))
        gain = f"{cell(found.estimate, found.low, found.high, sign=True)} ({means.shape[1]})"
        rows.append((named(here), number(scores.mean()), NOTHING if means.empty else gain))
    table = table.assign(gain=table["gain"].map(signed))
    table = table.join(pd.DataFrame(rows, columns=["here", "untouched", "gain here"]))
    return table[table["here"] != ""]
