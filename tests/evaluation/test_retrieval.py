"""Retrieval at every layer."""

from __future__ import annotations

import pytest
from datasets import Dataset

from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import retrieval
from xstilts_lib.experiment.parts import Retrieval

PAIRS = {"id": ["q0", "q1", "e0", "e1"], "side": ["source"] * 2 + ["target"] * 2,
         "sentence": ["w1 w2", "w3 w4"] * 2, "mate": ["e0", "e1", "q0", "q1"]}  # fmt: skip


def test_sentences_that_are_alike_find_each_other_at_every_layer(make_model, tokenizer):
    model = make_model()
    places, table = retrieval.search(
        model, tokenizer, {"qaa": Dataset.from_dict(PAIRS)}, Retrieval(layer=1, precision="fp32")
    )
    assert places["qaa"].tolist() == [0, 1]
    assert table["layer"].tolist() == list(range(model.config.num_hidden_layers + 1))
    assert set(table["accuracy"]) == set(table["centred"]) == {100.0}
    assert retrieval.as_metrics(table, "qaa")["layer 0 centred"] == 100.0


def test_a_layer_that_there_is_not_is_refused(make_model, tokenizer):
    with pytest.raises(UserError, match=r"retrieval\.layer is 99, but the encoder has layers 0"):
        retrieval.search(make_model(), tokenizer, {"qaa": Dataset.from_dict(PAIRS)}, Retrieval(layer=99))
