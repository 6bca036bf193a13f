"""`smoke` through a real Slurm: a job is killed, the run is cancelled, killed, and taken up again; in the end
there are the numbers of a run on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from one_node import cluster, lacking, said, until

from xstilts_lib.common import places
from xstilts_lib.common.disk import read_json

HERE = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
RUN = [sys.executable, "-m", "xstilts_lib.cli", "run", "smoke"]
STATUS = "jobs/encoder/none.seed0.json"
PARTS = {"recipes": ["none", "mini_squad"], "targets": ["mini_xnli", "mini_tatoeba"]}
TEMPLATES = ("00_pretrain", "10_intermediate", "20_target", "30_retrieval", "40_main_table")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a part of `smoke` runs that has each kind of job, in a checkout of its own."""
    if why := lacking():
        pytest.skip(why)
    home = tmp_path / "home"
    for name in ("experiments", "notebooks"):
        (home / name).mkdir(parents=True)
    smoke = yaml.safe_load((HERE / "experiments" / "smoke.yaml").read_text())
    (home / "experiments" / "smoke.yaml").write_text(yaml.safe_dump(smoke | PARTS))
    (home / "workflow").symlink_to(HERE / "workflow")
    for name in TEMPLATES:
        (home / "notebooks" / f"{name}.ipynb").symlink_to(HERE / "notebooks" / f"{name}.ipynb")
    monkeypatch.setenv(places.HOME, str(home))
    monkeypatch.delenv(places.RUNS, raising=False)
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster"):
        yield home / "runs" / "smoke"


def submitted(state: str = "all") -> list[str]:
    """The numbers of the jobs that Slurm has not done with; those in one state."""
    states = () if state == "all" else (f"--states={state}",)
    return said("squeue", "--noheader", "--format=%A", *states).split()


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a run; what an earlier one said of its first job is forgotten."""
    (folder / STATUS).unlink(missing_ok=True)
    return subprocess.Popen([*RUN, "--profile", "slurm"], stdout=log.open("ab"), stderr=subprocess.STDOUT)


def test_killed_cancelled_and_taken_up_again(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(folder, log)
    until(lambda: submitted("RUNNING") != [], 300, "the first job")
    (killed,) = submitted("RUNNING")
    said("scancel", killed)

    def at_work() -> bool:
        assert process.poll() is None, log.read_text()
        return read_json(folder / STATUS).get("state") == "running" and submitted() != [killed]

    until(at_work, 900, "the same job again")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 130
    assert submitted() == [], "a cancelled run leaves no job"

    process = start(folder, log)
    until(lambda: submitted() != [], 300, "a job")
    left = submitted()
    process.kill()
    process.wait()
    assert submitted() == left
    assert start(folder, log).wait(timeout=1800) == 0, log.read_text()
    assert log.read_text().count("Ending 1 jobs on the cluster.") == 2, "cancelled, and left by a killed run"
    assert submitted() == []

    # Done already, where the tests begin with it.
    there = {name: value for name, value in os.environ.items() if name != places.HOME}
    subprocess.run([*RUN, "--cores", "2"], env=there, check=True, stdout=subprocess.DEVNULL, timeout=1800)
    laptop, slurm = (numbers(file) for file in (HERE / "runs" / "smoke", folder))
    assert len(slurm) > 40, "two recipes, two targets, several languages and metrics"
    assert {cell: laptop[cell] for cell in slurm} == slurm


def numbers(folder: Path) -> dict[tuple[str, ...], float]:
    """Every number of a table of results."""
    table = pd.read_parquet(folder / "results.parquet")
    cells = table[["recipe", "target", "language", "seed", "metric"]].itertuples(index=False, name=None)
    return dict(zip(cells, table["value"], strict=True))
