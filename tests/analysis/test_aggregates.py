"""Aggregates over tasks: worked by hand, and their intervals at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xstilts_lib.analysis import aggregates as a
from xstilts_lib.analysis.intervals import student_interval


def test_interquartile_interval_moves_with_its_scores() -> None:
    values = np.random.default_rng(0).normal(size=(9, 5))
    interval = a.interquartile_interval(values)
    assert interval.estimate == a.interquartile_mean(values)
    assert interval.low < interval.estimate < interval.high
    moved = a.interquartile_interval(2 * values + 10)
    assert moved[:3] == pytest.approx([2 * bound + 10 for bound in interval[:3]])
    assert interval.n == 5


def test_an_outlier_does_not_move_it() -> None:
    values = np.random.default_rng(1).normal(size=(9, 5))
    broken = values.copy()
    broken[3, 2] = 1000.0
    assert a.interquartile_mean(broken) == pytest.approx(a.interquartile_mean(values), abs=0.2)
    assert a.interquartile_interval(broken).high < 2


def test_tasks_that_err_together_have_a_wider_interval() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(1, 6)) + 0.3 * rng.normal(size=(9, 6))
    joint, apart = (a.interquartile_interval(values, joint=joint) for joint in (True, False))
    assert joint.high - joint.low > 1.5 * (apart.high - apart.low)


def test_joint_runs_are_as_wide_as_students_where_nothing_else_varies() -> None:
    shared = np.random.default_rng(3).normal(size=8)
    # Every task repeats the run, so the mean over tasks is the run's and the middle half nearly the mean's.
    wins = a.improvement_interval(shared[None] + 100, np.zeros((1, 8)))
    assert wins.estimate == 1
    interval = a.interquartile_interval(np.tile(shared, (5, 1)), draws=4000)
    exact = student_interval(shared)
    assert interval.high - interval.low == pytest.approx(exact.high - exact.low, rel=0.4)


def test_improvement_of_a_side_over_itself() -> None:
    values = np.random.default_rng(4).normal(size=(4, 6))
    interval = a.improvement_interval(values, values)
    assert interval.estimate == 0.5
    assert interval.low <= 0.5 <= interval.high


def test_improvement_swapped_is_the_complement() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.normal(0.5, 1, (6, 5)), rng.normal(size=(6, 5))
    there, back = a.improvement_interval(ours, theirs), a.improvement_interval(theirs, ours)
    assert back[:3] == pytest.approx((1 - there.estimate, 1 - there.high, 1 - there.low))


def test_sides_of_different_numbers_of_runs() -> None:
    interval = a.improvement_interval([[3.0, 4.0, 5.0]], [[1.0, 6.0]])
    assert interval.estimate == 0.5
    assert interval.n == 2
    assert 0 <= interval.low <= interval.high <= 1


def test_every_run_ahead_is_not_certainty() -> None:
    """Five pairs, all won, leave a chance of 0.478: to the power of five that is 0.025 (Clopper-Pearson)."""
    ours, theirs = np.arange(5.0) + 10, np.arange(5.0)
    ahead, behind = a.improvement_interval(ours, theirs), a.improvement_interval(theirs, ours)
    assert (ahead.estimate, ahead.high) == (1, 1)
    assert ahead.low == pytest.approx(0.025 ** (1 / 5))
    assert behind[:3] == pytest.approx((0, 0, 1 - ahead.low))


def test_few_runs_and_scores_that_are_none() -> None:
    assert math.isnan(a.interquartile_interval([[1.0], [2.0]]).low)
    assert math.isnan(a.improvement_interval([[1.0]], [[2.0]]).high)
    with pytest.raises(ValueError, match="not a number"):
        a.interquartile_interval([[1.0, np.nan]])
