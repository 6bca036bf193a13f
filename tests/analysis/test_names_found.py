"""What is told of the names of countries and languages, from a table of results made up here."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from xstilts_lib.analysis import names, typology, wording

CODES = ("zu", "sr", "sr-Latn", "it", "hi", "dz")
LAYERS = 3
BEST = {"zu": 90.0, "sr": 80.0, "sr-Latn": 84.0, "it": 88.0, "hi": 78.0, "dz": 2.0}


@pytest.fixture(scope="module")
def results() -> pd.DataFrame:
    """Raw accuracy rises by equal steps to BEST less 6; centring adds 6 above layer 0; training takes 3."""
    rows = []
    for recipe, code, layer in itertools.product(("none", "mini_mnli"), CODES, range(LAYERS)):
        raw = (BEST[code] - 6) * layer / (LAYERS - 1) - 3 * (recipe != "none") * (layer > 0)
        for suffix, value in (("", raw), (" centred", raw + 6 * (layer > 0))):
            rows.append((recipe, code, f"layer {layer}{suffix}", value))
        rows.append((recipe, code, "score", raw))
    return pd.DataFrame(rows, columns=["recipe", "language", "metric", "value"])


@pytest.fixture(scope="module")
def rows(results: pd.DataFrame) -> pd.DataFrame:
    return names.profile(names.layers(results), LAYERS - 1)


def test_every_layer_is_read_raw_and_centred(results: pd.DataFrame) -> None:
    found = names.layers(results)
    assert len(found) == 2 * len(CODES) * LAYERS
    assert found.iloc[2].tolist() == ["none", "zu", 2, 84.0, 90.0]


def test_curves_are_means_over_languages(results: pd.DataFrame) -> None:
    curves = names.curves(names.layers(results)).set_index(["recipe", "kind", "layer"])["estimate"]
    assert curves["none", "centred", 2] == pytest.approx(sum(BEST.values()) / len(BEST))
    assert curves["none", "raw", 0] == 0
    assert curves["mini_mnli", "raw", 2] == pytest.approx(curves["none", "raw", 2] - 3)


def test_a_language_is_told_with_what_is_known_of_it(rows: pd.DataFrame) -> None:
    zulu, serbian = (rows.set_index("code").loc[code] for code in ("zu", "sr-Latn"))
    assert (zulu["name"], zulu["group"], zulu["latin"]) == ("Zulu", "Latin", 1)
    assert zulu[["raw floor", "centred floor", "raw", "centred"]].tolist() == [0, 0, 84, 90]
    assert (zulu["mini_mnli raw"], zulu["mini_mnli centred"]) == (-3, -3)
    swahili = typology.distances({"sw": ["swa", "swh"]})["sw"]
    assert swahili[0] == pytest.approx(0.544, abs=6e-4), "the one that URIEL knows most of"
    assert pd.isna(serbian["resources"]), "text is known of the usual script alone"
    assert rows.set_index("code").loc["it", "resources"] > 9


def test_what_is_told_is_counted(rows: pd.DataFrame) -> None:
    told = names.told(rows)
    assert (told["languages"], told["rows"]) == ("5", "6")
    assert told["centred"] == f"{sum(BEST.values()) / len(BEST):.1f}"
    assert (told["above"], told["poor"]) == ("6", "1 of 6")
    assert told["changes"].startswith(
        "after MultiNLI −3.0 points raw (95% interval −3.0 to −3.0) and −3.0 points"
    )
    assert told["changes"].endswith("and 0 of 6 tables gain, centred")


def test_scripts_stand_side_by_side(rows: pd.DataFrame) -> None:
    table = names.by_script(rows)
    assert dict(zip(table["script"], table["languages"], strict=True)) == {
        "Latin": 3, "Cyrillic": 1, "of South Asia": 1, "another": 1,
    }  # fmt: skip
    again = names.rewritten(rows)
    assert again[["language", "script", "centred"]].to_numpy().tolist() == [
        ["Serbian", "Cyrl", "80.0"],
        ["Serbian", "Latn", "84.0"],
    ]


def test_what_foretells_a_score_has_an_interval(rows: pd.DataFrame) -> None:
    table = names.predicted(rows).set_index("predictor")
    assert table.loc["distance from English", "languages"] == rows["distance"].notna().sum()
    assert table.loc["Latin script", "centred"].startswith("+0.")
    assert table.loc["layer 0, centred", "layer 0, centred"] == "·"
    assert " to " in table.loc["names in CLDR", "raw"]


def test_every_language_is_listed_from_the_best_to_the_worst(rows: pd.DataFrame) -> None:
    table = names.listing(rows)
    assert table["code"].tolist() == ["zu", "it", "sr-Latn", "sr", "hi", "dz"]
    assert table["change, MultiNLI raw"].unique().tolist() == ["−3.0"]
    html = names.searchable(wording.shown(table, "Every language"), "languages")
    assert html.count('id="T_every-language"') == 1
    assert "#T_every-language tbody tr" in html


@pytest.fixture
def vectors() -> dict[str, np.ndarray]:
    """English and two languages, three names: each language lies to one side of where the names are, and all
    far along one direction more."""
    names_at = np.array([[3.0, 0, 0, 0], [0, 3.0, 0, 0], [-3.0, -3.0, 0, 0]])
    offsets = np.array([[0.0, 0, 0, 0], [9.0, 0, 0, 0], [-9.0, 9.0, 0, 0]])
    return {"none": names_at + offsets[:, None] + np.array([0, 0, 0, 100.0])}


def test_the_same_things_are_named_side_by_side() -> None:
    table = names.together(["sw", "ru"])
    assert list(table) == ["en", "sw", "ru"]
    assert table.loc["DE"].tolist() == ["Germany", "Ujerumani", "Германия"]
    assert not table.isna().any(axis=None)


def test_a_plane_keeps_distances_and_centring_takes_out_languages(vectors: dict[str, np.ndarray]) -> None:
    points = names.plane(vectors)
    assert list(points) == ["untouched encoder, raw", "untouched encoder, centred"]
    raw, centred = points.values()
    assert raw.mean(axis=(0, 1)) == pytest.approx([0, 0])
    assert np.hypot(*(raw[1, 0] - raw[0, 0])) == pytest.approx(9), "two directions hold all that varies"
    assert centred[1] == pytest.approx(centred[2])
    shares = names.parted(points)["estimate"]
    assert shares[0] > 80
    assert shares[1] == pytest.approx(0)


def test_what_one_mean_brings_is_told_from_what_each_brings(vectors: dict[str, np.ndarray]) -> None:
    (row,) = names.freed(vectors).to_dict("records")
    assert row["encoder"] == "untouched encoder"
    assert row["nothing"] < row["each language's mean"] == 100
    alike = {"none": vectors["none"][[0, 0, 0]] * np.array([1, 1, 1, 0])}
    assert set(names.freed(alike).iloc[0, 1:]) == {100.0}
