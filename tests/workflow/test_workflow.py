"""Whole runs, with templates that take no time: order, failures, stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from xstilts_lib.common import places

Template = Callable[..., Path]
COMMAND = [sys.executable, "-m", "xstilts_lib.cli"]


def xstilts(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *argv], capture_output=True, text=True, timeout=900)


def times(checkout: Path, recipe: str) -> str:
    return (checkout / "runs/test/tiny" / recipe / "seed0/times").read_text()


def test_a_run_and_another(checkout: Path) -> None:
    planned = xstilts("run", "test", "--dry-run")
    assert "recipe/mini_squad.seed0: 3 notebooks" in planned.stdout
    assert "estimated" in planned.stdout
    assert not (checkout / "runs/test/tiny/none").exists(), "a dry run makes nothing"

    first = xstilts("run", "test", "--cores", "2")
    assert first.returncode == 0, first.stderr
    assert "4 of 4 jobs done" in first.stdout
    assert (checkout / "runs/test/pages/40_table.ipynb").is_file()
    assert (checkout / "runs/test/results.parquet").is_file()
    assert not list((checkout / "runs").rglob("*.failed.ipynb"))

    second = xstilts("run", "test")
    assert "Nothing to do" in second.stdout
    assert times(checkout, "none") == times(checkout, "mini_squad") == "made "
    assert "Nothing to do" in xstilts("run", "test", "--dry-run").stdout

    table = xstilts("results", "test", "--format", "csv").stdout.splitlines()
    assert table[0].startswith("recipe,target,seeds,english,mean,low,high,gain")
    assert table[3].startswith("mini_squad,mini_xnli,1,60.0,60.0,,,6.0")

    file = checkout / "experiments" / "test.yaml"
    file.write_text(file.read_text() + "training: {intermediate: {epochs: 9}}\n")
    third = xstilts("run", "test", "--cores", "2")
    assert third.returncode == 0, third.stderr
    assert "2 of 4 jobs to do" in third.stdout, "the recipe with a step, and the table"
    assert times(checkout, "none") == "made "

    weights = checkout / "runs/test/tiny/none/seed0/encoder/weights"
    weights.write_text("")
    damaged = xstilts("run", "test")
    assert damaged.returncode == 2
    assert damaged.stderr.count("\n") == 1
    assert "none/seed0/encoder/weights is cut short" in damaged.stderr


def test_a_failing_job_leaves_the_others(checkout: Path, template: Template) -> None:
    parameters = 'experiment = "test"\nvariant = ""\nrecipe = "mini_squad"\nseed = 0'
    template("10_intermediate", parameters, "raise RuntimeError('no such luck')")
    done = xstilts("run", "test", "--cores", "2")
    assert done.returncode == 1
    log = "runs/test/tiny/mini_squad/seed0/10_intermediate.failed.ipynb"
    assert f"Failed: 10_intermediate, cell 3: RuntimeError: no such luck (log: {log})" in done.stderr
    assert (checkout / log).is_file()
    assert "1 jobs that need them were not started" in done.stderr
    assert (checkout / "runs/test/tiny/none/seed0/retrieval/manifest.json").is_file(), "the others went on"

    mistake = "from xstilts_lib.common.errors import UserError\nraise UserError('The column is missing.')"
    template("10_intermediate", parameters, mistake)
    assert xstilts("run", "test").returncode == 2, "the user's mistake"


def test_ended_in_the_background(checkout: Path, template: Template) -> None:
    """As a script's `xstilts run ... &` starts it: Ctrl-C means others, and to be told to end means it."""
    slow = "import pathlib, os, time\npathlib.Path('../pid').write_text(str(os.getpid()))\ntime.sleep(100)"
    template("00_pretrain", 'experiment = "test"\nvariant = ""\nseed = 0', slow)
    command = f"trap '' INT; exec '{sys.executable}' -m xstilts_lib.cli run test"
    process = subprocess.Popen(["nohup", "sh", "-c", command], stderr=subprocess.PIPE, text=True)
    wait_for(checkout / "pid")
    kernel = int((checkout / "pid").read_text())
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip().splitlines()[-1] == "Stopped; the same command goes on from here."
    gone(kernel)


def test_interrupted_and_taken_up_again(checkout: Path, template: Template) -> None:
    slow = "import pathlib, os, time\npathlib.Path('../pid').write_text(str(os.getpid()))\ntime.sleep(100)"
    original = (checkout / "notebooks" / "00_pretrain.ipynb").read_text()
    template("00_pretrain", 'experiment = "test"\nvariant = ""\nseed = 0', slow)
    process = subprocess.Popen([*COMMAND, "run", "test"], stderr=subprocess.PIPE, text=True)
    wait_for(checkout / "pid")
    kernel = int((checkout / "pid").read_text())
    assert "being run already" in xstilts("run", "test").stderr
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip().splitlines()[-1] == "Stopped; the same command goes on from here."
    gone(kernel)

    (checkout / "pid").unlink()
    process = subprocess.Popen([*COMMAND, "run", "test"], stdout=subprocess.DEVNULL)
    wait_for(checkout / "pid")
    kernel = int((checkout / "pid").read_text())
    process.kill()
    process.wait()
    (checkout / "notebooks" / "00_pretrain.ipynb").write_text(original)
    done = xstilts("run", "test", "--cores", "2")
    gone(kernel, seconds=0)
    assert done.returncode == 0, done.stderr
    assert times(checkout, "none") == "made "


def wait_for(file: Path) -> None:
    end = time.monotonic() + 600
    while not (file.is_file() and file.read_text()):
        assert time.monotonic() < end
        time.sleep(0.05)


def gone(pid: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end, f"process {os.readlink(f'/proc/{pid}/exe')} lives on"
        time.sleep(0.05)


def test_profiles_hold_options_of_the_engine() -> None:
    from snakemake.cli import get_argument_parser

    known = {
        name.removeprefix("--") for action in get_argument_parser()._actions for name in action.option_strings
    }
    profiles = list((places.home() / "workflow" / "profiles").glob("*/config.yaml"))
    assert {path.parent.name for path in profiles} == {"laptop", "slurm", "kubernetes"}
    for path in profiles:
        settings = yaml.safe_load(path.read_text())
        assert settings.keys() <= known
        assert settings["keep-going"] is settings["nolock"] is settings["rerun-incomplete"] is True


def test_an_unknown_profile(checkout: Path) -> None:
    done = xstilts("run", "test", "--profile", "laptp")
    assert done.returncode == 2
    assert "no profile 'laptp'" in done.stderr
