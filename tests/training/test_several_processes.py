"""Several processes that share an update: they do what one does, whole or spread, and go on for others."""

from __future__ import annotations

import dataclasses
import os
import socket
import sys
import traceback

import pytest
import torch
from accelerate import PartialState

from xstilts_lib.common.errors import UserError
from xstilts_lib.models import devices, sharding, trainable
from xstilts_lib.tasks.settings import TrainSettings
from xstilts_lib.training import launch, loop

STILL = {"dropout": 0.0, "attention_dropout": 0.0}
# AdamW's epsilon is large, so that gradients that are zero but for rounding move nothing. Seven examples an
# update do not divide by two or three, nor do their words.
SETTINGS = TrainSettings(steps=4, batch_size=7, learning_rate=1e-3, epsilon=1e-3, **STILL)
SPREAD = dataclasses.replace(SETTINGS, shard=True)


def measured(model, tasks, settings, place):
    """Parameters, losses, and norms of the gradient, of a training."""
    norms, clip = [], torch.nn.utils.clip_grad_norm_

    def note(parameters, limit):
        parameters = list(parameters)
        if settings.shard:
            held = sum(parameter.to_local().numel() for parameter in parameters)
            assert held < 0.7 * sum(parameter.numel() for parameter in parameters), "each holds a part"
        norms.append(float(sharding.complete(clip(parameters, limit))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.utils, "clip_grad_norm_", note)
        _, history = loop.train(model, tasks, settings, 0, place)
    losses = [row["loss"] for row in history.rows]
    return [parameter.detach() for parameter in model.parameters()], losses, norms


def in_processes(number, tasks, model, settings, place):
    """What `measured` gives of a training in `number` forked processes that talk over gloo; for one, here."""
    if number == 1:
        return measured(model, tasks, settings, place)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(number):
        child = os.fork()
        if child:
            children.append(child)
            continue
        status = 1
        try:
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(number)}
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "ACCELERATE_USE_CPU": "true"}
            PartialState._reset_state()
            found = measured(model, tasks, settings, place)
            assert torch.distributed.get_world_size() == number
            if rank == 0:
                torch.save(found, place / "end.pt")
            torch.distributed.barrier()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * number
    return torch.load(place / "end.pt")


def assert_alike(one, other, rtol=1e-4, atol=1e-5):
    for ours, theirs in zip(one, other, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=rtol, atol=atol)


@pytest.mark.parametrize("shard", [False, True], ids=["whole", "spread"])
@pytest.mark.parametrize(
    ("kind", "forms", "layout"),
    [
        ("xlm-roberta", ("tags",), "padded"),
        ("xlm-roberta-xl", ("pair", "span"), "padded"),
        ("modernbert", ("choice",), "padded"),
        ("eurobert", ("text",), "joined"),
    ],
)
def test_two_processes_do_what_one_does(kind, forms, layout, shard, make_model, ingredient, tmp_path):
    settings = dataclasses.replace(SETTINGS, layout=layout)
    tasks, model = [ingredient(form) for form in forms], make_model(kind)
    double, losses, norms = in_processes(
        2, tasks, model, dataclasses.replace(settings, shard=shard), tmp_path
    )
    single, *expected = measured(model, tasks, settings, tmp_path)
    assert losses == pytest.approx(expected[0], rel=1e-5)
    assert norms == pytest.approx(expected[1], rel=1e-5)
    assert_alike(single, double)


@pytest.mark.parametrize(
    "change",
    [{"accumulation": 3, "recompute": True}, {"low_rank": 2}, {"weight_decay": 0.5}],
    ids=["recompute", "low_rank", "rows_read"],
)
def test_what_saves_memory_may_be_spread(change, make_model, ingredient, tmp_path, monkeypatch):
    monkeypatch.setattr(trainable, "MANY_ROWS", 8)  # so that few rows of the embeddings are trained
    tasks = [ingredient("pair", n=4, lengths=(3, 4))]
    spread, losses, norms = in_processes(
        2, tasks, make_model(), dataclasses.replace(SPREAD, **change), tmp_path
    )
    single, *expected = measured(make_model(), tasks, dataclasses.replace(SETTINGS, **change), tmp_path)
    assert losses == pytest.approx(expected[0], rel=1e-5)
    assert norms == pytest.approx(expected[1], rel=1e-5)
    assert_alike(single, spread)


