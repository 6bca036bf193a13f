"""Figures of the chapters: functions return a matplotlib Figure and show nothing; a cell shows a `Picture`.

>>> from xstilts_lib.analysis import figures
>>> figure = figures.gain_dots(summary, per_seed)                   # doctest: +SKIP
>>> figures.Picture(figure, alt="Gain in points ...")     # doctest: +SKIP

One house style: the page's own letters, ink and ground (`picture`), so that a figure is read on a dark page
as on a light one; narrow enough to be legible on a phone; a palette that colour-blind readers can tell apart
(Okabe & Ito 2008), and no meaning in colour alone: there is always a shape, a line style or a word with it.
Intervals are drawn wherever they exist, and so is the zero of a gain.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from ..tasks import task
from .gains import RETRIEVAL, ordered
from .labels import label
from .picture import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, STYLE, WIDTH
from .picture import Picture as Picture
from .typology import DISTANCE, RESOURCES
from .wording import short, signed, size

NONE = "no such run in this experiment"
LETTERS = 13  # that stand on an inch
GAIN = "gain over the untouched encoder, points"
# Marks and lines differ in shape, fill and dash, and in colour besides.
LOOKS = (
    ("o", BLUE, BLUE, "-"),
    ("s", "white", ORANGE, "--"),
    ("D", GREEN, GREEN, ":"),
    ("v", "white", PURPLE, "-."),
    ("^", RED, RED, "-"),
)


def gain_dots(summary: pd.DataFrame, per_seed: pd.DataFrame | None = None, unit: str = GAIN) -> Figure:
    """Gains with their intervals: a panel a target, a row a recipe; from gains.summary.

    A filled dot has an interval that excludes zero. `per_seed` (recipe, target, seed, gain) adds a tick for
    each seed. Retrieval moves by tens of points where the rest moves by few, and has a scale of its own.
    """
    recipes, targets = ordered(summary["recipe"]), list(dict.fromkeys(summary["target"]))
    names = [short(name) for name in recipes]
    places, lines = rows_of(names)
    figure, panels = panel_grid([0.55 + 0.21 * lines] * len(targets), share="y")
    for axes, target in zip(panels, targets, strict=False):
        part = summary[summary["target"] == target].set_index("recipe").reindex(recipes)
        if per_seed is not None:
            seeds = per_seed[(per_seed["target"] == target) & per_seed["recipe"].isin(recipes)]
            at = seeds["recipe"].map(dict(zip(recipes, places, strict=True)))
            axes.plot(seeds["gain"], at, "|", color=GREY, markersize=7)
        _estimates(axes, part, places)
        axes.axvline(0, color=BLACK, linewidth=0.8)
        axes.set_title(short(target), loc="left")
        axes.set_yticks(places, names)
        axes.set_ylim(lines, 0)
    for without_training in (False, True):
        alike = [
            axes
            for axes, target in zip(panels, targets, strict=False)
            if (task(target).group == RETRIEVAL) is without_training
        ]
        ends = [end for axes in alike for end in axes.get_xlim()]
        for axes in alike:
            axes.set_xlim(min(ends), max(ends))
    label_outer(panels, unit)
    return figure


def language_dots(
    summaries: dict[str, pd.DataFrame],
    languages: Sequence[str],
    unit: str = "score",
    by: str = "language",
    named: Callable[[str], str] = str,
) -> Figure:
    """Scores by language, a panel a target, a mark for each of up to four named summaries.

    A summary has target, language, estimate, low and high. `languages` gives the order, the first on top; a
    panel shows those that its target has. Marks differ in shape, fill and colour. Rows may be other things
    than languages: those in the column `by`, called by `named`, on several lines where need be.
    """
    everything = pd.concat(summaries.values())
    targets = list(dict.fromkeys(everything["target"]))
    shown = {name: set(everything.loc[everything["target"] == name, by]) for name in targets}
    rows = {name: [code for code in languages if code in shown[name]] for name in targets}
    where = {name: rows_of([named(code) for code in rows[name]]) for name in targets}
    figure, panels = panel_grid([0.5 + 0.2 * lines for _, lines in where.values()], legend=True)
    spread = np.linspace(-0.2, 0.2, len(summaries)) if len(summaries) > 1 else [0.0]
    for axes, target in zip(panels, targets, strict=False):
        places, lines = where[target]
        for (name, table), look, shift in zip(summaries.items(), LOOKS, spread, strict=False):
            marker, face, edge, _ = look
            part = table[table["target"] == target].set_index(by).reindex(rows[target])
            axes.errorbar(
                part["estimate"], places + shift, xerr=reach(part), fmt=marker, color=edge,
                markerfacecolor=face, markersize=5, elinewidth=1, label=short(name),
            )  # fmt: skip
        if "points" in unit:
            axes.axvline(0, color=BLACK, linewidth=0.8)
        axes.set_title(short(target), loc="left")
        axes.set_yticks(places, [named(code) for code in rows[target]])
        axes.set_ylim(lines, 0)
    label_outer(panels, unit, legend=True)
    return figure


def heatmap(
    summary: pd.DataFrame, rows: Sequence[str], by: str = "language", names: Sequence[str] = ()
) -> Figure:
    """Gains as a grid of numbers, `by` down and recipes across; the sign is written, the colour repeats it.

    `names` are what the rows are called, where not by their codes. An asterisk marks an interval that
    excludes zero.
    """
    if summary.empty:
        return panel_grid([])[0]
    recipes = ordered(summary["recipe"])
    summary = summary.assign(sure=(summary["low"] > 0) | (summary["high"] < 0))
    wide, sure = (
        summary.pivot(index=by, columns="recipe", values=value).reindex(index=rows, columns=recipes)
        for value in ("estimate", "sure")
    )
    texts = [
        [_cell(value, mark) for value, mark in zip(*pair, strict=True)]
        for pair in zip(wide.to_numpy(dtype=float), sure.to_numpy() == 1, strict=True)
    ]
    with matplotlib.rc_context(STYLE | {"axes.grid": False}):
        width = min(WIDTH, 2.2 + 0.6 * len(recipes))
        figure = Figure(figsize=(width, 1.5 + 0.3 * len(rows)), layout="constrained")
        axes = figure.subplots()
        # Numbers say it all, so there is no colour bar; the strongest colours, hard to read on, are left out.
        most = 2.2 * np.nanmax(np.abs(wide.to_numpy(dtype=float)), initial=1.0)
        sns.heatmap(
            wide, ax=axes, cmap="PuOr", vmin=-most, vmax=most, cbar=False, linewidths=1, linecolor="white",
            annot=np.array(texts, dtype=object), fmt="", annot_kws={"size": 9, "color": INK},
            yticklabels=list(names) or list(rows),
        )  # fmt: skip
        axes.set_xticks(
            np.arange(len(recipes)) + 0.5, [short(name) for name in recipes], rotation=45, ha="right"
        )
        axes.tick_params(axis="y", rotation=0)
        axes.tick_params(length=0)
        axes.set(xlabel="", ylabel="")
    return figure


def by_distance(
    means: pd.DataFrame, table: pd.DataFrame, unit: str = "score", named: Callable[[str], str] = str
) -> Figure:
    """Means by language (typology.by_language) against the distance from English, each point with its name,
    which `named` says.

    Where no distance is known, the languages stand below each other, from the highest mean to the lowest.
    """
    joined = means.merge(table, left_on="language", right_on="code")
    joined = joined.sort_values("estimate", ascending=False).reset_index(drop=True)
    known = joined[DISTANCE].nunique() > 1
    figure, (axes,) = panel_grid([2.85 if known else 0.45 + 0.2 * len(joined)], legend=known)
    if not known:
        axes.errorbar(
            joined["estimate"], joined.index, xerr=reach(joined), fmt="o", color=BLUE, elinewidth=1.2
        )
        axes.set_yticks(joined.index, joined["code"].map(named))
        axes.set(ylim=(len(joined) - 0.5, -0.5), xlabel=unit)
        return figure
    # Languages at the same distance stand beside each other, so that their bars can be told apart.
    joined["at"] = joined[DISTANCE] + 0.015 * np.ptp(joined[DISTANCE]) * joined.groupby(DISTANCE).cumcount()
    poor = joined[RESOURCES] < joined[RESOURCES].max()
    for part, face, words in ((joined[~poor], BLUE, "most text"), (joined[poor], "white", "less text")):
        if len(part):
            axes.errorbar(
                part["at"], part["estimate"], yerr=reach(part), fmt="o", color=BLUE, markerfacecolor=face,
                elinewidth=1.2, label=words if poor.any() else None,
            )  # fmt: skip
    axes.margins(x=0.12)
    axes.set(xlabel="distance from English", ylabel=unit)
    if poor.any():
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
    figure.draw_without_rendering()  # which settles where the axes stand
    places = np.stack([joined["at"], joined["estimate"]])
    label(axes, places, np.full(len(joined), 7), dict(enumerate(joined["code"].map(named))))
    return figure


def against(
    summary: pd.DataFrame,
    x: str,
    by: str = "recipe",
    panel: str = "target",
    axis: str = "",
    unit: str = GAIN,
    log: bool = False,
    joined: bool = True,
    named: Callable[[str], str] = short,
    tick: Callable[[float], str] = size,
) -> Figure:
    """Estimates with their intervals against the number in column `x`: a panel for each value of `panel`, a
    mark and a line for each of up to five values of `by`.

    From gains.summary, with `x` as a further column. A filled line at zero is drawn where the unit is a gain.
    With `joined` false there are marks and no lines, for values that stand in no order. `named` gives the
    words of the legend, `tick` those of a mark on a logarithmic axis; `axis` stands under the figure (the
    name of the column, if empty).
    """
    names = list(dict.fromkeys(summary[panel]))
    groups = list(dict.fromkeys(summary[by]))
    if len(groups) > len(LOOKS):
        raise ValueError(f"a figure tells at most {len(LOOKS)} lines apart, not {len(groups)}")
    figure, axes_of = panel_grid([2.1] * len(names), legend=len(groups) > 1, share="")
    # Marks stand beside each other by shares of the axis, so that their bars can be told apart.
    shifts = np.linspace(-0.02, 0.02, len(groups)) if len(groups) > 1 else [0.0]
    for axes, name in zip(axes_of, names, strict=True):
        here = summary[summary[panel] == name]
        for shift, (marker, face, edge, dash), group in zip(shifts, LOOKS, groups, strict=False):
            part = here[here[by] == group].sort_values(x)
            at = part[x].to_numpy(dtype=float)
            width = np.ptp(np.log(at) if log else at) if len(at) else 0.0
            axes.errorbar(
                at * np.exp(shift * width) if log else at + shift * width, part["estimate"], yerr=reach(part),
                marker=marker, color=edge, markerfacecolor=face, markersize=5, elinewidth=1.2, linewidth=1.2,
                linestyle=dash if joined else "none", label=" ".join(named(str(group)).split()),
            )  # fmt: skip
        if "gain" in unit or "less" in unit:
            axes.axhline(0, color=BLACK, linewidth=0.8)
        axes.set_title(short(str(name)), loc="left")
        _ticks(axes, here[x], tick if log else None)
    if axes_of:
        label_outer(axes_of, axis or x, unit, legend=len(groups) > 1)
    return figure


def clouds(panels: Mapping[str, np.ndarray], groups: Sequence[str], joined: int) -> Figure:
    """Points on a plane, in the same scale in every panel: {title: (groups, points, 2)}, a mark a group.

    A thin line joins the points at `joined`, one of each group. The axes have no ticks: only distances count.
    """
    points = np.concatenate(list(panels.values()), axis=1)
    least, most = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    across, up = 1.1 * (most - least)
    figure, grid = panel_grid([0.45 * WIDTH * up / across + 0.25] * len(panels), legend=True)
    for axes, (title, each) in zip(grid, panels.items(), strict=True):
        for name, (marker, face, edge, _), part in zip(groups, LOOKS, each, strict=False):
            look = {"color": edge, "markerfacecolor": face, "markersize": 4, "markeredgewidth": 0.8}
            axes.plot(*part.T, marker, label=name, **look)
        axes.plot(*each[:, joined].T, color=BLACK, linewidth=1)
        axes.set_title(title, loc="left")
        axes.set(xlim=(least[0] - across / 20, most[0] + across / 20), xticks=[], yticks=[],
                 ylim=(least[1] - up / 20, most[1] + up / 20))  # fmt: skip
    handles = grid[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper left", ncols=3, frameon=False, handlelength=1)
    return figure


def panel_grid(
    heights: Sequence[float], legend: bool = False, share: str = "xy"
) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each of `heights` (inches), two abreast if all are alike; `share` names the
    axes that all have in common."""
    count = max(1, len(heights))
    alike = len(set(heights)) < 2
    columns = min(2, count) if alike else 1
    rows = math.ceil(count / columns)
    ratios = [heights[0] if heights else 1.0] * rows if alike else list(heights)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, sum(ratios) + 0.35 + 0.45 * legend), layout="constrained")
        grid = list(
            figure.subplots(
                rows,
                columns,
                sharex="x" in share,
                sharey="y" in share and alike,
                squeeze=False,
                height_ratios=ratios,
            ).flat
        )
    for axes in grid[count:]:
        axes.remove()
    if not heights:
        grid[0].text(0.5, 0.5, NONE, ha="center", transform=grid[0].transAxes)
    for axes in grid[max(0, count - columns) : count]:
        axes.tick_params(labelbottom=True)  # the last of each column, even above a removed one
    return figure, grid[:count]


