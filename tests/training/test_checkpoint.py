"""Checkpoints: the newest that is whole counts."""

from __future__ import annotations

import errno
import json

import pytest
import torch

from xstilts_lib.common.disk import check_safetensors
from xstilts_lib.common.errors import UserError
from xstilts_lib.training.checkpoint import Checkpoints, sha256


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"a": torch.ones(3)}, {})
    with monkeypatch.context() as patch:
        patch.setattr("safetensors.torch.save_file", full)
        with pytest.raises(UserError, match="disk is full"):
            checkpoints.save(2, {"a": torch.zeros(3)}, {})
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000001"]
    tensors, state = checkpoints.read(checkpoints.newest())
    assert state == {"step": 1}
    assert torch.equal(tensors["a"], torch.ones(3))


def test_the_last_two_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 3, 10):
        checkpoints.save(step, {"a": torch.full((2,), float(step))}, {"note": step})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000003", "step-00000010"]
    assert checkpoints.read_state(checkpoints.newest()) == {"step": 10, "note": 10}
    checkpoints.clear()
    assert checkpoints.newest() is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "checksums"])
def test_a_damaged_newest_falls_back_to_the_one_before_and_says_so(damage, tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save(step, {"a": torch.full((100,), float(step))}, {})
    file = tmp_path / "step-00000002" / "state.safetensors"
    content = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(content[:-7])
    elif damage == "flipped":
        content[-3] ^= 1
        file.write_bytes(content)
    elif damage == "gone":
        file.unlink()
    else:
        (file.parent / "checksums.json").write_text("{")
    tensors, state = checkpoints.read(checkpoints.newest())
    assert state["step"] == 1
    assert torch.equal(tensors["a"], torch.ones(100))
    assert "step-00000002 is damaged" in capsys.readouterr().out


def test_checkpoints_hold_safetensors_and_json_alone(tmp_path):
    Checkpoints(tmp_path).save(1, {"a": torch.ones(1)}, {"b": [1]})
    files = sorted(p.name for p in (tmp_path / "step-00000001").iterdir())
    assert files == ["checksums.json", "state.json", "state.safetensors"]
    sums = json.loads((tmp_path / "step-00000001" / "checksums.json").read_text())
    assert sums["state.json"] == sha256(tmp_path / "step-00000001" / "state.json")


@pytest.mark.parametrize("size", [0, 5, 40, -1])
def test_a_cut_tensor_file_is_named(size, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_file({"weights": torch.zeros(50)}, path)
    check_safetensors(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"model\.safetensors is cut short"):
        check_safetensors(path)
