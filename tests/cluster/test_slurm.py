"""`smoke` through a real Slurm: a job is killed, the run is cancelled, killed, and taken up again; in the end
there are the numbers of a run on this machine. A part of it where jobs are accounted for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from one_node import ACCOUNT, cluster, lacking, said, until

from xstilts_lib.common import places
from xstilts_lib.common.disk import read_json
from xstilts_lib.workflow.cluster import ask_evenly

HERE = Path(__file__).resolve().parents[2]
PROFILE = HERE / "workflow" / "profiles" / "slurm" / "config.yaml"
pytestmark = pytest.mark.slow
RUN = [sys.executable, "-m", "xstilts_lib.cli", "run"]
ENDING = "jobs on the cluster."
COMMENT = "rule_{}_wildcards_{}"  # by which Slurm knows a job
ENCODER = "encoder", "none.seed0"
PART = {"recipes": ["none"], "targets": ["mini_tatoeba"]}


@pytest.fixture
def slurm(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs are, while there is a cluster; `request.param` says whether it keeps accounts."""
    if why := lacking(request.param):
        pytest.skip(why)
    monkeypatch.setenv(places.RUNS, str(tmp_path / "runs"))
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster", request.param):
        yield tmp_path / "runs"


def changed(folder: Path, old: str, new: str) -> str:
    """The folder of a copy of the profile, in which one setting is somebody's own."""
    text = PROFILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / "profile").mkdir()
    (folder / "profile" / "config.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return str(folder / "profile")


def jobs(state: str = "all") -> dict[str, str]:
    """What each job is, by its number: those that Slurm has not done with, or those in one state."""
    states = () if state == "all" else (f"--states={state}",)
    listed = said("squeue", "--noheader", "--format=%A %k", *states).splitlines()
    return dict(line.split(maxsplit=1) for line in listed)


def test_asks_at_one_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = pytest.importorskip("snakemake_executor_plugin_slurm")
    ask_evenly()
    executor, slept = plugin.Executor.__new__(plugin.Executor), []
    settings = SimpleNamespace(init_seconds_before_status_checks=7)
    executor.workflow = SimpleNamespace(executor_settings=settings)
    executor.next_seconds_between_status_checks = 180  # as the plugin does when nothing has ended for long

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(executor.sleep())
    assert slept == [7]


@pytest.mark.parametrize("slurm", [False], indirect=True)
def test_killed_cancelled_and_taken_up_again(slurm: Path, tmp_path: Path) -> None:
    folder, log = slurm / "smoke", tmp_path / "log"
    encoder = folder / "jobs" / ENCODER[0] / f"{ENCODER[1]}.json"
    command = [*RUN, "smoke", "--profile", changed(tmp_path, "status-checks: 10", "status-checks: 2")]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=log.open("ab"), stderr=subprocess.STDOUT)

    def is_(state: str) -> Callable[[], bool]:
        return lambda: read_json(encoder).get("state") == state

    def some_part() -> bool:
        assert process.poll() is None, log.read_text()
        return any(read_json(file).get("done") for file in folder.glob("jobs/recipe/*.json"))

    process = start()
    until(is_("running"), 600, "an encoder that is being trained")
    (killed,) = (number for number, job in jobs("RUNNING").items() if job == COMMENT.format(*ENCODER))
    said("scancel", killed)
    until(is_("done"), 900, "the same encoder, trained by another job")
    assert killed not in jobs()
    until(some_part, 900, "a part of a recipe")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 130
    assert not jobs(), "a cancelled run leaves no job"
    cancelled = log.read_text().count(ENDING)
    assert cancelled

    process = start()
    until(lambda: bool(jobs()), 300, "a job")
    left = jobs()
    process.kill()
    process.wait()
    assert left.keys() <= jobs().keys(), "a killed run leaves its jobs"
    assert start().wait(timeout=1800) == 0, log.read_text()
    assert log.read_text().count(ENDING) > cancelled, "what a killed run had left"
    assert not jobs()

    # Done already, where the tests begin with it.
    there = {name: value for name, value in os.environ.items() if name != places.RUNS}
    subprocess.run([*RUN, "smoke"], env=there, check=True, stdout=subprocess.DEVNULL, timeout=1800)
    laptop = numbers(HERE / "runs" / "smoke")
    assert len(laptop) > 100, "four recipes, five targets, several languages and metrics"
    assert numbers(folder) == laptop


@pytest.mark.parametrize("slurm", [True], indirect=True)
def test_with_accounts_and_a_short_memory(slurm: Path, tmp_path: Path) -> None:
    """Slurm forgets jobs that have ended before it is asked; its database remembers them."""
    smoke = yaml.safe_load((HERE / "experiments" / "smoke.yaml").read_text())
    (tmp_path / "part.yaml").write_text(yaml.safe_dump(smoke | PART))
    profile = changed(tmp_path, "# slurm_account: mine", f"slurm_account: {ACCOUNT}")
    command = [*RUN, str(tmp_path / "part.yaml"), "--profile", profile]
    run = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert run.returncode == 0, run.stderr
    assert not jobs()
    accounts = said("sacct", "--allocations", "--noheader", "--parsable2", "--format=Account,State").split()
    assert len(accounts) >= 3, "encoder, recipe, results"
    assert set(accounts) == {f"{ACCOUNT}|COMPLETED"}
    assert numbers(slurm / "part")


def numbers(folder: Path) -> dict[tuple[str, ...], float]:
    """Every number of a table of results."""
    table = pd.read_parquet(folder / "results.parquet")
    cells = table[["recipe", "target", "language", "seed", "metric"]].itertuples(index=False, name=None)
    return dict(zip(cells, table["value"], strict=True))
