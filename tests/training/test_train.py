"""The loop: right gradients, nothing lost when it is killed, tasks that mix, degenerate runs marked."""

from __future__ import annotations

import math
import os
import signal
import time

import numpy as np
import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.models import trainable
from xstilts_lib.tasks.settings import PretrainSettings, TrainSettings
from xstilts_lib.training import loop

TRAINED = ("pair", "choice", "tags", "span", "text")
STILL = {"dropout": 0.0, "attention_dropout": 0.0}


def gradients(model, task, settings, groups, joined=False):
    """Loss and norm of the gradient of one update, its features in `groups` that are collated one by one."""
    learner = loop.Learner(model, loop.fresh_heads(model, [task], settings, seed=0))
    learner.train()
    features = [feature for group in groups for feature in group]
    items = sum(task.format.items(feature) for feature in features)
    total = 0.0
    with trainable.dropouts(model, 0.0, 0.0):
        for group in groups:
            batch = collate(group, task.format, model.config.pad_token_id, joined)
            share = learner(task.head, task.format, batch) / items
            share.backward()
            total += float(share.detach())
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in learner.parameters() if p.grad is not None))
    return total, norm


@pytest.mark.parametrize("kind", ["xlm-roberta", "xlm-roberta-xl", "modernbert", "eurobert"])
@pytest.mark.parametrize("form", TRAINED)
def test_the_gradient_is_the_whole_batchs(kind, form, make_model, ingredient):
    settings = TrainSettings(**STILL)
    task = ingredient(form)
    features = task.format.draw(task.features, settings, (0,))
    whole = gradients(make_model(kind), task, settings, [features])
    assert gradients(make_model(kind), task, settings, [features], True) == pytest.approx(whole, rel=1e-5)
    for parts in (2, 4, 8):
        size = len(features) // parts
        groups = [features[start : start + size] for start in range(0, len(features), size)]
        joined = parts == 4
        assert gradients(make_model(kind), task, settings, groups, joined) == pytest.approx(whole, rel=1e-5)
    # One at a time nothing is padded: padding changes no number either.
    single = [[feature] for feature in features]
    assert gradients(make_model(kind), task, settings, single) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("form", TRAINED)
def test_training_in_parts_gives_the_same_parameters(form, make_model, ingredient, tmp_path):
    ends = []
    for accumulation in (1, 4):
        model = make_model()
        # AdamW's epsilon is large, so that gradients that are zero but for rounding move nothing.
        settings = TrainSettings(
            steps=3, batch_size=8, learning_rate=1e-3, epsilon=1e-3, accumulation=accumulation, **STILL
        )
        loop.train(model, [ingredient(form)], settings, 0, tmp_path)
        ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-4, atol=1e-5)


