"""Figures: what is drawn, that it is legible, and that each comes with its description."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from xstilts_lib.analysis import figures as f
from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis import picture, training, typology

EFFECTS = {("mini_squad", "mini_tydiqa"): 12.0}


@pytest.fixture
def scores(build):
    return g.scores(build(EFFECTS))


@pytest.fixture
def curves() -> pd.DataFrame:
    rows = [
        {"recipe": recipe, "seed": seed, "phase": "target", "part": task, "task": task, "step": step,
         "loss": 1 / (step + 1), "tokens_per_second": 1000, "degenerate": recipe == "mini_mnli" and seed == 1}
        for recipe in ("untrained", "none", "mini_mnli") for seed in (0, 1)
        for task in ("mini_xnli", "mini_udpos", "mini_panx") for step in range(0, 50, 5)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=training.CURVE_COLUMNS)


def legible(figure: Figure) -> None:
    """At most as wide as the house style says, and no letters below 9 points."""
    assert figure.get_figwidth() <= f.WIDTH
    figure.canvas.draw()
    texts = [
        text for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text()
    ]
    assert texts
    assert min(text.get_fontsize() for text in texts) >= 9


def test_gain_dots_fill_what_excludes_zero(scores) -> None:
    gained = g.over_languages(g.gains(scores))
    figure = f.gain_dots(g.summary(gained), gained)
    legible(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "XNLI",
        "parts of speech",
        "TyDiQA-GoldP",
        "Tatoeba",
        "BUCC 2018",
    ]
    questions = figure.axes[2]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "SQuAD",
        "MultiNLI",
        "MultiNLI + SQuAD",
    ]
    filled = [
        line for line in questions.lines if line.get_marker() == "o" and line.get_markerfacecolor() == f.BLUE
    ]
    assert [round(x) for line in filled for x in line.get_xdata()] == [12]
    ticks = next(line for line in questions.lines if line.get_marker() == "|")
    assert len(ticks.get_xdata()) == 3 * 4, "one for each recipe and seed"


def test_gain_dots_of_one_seed_and_of_nothing(build) -> None:
    gained = g.over_languages(g.gains(g.scores(build(EFFECTS, seeds=[0]))))
    legible(f.gain_dots(g.summary(gained), gained))
    nothing = f.gain_dots(g.summary(gained.head(0)))
    legible(nothing)


def test_language_dots_tell_recipes_apart_without_colour(scores) -> None:
    tables = {
        name: g.summary(
            scores[(scores["recipe"] == name) & (scores["language"] != "en")], "score", ("target", "language")
        )
        for name in ("none", "untrained")
    }
    figure = f.language_dots(tables, ["qaa", "qab", "qag"])
    legible(figure)
    looks = {
        (line.get_marker(), line.get_markerfacecolor())
        for line in figure.axes[0].lines
        if line.get_marker() in "os"
    }
    assert len(looks) == 2
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["qaa", "qab", "qag"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "untouched encoder",
        "random weights",
    ]


def test_panels_of_targets_with_languages_of_their_own(scores) -> None:
    fewer = scores[
        (scores["language"] != "en") & ~((scores["target"] == "mini_xnli") & (scores["language"] > "qab"))
    ]
    one = g.summary(fewer[fewer["recipe"] == "none"], "score", ("target", "language"))
    figure = f.language_dots({"none": one}, ["qaa", "qab", "qac", "qag"])
    legible(figure)
    labels = [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes]
    assert labels == [["qaa", "qab"], *[["qaa", "qab", "qac", "qag"]] * 4]


def test_heatmap_writes_the_sign(scores) -> None:
    gained = g.gains(scores)
    parts = [
        typology.by_language(part, "gain").assign(recipe=name) for name, part in gained.groupby("recipe")
    ]
    figure = f.heatmap(pd.concat(parts), ["qaa", "qab"])
    legible(figure)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 2 * 3
    assert all(re.fullmatch(r"[+−]?\d+(\.\d)?\*?", text) for text in texts)


@pytest.mark.parametrize("known", [True, False])
def test_means_by_distance(scores, declared, known) -> None:
    table = typology.languages(scores["language"], declared if known else ())
    figure = f.by_distance(typology.by_language(scores[scores["recipe"] == "none"]), table)
    legible(figure)
    axes = figure.axes[0]
    codes = (
        [text.get_text() for text in axes.texts]
        if known
        else [label.get_text() for label in axes.get_yticklabels()]
    )
    assert codes[0] == "qaa"
    assert len(codes) == 7
    assert axes.get_xlabel() == ("distance from English" if known else "score")


def test_learning_curves_mark_what_learnt_nothing(curves) -> None:
    figure = training.learning_curves(curves, "part", smoothing=3)
    legible(figure)
    assert len(figure.axes) == 3
    assert [len(axes.lines) for axes in figure.axes] == [6, 6, 6]
    assert [line.get_marker() for line in figure.axes[0].lines].count("x") == 1
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["random weights", "untouched encoder", "with an intermediate task", "learnt nothing"]


def test_learning_curves_of_no_run(curves) -> None:
    figure = training.learning_curves(curves.head(0))
    legible(figure)
    assert figure.axes[0].texts[0].get_text() == "no such run in this experiment"


def test_a_recipe_of_many_tasks_has_lines_of_its_own() -> None:
    joint = "+".join(f"mini_{name}" for name in ("ccg", "hellaswag", "mnli", "qqp", "squad"))
    recipes = [joint, "mini_squad", f"{joint}-then-mini_mnli", "mini_qqp"]
    gained = pd.DataFrame(
        {"recipe": recipes, "target": "mini_xnli", "estimate": 1.0, "low": 0.5, "high": 1.5, "seeds": 3}
    )
    figure = f.gain_dots(gained)
    legible(figure)
    labels = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(labels))
    assert max(label.width for label in labels) < figure.bbox.width / 3


def test_picture_carries_its_description(scores) -> None:
    gained = g.over_languages(g.gains(scores))
    pictures = [f.Picture(f.gain_dots(g.summary(gained)), 'Gains of "squad" & co.') for _ in range(2)]
    bundle, _ = pictures[0]._repr_mimebundle_()
    assert 'role="img" aria-label="Gains of &quot;squad&quot; &amp; co."' in bundle["text/html"]
    assert bundle["text/plain"] == 'Gains of "squad" & co.'
    assert pictures[0].svg == pictures[1].svg, "the same results, the same page"
    with pytest.raises(ValueError, match="description"):
        f.Picture(Figure(), " ")


def test_a_picture_is_of_the_page(scores) -> None:
    """Its letters are text, its ink and ground the page's, and nothing in it reaches beyond it."""
    gained = g.over_languages(g.gains(scores))
    svg = f.Picture(f.gain_dots(g.summary(gained), gained), "Gains").svg
    assert re.search(r"<text [^>]*>TyDiQA", svg)
    assert "currentColor" in svg
    assert not re.search(r"#000000|#ffffff[^)]|DejaVu|<style|<g id=", svg)
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', svg))
    assert used <= set(re.findall(r' id="([\w-]+)"', svg))


