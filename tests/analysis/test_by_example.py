"""Gains over ever more of what might have been otherwise: seeds, languages, examples."""

from __future__ import annotations

import numpy as np
import pytest

from xstilts_lib.analysis import by_example
from xstilts_lib.experiment import load_experiment


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
    monkeypatch.setattr(by_example, "cube", lambda _, recipe, target: found.get((str(recipe), target)))
    return found


def test_a_gain_with_ever_wider_intervals(scores: dict[tuple[str, str], np.ndarray]) -> None:
    table = by_example.table(load_experiment("miniature"))
    assert [tuple(row) for row in table[["recipe", "target"]].to_numpy()] == [
        ("mini_squad", "mini_xnli"), ("mini_squad", "mini_tydiqa"),
    ]  # fmt: skip
    row = table.set_index("target").loc["mini_tydiqa"]
    difference = scores["mini_squad", "mini_tydiqa"] - scores["none", "mini_tydiqa"]
    assert row["estimate"] == pytest.approx(difference.mean())
    for low, high in row[list(by_example.BREADTHS)]:
        assert 0 < low < row["estimate"] < high
    narrow, _, wide = (high - low for low, high in row[list(by_example.BREADTHS)])
    assert wide > narrow
    assert row["p"] < 0.001
    told = by_example.told(table)
    assert told.startswith("Of 2 gains, intervals leave out zero for ")
    assert told.endswith("1 over seeds, languages and examples")


def test_what_cannot_be_compared_is_left_out(scores: dict[tuple[str, str], np.ndarray]) -> None:
    del scores["none", "mini_xnli"]
    scores["mini_squad", "mini_tydiqa"] = scores["mini_squad", "mini_tydiqa"][:3]
    table = by_example.table(load_experiment("miniature"))
    assert table.empty
    assert by_example.told(table) == "No gain here is a mean over examples"
