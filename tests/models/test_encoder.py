"""Encoders: built, saved, loaded, carried over, read at any layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.formats import FORMATS, Segmenter
from xstilts_lib.formats.batches import collate
from xstilts_lib.models import encoder, trainable

KINDS = ("xlm-roberta", "xlm-roberta-xl", "modernbert", "eurobert", "mt5", "deberta-v2")


@pytest.fixture
def batch(tokenizer, make_rows):
    return collate(
        FORMATS["pair"].encode(make_rows("pair"), tokenizer, ("a", "b", "c"), 32), FORMATS["pair"], 1
    )


def test_building_is_seeded_and_leaves_the_global_generator_alone(make_model):
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first, same, other = make_model(seed=3), make_model(seed=3), make_model(seed=4)
    assert torch.equal(torch.rand(1), expected)
    weights = [next(iter(m.parameters())) for m in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_misspelt_architectures_are_refused(tokenizer):
    with pytest.raises(UserError, match="did you mean 'xlm-roberta'"):
        encoder.build({"model_type": "xlm-robert"}, tokenizer, 0)
    with pytest.raises(UserError, match="did you mean 'hidden_size'"):
        encoder.build({"model_type": "xlm-roberta", "hiden_size": 8}, tokenizer, 0)
    with pytest.raises(UserError, match="model_type"):
        encoder.build({"hidden_size": 8}, tokenizer, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_save_and_load_change_no_bit(kind, make_model, tokenizer, tmp_path, batch):
    from transformers import AutoModel, AutoModelForTextEncoding

    model = make_model(kind)
    encoder.save(model, tokenizer, tmp_path / "encoder")
    again, words = encoder.load(tmp_path / "encoder")
    for (name, a), (_, b) in zip(model.state_dict().items(), again.state_dict().items(), strict=True):
        assert torch.equal(a, b), name
    assert words("w1 w2", "w3")["input_ids"] == tokenizer("w1 w2", "w3")["input_ids"]
    # Of an encoder-decoder, AutoModel would draw a new decoder.
    opener = AutoModelForTextEncoding if kind == "mt5" else AutoModel
    opened = opener.from_pretrained(tmp_path / "encoder").eval()
    ours = encoder.hidden_states(again, batch)
    theirs = opened(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    torch.testing.assert_close(ours, theirs)


def test_a_cut_encoder_is_named(make_model, tokenizer, tmp_path):
    encoder.save(make_model(), tokenizer, tmp_path / "encoder")
    file = tmp_path / "encoder" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"model\.safetensors is cut short.*run again"):
        encoder.load(tmp_path / "encoder")
    file.unlink()
    with pytest.raises(UserError, match="encoder"):
        encoder.load(tmp_path / "encoder")
    with pytest.raises(UserError, match="no encoder at"):
        encoder.load(tmp_path / "nothing")


def test_a_trimmed_vocabulary_stands_after_loading(tokenizer, tmp_path):
    import copy

    words = copy.deepcopy(tokenizer)
    vocabulary = encoder.trim(words, ["w3 w50", "w7"], size=100)
    assert vocabulary.tolist() == [0, 1, 2, 3, 4, 8, 12, 55]
    sizes = {"num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    model = encoder.build({"model_type": "xlm-roberta", **sizes}, words, 0, vocabulary)
    assert model.get_input_embeddings().weight.shape == (8, 8)
    encoder.save(model, words, tmp_path / "encoder")
    _, loaded = encoder.load(tmp_path / "encoder")
    for segmenter in (Segmenter(words), Segmenter(loaded)):
        # A word that was not kept is the unknown token.
        assert segmenter.pieces(["w3 w7 w50 w9"]).flat.tolist() == [5, 6, 7, 3]
        assert (segmenter.pad, segmenter.mask, segmenter.unknown) == (1, 4, 3)


def test_a_trimmed_vocabulary_keeps_the_special_tokens(tokenizer):
    with pytest.raises(UserError, match="special tokens"):
        encoder.attach(tokenizer, np.array([0, 1, 9]))


def test_carry_over_is_the_encoder_to_the_bit_and_nothing_else(tokenizer):
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    config = XLMRobertaConfig(
        vocab_size=65, num_hidden_layers=1, hidden_size=8, num_attention_heads=2, intermediate_size=8
    )
    model = XLMRobertaForSequenceClassification(config)
    before = {name: tensor.clone() for name, tensor in model.roberta.state_dict().items()}
    model(input_ids=torch.tensor([[0, 5, 2]])).logits.sum().backward()
    carried = encoder.carry_over(model)
    after = carried.state_dict()
    assert set(after) == {name for name in before if not name.startswith("pooler.")}
    assert all(torch.equal(after[name], before[name]) for name in after)
    assert all(parameter.grad is None for parameter in carried.parameters())
    assert not carried.training
    assert encoder.carry_over(carried) is carried


@pytest.mark.parametrize("kind", KINDS)
def test_early_exit_gives_the_layers_that_the_whole_pass_gives(kind, make_model, batch):
    model = make_model(kind, num_hidden_layers=3)
    with torch.inference_mode():
        whole = model(input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True).hidden_states
        # The reading ends early, with no layer above computed.
        counted = []
        handle = encoder.blocks(model)[2].register_forward_hook(lambda *_: counted.append(1))
        for layer in range(3):
            (found,) = encoder.several_layers(model, batch, [layer])
            torch.testing.assert_close(found, whole[layer], rtol=0, atol=0)
        assert not counted
        handle.remove()
        torch.testing.assert_close(encoder.hidden_states(model, batch), whole[3], rtol=0, atol=0)
        for one, other in zip(encoder.several_layers(model, batch, (2, 0, 3)), (2, 0, 3), strict=True):
            torch.testing.assert_close(one, whole[other], rtol=0, atol=0)


def test_there_is_no_layer_beyond_the_last(make_model, batch):
    with pytest.raises(UserError, match="no layer 3"):
        encoder.several_layers(make_model(), batch, [3])


def test_no_mask_takes_the_path_without_a_mask(make_model, tokenizer, make_rows, monkeypatch):
    """Batches of one length cost no mask in attention, and positions begin after the padding's."""
    from torch.nn import functional

    seen = []
    real = functional.scaled_dot_product_attention

    def spy(*args, **kwargs):
        seen.append(kwargs.get("attn_mask"))
        return real(*args, **kwargs)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", spy)
    rows = make_rows("pair", lengths=(4,))
    batch = collate(FORMATS["pair"].encode(rows, tokenizer, ("a", "b", "c"), 32), FORMATS["pair"], 1)
    assert batch.mask is None
    model = make_model()
    positions = []
    model.embeddings.position_embeddings.register_forward_hook(lambda _, args, __: positions.append(args[0]))
    encoder.hidden_states(model, batch)
    assert seen == [None, None]
    assert positions[0][0].tolist() == list(range(2, 2 + batch.ids.shape[1]))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_set_and_put_back(kind, make_model, batch):
    model = make_model(kind)
    model.train()

    def noisy() -> bool:
        return not torch.equal(encoder.hidden_states(model, batch), encoder.hidden_states(model, batch))

    with trainable.dropouts(model, 0.0, 0.0):
        assert not noisy()
    with trainable.dropouts(model, 0.0, 0.5):
        assert noisy()
    before = [(m, m.p) for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    with trainable.dropouts(model, 0.3, 0.2):
        pass
    assert all(module.p == p for module, p in before)


@pytest.mark.parametrize(("kind", "limit"), [("xlm-roberta", 128), ("modernbert", 130), ("mt5", None)])
def test_a_sequence_beyond_the_positions_is_refused(kind, limit, make_model, tokenizer):
    model = make_model(kind)
    rows = {"sentence": [" ".join(["w1"] * 140)]}
    if limit is None:
        encoder.check_length(model, FORMATS["bitext"].encode(rows, tokenizer, (), 142))
        return
    encoder.check_length(model, FORMATS["bitext"].encode(rows, tokenizer, (), limit))
    with pytest.raises(UserError, match=f"has {limit + 1} tokens, .* set max_length to {limit} at most"):
        encoder.check_length(model, FORMATS["bitext"].encode(rows, tokenizer, (), limit + 1))


def test_under_autocast_states_are_half_from_the_lowest_layer_on(make_model, batch, tokenizer, tmp_path):
    """And nowhere else: without autocast nothing is touched."""
    encoder.save(make_model(), tokenizer, tmp_path)
    model, _ = encoder.load(tmp_path)
    with torch.inference_mode():
        exact = encoder.several_layers(model, batch, (0, 1))
        with torch.autocast("cpu", torch.bfloat16):
            half = encoder.several_layers(model, batch, (0, 1))
    assert [state.dtype for state in exact] == [torch.float32] * 2
    assert [state.dtype for state in half] == [torch.bfloat16] * 2
    for ours, truth in zip(half, exact, strict=True):
        torch.testing.assert_close(ours.float(), truth, atol=0.05, rtol=0.05)
