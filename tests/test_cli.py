"""The command line: it answers at once, and every mistake of the user's is one sentence and exit code 2."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xstilts_lib import cli
from xstilts_lib.common.errors import UserError

COMMAND = [sys.executable, "-m", "xstilts_lib.cli"]


def xstilts(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *argv], capture_output=True, text=True, timeout=600)


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "torch",
        "transformers",
        "datasets",
        "pandas",
        "numpy",
        "snakemake",
        "papermill",
        "scipy",
        "jupyter_client",
    )
    code = (
        "import sys\nfrom xstilts_lib.cli import main\nsys.argv = ['xstilts', '--help']\n"
        f"try:\n    main()\nfinally:\n    print([n for n in {heavy} if n in sys.modules], file=sys.stderr)"
    )
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    after = os.times()
    assert done.stderr.strip().splitlines()[-1] == "[]"
    for command in ("run", "results", "claims", "book", "verify", "score", "mine", "data"):
        assert command in done.stdout
    computing = after.children_user + after.children_system - before.children_user - before.children_system
    assert computing < 1, "seconds of the processor, however busy the machine is"


GOOD = """
title: A test
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta}}
pretraining: {steps: 1}
seeds: [0]
recipes: [none]
targets: [mini_xnli]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seeds:", "sedes:", "unknown key 'sedes': did you mean 'seeds'?"),
        ("[none]", "[nome]", "did you mean 'none'?"),
        ("[mini_xnli]", "[mini_xnly]", "did you mean 'mini_xnli'?"),
        ("kind: miniature}", "kind: files}", "does not hold 'mini_xnli'"),
    ],
)
def test_a_mistake_in_an_experiment_is_one_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new, 1))
    done = xstilts("run", str(file))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("Error: mine.yaml: ")
    assert says in done.stderr


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("run", "smok"), "There is no experiment 'smok': did you mean 'smoke'?"),
        (("run", "smoke", "--data", "/nowhere/at/all"), "--data /nowhere/at/all is not a folder"),
        (("run", "smoke", "--data", "."), "no use for a data folder"),
        (("score", "/nowhere/at/all", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_other_mistakes(argv: tuple[str, ...], says: str) -> None:
    done = xstilts(*argv)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert says in done.stderr


def test_claims_of_an_experiment_that_has_not_been_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSTILTS_RUNS", str(tmp_path))
    done = xstilts("claims", "--experiment", "smoke")
    assert done.returncode == 2
    assert done.stderr == "Error: Nothing of 'smoke' is done: run `xstilts run smoke` first.\n"


def test_predictions_under_no_tasks_name_are_refused(tmp_path: Path) -> None:
    for name in ("predictions/xnli", "predictions/panxx", "predictions/.ipynb_checkpoints", "labels"):
        (tmp_path / name).mkdir(parents=True)
    folder = tmp_path / "predictions"
    done = xstilts("score", str(folder), str(tmp_path / "labels"))
    assert done.returncode == 2
    said = f"Error: {folder / 'panxx'}: there is no task of this name: did you mean 'panx'?\n"
    assert done.stderr == said


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "/runs/weights"))
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said == "Error: The disk is full (/runs/weights): make room and run the same command again.\n"


def test_a_sentence_stays_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, UserError("One\nthing."))
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err == "Error: One thing.\n"


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(PermissionError):
        cli.main()