def test_checkpoints_change_no_number(make_model, ingredient, tmp_path):
    ends = []
    for seconds in (0, 1000):
        model = make_model()
        settings = TrainSettings(steps=6, batch_size=4, checkpoint_every=seconds, learning_rate=1e-3)
        loop.train(model, [ingredient("pair"), ingredient("tags")], settings, 1, tmp_path / str(seconds))
        ends.append(list(model.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
    assert not (tmp_path / "1000").exists()


def test_what_was_trained_is_not_trained_again_until_it_is_safe(make_model, ingredient, tmp_path):
    settings, ends = TrainSettings(steps=6, batch_size=4, checkpoint_every=0), []
    for resumed in (0, 1):
        model = make_model()
        heads, history = loop.train(model, [ingredient("pair")], settings, 1, tmp_path)
        assert history.resumed == resumed
        ends.append([*model.parameters(), *heads.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_equal_seeds_give_equal_runs_and_other_seeds_others(make_model, ingredient, tmp_path):
    ends = []
    for seed in (5, 5, 6):
        model = make_model()
        torch.manual_seed(len(ends))  # whatever the process drew before must not matter
        _, history = loop.train(model, [ingredient("pair")], TrainSettings(steps=4), seed, tmp_path)
        ends.append((history.rows[-1]["loss"], torch.cat([p.detach().flatten() for p in model.parameters()])))
    assert ends[0][0] == ends[1][0]
    assert torch.equal(ends[0][1], ends[1][1])
    assert not torch.equal(ends[0][1], ends[2][1])


def test_a_run_leaves_the_global_random_numbers_alone(make_model, ingredient, tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    loop.train(make_model(), [ingredient("pair")], TrainSettings(steps=2), 0, tmp_path)
    assert torch.equal(torch.rand(2), expected)


def test_tasks_mix_and_share_heads(make_model, ingredient, tmp_path):
    tasks = [
        ingredient("pair", name="first", head="nli"),
        ingredient("pair", name="second", head="nli", seed=1),
        ingredient("span"),
        ingredient("text"),
    ]
    settings = TrainSettings(steps=40, batch_size=8, sampling="uniform")
    heads, history = loop.train(make_model(), tasks, settings, 0, tmp_path)
    assert heads["first"] is heads["second"]
    updates = dict.fromkeys(("first", "second", "span", "text"), 0)
    for row in history.rows:
        updates[row["task"]] += row["updates"]
    assert sum(updates.values()) == 40
    assert min(updates.values()) >= 3


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [("proportional", 0.8), ("uniform", 0.5), ("temperature", 2 / 3), ("capped", 0.5)],
)
def test_sampling(sampling, expected, ingredient):
    tasks = [ingredient("pair", n=64), ingredient("tags", n=16)]
    settings = TrainSettings(batch_size=8, sampling=sampling, cap=16)
    assert loop.mix(tasks, settings, 0).weights[0] == pytest.approx(expected)


def test_one_task_sees_each_example_once_an_epoch(ingredient):
    task = ingredient("pair", n=50)
    mixture = loop.mix([task], TrainSettings(batch_size=8), 0)
    for epoch in range(2):
        rows = [
            f.row for step in range(mixture.streams[0].per_epoch) for f in mixture.draw(epoch * 100 + step)[1]
        ]
        assert sorted(rows) == list(range(50))


def test_the_schedule_rises_and_falls_on_straight_lines():
    factors = [loop.schedule(step, 10, 0.2) for step in range(10)]
    assert factors == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert loop.schedule(0, 4, 0.0) == 1


def test_it_learns_and_the_run_is_not_degenerate(make_model, ingredient, tmp_path):
    # Each word's tag follows from the word.
    settings = TrainSettings(steps=60, batch_size=16, learning_rate=2e-2, warmup=0.1, **STILL)
    _, history = loop.train(make_model(), [ingredient("tags", n=64)], settings, 0, tmp_path)
    assert history.final("tags") < 0.3
    assert not history.degenerate


def test_a_run_at_chance_is_marked_and_not_raised(make_model, ingredient, tmp_path):
    settings = TrainSettings(steps=5, learning_rate=0)
    _, history = loop.train(make_model(), [ingredient("pair")], settings, 0, tmp_path)
    assert history.degenerate
    assert "guessing costs" in history.reason


def test_a_loss_that_is_no_number_is_marked(make_model, ingredient, tmp_path):
    model = make_model()
    with torch.no_grad():
        next(model.parameters()).fill_(math.nan)
    _, history = loop.train(model, [ingredient("pair")], TrainSettings(steps=3), 0, tmp_path)
    assert history.degenerate
    assert "nan" in history.reason


def test_pretraining_gives_translations_their_share(make_model, ingredient, tmp_path):
    features = ingredient("text", n=64).features
    settings = PretrainSettings(steps=200, tokens_per_batch=64, translation_share=0.25)
    _, history = loop.pretrain(make_model(), features, settings, 0, tmp_path)
    translations = sum(row["updates"] for row in history.rows if row["task"] == "masked translations")
    assert 30 <= translations <= 70


def test_formats_without_a_loss_are_refused(tokenizer, make_model, tmp_path):
    features = FORMATS["bitext"].encode({"sentence": ["w1 w2"]}, tokenizer, (), 16)
    with pytest.raises(UserError, match="nothing to train"):
        loop.train(
            make_model(),
            [loop.Ingredient("mini_tatoeba", features, (), FORMATS["bitext"])],
            TrainSettings(steps=1),
            0,
            tmp_path,
        )


def test_empty_training_sets_are_refused():
    with pytest.raises(UserError, match="empty"):
        loop.Ingredient("mini_mnli", [], (), FORMATS["pair"])


def in_child(tasks, model, place, out, every, kill_after=None) -> None:
    """Train in a forked process, which saves its end to `out`; kill it after `kill_after` seconds."""
    settings = TrainSettings(steps=150, batch_size=8, learning_rate=1e-3, checkpoint_every=every)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _, history = loop.train(model, tasks, settings, 0, place)
            parameters = [parameter.detach() for parameter in model.parameters()]
            torch.save([parameters, [row["loss"] for row in history.rows], history.resumed], out)
            status = 0
        finally:
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert kill_after is not None or status == 0


def test_killed_three_times_it_ends_in_the_same_bits(make_model, ingredient, tmp_path):
    tasks, model = [ingredient("pair", n=24), ingredient("text", n=24)], make_model()
    in_child(tasks, model, tmp_path / "calm", tmp_path / "calm.pt", every=1000)
    for seconds in (0.3, 0.7, 0.5):
        in_child(tasks, model, tmp_path / "killed", tmp_path / "killed.pt", every=0, kill_after=seconds)
    in_child(tasks, model, tmp_path / "killed", tmp_path / "killed.pt", every=0)
    calm, killed = torch.load(tmp_path / "calm.pt"), torch.load(tmp_path / "killed.pt")
    assert killed[2] >= 1, "no checkpoint was picked up"
    assert all(torch.equal(a, b) for a, b in zip(calm[0], killed[0], strict=True))
    assert calm[1] == killed[1]


def ends(model, ingredient, place, form="pair", **settings):
    """All parameters after three updates."""
    chosen = TrainSettings(steps=3, batch_size=8, learning_rate=1e-3, epsilon=1e-3, **settings)
    loop.train(model, [ingredient(form)], chosen, 0, place)
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("change", [{"recompute": True}, {"layout": "joined", **STILL}])
def test_what_saves_memory_changes_no_number(change, make_model, ingredient, tmp_path):
    rest = STILL if "dropout" in change else {}
    plain = ends(make_model(), ingredient, tmp_path, **rest)
    model = make_model()
    torch.testing.assert_close(ends(model, ingredient, tmp_path, **change), plain, rtol=1e-4, atol=1e-5)
    assert not model.is_activation_checkpointing


def test_rows_that_are_never_read_only_decay(make_model, ingredient, tmp_path, monkeypatch):
    task = ingredient("pair", n=4, lengths=(3, 4))
    settings = TrainSettings(
        steps=5, batch_size=4, learning_rate=1e-2, epsilon=1e-3, weight_decay=0.5, **STILL
    )
    found, sizes = [], []
    for rows in (8, 1000):
        monkeypatch.setattr(trainable, "MANY_ROWS", rows)
        model = make_model()
        monkeypatch.setattr(loop, "adamw", lambda learner, s, make=loop.adamw: sizes.append(
            sum(parameter.numel() for parameter in learner.parameters())) or make(learner, s))  # fmt: skip
        loop.train(model, [task], settings, 0, tmp_path)
        found.append(model.state_dict())
        monkeypatch.undo()
    assert sizes[0] < sizes[1]
    assert found[0].keys() == found[1].keys()
    start = make_model().state_dict()
    for name in start:
        torch.testing.assert_close(found[0][name], found[1][name], rtol=1e-5, atol=1e-6)
    words = "embeddings.word_embeddings.weight"
    read = {number for feature in task.features for sequence in feature.sequences for number in sequence}
    never = sorted(set(range(len(start[words]))) - read)
    assert (found[0][words][never].abs() < start[words][never].abs() + 1e-9).all()


def test_low_rank_updates_are_added_at_the_end(make_model, ingredient, tmp_path, monkeypatch):
    start = dict(make_model().named_parameters())
    sizes = []
    save = loop.State.save

    def watch(state):
        save(state)
        sizes.append(sum(file.stat().st_size for file in tmp_path.rglob("state.safetensors")))

    monkeypatch.setattr(loop.State, "save", watch)
    found = []
    for every in (0, 1000):
        model = make_model()
        ends(model, ingredient, tmp_path, low_rank=2, checkpoint_every=every)
        found.append(model.state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in start)
    assert found[0].keys() == make_model().state_dict().keys()
    assert all(parameter.requires_grad for parameter in model.parameters())
    changed = {name for name, parameter in start.items() if not torch.equal(parameter, found[0][name])}
    assert changed
    assert all("weight" in name and "embeddings" not in name and "LayerNorm" not in name for name in changed)
    name = min(changed)
    assert torch.linalg.matrix_rank(found[0][name] - start[name], atol=1e-6) <= 2
    # A checkpoint holds what is trained, and its moments, not the frozen weights.
    assert 0 < sizes[0] < 4 * sum(parameter.numel() for parameter in start.values())


def test_a_compiled_encoder_is_a_plain_one_afterwards(make_model, ingredient, tmp_path):
    model = make_model()
    with torch.compiler.set_stance("force_eager"):
        compiled = ends(model, ingredient, tmp_path, compile=True)
    assert torch.equal(compiled, ends(make_model(), ingredient, tmp_path))
    assert model._compiled_call_impl is None


def test_a_checkpoint_of_another_run_is_not_picked_up(make_model, ingredient, tmp_path, capsys, monkeypatch):
    # The run dies after its last checkpoint, before it can remove it.
    monkeypatch.setattr("xstilts_lib.training.checkpoint.Checkpoints.clear", lambda self: None)
    settings = {"steps": 4, "batch_size": 8, "checkpoint_every": 0}
    loop.train(make_model(), [ingredient("pair")], TrainSettings(**settings), 0, tmp_path)
    _, history = loop.train(
        make_model(), [ingredient("pair")], TrainSettings(**settings, clip=0.5), 0, tmp_path
    )
    assert "starting anew" in capsys.readouterr().out
    assert history.resumed == 0
    assert np.isfinite(history.rows[-1]["loss"])


@pytest.mark.parametrize("form", ["pair", "choice", "tags", "span"])
def test_the_same_texts_with_other_answers_are_another_run(form, make_model, ingredient):
    def marks(precision="no", change=False):
        task = ingredient(form)
        feature = task.features[0]
        if change and form == "span":
            feature.end += 1
        elif change and form == "tags":
            feature.labels = 1 - feature.labels
        elif change:
            feature.label += 1
        learner = loop.Learner(make_model(), loop.fresh_heads(make_model(), [task], TrainSettings(), 0))
        return loop.fingerprint([task], TrainSettings(), 0, learner, precision)

    assert marks() == marks()
    assert len({marks(), marks(change=True), marks("bf16")}) == 3


def test_a_training_beyond_the_encoder_s_positions_does_not_begin(make_model, ingredient, tmp_path):
    task = ingredient("text", lengths=(62,))
    settings = TrainSettings(steps=1, **STILL)
    with pytest.raises(UserError, match="has 64 tokens, but this xlm-roberta has positions for 58"):
        loop.train(make_model(max_position_embeddings=60), [task], settings, 0, tmp_path)
    assert not any(tmp_path.iterdir())
