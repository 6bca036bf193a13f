"""What the opening pages tell: differences with their words, and what is not measured yet said as such."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import answers, gains, opening, study, verdicts
from xstilts_lib.analysis.statistics import Interval, student_interval


@pytest.fixture(scope="module")
def lab() -> study.Study:
    return study.whole(study.LABORATORY)


@pytest.fixture
def real(lab, monkeypatch: pytest.MonkeyPatch) -> study.Study:
    """A study of which one seed of one target is done."""
    rows = [
        {"experiment": "real", "model": "e5-small", "parameters": 1, "recipe": recipe, "target": "tydiqa",
         "language": code, "seed": 0, "metric": "score", "value": value, "examples": 9, "provenance": ""}
        for recipe, values in (("none", (50.0, 30.0, 20.0)), ("squad_v1", (51.0, 36.0, 24.0)))
        for code, value in zip(("en", "fi", "te"), values, strict=True)
    ]  # fmt: skip
    monkeypatch.setattr(study.results, "load", lambda *_, **__: pd.DataFrame(rows))
    return study.whole(study.REAL)


def test_a_change_is_the_mean_of_paired_differences(lab: study.Study) -> None:
    found = lab.change("mini_squad", "mini_tydiqa")
    gained = gains.over_languages(gains.gains(lab.scores))
    rows = gained.query("model == 'medium' and recipe == 'mini_squad' and target == 'mini_tydiqa'")
    assert found.interval.estimate == pytest.approx(rows["gain"].mean())
    assert found.interval.n == rows["seed"].nunique()
    english, lead = (
        lab.change("mini_squad", "mini_tydiqa", where) for where in (study.ENGLISH, study.ADVANTAGE)
    )
    assert lead.interval.estimate == pytest.approx(english.interval.estimate - found.interval.estimate)


def test_one_seed_has_no_interval_and_no_seed_no_number(real: study.Study) -> None:
    one = real.change("squad_v1", "tydiqa")
    assert str(one) == "+5.0 points (one seed, so no interval)"
    assert one.worded("up", "down", "unsure") == "unsure"
    for absent in (real.change("mnli", "tydiqa"), real.change("squad_v1", "xnli")):
        assert str(absent) == absent.worded("up", "down", "unsure") == study.OPEN
    assert real.badge().startswith("real · 1 seed · ")
    assert real.badge("xnli") == f"real · {study.OPEN}"
    assert real.layers(["none"], "tatoeba").empty
    assert list(real.by_language("squad_v1", "tydiqa")["language"]) == ["fi", "te", "en"]


@pytest.mark.parametrize(
    ("values", "word"), [([4.0, 5.0, 6.0], "up"), ([-4.0, -5.0, -6.0], "down"), ([-4.0, 5.0, 0.0], "unsure")]
)
def test_words_follow_the_interval(values: list[float], word: str) -> None:
    assert study.Change(student_interval(np.array(values))).worded("up", "down", "unsure") == word


def test_many_tasks_at_once_are_open_until_they_are_trained(real: study.Study) -> None:
    for absent in (real, study.Study(real.plan, real.table.head(0))):
        assert str(opening.several(absent)) == f"All tasks at once: {study.OPEN}."
        assert not absent.unlearnt


def test_many_tasks_at_once_are_held_against_the_best_single_one(build) -> None:
    effects = {("mini_squad", "mini_tydiqa"): 8.0, ("mini_mnli+mini_squad", "mini_tydiqa"): 5.0}
    recipes = ("untrained", "none", "mini_squad", "mini_mnli", "mini_mnli+mini_squad")
    plan = study.load_experiment("smoke")
    view = study.Study(plan, build(effects, recipes=recipes, targets=["mini_tydiqa"]))
    found = opening.several(view)
    assert found.less_best.interval.estimate == pytest.approx(-3.0, abs=0.5)
    assert found.spread == pytest.approx(8.0, abs=0.5)
    assert (found.targets, found.tasks) == (1, 2)


def test_of_many_tasks_those_at_chance_are_counted_in_their_own_phase(build, monkeypatch) -> None:
    plan, both = study.load_experiment("smoke"), "mini_mnli+mini_squad"
    lost = [
        ["tiny", both, "encoder", 0, ["mini_mnli"]],
        ["tiny", both, "encoder", 1, ["mini_mnli"]],
        ["tiny", both, "targets/mini_xnli", 0, ["mini_xnli"]],
        ["tiny", "mini_squad", "encoder", 0, ["mini_squad"]],
        ["large", both, "encoder", 0, ["mini_squad"]],
    ]
    monkeypatch.setattr(opening.records, "lost", lambda _: lost)
    view = study.Study(plan, build({}, recipes=("none", "mini_squad", "mini_mnli", both)))
    assert opening.several(view).unlearnt == 1


def test_what_was_not_learnt_is_said_wherever_scores_stand(build) -> None:
    plan = study.load_experiment("smoke")
    learnt = study.Study(plan, build({}))
    assert learnt.caveat == study.OF_MINIATURE
    lost = study.Study(plan, build({("untrained", "mini_xnli"): 30.0}))
    assert lost.caveat == f"{study.OF_MINIATURE} Not learnt, so that no claim rests on them: XNLI."
    assert lost.unlearnt == ["mini_xnli"]
    rows = pd.DataFrame({"target": ["mini_xnli", "mini_udpos"]})
    assert list(lost.learned(rows)["target"]) == ["mini_udpos"]


def test_every_prediction_is_put_to_every_study_that_can_tell(lab: study.Study, real: study.Study) -> None:
    found = answers.predictions([real, lab], margin=2.0)
    assert found["explanation"].nunique() == 4
    assert set(found["verdict"]) <= {*verdicts.WORDS, study.OPEN}
    measured = found[found["study"] == "real languages"].set_index("says")["estimate"].notna()
    assert measured.sum() == 2, "what rests on the one target and the one recipe"
    only = found[found["says"] == "retrieval gains from duplicate questions"]
    assert list(only["study"]) == ["real languages"], "the laboratory does not train so"
    assert answers.scored(found).count("- *") == 4


def test_sameness_is_the_claim_of_a_difference_turned_round() -> None:
    assert verdicts.same(Interval(0.0, -1.0, 1.0, 3), 2.0) == verdicts.SUPPORTED
    assert verdicts.same(Interval(5.0, 4.0, 6.0, 3), 2.0) == verdicts.CONTRADICTED
    assert verdicts.same(Interval(1.0, -4.0, 6.0, 3), 2.0) == verdicts.INCONCLUSIVE
    assert verdicts.same(Interval(1.0, math.nan, math.nan, 1), 2.0) == verdicts.INCONCLUSIVE


def test_the_opening_figure_names_languages_and_draws_zero(real: study.Study) -> None:
    table = real.by_language("squad_v1", "tydiqa")
    figure = opening.draw([("Questions", table), ("Inference", table.iloc[:0])], {"fi": "Finnish"})
    above, left, right = figure.findobj(lambda each: each.__class__.__name__ == "Axes")
    assert [label.get_text() for label in left.get_yticklabels()] == ["Finnish", "te", "en"]
    assert not right.get_yticklabels()
    assert [0, 0] in [list(line.get_xdata()) for line in left.get_lines()]
    assert {text.get_text() for text in above.texts} >= {"1 Pretraining", "2 English", "3 English"}
