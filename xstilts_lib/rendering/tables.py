"""Results, claims and what was found of data sets, as people and programs read them: a table in the terminal,
CSV, JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.statistics import student_interval
from ..experiment import Experiment, available, load_experiment
from ..runs import records, results
from ..runs.results import HEADLINE
from ..tasks.recipe import NONE
from ..workflow.analyses import QUESTIONS

if TYPE_CHECKING:
    import pandas
    from rich.console import Console
    from rich.table import Table

Row = Mapping[str, Any]


def show(experiment: Experiment, rows: Sequence[Row], form: str) -> None:
    """Print the rows that summarise gives: as `table`, `csv` or `json`."""
    plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
    if form != "table":
        return _data(form, plain, rows[0], {"experiment": experiment.name, "results": plain})
    console = _console(200)
    for each in experiment.each_model():
        own = [row for row in rows if row["model"] == each.model.name]
        if own:
            console.print(_table(each, own))


def _data(form: str, rows: Sequence[Row], columns: Iterable[str], content: Any) -> None:
    """Print for programs: the rows as CSV, or `content` as JSON."""
    if form == "json":
        print(json.dumps(content, indent=1, ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, list(columns))
    writer.writeheader()
    writer.writerows(rows)


def _console(width: int) -> Console:
    """The terminal, or where there is none a page of so many columns."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else width, markup=False, emoji=False)


def _plain(value: Any) -> Any:
    """Numbers to four digits after the point; None where there is no number."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def _table(experiment: Experiment, rows: Sequence[Row]) -> Table:
    from rich.table import Table

    seeds = sorted({row["seeds"] for row in rows})
    number = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    table = Table(
        title=f"{experiment.title}, {experiment.model.name}: mean over the non-English languages, in percent",
        caption=f"± is half of Student's 95 % interval over seeds; seeds: {number}. "
        f"In brackets the gain over {NONE!r}, seed by seed.",
    )
    table.add_column("recipe", no_wrap=True)
    for target in experiment.targets:
        table.add_column(target, justify="right")
    cells = {(row["recipe"], row["target"]): cell(row) for row in rows}
    for recipe in experiment.recipes:
        table.add_row(recipe.name, *(cells.get((recipe.name, target), "") for target in experiment.targets))
    return table


def cell(row: Row) -> str:
    """Mean and half interval, and under them the gain over `none` with its own.

    >>> nan = math.nan
    >>> cell({"recipe": "mini_squad", "mean": 50.0, "low": nan, "gain": 2.5, "gain_low": nan})
    '50.0\\n(+2.5)'
    """
    text = f"{row['mean']:.1f}{_half(row['mean'], row['low'])}"
    if math.isnan(row["gain"]):
        return text
    return f"{text}\n({row['gain']:+.1f}{_half(row['gain'], row['gain_low'])})"


def _half(mean: float, low: float) -> str:
    return "" if math.isnan(low) else f" ±{mean - low:.1f}"


# What a person wants to see of a survey of the data; programs get every column.
_SURVEYED = (
    "task", "split", "language", "source", "revision", "rows", "expected", "repaired", "unlabelled", "labels",
    "licence",
)  # fmt: skip
_REVISION = 19  # characters of it: a hash of files whole, a commit cut short


def show_survey(rows: Sequence[Row], form: str) -> None:
    """Print what `xstilts data check` found: rows with the columns of sources.survey."""
    from rich.table import Table

    if form != "table":
        return _data(form, rows, rows[0] if rows else _SURVEYED, list(rows))

    table = Table(*_SURVEYED, "remarks", box=None, header_style="bold")
    for row in rows:
        cells = {name: "" if row[name] is None else str(row[name]) for name in _SURVEYED}
        cells["revision"] = cells["revision"].removeprefix("sha256:")[:_REVISION]
        remarks = row["problem"] or row["absent"] or row["notes"]
        style = "red" if row["problem"] else "dim" if row["absent"] else ""
        table.add_row(*cells.values(), f"not here: {remarks}" if row["absent"] else remarks, style=style)
    console = _console(240)
    console.print(table)
    held = [row for row in rows if row["rows"] is not None]
    number, repaired, unlabelled = (
        sum(row[name] for row in held) for name in ("rows", "repaired", "unlabelled")
    )
    found = f"{repaired:,} repaired" + (f", {unlabelled:,} without a label" if unlabelled else "")
    problems = sum(bool(row["problem"]) for row in rows)
    console.print(f"{len(held)} splits with {number:,} rows, {found}; problems: {problems}.")


def claimant(fallback: str = "miniature") -> str:
    """The experiment to put claims to: `questions` where it is finished or recorded, else `fallback`."""
    if QUESTIONS not in available():
        return fallback
    questions = load_experiment(QUESTIONS)
    there = records.path(questions).is_file() or not results.missing(questions)
    return QUESTIONS if there else fallback


def show_claims(experiment: Experiment, features: Path | None, form: str) -> None:
    """Print claims with their verdicts on the results of an experiment; UserError where there are none.

    `features` is a folder with lang2vec's features, for the distances of real languages.
    """
    from rich.table import Table

    from ..analysis import claims, typology
    from ..analysis.verdicts import Terms, counted

    scores = results.load(experiment)
    experiment = results.as_recorded(experiment)
    known = typology.known(experiment, scores["language"], features)
    made = claims.judged(claims.overview(scores, known, plan=experiment))
    if form != "table":
        frame = claims.table(made).round(6)
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return _data(form, rows, frame.columns, {"experiment": experiment.name, "claims": rows})
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
    _console(160).print(table)


def summarise(experiment: Experiment, table: pandas.DataFrame) -> list[dict[str, Any]]:
    """Recipes by targets: mean score over the non-English languages, interval over seeds, gain over `none`.

    A row has recipe, target, seeds (their number), english, mean, low, high, gain, gain_low, gain_high, in
    percent, and the name of the model. The interval is Student's t at 95 %; with one seed there is none
    (nan). A gain is paired: seed by seed.
    """
    return [row for each in experiment.each_model() for row in _of_model(each, table)]


def _of_model(experiment: Experiment, table: pandas.DataFrame) -> Iterator[dict[str, Any]]:
    scores = table[(table["metric"] == HEADLINE) & (table["model"] == experiment.model.name)]
    english = _by_seed(scores[scores["language"] == "en"])
    foreign = _by_seed(scores[scores["language"] != "en"])
    pairs = [(recipe.name, target) for recipe in experiment.recipes for target in experiment.targets]
    for recipe, target in pairs:
        values, base = foreign.get((recipe, target), {}), foreign.get((NONE, target), {})
        if not values:
            continue
        gains = [value - base[seed] for seed, value in values.items() if seed in base and recipe != NONE]
        mean, low, high, *_ = student_interval(list(values.values()))
        gain, gain_low, gain_high, *_ = student_interval(gains)
        yield {
            "recipe": recipe, "target": target, "seeds": len(values),
            "english": student_interval(list(english.get((recipe, target), {}).values())).estimate,
            "mean": mean, "low": low, "high": high,
            "gain": gain, "gain_low": gain_low, "gain_high": gain_high,
            "model": experiment.model.name,
        }  # fmt: skip


def _by_seed(scores: pandas.DataFrame) -> dict[tuple[str, str], dict[int, float]]:
    found: dict[tuple[str, str], dict[int, float]] = {}
    for (recipe, target, seed), value in scores.groupby(["recipe", "target", "seed"])["value"].mean().items():
        found.setdefault((recipe, target), {})[int(seed)] = float(value)
    return found
