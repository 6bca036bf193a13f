"""Real languages: the table of facts, and distances from URIEL's features, made up and published."""

from __future__ import annotations

import math
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from xstilts_lib.analysis import typology as t
from xstilts_lib.common.errors import UserError
from xstilts_lib.tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["S_SVO", "S_SOV", "P_VOICE", "S_CASE", "S_ARTICLE"]
KNOWN = {  # language -> feature -> what each of two sources says; -1: nothing
    "eng": [(1, 1), (0, 0), (1, 1), (0, -1), (1, 1)],
    "deu": [(1, 0), (0, 1), (1, 1), (1, 1), (1, -1)],
    "tur": [(0, 0), (1, -1), (1, 1), (-1, -1), (-1, -1)],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as lang2vec has it, with three languages and five features."""
    data = np.array(list(KNOWN.values()), dtype=np.float32)
    sources = np.array(["WALS", "SSWL"])
    np.savez(tmp_path / t.FEATURES, data=data, feats=NAMES, langs=list(KNOWN), sources=sources)
    return tmp_path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """lang2vec's own features, or a skip that says where they were looked for."""
    shared = Path(os.environ.get("XSTILTS_SHARED") or ROOT.parent / "shared") / "data"
    archive = shared / "lang2vec.tar.xz"
    if not archive.is_file():
        pytest.skip(
            "no features of lang2vec: set XSTILTS_SHARED to a folder whose data/ holds the packed set"
        )
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    return next(tmp_path.rglob(t.FEATURES)).parent


def test_every_language_that_is_evaluated_is_in_the_table() -> None:
    real = [row for row in TASKS.values() if row.role == "target" and row.sources[0] in ("files", "hub")]
    wanted = {code for row in real for code in row.languages}
    assert wanted <= set(t.facts()["code"])
    assert t.facts()["code"].is_unique
    assert t.FACTS.read_text(encoding="utf-8").startswith("#"), "its sources are named"


def test_facts_are_the_published_ones() -> None:
    rows = {row["code"]: row for row in t.real()}
    assert rows["sw"]["resources"] == pytest.approx(math.log10(275e6), abs=1e-6)
    assert rows["yo"]["resources"] == 0, "not among the languages of the text"
    assert math.isnan(rows["uk"]["resources"]), "misprinted there"
    assert rows["tr"] | {"order": "SOV", "family": "Altaic", "script": "Latn"} == rows["tr"]


def test_without_a_folder_distances_are_those_of_the_package() -> None:
    distances = {row["code"]: row["distance"] for row in t.real(["en", "de", "zh", "sw"])}
    assert distances == pytest.approx({"en": 0, "de": 0.133, "zh": 0.265, "sw": 0.544}, abs=6e-4)


def test_without_features_there_is_no_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(t, "packaged", lambda: None)
    table = t.languages(["sw", "en"], t.real(["en", "sw"]))
    assert table["distance"].isna().all()
    assert set(table["reason"]) == {t.NO_FOLDER}
    assert not t.has(table, t.DISTANCE)


def test_languages_that_nobody_knows_are_left_to_typology() -> None:
    assert [row["code"] for row in t.real(["qaa", "tr"])] == ["tr"]


def test_distance_is_over_what_both_languages_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = t.syntax(folder, ["eng", "deu", "tur", "xxx"])
    assert vectors.keys() == {"eng", "deu", "tur"}
    assert vectors["deu"].tolist() == [0.5, 0.5, 1, 1], "syntax alone, the mean of the sources"
    monkeypatch.setattr(t, "LEAST", 1)
    far, features, _ = t.between(vectors["deu"], vectors["eng"])
    assert features == 4
    assert far == pytest.approx(1 - 1.5 / math.sqrt(2.5 * 2))
    assert t.between(vectors["tur"], vectors["eng"])[0] == 1
    assert t.between(vectors["eng"], vectors["eng"])[0] == 0


def test_a_distance_over_few_features_is_none(folder: Path) -> None:
    rows = {row["code"]: row for row in t.real(["de", "tr", "sw"], folder)}
    assert math.isnan(rows["tr"]["distance"])
    assert rows["tr"]["reason"] == "only 2 features are known of both languages"
    assert rows["sw"]["reason"] == "URIEL does not hold the language"


def test_files_that_are_not_lang2vecs(folder: Path) -> None:
    with pytest.raises(UserError, match=r"holds no features\.npz"):
        t.syntax(folder / "nowhere", ["eng"])
    np.savez(folder / t.FEATURES, data=np.zeros((2, 2, 2)), feats=NAMES, langs=["eng", "deu"])
    with pytest.raises(UserError, match="do not fit 2 languages and 5 features"):
        t.syntax(folder, ["eng"])
    (folder / t.FEATURES).write_text("nothing of the kind")
    with pytest.raises(UserError, match="is not lang2vec's file"):
        t.syntax(folder, ["eng"])


def test_published_features(published: Path) -> None:
    table = t.languages(["en", "de", "fr", "tr", "ja", "kk"], t.real(features=published))
    rows = table.set_index("code")
    assert rows.loc["en", "distance"] == pytest.approx(0, abs=1e-9)
    assert rows.loc["en", "features"] == 103
    assert rows.loc["de", "distance"] == pytest.approx(0.133, abs=0.001)
    assert rows.loc["de", "features"] == 87
    assert t.in_order(table)[:3] == ["en", "de", "fr"]
    assert rows.loc["tr", "distance"] > rows.loc["ja", "distance"] > 0.4
    assert rows.loc["kk", "features"] == 12
    assert t.has(table, t.DISTANCE)
