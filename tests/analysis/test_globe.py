"""The map of languages: places, projection, and marks and words that do not cover each other."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import globe
from xstilts_lib.analysis.picture import Picture

CODES = ("zu", "sr", "sr-Latn", "lld", "mn", "dz", "bo", "tok")


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return globe.world()


@pytest.fixture(scope="module")
def rows(world: pd.DataFrame) -> pd.DataFrame:
    names = ["Zulu", "Serbian", "Serbian (Latin)", "lld", "Mongolian", "Dzongkha", "Tibetan", "Toki Pona"]
    found = [88.0, 80.0, 84.0, 72.0, 61.0, 2.0, 3.0, 33.0]
    return globe.located(pd.DataFrame({"code": CODES, "name": names, "found": found}), world)


def test_the_projection_is_equal_earth() -> None:
    """The width of the equator and the height of the pole are 2√3π / 3·1.340264 and 1.31737 radii."""
    east = globe.project(globe.MIDDLE + 179.9999, 0.0)
    assert east == pytest.approx([2.70663, 0], abs=1e-4)
    assert globe.project(globe.MIDDLE, 90.0) == pytest.approx([0, 1.3173628], abs=1e-6)
    assert globe.project(globe.MIDDLE - 360, -90.0) == pytest.approx([0, -1.3173628], abs=1e-6)
    degrees = np.array(
        [[-60.0, 10.0], [-59.9, 10.0], [-60.0, 10.1], [20.0, 60.0], [20.1, 60.0], [20.0, 60.1]]
    )
    at = globe.project(*degrees.T)
    areas = [np.linalg.det(np.stack([at[:, k + 1] - at[:, k], at[:, k + 2] - at[:, k]])) for k in (0, 3)]
    assert areas[0] / areas[1] == pytest.approx(np.cos(np.pi / 18) / np.cos(np.pi / 3), rel=0.01)


def test_languages_are_where_they_are_spoken(rows: pd.DataFrame, world: pd.DataFrame) -> None:
    assert len(world) > 7000
    at = rows.set_index("code")
    assert -32 < at.loc["zu", "latitude"] < -26
    assert 28 < at.loc["zu", "longitude"] < 33
    assert at.loc["sr", "latitude"] == at.loc["sr-Latn", "latitude"], "one language, two scripts"
    assert at.loc["mn", "longitude"] == pytest.approx(world.loc[["drh", "khk", "mon"], "longitude"].mean())
    assert (at.loc["lld", "name"], at.loc["zu", "name"]) == ("Ladin", "Zulu"), "a code is no name"
    assert at["latitude"].isna().sum() == 1, "Toki Pona is at home nowhere"


def test_marks_are_moved_apart_and_no_farther() -> None:
    at = np.array([[0.0, 0.0, 0.5, 9.0], [0.0, 0.0, 0.0, 9.0]])
    radii = np.array([1.0, 0.5, 1.0, 1.0])
    moved = globe.apart(at, radii)
    for one, other in combinations(range(4), 2):
        assert np.hypot(*(moved[:, one] - moved[:, other])) > 0.99 * (radii[one] + radii[other])
    assert np.hypot(*(moved - at)[:, 3]) < 0.02, "what covers nothing stays"


def test_a_map_names_what_is_hardly_found(rows: pd.DataFrame, world: pd.DataFrame) -> None:
    figure = globe.draw(rows, "found", world, "names found, percent")
    (axes,) = figure.axes
    assert sorted(text.get_text() for text in axes.texts) == ["Dzongkha", "Tibetan"]
    one, other = (text.get_window_extent() for text in axes.texts)
    assert not one.overlaps(other)
    svg = Picture(figure, "A map.").svg
    hints = re.findall(r"<g>\s*<title>(.*?)</title>", svg)
    assert {"Zulu: 88 %", "Ladin: 72 %", "Serbian (Latin): 84 %"} < set(hints)
    assert len(hints) == len(rows) - 1
    assert len(svg) < 100_000, "the world is one path"
