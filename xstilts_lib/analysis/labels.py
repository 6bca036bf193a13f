"""Words beside the marks of a figure, where nothing is in the way.

>>> label(axes, places, sizes, {0: "Zulu"})                           # doctest: +SKIP
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from .picture import BLACK
from .statistics import Array

ROOM = 18  # characters: what is longer stands on two lines


def label(axes: Axes, at: Array, sizes: Array, words: Mapping[int, str]) -> Array:
    """Words near some of the marks at `at` (2, marks), in units of the axes, of `sizes` (marks,) in points; a
    thin line leads to those that found no room beside their mark.

    The limits of the axes, and their place in the figure, must be settled. Returns what is covered then, by
    marks and by words: (left, low, right, high) of each, in units of the axes.
    """
    figure = axes.get_figure(root=True)
    renderer, point = FigureCanvasAgg(figure).get_renderer(), figure.dpi / 72
    pixels, back = axes.transData, axes.transData.inverted()
    turns, steps = np.meshgrid(np.linspace(0, 2 * np.pi, 24, endpoint=False), np.arange(1, 130) * point)
    ways, steps = np.stack([np.cos(turns), np.sin(turns)]).reshape(2, -1), steps.ravel()
    marks, radii = pixels.transform(at.T).T, np.asarray(sizes) * point / 2
    taken = np.vstack([marks - radii, marks + radii]).T
    low, high = axes.bbox.min, axes.bbox.max
    for mark, text in sorted(words.items(), key=lambda item: -len(item[1])):  # the longest needs most room
        shown = axes.text(0, 0, textwrap.fill(text, ROOM), fontsize=9, ha="center", va="center")
        box, here = shown.get_window_extent(renderer), marks[:, mark]
        half = np.array([[box.width], [box.height]]) / 2
        middles = here[:, None] + (half + radii[mark] + steps) * ways
        boxes = np.vstack([middles - half, middles + half]).T
        outside = (boxes[:, :2] < low).any(axis=1) | (boxes[:, 2:] > high).any(axis=1)
        above, below = boxes[:, None, 2:] > taken[:, :2], boxes[:, None, :2] < taken[:, 2:]
        hidden = outside | (above & below).all(axis=2).any(axis=1)
        ends = np.clip(here, boxes[:, :2], boxes[:, 2:])
        best = np.argmin(np.hypot(*(ends - here).T) * (1 + 0.1 * _crossed(here, ends, taken)) + 1e9 * hidden)
        shown.set_position(back.transform(middles[:, best]))
        taken = np.vstack([taken, boxes[best]])
        if steps[best] > 3 * point:
            line = back.transform(np.stack([here, ends[best]])).T
            axes.plot(*line, color=BLACK, linewidth=0.6, zorder=1)
    return np.hstack([back.transform(taken[:, :2]), back.transform(taken[:, 2:])])


def _crossed(here: Array, ends: Array, taken: Array) -> Array:
    """How much of `taken` each line from `here` to one of `ends` crosses, in points along it."""
    lines = np.linspace(here, ends, 30)[:, :, None]
    return ((lines > taken[:, :2]) & (lines < taken[:, 2:])).all(axis=3).sum(axis=(0, 2))
