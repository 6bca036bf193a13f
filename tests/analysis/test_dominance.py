"""Almost stochastic order: worked cases, the published definition written out slowly, and its speed."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from xstilts_lib.analysis import statistics as d


def slow_quantile(scores: list[float], p: Fraction) -> float:
    """The smallest score that at least a share p of the scores do not exceed: the inverse of the steps."""
    return next(
        score for score in sorted(scores) if sum(other <= score for other in scores) >= p * len(scores)
    )


def slow_ratio(ours: list[float], theirs: list[float]) -> float:
    """Dror et al. (2019), equations 4 and 5: the integral at the middle of each of n * m equal pieces."""
    pieces = len(ours) * len(theirs)
    whole = violated = 0.0
    for piece in range(pieces):
        p = Fraction(2 * piece + 1, 2 * pieces)
        ahead = slow_quantile(ours, p) - slow_quantile(theirs, p)
        whole += ahead**2
        violated += ahead**2 if ahead < 0 else 0.0
    return violated / whole if whole else 0.5


def slow_bound(ours: list[float], theirs: list[float], alpha: float, draws: int, seed: int) -> float:
    """Dror et al. (2019), equation 8, with the factors of n and m that the module leaves out: they cancel."""
    n, m = len(ours), len(theirs)
    rng = np.random.default_rng(seed)
    first, second = rng.integers(n, size=(draws, n)), rng.integers(m, size=(draws, m))
    ratio, factor = slow_ratio(ours, theirs), math.sqrt(n * m / (n + m))
    centred = [
        factor * (slow_ratio([sorted(ours)[i] for i in a], [sorted(theirs)[i] for i in b]) - ratio)
        for a, b in zip(first, second, strict=True)
    ]
    sigma = np.std(centred)
    return min(1.0, max(0.0, ratio - sigma / factor * stats.norm.ppf(alpha)))


def test_ratios_worked_by_hand() -> None:
    assert d.violation_ratio([3, 4], [1, 2]) == 0, "ours are above everywhere"
    assert d.violation_ratio([1, 2], [3, 4]) == 1
    assert d.violation_ratio([2, 4], [1, 5]) == 0.5, "one ahead below, one behind above"
    assert d.violation_ratio([0, 10], [1, 8]) == pytest.approx(1 / 5), "behind by 1, ahead by 2: 1 / (1 + 4)"
    assert d.violation_ratio([7, 7], [7, 7]) == 0.5, "nothing tells them apart"
    # Steps of halves against thirds: 0-1/3: 1-0, 1/3-1/2: 1-2, 1/2-2/3: 3-2, 2/3-1: 3-4.
    assert d.violation_ratio([1, 3], [0, 2, 4]) == pytest.approx((1 / 6 + 1 / 3) / 1)
    assert d.violation_ratio([5], [4, 5, 7]) == pytest.approx(4 / 5)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (4, 6), (5, 7), (20, 8), (1, 3)])
def test_ratio_is_that_of_the_definition(n: int, m: int) -> None:
    rng = np.random.default_rng(n * m)
    for ours, theirs in zip(rng.normal(0.3, 1, (15, n)), rng.normal(0, 2, (15, m)), strict=True):
        assert d.violation_ratio(ours, theirs) == pytest.approx(slow_ratio(list(ours), list(theirs)))
    ties = rng.integers(0, 3, (15, n)), rng.integers(0, 3, (15, m))
    for ours, theirs in zip(*ties, strict=True):
        assert d.violation_ratio(ours, theirs) == pytest.approx(slow_ratio(list(ours), list(theirs)))


@pytest.mark.parametrize(("n", "m"), [(5, 5), (6, 4)])
def test_bound_is_that_of_the_definition(n: int, m: int) -> None:
    rng = np.random.default_rng(11)
    for ours, theirs in zip(rng.normal(0.8, 1, (4, n)), rng.normal(0, 1, (4, m)), strict=True):
        found = d.almost_stochastic_order(ours, theirs, draws=150, seed=4)
        assert found.bound == pytest.approx(slow_bound(list(ours), list(theirs), 0.05, 150, 4))


def test_the_bound_of_normal_scores_nears_the_ratio_of_their_distributions() -> None:
    """For two normals the ratio is an integral of their quantile functions, which a fine grid gives."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    ahead = stats.norm.ppf(grid, 0.5, 1) - stats.norm.ppf(grid, 0, 1.5)
    truth = (ahead[ahead < 0] ** 2).sum() / (ahead**2).sum()
    rng = np.random.default_rng(12)
    found = d.almost_stochastic_order(rng.normal(0.5, 1, 4000), rng.normal(0, 1.5, 4000), draws=200)
    assert found.ratio == pytest.approx(truth, abs=0.06)
    assert found.ratio < found.bound < found.ratio + 0.1


def test_sides_swapped_add_up_and_scale_does_not_matter() -> None:
    rng = np.random.default_rng(13)
    ours, theirs = rng.normal(size=(50, 6)), rng.normal(size=(50, 9))
    there = d.violation_ratio(ours, theirs)
    assert there + d.violation_ratio(theirs, ours) == pytest.approx(np.ones(50))
    assert d.violation_ratio(3 * ours - 7, 3 * theirs - 7) == pytest.approx(there)
    assert d.violation_ratio(ours[:, ::-1], theirs) == pytest.approx(there)


def test_scores_that_do_not_exist_are_left_out() -> None:
    rng = np.random.default_rng(14)
    ours, theirs = rng.normal(1, 1, 5), rng.normal(size=5)
    ours[2:] = np.nan
    assert d.almost_stochastic_order(ours, theirs) == d.almost_stochastic_order(ours[:2], theirs)
    ours[1:] = np.nan
    found = d.almost_stochastic_order(ours, theirs)
    assert math.isnan(found.ratio)
    assert math.isnan(found.bound)


def test_more_comparisons_ask_for_more() -> None:
    rng = np.random.default_rng(15)
    ours, theirs = rng.normal(0.6, 1, 10), rng.normal(0, 1, 10)
    one, many = (d.almost_stochastic_order(ours, theirs, comparisons=k) for k in (1, 20))
    assert one.ratio == many.ratio < one.bound < many.bound
    assert d.almost_stochastic_order(ours, theirs, level=1 - 0.05 / 20).bound == pytest.approx(many.bound)


def test_a_comparison_takes_less_than_ten_milliseconds() -> None:
    rng = np.random.default_rng(16)
    for n, m in ((5, 5), (20, 20), (19, 17)):
        ours, theirs = rng.normal(size=(20, n)), rng.normal(size=(20, m))
        begun = time.process_time()
        for sides in zip(ours, theirs, strict=True):
            d.almost_stochastic_order(*sides)
        assert (time.process_time() - begun) / 20 < 0.010
