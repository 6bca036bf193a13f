"""Precision is asked of the hardware; randomness leaves no trace."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.models import devices


@pytest.mark.parametrize(
    ("precision", "able", "width", "expected"),
    [
        ("auto", True, 768, True),
        ("auto", True, 64, False),
        ("auto", False, 768, False),
        ("fp32", True, 768, False),
        ("bf16", True, 128, True),
    ],
)
def test_precision_on_a_cpu(precision, able, width, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert devices.bf16(precision, width) is expected


def test_bf16_is_refused_where_it_would_crawl(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    with pytest.raises(UserError, match="bfloat16"):
        devices.bf16("bf16", 768)


def test_an_update_draws_its_own_numbers():
    def draw(step, process=0):
        devices.reseed(7, step, SimpleNamespace(process_index=process, device=torch.device("cpu")))
        return torch.rand(3).tolist()

    with devices.own_randomness():
        assert draw(3) == draw(3)
        assert draw(3) != draw(4)
        assert draw(3) != draw(3, process=1)


def test_one_process_may_run_phases_of_several_precisions():
    assert devices.accelerator("fp32", 16).mixed_precision == "no"
    if torch.cpu._is_avx512_bf16_supported():
        assert devices.accelerator("bf16", 16).mixed_precision == "bf16"
    assert devices.accelerator("fp32", 16).mixed_precision == "no"


def test_training_and_evaluation_share_a_device_on_a_mac(monkeypatch):
    """Where accelerate sees the GPU of a Mac, it would train there, and evaluation would not."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: True)
    assert devices.accelerator("fp32", 16).device == devices.device() == torch.device("cpu")


def test_another_device_for_training_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("ACCELERATE_TORCH_DEVICE", "meta")
    with pytest.raises(UserError, match="would train on meta, while evaluation runs on cpu: unset"):
        devices.accelerator("fp32", 16)
