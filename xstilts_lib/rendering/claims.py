"""Claims and their verdicts as the book and the terminal show them, with published numbers beside ours.

>>> from xstilts_lib.rendering import claims
>>> claims.parts(load_experiment("miniature"))["claims"]                # doctest: +SKIP
':::{table} Claims, put to the experiment ...'
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.errors import UserError
from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from ..workflow.analyses import QUESTIONS
from . import markup

if TYPE_CHECKING:
    import pandas

    from ..analysis.claims import Judged
    from ..analysis.verdicts import View

DEFAULT = "miniature"
MISSING = "Nothing has been run that a claim could be put to; `xstilts run miniature` would change that."
# Names of tasks and recipes in running text: set as code, and breakable in a narrow column.
_NAMES = re.compile(r"`([^`]+)`|\b(mini_[\w+@-]*\w)")


def default(fallback: str = DEFAULT) -> str:
    """The experiment that claims are put to: `questions` where it is finished or recorded, else
    `fallback`."""
    if QUESTIONS not in available():
        return fallback
    questions = load_experiment(QUESTIONS)
    there = records.path(questions).is_file() or not results.missing(questions)
    return QUESTIONS if there else fallback


def judged(
    experiment: Experiment, features: Path | None = None, table: pandas.DataFrame | None = None
) -> list[Judged]:
    """Claims put to the results of an experiment, or to a `table` of them; UserError where there are none.

    `features` is a folder with lang2vec's features, for the distances of real languages.
    """
    from ..analysis import claims

    table = results.load(experiment) if table is None else table
    return claims.judged(table, _languages(experiment, table, features))


def parts(experiment: Experiment) -> dict[str, str]:
    """What the page of claims includes, by name: the results of `questions`, or else of `experiment`."""
    chosen = load_experiment(default(experiment.name))
    found = {"claims_tests": tests(), "published": published()}
    try:
        table = results.load(chosen, partial=False)
    except UserError:
        return {**found, "claims": MISSING, "claims_counted": MISSING, "published_beside": MISSING}
    made = judged(chosen, table=table)
    return {
        **found,
        "claims": verdicts(chosen, made),
        "claims_counted": counted(chosen, made),
        "published_beside": beside(chosen, table),
    }


def counted(experiment: Experiment, made: Sequence[Judged]) -> str:
    """How many claims came out which way, in a sentence."""
    from ..analysis import claims
    from ..analysis import verdicts as words

    name = markup.code(experiment.name)
    corrected = claims.table(made)
    sure = (corrected["verdict"] == words.SUPPORTED) & (corrected["p_holm"] < 1 - corrected["level"])
    remain = int(sure.sum())
    return (
        f"**{len(made)} claims were put to the experiment {name}: "
        f"{words.counted(one.verdict for one in made)}.** Looked at "
        f"together, with Holm's correction over all that have a p-value, {remain} of those supported "
        f"{'remains' if remain == 1 else 'remain'}."
    )


def verdicts(experiment: Experiment, made: Sequence[Judged]) -> str:
    """Every claim with its verdict and the numbers behind it."""
    several = len({one.model for one in made if not one.claim.several}) > 1
    rows = [
        [one.claim.id, f"{prose(one.claim.claim)} {_cited(one.claim.source)}", one.verdict.word,
         prose(one.verdict.evidence + (f"; encoder {one.model}" if several and one.model else ""))]
        for one in made
    ]  # fmt: skip
    caption = (
        f"Claims, put to the experiment {markup.code(experiment.name)}. Estimates with their intervals, over "
        "seeds where nothing else is said; the smallest change worth a claim is "
        f"{_margin():g} points. Verdicts are computed, each by itself."
    )
    return markup.table(["", "Claim", "Verdict", "Evidence"], rows, caption, "table-claims")


def tests() -> str:
    """What would support or contradict each claim, what that needs, and what its source reports."""
    from ..analysis.claims import CLAIMS

    rows = [
        [claim.id, prose(claim.kind), prose(claim.statistic), prose(claim.needs), prose(claim.published)]
        for claim in CLAIMS
    ]
    caption = "How each claim is put to the test: the statistic, what it needs, and what its source reports."
    header = ["", "Kind", "Statistic", "Needs", "Published"]
    return markup.table(header, rows, caption, "table-claims-tests")


def published() -> str:
    """The published numbers that this book cites, each line with its citation."""
    from ..analysis import published as numbers

    frame = numbers.table()
    rows = []
    keys = ["system", "setting", "citation", "place"]
    for (system, setting, citation, place), part in frame.groupby(keys, sort=False):
        cells = [_number(row) for row in part.to_dict("records")]
        rows.append([markup.text(system), markup.text(setting), ", ".join(cells),
                     f"{{cite:t}}`{citation}`, {markup.text(place)}"])  # fmt: skip
    caption = "Published numbers, in percent; gains in points. None of them was computed here."
    return markup.table(["System", "Setting", "Numbers", "Read in"], rows, caption, "table-published")


def beside(experiment: Experiment, table: pandas.DataFrame) -> str:
    """The study's gain on each target of XTREME beside the gain here, on the target that stands for it."""
    from ..analysis import claims
    from ..analysis import published as numbers
    from ..analysis.wording import signed

    view = claims.overview(table)
    if view.scores.empty:
        return MISSING
    view = view.of(claims.in_order(view)[0])
    rows = []
    for row in numbers.by_target().to_dict("records"):
        name = next((name for name in (row["target"], f"mini_{row['target']}") if name in view.targets), None)
        rows.append(
            [markup.code(row["target"]), *(f"{row[system]:.1f}" for system in ("XLM-R Large", "X-STILTs")),
             signed(row["gain"]), *((markup.code(name), *_here(view, name)) if name else ("", "", ""))]
        )  # fmt: skip
    caption = (
        "Published on XTREME's test sets {cite}`chung2021rembert`, question answering as the mean of F1 and "
        f"exact match; and here, in the experiment {markup.code(experiment.name)}: the untouched encoder, "
        "and the mean gain over its recipes of labelled English tasks, with half its 95 % interval and their "
        "number, which differs from target to target. Other encoders, other data: compare signs, not sizes."
    )
    header = ["Target", "XLM-R Large", "X-STILTs", "Gain", "Here", "Untouched", "Gain here"]
    return markup.table(header, rows, caption, "table-published-beside")


