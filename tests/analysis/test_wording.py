"""Numbers as a reader meets them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis import wording as w
from xstilts_lib.analysis.statistics import Interval
from xstilts_lib.common import words


def test_signs() -> None:
    assert [w.signed(value) for value in (3.14, -3.14, 0.04, -0.04, math.nan)] == [
        "+3.1",
        "−3.1",
        "0.0",
        "0.0",
        "·",
    ]
    assert words.number(-2.5, 2) == "−2.50"
    assert w.between(Interval(1, -0.5, 2.5, 3, 0.9)) == "90% interval −0.5 to +2.5"


def test_counted_nouns_and_lists() -> None:
    assert words.plural(1, "seed") == "1 seed"
    assert w.seeds([3, 3, 3]) == "3 seeds"
    assert w.seeds([5, 3]) == "3 to 5 seeds"
    assert words.listed(["a"]) == "a"
    assert words.listed([]) == ""


def test_chance_is_never_nothing() -> None:
    assert [w.chance(p) for p in (0.0004, 0.0123, 1, math.nan)] == [
        "p < 0.001",
        "p = 0.012",
        "p = 1.000",
        "·",
    ]
    assert [w.chance(p, name=False) for p in (0.0004, 0.0123)] == ["< 0.001", "0.012"]


def test_captions_say_how_many_seeds() -> None:
    assert w.bars([3, 3]) == "bars are 95% intervals over 3 seeds (Student's t)"
    assert w.bars([1]) == "1 seed, so no intervals"
    assert w.bars([]) == "no seed, so no intervals"


def test_short_names() -> None:
    assert w.short("mini_mnli+mini_squad-then-mini_ccg") == "MultiNLI + SQuAD\nthen CCG\nsupertagging"
    joint = "mini_hellaswag+mini_mnli+mini_squad"
    assert w.short(joint) == "HellaSwag +\nMultiNLI + SQuAD"
    assert w.short(f"{joint}-then-mini_mnli").endswith("SQuAD\nthen MultiNLI")


def test_names_that_people_use() -> None:
    assert w.named("none") == "untouched encoder"
    assert w.named("mini_udpos") == "parts of speech"
    assert w.named("mini_squad@qaa less mini_squad") == "SQuAD in Tolvish less SQuAD"
    assert w.named("mnli-then-mnli") == "MultiNLI in 2 times as many tokens"
    assert w.named("all languages") == "all languages"
    assert [w.language(code) for code in ("sw", "qae", "xx")] == ["Swahili", "Ilumay", "xx"]
    shown = w.shown(
        pd.DataFrame({"recipe": ["none"], "language": ["sw"]}), "Scores", "real · 1 seed"
    ).to_html()
    assert "untouched encoder" in shown
    assert "Swahili" in shown
    assert "Scores (real · 1 seed)" in shown
    assert "Nothing can be shown yet" in w.shown(pd.DataFrame({"recipe": []}), "Scores").data


def test_grid(build) -> None:
    scores = g.over_languages(g.scores(build({}, noise=0.0, seeds=[0, 2])))
    table = w.grid(g.summary(scores, "score"), ["none", "missing"], ["mini_xnli"])
    assert table.loc["none", "mini_xnli"].endswith("\u00a0±\u00a012.7"), (
        "half the t interval of two values 2 points apart"
    )
    assert table.loc["missing", "mini_xnli"] == "·"
    assert w.cell(1.0, math.nan, math.nan, sign=True) == "+1.0"


def test_the_largest_gain(build) -> None:
    def sentence(**more) -> str:
        return w.largest(
            g.summary(g.over_languages(g.gains(g.scores(build({("mini_squad", "mini_tydiqa"): 12}, **more)))))
        )

    assert sentence().startswith("The largest gain is +12.")
    assert "for TyDiQA-GoldP after SQuAD" in sentence()
    assert "is more than chance" in sentence()
    assert "may be chance" in sentence(noise=60.0)
    assert sentence(seeds=[0]).endswith("1 seed cannot say whether that is more than chance.")
    assert w.largest(pd.DataFrame({"estimate": []})) == "No recipe with an intermediate task has been scored."


def test_alt_text_holds_the_numbers(build) -> None:
    summary = g.summary(g.over_languages(g.gains(g.scores(build({("mini_squad", "mini_tydiqa"): 12})))))
    text = w.alt_text("Dots.", summary)
    assert text.startswith("Dots. 15 values. The highest, in points: SQuAD, TyDiQA-GoldP: +12")
    assert w.alt_text("Dots.", summary.head(2)).count(";") == 1
    assert w.alt_text("Dots.", summary.head(0)) == "Dots. There is nothing to draw yet."


def test_tables_are_the_same_every_time() -> None:
    frame = pd.DataFrame({"recipe": ["none"], "score": [1.234]})
    html = w.shown(frame, "Scores of all recipes").to_html()
    assert html == w.shown(frame, "Scores of all recipes").to_html()
    assert "<caption>Scores of all recipes</caption>" in html
    assert "1.23" in html


def test_tables_break_names_at_their_joints() -> None:
    frame = pd.DataFrame({"recipe": ["mini_mnli+mini_squad"], "mini_xnli": ["+1.0"], "seeds": [3]})
    html = w.shown(frame, "Gains").to_html()
    assert "MultiNLI + SQuAD" in html
    assert ">XNLI</th>" in html
    assert w.breakable("mini_mnli+mini_squad") == "mini_<wbr>mnli+<wbr>mini_<wbr>squad"
    assert ">+1.0<" in html, "a sign is no joint"


def test_glue_has_the_notebooks_prefix(monkeypatch) -> None:
    import myst_nb

    found = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display: found.update({name: (value, display)}))
    w.glue_all("40", seeds="3 seeds", count=4, share=0.5)
    assert found == {"40_seeds": ("3 seeds", False), "40_count": (4, False), "40_share": ("0.5", False)}


@pytest.mark.parametrize(("count", "words"), [(131072, "0.13M"), (5.6e8, "560M"), (10.7e9, "10.7B")])
def test_sizes_as_people_say_them(count: float, words: str) -> None:
    assert w.size(count) == words


def differences(*bounds: tuple[float, float, float]) -> pd.DataFrame:
    rows = [("squad_v1", "xnli", *row, 3) for row in bounds]
    return pd.DataFrame(rows, columns=["recipe", "target", "estimate", "low", "high", "seeds"])


def test_an_answer_counts_what_is_sure_and_names_the_largest() -> None:
    told = w.answered(differences((5, 2, 8), (-9, -20, 2), (-1, -1.5, -0.5)), "A lesson", "helps", "harms")
    assert told == (
        "A lesson helps in 1 of 3 comparisons and harms in 1; no other difference is sure. "
        "The largest sure difference is +5.0 points (95% interval +2.0 to +8.0): SQuAD, XNLI."
    )


def test_an_answer_says_when_nothing_is_sure() -> None:
    unsure = w.answered(differences((3, -1, 7)), "A lesson", "helps", "harms")
    assert unsure.startswith("It is open whether a lesson helps or harms.")
    single = w.answered(differences((3, float("nan"), float("nan"))), "A lesson", "helps", "harms")
    assert single == (
        "One seed gives no interval, so it is open whether a lesson helps or harms. "
        "The largest difference is +3.0 points: SQuAD, XNLI."
    )
    assert (
        w.answered(differences(), "A", "b", "c")
        == "Nothing that an answer could rest on has been measured yet."
    )
