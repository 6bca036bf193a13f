"""The plan: parameters counted, memory that follows from shapes, advice that makes a training fit."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import pytest
import torch
from transformers import AutoConfig, AutoModel

from xstilts_lib.common.errors import UserError
from xstilts_lib.common.shapes import PUBLISHED
from xstilts_lib.experiment import load_experiment
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.runs import records
from xstilts_lib.runs.run import ENCODER, all_parts, all_runs
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training.loop import Ingredient, Learner, fresh_heads
from xstilts_lib.workflow import costs, graph, plan
from xstilts_lib.workflow.plan import Step, schedule


def shape(name):
    return costs.Shape.of(PUBLISHED[name])


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
    expected = costs.Shape.of(model.config.to_dict()).activations(batch.ids.numel())
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


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_parameters_are_those_of_the_model_itself(name):
    settings = dict(PUBLISHED[name])
    config = AutoConfig.for_model(settings.pop("model_type"), **settings, pad_token_id=1)
    with torch.device("meta"):
        model = AutoModel.from_config(config)
    counted = shape(name)
    tables = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Embedding))
    linear = [m for m in model.encoder.modules() if isinstance(m, torch.nn.Linear)] if "xlm" in name else []
    assert counted.embeddings == pytest.approx(tables, rel=0.005)
    assert counted.parameters == pytest.approx(sum(p.numel() for p in model.parameters()), rel=0.005)
    if linear:
        assert counted.edges == sum(m.in_features + m.out_features for m in linear)


def test_every_part_of_an_experiment_is_planned(capsys):
    experiment = load_experiment("smoke")
    rows = plan.needs(experiment, costs.gpu("h100")).values()
    parts = [(run, part) for run in all_runs(experiment) for part in run.parts]
    assert sum(row.runs for row in rows) == len(parts)
    assert all(row.seconds > 0 and row.memory > costs.OVERHEAD and not row.advice for row in rows)
    encoders = sum(part == ENCODER for _, part in parts)
    assert sum(row.runs for row in rows if row.disk) == encoders
    plan.show(experiment, costs.gpu("H100"), 2.5)
    said = capsys.readouterr().out
    assert f"{len(parts)} parts" in said
    assert "at 2.50 an hour" in said
    assert "not measured" in said


@pytest.mark.parametrize("name", ["paper", "real", "questions-xlmr"])
def test_a_grid_is_as_long_as_its_work_and_its_longest_chain_make_it(name):
    """The bounds of list scheduling: never shorter than either, never longer than both (Graham 1969)."""
    experiment = load_experiment(name)
    steps = plan.grid(experiment, plan.needs(experiment, costs.gpu("H100")))
    assert steps.keys() == {job.name for job in graph.jobs(experiment)}
    work, chain = sum(step.gpus * step.seconds for step in steps.values()), schedule(steps)
    assert max(step.seconds for step in steps.values()) <= chain
    before = math.inf
    for gpus in (1, 8, 64, 4096):
        end, busy = plan.by(steps, gpus)
        assert max(work / gpus, chain) * (1 - 1e-9) <= end <= work / gpus + chain
        assert busy == pytest.approx(work / end / gpus)
        assert end <= before
        before = end
    assert before == pytest.approx(chain)


def test_steps_wait_for_their_needs_and_for_room():
    steps = {
        "encoder": Step(100.0),
        "short": Step(10.0, needs=("encoder",)),
        "long": Step(30.0, needs=("encoder", "done before")),
        "table": Step(5.0, gpus=0, needs=("short", "long")),
    }
    assert schedule(steps) == schedule(steps, 2) == 135.0, "encoder, the longer recipe, the table"
    assert schedule(steps, 1) == 145.0
    wide = {**steps, "long": Step(30.0, gpus=2, needs=("encoder",))}
    assert schedule(wide, 2) == 145.0, "two GPUs are free before the short one starts, or after it"
    assert schedule(wide, 1) == math.inf
    assert schedule({}) == 0.0


def test_what_examples_hold_is_counted_by_format():
    assert costs.tokens("squad_v1") > costs.tokens("mnli")
    assert costs.tokens("mini_squad") == costs.TOKENS_ELSEWHERE
    run = next(run for run in all_runs(load_experiment("paper")) if run.recipe.name == "squad_v1")
    # As published: 87,599 questions, three times over.
    assert costs.training(run, ENCODER) == 6 * 3 * 87_599 * costs.TOKENS["span"]


def test_what_does_not_fit_comes_with_advice():
    tight = costs.Device("small", 12, 100)
    large, settings = shape("xlm-roberta-large"), TrainSettings(batch_size=256)
    tokens = costs.longest_update(settings, ("squad_v1",))
    assert tokens == 256 * settings.max_length
    advice = costs.advice(large, settings, tokens, False, tight.memory * 1e9)
    changes = dict(pair.split(": ") for pair in advice.split(", "))
    parts = int(changes["accumulation"])
    assert math.log2(parts).is_integer()
    changed = dataclasses.replace(settings, accumulation=parts, recompute="recompute" in changes)
    assert large.memory(changed, tokens, masked=False) <= tight.memory * 1e9
    huge = shape("xlm-roberta-xxl")
    advice = costs.advice(huge, settings, tokens, False, costs.gpu("A100-80").memory * 1e9)
    assert "processes: 4, shard: true" in advice
    assert "or low_rank" in advice
    assert costs.advice(huge, settings, tokens, False, tight.memory * 1e9) == "too large"


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match="did you mean 'H100'"):
        costs.gpu("H10")


def test_a_graph_and_a_dry_run_do_without_torch():
    """Their processes build thousands of jobs: torch would cost each of them seconds, and half a GiB."""
    code = (
        "import sys; from xstilts_lib.experiment import load_experiment;"
        "from xstilts_lib.workflow import graph, plan;"
        "experiment = load_experiment('smoke'); print([job.gpus for job in graph.jobs(experiment)]);"
        "plan.dry_run(experiment, 2); sys.exit('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_core_takes_about_as_long_as_it_took_for_the_record():
    """The parts of the real study, as their estimates and as the machines of the record had them."""
    experiment = load_experiment("real")
    took = {}
    for machine in records.provenance(experiment)["machines"]:
        took |= machine["parts"]
    guessed = {
        (run.directory / part).relative_to(experiment.root).as_posix(): costs.seconds(run, part, costs.CORE)
        for run, part in all_parts(experiment)
    }
    assert took.keys() <= guessed.keys()
    assert 0.5 < sum(guessed[name] for name in took) / sum(took.values()) < 2