def summary(groups: int = 2) -> pd.DataFrame:
    rows = [
        {"target": target, "recipe": f"mini_{'abcdef'[group]}", "parameters": size,
         "estimate": group + size / 1e6, "low": group - 1.0, "high": group + 3.0}
        for target in ("mini_xnli", "mini_panx")
        for group in range(groups)
        for size in (2e5, 7e5, 1.5e6)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_panel_a_target_and_a_line_a_recipe() -> None:
    figure = f.against(summary(), "parameters", axis="parameters", log=True)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["XNLI", "named entities\n(PAN-X)"]
    for axes in figure.axes:
        assert axes.get_xscale() == "log"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0.2M", "0.7M", "1.5M"]
        labels = axes.get_legend_handles_labels()[1]
        assert labels == ["mini_a", "mini_b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["mini_a", "mini_b"]


def test_counts_on_a_logarithmic_axis_are_not_named_as_sizes() -> None:
    frame = summary(1).assign(parameters=[150, 1000, 3696] * 2)
    figure = f.against(frame, "parameters", log=True, tick="{:,.0f}".format)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["150", "1,000", "3,696"]


def test_marks_without_order_are_not_joined() -> None:
    figure = f.against(summary(1), "parameters", joined=False)
    lines = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert {line.get_linestyle() for line in lines} == {"None"}
    assert not figure.legends


def test_whole_numbers_are_ticks() -> None:
    frame = summary(1).assign(number=[1, 2, 3] * 2)
    figure = f.against(frame, "number")
    assert list(figure.axes[0].get_xticks()) == [1, 2, 3]


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 5 lines"):
        f.against(summary(6), "parameters")


def test_clouds_stand_in_one_scale_and_join_what_belongs_together() -> None:
    points = np.random.default_rng(0).normal(size=(3, 7, 2))
    figure = f.clouds({"raw": points, "centred": 0.1 * points}, ["English", "Swahili", "Russian"], joined=2)
    legible(figure)
    one, other = figure.axes
    assert one.get_xlim() == other.get_xlim()
    assert [len(line.get_xdata()) for line in one.lines] == [7, 7, 7, 3]
    assert other.lines[3].get_xdata() == pytest.approx(0.1 * points[:, 2, 0])


def test_a_part_of_a_picture_answers_a_pointer() -> None:
    figure, (axes,) = f.panel_grid([1.0])
    axes.plot([0], [0], "o")[0].set_gid(picture.hint("Zulu & co.: 88 %"))
    svg = f.Picture(figure, "A mark.").svg
    assert re.search(r"<g>\s*<title>Zulu &amp; co.: 88 %</title>\s*<defs>", svg)
    assert not re.search(r"\.\d{3}", svg), "no more digits than anybody sees"
