"""Means over crossed axes: against published formulas, and what test examples add to gains."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xstilts_lib.analysis import crossed as c
from xstilts_lib.analysis.statistics import student_interval
from xstilts_lib.experiment import load_experiment


def test_two_crossed_axes_by_the_mean_squares_of_a_textbook() -> None:
    values = np.random.default_rng(0).normal(size=(5, 8)) + np.arange(5)[:, None] + 2 * np.arange(8)
    rows, columns = values.mean(1), values.mean(0)
    a = 8 * np.var(rows, ddof=1)
    b = 5 * np.var(columns, ddof=1)
    rest = values - rows[:, None] - columns + values.mean()
    ab = (rest**2).sum() / (4 * 7)
    error = math.sqrt((a + b - ab) / 40)
    freedom = (a + b - ab) ** 2 / (a**2 / 4 + b**2 / 7 + ab**2 / 28)
    half = stats.t.ppf(0.975, freedom) * error
    interval = c.crossed_interval(values)
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert interval.n == 5


def test_three_crossed_axes_recover_the_variance_of_the_mean() -> None:
    """Over many worlds the mean squared error is the variance of the means: no part is counted twice."""
    rng = np.random.default_rng(1)
    worlds, shape = 3000, (5, 6, 7)
    values = 5 * np.ones((worlds, *shape))
    for axes in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)):
        values += rng.normal(size=(worlds, *(n if on else 1 for n, on in zip(shape, axes, strict=True))))
    truth = 1 / 5 + 1 / 6 + 1 / 7 + 1 / 30 + 1 / 35 + 1 / 42 + 1 / 210
    interval = c.crossed_interval(values, axes=3)
    assert np.var(interval.estimate) == pytest.approx(truth, rel=4 * math.sqrt(2 / worlds))
    squared = c.standard_error(values, 3)[0] ** 2
    assert squared.mean() == pytest.approx(truth, rel=0.05)


def test_an_axis_of_one_level_is_held_fixed() -> None:
    values = np.random.default_rng(2).normal(size=(6, 1))
    crossed, plain = c.crossed_interval(values), student_interval(values[:, 0])
    assert (crossed.low, crossed.high) == pytest.approx((plain.low, plain.high))
    three = c.crossed_interval(np.stack([values, values + 1], axis=-1)[:, :, :1], axes=3)
    assert (three.low, three.high) == pytest.approx((plain.low, plain.high))


def test_one_seed_has_no_interval() -> None:
    values = np.random.default_rng(3).normal(size=(1, 5))
    interval = c.crossed_interval(values)
    assert interval.estimate == pytest.approx(values.mean())
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.n == 1


def test_nothing_depends_on_order_scale_or_what_does_not_exist() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(5, 8, 11))
    plain = np.array(c.crossed_interval(values, axes=3)[:3])
    shuffled = values[rng.permutation(5)][:, rng.permutation(8)][:, :, rng.permutation(11)]
    assert np.array(c.crossed_interval(shuffled, axes=3)[:3]) == pytest.approx(plain)
    assert np.array(c.crossed_interval(3 * values + 1, axes=3)[:3]) == pytest.approx(3 * plain + 1)
    absent = np.pad(values, ((0, 2), (0, 1), (0, 0)), constant_values=np.nan)
    interval = c.crossed_interval(absent, axes=3)
    assert np.array(interval[:3]) == pytest.approx(plain)
    assert c.crossed_interval(absent, axes=3).n == 5
    table = c.crossed_interval(np.stack([values, values + 2]), axes=3)
    assert np.array(table.low) == pytest.approx([plain[1], plain[1] + 2])


def test_values_that_do_not_vary_have_a_point_for_an_interval() -> None:
    interval = c.crossed_interval(np.full((2, 5, 4), 3.0))
    assert interval.low.tolist() == interval.high.tolist() == [3.0, 3.0]
    assert c.crossed_interval(np.full((5, 4), 3.0))[:3] == (3.0, 3.0, 3.0)


def test_intervals_do_not_move_between_versions() -> None:
    """The numbers of recorded pages, to the digit: seeds, languages and examples, some of them absent."""
    values = np.random.default_rng(20).normal(1, 2, (2, 4, 5, 6))
    values[1, :, 3, 4:] = np.nan
    exact = c.crossed_interval(values, axes=3)
    assert exact.low.tolist() == pytest.approx([-0.384040956017, -0.288800974241], abs=1e-9)
    assert exact.high.tolist() == pytest.approx([1.698162616674, 1.448133270318], abs=1e-9)


@pytest.mark.parametrize("languages", [0, 12])
def test_a_whole_table_takes_seconds(languages: int) -> None:
    values = np.random.default_rng(13).normal(size=(81, 40, 5, languages or 1))
    begun = time.process_time()
    interval = c.crossed_interval(values) if languages else student_interval(values[..., 0])
    assert interval.low.shape == (81, 40)
    assert time.process_time() - begun < 30


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], np.ndarray]:
    """Recipe and target to (seeds, languages, examples): mini_squad gains ten points on mini_tydiqa."""
    rng = np.random.default_rng(0)
    easy = rng.normal(60, 20, size=(1, 1, 200))
    found = {}
    for recipe, gain in (("none", 0.0), ("mini_squad", 10.0)):
        own = rng.normal(0, 1, size=(4, 1, 1)) + rng.normal(0, 2, size=(1, 8, 1))
        found[recipe, "mini_tydiqa"] = easy + gain + own + rng.normal(0, 15, size=(4, 8, 200))
        found[recipe, "mini_xnli"] = easy + own + rng.normal(0, 15, size=(4, 8, 200))
    monkeypatch.setattr(c, "cube", lambda _, recipe, target: found.get((str(recipe), target)))
    return found


def by_language(scores: dict[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    """The gains that a table of results has of them."""
    rows = [
        {"target": target, "language": f"q{language}", "seed": seed, "gain": gain}
        for target in ("mini_xnli", "mini_tydiqa")
        for (seed, language), gain in np.ndenumerate(
            (scores["mini_squad", target] - scores["none", target]).mean(-1)
        )
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(model="tiny", recipe="mini_squad")


def test_a_gain_with_ever_wider_intervals(scores: dict[tuple[str, str], np.ndarray]) -> None:
    table = c.table(load_experiment("miniature"), by_language(scores))
    assert [tuple(row) for row in table[["recipe", "target"]].to_numpy()] == [
        ("mini_squad", "mini_xnli"), ("mini_squad", "mini_tydiqa"),
    ]  # fmt: skip
    row = table.set_index("target").loc["mini_tydiqa"]
    difference = scores["mini_squad", "mini_tydiqa"] - scores["none", "mini_tydiqa"]
    assert row["estimate"] == pytest.approx(difference.mean())
    for low, high in row[list(c.BREADTHS)]:
        assert 0 < low < row["estimate"] < high
    narrow, _, wide = (high - low for low, high in row[list(c.BREADTHS)])
    assert wide > narrow
    assert row["p"] < 0.001
    told = c.told(table)
    assert told.startswith("Intervals leave out zero for ")
    assert told.endswith("1 of 2 gains over seeds, languages and examples")


def test_a_record_has_no_examples(scores: dict[tuple[str, str], np.ndarray]) -> None:
    gained = by_language(scores)
    scores.clear()
    table = c.table(load_experiment("miniature"), gained)
    assert len(table) == 2
    assert np.isnan(table["p"]).all()
    assert all(np.isnan(bounds).all() for bounds in table[c.BREADTHS[2]])
    assert all(np.isfinite(bounds).all() for bounds in table[c.BREADTHS[1]])
    assert c.told(table).endswith("so no interval is over examples")
