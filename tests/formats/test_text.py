"""Masked language modelling: what is masked, how much, and that the head reads masked positions alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from xstilts_lib.formats import FORMATS, text
from xstilts_lib.formats.batches import collate
from xstilts_lib.tasks.settings import TrainSettings

TEXT = FORMATS["text"]


@pytest.fixture
def features(tokenizer, make_rows):
    return TEXT.encode(make_rows("text", n=200), tokenizer, (), 64)


def test_a_second_sentence_stands_beside_the_first(tokenizer):
    rows = {"text": ["w1 w2", "w3"], "pair": ["", "w4"]}
    alone, paired = TEXT.encode(rows, tokenizer, (), 16)
    assert tokenizer.decode(alone.sequences[0].tolist()) == "<s> w1 w2 </s>"
    assert tokenizer.decode(paired.sequences[0].tolist()) == "<s> w3 </s> </s> w4 </s>"
    assert (alone.paired, paired.paired) == (False, True)


@pytest.mark.parametrize("rate", [0.15, 0.3, 1.0])
def test_exactly_the_share_is_masked_and_never_a_special_token(rate, features, tokenizer):
    drawn = TEXT.draw(features, TrainSettings(mask_rate=rate), (0, 1))
    ordinary = sum(int((f.sequences[0] > 4).sum()) for f in features)
    assert sum(len(f.labels) for f in drawn) == round(rate * ordinary)
    for before, after in zip(features, drawn, strict=True):
        assert (before.sequences[0][after.positions] == after.labels).all()
        assert (after.labels > 4).all()
        rest = np.delete(np.arange(before.length), after.positions)
        assert (before.sequences[0][rest] == after.sequences[0][rest]).all()


def test_80_10_10(features, tokenizer):
    drawn = TEXT.draw(features, TrainSettings(mask_rate=1.0), (0, 2))
    now = np.concatenate([f.sequences[0][f.positions] for f in drawn])
    gold = np.concatenate([f.labels for f in drawn])
    assert np.mean(now == tokenizer.mask_token_id) == pytest.approx(0.8, abs=0.03)
    assert np.mean(now == gold) == pytest.approx(0.1 + 0.1 / 60, abs=0.03)
    only = TEXT.draw(features, TrainSettings(mask_rate=1.0, masking="mask"), (0, 2))
    assert all((f.sequences[0][f.positions] == tokenizer.mask_token_id).all() for f in only)


def test_masks_follow_from_the_seed(features):
    def draw(*seed):
        return [f.sequences[0].tolist() for f in TEXT.draw(features, TrainSettings(), seed)]

    assert draw(0, 1) == draw(0, 1)
    assert draw(0, 1) != draw(0, 2)


def test_the_loss_is_that_of_scores_at_all_positions(features, make_model):
    model = make_model()
    drawn = TEXT.draw(features[:8], TrainSettings(), (0,))
    batch = collate(drawn, TEXT, 1)
    torch.manual_seed(0)
    head = TEXT.head(16, (), TrainSettings(), model)
    hidden = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    total, count = TEXT.loss(head, hidden, batch)
    gold = torch.full(batch.ids.shape, -100)
    for index, feature in enumerate(drawn):
        gold[index, feature.positions] = torch.from_numpy(feature.labels)
    expected = functional.cross_entropy(head(hidden).flatten(0, 1), gold.flatten(), reduction="sum")
    assert float(total) == pytest.approx(float(expected), rel=1e-5)
    assert count == int((gold != -100).sum())
    with torch.inference_mode():
        sums = TEXT.predict(head, hidden, batch)
    assert sum(loss for loss, _ in sums) == pytest.approx(float(expected), rel=1e-5)


def test_the_output_layer_is_the_embeddings(make_model):
    model = make_model()
    head = TEXT.head(16, (), TrainSettings(), model)
    assert head.tied[0] is model.get_input_embeddings()
    assert not any(p is model.get_input_embeddings().weight for p in head.parameters())


def test_scores_over_a_large_vocabulary_are_held_in_parts(tokenizer, make_rows, make_model, monkeypatch):
    features = TEXT.encode(make_rows("text", 12), tokenizer, (), 32)
    features = TEXT.draw(features, TrainSettings(), (0,))
    batch, found, held = collate(features, TEXT, 1), [], []
    model = make_model()
    for scores in (text.SCORES, 3 * model.config.vocab_size):
        monkeypatch.setattr(text, "SCORES", scores)
        torch.manual_seed(0)
        head = TEXT.head(16, (), TrainSettings(), model)
        hidden = torch.randn(*batch.ids.shape, 16, requires_grad=True)
        model.zero_grad()
        kept = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda x, kept=kept: kept.append(x.numel()) or x, lambda x: x
        ):
            loss, count = TEXT.loss(head, hidden, batch)
        loss.backward()
        weights = [*head.parameters(), model.get_input_embeddings().weight]
        found.append([loss.detach(), hidden.grad, *(weight.grad for weight in weights)])
        held.append(max(kept))
        with torch.inference_mode():
            each = TEXT.predict(head, hidden, batch)
        assert sum(part for part, _ in each) == pytest.approx(float(loss), rel=1e-5)
    assert count > 3
    for whole, parts in zip(*found, strict=True):
        torch.testing.assert_close(whole, parts, rtol=1e-5, atol=1e-6)
    # In parts nothing as large as the scores of all positions stays behind for the way back.
    assert held[0] >= count * model.config.vocab_size > held[1]
