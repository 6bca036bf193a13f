"""The words and tables of the chapters: each follows from an interval, and says so of made-up ones."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from xstilts_lib.analysis import answers, wording
from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED

Build = Callable[..., pd.DataFrame]


@pytest.fixture
def gained(build: Build) -> pd.DataFrame:
    effects = {("mini_squad", "mini_tydiqa"): 8.0, ("mini_mnli", "mini_xnli"): -6.0}
    return g.over_languages(g.gains(g.scores(build(effects, seeds=range(5)))))


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.1, 9.0, SUPPORTED),
        (-9.0, -0.1, SUPPORTED),
        (-1.9, 1.9, CONTRADICTED),
        (-2.1, 1.0, INCONCLUSIVE),
        (float("nan"), float("nan"), INCONCLUSIVE),
    ],
)
def test_a_verdict_follows_from_the_interval(low: float, high: float, word: str) -> None:
    row = {"estimate": (low + high) / 2, "low": low, "high": high, "seeds": 5}
    table = pd.DataFrame([row | {"recipe": "mini_mnli", "p": 0.5, "p_holm": 0.5}])
    assert answers.shown(table, ["recipe"], 2.0)["verdict (±2 points)"].tolist() == [word]


def test_verdicts_are_counted(gained: pd.DataFrame) -> None:
    table = g.summary(gained)
    told = answers.verdicts(table, 2.0)
    assert told.startswith(f"of {len(table)} differences 2 are supported (1 above zero, 1 below), ")
    none = answers.verdicts(table[table["estimate"].abs() < 2], 2.0)
    assert "none is supported, " in none
    assert none.endswith("contradicted (within ±2 points) and none is inconclusive")


def test_what_stands_out_is_named_largest_first(gained: pd.DataFrame) -> None:
    told = answers.outstanding(g.summary(gained))
    assert told.startswith("After Holm's correction 2 of ")
    assert told.index("SQuAD, TyDiQA-GoldP +") < told.index("MultiNLI, XNLI −")


def test_where_nothing_stands_out_that_is_said(build: Build) -> None:
    table = g.summary(g.over_languages(g.gains(g.scores(build({}, noise=4.0)))))
    said = "None of 15 differences stands out after Holm's correction"
    assert answers.outstanding(table.assign(p=1.0, p_holm=1.0)) == said
    table = table.assign(p=[0.01, 0.01, *[1.0] * 13], p_holm=1.0)
    assert answers.outstanding(table) == f"{said}, though 2 would if looked at alone"


def test_slopes_over_sizes(build: Build) -> None:
    """The gain grows by three points from a thousand to a hundred thousand parameters."""
    frames = [
        build({("mini_squad", "mini_xnli"): gain}, noise=0.2).assign(model=name, parameters=size)
        for name, size, gain in (("small", 1e3, 1.0), ("middle", 1e4, 2.5), ("large", 1e5, 4.0))
    ]
    gained = g.over_languages(g.gains(g.scores(pd.concat(frames))))
    gained = gained[gained["target"] == "mini_xnli"]
    sizes = {"small": 1e3, "middle": 1e4, "large": 1e5}
    found = answers.over_sizes(gained, sizes).set_index("recipe")
    assert found.loc["mini_squad", "estimate"] == pytest.approx(1.5, abs=0.2)
    assert found.loc["mini_squad", "low"] > 0
    assert found.loc["mini_squad", "trend"].startswith("+1.")
    assert found.loc["mini_mnli", "estimate"] == pytest.approx(0.0), "the noise is the same at each size"
    assert (found["p_holm"] >= found["p"]).all()
    alone = answers.over_sizes(gained[gained["model"] == "small"], {"small": 1e3})
    assert alone.set_index("recipe").loc["mini_squad", "estimate"] == pytest.approx(1, abs=0.5)
    assert set(alone["trend"]) == {"One size has no slope."}


def test_more_seeds_are_needed_for_less(gained: pd.DataFrame) -> None:
    small, large = (answers.lacking(gained, effect).set_index(["recipe", "target"]) for effect in (0.2, 5.0))
    cell = ("mini_squad", "mini_udpos")
    assert str(small.loc[cell, "needed"]).startswith("more than") or int(small.loc[cell, "needed"]) > 5
    assert int(large.loc[cell, "needed"]) <= 5
    assert (small["seeds"] == 5).all()


def test_a_readers_table(gained: pd.DataFrame) -> None:
    table = answers.shown(g.summary(gained), ["recipe", "target"], 2.0)
    last = "verdict (±2 points)"
    assert list(table.columns) == ["recipe", "target", "gain", "p alone", "p corrected", "seeds", last]
    assert wording.SAID in wording.shown(table, "A table").to_html()
    assert "±" in table["gain"].iloc[0]


def test_of_properties_alone_the_largest_and_the_smallest_are_told() -> None:
    pairs = pd.DataFrame(
        [("order", "qaa", "qac"), ("script", "qaa", "qab"), ("case", "qaa", "qax")],
        columns=["property", "more", "less"],
    )
    scores = {"qaa": 60.0, "qac": 50.0, "qab": 58.0}  # and nothing of qax
    rows = [("mini_xnli", code, seed, value + seed) for code, value in scores.items() for seed in range(3)]
    base = pd.DataFrame(rows, columns=["target", "language", "seed", "score"])
    told = answers.properties(pairs, base)
    assert "from order (Oskethi less Tolvish) −10.0 points" in told
    assert "to script (Merrenic less Tolvish) −2.0 points" in told
    assert answers.properties(pairs.head(1), base) == "No two properties can be told apart here."


def test_near_and_far_languages_are_named_with_the_distance_between_them() -> None:
    table = pd.DataFrame({"code": ["de", "ja"], "distance": [0.25, 0.75]})
    assert answers.halves(table, ["de"], ["ja"]) == {"near": "German", "far": "Japanese", "bound": "0.25"}
    assert answers.halves(table, [], []) == {
        "near": "not known",
        "far": "not known",
        "bound": wording.NOTHING,
    }
