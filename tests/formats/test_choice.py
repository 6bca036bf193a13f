"""Choices: one sequence each, the prompt cut from its front, rows with unequal numbers of choices."""

from __future__ import annotations

import math

import pytest
import torch

from xstilts_lib.formats import FORMATS
from xstilts_lib.formats.batches import collate
from xstilts_lib.tasks.settings import TrainSettings

CHOICE = FORMATS["choice"]


def words(tokenizer, sequence):
    return " ".join(tokenizer.convert_ids_to_tokens(sequence.tolist()))


def test_the_prompt_loses_its_front(tokenizer):
    rows = {"prompt": ["w0 w1 w2 w3 w4 w5"], "choices": [["w9", "w7 w8"]], "label": [1]}
    (feature,) = CHOICE.encode(rows, tokenizer, (), 9)
    assert words(tokenizer, feature.sequences[0]) == "<s> w2 w3 w4 w5 </s> </s> w9 </s>"
    assert words(tokenizer, feature.sequences[1]) == "<s> w3 w4 w5 </s> </s> w7 w8 </s>"


def test_a_choice_too_long_keeps_a_word_of_the_prompt(tokenizer):
    rows = {"prompt": ["w0 w1"], "choices": [["w2 w3 w4 w5 w6 w7"]], "label": [0]}
    (feature,) = CHOICE.encode(rows, tokenizer, (), 8)
    assert words(tokenizer, feature.sequences[0]) == "<s> w1 </s> </s> w2 w3 w4 </s>"


def test_rows_may_have_unequal_numbers_of_choices(tokenizer, make_model):
    rows = {"prompt": ["w0", "w1"], "choices": [["w2", "w3"], ["w4", "w5", "w6"]], "label": [1, 0]}
    features = CHOICE.encode(rows, tokenizer, (), 16)
    batch = collate(features, CHOICE, 1)
    assert batch.ids.shape[0] == 5
    model = make_model()
    head = CHOICE.head(16, (), TrainSettings(dropout=0.0), model).eval()
    hidden = model(input_ids=batch.ids).last_hidden_state
    scores = head(hidden, batch).squeeze(1)
    expected = -torch.log_softmax(scores[:2], 0)[1] - torch.log_softmax(scores[2:], 0)[0]
    total, count = CHOICE.loss(head, hidden, batch)
    assert count == 2
    assert float(total) == pytest.approx(float(expected), rel=1e-6)
    assert CHOICE.predict(head, hidden, batch) == [int(scores[:2].argmax()), int(scores[2:].argmax())]
    assert CHOICE.chance(features) == pytest.approx((math.log(2) + math.log(3)) / 2)
