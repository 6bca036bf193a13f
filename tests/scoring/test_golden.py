"""Official scores to the digit: made-up cases that XTREME's own code scored, its mock set, SQuAD.

The cases are shared beside the checkout; where they are not, these tests skip.
"""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from xstilts_lib import scoring
from xstilts_lib.scoring import answers
from xstilts_lib.tasks import NO_ANSWER

SHARED = Path(os.environ.get("XSTILTS_SHARED") or Path(__file__).resolve().parents[3] / "shared")


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """`unpacked(archive)`: what an archive in the shared folder unpacks to; skips where it is absent."""
    folders: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        archive = SHARED / name
        if not archive.is_file():
            pytest.skip(f"the shared folder has no {name} (XSTILTS_SHARED says where it is)")
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("shared")
            with tarfile.open(archive) as contents:
                contents.extractall(folders[name], filter="data")
        return folders[name]

    return unpack


@pytest.mark.parametrize("benchmark", ["xtreme", "xtreme-r"])
@pytest.mark.parametrize("case", ["xtreme-case-1", "xtreme-case-2"])
def test_xtreme_to_the_digit(unpacked, case, benchmark):
    folder = unpacked(f"golden/{case}.tar.xz")
    official = json.loads((folder / f"official_{benchmark}.json").read_text())
    report = scoring.score_benchmark(folder / "predictions", folder / "labels", benchmark)
    assert report["score"] == pytest.approx(official.pop("all_task", None), abs=1e-6)
    compared = 0
    for name, expected in official.items():
        if not isinstance(expected, dict):
            assert report["groups"][name] == pytest.approx(expected, abs=1e-6)
            continue
        task = report["tasks"][name]
        assert task["score"] == pytest.approx(expected.pop("avg_metric"), abs=1e-6)
        for metric, values in expected.items():
            if metric.startswith("avg_"):
                assert task["averages"][metric.removeprefix("avg_")] == pytest.approx(values, abs=1e-6)
                continue
            ours = {language: metrics[metric] for language, metrics in task["languages"].items()}
            assert ours == pytest.approx(values, abs=1e-6), (name, metric)
            compared += len(values)
    assert compared > 300


@pytest.mark.parametrize("case", ["xtreme-case-1", "xtreme-case-2"])
def test_examples_have_the_official_scores_for_their_mean(unpacked, case):
    folder = unpacked(f"golden/{case}.tar.xz")
    sides = folder / "predictions", folder / "labels"
    for task, row in scoring.score_benchmark(*sides, "xtreme-r")["tasks"].items():
        for language, metrics in row["languages"].items():
            values = scoring.example_scores(task, *sides, language)
            if values is not None:
                assert values.mean() == pytest.approx(scoring.headline(metrics, task), abs=1e-9)


MOCK = {
    "pawsx": {"accuracy": 51.42857142857143},
    "xnli": {"accuracy": 30.666666666666668},
    "panx": {"f1": 57.50793650793652},
    "udpos": {"f1": 70.39805810699043},
    "bucc2018": {"f1": 55.0, "precision": 55.0, "recall": 55.0},
    "tatoeba": {"accuracy": 53.611111111111114},
    "xquad": {"exact_match": 77.27272727272727, "f1": 79.9586776859504},
    "mlqa": {"exact_match": 57.142857142857146, "f1": 81.76870748299321},
    "tydiqa": {"exact_match": 88.88888888888889, "f1": 97.22222222222223},
    "mewslix": {"map@20": 14.39025156130419},
}


@pytest.mark.parametrize("task", MOCK)
def test_xtremes_mock_set(unpacked, task):
    folder = unpacked("data/xtreme_mock.tar.xz") / "xtreme_mock" / "mock_test_data"
    benchmark = "xtreme-r" if task == "mewslix" else "xtreme"
    report = scoring.score_benchmark(folder / "predictions", folder / "labels", benchmark)
    averages = report["tasks"][task]["averages"]
    assert {metric: averages[metric] for metric in MOCK[task]} == pytest.approx(MOCK[task], abs=1e-6)


def test_the_predictions_of_two_squad_systems(unpacked):
    folder = unpacked("data/squad.tar.xz") / "squad"
    files = folder / "predictions" / "v1.1-match-lstm.json", folder / "dev-v1.1.json"
    found = answers.means(answers.squad(*answers.read(*files, ()), "en"))
    assert found == pytest.approx({"exact_match": 67.6348, "f1": 76.7556}, abs=1e-4)
    files = folder / "predictions" / "v2.0-nlnet.json", folder / "dev-v2.0.json"
    found = answers.means(answers.squad_v2(*answers.read(*files, (NO_ANSWER,)), "en"))
    assert found == pytest.approx({"exact_match": 75.8275, "f1": 78.7778}, abs=1e-4)


def test_mining_to_the_digit(unpacked):
    mining = pytest.importorskip("xstilts_lib.mining")
    folder = unpacked("golden/bucc-case-1.tar.xz")
    official = json.loads((folder / "official.json").read_text())
    found = mining.mine_case(folder, "de", "en")
    assert found["threshold"] == pytest.approx(official["dev"]["best-threshold"], abs=1e-4)
    for split, scores in (("dev", official["dev"]), ("test", official["test_at_dev_threshold"])):
        expected = {"precision": scores["precision"], "recall": scores["recall"], "f1": scores["F1"]}
        assert found[split] == pytest.approx(expected, abs=1e-6)
