"""Attention on a CPU gives what transformers' own gives."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from xstilts_lib.models import attention


def triple(dtype):
    random = torch.Generator().manual_seed(0)
    return [
        torch.randn(3, 7, 2, 8, generator=random).to(dtype).transpose(1, 2).requires_grad_() for _ in range(3)
    ]


def both(dtype, dropout=0.0, mask=None):
    """Output and gradients of ours and of theirs, with equal random numbers."""
    results = []
    for function in (attention.attend, sdpa_attention_forward):
        inputs = triple(dtype)
        torch.manual_seed(1)
        module = SimpleNamespace(is_causal=False, training=True)
        output, _ = function(module, *inputs, mask, dropout=dropout, scaling=0.3)
        output.square().sum().backward()
        results.append([output.detach(), *(tensor.grad for tensor in inputs)])
    return results


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_in_single_precision_it_is_the_same(dropout):
    for ours, theirs in zip(*both(torch.float32, dropout), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_in_half_precision_it_is_no_coarser(masked):
    mask = torch.ones(3, 1, 7, 7, dtype=torch.bool)
    mask[1, :, :, 5:] = False
    mask = mask if masked else None
    exact = both(torch.float32, mask=mask)[1]
    for ours, theirs, truth in zip(*both(torch.bfloat16, mask=mask), exact, strict=True):
        assert ours.dtype == torch.bfloat16
        assert (ours - truth).abs().max() <= 1.5 * (theirs - truth).abs().max() + 1e-2


def test_masks_in_single_precision_are_left_to_transformers():
    mask = torch.ones(3, 1, 7, 7, dtype=torch.bool)
    mask[1, :, :, 5:] = False
    for ours, theirs in zip(*both(torch.float32, mask=mask), strict=True):
        assert torch.equal(ours, theirs)


def test_it_stands_in_no_file_and_takes_no_other_choices_place(make_model, tokenizer, tmp_path):
    from transformers import AutoConfig

    from xstilts_lib.models import encoder

    model = make_model()
    assert model.config._attn_implementation == attention.NAME
    encoder.save(model, tokenizer, tmp_path / "encoder")
    assert attention.NAME not in (tmp_path / "encoder" / "config.json").read_text()
    assert AutoConfig.from_pretrained(tmp_path / "encoder").model_type == "xlm-roberta"
    model.config._attn_implementation = "eager"
    assert attention.use(model).config._attn_implementation == "eager"


def test_long_sequences_in_half_precision_go_through_the_fused_kernel(monkeypatch):
    mask = torch.ones(3, 1, 7, 7, dtype=torch.bool)
    mask[1, :, :, 5:] = False
    plain = both(torch.bfloat16, mask=mask)[0]
    monkeypatch.setattr(attention, "LONG", 4)
    for fused, direct in zip(both(torch.bfloat16, mask=mask)[0], plain, strict=True):
        assert fused.dtype == torch.bfloat16
        torch.testing.assert_close(fused, direct, atol=0.02, rtol=0.05)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_joined_sequences_get_the_kernel_that_was_chosen(monkeypatch, dropout):
    """FlashAttention's, also where torch itself would take cuDNN's; in one order where that is asked for."""
    from torch.nn.attention import SDPBackend, varlen

    called = {}

    def kernel(query, *given, **more):
        called.update(
            more, cudnn=torch.backends.cuda.cudnn_sdp_enabled(), flash=torch.backends.cuda.flash_sdp_enabled()
        )
        return query

    monkeypatch.setattr(varlen, "varlen_attn", kernel)
    monkeypatch.setitem(sys.modules, "flash_attn", SimpleNamespace(flash_attn_varlen_func=kernel))
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    inputs = [torch.zeros(1, 2, 5, 8, dtype=torch.bfloat16) for _ in range(3)]
    joined = SimpleNamespace(borders=torch.tensor([0, 2, 5]), longest=3)
    for chosen in (attention.KERNEL, SDPBackend.CUDNN_ATTENTION):
        monkeypatch.setattr(attention, "KERNEL", chosen)
        mixed = attention._joined_by_kernel(*inputs, joined, dropout, 0.3, None)
        assert mixed.shape == (1, 5, 2, 8)
        if dropout:
            assert called["deterministic"]
        else:
            assert called["flash"] == (chosen == SDPBackend.FLASH_ATTENTION) != called["cudnn"]
    assert torch.backends.cuda.cudnn_sdp_enabled(), "elsewhere torch chooses as before"
