"""Joined sequences: each is read as if it stood alone, and where no kernel can do that, they are refused."""

from __future__ import annotations

import pytest
import torch
from datasets import Dataset

from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import evaluate
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.base import pool
from xstilts_lib.formats.batches import collate
from xstilts_lib.models import attention, encoder, trainable
from xstilts_lib.tasks.settings import TrainSettings

KINDS = ("xlm-roberta", "xlm-roberta-xl", "modernbert", "eurobert")
CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def features(tokenizer, make_rows):
    return FORMATS["pair"].encode(make_rows("pair", 6, (3, 5, 9, 12)), tokenizer, ("a", "b", "c"), 32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_each_sequence_is_read_alone(kind, layer, make_model, features):
    # ModernBERT's window of 8 tokens, 4 to either side, is shorter than most of the sequences.
    near = {"local_attention": 8, "layer_types": ["full_attention", "sliding_attention"]}
    model = make_model(kind, **(near if kind == "modernbert" else {}))
    batch = collate(features, FORMATS["pair"], 1, joined=True)
    assert batch.ids.shape == (1, sum(feature.tokens for feature in features))
    with torch.no_grad():
        (whole,) = encoder.several_layers(model, batch, [layer])
        together = whole[0].split(batch.lengths.tolist())
        for feature, rows in zip(features, together, strict=True):
            (alone,) = encoder.several_layers(model, collate([feature], FORMATS["pair"], 1), [layer])
            torch.testing.assert_close(rows, alone[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_pooling(pooling, features):
    wide = collate(features, FORMATS["pair"], 1)
    joined = collate(features, FORMATS["pair"], 1, joined=True)
    hidden = torch.randn(*wide.ids.shape, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    row = hidden[wide.mask.bool()][None]
    expected, found = pool(hidden, wide, pooling), pool(row, joined, pooling)
    torch.testing.assert_close(found, expected)
    gradients = [
        torch.autograd.grad(vectors.square().sum(), hidden, retain_graph=True)[0]
        for vectors in (expected, found)
    ]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("form", ["pair", "choice", "tags", "span"])
def test_predictions_are_the_same(form, make_model, make_rows, labels_of, tokenizer):
    rows, model = Dataset.from_dict(make_rows(form, n=30)), make_model()
    torch.manual_seed(0)
    head = FORMATS[form].head(16, labels_of[form], TrainSettings(), model)
    padded, joined = (
        evaluate.Reader(
            model, head, FORMATS[form], tokenizer, labels_of[form],
            TrainSettings(max_length=64, layout=layout), 200,
        ).predict(rows)
        for layout in ("padded", "joined")
    )  # fmt: skip
    assert padded == joined


def test_dropout_of_attention_is_drawn(make_model, features):
    model = make_model().train()
    batch = collate(features, FORMATS["pair"], 1, joined=True)
    with trainable.dropouts(model, 0.0, 0.5), torch.random.fork_rng():
        assert trainable.attention_dropout(model) == 0.5
        first, second = (encoder.hidden_states(model, batch) for _ in range(2))
    assert not torch.allclose(first, second)


def test_where_batches_are_joined(make_model, monkeypatch):
    model = make_model()
    assert not attention.joins(model, "auto", CPU, True, 0.0)
    assert attention.joins(model, "joined", CPU, False, 0.1)
    assert attention.joins(model, "auto", GPU, True, 0.0)
    assert not attention.joins(model, "auto", GPU, False, 0.0)
    assert not attention.joins(model, "padded", GPU, True, 0.0)
    monkeypatch.setattr(attention, "find_spec", lambda name: None)
    assert not attention.joins(model, "auto", GPU, True, 0.1)
    with pytest.raises(UserError, match="attention_dropout: 0"):
        attention.joins(model, "joined", GPU, True, 0.1)
    monkeypatch.setattr(attention, "find_spec", lambda name: object())
    assert attention.joins(model, "auto", GPU, True, 0.1)


@pytest.mark.parametrize("kind", ["mt5", "deberta-v2"])
def test_what_cannot_be_joined_is_refused(kind, make_model):
    model = make_model(kind)
    assert not attention.joins(model, "auto", GPU, True, 0.0)
    with pytest.raises(UserError, match="padded"):
        attention.joins(model, "joined", CPU, False, 0.0)
