"""The ledger: every claim with its verdict, computed from a table of results and from nothing else.

>>> from xstilts_lib.analysis import ledger
>>> for entry in ledger.entries(results.load(experiment)):              # doctest: +SKIP
...     print(entry.claim.id, entry.finding.sentence)

A verdict follows the rules of `signature`: an interval over seeds, and a smallest change that is worth a
claim. Where something is lacking the claim is untestable here, and the sentence says what is lacking.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from . import gains as g
from . import typology
from .claims import CLAIMS, Claim
from .evidence import UNTESTABLE, VERDICTS, Finding, View, untestable
from .signature import Terms
from .statistics import LEVEL, holm
from .wording import listed

COLUMNS = ("id", "claim", "source", "kind", "statistic", "needs")


@dataclass(frozen=True)
class Entry:
    """A claim with what the results at hand say about it, and of which encoder they are."""

    claim: Claim
    finding: Finding
    model: str = ""


def entries(
    results: pd.DataFrame,
    languages: pd.DataFrame | None = None,
    margin: float = Terms.margin,
    level: float = LEVEL,
    claims: Iterable[Claim] = CLAIMS,
) -> list[Entry]:
    """Every claim with its finding on a results table, of one encoder or several.

    `languages` is a table of typology.languages; without it nothing is known of distance and resources. Of
    several encoders, a claim about one is put to the one with the most recipes, the larger among equals, and
    to the next where it cannot be tested there. UserError where the table is not one of results.
    """
    view = overview(results, languages, margin, level)
    if view.scores.empty:
        lacking = untestable(f"the baseline {g.BASELINE!r} is no recipe of this experiment", level)
        return [Entry(claim, lacking) for claim in claims]
    views = {model: view.of(model) for model in in_order(view)}
    return [_entry(claim, view, views) for claim in claims]


def overview(
    results: pd.DataFrame,
    languages: pd.DataFrame | None = None,
    margin: float = Terms.margin,
    level: float = LEVEL,
) -> View:
    """A view of all encoders of a results table that have the baseline; empty where none has."""
    scores = g.scores(results)
    if languages is None:
        languages = typology.languages(scores["language"])
    bases = set(scores.loc[scores["recipe"] == g.BASELINE, "model"])
    kept = scores[scores["model"].isin(bases)].reset_index(drop=True)
    sizes = {model: size for model, size in _sizes(results).items() if model in bases}
    return View(kept, languages, Terms(margin, level), sizes, g.dev_scores(results))


def table(found: Iterable[Entry]) -> pd.DataFrame:
    """The ledger as a table: what each claim says, its verdict, the interval, p and the evidence.

    p_holm is p after Holm's correction over the claims that have one.
    """
    rows = [
        {
            **{name: getattr(entry.claim, name) for name in COLUMNS},
            "verdict": entry.finding.verdict,
            **entry.finding.interval._asdict(),
            "unit": entry.finding.unit,
            "p": entry.finding.p,
            "model": entry.model,
            "evidence": entry.finding.evidence,
            "published": entry.claim.published,
        }
        for entry in found
    ]
    frame = pd.DataFrame(rows)
    if len(frame):
        frame.insert(frame.columns.get_loc("p") + 1, "p_holm", holm(frame["p"]))
    return frame


def counted(found: Iterable[Entry]) -> str:
    """How many claims came out which way: "4 supported, 2 contradicted, 3 inconclusive and 19 ..."."""
    verdicts = [entry.finding.verdict for entry in found]
    return listed(f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS)


def _entry(claim: Claim, view: View, views: dict[str, View]) -> Entry:
    if claim.several:
        return Entry(
            claim, claim.test(view), f"{len(views)} encoders" if len(views) > 1 else next(iter(views))
        )
    entries = [Entry(claim, claim.test(one), model) for model, one in views.items()]
    return next((entry for entry in entries if entry.finding.verdict != UNTESTABLE), entries[0])


def in_order(view: View) -> list[str]:
    """The encoders, those with the most recipes first, the larger among equals."""
    recipes = view.scores.groupby("model")["recipe"].nunique()

    def rank(model: str) -> tuple[float, float, str]:
        size = view.sizes.get(model, math.nan)
        return -float(recipes[model]), -size if math.isfinite(size) else 0.0, model

    return sorted(recipes.index, key=rank)


def _sizes(results: pd.DataFrame) -> dict[str, float]:
    """Parameters of each encoder: the largest number stated, NaN where there is none."""
    if "parameters" not in results:
        return dict.fromkeys(results["model"].unique(), math.nan)
    stated = pd.to_numeric(results["parameters"], errors="coerce").groupby(results["model"]).max()
    return {str(name): float(size) for name, size in stated.items()}
