"""Run directories: what a part needs, when it is done, and what makes it stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from xstilts_lib.common import manifest
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment
from xstilts_lib.rendering import tables
from xstilts_lib.runs import identity, results
from xstilts_lib.runs.run import Run, all_runs
from xstilts_lib.workflow import graph

Template = Callable[..., Path]


@pytest.fixture
def experiment(checkout: Path) -> Experiment:
    return load_experiment("test")


@pytest.fixture
def done(experiment: Experiment) -> Run:
    """A run whose encoder is there."""
    run = Run(experiment, "none", 0)
    run.begin("encoder")
    run.encoder.mkdir()
    (run.encoder / "weights").write_bytes(b"0123456789")
    run.finish("encoder", [run.encoder], 2.5)
    return run


def edit(checkout: Path, old: str, new: str) -> Experiment:
    file = checkout / "experiments" / "test.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return load_experiment("test")


def prints(experiment: Experiment) -> dict[str, str]:
    return {
        f"{run.recipe}:{part}": run.fingerprint(part) for run in all_runs(experiment) for part in run.parts
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def test_where_things_stand(experiment: Experiment, checkout: Path) -> None:
    run = Run(experiment, "mini_squad", 3)
    assert run.directory == checkout / "runs/test/tiny/mini_squad/seed3"
    assert run.parts == ("encoder", "targets/mini_xnli", "retrieval")
    assert run.notebook("targets/mini_xnli") == run.target("mini_xnli") / "20_target.ipynb"
    assert run.parameters("targets/mini_xnli") == {
        "experiment": "test", "variant": "", "seed": 3, "recipe": "mini_squad", "task": "mini_xnli",
    }  # fmt: skip
    assert run.parent.template("encoder") == "00_pretrain"
    assert run.parent.parameters("encoder") == {"experiment": "test", "variant": "", "seed": 3}
    assert Run(experiment, "untrained", 0).parts == ()
    assert Run(experiment, "mini_ccg", 0).parts == ("encoder",), "not asked for, so not evaluated"


def test_a_seed_is_a_whole_number(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="not -1"):
        Run(experiment, "none", -1)


def test_a_part_is_done_when_its_manifest_is_there(done: Run) -> None:
    assert done.done("encoder")
    record = manifest.read_manifest(done.directory)
    assert record["parameters"] == {"experiment": "test", "variant": "", "seed": 0}
    assert record["outputs"]["encoder/weights"]["bytes"] == 10
    assert {"versions", "hardware", "code", "seconds", "date", "fingerprint"} <= record.keys()
    done.begin("encoder")
    assert not done.done("encoder"), "begun again, it is not done until it is finished again"


@pytest.mark.parametrize(
    ("content", "says", "at_once"),
    [
        (b"01234", "is cut short: 5 bytes of 10", True),
        (b"x" * 10, "is not the file", False),
        (None, "is gone", True),
    ],
)
def test_a_damaged_file_is_named(done: Run, content: bytes | None, says: str, at_once: bool) -> None:
    file = done.encoder / "weights"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=f"none/seed0/encoder/weights {says}.*remove"):
        done.done("encoder") if at_once else manifest.read_manifest(done.directory)


def test_a_damaged_manifest_is_named(done: Run) -> None:
    path = done.directory / manifest.NAME
    path.write_text(path.read_text()[:40])
    with pytest.raises(UserError, match=r"seed0/manifest\.json is damaged"):
        done.done("encoder")


def test_an_output_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        manifest.write_manifest(tmp_path, {}, [tmp_path / "nothing"], 1.0)
    assert not (tmp_path / manifest.NAME).exists()


EVERYTHING = {
    "none:encoder", "none:targets/mini_xnli", "none:retrieval",
    "mini_squad:encoder", "mini_squad:targets/mini_xnli", "mini_squad:retrieval",
}  # fmt: skip
SQUAD = {name for name in EVERYTHING if name.startswith("mini_squad")}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("title: A test", "title: Another", set()),
        ("steps: 1", "steps: 2", EVERYTHING),
        ("{kind: miniature}", "{kind: miniature, seed: 5}", EVERYTHING),
        ("steps: 1}", "steps: 1}\ntraining: {intermediate: {epochs: 5}}", SQUAD),
        (
            "steps: 1}",
            "steps: 1}\ntraining: {target: {epochs: 5}}",
            {"none:targets/mini_xnli", "mini_squad:targets/mini_xnli"},
        ),
        ("steps: 1}", "steps: 1}\nretrieval: {layer: 1}", {"none:retrieval", "mini_squad:retrieval"}),
        ("steps: 1}", "steps: 1}\ntraining: {intermediate: {checkpoint_every: 5}}", set()),
        (
            "steps: 1}",
            "steps: 1}\nevaluation: {examples: 5}",
            EVERYTHING - {"none:encoder", "mini_squad:encoder"},
        ),
        ("steps: 1}", "steps: 1}\nworkflow: {threads: 2}", EVERYTHING),
    ],
)
def test_an_edited_setting_makes_stale_what_depends_on_it(
    checkout: Path, experiment: Experiment, old: str, new: str, stale: set[str]
) -> None:
    before = prints(experiment)
    assert before.keys() == EVERYTHING
    assert changed(before, prints(edit(checkout, old, new))) == stale


def test_code_in_a_template_counts_and_prose_does_not(
    checkout: Path, experiment: Experiment, template: Template
) -> None:
    before = prints(experiment)
    file = checkout / "notebooks" / "20_target.ipynb"
    content = json.loads(file.read_text())
    content["cells"].append({"cell_type": "markdown", "metadata": {}, "id": "m", "source": "Prose."})
    content["cells"][0]["source"] = content["cells"][0]["source"].replace("seed = 0", "seed = 1")
    file.write_text(json.dumps(content))
    assert not changed(before, prints(experiment))
    template("20_target", "seed = 0", "print('other code')")
    assert changed(before, prints(experiment)) == {"none:targets/mini_xnli", "mini_squad:targets/mini_xnli"}


def test_the_librarys_code_counts(monkeypatch: pytest.MonkeyPatch, experiment: Experiment) -> None:
    before = prints(experiment)
    monkeypatch.setattr(identity, "code", lambda source, evaluation: "other" if evaluation else "same")
    scored = prints(experiment)
    monkeypatch.setattr(identity, "code", lambda source, evaluation: "same")
    assert changed(prints(experiment), scored) == EVERYTHING - {"none:encoder", "mini_squad:encoder"}
    assert changed(before, scored) == EVERYTHING


def test_what_an_earlier_start_left_is_kept_for_the_same_settings_alone(
    checkout: Path, experiment: Experiment
) -> None:
    directory = Run(experiment, "none", 0).begin("encoder")
    (directory / "checkpoint").mkdir()
    assert (Run(experiment, "none", 0).begin("encoder") / "checkpoint").is_dir()
    other = edit(checkout, "steps: 1", "steps: 2")
    assert not (Run(other, "none", 0).begin("encoder") / "checkpoint").exists()


def test_checkpoints_stay_until_a_part_is_done(experiment: Experiment) -> None:
    run = Run(experiment, "none", 0)
    directory = run.begin("encoder")
    (directory / "checkpoint").mkdir()
    (directory / "history.json").write_text("{}")
    assert not run.done("encoder")
    run.finish("encoder", [directory / "history.json"], seconds=1.0)
    assert run.done("encoder")
    assert not (directory / "checkpoint").exists()


def test_how_an_update_is_carried_out_makes_no_other_run(checkout: Path, experiment: Experiment) -> None:
    before = prints(experiment)
    for more in ("accumulation: 2", "processes: 2", "processes: 2, shard: true", "recompute: true"):
        other = edit(checkout, "steps: 1", f"steps: 1, {more}")
        assert prints(other) == before
        edit(checkout, f"steps: 1, {more}", "steps: 1")


def test_jobs_and_what_they_need(experiment: Experiment) -> None:
    listed = {job.name: job for job in graph.jobs(replace(experiment, seeds=(0, 1)))}
    assert list(listed) == [
        "encoder/none.seed0", "recipe/none.seed0", "encoder/none.seed1", "recipe/none.seed1",
        "recipe/mini_squad.seed0", "recipe/mini_squad.seed1", "results/tables",
    ]  # fmt: skip
    assert listed["recipe/mini_squad.seed1"].needs == ("encoder/none.seed1",)
    assert listed["recipe/none.seed0"].parts == ("targets/mini_xnli", "retrieval")
    assert listed["results/tables"].needs == tuple(listed)[:-1]
    with pytest.raises(UserError, match="no job 'recipe/mini_squad'"):
        graph.find(experiment, "recipe/mini_squad")


def test_an_encoder_that_others_start_from_is_a_job_of_its_own(checkout: Path) -> None:
    longer = edit(
        checkout,
        "[none, mini_squad]",
        "[none, mini_squad, mini_squad-then-mini_mnli, mini_ccg-then-mini_mnli]",
    )
    listed = {job.name: job for job in graph.jobs(longer)}
    assert listed["recipe/mini_squad-then-mini_mnli.seed0"].needs == ("encoder/mini_squad.seed0",)
    assert listed["recipe/mini_squad.seed0"].parts == ("targets/mini_xnli", "retrieval")
    assert "recipe/mini_ccg.seed0" not in listed, "a mere prefix hands on its encoder, and that is all"
    assert listed["encoder/mini_ccg.seed0"].needs == ("encoder/none.seed0",)


def test_collecting_and_summarising(checkout: Path, experiment: Experiment) -> None:
    three = replace(experiment, seeds=(0, 1, 2))
    for recipe, gain in (("none", 0.0), ("mini_squad", 5.0)):
        for seed in three.seeds:
            run = Run(three, recipe, seed)
            directory = run.begin("targets/mini_xnli")
            scores = {
                "en": {"accuracy": 80.0},
                "qaa": {"accuracy": 50.0 + seed + gain},
                "qab": {"accuracy": 40.0 + gain},
            }
            results.write_scores(directory, {"mini_xnli": scores}, {"mini_xnli": dict.fromkeys(scores, 12)})
            run.finish("targets/mini_xnli", [directory / results.SCORES], 1.0, extra={"model_parameters": 99})
    table = results.collect(three)
    assert tuple(table.columns) == results.COLUMNS
    assert len(table) == 2 * 3 * 3 * 2, "recipes, seeds, languages; the metric and the headline"
    assert set(table["parameters"]) == {99}
    assert set(table["examples"]) == {12}
    rows = {row["recipe"]: row for row in tables.summarise(three, table)}
    none, squad = rows["none"], rows["mini_squad"]
    assert (none["seeds"], none["mean"], none["english"]) == (3, pytest.approx(45.5), pytest.approx(80.0))
    # Seeds give 45, 45.5 and 46: Student's quantile for two degrees of freedom is 4.3027.
    assert none["mean"] - none["low"] == pytest.approx(4.3027 * 0.5 / 3**0.5, abs=1e-4)
    assert none["gain"] != none["gain"], "no gain over itself"
    assert (squad["gain"], squad["gain_low"], squad["gain_high"]) == pytest.approx((5.0, 5.0, 5.0))
    assert len(results.missing(three)) == len(all_runs(three)) * 2
    first = results.write(three).read_bytes()
    assert results.write(three).read_bytes() == first


def test_nothing_done_yet(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="xstilts run test"):
        results.load(experiment)