def show(experiment: Experiment, made: Sequence[Judged], form: str) -> None:
    """Print claims with their verdicts in the terminal: as `table`, `csv` or `json`."""
    from ..analysis import claims

    table = claims.table(made).round(6)
    if form == "csv":
        table.to_csv(sys.stdout, index=False, lineterminator="\r\n")
    elif form == "json":
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        print(json.dumps({"experiment": experiment.name, "claims": rows}, indent=1, ensure_ascii=False))
    else:
        _print(experiment, made)


def prose(text: str) -> str:
    """Text for a cell, with the names of tasks and recipes in it set as code."""
    shown, end = [], 0
    for found in _NAMES.finditer(text):
        shown += [markup.text(text[end : found.start()]), markup.code(found[1] or found[2])]
        end = found.end()
    return "".join([*shown, markup.text(text[end:])])


def _languages(experiment: Experiment, table: pandas.DataFrame, features: Path | None) -> pandas.DataFrame:
    """What is known of the languages of a results table."""
    from ..analysis import atlas, typology
    from ..sources import open_source
    from ..sources.miniature import MiniatureSource

    codes = list(dict.fromkeys(table["language"]))
    if experiment.source["kind"] != "miniature":
        return typology.languages(codes, atlas.declared(codes, features))
    world = open_source(experiment.source)
    assert isinstance(world, MiniatureSource)
    return typology.languages(codes, world.language_table())


def _here(view: View, target: str) -> tuple[str, str]:
    """The untouched encoder's score on a target, and the mean gain over plain recipes, with its interval and
    their number."""
    from ..analysis import gains, kinds
    from ..analysis.statistics import student_interval
    from ..analysis.wording import NOTHING, cell

    scores = gains.over_languages(view.scores[view.scores["target"] == target])
    base = scores.loc[scores["recipe"] == gains.BASELINE, "score"].mean()
    means = view.grid(view.kind(kinds.plain), [target])
    if means.empty:
        return f"{base:.1f}", NOTHING
    interval = student_interval(means.mean(axis=1))
    gain = cell(interval.estimate, interval.low, interval.high, sign=True)
    return f"{base:.1f}", f"{gain} ({means.shape[1]})"


def _cited(source: str) -> str:
    from ..analysis.claims import OURS

    return f"({markup.text(source)})" if source == OURS else f"{{cite}}`{source}`"


def _margin() -> float:
    from ..analysis.verdicts import Terms

    return Terms.margin


def _number(row: dict[str, Any]) -> str:
    """A published number with what it is of: "xquad F1 78.7", "tatoeba de 63.9"."""
    from ..analysis.wording import signed

    of = row["target"] if row["language"] == "all" else f"{row['target']} {row['language']}"
    digits = signed(row["value"]) if row["metric"] == "mean gain" else f"{row['value']:.1f}"
    names = {"accuracy": "", "f1": "F1", "exact_match": "EM", "mean gain": ""}
    return " ".join(part for part in (markup.text(of), names[row["metric"]], markup.text(digits)) if part)


def _print(experiment: Experiment, made: Sequence[Judged]) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..analysis.verdicts import counted

    table = Table(
        title=f"{experiment.title}: claims and verdicts",
        caption=f"{counted(one.verdict for one in made)}; "
        f"the smallest change worth a claim is {_margin():g} points.",
        show_lines=True,
    )
    table.add_column("id", no_wrap=True)
    table.add_column("claim", ratio=2)
    table.add_column("verdict")
    table.add_column("evidence", ratio=3)
    for one in made:
        table.add_row(one.claim.id, one.claim.claim, one.verdict.word, one.verdict.evidence)
    Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False).print(table)
