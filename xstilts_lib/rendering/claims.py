"""`xstilts claims`: every claim with its verdict on the results of an experiment, in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from ..workflow.analyses import QUESTIONS

if TYPE_CHECKING:
    from ..analysis.claims import Judged


def default(fallback: str = "miniature") -> str:
    """The experiment to put claims to: `questions` where it is finished or recorded, else `fallback`."""
    if QUESTIONS not in available():
        return fallback
    questions = load_experiment(QUESTIONS)
    there = records.path(questions).is_file() or not results.missing(questions)
    return QUESTIONS if there else fallback


def judged(experiment: Experiment, features: Path | None = None) -> list[Judged]:
    """Claims put to the results of an experiment; UserError where there are none.

    `features` is a folder with lang2vec's features, for the distances of real languages.
    """
    from ..analysis import claims, typology

    table = results.load(experiment)
    return claims.judged(table, typology.known(experiment, table["language"], features))


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


def _print(experiment: Experiment, made: Sequence[Judged]) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..analysis.verdicts import Terms, counted

    table = Table(
        title=f"{experiment.title}: claims and verdicts",
        caption=f"{counted(one.verdict for one in made)}; "
        f"the smallest change worth a claim is {Terms.margin:g} points.",
        show_lines=True,
    )
    table.add_column("id", no_wrap=True)
    table.add_column("claim", ratio=2)
    table.add_column("verdict")
    table.add_column("evidence", ratio=3)
    for one in made:
        table.add_row(one.claim.id, one.claim.claim, one.verdict.word, one.verdict.evidence)
    Console(width=None if sys.stdout.isatty() else 160, markup=False, emoji=False).print(table)
