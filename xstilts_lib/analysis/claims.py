"""The claims: what others found and what this book asks, each with what would test it, put to results.

>>> from xstilts_lib.analysis import claims
>>> [claim.id for claim in claims.CLAIMS][:3]
['C1', 'C2', 'C3']
>>> for one in claims.judged(results.load(experiment)):                 # doctest: +SKIP
...     print(one.claim.id, one.verdict.sentence)

Claims are in our words. Each names its source, the statistic that would support or contradict it, and what a
table of results must hold to test it. C and R are claims of others, Q the questions of this book, B what one
should know before reading the rest. A verdict follows the rules of `verdicts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..experiment import Experiment
from ..runs import records
from ..runs.run import ENCODER
from . import claims_designs as how
from . import claims_languages as of_languages
from . import claims_tasks as tasks
from . import designs, typology
from . import gains as g
from .statistics import LEVEL, holm
from .verdicts import UNTESTABLE, Terms, Verdict, View, untestable

OURS = "asked by this book"
PHANG = "phang2020english"


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


CLAIMS = (
    Claim(
        "C1", "SQuAD, MNLI and HellaSwag are the intermediate tasks with the largest mean gains",
        PHANG, "ranking", "mean gain of the least of the three less that of the best other single task",
        "recipes of single tasks: those three, and others", tasks.favourites,
        published="gains of 8.2, 7.5 and 7.0 points",
    ),
    Claim(
        "C2", "All intermediate tasks at once give a larger mean gain than any one of them",
        PHANG, "comparison", "mean gain of the joint recipe less that of the best single task",
        "recipes of single tasks, and one of all of them jointly", tasks.all_at_once,
        published="8.7 points for nine tasks at once",
    ),
    Claim(
        "C3", "Sentence retrieval, which has no training data, gains more than the other targets",
        PHANG, "comparison between targets",
        "gain on the retrieval targets less that on the others, and a gain of its own",
        "retrieval targets and others", tasks.retrieval_gains_most,
    ),
    Claim(
        "C4", "Question answering with little training data gains, and from many intermediate tasks",
        PHANG, "sign over many recipes", "mean gain over recipes; where they differ, how many gain alone",
        "a question-answering target with a small training set of its own, and several recipes",
        tasks.scarce_gains_throughout,
    ),
    Claim(
        "C5", "Natural language inference gains nothing from intermediate training",
        PHANG, "null effect", "mean gain over recipes against the margin; equivalence test",
        "a target of natural language inference, and the floor", tasks.no_gain_in_inference,
    ),
    Claim(
        "C6", "The best recipe for each target, chosen without looking at other languages, gains on average",
        PHANG, "size", "mean gain of the recipes that English dev scores of the other seeds choose",
        "several recipes, and English dev scores", tasks.best_by_english,
        published="5.4 points on XTREME's test sets",
    ),
    Claim(
        "C7", "Multilingual masked language modelling beside an intermediate task is not consistently better "
        "than the task alone",
        PHANG, "comparison", "gain with running text mixed in less that without, against the margin",
        "three recipes with a text task in them, and the same without", how.text_mixed_in,
    ),
    Claim(
        "C8", "Intermediate data in machine translation are not consistently better than the same in English",
        PHANG, "comparison", "gain of translated tasks less that of English ones, against the margin, in the "
        "languages not translated into",
        "three recipes with a translated task (`task@language`), and the same in English",
        how.translated_data,
    ),
    Claim(
        "C9", "Gains depend on the formats of intermediate task and target",
        PHANG, "interaction", "gain where both share a format less where not, beyond the mean of each",
        "single tasks of several formats", tasks.formats_matter,
    ),
    Claim(
        "C10", "There is a mean gain also without the retrieval targets", OURS, "size",
        "mean gain over recipes and targets, retrieval left out", "retrieval targets and others",
        tasks.without_retrieval,
    ),
    Claim(
        "C11", "SQuAD is the best single intermediate task", PHANG, "ranking",
        "mean gain of SQuAD less that of the best other single task",
        "recipes of single tasks, SQuAD among them", tasks.squad_alone,
        published="8.4 points, in an earlier version with seven tasks",
    ),
    Claim(
        "Q1", "What natural language inference gains from intermediate training moves with size",
        OURS, "slope over size", "slope of the gain over the logarithm of the parameters",
        "three sizes of encoder", how.gain_moves_with_size, several=True,
    ),
    Claim(
        "Q2", "Joint intermediate training beats sequential training in languages with little text",
        OURS, "paired comparison by resources",
        "joint recipe less the same tasks in sequence, in those languages",
        "`a+b` with `a-then-b` or its reverse, and how much text each language has",
        how.joint_for_low_resources,
    ),
    Claim(
        "Q3", "More intermediate tasks at once score higher on classification than the best single one",
        OURS, "curve over their number", "gain of the most tasks at once less that of the best single task",
        "single tasks and joint recipes of several numbers", tasks.more_tasks,
    ),
    Claim(
        "Q4", "The gain moves with size otherwise in languages far from English than in near ones",
        OURS, "interaction",
        "slope over size in far languages less that in near ones; of one sign on every target",
        "three sizes of encoder, and languages of known distance", how.distance_changes_scaling,
        several=True,
    ),
    Claim(
        "Q5", "A chain of English data sets that ask for reasoning improves natural language inference",
        OURS, "paired comparison",
        "mean gain of the chains; over the target's own data, where they hold these, for as many tokens",
        "sequences of tasks that ask for inference", how.chains_help_inference,
    ),
    Claim(
        "R1", "Joint training beats sequential training where the target's training set is the smaller one, "
        "and loses where it is the larger",
        "weller2022multitask", "interaction",
        "joint less sequential where the target is smaller, less where it is larger",
        "the target's own training set jointly with another task, and that task alone",
        how.joint_when_target_is_small,
    ),
    Claim(
        "R2", "A few tasks at once hurt, and many, from about fifteen on, help",
        "aghajanyan2021muppet", "curve over their number", "mean gain of few tasks at once, and of many",
        "joint recipes of few tasks, and of fifteen or more", tasks.few_tasks_hurt,
    ),
    Claim(
        "R3", "Tasks that ask for reasoning are the best intermediate tasks",
        "pruksachatkun2020intermediate", "ranking",
        "mean gain of the best of those tasks less that of the best other", "single tasks of both kinds",
        tasks.reasoning_is_best,
    ),
    Claim(
        "R4", "Intermediate training helps most where the target has little training data",
        "vu2020exploring", "slope over the target's size",
        "slope of the gain over the logarithm of the target's training examples; below zero supports it",
        "one target trained on sets of several sizes, or three targets of different size",
        tasks.scarce_targets_gain_most, several=True,
    ),
    Claim(
        "R5", "How much distance from English costs depends on the task",
        "blaschke2025similarity", "interaction",
        "slope of the score over distance, of the flattest target less that of the steepest; in points, so "
        "that a target with less to lose is flatter",
        "two targets in languages of known distance", of_languages.distance_depends_on_target,
    ),
    Claim(
        "R6", "Larger encoders score higher in zero-shot inference",
        "xue2021mt5", "slope over size", "slope of the score without intermediate training",
        "three sizes of encoder", how.scores_rise_with_size, several=True,
        published="XNLI from 67.5 (Small) to 85.0 (XXL)",
    ),
    Claim(
        "B1", "The untouched encoder has learnt every target: it stands above random weights", OURS,
        "control", "score of the untouched encoder less that of random weights, on the least sure target",
        "the recipe `untrained`", tasks.above_floor,
    ),
    Claim(
        "B2", "Scarce question answering gains from training on question answering", OURS, "size",
        "mean gain of recipes that hold question answering alone", "such a recipe and such a target",
        tasks.scarce_from_questions,
    ),
    Claim(
        "B3", "A target gains nothing from the data that it is fine-tuned on anyway", OURS, "control",
        "gain of the recipe of the target's own training set, against the margin", "such a recipe",
        tasks.same_data,
    ),
    Claim(
        "B4", "Languages farther from English score lower", OURS, "correlation",
        "rank correlation of score and distance over languages; below zero supports it",
        "languages of known distance", of_languages.far_languages_score_lower,
    ),
    Claim(
        "B5", "Languages farther from English gain less", OURS, "correlation",
        "rank correlation of gain and distance over languages; below zero supports it",
        "languages of known distance", of_languages.far_languages_gain_less,
    ),
    Claim(
        "B6", "More text to pretrain on scores higher, all else equal", OURS, "paired comparison",
        "score of a language less that of its twin with less text; without twins, the rank correlation",
        "how much text each language has", of_languages.more_text_scores_higher,
    ),
)  # fmt: skip
_LEDGER = {claim.id: claim for claim in CLAIMS}
# The study's pattern, as one would look for it in any experiment: claims of the ledger, and two plainer ones.
SIGNATURE = {
    "above-floor": _LEDGER["B1"],
    "scarce-questions": _LEDGER["B2"],
    "same-data": _LEDGER["B3"],
    "retrieval": Claim(
        "S1", "Sentence retrieval gains from intermediate training", PHANG, "size",
        "mean gain over recipes and retrieval targets", "retrieval targets", tasks.retrieval_gains,
    ),
    "retrieval-most": _LEDGER["C3"],
    "mean-gain": Claim(
        "S2", "The mean over all targets gains from intermediate training", PHANG, "size",
        "mean gain over recipes and targets", "a recipe", tasks.mean_gain,
    ),
    "mean-gain-without-retrieval": _LEDGER["C10"],
    "distance": _LEDGER["B4"],
    "resources": _LEDGER["B6"],
    "distance-of-gains": _LEDGER["B5"],
}  # fmt: skip
COLUMNS = ("id", "claim", "source", "kind", "statistic", "needs", "published")  # of a claim, in its table


@dataclass(frozen=True)
class Judged:
    """A claim with what the results at hand say of it, and of which encoder they are."""

    claim: Claim
    verdict: Verdict
    model: str = ""


def judged(
    results: pd.DataFrame,
    languages: pd.DataFrame | None = None,
    margin: float = Terms.margin,
    level: float = LEVEL,
    claims: Iterable[Claim] = CLAIMS,
    plan: Experiment | None = None,
) -> list[Judged]:
    """Every claim with its verdict on a results table, of one encoder or several.

    `languages` is a table of typology.languages; without it nothing is known of distance and resources, and
    without the experiment (`plan`) nothing of what was trained on how much and not learnt. Of several
    encoders, a claim about one is put to the one with the most scores, the larger among equals, and to the
    next where it cannot be tested there. UserError where the table is not one of results.
    """
    view = overview(results, languages, margin, level, plan)
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
    margin: float = Terms.margin,
    level: float = LEVEL,
    plan: Experiment | None = None,
) -> View:
    """A view of all encoders of a results table that have the baseline; empty where none has.

    One that only trains a task in another way is among the scores, and no encoder of its own.
    """
    scores = designs.scores(plan, results) if plan else g.scores(results)
    if languages is None:
        languages = typology.languages(scores["language"])
    bases = set(scores.loc[scores["recipe"] == g.BASELINE, "model"])
    kept = scores[scores["model"].isin(bases)].reset_index(drop=True)
    again = designs.retrained(plan) if plan else []
    sizes = designs.sizes(results[results["model"].isin(bases.difference(again))], plan)
    lost = {(row[0], row[1]) for row in records.lost(plan) if row[2] == ENCODER} if plan else set()
    return View(
        kept, languages, Terms(margin, level), sizes, g.dev_scores(results), frozenset(lost),
        designs.trained_on(plan) if plan else {},
    )  # fmt: skip


def table(found: Iterable[Judged]) -> pd.DataFrame:
    """Claims and verdicts as a table: what each claim says, its verdict, the interval, p and the evidence.

    p_holm is p after Holm's correction over the claims that have one.
    """
    rows = [
        {
            **{name: getattr(one.claim, name) for name in COLUMNS[:-1]},
            "verdict": one.verdict.word,
            **one.verdict.interval._asdict(),
            "unit": one.verdict.unit,
            "p": one.verdict.p,
            "p_holm": math.nan,
            "model": one.model,
            "evidence": one.verdict.evidence,
            "published": one.claim.published,
        }
        for one in found
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(p_holm=holm(frame["p"])) if len(frame) else frame


def in_order(view: View) -> list[str]:
    """The encoders, those with the most recipes and targets first, the larger among equals."""
    cells = view.scores.drop_duplicates(["model", "recipe", "target"]).groupby("model").size()
    return sorted(view.sizes, key=lambda name: (-cells[name], -np.nan_to_num(view.sizes[name]), name))
