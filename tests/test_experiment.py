"""Experiment files: what they say, and the one sentence that each mistake in them becomes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xstilts_lib import experiment as module
from xstilts_lib import places
from xstilts_lib.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment

GOOD = """
title: A test
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta, hidden_size: 32}}
pretraining: {steps: 10, tokens_per_batch: 256, learning_rate: 2e-3}
seeds: [0, 1]
recipes: [untrained, none, mini_squad, mini_squad+mini_mnli]
targets: [mini_xnli, mini_tatoeba]
training:
  intermediate: {epochs: 3, learning_rate: 1.0e-4}
  target: {steps: 5}
  tasks:
    mini_squad: {steps: 7, examples: 50}
    mini_squad+mini_mnli: {steps: 9}
    mini_mnli: {examples: 60}
"""


def write(folder: Path, text: str, name: str = "test.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def load(folder: Path, old: str = "", new: str = "") -> Experiment:
    assert old in GOOD
    return load_experiment(write(folder, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("file", sorted(places.experiments().glob("*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_of_the_checkout_is_valid(file: Path) -> None:
    experiment = load_experiment(file.stem)
    assert experiment.name == file.stem
    assert experiment.targets_trained or experiment.targets_retrieval


def test_reading(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    assert experiment.name == "test"
    assert [recipe.name for recipe in experiment.recipes][-1] == "mini_mnli+mini_squad"
    assert experiment.intermediates == ("mini_squad", "mini_mnli")
    assert experiment.targets_trained == ("mini_xnli",)
    assert experiment.targets_retrieval == ("mini_tatoeba",)
    assert experiment.pretraining is not None
    assert experiment.pretraining.learning_rate == 0.002, "2e-3 without a dot is text to YAML"
    assert experiment.directory == places.runs() / "test" / "tiny"


def test_settings_are_layered(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    alone = experiment.settings_for("intermediate", ["mini_squad"])
    assert (alone.steps, alone.epochs, alone.examples, alone.learning_rate) == (7, None, 50, 1e-4)
    assert experiment.settings_for("intermediate", ["mini_mnli"]).epochs == 3
    joint = experiment.settings_for("intermediate", ["mini_mnli", "mini_squad"])
    assert (joint.steps, joint.examples) == (9, None)
    assert experiment.settings_for("target", ["mini_xnli"]).steps == 5


def test_a_joint_step_must_say_whose_value_counts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"do not agree on 'steps'; add an entry 'mini_mnli\+mini_squad'"):
        load(tmp_path, "    mini_squad+mini_mnli: {steps: 9}\n")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seeds:", "sedes:", "unknown key 'sedes': did you mean 'seeds'"),
        ("title: A test\n", "", "the key 'title' is missing"),
        ("{kind: miniature}", "{kind: minature}",
         "source.kind: 'minature' is not valid: did you mean 'miniature'"),
        ("name: tiny", "nam: tiny", "model: unknown key 'nam': did you mean 'name'"),
        ("learning_rate: 2e-3", "learning_rat: 2",
         "pretraining: unknown key 'learning_rat': did you mean 'learning_rate'"),
        ("learning_rate: 2e-3", "learning_rate: high",
         "pretraining.learning_rate: expected a number, found 'high'"),
        ("steps: 10", "steps: 10.5", "pretraining.steps: expected a whole number, found 10.5"),
        ("[0, 1]", "[0, one]", r"seeds\[1\]: expected a whole number, found 'one'"),
        ("[0, 1]", "[0, 0]", "seeds: '0' stands twice"),
        ("[0, 1]", "[-1]", "seeds: a seed is zero or a positive"),
        ("[0, 1]", "[]", "seeds: the list is empty"),
        ("[0, 1]", "3", "seeds: expected a list, found 3"),
        ("none, mini_squad,", "none, mini_sqaud,", "recipes: .*did you mean 'mini_squad'"),
        ("none, mini_squad,", "none, mini_mnli+mini_squad,",
         r"recipes: 'mini_mnli\+mini_squad' stands twice"),
        ("none, mini_squad,", "none, squad,",
         "there is no task 'squad'|the source 'miniature' does not hold 'squad'"),
        ("mini_tatoeba]", "mini_tatoba]",
         "targets: there is no task 'mini_tatoba': did you mean 'mini_tatoeba'"),
        ("mini_tatoeba]", "mini_ccg]", "targets: 'mini_ccg' is an intermediate task"),
        ("{steps: 5}", "{stps: 5}",
         r"training \(target, mini_xnli\): unknown key 'stps': did you mean 'steps'"),
        ("{steps: 5}", "{steps: 5, epochs: 2}", "both 'epochs' and 'steps'"),
        ("    mini_mnli:", "    mini_mnly:",
         "training.tasks: there is no task 'mini_mnly': did you mean 'mini_mnli'"),
        ("seeds: [0, 1]", "seeds: [0]\nseeds: [1]", "the key 'seeds' stands twice"),
        ("seeds: [0, 1]", "languages: [qaz]\nseeds: [0]", "languages: no target has the language 'qaz'"),
        ("seeds: [0, 1]", "languages: [no]\nseeds: [0]",
         r"languages\[0\]: expected text, found false; put quotes"),
        ("seeds: [0, 1]", "seeds: [0", "not valid YAML"),
        ("seeds: [0, 1]", "workflow: {threads: 0}\nseeds: [0]", "'threads' must be at least 1"),
        ("seeds: [0, 1]", "evaluation: {split: tset}\nseeds: [0]",
         "'tset' is not valid: did you mean 'test'"),
        (
            "architecture: {model_type: xlm-roberta, hidden_size: 32}",
            "path: FacebookAI/xlm-roberta-base",
            "pin the 'revision'",
        ),
        ("hidden_size: 32}", "hidden_size: 32}, path: x", "either 'architecture'"),
        ("model_type: xlm-roberta, ", "", "needs a 'model_type'"),
        ("pretraining: {steps: 10, tokens_per_batch: 256, learning_rate: 2e-3}\n", "",
         "pretraining must be stated"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        load(tmp_path, old, new)
    assert str(caught.value).count("test.yaml") == 1, "the sentence names the file, once"
    assert "\n" not in str(caught.value)


def test_unknown_experiment() -> None:
    with pytest.raises(UserError, match="no experiment 'smok': did you mean 'smoke'"):
        load_experiment("smok")
    with pytest.raises(UserError, match=r"no experiment file nowhere\.yaml"):
        load_experiment("nowhere.yaml")


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="this file holds none"):
        load_experiment(write(tmp_path, "# nothing\n"))


def test_found_by_name_in_a_further_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv(module.EXPERIMENTS, str(tmp_path))
    assert load_experiment("test").title == "A test"
    assert "test" in module.available()
    assert "smoke" in module.available()


def test_a_data_folder_is_for_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no use for a data folder"):
        load_experiment(write(tmp_path, GOOD), data=tmp_path)


def test_no_heavy_import() -> None:
    code = (
        "import sys; from xstilts_lib.experiment import load_experiment; load_experiment('smoke');"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
