"""Several encoders and several questions in one experiment: run directories, jobs, tables, verification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment
from xstilts_lib.rendering import tables
from xstilts_lib.runs import records, results
from xstilts_lib.runs.run import Run, all_runs, runs_of_model
from xstilts_lib.workflow import graph, plan, verification

Finish = Callable[[Run], None]
SEQUENCE = "mini_squad-then-mini_mnli"


def names(runs: list[Run]) -> list[tuple[str, str, int]]:
    return [(run.experiment.model.name, run.recipe.name, run.seed) for run in runs]


def test_runs_of_every_encoder(questions: Experiment, checkout: Path) -> None:
    recipes = {"tiny": ["none", "mini_squad", SEQUENCE], "wide": ["none", "mini_squad"]}
    expected = [(model, name, seed) for model in recipes for name in recipes[model] for seed in (0, 1)]
    assert names(all_runs(questions)) == expected
    assert names(runs_of_model(questions)) == expected[:6]
    root = checkout / "runs" / "questions"
    assert {run.directory.relative_to(root).parts[0] for run in all_runs(questions)} == {"tiny", "wide"}
    assert results.path(questions) == root / "results.parquet"
    assert graph.find(questions, "results/tables").folder == root / "jobs"


def test_parts_are_those_that_a_design_asks_for(questions: Experiment) -> None:
    parts = {(model, name): run.parts for (model, name, _), run in zip(
        names(all_runs(questions)), all_runs(questions), strict=True
    )}  # fmt: skip
    size = ("encoder", "targets/mini_xnli", "retrieval")
    assert parts["tiny", "none"] == ("encoder", "targets/mini_xnli", "targets/mini_pawsx", "retrieval")
    assert parts["tiny", "mini_squad"] == parts["wide", "mini_squad"] == parts["wide", "none"] == size
    assert parts["tiny", SEQUENCE] == ("encoder", "targets/mini_pawsx")
    assert Run(questions, SEQUENCE, 0).tasks("retrieval") == ()
    wide = questions.with_model("wide")
    assert Run(wide, SEQUENCE, 0).parts == ("encoder",), "nobody asks for it"
    assert Run(wide, "none", 1).parameters("encoder") == {
        "experiment": "questions", "variant": "wide", "seed": 1,
    }  # fmt: skip


def test_a_variant_shares_nothing_with_the_main_encoder(questions: Experiment, checkout: Path) -> None:
    def prints(experiment: Experiment) -> dict[tuple[str, str], str]:
        return {(run.experiment.model.name, part): run.fingerprint(part)
                for run in all_runs(experiment) if run.recipe.name == "none" and run.seed == 0
                for part in run.parts}  # fmt: skip

    before = prints(questions)
    assert before["tiny", "encoder"] != before["wide", "encoder"]
    file = checkout / "experiments" / "questions.yaml"
    file.write_text(file.read_text().replace("hidden_size: 64", "hidden_size: 96"))
    after = prints(load_experiment("questions"))
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {key for key in before if key[0] == "wide"}


def test_jobs_of_every_encoder(questions: Experiment) -> None:
    listed = {job.name: job for job in graph.jobs(questions)}
    assert [name for name in listed if "seed1" not in name] == [
        "encoder/none.seed0", "recipe/none.seed0", "encoder/mini_squad.seed0", "recipe/mini_squad.seed0",
        f"recipe/{SEQUENCE}.seed0", "encoder/wide.none.seed0", "recipe/wide.none.seed0",
        "recipe/wide.mini_squad.seed0", "results/tables", "results/chapters",
    ]  # fmt: skip
    assert listed["recipe/wide.mini_squad.seed0"].needs == ("encoder/wide.none.seed0",)
    assert listed[f"recipe/{SEQUENCE}.seed1"].needs == ("encoder/mini_squad.seed1",)
    assert listed[f"recipe/{SEQUENCE}.seed0"].parts == ("encoder", "targets/mini_pawsx")
    assert listed["recipe/wide.none.seed0"].parts == ("targets/mini_xnli", "retrieval")
    runs = tuple(name for name in listed if not name.startswith("results/"))
    assert listed["results/tables"].needs == listed["results/chapters"].needs == runs
    places = [job.log for job in listed.values()]
    assert len(set(places)) == len(places)


def test_what_was_measured_counts_for_its_encoder_alone(questions: Experiment, finish: Finish) -> None:
    finish(Run(questions.with_model("wide"), "none", 0))
    job = {job.name: job for job in graph.jobs(questions)}
    known = plan.measured(questions)
    assert plan.expected(job["encoder/wide.none.seed1"], known).measured
    assert not plan.expected(job["encoder/none.seed1"], known).measured


def test_every_encoder_has_its_rows(
    questions: Experiment, finish: Finish, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in all_runs(questions):
        finish(run)
    rows = tables.summarise(questions, results.collect(questions))
    cells = [(row["model"], row["recipe"], row["target"]) for row in rows]
    assert cells == [
        ("tiny", "none", "mini_xnli"), ("tiny", "none", "mini_tatoeba"), ("tiny", "none", "mini_pawsx"),
        ("tiny", "mini_squad", "mini_xnli"), ("tiny", "mini_squad", "mini_tatoeba"),
        ("tiny", SEQUENCE, "mini_pawsx"),
        ("wide", "none", "mini_xnli"), ("wide", "none", "mini_tatoeba"),
        ("wide", "mini_squad", "mini_xnli"), ("wide", "mini_squad", "mini_tatoeba"),
    ]  # fmt: skip
    gains = {cell: row["gain"] for cell, row in zip(cells, rows, strict=True)}
    assert gains["wide", "mini_squad", "mini_xnli"] == 6.0, "over its own untouched encoder"
    assert gains["tiny", SEQUENCE, "mini_pawsx"] == len(SEQUENCE) - len("none")
    tables.show(questions, rows, "table")
    said = capsys.readouterr().out
    assert said.count("Two questions, tiny") == said.count("Two questions, wide") == 1


def test_cells_of_every_encoder_are_verified(
    questions: Experiment, finish: Finish, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in all_runs(questions):
        finish(run)
    recorded = verification.cells(results.load(questions))[0]
    assert len(recorded) == 10 * 2
    numbers = {("qaa", "accuracy"): 54.0, ("qaa", "score"): 54.0}
    assert numbers.items() <= recorded["wide", "none", "mini_tatoeba", 1].items()
    again: list[Run] = []

    def compute(
        run: Run, part: str, target: str, settings: str | None = None
    ) -> tuple[verification.Numbers, dict[str, Any]]:
        again.append(run)
        own = recorded[run.experiment.model.name, run.recipe.name, target, run.seed]
        other = run.experiment.variant == "wide"
        return {key: value + other for key, value in own.items()}, records.made(run, part)

    monkeypatch.setattr(verification, "compute_again", compute)
    assert not verification.verify(questions, sample=99, seed=0)
    assert {run.experiment.variant for run in again} == {"", "wide"}
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(recorded)
    assert all(("DIFFERENT" in line) == line.startswith("wide, ") for line in lines)


def test_a_variants_cell_is_computed_again_from_its_start(questions: Experiment, finish: Finish) -> None:
    wide = questions.with_model("wide")
    again, made = verification.compute_again(Run(wide, "none", 1), "targets/mini_xnli", "mini_xnli")
    assert again["qaa", "score"] == 54.0
    assert made["hardware"]["processor"]
    assert not wide.directory.exists(), "in a folder of its own"
    with pytest.raises(UserError, match="no encoder 'wid'"):
        questions.with_model("wid")


def test_a_cell_of_a_record_is_computed_again_by_the_settings_of_then(questions: Experiment) -> None:
    then, wide = questions.file.read_text(encoding="utf-8"), questions.with_model("wide")
    questions.file.write_text(then.replace("wide", "broad"), encoding="utf-8")
    again, _ = verification.compute_again(Run(wide, "none", 1), "targets/mini_xnli", "mini_xnli", then)
    assert again["qaa", "score"] == 54.0
