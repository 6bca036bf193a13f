"""The results of an experiment as people and programs read them: a table in the terminal, CSV, JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..analysis.statistics import student_interval
from ..experiment import Experiment
from ..runs.results import HEADLINE
from ..tasks.recipe import NONE

if TYPE_CHECKING:
    import pandas
    from rich.table import Table

Row = Mapping[str, Any]


def show(experiment: Experiment, rows: Sequence[Row], form: str) -> None:
    """Print the rows that summarise gives: as `table`, `csv` or `json`."""
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
    elif form == "json":
        content = [{key: _plain(value) for key, value in row.items()} for row in rows]
        print(json.dumps({"experiment": experiment.name, "results": content}, indent=1, ensure_ascii=False))
    else:
        _print(experiment, rows)


# What a person wants to see of a survey of the data; programs get every column.
_SURVEYED = (
    "task",
    "split",
    "language",
    "source",
    "revision",
    "rows",
    "expected",
    "repaired",
    "unlabelled",
    "labels",
    "licence",
)
_REVISION = 19  # characters of it: a hash of files whole, a commit cut short


def show_survey(rows: Sequence[Row], form: str) -> None:
    """Print what `xstilts data check` found: rows with the columns of sources.survey."""
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else list(_SURVEYED))
        writer.writeheader()
        writer.writerows(rows)
    elif form == "json":
        print(json.dumps(list(rows), indent=1, ensure_ascii=False))
    else:
        _print_survey(rows)


def _print_survey(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*_SURVEYED, "remarks", box=None, header_style="bold")
    for row in rows:
        cells = {name: "" if row[name] is None else str(row[name]) for name in _SURVEYED}
        cells["revision"] = cells["revision"].removeprefix("sha256:")[:_REVISION]
        remarks = row["problem"] or row["absent"] or row["notes"]
        style = "red" if row["problem"] else "dim" if row["absent"] else ""
        table.add_row(*cells.values(), f"not here: {remarks}" if row["absent"] else remarks, style=style)
    console = Console(width=None if sys.stdout.isatty() else 240, markup=False, emoji=False)
    console.print(table)
    held = [row for row in rows if row["rows"] is not None]
    number, repaired, unlabelled = (
        sum(row[name] for row in held) for name in ("rows", "repaired", "unlabelled")
    )
    found = f"{repaired:,} repaired" + (f", {unlabelled:,} without a label" if unlabelled else "")
    problems = sum(bool(row["problem"]) for row in rows)
    console.print(f"{len(held)} splits with {number:,} rows, {found}; problems: {problems}.")


def _plain(value: Any) -> Any:
    """Numbers to four digits after the point; None where there is no number."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def _print(experiment: Experiment, rows: Sequence[Row]) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, emoji=False)
    for each in experiment.each_model():
        own = [row for row in rows if row["model"] == each.model.name]
        if own:
            console.print(_table(each, own))


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
    cells = {(row["recipe"], row["target"]): row for row in rows}
    for recipe in (recipe.name for recipe in experiment.recipes):
        found = [cells.get((recipe, target)) for target in experiment.targets]
        table.add_row(recipe, *(cell(row) if row else "" for row in found))
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


def summarise(experiment: Experiment, table: pandas.DataFrame) -> list[dict[str, Any]]:
    """Recipes by targets: mean score over the non-English languages, interval over seeds, gain over `none`.

    A row has recipe, target, seeds (their number), english, mean, low, high, gain, gain_low, gain_high, in
    percent, and the name of the model. The interval is Student's t at 95 %; with one seed there is none
    (nan). A gain is paired: seed by seed.
    """
    return [row for each in experiment.each_model() for row in _of_model(each, table)]


def _of_model(experiment: Experiment, table: pandas.DataFrame) -> list[dict[str, Any]]:
    scores = table[(table["metric"] == HEADLINE) & (table["model"] == experiment.model.name)]
    foreign = _by_seed(scores[scores["language"] != "en"])
    english = _by_seed(scores[scores["language"] == "en"])
    found = []
    for recipe in (recipe.name for recipe in experiment.recipes):
        for target in experiment.targets:
            values = foreign.get((recipe, target), {})
            if not values:
                continue
            base = foreign.get((NONE, target), {})
            paired = [] if recipe == NONE else [seed for seed in values if seed in base]
            mean, low, high, *_ = student_interval(list(values.values()))
            gain, gain_low, gain_high, *_ = student_interval([values[seed] - base[seed] for seed in paired])
            in_english = student_interval(list(english.get((recipe, target), {}).values())).estimate
            found.append(
                {
                    "recipe": recipe, "target": target, "seeds": len(values), "english": in_english,
                    "mean": mean, "low": low, "high": high,
                    "gain": gain, "gain_low": gain_low, "gain_high": gain_high,
                    "model": experiment.model.name,
                }
            )  # fmt: skip
    return found


def _by_seed(scores: pandas.DataFrame) -> dict[tuple[str, str], dict[int, float]]:
    means = scores.groupby(["recipe", "target", "seed"], sort=True)["value"].mean()
    found: dict[tuple[str, str], dict[int, float]] = {}
    for (recipe, target, seed), value in means.items():
        found.setdefault((recipe, target), {})[int(seed)] = float(value)
    return found
