"""Whole tables: the same numbers as cell by cell, corrected over all cells, and quickly."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import tables as t
from xstilts_lib.analysis.crossed import bootstrap_interval
from xstilts_lib.analysis.intervals import holm, student_interval, student_p


@pytest.fixture
def values() -> np.ndarray:
    """Three recipes, four targets, five seeds, six languages; one cell was not run, one seed is absent."""
    values = np.random.default_rng(0).normal(1, 2, (3, 4, 5, 6))
    values[1, 2] = np.nan
    values[2, 0, 4] = np.nan
    return values


def test_cells_are_those_of_one_at_a_time(values) -> None:
    means = values[..., 0]
    found = t.table(means, ["a", "b", "c"], ["w", "x", "y", "z"]).set_index(["row", "column"])
    one = student_interval(means[2, 3])
    assert tuple(found.loc[("c", "z"), ["estimate", "low", "high", "n"]]) == pytest.approx(one[:4])
    assert found.loc[("c", "z"), "p"] == pytest.approx(student_p(means[2, 3]))
    assert found.loc[("c", "w"), "n"] == 4
    assert found.loc[("b", "y"), ["estimate", "p", "p_holm"]].isna().all()
    assert found["p_holm"].dropna().tolist() == pytest.approx(holm(found["p"].dropna()).tolist())


def test_cells_over_seeds_and_languages(values) -> None:
    found = t.table(values, "abc", "wxyz", over="seeds and languages").set_index(["row", "column"])
    one = bootstrap_interval(values[0, 1])
    assert tuple(found.loc[("a", "x"), ["estimate", "low", "high"]]) == pytest.approx(one[:3])
    assert found.loc[("a", "x"), "p"] == pytest.approx(student_p(values[0, 1].mean(-1)))
    assert found.loc[("b", "y"), ["estimate", "low", "p"]].isna().all()
    assert found.loc[("c", "w"), "n"] == 4


def test_labels_that_do_not_fit_are_refused(values) -> None:
    with pytest.raises(ValueError, match="do not label"):
        t.table(values[..., 0], ["a"], ["w", "x", "y", "z"])
    with pytest.raises(ValueError, match="do not label"):
        t.table(values, "abc", "wxyz")


def test_correction_over_a_frame_and_within_families() -> None:
    frame = pd.DataFrame({"target": ["x", "x", "y", "y"], "p": [0.01, 0.04, 0.03, 0.005]})
    assert t.corrected(frame)["p_holm"].tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert t.corrected(frame, by=["target"])["p_holm"].tolist() == pytest.approx([0.02, 0.04, 0.03, 0.01])
    assert t.corrected(frame.rename(columns={"p": "flip"}), "flip").columns[-1] == "flip_holm"
    assert "p_holm" not in frame, "the frame itself stays as it was"


@pytest.mark.parametrize(
    ("over", "shape"), [("seeds", (81, 40, 5)), ("seeds and languages", (81, 40, 5, 12))]
)
def test_81_by_40_cells_take_less_than_thirty_seconds(over, shape) -> None:
    values = np.random.default_rng(1).normal(size=shape)
    begun = time.process_time()
    found = t.table(values, [f"r{i}" for i in range(81)], [f"t{i}" for i in range(40)], over=over)
    assert time.process_time() - begun < 30
    assert len(found) == 81 * 40
    assert (found["p_holm"] >= found["p"]).all()
