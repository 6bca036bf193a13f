"""Curves over sizes: what the sizes identify, against other fits of the same curve, and what they do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from xstilts_lib.analysis import scaling as g
from xstilts_lib.analysis.intervals import student_interval

SIZES = np.array([1e6, 4e6, 1.6e7, 6.4e7, 2.56e8])


def curve(sizes: np.ndarray, exponent: float, a: float = 70.0, b: float = 10.0) -> np.ndarray:
    return a - b * (sizes / 1.6e7) ** -exponent


@pytest.fixture
def scores() -> np.ndarray:
    """Five seeds on a curve that levels off at 70."""
    return curve(SIZES, 0.5) + np.random.default_rng(0).normal(0, 0.5, (5, 5))


def test_slopes_are_those_of_polyfit(scores) -> None:
    slopes = [np.polyfit(np.log10(SIZES), row, 1)[0] for row in scores]
    found, expected = g.slope(SIZES, scores), student_interval(slopes)
    assert found[:4] == pytest.approx(expected[:4])
    assert g.slope(SIZES * 1000, scores)[:3] == pytest.approx(found[:3]), "the unit of size does not matter"
    table = g.slope(SIZES, np.stack([scores, 2 * scores]))
    assert table.high[1] == pytest.approx(2 * found.high)


def test_slopes_are_over_the_same_sizes(scores) -> None:
    scores[1, 3] = np.nan
    found = g.slope(SIZES, scores)
    assert found.n == 4
    assert found.estimate == pytest.approx(g.slope(SIZES, np.delete(scores, 1, axis=0)).estimate)


def test_trend_in_words(scores) -> None:
    assert g.trend([1e6, 1e7], [[1.0, 2.0], [1.0, 2.5], [1.0, 2.2]]) == (
        "+1.2 points for ten times the parameters (95% interval +0.6 to +1.9, p = 0.014, 3 seeds). "
        "Two sizes say nothing about the shape between and beyond them."
    )
    assert "Two sizes" not in g.trend(SIZES, scores)
    assert g.trend(SIZES, scores[:1]) == "1 seed with all 5 sizes cannot say how scores move with size."
    with pytest.raises(ValueError, match="two sizes"):
        g.trend([1e6], [[1.0], [2.0]])


def test_the_curve_is_that_of_another_fit(scores) -> None:
    found = g.power_law(SIZES, scores)
    x = np.tile(SIZES / 1.6e7, 5)
    (a, _, c), _ = optimize.curve_fit(lambda x, a, b, c: a - b * x**-c, x, scores.ravel(), p0=(65, 5, 1))
    assert found.identified
    assert found.asymptote.estimate == pytest.approx(a, abs=1e-3)
    assert found.exponent.estimate == pytest.approx(c, abs=1e-4)
    assert found.asymptote.low < 70 < found.asymptote.high
    assert found.exponent.low < 0.5 < found.exponent.high
    assert found.sentence.startswith(f"The curve levels off at {a:.1f} (95% interval ")
    assert found.curve is not None
    assert found.curve(SIZES) == pytest.approx(curve(SIZES, 0.5), abs=0.6)
    assert found.curve([1e30])[0] == pytest.approx(a, abs=0.01)


def test_bounds_raise_the_sum_of_squares_to_the_limit(scores) -> None:
    """Profile intervals: with a parameter held at its bound, the others do just as badly as F allows."""
    found = g.power_law(SIZES, scores)
    x, y = np.tile(SIZES / 1.6e7, 5), scores.ravel()

    def least(**held: float) -> float:
        free = [name for name in "abc" if name not in held]
        start = {"a": found.asymptote.estimate, "b": 10.0, "c": found.exponent.estimate}

        def residual(values: np.ndarray) -> np.ndarray:
            p = {**dict(zip(free, values, strict=True)), **held}
            return y - p["a"] + p["b"] * x ** -p["c"]

        fit = optimize.least_squares(residual, [start[name] for name in free], xtol=1e-12, ftol=1e-12)
        return 2 * fit.cost

    best = least()
    limit = best * (1 + 4.3009 / 22)  # F of 1 and 22 degrees of freedom at 95 %
    for held in ({"c": found.exponent.low}, {"c": found.exponent.high}):
        assert least(**held) == pytest.approx(limit, rel=1e-3)
    for held in ({"a": found.asymptote.low}, {"a": found.asymptote.high}):
        assert least(**held) == pytest.approx(limit, rel=1e-2)


def test_three_sizes_are_too_few() -> None:
    found = g.power_law(SIZES[:3], curve(SIZES[:3], 0.5) + np.zeros((5, 1)))
    assert not found.identified
    assert math.isnan(found.asymptote.estimate)
    assert math.isnan(found.exponent.estimate)
    assert "3 sizes cannot identify the three parameters" in found.sentence
    assert found.curve is None


def test_a_line_shows_no_ceiling() -> None:
    scores = 5 * np.log10(SIZES) + np.random.default_rng(1).normal(0, 0.5, (5, 5))
    found = g.power_law(SIZES, scores)
    assert not found.identified
    assert "no ceiling is in sight" in found.sentence
    assert found.exponent.low == 0
    assert math.isfinite(found.exponent.high)
    assert math.isnan(found.asymptote.estimate)


def test_a_step_has_no_exponent() -> None:
    scores = np.array([40, 70, 70, 70, 70.0]) + np.random.default_rng(2).normal(0, 0.5, (5, 5))
    found = g.power_law(SIZES, scores)
    assert not found.identified
    assert "no upper end" in found.sentence
    assert found.exponent.high == math.inf
    assert found.exponent.low > 0.5


def test_noise_alone_identifies_nothing() -> None:
    found = g.power_law(SIZES, np.random.default_rng(3).normal(50, 1, (5, 5)))
    assert not found.identified
    assert "no ceiling" in found.sentence
    assert "no upper end" in found.sentence


def test_a_curve_that_falls_again_does_not_fit() -> None:
    scores = np.array([40, 60, 70, 60, 40.0]) + np.random.default_rng(4).normal(0, 0.5, (5, 5))
    assert g.power_law(SIZES, scores).sentence == (
        "A curve that levels off does not fit the scores at these sizes."
    )


def test_one_run_a_size_and_runs_that_do_not_exist(scores) -> None:
    assert g.power_law(SIZES[:4], [1.0, 1.5, 1.8, 1.9]).identified is False
    with_three = np.full((2, 5), np.nan)
    with_three[0, :3] = scores[0, :3]
    assert g.power_law(SIZES, with_three).sentence.startswith("3 sizes cannot")
    scores[2, 4] = np.nan
    assert g.power_law(SIZES, scores).asymptote.n == 24
