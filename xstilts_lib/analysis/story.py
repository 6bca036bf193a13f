"""What the opening pages tell of two experiments: the study on real languages, and the laboratory.

>>> real = Study("real")                                             # doctest: +SKIP
>>> str(real.change("squad_v1", "tydiqa"))                           # doctest: +SKIP
'+10.2 points (95 % interval +8.1 to +12.3)'

The study on real languages grows part by part, so every number can be absent, and then says so.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..common.errors import UserError
from ..common.words import duration, listed
from ..experiment import load_experiment
from ..runs import all_runs, records, results
from . import gains as g
from . import verdicts
from .statistics import LEVEL, Interval, student_interval
from .wording import between, signed

REAL, LABORATORY = "real", "questions"
NAMES = {REAL: "real languages", LABORATORY: "laboratory"}
OPEN = "not measured yet"
OTHERS, ENGLISH, ADVANTAGE = "others", "English", "English less others"
PREDICTIONS = Path(__file__).with_name("predictions.csv")


@dataclass(frozen=True)
class Change:
    """A difference in points, with its interval over seeds; NaN where it was not measured."""

    interval: Interval

    @property
    def measured(self) -> bool:
        return math.isfinite(self.interval.estimate)

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out; 0 where it does not, or where there is none."""
        return int(self.interval.low > 0) - int(self.interval.high < 0)

    def __str__(self) -> str:
        if not self.measured:
            return OPEN
        size = f"{signed(self.interval.estimate)} points"
        if not math.isfinite(self.interval.low):
            return f"{size} (one seed, so no interval)"
        return f"{size} ({between(self.interval)})"

    def worded(self, up: str, down: str, unsure: str, open: str = "") -> str:
        """One of four wordings: surely up, surely down, neither, not measured."""
        if not self.measured:
            return open or OPEN
        return {1: up, -1: down, 0: unsure}[self.sign]


NOT_MEASURED = Change(Interval(math.nan, math.nan, math.nan, 0))


class Study:
    """The results of one experiment, from its runs once all are done, else from its record, else empty."""

    def __init__(self, name: str, level: float = LEVEL) -> None:
        self.name, self.level, self.plan = name, level, load_experiment(name)
        try:
            self.table = results.load(self.plan, partial=False)
            self.scores = g.scores(self.table)
        except UserError:  # neither run nor recorded
            self.table = pd.DataFrame(columns=list(results.COLUMNS))
            self.scores = pd.DataFrame(columns=[*g.KEYS, "score"])

    def badge(self, *targets: str) -> str:
        """What stands beside a number: the experiment, its seeds, and whether it is a record or a run."""
        rows = self.scores[self.scores["target"].isin(targets)] if targets else self.scores
        return records.badge(self.plan, rows["seed"].nunique()) if len(rows) else f"{self.name} · {OPEN}"

    def cost(self) -> str:
        """What it took to compute what the record holds, in a sentence."""
        told, parts = records.provenance(self.plan), sum(len(run.parts) for run in all_runs(self.plan))
        if not told:
            return f"Of `{self.name}` no record is kept."
        some = f"{told['parts']:,} of {parts:,}" if told["parts"] < parts else f"all {parts:,}"
        return f"`{self.name}` took {duration(told['seconds'])} of one core for {some} parts."

    def own(self, task: str) -> str:
        """A real task as this experiment calls it."""
        made_up = self.plan.source["kind"] == "miniature"
        return f"mini_{task.removesuffix('_v1')}" if made_up else task

    @functools.cache  # noqa: B019
    def wide(self, target: str, where: str = OTHERS, model: str = "") -> pd.DataFrame:
        """Scores on a target, a row a seed and a column a recipe: mean over languages other than English, in
        English, or the one less the other."""
        rows = self.scores[
            (self.scores["target"] == target) & (self.scores["model"] == (model or self.plan.model.name))
        ]
        if where == ADVANTAGE:
            return self.wide(target, ENGLISH, model) - self.wide(target, OTHERS, model)
        english = rows["language"] == g.SOURCE_LANGUAGE
        kept = rows[english if where == ENGLISH else ~english]
        return kept.pivot_table(index="seed", columns="recipe", values="score")

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
        rows = self.scores[(self.scores["target"] == target) & (self.scores["model"] == self.plan.model.name)]
        if rows.empty or recipe not in set(rows["recipe"]):
            return pd.DataFrame(columns=["language", "estimate", "low", "high", "seeds"])
        gained = g.gains(rows).query("recipe == @recipe")
        found = g.summary(gained, by=["language"], level=self.level)
        return found.sort_values("estimate", ascending=False, ignore_index=True)

    def layers(self, recipes: list[str], target: str) -> pd.DataFrame:
        """Retrieval at every layer, mean over languages: recipe, layer, kind (raw or centred), estimate, low,
        high, seeds."""
        rows = self.table[(self.table["target"] == target) & self.table["recipe"].isin(recipes)]
        parts = rows["metric"].astype(str).str.extract(r"^layer (?P<layer>\d+)(?P<kind> centred)?$")
        rows = rows.assign(
            kind=parts["kind"].map({" centred": "centred"}).fillna("raw"), layer=parts["layer"]
        )
        rows = rows[rows["layer"].notna()].astype({"layer": int})
        means = rows.groupby(["recipe", "layer", "kind", "seed"], as_index=False)["value"].mean()
        if means.empty:
            return pd.DataFrame(columns=["recipe", "layer", "kind", "estimate", "low", "high", "seeds"])
        return g.summary(means, "value", by=["recipe", "layer", "kind"], level=self.level)


def same(interval: Interval, margin: float) -> verdicts.Word:
    """Of a claim that there is no difference: what `differs` says, turned round."""
    turned = {verdicts.SUPPORTED: verdicts.CONTRADICTED, verdicts.CONTRADICTED: verdicts.SUPPORTED}
    return turned.get(word := verdicts.differs(interval, margin), word)


RULES = {"rise": verdicts.rises, "fall": verdicts.falls, "no gain": verdicts.gains_nothing, "same": same}


def predictions(studies: list[Study], margin: float) -> pd.DataFrame:
    """What each explanation predicts, and what each study found: a row a prediction and a study.

    explanation, says, study, expects, estimate, low, high, seeds, found (in words), verdict.
    """
    asked = pd.read_csv(PREDICTIONS, comment="#").fillna("")
    rows = []
    for row in asked.to_dict("records"):
        for study in studies:
            if row["only"] and row["only"] != study.name:
                continue
            less = study.own(row["less"]) if row["less"] else g.BASELINE
            change = study.change(study.own(row["recipe"]), study.own(row["target"]), row["where"], less)
            low, high = change.interval.low, change.interval.high
            verdict = RULES[row["expects"]](change.interval, margin) if change.measured else OPEN
            rows.append(
                {"explanation": row["explanation"], "says": row["says"], "study": NAMES[study.name],
                 "expects": row["expects"], "estimate": change.interval.estimate, "low": low, "high": high,
                 "seeds": int(change.interval.n), "found": str(change), "verdict": verdict}
            )  # fmt: skip
    return pd.DataFrame(rows)


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
