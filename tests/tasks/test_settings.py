"""Settings: typed, merged, refused with a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from xstilts_lib.common import strict
from xstilts_lib.common.errors import UserError
from xstilts_lib.tasks.settings import PretrainSettings, TrainSettings, merged


def settings_of(*layers):
    """As an experiment builds them."""
    return strict.build(TrainSettings, merged(*layers), "training")


def test_the_defaults_are_the_studys():
    settings = TrainSettings()
    assert (settings.epochs, settings.batch, settings.learning_rate) == (2.0, (32, "examples"), 1e-5)
    assert (settings.warmup, settings.weight_decay, settings.clip) == (0.1, 0.01, 1.0)
    assert PretrainSettings().batch == (768, "tokens")


def test_numbers_that_yaml_reads_as_text_are_numbers():
    assert settings_of({"learning_rate": "5e-4", "steps": "100"}).learning_rate == 5e-4


def test_later_layers_win_and_alternatives_take_each_others_place():
    settings = settings_of({"epochs": 3, "batch_size": 8}, {"tokens_per_batch": 512}, {"steps": 7})
    assert (settings.steps, settings.epochs) == (7, None)
    assert settings.batch == (512, "tokens")
    assert merged({"steps": 3}, {"epochs": 2}) == {"epochs": 2}


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"learning_rat": 1}, "did you mean 'learning_rate'"),
        ({"learning_rate": "fast"}, "learning_rate: expected a number, found 'fast'"),
        ({"learning_rate": None}, "learning_rate"),
        ({"clip": -1}, "between 0"),
        ({"clip": float("nan")}, "between 0"),
        ({"steps": 2.5}, "whole number"),
        ({"batch_size": 0}, "at least 1"),
        ({"steps": True}, "steps: expected a whole number, found true"),
        ({"epochs": 1, "steps": 2}, "both 'epochs' and 'steps'"),
        ({"sampling": "unifrom"}, "did you mean 'uniform'"),
        ({"sampling": "capped"}, "needs `cap`"),
        ({"precision": "fp16"}, "precision"),
        ({"processes": 0}, "at least 1"),
        ({"shard": True, "compile": True}, "both shard and compile"),
    ],
)
def test_mistakes_are_named(bad, sentence):
    with pytest.raises(UserError, match=sentence):
        settings_of(bad)


def test_shares_of_languages_are_shares():
    with pytest.raises(UserError, match=r"languages\.?.*qaa: expected a number between 0 and 1, found 2"):
        PretrainSettings(languages={"qaa": 2})


def test_settings_need_no_torch():
    modules = "xstilts_lib.tasks.settings, xstilts_lib.training.checkpoint, xstilts_lib.common.progress"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
