"""The smoke experiment, run once for all processes of a test run, the book that is rendered from it, and what
a template shows."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from playwright import sync_api as playwright

from xstilts_lib.common import places
from xstilts_lib.rendering import markup

Showing = Callable[..., dict[str, str]]

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
    built, generated = ("_build", "__pycache__"), ("runs",)
    for name in KEPT:
        source = places.home() / name
        if source.is_dir():
            skip = built + generated if name == "book" else built
            shutil.copytree(source, home / name, ignore=shutil.ignore_patterns(*skip))
        else:
            shutil.copy2(source, home / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSTILTS_HOME", str(home))
        patch.setenv("XSTILTS_RUNS", str(smoke_runs))
        yield home


def _extension(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, places.book() / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def explorer() -> ModuleType:
    """book/_ext/explorer.py."""
    return _extension("explorer")


@pytest.fixture(scope="module")
def drawn() -> ModuleType:
    """book/_ext/drawn.py."""
    return _extension("drawn")


@pytest.fixture(scope="module")
def launch() -> ModuleType:
    """book/_ext/launch.py."""
    return _extension("launch")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as api:
        opened = api.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in it, on which an error of a script is an error."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened, errors = context.new_page(), []
    opened.on("pageerror", lambda error: errors.append(error))
    yield opened
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def showing() -> Showing:
    """Run the code of a template with other parameters; the Markdown that it shows, by name."""

    def run(name: str, **parameters: object) -> dict[str, str]:
        path = places.notebooks() / f"{name}.ipynb"
        shell = InteractiveShell.instance()
        shell.reset(new_session=False)
        found = defaultdict(list)
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if "parameters" in cell["metadata"].get("tags", []):
                source += "".join(f"\n{key} = {value!r}" for key, value in parameters.items())
            if cell["cell_type"] == "code":
                with capture_output() as captured:
                    result = shell.run_cell(source)
                result.raise_error()
                for output in captured.outputs:
                    if markup.KEY in output.metadata:
                        found[output.metadata[markup.KEY]].append(output.data.get("text/markdown", ""))
        return {key: "\n\n".join(blocks) for key, blocks in found.items()}

    return run