@pytest.mark.parametrize("kind", ["xlm-roberta", "xlm-roberta-xl", "eurobert"])
def test_spread_in_bfloat16_is_whole_in_bfloat16(kind, make_model, ingredient, tmp_path):
    # The same operations in the same precision: what passes from layer to layer stays in float32 in both.
    if not devices.bf16_on_cpu():
        pytest.skip("this processor has no bfloat16 instructions")
    tasks, found = [ingredient("pair")], []
    for shard in (True, False):
        settings = dataclasses.replace(SETTINGS, shard=shard, precision="bf16")
        found.append(in_processes(2, tasks, make_model(kind), settings, tmp_path)[1:])
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-4)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-3)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((2, SETTINGS), (1, SETTINGS)),
        ((2, SPREAD), (1, SETTINGS)),
        ((1, SETTINGS), (2, SPREAD)),
        ((2, SPREAD), (3, SPREAD)),
    ],
    ids=["two-one", "spread-one", "one-spread", "spread-more"],
)
def test_others_go_on_where_some_stopped(before, after, make_model, ingredient, tmp_path, monkeypatch):
    monkeypatch.setattr("xstilts_lib.training.state.State.due", lambda self, seconds: self.step == 2)
    tasks, model = [ingredient("tags"), ingredient("pair")], make_model()
    first, losses, _ = in_processes(before[0], tasks, make_model(), before[1], tmp_path)
    second, found, norms = in_processes(after[0], tasks, model, after[1], tmp_path)
    assert len(norms) == 2, "the first two updates were computed again"
    assert found == pytest.approx(losses, rel=1e-5)
    assert_alike(first, second)


def test_a_notebook_starts_the_processes_itself(make_model, ingredient, tmp_path):
    tasks, model, other = [ingredient("pair"), ingredient("span")], make_model(), make_model()
    heads, history = loop.train(model, tasks, dataclasses.replace(SPREAD, processes=2), 0, tmp_path)
    expected_heads, expected = loop.train(other, tasks, SETTINGS, 0, tmp_path)
    assert [row["loss"] for row in history.rows] == pytest.approx([row["loss"] for row in expected.rows])
    assert_alike(model.parameters(), other.parameters())
    assert_alike(heads.parameters(), expected_heads.parameters())
    assert not torch.distributed.is_initialized()
    assert list(tmp_path.iterdir()) == []


def test_what_a_process_cannot_do_is_said_here(make_model, ingredient, tmp_path, monkeypatch):
    settings = dataclasses.replace(SETTINGS, processes=2, layout="joined")
    model = make_model("mt5")
    with pytest.raises(UserError) as single:
        loop.train(model, [ingredient("pair")], dataclasses.replace(settings, processes=1), 0, tmp_path)
    with pytest.raises(UserError) as several:
        loop.train(model, [ingredient("pair")], settings, 0, tmp_path)
    assert str(several.value) == str(single.value)


def test_more_processes_than_gpus_are_refused(make_model, ingredient, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    settings = dataclasses.replace(SETTINGS, processes=2)
    with pytest.raises(UserError, match="this machine has 1"):
        launch.train(make_model(), [ingredient("pair")], settings, 0, tmp_path)


def test_one_process_spreads_nothing(make_model, ingredient, tmp_path):
    with pytest.raises(UserError, match="and there is one"):
        loop.train(make_model(), [ingredient("pair")], SPREAD, 0, tmp_path)
    loop.train(make_model(), [ingredient("pair")], SETTINGS, 0, tmp_path)  # and nothing of it stays behind
