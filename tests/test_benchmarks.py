"""Benchmarks that wait for a machine of their own pass through a toy here."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from xstilts_lib.common import places


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argv", "lines"),
    [
        (["gpu.py", "--quick"], ["toy, sentence pairs", "Trainer", "toy, QA passages"]),
        (["engine.py", "--jobs", "40", "80"], ["jobs:", "jobs:", "grows"]),
    ],
    ids=["gpu", "engine"],
)
def test_a_benchmark_measures_a_toy(argv: list[str], lines: list[str]) -> None:
    command = [sys.executable, places.home() / "benchmarks" / argv[0], *argv[1:]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    *said, last = run.stdout.splitlines()
    for expected, line in zip(lines, said, strict=True):
        assert expected in line
    assert float(re.fullmatch("ratio: (.*)", last)[1]) > 0


@pytest.mark.parametrize("program", ["gpu.py", "utilisation.py"])
def test_without_a_gpu_there_is_nothing_to_measure(program: str) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    command = [sys.executable, places.home() / "benchmarks" / program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 2
    assert "need a GPU, and there is none" in run.stderr
