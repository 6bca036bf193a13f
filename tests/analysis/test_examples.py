"""The same examples on both sides, in every language: swaps of whole examples, against loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from xstilts_lib.analysis import statistics as s


@pytest.fixture
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Two systems of 2 seeds in 3 languages on 120 sentences, easy and hard ones everywhere alike."""
    rng = np.random.default_rng(0)
    easy = rng.normal(size=120)
    noise = rng.normal(scale=0.5, size=(2, 2, 3, 120))
    return tuple((easy + noise[side] + 0.15 * (1 - side) > 0).astype(float) for side in (0, 1))


def test_one_baseline_serves_many_recipes(answers) -> None:
    ours, theirs = answers
    both = s.paired_p(np.stack([ours, theirs]), theirs, draws=500)
    assert both[0] == s.paired_p(ours, theirs, draws=500)
    assert both[1] == 1


def test_every_language_counts_once_whatever_its_examples() -> None:
    difference = np.zeros((1, 2, 10))
    difference[0, 0] = 1.0
    difference[0, 1, 2:] = np.nan
    assert s.by_example(difference).sum() == pytest.approx(0.5)


def test_swaps_worked_by_hand() -> None:
    # Examples that differ by 1, 2 and 4 in the mean over two languages: of eight sums, 7 and -7 are extreme.
    ours = np.array([[[2.0, 4.0, 8.0], [0.0, 0.0, 0.0]]])
    assert s.paired_p(ours, np.zeros_like(ours)) == 2 / 8


def test_swaps_are_those_of_a_loop_over_whole_examples() -> None:
    difference = np.random.default_rng(7).normal(0.4, 1, size=(2, 3, 8))
    means = [abs((difference * np.array(signs)).mean()) for signs in itertools.product((1, -1), repeat=8)]
    expected = np.mean(np.array(means) >= abs(difference.mean()) - 1e-12)
    assert s.paired_p(difference, np.zeros_like(difference)) == pytest.approx(expected)


def test_other_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="equal on both sides"):
        s.paired_p(np.zeros((1, 2, 5)), np.zeros((1, 2, 6)))
    with pytest.raises(ValueError, match="seeds, languages, examples"):
        s.paired_p(np.zeros(5), np.zeros(5))
