"""Lines over sizes, against another fit of the same line, and what they do not say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import scaling as g

AT = [6.0, 6.6, 7.2, 7.8, 8.4]


@pytest.fixture
def scores() -> pd.DataFrame:
    """Five seeds on a curve that levels off at 70."""
    curve = 70 - 10 * 10 ** (-0.5 * (np.array(AT) - 7.2))
    return pd.DataFrame(curve + np.random.default_rng(0).normal(0, 0.5, (5, 5)))


def test_slopes_are_those_of_polyfit(scores) -> None:
    expected = [np.polyfit(AT, row, 1)[0] for row in scores.to_numpy()]
    assert g.slopes(scores, AT).tolist() == pytest.approx(expected)
    moved = g.slopes(scores, [at + 3 for at in AT])
    assert moved.tolist() == pytest.approx(expected), "the unit of size does not matter"


def test_slopes_are_over_the_same_sizes(scores) -> None:
    scores.loc[1, 3] = np.nan
    found = g.slopes(scores, AT)
    assert found.index.tolist() == [0, 2, 3, 4]
    assert found.tolist() == pytest.approx(g.slopes(scores.drop(index=1), AT).tolist())
    with pytest.raises(ValueError, match="two sizes"):
        g.slopes(scores, [6.0] * 5)


def test_trend_in_words(scores) -> None:
    two = g.slopes(pd.DataFrame([[1.0, 2.0], [1.0, 2.5], [1.0, 2.2]]), [6, 7])
    assert g.trend(two, 2) == (
        "+1.2 points for ten times the parameters (95% interval +0.6 to +1.9, p = 0.014, 3 seeds). "
        "Two sizes say nothing about the shape between and beyond them."
    )
    found = g.slopes(scores, AT)
    assert "Two sizes" not in g.trend(found, 5)
    assert g.trend(found.head(1), 5) == "1 seed with all 5 sizes cannot say how scores move with size."
