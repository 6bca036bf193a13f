"""Languages: their order, the pairs that differ in one thing, and what is said where nothing is known."""

from __future__ import annotations

import math

import pytest

from xstilts_lib.analysis import gains as g
from xstilts_lib.analysis import typology as t
from xstilts_lib.analysis import wording as w
from xstilts_lib.sources.miniature.languages import LANGUAGES


def test_table_of_declared_languages(declared) -> None:
    table = t.languages(["qag", "qaa", "en", "qaa"], declared)
    assert table["code"].tolist() == ["en", "qag", "qaa"]
    assert table.columns.tolist() == ["code", "name", "order", "script", "cognates", "distance", "resources"]
    assert table.loc[1, "name"] == "Quorzan"


def test_languages_of_which_nothing_is_known() -> None:
    table = t.languages(["fi", "en", "de"])
    assert table["name"].tolist() == ["en", "fi", "de"]
    assert table["distance"].isna().all()
    assert not t.has(table, t.DISTANCE)
    assert t.in_order(table) == ["en", "de", "fi"]
    assert t.pairs(table).empty


def test_order_is_by_distance_then_resources(declared) -> None:
    table = t.languages(["qag", "qaf", "qae", "qab", "qaa", "en"], declared)
    assert t.in_order(table) == ["en", "qaa", "qab", "qae", "qaf", "qag"]


def test_pairs_differ_in_one_thing(declared) -> None:
    found = t.pairs(t.languages([row["code"] for row in declared], declared))
    assert {(row.property, row.more, row.less) for row in found.itertuples()} == {
        ("resources", "qaa", "qab"),
        ("resources", "qae", "qaf"),
        ("order", "qaa", "qac"),
        ("script", "qaa", "qad"),
        ("script", "qac", "qae"),
    }


def test_the_miniature_declares_its_pairs() -> None:
    rows = [{**vars(language), "distance": 0.0} for language in LANGUAGES.values()]
    found = t.pairs(t.languages(LANGUAGES, rows))
    assert ("resources", "qaa", "qab") in {(row.property, row.more, row.less) for row in found.itertuples()}
    assert ("order", "qaa", "qac") in {(row.property, row.more, row.less) for row in found.itertuples()}


def test_contrasts_measure_what_the_property_does(build, declared) -> None:
    table = t.languages([row["code"] for row in declared], declared)
    scores = g.scores(build({}, noise=0.2))
    found = t.contrasts(t.pairs(table), scores[scores["recipe"] == "none"]).set_index(["more", "less"])
    text = found.loc[("qaa", "qab")]
    assert text["estimate"] == pytest.approx(-4, abs=0.3), "5 points a unit of resources, 0.8 units less"
    order = found.loc[("qaa", "qac")]
    assert order["estimate"] == pytest.approx(-4, abs=0.3), "20 points a unit of distance, 0.2 units farther"
    assert text["seeds"] == 4


def test_a_pair_that_was_not_measured(build, declared) -> None:
    table = t.languages([row["code"] for row in declared], declared)
    scores = g.scores(build({}, languages=["en", "qaa", "qac"]))
    found = t.contrasts(t.pairs(table), scores[scores["recipe"] == "none"]).set_index(["more", "less"])
    assert math.isnan(found.loc[("qaa", "qab"), "estimate"])
    assert found.loc[("qaa", "qac"), "seeds"] == 4


def test_pairs_stand_side_by_side_for_each_target(build, declared) -> None:
    table = t.languages([row["code"] for row in declared], declared)
    scores = g.scores(build({}, languages=["en", "qaa", "qac"]))
    untouched = scores[scores["recipe"] == "none"]
    found = w.side_by_side(t.pairs(table), untouched, "target").set_index(["more", "less"])
    assert list(found.columns) == ["property", *dict.fromkeys(untouched["target"])]
    assert found.loc[("qaa", "qab"), "mini_udpos"] == w.NOTHING
    one = t.contrasts(t.pairs(table), untouched[untouched["target"] == "mini_udpos"])
    one = one.set_index(["more", "less"]).loc[("qaa", "qac")]
    assert found.loc[("qaa", "qac"), "mini_udpos"] == w.cell(
        one["estimate"], one["low"], one["high"], sign=True
    )


def test_means_by_language_do_not_rest_on_which_targets_it_has(build) -> None:
    scores = g.scores(build({}))
    baseline = scores[scores["recipe"] == "none"].copy()
    baseline.loc[baseline["target"] == "mini_xnli", "score"] += 20
    lost = (baseline["language"] == "qad") & (baseline["target"] == "mini_xnli")
    whole, means = (t.by_language(frame).set_index("language") for frame in (baseline, baseline[~lost]))
    assert means.index.tolist() == ["qaa", "qab", "qac", "qad", "qae", "qaf", "qag"]
    assert means.loc["qad", "estimate"] == pytest.approx(whole.loc["qad", "estimate"], abs=1.5)
    assert means.loc["qaa", "low"] < means.loc["qaa", "estimate"] < means.loc["qaa", "high"]
    one = baseline[baseline["language"] == "qaa"]
    assert whole.loc["qaa", "estimate"] == pytest.approx(one["score"].mean())


def test_correlation_with_distance(build, declared) -> None:
    scores = g.scores(build({}))
    table = t.languages(scores["language"], declared)
    means = t.by_language(scores[scores["recipe"] == "none"])
    interval, p = t.correlation(means, table, t.DISTANCE)
    assert interval.estimate < -0.9
    assert interval.n == 7
    assert p < 0.01
    unknown, p = t.correlation(means, t.languages(scores["language"]), t.DISTANCE)
    assert math.isnan(unknown.estimate)
    assert math.isnan(p)
