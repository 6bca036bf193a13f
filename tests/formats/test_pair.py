"""Pairs: the encoding, what is cut from a pair too long, and unknown labels."""

from __future__ import annotations

import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.base import IGNORED
from xstilts_lib.formats.batches import collate
from xstilts_lib.formats.segmenter import Ragged, cut_pairs
from xstilts_lib.tasks.settings import TrainSettings

PAIR = FORMATS["pair"]


def test_the_encoding_is_roberta_s(tokenizer):
    rows = {"first": ["w0 w1"], "second": ["w2"], "label": [2]}
    (feature,) = PAIR.encode(rows, tokenizer, ("a", "b", "c"), 16)
    assert tokenizer.convert_ids_to_tokens(feature.sequences[0].tolist()) == [
        "<s>", "w0", "w1", "</s>", "</s>", "w2", "</s>"
    ]  # fmt: skip
    assert feature.label == 2


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [((3, 3), (3, 3)), ((9, 2), (6, 2)), ((2, 9), (2, 6)), ((9, 9), (4, 4)), ((5, 4), (4, 4))],
)
def test_the_longer_text_is_cut_first(lengths, expected):
    first, second = cut_pairs(*(Ragged.of([range(length)]) for length in lengths), 8)
    assert (*first.lengths, *second.lengths) == expected


def test_as_transformers_cuts(tokenizer, make_rows):
    rows = make_rows("pair", n=50, lengths=(2, 5, 9, 14))
    for feature, first, second in zip(
        PAIR.encode(rows, tokenizer, ("a", "b", "c"), 16), rows["first"], rows["second"], strict=True
    ):
        theirs = tokenizer(first, second, truncation="longest_first", max_length=16)["input_ids"]
        assert len(theirs) == len(feature.sequences[0])
        if len(first.split()) + len(second.split()) <= 12:
            assert feature.sequences[0].tolist() == theirs
    tokenizer.backend_tokenizer.no_truncation()


def test_unknown_labels_count_for_nothing(tokenizer, make_model):
    rows = {"first": ["w0", "w1"], "second": ["w2", "w3"], "label": [-1, 1]}
    features = PAIR.encode(rows, tokenizer, ("a", "b"), 16)
    assert features[0].label == IGNORED
    batch = collate(features, PAIR, 1)
    assert batch.count == 1
    model = make_model()
    head = PAIR.head(16, ("a", "b"), TrainSettings(dropout=0.0), model).eval()
    hidden = model(input_ids=batch.ids).last_hidden_state
    both, _ = PAIR.loss(head, hidden, batch)
    alone, _ = PAIR.loss(head, hidden[1:], collate(features[1:], PAIR, 1))
    assert float(both) == pytest.approx(float(alone), rel=1e-6)


def test_pooling_leaves_padding_out(tokenizer, make_model):
    rows = {"first": ["w0", "w1 w2 w3 w4"], "second": ["w2", "w3"], "label": [0, 1]}
    features = PAIR.encode(rows, tokenizer, ("a", "b"), 16)
    model = make_model()
    for pooling in ("mean", "first"):
        head = PAIR.head(16, ("a", "b"), TrainSettings(dropout=0.0, pooling=pooling), model).eval()
        batch = collate(features, PAIR, 1)
        assert batch.mask is not None
        padded = head(model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state, batch)
        single = collate(features[:1], PAIR, 1)
        assert single.mask is None
        torch.testing.assert_close(padded[:1], head(model(input_ids=single.ids).last_hidden_state, single))


def test_a_missing_column_is_named(tokenizer):
    with pytest.raises(UserError, match="'second'"):
        PAIR.encode({"first": ["w0"], "label": [0]}, tokenizer, ("a",), 16)


def test_no_room_for_text(tokenizer):
    with pytest.raises(UserError, match="at least 6"):
        PAIR.encode({"first": ["w0"], "second": ["w0"], "label": [0]}, tokenizer, ("a",), 4)
