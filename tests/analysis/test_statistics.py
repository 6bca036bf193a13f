"""Intervals, tests and corrections, on cases worked by hand or by scipy, and on simulated ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from xstilts_lib.analysis import statistics as s


def test_student_interval_is_scipys() -> None:
    values = [8.1, 9.4, 7.7]
    interval = s.student_interval(values)
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((np.mean(values), low, high))
    assert (interval.n, interval.level) == (3, 0.95)
    assert isinstance(interval.estimate, float)


def test_student_interval_leaves_out_what_does_not_exist() -> None:
    table = np.array([[1.0, 2.0, 3.0, np.nan], [5.0, np.nan, np.nan, np.nan], [np.nan] * 4])
    interval = s.student_interval(table)
    assert interval.estimate[:2].tolist() == [2.0, 5.0]
    assert interval.n.tolist() == [3, 1, 0]
    assert np.isfinite(interval.low[0])
    assert np.isnan([interval.low[1], interval.high[1], interval.estimate[2]]).all(), "one seed has no spread"


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_student_p_is_scipys(alternative: s.Alternative) -> None:
    table = np.random.default_rng(1).normal(0.5, 1, (4, 6))
    expected = stats.ttest_1samp(table, 0.2, axis=1, alternative=alternative).pvalue
    assert s.student_p(table, null=0.2, alternative=alternative) == pytest.approx(expected)


def test_student_p_of_values_that_do_not_vary() -> None:
    assert s.student_p([2.0, 2.0, 2.0]) == 0
    assert s.student_p([0.0, 0.0]) == 1
    assert math.isnan(s.student_p([3.0]))


def test_equivalence_agrees_with_the_90_percent_interval() -> None:
    rng = np.random.default_rng(2)
    for values in rng.normal(0.3, 0.8, (60, 5)):
        interval = s.student_interval(values, level=0.90)
        assert (s.equivalence_p(values, 1.0) < 0.05) == (interval.low > -1 and interval.high < 1)
    with pytest.raises(ValueError, match="positive"):
        s.equivalence_p([0.0, 1.0], 0.0)


def test_sign_flips_worked_by_hand() -> None:
    # Of the eight sums of (1, 2, 4) under all signs, 7 and -7 are the only ones as far from zero as 7.
    assert s.sign_flip_p([1.0, 2.0, 4.0]) == 2 / 8
    assert s.sign_flip_p([1.0, -2.0, 4.0]) == 6 / 8, "sums of 3 or more, either way: 7, 5 and 3"
    assert s.smallest_p(3) == 0.25
    assert s.smallest_p(6) < 0.05 < s.smallest_p(5)


def test_sign_flips_work_on_tables_and_skip_what_does_not_exist() -> None:
    table = np.array([[1.0, 2.0, 4.0, np.nan], [np.nan] * 4])
    p = s.sign_flip_p(table)
    assert p[0] == 2 / 8
    assert math.isnan(p[1])


def test_one_difference_may_as_well_be_the_other_way_round() -> None:
    assert s.sign_flip_p([3.0]) == 1


def test_sign_flips_beyond_what_can_be_counted() -> None:
    rng = np.random.default_rng(3)
    shifted = rng.normal(1.0, 1.0, 40)
    assert s.sign_flip_p(shifted, draws=2000) < 0.01
    assert s.sign_flip_p(shifted, draws=2000) > 0, "the observed order is one of the draws"
    assert s.sign_flip_p(shifted - shifted.mean() + 0.01, draws=2000) > 0.3


def test_holm_worked_by_hand() -> None:
    assert s.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    corrected = s.holm([[0.5, np.nan], [0.02, 0.9]])
    assert corrected[1, 0] == pytest.approx(0.06)
    assert math.isnan(corrected[0, 1])
    assert corrected[1, 1] == 1


def test_holm_is_statsmodels() -> None:
    p = np.random.default_rng(14).random(30) ** 2
    assert s.holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_probability_of_improvement_worked_by_hand() -> None:
    assert s.probability_of_improvement([3, 4], [1, 2]) == 1
    assert s.probability_of_improvement([2, 2], [2, 2]) == 0.5
    # Task one: always better; task two: one of four pairs better, one tied.
    assert s.probability_of_improvement([[3, 4], [1, 2]], [[1, 2], [1.5, 2]]) == pytest.approx(
        (1 + 1.5 / 4) / 2
    )


def test_coverage_of_student_intervals() -> None:
    values = np.random.default_rng(8).normal(3, 2, (4000, 5))
    interval = s.student_interval(values)
    assert 0.94 < np.mean((interval.low < 3) & (interval.high > 3)) < 0.96


def test_holm_keeps_false_findings_rare_under_the_null() -> None:
    values = np.random.default_rng(11).normal(size=(1500, 12, 4))
    wrong = [s.holm(p).min() < 0.05 for p in s.student_p(values)]
    assert np.mean(wrong) < 0.065


def test_spearman_interval() -> None:
    x = np.arange(7.0)
    interval = s.spearman_interval(x, [0, 2, 1, 3, 5, 4, 6])
    assert interval.estimate == pytest.approx(stats.spearmanr(x, [0, 2, 1, 3, 5, 4, 6]).statistic)
    assert 0 < interval.low < interval.estimate < interval.high < 1
    perfect = s.spearman_interval(x, x)
    assert (perfect.estimate, perfect.high) == (1, 1)
    assert 0.5 < perfect.low < 1, "seven languages in order do not prove that all others would be"
    turned = s.spearman_interval(x, -x)
    assert (turned.low, turned.high) == pytest.approx((-1, -perfect.low))


def test_spearman_needs_four_units_that_differ() -> None:
    assert math.isnan(s.spearman_interval([1, 2, 3], [1, 2, 3]).low)
    assert math.isnan(s.spearman_interval([1, 1, 1, 1], [1, 2, 3, 4]).estimate)
    assert s.spearman_interval([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 5]).n == 4


def test_spearman_p_counts_the_orders() -> None:
    assert s.spearman_p(range(5), range(5)) == pytest.approx(2 / math.factorial(5))
    assert s.spearman_p(range(20), range(20), draws=500) == pytest.approx(1 / 501)


def test_coverage_of_spearman_intervals() -> None:
    rng = np.random.default_rng(12)
    rho = 0.7
    truth = 6 / math.pi * math.asin(rho / 2)  # Spearman's correlation of a bivariate normal
    pairs = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=(400, 12))
    intervals = [s.spearman_interval(world[:, 0], world[:, 1]) for world in pairs]
    covered = np.mean([interval.low < truth < interval.high for interval in intervals])
    assert 0.90 < covered < 0.99


def test_columns_that_differ() -> None:
    seeds = np.array([[0.0], [3.0], [5.0]])
    noise = np.array([[0.1, -0.1, 0.0], [-0.2, 0.1, 0.1], [0.0, 0.1, -0.1]])
    assert s.alike_p(seeds + noise) > 0.05, "what a seed does to all of them counts for nothing"
    assert s.alike_p(seeds + noise + [0.0, 0.0, 4.0]) < 0.001
    assert math.isnan(s.alike_p([[1.0, 2.0]]))
    assert math.isnan(s.alike_p([[1.0], [2.0]]))
    assert s.alike_p([[1.0, 1.0], [2.0, 2.0]]) == 1.0
