"""The experiment `smoke`, with the real templates: every phase, every format, killed and compared to the last
digit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstilts_lib.experiment import load_experiment
from xstilts_lib.runs import results
from xstilts_lib.runs.run import Run, all_runs
from xstilts_lib.tasks import TASKS
from xstilts_lib.workflow import analyses, verification

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "xstilts_lib.cli"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of runs in which `smoke` was killed with SIGKILL once it had begun, and then run to its
    end.
    """
    folder = tmp_path_factory.mktemp("smoke") / "runs"
    patch = pytest.MonkeyPatch()
    patch.setenv("XSTILTS_RUNS", str(folder))
    process = subprocess.Popen([*COMMAND, "run", "smoke", "--cores", "2"], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 600
    while not list(folder.rglob("20_target.ipynb")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    process.kill()
    process.wait()
    done = subprocess.run(
        [*COMMAND, "run", "smoke", "--cores", "2"], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    patch.undo()


def test_every_phase_and_format(finished: Path) -> None:
    experiment = load_experiment("smoke")
    assert results.missing(experiment) == []
    table = results.collect(experiment)
    assert set(table["recipe"]) == {recipe.name for recipe in experiment.recipes}
    assert set(table["target"]) == set(experiment.targets)
    assert table["value"].between(0, 100).all()
    names = [*experiment.intermediates, *experiment.targets, "mini_text"]
    assert {TASKS[name].format for name in names} == {"pair", "choice", "tags", "span", "bitext", "text"}
    assert any(len(recipe.steps) == 1 and len(recipe.last.tasks) > 1 for recipe in experiment.recipes), (
        "a joint step"
    )
    made = [path for group in analyses.groups(experiment) for _, path in group.notebooks]
    assert len(made) >= 3
    for path in made:
        assert path.is_relative_to(finished / "smoke")
        assert path.is_file()


def test_executed_notebooks_are_clean(finished: Path) -> None:
    home = str(Path(__file__).resolve().parents[2])
    notebooks = [run.notebook(part) for run in all_runs(load_experiment("smoke")) for part in run.parts]
    for path in notebooks:
        text = path.read_text(encoding="utf-8")
        node = json.loads(text)
        assert home not in text
        assert str(finished.parent) not in text
        outputs = [output for cell in node["cells"] for output in cell.get("outputs", [])]
        assert not [output for output in outputs if output["output_type"] == "error"]
        assert not [output for output in outputs if output.get("name") == "stderr"], (
            f"{path.name} speaks on stderr"
        )
        assert node["metadata"]["xstilts"]["values"] == "smoke"


def test_again_does_nothing(finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("manifest.json")}
    done = subprocess.run([*COMMAND, "run", "smoke"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0
    assert "Nothing to do" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in finished.rglob("manifest.json")}


def test_ordinary_kernels_give_the_same_numbers(finished: Path) -> None:
    """What was forked, and in part killed and taken up again, against fresh processes from the very start."""
    experiment = load_experiment("smoke")
    part = "targets/mini_tydiqa"
    again, _ = verification.compute_again(Run(experiment, "none", 0), part, "mini_tydiqa")
    then = verification.cells(results.load(experiment))[0]["tiny", "none", "mini_tydiqa", 0]
    assert verification.differences(then, again) == []
    assert len(then) > 8, "scores in every language"
    altered = {**again, ("en", "f1"): -1.0}
    assert verification.differences(then, altered) == [f"en f1 {then['en', 'f1']!r} then, -1.0 now"]
