"""Figures of estimates against a number: a size, a count of tasks, a distance; in the style of `figures`.

>>> from xstilts_lib.analysis import curves, figures
>>> figure = curves.against(summary, "parameters", log=True)        # doctest: +SKIP
>>> figures.Picture(figure, alt="Gain against size ...")            # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from .figures import BLACK, BLUE, GAIN, GREEN, ORANGE, PURPLE, RED, label_outer, panel_grid, reach
from .wording import short

# Lines differ in marker, fill and dash, and in colour besides.
LOOKS = (
    ("o", BLUE, BLUE, "-"),
    ("s", "white", ORANGE, "--"),
    ("D", GREEN, GREEN, ":"),
    ("v", "white", PURPLE, "-."),
    ("^", RED, RED, "-"),
)


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
) -> Figure:
    """Estimates with their intervals against the number in column `x`: a panel for each value of `panel`, a
    mark and a line for each of up to five values of `by`.

    From gains.summary, with `x` as a further column. A filled line at zero is drawn where the unit is a gain.
    With `joined` false there are marks and no lines, for values that stand in no order. `named` gives the
    words of the legend; `axis` those under the figure (the name of the column, if empty).
    """
    names = list(dict.fromkeys(summary[panel]))
    groups = list(dict.fromkeys(summary[by]))
    if len(groups) > len(LOOKS):
        raise ValueError(f"a figure tells at most {len(LOOKS)} lines apart, not {len(groups)}")
    figure, axes_of = panel_grid([2.1] * len(names), legend=len(groups) > 1, share=False)
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
        _ticks(axes, here[x], log)
    if len(groups) > 1 and axes_of:
        handles = axes_of[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper left", ncols=2, frameon=False)
    if axes_of:
        label_outer(axes_of, axis or x, unit)
    return figure


def _ticks(axes: Axes, values: pd.Series, log: bool) -> None:
    """On a logarithmic axis, and where there are few values, a tick at each of them."""
    found = np.unique(values.dropna().to_numpy(dtype=float))
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(list(found)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([size(value) for value in found])
    elif len(found) <= 6 and np.all(found == np.round(found)):
        axes.set_xticks(found)
    axes.margins(x=0.12)


def size(parameters: float) -> str:
    """A number of parameters as an axis names it.

    >>> size(131072), size(560e6), size(10.7e9)
    ('0.13M', '560M', '10.7B')
    """
    for unit, name in ((1e9, "B"), (1e6, "M")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{name}"
    return f"{parameters / 1e6:.2g}M"
