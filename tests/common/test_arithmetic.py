"""Portable arithmetic: the bits of a short training, what is recorded of it, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from xstilts_lib.common import arithmetic
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.models import devices

# Of tests/common/short_training.py, on an AMD EPYC with AVX512, and on an Intel Xeon with AVX512 and AMX.
DIGEST, TORCH, MEASURED = "bd904e4994298ad4", "2.15", ("AuthenticAMD", "GenuineIntel")
portable_here = pytest.mark.skipif(not arithmetic.possible(), reason="this processor has no AVX2")


def short_training(kind: str, **variables: str) -> dict[str, Any]:
    given = {name: value for name, value in os.environ.items() if name not in arithmetic.VARIABLES}
    program = Path(__file__).parent / "short_training.py"
    run = subprocess.run(
        [sys.executable, str(program), kind], env={**given, "OMP_NUM_THREADS": "1", **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def vendor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("vendor_id")), "unknown")


@portable_here
def test_portable_arithmetic_ends_in_the_bits_of_another_machine() -> None:
    found = short_training("portable", **arithmetic.VARIABLES)
    assert found["kind"] == "portable"
    assert (found["instructions"], found["products"]) == ("AVX2", "OpenBLAS Haswell")
    if not torch.__version__.startswith(TORCH):
        pytest.skip(f"torch {torch.__version__} gives {found['digest']}; the digest kept is of {TORCH}")
    if found["digest"] != DIGEST and vendor() not in MEASURED:
        pytest.skip(f"{vendor()} gives {found['digest']}, {MEASURED[0]} {DIGEST}: not the same bits here")
    assert found["digest"] == DIGEST


@portable_here
def test_both_kinds_compute_the_same_but_for_rounding() -> None:
    portable, native = short_training("portable", **arithmetic.VARIABLES), short_training("native")
    assert native["loss"] == pytest.approx(portable["loss"], abs=1e-4)
    assert native["kind"] == "native"
    assert native["precision"] == portable["precision"] == ["fp32"]


@portable_here
def test_a_process_that_was_not_started_for_it_is_refused() -> None:
    code = (
        "import torch; torch.ones(9).exp(); "
        "from xstilts_lib.common import arithmetic; arithmetic.use('portable')"
    )
    given = {name: value for name, value in os.environ.items() if name not in arithmetic.VARIABLES}
    given["OPENBLAS_CORETYPE"] = "Prescott"
    run = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=False)
    assert (
        "UserError: This experiment asks for portable arithmetic, and this process has another" in run.stderr
    )


def test_matrix_products_by_numpy_are_those_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    left, right, start = (torch.randn(3, 4, 4, generator=generator, requires_grad=True) for _ in range(3))

    def results() -> list[torch.Tensor]:
        found = [
            left[0] @ right[0].T, torch.addmm(start[0], left[0], right[0], beta=0.5, alpha=2.0), left @ right,
            torch.baddbmm(start, left, right.transpose(1, 2)), torch.addmm(start[0, 0], left[0], right[0]),
        ]  # fmt: skip
        total = sum(each.square().sum() for each in found)
        return [*found, *torch.autograd.grad(total, (left, right, start))]

    expected = results()
    try:
        arithmetic._override(True)
        for one, other in zip(results(), expected, strict=True):
            assert torch.allclose(one, other, atol=1e-5)
    finally:
        arithmetic._override(False)
    assert all(torch.equal(one, other) for one, other in zip(results(), expected, strict=True))


def test_portable_arithmetic_is_of_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(arithmetic._state, "kind", arithmetic.PORTABLE)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(devices, "bf16_on_cpu", lambda: True)
    assert not devices.bf16("auto", 768)
    with pytest.raises(UserError, match="Portable arithmetic has no bfloat16"):
        devices.bf16("bf16", 768)


def test_what_is_used_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(arithmetic._state, "precisions", set())
    devices.bf16("fp32", 64)
    assert arithmetic.describe()["precision"] == ["fp32"]
    words = arithmetic.in_words(arithmetic.describe())
    assert words.startswith(", fp32 in ")
    assert words.endswith(" native arithmetic")
    assert arithmetic.in_words({}) == ""


@pytest.mark.parametrize("name", ["smoke", "miniature", "questions"])
def test_experiments_whose_numbers_are_printed_state_their_precision(name: str) -> None:
    for each in load_experiment(name).each_model():
        phases = [each.settings_for("intermediate", [task]) for task in each.intermediates]
        phases += [each.settings_for("target", [task]) for task in each.targets_trained]
        stated = {settings.precision for settings in (*phases, each.retrieval, each.pretraining)}
        assert "auto" not in stated


def test_several_threads_do_not_go_with_it(tmp_path: Path) -> None:
    text = (Path(load_experiment("smoke").file)).read_text(encoding="utf-8")
    file = tmp_path / "two.yaml"
    file.write_text(
        text.replace("{arithmetic: portable}", "{arithmetic: portable, threads: 2}"), encoding="utf-8"
    )
    with pytest.raises(UserError, match=r"workflow: 'arithmetic: portable' is of one thread"):
        load_experiment(file)


@pytest.mark.parametrize("kind", [arithmetic.DETERMINISTIC, arithmetic.NATIVE])
def test_a_gpu_keeps_to_one_order_where_that_is_asked_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "_state", {**arithmetic._state, "ordered": kind == arithmetic.NATIVE})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    told: list[bool] = []
    monkeypatch.setattr(torch, "use_deterministic_algorithms", told.append)
    arithmetic.use(kind)
    ordered = kind == arithmetic.DETERMINISTIC
    assert told == [ordered]
    assert arithmetic.describe()["kind"] == kind
    # cuBLAS reads it when it starts, which may be before `use`: processes of a run have it from their start.
    assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) == ordered
    assert ("CUBLAS_WORKSPACE_CONFIG" in arithmetic.variables(kind)) == ordered
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
