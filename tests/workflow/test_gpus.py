"""GPUs as jobs are given them, on a machine that says it has two."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common import processes
from xstilts_lib.experiment import load_experiment
from xstilts_lib.workflow import graph

TWO = """GPU 0: NVIDIA Something (UUID: GPU-a)
GPU 1: NVIDIA Something (UUID: GPU-b)
"""
DIVIDED = """GPU 0: NVIDIA Something (UUID: GPU-a)
  MIG 1g.18gb     Device  0: (UUID: MIG-a)
  MIG 1g.18gb     Device  1: (UUID: MIG-b)
"""
# Says which GPUs it has, and holds them until as many jobs as should be at once have said so.
MEETING = """
import os, pathlib, time
log = pathlib.Path("../met")
with log.open("a") as file:
    file.write(os.environ["CUDA_VISIBLE_DEVICES"] + "\\n")
mine = len(log.read_text().split())
end = time.monotonic() + 300
while len(log.read_text().split()) < -(-mine // {at_once}) * {at_once}:
    assert time.monotonic() < end, "a GPU was idle while a job waited"
    time.sleep(0.05)
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`machine(told)`: one whose driver says what is told of its GPUs."""

    def make(told: str) -> None:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "nvidia-smi").write_text(f"#!/bin/sh\ncat <<'END'\n{told}END\n")
        (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
        processes.gpus.cache_clear()

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{sys.exec_prefix}/bin:/usr/bin:/bin")
    monkeypatch.delenv(processes.VISIBLE, raising=False)
    yield make
    processes.gpus.cache_clear()


def test_which_there_are(machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    machine(TWO)
    assert processes.gpus() == ("GPU-a", "GPU-b")
    machine(DIVIDED)
    assert processes.gpus() == ("MIG-a", "MIG-b")
    machine("No devices were found\n")
    assert processes.gpus() == ()
    for given, meant in (("1, GPU-a", ("1", "GPU-a")), ("", ()), ("-1", ())):
        monkeypatch.setenv(processes.VISIBLE, given)
        processes.gpus.cache_clear()
        assert processes.gpus() == meant


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "sharing", "at_once"), [(1, [], 2), (1, ["--jobs-per-gpu", "2"], 4), (2, [], 1)]
)
def test_four_jobs_on_two(
    checkout: Path,
    template: Callable[..., Path],
    machine: Callable[[str], None],
    number: int,
    sharing: list[str],
    at_once: int,
) -> None:
    machine(TWO)
    file = checkout / "experiments" / "test.yaml"
    changed = file.read_text().replace("seeds: [0]", "seeds: [0, 1, 2, 3]").replace(", mini_squad]", "]")
    file.write_text(changed.replace("steps: 1", f"steps: 1, processes: {number}"))
    cells = json.loads((checkout / "notebooks" / "00_pretrain.ipynb").read_text())["cells"]
    parameters, made = (cell["source"] for cell in cells)
    template("00_pretrain", parameters, MEETING.format(at_once=at_once), made)
    command = [sys.executable, "-m", "xstilts_lib.cli", "run", "test", "--cores", "8", *sharing]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    log = checkout / "met"
    while run.poll() is None and not (log.exists() and len(log.read_text().split()) == 4):
        time.sleep(0.1)
    run.terminate()
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130, said
    given = log.read_text().split()
    if number == 2:
        assert given == ["GPU-a,GPU-b"] * 4
    for first in range(0, 4, at_once):
        met = [name for names in given[first : first + at_once] for name in names.split(",")]
        assert sorted(met) == sorted(["GPU-a", "GPU-b"] * (len(met) // 2)), "each GPU has as many"


def test_an_encoder_that_takes_several_is_a_job_of_its_own(checkout: Path) -> None:
    file = checkout / "experiments" / "test.yaml"
    assert {job.name: job.gpus for job in graph.jobs(load_experiment("test"))} == {
        "encoder/none.seed0": 1, "recipe/none.seed0": 1, "recipe/mini_squad.seed0": 1, "results/tables": 0,
    }  # fmt: skip
    file.write_text(file.read_text() + "training: {intermediate: {processes: 4}}\n")
    assert {job.name: job.gpus for job in graph.jobs(load_experiment("test"))} == {
        "encoder/none.seed0": 1, "recipe/none.seed0": 1, "encoder/mini_squad.seed0": 4,
        "recipe/mini_squad.seed0": 1, "results/tables": 0,
    }  # fmt: skip
