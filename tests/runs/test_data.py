"""A part is done as long as the files that it read are what they were, wherever they lie."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs import identity
from xstilts_lib.runs.run import Run

EXPERIMENT = """
title: Files
source: {kind: files, counts: any}
model: {name: mine, path: WEIGHTS}
seeds: [0]
recipes: [none, mnli]
targets: [xnli, tatoeba]
languages: [en, de]
"""
FILES = {
    "mnli/multinli_1.0_train.jsonl": "train",
    "xnli/dev-en.tsv": "dev",
    "xnli/test-en.tsv": "test",
    "xnli/test-de.tsv": "Test",
    "xnli/test-fr.tsv": "test",
    "tatoeba/tatoeba.deu-eng.deu": "Ja",
    "tatoeba/tatoeba.deu-eng.eng": "Yes",
}
Make = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`make_run(recipe, folder)`: a run over the files in `folder`, which are there; weights in a folder."""
    monkeypatch.setenv("XSTILTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path / "runs"))
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    file = tmp_path / "here.yaml"
    file.write_text(EXPERIMENT.replace("WEIGHTS", str(weights)))

    def make(recipe: str = "none", folder: str = "a") -> Run:
        for name, content in FILES.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(content)
        return Run(load_experiment(file, tmp_path / folder), recipe, 0)

    return make


def finish(run: Run, part: str) -> None:
    run.begin(part, computing=False)
    run.finish(part, [], 1.0)
    assert run.done(part)


def test_every_split_is_named_with_what_comes_before_it(make_run: Make) -> None:
    target, retrieval = make_run("mnli").data("targets/xnli"), make_run("mnli").data("retrieval")
    assert target is not None
    assert retrieval is not None
    own = {"xnli test en", "xnli test de", "xnli dev en", "mnli train en", "weights of mine"}
    assert target.keys() == own
    assert retrieval.keys() == {"tatoeba test de", "mnli train en", "weights of mine"}
    assert make_run("mnli").data("encoder") == {
        name: target[name] for name in ("mnli train en", "weights of mine")
    }


def test_the_same_files_elsewhere_are_the_same_data(make_run: Make, tmp_path: Path) -> None:
    finish(make_run(), "targets/xnli")
    assert make_run(folder="b").done("targets/xnli")
    file = tmp_path / "here.yaml"
    (tmp_path / "weights").rename(tmp_path / "moved")
    file.write_text(file.read_text().replace(str(tmp_path / "weights"), "moved"))
    assert make_run(folder="b").done("targets/xnli")


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("xnli/test-de.tsv", {"targets/xnli"}),
        ("xnli/dev-en.tsv", {"targets/xnli"}),
        ("mnli/multinli_1.0_train.jsonl", {"targets/xnli", "retrieval", "encoder"}),
        ("tatoeba/tatoeba.deu-eng.eng", {"retrieval"}),
        ("xnli/test-fr.tsv", set()),
        ("../weights/config.json", {"targets/xnli", "retrieval", "encoder"}),
    ],
)
def test_other_content_of_the_same_size_and_time_is_other_data(
    make_run: Make, tmp_path: Path, name: str, stale: set[str]
) -> None:
    run, parts = make_run("mnli"), ("encoder", "targets/xnli", "retrieval")
    for part in parts:
        finish(run, part)
    file = tmp_path / "a" / name
    stat, content = file.stat(), file.read_text()
    file.write_text(content.swapcase() if content != "{}" else "[]")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert {part for part in parts if not run.done(part)} == stale


def test_a_folder_of_other_data_is_not_done(make_run: Make, tmp_path: Path) -> None:
    finish(make_run(), "targets/xnli")
    (tmp_path / "b" / "xnli").mkdir(parents=True)
    (tmp_path / "b" / "xnli" / "test-en.tsv").write_text("other")
    other = make_run(folder="b")
    assert not other.done("targets/xnli")
    left = other.part_directory("targets/xnli") / "left.txt"
    left.write_text("of the other data")
    other.begin("targets/xnli", computing=False)
    assert not left.exists(), "what was begun with other data is cleared"


def test_a_file_that_is_gone_is_other_data(make_run: Make, tmp_path: Path) -> None:
    finish(make_run(), "targets/xnli")
    shutil.rmtree(tmp_path / "a" / "mnli")
    run = Run(make_run().experiment, "none", 0)
    (tmp_path / "a" / "mnli" / "multinli_1.0_train.jsonl").unlink()
    assert identity.data(run, "targets/xnli")["mnli train en"] == "absent"  # type: ignore[index]
    assert not run.done("targets/xnli")


@pytest.mark.parametrize(("overlaps", "stale"), [("keep", set()), ("drop", {"encoder"})])
def test_another_target_makes_stale_what_its_sentences_are_dropped_from(
    make_run: Make, tmp_path: Path, overlaps: str, stale: set[str]
) -> None:
    make_run("mnli")
    file, parts = tmp_path / "here.yaml", ("encoder", "targets/udpos")
    text = file.read_text().replace("counts: any", f"counts: any, overlaps: {overlaps}")
    runs = []
    for targets in ("[udpos]", "[udpos, xnli]"):
        file.write_text(text.replace("[xnli, tatoeba]", targets))
        runs.append(Run(load_experiment(file, tmp_path / "a"), "mnli", 0))
    own = {part: identity.settings(runs[0], part) for part in parts}
    changed = {part for part in parts if identity.settings(runs[1], part) != own[part]}
    assert changed == stale
    alone, beside = (Run(run.experiment, "none", 0).fingerprint("targets/udpos") for run in runs)
    assert alone == beside


def test_the_split_of_another_target_is_no_setting_of_this_one(make_run: Make, tmp_path: Path) -> None:
    run, file = make_run("none"), tmp_path / "here.yaml"
    part = "targets/xnli"
    own, stated = identity.settings(run, part), file.read_text()
    for target, same in (("tatoeba", True), ("xnli", False)):
        file.write_text(f"{stated}\nevaluation: {{splits: {{{target}: dev}}}}\n")
        other = Run(load_experiment(file, tmp_path / "a"), "none", 0)
        assert (identity.settings(other, part) == own) is same


def test_without_a_folder_what_is_done_can_still_be_shown(make_run: Make, tmp_path: Path) -> None:
    finish(make_run(), "targets/xnli")
    run = Run(load_experiment(tmp_path / "here.yaml"), "none", 0)
    assert run.data("targets/xnli") is None
    assert run.done("targets/xnli")


def test_generated_examples_are_known_by_their_settings() -> None:
    run = Run(load_experiment("smoke"), "none", 0)
    (said,) = run.data("targets/mini_xnli").values()  # type: ignore[union-attr]
    assert said.startswith("miniature seed 11, settings ")