def rows_of(names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Where rows stand that are named so, in lines of text from the top, and how many lines there are."""
    lines = np.array([name.count("\n") + 1 for name in names], dtype=int)
    return np.cumsum(lines) - lines / 2, int(lines.sum()) or 1


def label_outer(panels: Sequence[Axes], x: str, y: str = "", legend: bool = False) -> None:
    """Words for both axes, once for all panels, and above them a legend of what the first one shows."""
    figure = panels[0].get_figure(root=True)
    if legend:
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper left", ncols=2, frameon=False)
    figure.supxlabel(x, fontsize=10)
    if y:  # on two lines where it is longer than the figure is high
        room = int(LETTERS * figure.get_figheight())
        figure.supylabel("\n".join(textwrap.wrap(y, room)), fontsize=10)


def _estimates(axes: Axes, part: pd.DataFrame, places: np.ndarray) -> None:
    """Dots with bars; filled where the interval excludes zero."""
    sure = ((part["low"] > 0) | (part["high"] < 0)).to_numpy()
    for mask, face in ((sure, BLUE), (~sure, "white")):
        if mask.any():
            axes.errorbar(
                part["estimate"][mask], places[mask], xerr=reach(part[mask]), fmt="o", color=BLUE,
                markerfacecolor=face, markersize=5, elinewidth=1.4,
            )  # fmt: skip


def reach(part: pd.DataFrame) -> np.ndarray:
    """How far the bars reach to both sides of the estimates; none where there is no interval."""
    sides = [part["estimate"] - part["low"], part["high"] - part["estimate"]]
    return np.nan_to_num(np.array(sides, dtype=float))


def _cell(value: float, sure: bool) -> str:
    return "" if math.isnan(value) else signed(value, 0 if abs(value) >= 10 else 1) + ("*" if sure else "")


def _ticks(axes: Axes, values: pd.Series, words: Callable[[float], str] | None) -> None:
    """On a logarithmic axis (with `words`), and where there are few values, a tick at each of them."""
    found = np.unique(values.dropna().to_numpy(dtype=float))
    if words:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(list(found)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([words(value) for value in found])
    elif len(found) <= 6 and np.all(found == np.round(found)):
        axes.set_xticks(found)
    axes.margins(x=0.12)
