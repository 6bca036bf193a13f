"""The smoke experiment, run once for all processes of a test run, and the book that is rendered from it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstilts_lib.common import places

KEPT = ("book", "experiments", "notebooks", "workflow", "xstilts_lib", "_config.yml")


@pytest.fixture(scope="session")
def smoke_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the smoke experiment, finished; the first of several processes runs it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    runs = shared / "smoke" / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with (shared / "smoke" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = os.environ | {"XSTILTS_RUNS": str(runs)}
        command = [sys.executable, "-m", "xstilts_lib.cli", "run", "smoke", "--cores", "1"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return runs


@pytest.fixture(scope="module")
def checkout(smoke_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this checkout that may be written to, with the smoke runs beside it."""
    home = tmp_path_factory.mktemp("checkout")
    skip = shutil.ignore_patterns("_build", "__pycache__", "runs")
    for name in KEPT:
        source = places.home() / name
        if source.is_dir():
            shutil.copytree(source, home / name, ignore=skip)
        else:
            shutil.copy2(source, home / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSTILTS_HOME", str(home))
        patch.setenv("XSTILTS_RUNS", str(smoke_runs))
        yield home
