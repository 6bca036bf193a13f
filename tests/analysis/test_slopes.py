"""Lines over sizes, against another fit of the same line, and what they do not say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import statistics as g
from xstilts_lib.analysis.answers import over_sizes

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


def test_trend_in_words() -> None:
    rows = [("none", name, seed, value) for seed, values in enumerate([(1.0, 2.0), (1.0, 2.5), (1.0, 2.2)])
            for name, value in zip(("small", "large"), values, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["recipe", "model", "seed", "gain"])
    sizes = {"small": 1e6, "large": 1e7, "huge": 1e8}
    assert over_sizes(frame, sizes)["trend"].item() == (
        "+1.2 points for ten times the size (95% interval +0.6 to +1.9, p = 0.014, 3 seeds). "
        "Two sizes say nothing about the shape between and beyond them."
    )
    three = pd.concat([frame, frame[frame["model"] == "large"].assign(model="huge")])
    assert "Two sizes" not in over_sizes(three, sizes)["trend"].item()
    alone = over_sizes(three[three["seed"] == 0], sizes)["trend"].item()
    assert alone == "1 seed with all 3 sizes cannot say how scores move with size."
