"""The plan: parameters counted, memory that follows from shapes, advice that makes a training fit."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from transformers import AutoConfig

from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.runs.run import ENCODER, all_runs
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, Learner, fresh_heads
from xstilts_lib.workflow import plan


def shape(name):
    settings = dict(plan.PUBLISHED[name])
    return plan.Shape.of(AutoConfig.for_model(settings.pop("model_type"), **settings, pad_token_id=1))


@pytest.mark.parametrize(
    ("name", "millions"),
    # As their papers state them (XLM-R: Conneau et al. 2020; XL, XXL: Goyal et al. 2021), rounded.
    [
        ("xlm-roberta-base", 270),
        ("xlm-roberta-large", 550),
        ("xlm-roberta-xl", 3500),
        ("xlm-roberta-xxl", 10700),
    ],
)
def test_parameters_are_those_published(name, millions):
    assert shape(name).parameters / 1e6 == pytest.approx(millions, rel=0.035)


def test_activations_are_about_what_a_forward_pass_keeps(tokenizer, make_rows, make_model):
    # Without dropout of its weights, attention keeps no matrix of them, as the kernels of a GPU keep none.
    model = make_model(
        hidden_size=128, intermediate_size=512, num_hidden_layers=4, attention_probs_dropout_prob=0.0
    )
    features = FORMATS["pair"].encode(make_rows("pair", 32, (40,)), tokenizer, ("a", "b", "c"), 128)
    task = Ingredient("pair", features, ("a", "b", "c"), FORMATS["pair"])
    learner = Learner(model, fresh_heads(model, [task], TrainSettings(), 0)).train()
    learner.encoder.config._attn_implementation = "sdpa"
    batch, kept = collate(features, FORMATS["pair"], 1), {}

    def note(tensor):
        if tensor.data_ptr() not in {parameter.data_ptr() for parameter in learner.parameters()}:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with (
        torch.autocast("cpu", torch.bfloat16),
        torch.random.fork_rng(),
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
    ):
        learner("pair", FORMATS["pair"], batch)
    expected = plan.Shape.of(model.config).activations(batch.ids.numel())
    # The weights' copies in bfloat16 are counted elsewhere.
    found = sum(kept.values()) - 2 * sum(
        m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Linear)
    )
    assert found == pytest.approx(expected, rel=0.4)


def test_memory_grows_with_what_is_trained_and_kept():
    large, plain = shape("xlm-roberta-large"), TrainSettings()
    whole = large.memory(plain, 8192, masked=False)
    assert whole > 16 * large.parameters
    spread = {"shard": True, "processes": 4}
    for less in ({"accumulation": 4}, {"recompute": True}, {"low_rank": 16}, {"processes": 4}, spread):
        assert large.memory(dataclasses.replace(plain, **less), 8192, masked=False) < whole
    assert large.memory(plain, 8192, masked=True) > whole


def test_every_part_of_an_experiment_is_planned(capsys):
    experiment = load_experiment("smoke")
    encoder = plan.Shape.of(plan.config(experiment))
    rows = plan.needs(experiment, plan.gpu("h100"), encoder).values()
    parts = [(run, part) for run in all_runs(experiment) for part in run.parts]
    assert sum(row.runs for row in rows) == len(parts)
    assert all(row.seconds > 0 and row.memory > plan.OVERHEAD and not row.advice for row in rows)
    encoders = sum(part == ENCODER for _, part in parts)
    assert sum(row.runs for row in rows if row.disk) == encoders
    plan.show(experiment, plan.gpu("H100"))
    said = capsys.readouterr().out
    assert f"{len(parts)} parts" in said
    assert "not measured" in said


def test_what_does_not_fit_comes_with_advice():
    tight = plan.Gpu("small", 12, 100)
    large, settings = shape("xlm-roberta-large"), TrainSettings(batch_size=256)
    tokens = plan.longest_update(settings, ("squad_v1",))
    assert tokens == 256 * settings.max_length
    advice = plan.advice(large, settings, tokens, False, tight.memory * 1e9)
    changes = dict(pair.split(": ") for pair in advice.split(", "))
    parts = int(changes["accumulation"])
    assert math.log2(parts).is_integer()
    changed = dataclasses.replace(settings, accumulation=parts, recompute="recompute" in changes)
    assert large.memory(changed, tokens, masked=False) <= tight.memory * 1e9
    huge = shape("xlm-roberta-xxl")
    advice = plan.advice(huge, settings, tokens, False, plan.gpu("A100-80").memory * 1e9)
    assert "processes: 4, shard: true" in advice
    assert "or low_rank" in advice
    assert plan.advice(huge, settings, tokens, False, tight.memory * 1e9) == "too large"


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match="did you mean 'H100'"):
        plan.gpu("H10")
