"""The processes of a run: what a forked kernel is given, and that nothing outlives what it works for."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts_lib.common import processes
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import load_experiment
from xstilts_lib.workflow import engine as workflow
from xstilts_lib.workflow import jobs

Template = Callable[..., Path]
linux = pytest.mark.skipif(not processes.FORKING, reason="needs Linux")
RUN = [sys.executable, "-m", "xstilts_lib.cli", "run", "test"]
PARAMETERS = 'experiment = "test"\nvariant = ""\nseed = 0'
# What it is doing, and on behalf of whom: the kernel, the job and, where jobs are forked, the fork server.
SLOW = """
import os, pathlib, time
parent = os.getppid()
server = int(pathlib.Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
engine = os.getpgid(parent)
pathlib.Path("../pids").write_text(f"{os.getpid()} {parent} {server} {engine}")
time.sleep(600)
"""


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def middle(pids: multiprocessing.Queue[int]) -> None:
    multiprocessing.get_context("spawn").Process(target=sleeper, args=(pids,)).start()
    time.sleep(600)


def sleeper(pids: multiprocessing.Queue[int]) -> None:
    processes.die_with_parent()
    pids.put(os.getpid())
    time.sleep(600)


@linux
def test_a_process_dies_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    # Where tests run side by side, the program that was started is no module, and says so in no way.
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    spawning = multiprocessing.get_context("spawn")
    pids = spawning.Queue()
    parent = spawning.Process(target=middle, args=(pids,))
    parent.start()
    pid = pids.get(timeout=120)
    assert alive(pid)
    parent.kill()
    parent.join()
    until(lambda: not alive(pid), seconds=20)


def test_the_next_run_waits_for_what_is_left_of_one(checkout: Path) -> None:
    experiment = load_experiment("test")
    with jobs.open_lock(experiment) as job:
        fcntl.flock(job, fcntl.LOCK_SH)
        said = "Jobs of an earlier run of 'test' are still at work"
        with pytest.raises(UserError, match=said), workflow.lock(experiment, patience=0.2):
            pass
    with workflow.lock(experiment, patience=0), jobs.open_lock(experiment) as job:
        fcntl.flock(job, fcntl.LOCK_SH | fcntl.LOCK_NB)


@linux
def test_no_fork_where_a_thread_runs() -> None:
    code = (
        "import threading, time\nfrom xstilts_lib.workflow import kernels\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nkernels.fork(1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "forking is not safe" in done.stderr.splitlines()[-1]


@linux
@pytest.mark.slow
def test_on_a_node_of_a_cluster(checkout: Path, template: Template) -> None:
    """Snakemake as a batch system starts it, with none of our variables: kernels are forked all the same."""
    template(
        "30_retrieval",
        PARAMETERS + '\nrecipe = "none"',
        "import os, random, sys\nimport matplotlib.pyplot as plt\n"
        "print('seaborn' in sys.modules, os.getppid(), random.random(), sep='|')",
        "plt.plot([1, 2]); plt.show()",
        "import multiprocessing\nwith multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.map(abs, [-3]))",
    )
    root = load_experiment("test").root
    root.mkdir(parents=True)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "workflow" / "Snakefile")]
    command += ["--directory", str(root), "--config", "experiment=test.yaml", "--cores", "2", "--keep-going"]
    if " " in sys.executable:  # which Snakemake, where it starts itself again, does not quote
        command += ["--force-use-threads"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XSTILTS_HOME")}
    subprocess.run(command, env=environment, capture_output=True, timeout=600)
    assert (root / "tiny/none/seed0/targets/mini_xnli/manifest.json").is_file()
    printed = []
    for recipe in ("none", "mini_squad"):
        node = json.loads((root / f"tiny/{recipe}/seed0/retrieval/30_retrieval.ipynb").read_text())
        assert "image/png" in node["cells"][3]["outputs"][0]["data"], "figures appear"
        assert node["cells"][4]["outputs"][0]["text"] == ["[3]\n"], "a kernel may have processes of its own"
        printed.append("".join(node["cells"][2]["outputs"][0]["text"]).strip().split("|"))
    assert [forked for forked, _, _ in printed] == ["True", "True"]
    assert printed[0][2] != printed[1][2], "each draws its own random numbers, as fresh processes do"


@linux
@pytest.mark.slow
@pytest.mark.parametrize("victim", ["kernel", "job", "server", "engine"])
def test_any_process_may_be_killed(checkout: Path, template: Template, victim: str) -> None:
    template("00_pretrain", PARAMETERS, SLOW)
    file = checkout / "pids"
    process = subprocess.Popen(RUN, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: file.is_file() and len(file.read_text().split()) == 4)
    pids = dict(zip(("kernel", "job", "server", "engine"), map(int, file.read_text().split()), strict=True))
    os.kill(pids[victim], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "(log: runs/test/" in said
    until(lambda: not any(map(alive, pids.values())), seconds=90)
