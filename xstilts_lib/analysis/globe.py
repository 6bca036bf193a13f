"""A map of languages: where each is spoken, and how much of something was found in it.

>>> world = globe.world()                                             # doctest: +SKIP
>>> rows = globe.located(rows, world)                                 # doctest: +SKIP
>>> figure = globe.draw(rows, "centred", world, "names found, percent")         # doctest: +SKIP

There is no coastline in it. The languages of the world draw the continents: a small dot for each of those
that Glottolog places, in the edition that the package urielplus holds (CC BY-SA 4.0, so none of it is passed
on here). The projection is Equal Earth, in which areas compare as they do on the globe.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ..sources import names
from .labels import label
from .picture import BLACK, BLUE, GREY, ORANGE, RED, SKY, STYLE, WIDTH, hint
from .statistics import Array
from .typology import packaged

MIDDLE = 40.0  # degrees east: the meridian in the middle, far from which little is spoken
EQUAL_EARTH = {1: 1.340264, 3: -0.081106, 7: 0.000893, 9: 0.003796}  # of Šavrič, Patterson & Jenny (2019)
# Upper bound in percent, mark, size and colour: the more is found, the larger, from red to blue.
STEPS = ((20, "X", 5.5, RED), (40, "o", 3.6, ORANGE), (60, "o", 4.0, "#d8c9a0"), (80, "o", 4.4, SKY),
         (101, "o", 4.8, BLUE))  # fmt: skip
MARGIN, LATTICE = 0.05, 0.03  # around the languages of the world, and between their dots; radii of the globe
LEGEND = 0.5  # inches
EDGE = 0.4  # points: the line around a mark, in the ink of the page
SHARE = 0.9  # of the sum of two marks' radii, below which they are moved apart


def world() -> pd.DataFrame:
    """Every language of ISO 639-3 that Glottolog places, by its code: name, latitude, longitude, in degrees.

    Without rows where urielplus is not installed.
    """
    folder = packaged()
    if folder is None:
        return pd.DataFrame(columns=["name", "latitude", "longitude"], dtype=float)
    tables = folder.parent / "urielplus_csvs"
    known_by = pd.read_csv(tables / "uriel_glottocode_map.csv").set_index("iso_code")["glottocode"]
    table = pd.read_csv(tables / "lang_fam_geo.csv").set_index("language_id")
    placed = table[["language_name", "latitude", "longitude"]].dropna()
    found = known_by[known_by.isin(placed.index)]
    return placed.loc[found].set_axis(found.index).rename(columns={"language_name": "name"})


def located(rows: pd.DataFrame, world: pd.DataFrame) -> pd.DataFrame:
    """`rows` (code, name) with latitude and longitude, NaN where `world` does not place the language.

    One that stands there under several codes is in their middle. One that has no name but its code is called
    as it is there.
    """
    known = [world.loc[world.index.isin(names.iso3(code))] for code in rows["code"]]
    middle = pd.DataFrame([one[["latitude", "longitude"]].mean() for one in known], index=rows.index)
    titles = [one["name"].iloc[0] if len(one) else None for one in known]
    named = rows["name"].where(rows["name"] != rows["code"], titles)
    return rows.assign(name=named.fillna(rows["code"])).join(middle)


def project(longitude: Array, latitude: Array) -> Array:
    """Equal Earth, around `MIDDLE`: (2, places) in radii of the globe."""
    along = np.radians((np.asarray(longitude) - MIDDLE + 180) % 360 - 180)
    slope = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(np.asarray(latitude))))
    up = sum(factor * slope**power for power, factor in EQUAL_EARTH.items())
    steepness = sum(factor * power * slope ** (power - 1) for power, factor in EQUAL_EARTH.items())
    return np.stack([2 * np.sqrt(3) * along * np.cos(slope) / (3 * steepness), up])


def draw(rows: pd.DataFrame, value: str, world: pd.DataFrame, unit: str) -> Figure:
    """A mark for each of `rows` that has a place (name, `value` in percent, latitude, longitude), over a dot
    for each language of `world`.

    Marks that would cover each other are moved apart. Those of the lowest step stand out: they are crosses,
    with their names. The others' names are hints that a pointer brings up.
    """
    rows = rows.dropna(subset=["latitude", value])
    dots = project(world["longitude"], world["latitude"])
    (left, low), (right, high) = dots.min(axis=1) - MARGIN, dots.max(axis=1) + MARGIN
    scale = 72 * WIDTH / (right - left)  # points for one radius of the globe
    height = (high - low) * scale / 72
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height + LEGEND))
        axes = figure.add_axes((0, 0, 1, height / (height + LEGEND)))
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.axis("off")
    steps = np.searchsorted([step[0] for step in STEPS], rows[value], side="right")
    sizes = np.array([STEPS[step][2] + EDGE for step in steps])
    at = apart(project(rows["longitude"], rows["latitude"]) * scale, SHARE * sizes / 2) / scale
    for (x, y), step, row in zip(at.T, steps, rows.to_dict("records"), strict=True):
        (mark,) = axes.plot(x, y, **_look(step))
        mark.set_gid(hint(f"{row['name']}: {row[value]:.0f} %"))
    lowest = {int(place): rows["name"].iloc[place] for place in np.flatnonzero(steps == 0)}
    _dots(axes, dots, label(axes, at, sizes, lowest))
    handles = [Line2D([], [], **_look(step)) for step in range(len(STEPS))]
    bounds = [0, *(step[0] for step in STEPS[:-1]), 100]
    words = [f"{least}\N{EN DASH}{most}" for least, most in pairwise(bounds)]
    figure.legend(handles, words, title=unit, loc="upper center", ncols=len(STEPS), frameon=False,
                  handlelength=1, handletextpad=0.2, borderpad=0)  # fmt: skip
    return figure


def apart(at: Array, radii: Array, rounds: int = 300) -> Array:
    """Places (2, marks) moved as little as it takes for no two to be nearer than their radii together."""
    turn = 2.4 * np.arange(at.shape[1])  # by the golden angle: marks on one place part in all directions
    at = at + 0.01 * np.stack([np.cos(turn), np.sin(turn)])
    least = radii[:, None] + radii[None, :]
    for _ in range(rounds):
        away = at[:, :, None] - at[:, None, :]
        far = np.hypot(*away) + np.eye(len(radii)) * 1e9
        push = np.maximum(0, least - far) / 2
        if not push.any():
            break
        at = at + (away / far * push).sum(axis=2)
    return at


def _dots(axes: Axes, dots: Array, covered: Array) -> None:
    """The languages of the world on a lattice, as one path of points; none where something stands already."""
    kept = np.unique(np.round(dots / LATTICE), axis=1).T * LATTICE
    under = (kept[:, None] >= covered[:, :2]) & (kept[:, None] <= covered[:, 2:])
    kept = kept[~under.all(axis=2).any(axis=1)]
    path = Path(np.repeat(kept, 2, axis=0), np.tile([Path.MOVETO, Path.LINETO], len(kept)))
    path.should_simplify = False
    axes.add_patch(PathPatch(path, edgecolor=GREY, linewidth=1.1, alpha=0.6, capstyle="round", fill=False))


def _look(step: int) -> dict[str, Any]:
    """How a mark of a step looks."""
    _, marker, size, colour = STEPS[step]
    return {"marker": marker, "markersize": size, "color": colour, "linestyle": "none",
            "markeredgecolor": BLACK, "markeredgewidth": EDGE, "clip_on": False}  # fmt: skip
