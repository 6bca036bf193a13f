"""The same examples on both sides, in every language: joint draws against loops, and what pairing buys."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from xstilts_lib.analysis import examples as e
from xstilts_lib.analysis.intervals import sign_flip_p


@pytest.fixture
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Two systems of 2 seeds in 3 languages on 120 sentences, easy and hard ones everywhere alike."""
    rng = np.random.default_rng(0)
    easy = rng.normal(size=120)
    noise = rng.normal(scale=0.5, size=(2, 2, 3, 120))
    return tuple((easy + noise[side] + 0.15 * (1 - side) > 0).astype(float) for side in (0, 1))


def test_one_draw_serves_every_cell() -> None:
    values = np.random.default_rng(1).normal(size=(2, 3, 7))
    values[1, 2, 5:] = np.nan
    draws = e.example_draws(values, draws=40, seed=3)
    counts = np.random.default_rng(3).multinomial(7, [1 / 7] * 7, size=40)
    for draw in range(40):
        taken = values[..., np.repeat(np.arange(7), counts[draw])]
        assert draws[draw] == pytest.approx(np.nanmean(taken, axis=-1))


def test_draws_do_not_depend_on_how_many_fit_into_memory(monkeypatch) -> None:
    values = np.random.default_rng(2).normal(size=(2, 50))
    whole = e.example_draws(values, draws=30)
    monkeypatch.setattr(e, "CHUNK", 200)
    assert e.example_draws(values, draws=30) == pytest.approx(whole)


def test_draws_of_counts_make_an_f1() -> None:
    rng = np.random.default_rng(4)
    gold, predicted = rng.integers(1, 4, 60), rng.integers(1, 4, 60)
    right = np.minimum(gold, predicted) - 1
    parts = [e.example_draws(part, draws=25, seed=8) for part in (right, predicted, gold)]
    f1 = 2 * parts[0] / (parts[1] + parts[2])
    counts = np.random.default_rng(8).multinomial(60, [1 / 60] * 60, size=25)
    expected = [2 * right @ count / (predicted @ count + gold @ count) for count in counts]
    assert f1 == pytest.approx(expected)


def test_the_interval_is_that_of_a_loop(answers) -> None:
    ours, theirs = answers
    interval = e.paired_interval(ours, theirs, draws=400, seed=5)
    counts = np.random.default_rng(5).multinomial(120, [1 / 120] * 120, size=400)
    means = [(ours - theirs)[..., np.repeat(np.arange(120), count)].mean() for count in counts]
    assert interval.estimate == pytest.approx((ours - theirs).mean())
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert interval.n == 120


def test_joint_draws_are_wider_than_languages_drawn_apart(answers) -> None:
    """Parallel sentences share what makes them hard, so seven languages are not seven test sets."""
    ours, _ = answers
    chance = np.random.default_rng(6).random(ours.shape) < 0.5
    joint = e.paired_interval(ours, chance.astype(float))
    shuffled = np.stack([ours[:, k][:, np.random.default_rng(k).permutation(120)] for k in range(3)], axis=1)
    apart = e.paired_interval(shuffled, chance.astype(float))
    assert joint.high - joint.low > 1.2 * (apart.high - apart.low)


def test_one_baseline_serves_many_recipes(answers) -> None:
    ours, theirs = answers
    both = e.paired_interval(np.stack([ours, theirs]), theirs)
    one = e.paired_interval(ours, theirs)
    assert both.low[0] == pytest.approx(one.low)
    assert (both.estimate[1], both.low[1], both.high[1]) == (0, 0, 0)
    assert e.paired_p(np.stack([ours, theirs]), theirs, draws=500)[1] == 1


def test_every_language_counts_once_whatever_its_examples() -> None:
    difference = np.zeros((1, 2, 10))
    difference[0, 0] = 1.0
    difference[0, 1, 2:] = np.nan
    interval = e.paired_interval(difference, np.zeros_like(difference))
    assert interval.estimate == pytest.approx(0.5)
    assert e.by_example(difference).sum() == pytest.approx(0.5)


def test_swaps_worked_by_hand() -> None:
    # Examples that differ by 1, 2 and 4 in the mean over two languages: of eight sums, 7 and -7 are extreme.
    ours = np.array([[[2.0, 4.0, 8.0], [0.0, 0.0, 0.0]]])
    assert e.paired_p(ours, np.zeros_like(ours)) == 2 / 8
    assert e.paired_p(ours, np.zeros_like(ours), "greater") == 1 / 8
    assert e.paired_p(np.zeros_like(ours), ours, "greater") == 1


def test_swaps_are_those_of_a_loop_over_whole_examples() -> None:
    difference = np.random.default_rng(7).normal(0.4, 1, size=(2, 3, 8))
    means = [abs((difference * np.array(signs)).mean()) for signs in itertools.product((1, -1), repeat=8)]
    expected = np.mean(np.array(means) >= abs(difference.mean()) - 1e-12)
    assert e.paired_p(difference, np.zeros_like(difference)) == pytest.approx(expected)


def test_random_swaps_do_not_depend_on_how_many_fit_into_memory(monkeypatch) -> None:
    from xstilts_lib.analysis import intervals

    differences = np.random.default_rng(8).normal(0.2, 1, size=(3, 40))
    whole = sign_flip_p(differences, draws=2000)
    monkeypatch.setattr(intervals, "CHUNK", 4000)
    assert sign_flip_p(differences, draws=2000) == pytest.approx(whole, abs=0.03)


def test_other_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="equal on both sides"):
        e.paired_interval(np.zeros((1, 2, 5)), np.zeros((1, 2, 6)))
    with pytest.raises(ValueError, match="seeds, languages, examples"):
        e.paired_p(np.zeros(5), np.zeros(5))
