"""How many seeds: against the tables of Cohen (1988), statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from xstilts_lib.analysis import statistics as w
from xstilts_lib.analysis.statistics import student_p


@pytest.mark.parametrize(("effect", "seeds"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10), (2.0, 5)])
def test_seeds_of_the_textbook(effect: float, seeds: int) -> None:
    assert w.seeds_for(effect, 1.0) == seeds
    assert w.power(effect, 1.0, seeds) >= 0.8 > w.power(effect, 1.0, seeds - 1)


def test_power_is_that_of_statsmodels() -> None:
    for effect in (0.0, 0.1, -0.7, 1.5):
        for seeds in (2, 5, 20, 100):
            expected = TTestPower().power(abs(effect) / 1.3, seeds, 0.05, alternative="two-sided")
            assert w.power(effect, 1.3, seeds) == pytest.approx(expected, abs=1e-9)


def test_power_is_how_often_the_test_finds_the_effect() -> None:
    found = student_p(np.random.default_rng(0).normal(1.2, 1.5, (20_000, 8))) < 0.05
    error = math.sqrt(0.25 / 20_000)
    assert w.power(1.2, 1.5, 8) == pytest.approx(found.mean(), abs=4 * error)


def test_spreads_that_leave_no_doubt() -> None:
    assert w.power(1.0, 0.0, 2) == 1
    assert w.power(0.0, 0.0, 5) == 0.05
    assert w.power(0.0, 1.0, 5) == pytest.approx(0.05)
    assert w.power(50.0, 1.0, 100) == 1
    assert math.isnan(w.power(1.0, 1.0, 1))
    assert w.seeds_for(50.0, 1.0) == 2


def test_what_no_number_of_seeds_settles() -> None:
    assert w.seeds_for(0.01, 1.0) is None
    sd = math.sqrt(w.MOST_SEEDS / w.seeds_for(0.1, 1.0)) / 10  # a spread that about the most seeds settle
    assert w.seeds_for(0.01, 0.97 * sd) <= w.MOST_SEEDS
    assert w.seeds_for(0.01, 1.03 * sd) is None
    with pytest.raises(ValueError, match="effect of zero"):
        w.seeds_for(0.0, 1.0)
