"""What is known of an encoder before it is opened, held against transformers' own configurations."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from xstilts_lib.common import shapes


@pytest.mark.parametrize("kind", sorted(shapes.POSITIONS))
def test_positions_are_what_transformers_takes_for_granted(kind):
    from transformers import AutoConfig

    assert AutoConfig.for_model(kind).max_position_embeddings == shapes.POSITIONS[kind]


@pytest.mark.parametrize("kind", sorted(shapes.POSITIONS))
def test_the_types_that_begin_after_the_padding(kind):
    from transformers import MODEL_MAPPING, AutoConfig

    found = MODEL_MAPPING[type(AutoConfig.for_model(kind))]
    module = import_module((found[0] if isinstance(found, tuple) else found).__module__)
    begins_after = "create_position_ids_from_input_ids" in inspect.getsource(module)
    assert begins_after == (kind in shapes.SHIFTED)


def test_the_longest_sequence():
    longest = shapes.longest
    assert longest({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}) == 512
    assert longest({"model_type": "xlm-roberta"}) == 510
    assert longest({"model_type": "bert", "max_position_embeddings": 40}) == 40
    assert longest({"model_type": "mt5"}) is None
    assert longest({"model_type": "deberta-v2", "position_biased_input": False}) is None
